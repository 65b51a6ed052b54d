#include "codec/digest.h"

#include <isa-l/crc.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* of SHA256_Init() and the like: see struct vl_digester */
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *prefix; /* NULL: has no text form that is read */
    const char *name;
    size_t len;
} kinds[] = {
    [VL_DIGEST_SHA256] = {"sha256:", "sha256", 32},
    [VL_DIGEST_SHA512] = {"sha512:", "sha512", 64},
    [VL_DIGEST_SHA1] = {NULL, "sha1", 20},
    [VL_DIGEST_MD5] = {NULL, "md5", 16},
};

/* The functions of the digests themselves. Those of EVP set up all of libcrypto at their first use and read
 * its configuration, which takes 0.9 ms: a third of all that a scan of an SBOM may take before it begins. */
struct vl_digester {
    enum vl_digest_kind kind;
    union {
        SHA256_CTX sha256;
        SHA512_CTX sha512;
        SHA_CTX sha1;
        MD5_CTX md5;
    };
};

/* The digests of libcrypto do not fail; were one to, a wrong digest must not look like a right one, and there
 * is no way on. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

static void begin(struct vl_digester *d, enum vl_digest_kind kind)
{
    d->kind = kind;
    must(kind == VL_DIGEST_SHA256   ? SHA256_Init(&d->sha256)
         : kind == VL_DIGEST_SHA512 ? SHA512_Init(&d->sha512)
         : kind == VL_DIGEST_SHA1   ? SHA1_Init(&d->sha1)
                                    : MD5_Init(&d->md5));
}

struct vl_digester *vl_digester_new(enum vl_digest_kind kind)
{
    struct vl_digester *d = calloc(1, sizeof(*d));
    if (d)
        begin(d, kind);
    return d;
}

void vl_digester_free(struct vl_digester *d)
{
    free(d);
}

void vl_digester_cleanup(struct vl_digester **d)
{
    vl_digester_free(*d);
    *d = NULL;
}

void vl_digester_update(struct vl_digester *d, struct vl_span data)
{
    if (data.len == 0)
        return;
    must(d->kind == VL_DIGEST_SHA256   ? SHA256_Update(&d->sha256, data.ptr, data.len)
         : d->kind == VL_DIGEST_SHA512 ? SHA512_Update(&d->sha512, data.ptr, data.len)
         : d->kind == VL_DIGEST_SHA1   ? SHA1_Update(&d->sha1, data.ptr, data.len)
                                       : MD5_Update(&d->md5, data.ptr, data.len));
}

void vl_digester_finish(struct vl_digester *d, struct vl_digest *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->kind = d->kind;
    must(d->kind == VL_DIGEST_SHA256   ? SHA256_Final(ret->bytes, &d->sha256)
         : d->kind == VL_DIGEST_SHA512 ? SHA512_Final(ret->bytes, &d->sha512)
         : d->kind == VL_DIGEST_SHA1   ? SHA1_Final(ret->bytes, &d->sha1)
                                       : MD5_Final(ret->bytes, &d->md5));
    begin(d, d->kind);
}

void vl_digest_compute(enum vl_digest_kind kind, struct vl_span data, struct vl_digest *ret)
{
    struct vl_digester d;
    begin(&d, kind);
    vl_digester_update(&d, data);
    vl_digester_finish(&d, ret);
}

bool vl_digest_parse(struct vl_span text, struct vl_digest *ret)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        if (!kinds[i].prefix || !vl_span_starts_with(text, kinds[i].prefix))
            continue;
        struct vl_span digits = vl_span_slice(text, strlen(kinds[i].prefix), text.len);
        for (size_t j = 0; j < digits.len; j++) {
            if (digits.ptr[j] >= 'A' && digits.ptr[j] <= 'F')
                return false;
        }
        struct vl_digest d = {.kind = (enum vl_digest_kind)i};
        if (!vl_hex_decode(digits, d.bytes, kinds[i].len))
            return false;
        *ret = d;
        return true;
    }
    return false;
}

const char *vl_digest_format(const struct vl_digest *digest, char text[VL_DIGEST_TEXT_MAX])
{
    const char *name = kinds[digest->kind].name;
    size_t len = strlen(name);
    memcpy(text, name, len);
    text[len] = ':';
    vl_hex_encode(digest->bytes, kinds[digest->kind].len, text + len + 1);
    return text;
}

bool vl_digest_eq(const struct vl_digest *a, const struct vl_digest *b)
{
    return a->kind == b->kind && memcmp(a->bytes, b->bytes, kinds[a->kind].len) == 0;
}

/* ISA-L runs the bare polynomial division: it inverts neither at the start nor at the end, and takes an int.
 */
uint32_t vl_crc32c(uint32_t crc, struct vl_span data)
{
    const int step_max = 1 << 30;
    crc = ~crc;
    while (data.len) {
        int step = data.len > (size_t)step_max ? step_max : (int)data.len;
        /* The parameter is not const in the library although it only reads. */
        crc = crc32_iscsi((unsigned char *)(uintptr_t)data.ptr, step, crc);
        data = vl_span_slice(data, (size_t)step, data.len);
    }
    return ~crc;
}

/* This one inverts by itself. */
uint32_t vl_crc32(uint32_t crc, struct vl_span data)
{
    return data.len ? crc32_gzip_refl(crc, (const unsigned char *)data.ptr, data.len) : crc;
}
