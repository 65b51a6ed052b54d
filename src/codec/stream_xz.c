/* .xz (all streams, padding between them) and .lzma. */
#include <lzma.h>
#include <stdlib.h>

#include "stream_impl.h"

#define MEMORY_MAX (128ULL * 1024 * 1024)

struct xz_state {
    struct vl_stream_input in; /* first: see stream.c */
    lzma_stream lzma;
    bool ended;
};

static int describe(lzma_ret code, struct vl_err *err)
{
    switch (code) {
    case LZMA_MEM_ERROR:
        return vl_err_nomem(err);
    case LZMA_MEMLIMIT_ERROR:
        return vl_err_set(err, VL_ERR_LIMIT, "xz: needs more than %llu bytes of memory", MEMORY_MAX);
    case LZMA_FORMAT_ERROR:
        return vl_err_set(err, VL_ERR_INVALID, "xz: not an xz header");
    case LZMA_BUF_ERROR:
        return vl_err_set(err, VL_ERR_INVALID, "xz: ends early");
    case LZMA_OPTIONS_ERROR:
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "xz: unknown options");
    default:
        return vl_err_set(err, VL_ERR_INVALID, "xz: damaged data (%d)", (int)code);
    }
}

static int64_t xz_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct xz_state *s = state;
    s->lzma.next_out = buf;
    s->lzma.avail_out = size;
    while (!s->ended && s->lzma.avail_out == size) {
        int r = vl_stream_input_fill(&s->in, err);
        if (r < 0)
            return r;
        s->lzma.next_in = (const uint8_t *)s->in.buf + s->in.from;
        s->lzma.avail_in = s->in.to - s->in.from;
        lzma_ret code = lzma_code(&s->lzma, s->in.ended ? LZMA_FINISH : LZMA_RUN);
        s->in.from = s->in.to - s->lzma.avail_in;
        if (code == LZMA_STREAM_END)
            s->ended = true;
        else if (code != LZMA_OK)
            return describe(code, err);
    }
    return (int64_t)(size - s->lzma.avail_out);
}

static void xz_free(void *state)
{
    struct xz_state *s = state;
    lzma_end(&s->lzma);
    vl_stream_input_done(&s->in);
    free(s);
}

const struct vl_stream_ops vl_stream_xz_ops = {xz_read, NULL, xz_free};

int vl_stream_xz_new(struct vl_stream *below, void **ret_state, struct vl_err *err)
{
    struct xz_state *s = calloc(1, sizeof(*s));
    if (!s) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    s->lzma = (lzma_stream)LZMA_STREAM_INIT;
    int r = vl_stream_input_init(&s->in, below, err);
    if (r == 0 && lzma_auto_decoder(&s->lzma, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
        r = vl_err_nomem(err);
    if (r < 0) {
        xz_free(s);
        return r;
    }
    *ret_state = s;
    return 0;
}
