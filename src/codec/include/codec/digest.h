/* Digests (OpenSSL), CRC-32, CRC-32C and Ed25519. */
#ifndef VL_CODEC_DIGEST_H
#define VL_CODEC_DIGEST_H

#include "base/err.h"
#include "base/span.h"

enum vl_digest_kind {
    VL_DIGEST_SHA256,
    VL_DIGEST_SHA512,
    VL_DIGEST_SHA1, /* to recognise jars only, never to trust anything */
    VL_DIGEST_MD5,  /* what policies of others compare with */
};

#define VL_DIGEST_BYTES_MAX 64
#define VL_DIGEST_TEXT_MAX  136 /* "sha512:" + 128 digits + NUL */

struct vl_digest {
    enum vl_digest_kind kind;
    uint8_t bytes[VL_DIGEST_BYTES_MAX]; /* 32, 64, 20 or 16 of them */
};

struct vl_digester; /* running state */

/* NULL only when there is no memory. */
struct vl_digester *vl_digester_new(enum vl_digest_kind kind);
void vl_digester_free(struct vl_digester *d);
void vl_digester_cleanup(struct vl_digester **d);
void vl_digester_update(struct vl_digester *d, struct vl_span data);
void vl_digester_finish(struct vl_digester *d, struct vl_digest *ret); /* ready for another run afterwards */

void vl_digest_compute(enum vl_digest_kind kind, struct vl_span data, struct vl_digest *ret);

/* "sha256:" and lower-case digits, as in the OCI image specification. Only sha256 and sha512 are taken. */
bool vl_digest_parse(struct vl_span text, struct vl_digest *ret);
const char *vl_digest_format(const struct vl_digest *digest, char text[VL_DIGEST_TEXT_MAX]);
bool vl_digest_eq(const struct vl_digest *a, const struct vl_digest *b);

/* CRC-32C (Castagnoli), start value 0, as in RFC 3720 appendix B.4. */
uint32_t vl_crc32c(uint32_t crc, struct vl_span data);

/* CRC-32 of gzip and zip (ISO 3309), start value 0. */
uint32_t vl_crc32(uint32_t crc, struct vl_span data);

#define VL_ED25519_KEY_BYTES       32
#define VL_ED25519_SIGNATURE_BYTES 64

/* Keys as PEM text (PKCS#8 private, SubjectPublicKeyInfo public), as `openssl genpkey -algorithm ed25519`
 * writes them. */
VL_MUST_CHECK int vl_ed25519_sign(struct vl_span private_pem, struct vl_span message,
    uint8_t ret_signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err);
/* 0 only where the signature is good; VL_ERR_CORRUPT where it is not. */
VL_MUST_CHECK int vl_ed25519_verify(struct vl_span public_pem, struct vl_span message,
    const uint8_t signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err);

#endif
