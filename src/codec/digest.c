#include "codec/digest.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *prefix; /* NULL: not taken in text */
    size_t len;
} kinds[] = {
    [VL_DIGEST_SHA256] = {"sha256:", 32},
    [VL_DIGEST_SHA512] = {"sha512:", 64},
    [VL_DIGEST_SHA1] = {"sha1:", 20},
};

struct vl_digester {
    enum vl_digest_kind kind;
    EVP_MD_CTX *ctx;
};

static const EVP_MD *algorithm(enum vl_digest_kind kind)
{
    return kind == VL_DIGEST_SHA512 ? EVP_sha512() : kind == VL_DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
}

struct vl_digester *vl_digester_new(enum vl_digest_kind kind)
{
    struct vl_digester *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->kind = kind;
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || EVP_DigestInit_ex(d->ctx, algorithm(kind), NULL) != 1) {
        vl_digester_free(d);
        return NULL;
    }
    return d;
}

void vl_digester_free(struct vl_digester *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

void vl_digester_cleanup(struct vl_digester **d)
{
    vl_digester_free(*d);
    *d = NULL;
}

void vl_digester_update(struct vl_digester *d, struct vl_span data)
{
    EVP_DigestUpdate(d->ctx, data.ptr, data.len);
}

void vl_digester_finish(struct vl_digester *d, struct vl_digest *ret)
{
    *ret = (struct vl_digest){.kind = d->kind};
    EVP_DigestFinal_ex(d->ctx, ret->bytes, NULL);
    EVP_DigestInit_ex(d->ctx, algorithm(d->kind), NULL);
}

void vl_digest_compute(enum vl_digest_kind kind, struct vl_span data, struct vl_digest *ret)
{
    *ret = (struct vl_digest){.kind = kind};
    EVP_Digest(data.ptr, data.len, ret->bytes, NULL, algorithm(kind), NULL);
}

bool vl_digest_parse(struct vl_span text, struct vl_digest *ret)
{
    static const enum vl_digest_kind taken[] = {VL_DIGEST_SHA256, VL_DIGEST_SHA512};
    for (size_t i = 0; i < VL_ARRAY_LEN(taken); i++) {
        struct vl_digest d = {.kind = taken[i]};
        size_t prefix = strlen(kinds[taken[i]].prefix);
        if (!vl_span_starts_with(text, kinds[taken[i]].prefix))
            continue;
        struct vl_span hex = vl_span_slice(text, prefix, text.len);
        for (size_t k = 0; k < hex.len; k++) {
            if (hex.ptr[k] >= 'A' && hex.ptr[k] <= 'F')
                return false; /* one spelling only, so that texts can be compared */
        }
        if (!vl_hex_decode(hex, d.bytes, kinds[taken[i]].len))
            return false;
        *ret = d;
        return true;
    }
    return false;
}

const char *vl_digest_format(const struct vl_digest *digest, char text[VL_DIGEST_TEXT_MAX])
{
    size_t prefix = strlen(kinds[digest->kind].prefix);
    memcpy(text, kinds[digest->kind].prefix, prefix);
    vl_hex_encode(digest->bytes, kinds[digest->kind].len, text + prefix);
    return text;
}

bool vl_digest_eq(const struct vl_digest *a, const struct vl_digest *b)
{
    return a->kind == b->kind && memcmp(a->bytes, b->bytes, kinds[a->kind].len) == 0;
}

static BIO *memory(struct vl_span pem)
{
    return BIO_new_mem_buf(pem.ptr, vl_span_int_len(pem));
}

int vl_ed25519_sign(struct vl_span private_pem, struct vl_span message,
    uint8_t ret_signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err)
{
    size_t len = VL_ED25519_SIGNATURE_BYTES;
    BIO *bio = memory(private_pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = 0;
    if (!key || EVP_PKEY_id(key) != EVP_PKEY_ED25519)
        r = vl_err_set(err, VL_ERR_INVALID,
            "not an Ed25519 private key in PEM: make one with `openssl genpkey -algorithm ed25519`");
    else if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
             EVP_DigestSign(ctx, ret_signature, &len, (const unsigned char *)message.ptr, message.len) != 1)
        r = vl_err_set(err, VL_ERR_SYSTEM, "signing failed");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return r;
}

int vl_ed25519_verify(struct vl_span public_pem, struct vl_span message,
    const uint8_t signature[VL_ED25519_SIGNATURE_BYTES], struct vl_err *err)
{
    BIO *bio = memory(public_pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = 0;
    if (!key || EVP_PKEY_id(key) != EVP_PKEY_ED25519)
        r = vl_err_set(err, VL_ERR_INVALID, "not an Ed25519 public key in PEM");
    else if (!ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
        r = vl_err_nomem(err);
    else if (EVP_DigestVerify(ctx, signature, VL_ED25519_SIGNATURE_BYTES, (const unsigned char *)message.ptr,
                 message.len) != 1)
        r = vl_err_set(err, VL_ERR_CORRUPT, "the signature does not match");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return r;
}
