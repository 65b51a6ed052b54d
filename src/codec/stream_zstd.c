/* Zstandard frames (RFC 8878), skippable ones among them. */
#include "stream_impl.h"

#include <stdlib.h>
#include <zstd.h>

#include "codec/pack.h"

#define WINDOW_LOG_MAX 27 /* 128 MiB */
#define WINDOW_LOG_MIN 10 /* zstd's own */
#define LEVEL          3
#define PIECE          65536U

struct zstd_stream {
    struct vl_stream base;
    struct vl_stream *below;
    struct vl_stream_budget budget;
    ZSTD_DCtx *ctx;
    bool between; /* a frame was finished and nothing of another seen */
};

static int step(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err)
{
    struct zstd_stream *self = (struct zstd_stream *)s;
    struct vl_span in;
    int r = vl_stream_peek(self->below, 1, &in, err);
    if (r < 0)
        return r;
    if (in.len == 0 && self->between)
        return 0;
    ZSTD_inBuffer from = {in.len ? in.ptr : "", in.len, 0};
    ZSTD_outBuffer to = {buf, vl_stream_budget_room(&self->budget, size), 0};
    size_t left = ZSTD_decompressStream(self->ctx, &to, &from);
    if (ZSTD_isError(left)) {
        /* The library has no public codes; its texts are plain. */
        bool window = vl_span_find(vl_span_str(ZSTD_getErrorName(left)), VL_SPAN_LIT("memory")) != SIZE_MAX;
        return vl_stream_error(&self->base, err, window ? VL_ERR_LIMIT : VL_ERR_INVALID, "zstd data: %s%s",
            ZSTD_getErrorName(left), window ? " (the window is over 128 MiB)" : "");
    }
    self->between = left == 0;
    r = vl_stream_skip(self->below, from.pos, err);
    if (r == 0)
        r = vl_stream_budget_spend(&self->budget, s, from.pos, to.pos, err);
    if (r < 0)
        return r;
    *ret_made = to.pos;
    if (from.pos == 0 && to.pos == 0 && !self->between)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID,
            in.len ? "zstd data: cannot be decoded further" : "zstd data ends early");
    return 1;
}

static int64_t zstd_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    return vl_stream_fill_by_steps(s, buf, size, step, err);
}

static void zstd_free(struct vl_stream *s)
{
    struct zstd_stream *self = (struct zstd_stream *)s;
    ZSTD_freeDCtx(self->ctx);
    vl_stream_free(self->below);
    vl_stream_done(s);
    free(self);
}

int vl_stream_new_zstd(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.fill = zstd_fill, .free = zstd_free};
    struct zstd_stream *self = calloc(1, sizeof(*self));
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    if (!self || !ctx || ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDCtx(ctx);
        free(self);
        return vl_err_nomem(err);
    }
    vl_stream_init(&self->base, &ops, vl_stream_name(below));
    self->below = below;
    self->ctx = ctx;
    self->budget = (struct vl_stream_budget){.out_max = max_output, .format = "zstd"};
    *ret = &self->base;
    return 0;
}

/* A match reaches back as far as the window: over the prefix and all of the plain bytes. */
static int window_log(size_t plain, size_t prefix)
{
    int log = WINDOW_LOG_MIN;
    while (log < WINDOW_LOG_MAX && ((size_t)1 << log) < plain + prefix)
        log++;
    return log;
}

int vl_pack_zstd(struct vl_span plain, struct vl_buf *out, struct vl_err *err)
{
    return vl_pack_zstd_with(plain, VL_SPAN_EMPTY, out, err);
}

int vl_pack_zstd_with(struct vl_span plain, struct vl_span prefix, struct vl_buf *out, struct vl_err *err)
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
    if (prefix.len) {
        (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, window_log(plain.len, prefix.len));
        (void)ZSTD_CCtx_refPrefix(ctx, prefix.ptr, prefix.len);
    }
    size_t n = ZSTD_compress2(ctx, room, bound, plain.len ? plain.ptr : "", plain.len);
    ZSTD_freeCCtx(ctx);
    if (ZSTD_isError(n))
        return vl_err_set(err, VL_ERR_MEMORY, "packing: %s", ZSTD_getErrorName(n));
    vl_buf_commit(out, n);
    return 0;
}

/* One frame, and the prefix is for one frame. */
static int unpack_frame(
    ZSTD_DCtx *ctx, ZSTD_inBuffer *in, uint64_t max, const char *what, struct vl_buf *out, struct vl_err *err)
{
    uint64_t made = 0;
    size_t left = 1;
    while (left) {
        char *room = vl_buf_reserve(out, PIECE);
        if (!room)
            return vl_buf_check(out, what, err);
        ZSTD_outBuffer to = {room, PIECE, 0};
        size_t before = in->pos;
        left = ZSTD_decompressStream(ctx, &to, in);
        if (ZSTD_isError(left))
            return vl_err_set(err, VL_ERR_INVALID, "%s: zstd data: %s", what, ZSTD_getErrorName(left));
        made += to.pos;
        if (made > max)
            return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %llu bytes", what, (unsigned long long)max);
        if (left && in->pos == before && to.pos == 0)
            return vl_err_set(err, VL_ERR_INVALID, "%s: zstd data ends early", what);
        vl_buf_commit(out, to.pos);
    }
    return 0;
}

int vl_unpack_zstd_with(struct vl_span packed, struct vl_span prefix, uint64_t max, const char *what,
    struct vl_buf *out, struct vl_err *err)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    ZSTD_inBuffer in = {packed.len ? packed.ptr : "", packed.len, 0};
    if (!ctx || ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)) ||
        (prefix.len && ZSTD_isError(ZSTD_DCtx_refPrefix(ctx, prefix.ptr, prefix.len)))) {
        ZSTD_freeDCtx(ctx);
        return vl_err_nomem(err);
    }
    int r = unpack_frame(ctx, &in, max, what, out, err);
    ZSTD_freeDCtx(ctx);
    if (r >= 0 && in.pos < in.size)
        return vl_err_set(err, VL_ERR_INVALID, "%s: bytes after the end of the zstd data", what);
    return r;
}
