#include "net/crypt.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NONCE      12
#define TAG        16
#define PREFIX     "pbkdf2-sha256$"
#define ROUNDS_MAX 10000000 /* of a stored hash */

static int fail(struct vl_err *err, const char *what, int code)
{
    return vl_err_set(err, VL_ERR_SYSTEM, "%s: %s", what, gnutls_strerror(code));
}

static gnutls_datum_t datum_of(struct vl_span s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.ptr, (unsigned)s.len};
}

int vl_crypt_random(void *ret_bytes, size_t len, struct vl_err *err)
{
    int code = gnutls_rnd(GNUTLS_RND_KEY, ret_bytes, len);
    return code < 0 ? fail(err, "random bytes", code) : 0;
}

int vl_crypt_random_text(char *ret_text, size_t n, struct vl_err *err)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned letters = sizeof(alphabet) - 1;
    for (size_t i = 0; i < n;) {
        uint8_t bytes[64];
        int r = vl_crypt_random(bytes, sizeof(bytes), err);
        if (r < 0)
            return r;
        for (size_t k = 0; k < sizeof(bytes) && i < n; k++) {
            if (bytes[k] < 256 / letters * letters) /* the rest would make some letters likelier */
                ret_text[i++] = alphabet[bytes[k] % letters];
        }
    }
    ret_text[n] = '\0';
    return 0;
}

bool vl_crypt_equal(struct vl_span a, struct vl_span b)
{
    return a.len == b.len && gnutls_memcmp(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "", a.len) == 0;
}

static int derive(
    struct vl_span password, const uint8_t salt[VL_CRYPT_SALT_BYTES], unsigned rounds, uint8_t ret[32])
{
    gnutls_datum_t key = datum_of(password), s = {(unsigned char *)(uintptr_t)salt, VL_CRYPT_SALT_BYTES};
    return gnutls_pbkdf2(GNUTLS_MAC_SHA256, &key, &s, rounds, ret, 32);
}

int vl_crypt_password_hash(struct vl_span password, char ret[VL_CRYPT_HASH_TEXT], struct vl_err *err)
{
    uint8_t salt[VL_CRYPT_SALT_BYTES], hash[32];
    char salt_text[2 * sizeof(salt) + 1], hash_text[2 * sizeof(hash) + 1];
    if (password.len == 0 || password.len > VL_CRYPT_PASSWORD_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "a password has 1 to %d bytes", VL_CRYPT_PASSWORD_MAX);
    int r = vl_crypt_random(salt, sizeof(salt), err);
    if (r < 0)
        return r;
    int code = derive(password, salt, VL_CRYPT_ROUNDS, hash);
    if (code < 0)
        return fail(err, "the password's hash", code);
    vl_hex_encode(salt, sizeof(salt), salt_text);
    vl_hex_encode(hash, sizeof(hash), hash_text);
    (void)snprintf(ret, VL_CRYPT_HASH_TEXT, PREFIX "%d$%s$%s", VL_CRYPT_ROUNDS, salt_text, hash_text);
    return 0;
}

bool vl_crypt_password_fits(struct vl_span password, const char *hash)
{
    struct vl_span rest = vl_span_str(hash), rounds_text, salt_text;
    uint8_t salt[VL_CRYPT_SALT_BYTES], want[32], got[32];
    uint64_t rounds;
    if (!vl_span_starts_with(rest, PREFIX) || password.len == 0 || password.len > VL_CRYPT_PASSWORD_MAX)
        return false;
    rest = vl_span_slice(rest, strlen(PREFIX), rest.len);
    if (!vl_span_split(&rest, '$', &rounds_text) || !vl_span_to_u64(rounds_text, &rounds) || rounds == 0 ||
        rounds > ROUNDS_MAX || !vl_span_split(&rest, '$', &salt_text) ||
        !vl_hex_decode(salt_text, salt, sizeof(salt)) || !vl_hex_decode(rest, want, sizeof(want)))
        return false;
    return derive(password, salt, (unsigned)rounds, got) >= 0 && gnutls_memcmp(want, got, sizeof(want)) == 0;
}

int vl_crypt_hmac(struct vl_span key, struct vl_span text, uint8_t ret[32], struct vl_err *err)
{
    int code = gnutls_hmac_fast(
        GNUTLS_MAC_SHA256, key.ptr ? key.ptr : "", key.len, text.ptr ? text.ptr : "", text.len, ret);
    return code < 0 ? fail(err, "HMAC", code) : 0;
}

static int begin(const uint8_t key[VL_CRYPT_KEY_BYTES], gnutls_aead_cipher_hd_t *ret, struct vl_err *err)
{
    gnutls_datum_t k = {(unsigned char *)(uintptr_t)key, VL_CRYPT_KEY_BYTES};
    int code = gnutls_aead_cipher_init(ret, GNUTLS_CIPHER_AES_256_GCM, &k);
    return code < 0 ? fail(err, "AES-256-GCM", code) : 0;
}

int vl_crypt_seal(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span context, struct vl_span text,
    struct vl_buf *out, struct vl_err *err)
{
    gnutls_aead_cipher_hd_t cipher;
    uint8_t nonce[NONCE];
    int r = vl_crypt_random(nonce, sizeof(nonce), err);
    if (r >= 0)
        r = begin(key, &cipher, err);
    if (r < 0)
        return r;
    vl_buf_append(out, nonce, sizeof(nonce));
    size_t len = text.len + TAG;
    char *room = vl_buf_reserve(out, len);
    int code = room ? gnutls_aead_cipher_encrypt(cipher, nonce, sizeof(nonce), context.ptr, context.len, TAG,
                          text.ptr ? text.ptr : "", text.len, room, &len)
                    : 0;
    gnutls_aead_cipher_deinit(cipher);
    if (code < 0)
        return fail(err, "sealing", code);
    if (room)
        vl_buf_commit(out, len);
    return vl_buf_check(out, "a sealed text", err);
}

int vl_crypt_open(const uint8_t key[VL_CRYPT_KEY_BYTES], struct vl_span context, struct vl_span sealed,
    struct vl_buf *out, struct vl_err *err)
{
    gnutls_aead_cipher_hd_t cipher;
    if (sealed.len < VL_CRYPT_SEALED_EXTRA)
        return vl_err_set(err, VL_ERR_CORRUPT, "a sealed text is too short");
    int r = begin(key, &cipher, err);
    if (r < 0)
        return r;
    size_t len = sealed.len - NONCE;
    char *room = vl_buf_reserve(out, len);
    int code = room ? gnutls_aead_cipher_decrypt(cipher, sealed.ptr, NONCE, context.ptr, context.len, TAG,
                          sealed.ptr + NONCE, sealed.len - NONCE, room, &len)
                    : 0;
    gnutls_aead_cipher_deinit(cipher);
    if (code < 0) {
        /* What was decrypted before the tag turned out wrong must not be seen by anybody. */
        gnutls_memset(room, 0, sealed.len - NONCE);
        return vl_err_set(
            err, VL_ERR_CORRUPT, "a sealed text does not open: it was sealed with another key, or changed");
    }
    if (room)
        vl_buf_commit(out, len);
    return vl_buf_check(out, "an opened text", err);
}

int vl_crypt_encode_signature(struct vl_span r, struct vl_span s, struct vl_buf *out, struct vl_err *err)
{
    const gnutls_datum_t r_bytes = datum_of(r), s_bytes = datum_of(s);
    gnutls_datum_t der = {0};
    int code = gnutls_encode_rs_value(&der, &r_bytes, &s_bytes);
    if (code < 0)
        return fail(err, "a signature", code);
    vl_buf_append(out, der.data, der.size);
    gnutls_free(der.data);
    return vl_buf_check(out, "a signature", err);
}
