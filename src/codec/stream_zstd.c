/* Zstandard (RFC 8878): all frames, skippable ones too. */
#include <stdlib.h>
#include <zstd.h>

#include "stream_impl.h"

#define WINDOW_LOG_MAX 27 /* 128 MiB, what `zstd --long` writes at most without a flag for reading */

struct zstd_state {
    struct vl_stream_input in; /* first: see stream.c */
    ZSTD_DStream *zstd;
    bool inside; /* a frame has begun and not ended */
};

static int64_t zstd_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct zstd_state *s = state;
    ZSTD_outBuffer out = {buf, size, 0};
    while (out.pos == 0) {
        int r = vl_stream_input_fill(&s->in, err);
        if (r < 0)
            return r;
        if (s->in.from == s->in.to && !s->inside)
            return 0;
        ZSTD_inBuffer in = {s->in.buf, s->in.to, s->in.from};
        size_t before = in.pos;
        size_t hint = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(hint))
            return vl_err_set(err, VL_ERR_INVALID, "zstd: %s", ZSTD_getErrorName(hint));
        s->in.from = in.pos;
        s->inside = hint != 0;
        if (s->inside && s->in.ended && out.pos == 0 && in.pos == before)
            return vl_err_set(err, VL_ERR_INVALID, "zstd: ends early");
    }
    return (int64_t)out.pos;
}

static void zstd_free(void *state)
{
    struct zstd_state *s = state;
    ZSTD_freeDStream(s->zstd);
    vl_stream_input_done(&s->in);
    free(s);
}

const struct vl_stream_ops vl_stream_zstd_ops = {zstd_read, NULL, zstd_free};

int vl_stream_zstd_new(struct vl_stream *below, void **ret_state, struct vl_err *err)
{
    struct zstd_state *s = calloc(1, sizeof(*s));
    if (!s) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    int r = vl_stream_input_init(&s->in, below, err);
    s->zstd = ZSTD_createDStream();
    if (r == 0 &&
        (!s->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))))
        r = vl_err_nomem(err);
    if (r < 0) {
        zstd_free(s);
        return r;
    }
    *ret_state = s;
    return 0;
}
