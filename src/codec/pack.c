#include "codec/pack.h"

#include <zstd.h>

#include "codec/stream.h"

#define LEVEL 3
#define PIECE 65536U

int vl_pack_zstd(struct vl_span plain, struct vl_buf *out, struct vl_err *err)
{
    size_t bound = ZSTD_compressBound(plain.len);
    char *room = vl_buf_reserve(out, bound);
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    if (!room || !ctx) {
        ZSTD_freeCCtx(ctx);
        return ctx ? vl_buf_check(out, "packed bytes", err) : vl_err_nomem(err);
    }
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
    size_t n = ZSTD_compress2(ctx, room, bound, plain.len ? plain.ptr : "", plain.len);
    ZSTD_freeCCtx(ctx);
    if (ZSTD_isError(n))
        return vl_err_set(err, VL_ERR_MEMORY, "packing: %s", ZSTD_getErrorName(n));
    vl_buf_commit(out, n);
    return 0;
}

int vl_unpack_zstd(
    struct vl_span packed, uint64_t max, const char *what, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_stream *below = NULL;
    int64_t n = vl_stream_new_span(packed, &below, err);
    if (n >= 0)
        n = vl_stream_new_decompress(below, VL_COMPRESSION_ZSTD, max, &stream, err);
    while (n >= 0) {
        char *room = vl_buf_reserve(out, PIECE);
        if (!room)
            return vl_buf_check(out, what, err);
        n = vl_stream_read(stream, room, PIECE, err);
        if (n <= 0)
            break;
        vl_buf_commit(out, (size_t)n);
    }
    return n < 0 ? vl_err_wrap(err, "%s", what) : 0;
}
