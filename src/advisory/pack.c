#include "pack.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>

/* Fewer samples than this teach nothing, and zstd's trainer refuses them. */
#define SAMPLES_MIN 64

int adb_pack_train(struct vl_span samples, const size_t *sizes, size_t n, size_t max, struct vl_buf *ret_dict,
    struct vl_err *err)
{
    if (n < SAMPLES_MIN || samples.len < 10 * max / 4)
        return 0;
    char *room = vl_buf_reserve(ret_dict, max);
    if (!room)
        return vl_buf_check(ret_dict, "the text dictionary", err);
    size_t got = ZDICT_trainFromBuffer(room, max, samples.ptr, sizes, (unsigned)n);
    if (!ZDICT_isError(got))
        vl_buf_commit(ret_dict, got);
    return 0;
}

struct adb_packer {
    ZSTD_CCtx *context;
    ZSTD_CDict *dict;
    int level;
};

int adb_packer_new(struct vl_span dict, int level, struct adb_packer **ret, struct vl_err *err)
{
    struct adb_packer *p = calloc(1, sizeof(*p));
    if (!p)
        return vl_err_nomem(err);
    p->level = level;
    p->context = ZSTD_createCCtx();
    if (dict.len)
        p->dict = ZSTD_createCDict(dict.ptr, dict.len, level);
    if (!p->context || (dict.len && !p->dict)) {
        adb_packer_free(p);
        return vl_err_nomem(err);
    }
    *ret = p;
    return 0;
}

void adb_packer_free(struct adb_packer *p)
{
    if (!p)
        return;
    ZSTD_freeCDict(p->dict);
    ZSTD_freeCCtx(p->context);
    free(p);
}

void adb_packer_cleanup(struct adb_packer **packer)
{
    adb_packer_free(*packer);
    *packer = NULL;
}

int adb_packer_add(struct adb_packer *p, struct vl_span plain, struct vl_buf *out, struct vl_err *err)
{
    size_t bound = ZSTD_compressBound(plain.len);
    char *room = vl_buf_reserve(out, bound);
    if (!room)
        return vl_buf_check(out, "the packed texts", err);
    size_t got = p->dict ? ZSTD_compress_usingCDict(p->context, room, bound, plain.ptr, plain.len, p->dict)
                         : ZSTD_compressCCtx(p->context, room, bound, plain.ptr, plain.len, p->level);
    if (ZSTD_isError(got))
        return vl_err_set(err, VL_ERR_SYSTEM, "cannot compress: %s", ZSTD_getErrorName(got));
    vl_buf_commit(out, got);
    return 0;
}

struct adb_unpacker {
    ZSTD_DDict *dict;
    _Atomic(ZSTD_DCtx *) spare; /* a context costs more than a block: one is kept between calls */
};

int adb_unpacker_new(struct vl_span dict, struct adb_unpacker **ret, struct vl_err *err)
{
    struct adb_unpacker *u = calloc(1, sizeof(*u));
    if (!u)
        return vl_err_nomem(err);
    if (dict.len) {
        u->dict = ZSTD_createDDict(dict.ptr, dict.len);
        if (!u->dict) {
            free(u);
            return vl_err_set(err, VL_ERR_CORRUPT, "the text dictionary is damaged");
        }
    }
    *ret = u;
    return 0;
}

void adb_unpacker_free(struct adb_unpacker *u)
{
    if (!u)
        return;
    ZSTD_freeDDict(u->dict);
    ZSTD_freeDCtx(atomic_load(&u->spare));
    free(u);
}

int adb_unpack(struct adb_unpacker *u, struct vl_span frame, struct vl_buf *out, struct vl_err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > out->max)
        return vl_err_set(err, VL_ERR_CORRUPT, "a packed block is damaged");
    char *room = vl_buf_reserve(out, (size_t)size + 1);
    if (!room)
        return vl_buf_check(out, "a text block", err);
    ZSTD_DCtx *context = atomic_exchange(&u->spare, NULL);
    if (!context)
        context = ZSTD_createDCtx();
    if (!context)
        return vl_err_nomem(err);
    size_t got = u->dict
                     ? ZSTD_decompress_usingDDict(context, room, (size_t)size, frame.ptr, frame.len, u->dict)
                     : ZSTD_decompressDCtx(context, room, (size_t)size, frame.ptr, frame.len);
    ZSTD_freeDCtx(atomic_exchange(&u->spare, context));
    if (ZSTD_isError(got) || got != size)
        return vl_err_set(err, VL_ERR_CORRUPT, "a packed block is damaged");
    vl_buf_commit(out, got);
    return 0;
}
