/* Ed25519. Few runs sign or verify anything, so that the whole of libcrypto is loaded when one does; digests
 * are linked in (docs/design/0012). */
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/lazy.h"
#include "codec/digest.h"

#define FUNCTIONS(F)        \
    F(BIO_free)             \
    F(BIO_new_mem_buf)      \
    F(EVP_DigestSign)       \
    F(EVP_DigestSignInit)   \
    F(EVP_DigestVerify)     \
    F(EVP_DigestVerifyInit) \
    F(EVP_MD_CTX_free)      \
    F(EVP_MD_CTX_new)       \
    F(EVP_PKEY_free)        \
    F(EVP_PKEY_get_base_id) \
    F(PEM_read_bio_PUBKEY)  \
    F(PEM_read_bio_PrivateKey)
VL_LAZY_LIBRARY(libcrypto, FUNCTIONS, "libcrypto.so.3", "signatures")

static void free_bio(BIO **bio)
{
    libcrypto.BIO_free(*bio);
}

static void free_key(EVP_PKEY **key)
{
    libcrypto.EVP_PKEY_free(*key);
}

static void free_ctx(EVP_MD_CTX **ctx)
{
    libcrypto.EVP_MD_CTX_free(*ctx);
}

/* No terminal prompt: an encrypted key is refused. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static int read_key(struct vl_span pem, bool is_private, EVP_PKEY **ret, struct vl_err *err)
{
    const char *what = is_private ? "private" : "public";
    if (pem.len > 64U * 1024)
        return vl_err_set(err, VL_ERR_LIMIT, "%s key: more than 64 KiB", what);
    int r = libcrypto_load(err);
    if (r < 0)
        return r;
    VL_CLEANUP(free_bio) BIO *bio = libcrypto.BIO_new_mem_buf(pem.len ? pem.ptr : "", (int)pem.len);
    if (!bio)
        return vl_err_nomem(err);
    EVP_PKEY *key = is_private ? libcrypto.PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                               : libcrypto.PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    if (!key || libcrypto.EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        libcrypto.EVP_PKEY_free(key);
        return vl_err_set(err, VL_ERR_INVALID,
            "%s key: no Ed25519 key in PEM form (make one with `openssl genpkey -algorithm ed25519`%s)", what,
            is_private ? "" : ", its public half with `openssl pkey -pubout`");
    }
    *ret = key;
    return 0;
}

int vl_ed25519_sign(struct vl_span private_pem, struct vl_span message,
    uint8_t ret_signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err)
{
    VL_CLEANUP(free_key) EVP_PKEY *key = NULL;
    int r = read_key(private_pem, true, &key, err);
    if (r < 0)
        return r;
    VL_CLEANUP(free_ctx) EVP_MD_CTX *ctx = libcrypto.EVP_MD_CTX_new();
    size_t len = VL_ED25519_SIGNATURE_BYTES;
    if (!ctx || libcrypto.EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
        libcrypto.EVP_DigestSign(ctx, ret_signature, &len,
            (const unsigned char *)(message.len ? message.ptr : ""), message.len) != 1)
        return vl_err_set(err, VL_ERR_MEMORY, "Ed25519: the signature could not be made");
    return 0;
}

int vl_ed25519_verify(struct vl_span public_pem, struct vl_span message,
    const uint8_t signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err)
{
    VL_CLEANUP(free_key) EVP_PKEY *key = NULL;
    int r = read_key(public_pem, false, &key, err);
    if (r < 0)
        return r;
    VL_CLEANUP(free_ctx) EVP_MD_CTX *ctx = libcrypto.EVP_MD_CTX_new();
    if (!ctx || libcrypto.EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
        return vl_err_nomem(err);
    if (libcrypto.EVP_DigestVerify(ctx, signature, VL_ED25519_SIGNATURE_BYTES,
            (const unsigned char *)(message.len ? message.ptr : ""), message.len) != 1)
        return vl_err_set(
            err, VL_ERR_CORRUPT, "the Ed25519 signature does not match the key and the content");
    return 0;
}
