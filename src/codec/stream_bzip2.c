/* bzip2, several streams in a row included (pbzip2 writes one per block). */
#include "stream_impl.h"

#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"
#include "load_impl.h"

#define FUNCTIONS(F)       \
    F(BZ2_bzDecompress)    \
    F(BZ2_bzDecompressEnd) \
    F(BZ2_bzDecompressInit)
VL_LAZY_LIBRARY(libbz2, FUNCTIONS, "libbz2.so.1.0", "bzip2")

int codec_load_bz2(struct vl_err *err)
{
    return libbz2_load(err);
}

struct bzip2_stream {
    struct vl_stream base;
    struct vl_stream *below;
    struct vl_stream_budget budget;
    bz_stream state;
    bool open; /* the state holds memory of the library */
    bool finished;
};

static int begin(struct bzip2_stream *self, struct vl_err *err)
{
    int r = libbz2_load(err);
    if (r < 0)
        return r;
    memset(&self->state, 0, sizeof(self->state));
    if (libbz2.BZ2_bzDecompressInit(&self->state, 0, 0) != BZ_OK)
        return vl_err_nomem(err);
    self->open = true;
    return 0;
}

static void end(struct bzip2_stream *self)
{
    if (self->open)
        libbz2.BZ2_bzDecompressEnd(&self->state);
    self->open = false;
}

static int after_stream(struct bzip2_stream *self, struct vl_err *err)
{
    struct vl_span head;
    end(self);
    int r = vl_stream_peek(self->below, 3, &head, err);
    if (r < 0)
        return r;
    if (head.len == 0) {
        self->finished = true;
        return 0;
    }
    if (head.len < 3 || memcmp(head.ptr, "BZh", 3) != 0)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID, "bzip2 data: other bytes follow its end");
    r = begin(self, err);
    return r < 0 ? r : 1;
}

static int fail_decode(struct bzip2_stream *self, int code, struct vl_err *err)
{
    if (code == BZ_MEM_ERROR)
        return vl_err_nomem(err);
    return vl_stream_error(&self->base, err, VL_ERR_INVALID, "bzip2 data: %s",
        code == BZ_DATA_ERROR_MAGIC ? "the header is damaged" : "the content or its checksum is damaged");
}

static int step(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err)
{
    struct bzip2_stream *self = (struct bzip2_stream *)s;
    if (self->finished)
        return 0;
    struct vl_span in;
    int r = vl_stream_peek(self->below, 1, &in, err);
    if (r < 0)
        return r;
    in = vl_span_slice(in, 0, INT_MAX);
    size_t room = vl_stream_budget_room(&self->budget, size < INT_MAX ? size : INT_MAX - 1);
    bz_stream *st = &self->state;
    st->next_in = (char *)(uintptr_t)in.ptr; /* only read, though not const in the library */
    st->avail_in = (unsigned)in.len;
    st->next_out = buf;
    st->avail_out = (unsigned)room;
    int code = libbz2.BZ2_bzDecompress(st);
    size_t used = in.len - st->avail_in;
    size_t made = room - st->avail_out;
    r = vl_stream_skip(self->below, used, err);
    if (r == 0)
        r = vl_stream_budget_spend(&self->budget, s, used, made, err);
    if (r < 0)
        return r;
    *ret_made = made;
    if (code != BZ_OK && code != BZ_STREAM_END)
        return fail_decode(self, code, err);
    if (code == BZ_STREAM_END)
        return after_stream(self, err);
    if (used == 0 && made == 0)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID, "bzip2 data ends early");
    return 1;
}

static int64_t bzip2_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    return vl_stream_fill_by_steps(s, buf, size, step, err);
}

static void bzip2_free(struct vl_stream *s)
{
    struct bzip2_stream *self = (struct bzip2_stream *)s;
    end(self);
    vl_stream_free(self->below);
    vl_stream_done(s);
    free(self);
}

int vl_stream_new_bzip2(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.fill = bzip2_fill, .free = bzip2_free};
    struct bzip2_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    vl_stream_init(&self->base, &ops, vl_stream_name(below));
    self->below = below;
    self->budget = (struct vl_stream_budget){.out_max = max_output, .format = "bzip2"};
    int r = begin(self, err);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = &self->base;
    return 0;
}
