/* Cryptography of the servers, by GnuTLS: random bytes, passwords, sealed secrets, message authentication,
 * and the certificates of a first start. */
#ifndef VL_NET_CRYPT_H
#define VL_NET_CRYPT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define VL_CRYPT_KEY_BYTES    32
#define VL_CRYPT_SALT_BYTES   16
#define VL_CRYPT_ROUNDS       600000    /* of PBKDF2-HMAC-SHA256 (OWASP, 2023) */
#define VL_CRYPT_SEALED_EXTRA (12 + 16) /* nonce and tag before and behind the text */
#define VL_CRYPT_PASSWORD_MAX 1024
#define VL_CRYPT_HASH_TEXT    160 /* of a stored password, with its NUL */

/* From the kernel's generator; never fails with bad bytes. */
VL_MUST_CHECK int vl_crypt_random(void *ret_bytes, size_t len, struct vl_err *err);

/* `n` characters of [A-Za-z0-9], unbiased, and a NUL. */
VL_MUST_CHECK int vl_crypt_random_text(char *ret_text, size_t n, struct vl_err *err);

bool vl_crypt_equal(struct vl_span a, struct vl_span b); /* in a time that tells nothing but the lengths */

/* "pbkdf2-sha256$600000$SALT$HASH" of a password, and whether one fits. A text that is no such hash fits
 * nothing. */
VL_MUST_CHECK int vl_crypt_password_hash(
    struct vl_span password, char ret[VL_CRYPT_HASH_TEXT], struct vl_err *err);
bool vl_crypt_password_fits(struct vl_span password, const char *hash);

/* HMAC-SHA256 (RFC 2104). */
VL_MUST_CHECK int vl_crypt_hmac(struct vl_span key, struct vl_span text, uint8_t ret[32], struct vl_err *err);

/* AES-256-GCM with a random nonce; `context` (a table and row, say) is authenticated with it, so that a
 * sealed text cannot be put in another's place. Appends nonce, ciphertext, tag. */
VL_MUST_CHECK int vl_crypt_seal(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span context,
    struct vl_span text, struct vl_buf *out, struct vl_err *err);
/* VL_ERR_CORRUPT where key, context or text are not those it was sealed with. */
VL_MUST_CHECK int vl_crypt_open(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span context,
    struct vl_span sealed, struct vl_buf *out, struct vl_err *err);

/* The two numbers of an ECDSA signature, without leading zeros, as DER (RFC 3279 §2.2.3). Appends. */
VL_MUST_CHECK int vl_crypt_encode_signature(
    struct vl_span r, struct vl_span s, struct vl_buf *out, struct vl_err *err);

/* --- certificates --- */

struct vl_crypt_identity {
    struct vl_buf certificate_pem, key_pem;
};
void vl_crypt_identity_init(struct vl_crypt_identity *identity);
void vl_crypt_identity_done(struct vl_crypt_identity *identity); /* wipes the key; also for VL_CLEANUP */

/* A new authority (P-256, ten years), good for signing certificates only. */
VL_MUST_CHECK int vl_crypt_make_authority(
    const char *common_name, struct vl_crypt_identity *ret, struct vl_err *err);

/* A server's certificate signed by it (P-256, `days`). `names`: host names and addresses, the first is the
 * subject. */
VL_MUST_CHECK int vl_crypt_make_server(const struct vl_crypt_identity *authority, const char *const *names,
    size_t n_names, unsigned days, struct vl_crypt_identity *ret, struct vl_err *err);

/* "sha256:" and the digits of a certificate's digest (DER): what people compare. */
#define VL_CRYPT_FINGERPRINT_MAX 72
VL_MUST_CHECK int vl_crypt_fingerprint(
    struct vl_span certificate_pem, char ret[VL_CRYPT_FINGERPRINT_MAX], struct vl_err *err);

/* Milliseconds since 1970 at which the first certificate of a PEM text ends. */
VL_MUST_CHECK int vl_crypt_expiry(struct vl_span certificate_pem, int64_t *ret_ms, struct vl_err *err);

#endif
