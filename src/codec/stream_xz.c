/* .xz and .lzma by liblzma. */
#include "stream_impl.h"

#include <lzma.h>
#include <stdlib.h>

#include "base/lazy.h"
#include "load_impl.h"

#define MEMORY_MAX (128ULL * 1024 * 1024)

#define FUNCTIONS(F)     \
    F(lzma_auto_decoder) \
    F(lzma_code)         \
    F(lzma_end)
VL_LAZY_LIBRARY(liblzma, FUNCTIONS, "liblzma.so.5", "xz")

int codec_load_lzma(struct vl_err *err)
{
    return liblzma_load(err);
}

struct xz_stream {
    struct vl_stream base;
    struct vl_stream *below;
    struct vl_stream_budget budget;
    lzma_stream state;
    bool finished;
};

static int fail_decode(struct xz_stream *self, lzma_ret code, struct vl_err *err)
{
    static const struct {
        lzma_ret code;
        enum vl_err_code kind;
        const char *text;
    } texts[] = {
        {LZMA_MEMLIMIT_ERROR, VL_ERR_LIMIT, "decompression takes more than 128 MiB of memory"},
        {LZMA_FORMAT_ERROR, VL_ERR_INVALID, "the header is damaged"},
        {LZMA_OPTIONS_ERROR, VL_ERR_UNSUPPORTED, "an unknown filter"},
        {LZMA_DATA_ERROR, VL_ERR_INVALID, "the content or its checksum is damaged"},
        {LZMA_MEM_ERROR, VL_ERR_MEMORY, "out of memory"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        if (texts[i].code == code)
            return vl_stream_error(&self->base, err, texts[i].kind, "xz data: %s", texts[i].text);
    }
    return vl_stream_error(&self->base, err, VL_ERR_INVALID, "xz data: error %d", (int)code);
}

/* The .lzma decoder leaves what follows its end alone. */
static int check_end(struct xz_stream *self, struct vl_err *err)
{
    struct vl_span in;
    int r = vl_stream_peek(self->below, 1, &in, err);
    if (r == 0 && in.len)
        r = vl_stream_error(&self->base, err, VL_ERR_INVALID, "xz data: other bytes follow its end");
    return r;
}

static int step(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err)
{
    struct xz_stream *self = (struct xz_stream *)s;
    if (self->finished)
        return 0;
    struct vl_span in;
    int r = vl_stream_peek(self->below, 1, &in, err);
    if (r < 0)
        return r;
    lzma_stream *st = &self->state;
    size_t room = vl_stream_budget_room(&self->budget, size);
    st->next_in = (const uint8_t *)in.ptr;
    st->avail_in = in.len;
    st->next_out = buf;
    st->avail_out = room;
    lzma_ret code = liblzma.lzma_code(st, in.len ? LZMA_RUN : LZMA_FINISH);
    size_t used = in.len - st->avail_in;
    size_t made = room - st->avail_out;
    r = vl_stream_skip(self->below, used, err);
    if (r == 0)
        r = vl_stream_budget_spend(&self->budget, s, used, made, err);
    if (r < 0)
        return r;
    *ret_made = made;
    if (code == LZMA_BUF_ERROR)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID, "xz data ends early");
    if (code != LZMA_OK && code != LZMA_STREAM_END)
        return fail_decode(self, code, err);
    self->finished = code == LZMA_STREAM_END;
    return self->finished ? check_end(self, err) : 1;
}

static int64_t xz_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    return vl_stream_fill_by_steps(s, buf, size, step, err);
}

static void xz_free(struct vl_stream *s)
{
    struct xz_stream *self = (struct xz_stream *)s;
    liblzma.lzma_end(&self->state);
    vl_stream_free(self->below);
    vl_stream_done(s);
    free(self);
}

int vl_stream_new_xz(struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.fill = xz_fill, .free = xz_free};
    int r = liblzma_load(err);
    if (r < 0)
        return r;
    struct xz_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    self->state = (lzma_stream)LZMA_STREAM_INIT;
    if (liblzma.lzma_auto_decoder(&self->state, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK) {
        free(self);
        return vl_err_nomem(err);
    }
    vl_stream_init(&self->base, &ops, vl_stream_name(below));
    self->below = below;
    self->budget = (struct vl_stream_budget){.out_max = max_output, .format = "xz"};
    *ret = &self->base;
    return 0;
}
