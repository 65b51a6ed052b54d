/* gzip (RFC 1952) and zlib (RFC 1950) by ISA-L, which checks headers and trailers itself. */
#include "stream_impl.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

struct deflate_stream {
    struct vl_stream base;
    struct vl_stream *below;
    struct vl_stream_budget budget;
    uint32_t wrapper; /* ISAL_GZIP or ISAL_ZLIB */
    bool finished;    /* the last member was checked to its end */
    struct inflate_state state;
};

static void begin_member(struct deflate_stream *self)
{
    isal_inflate_reset(&self->state);
    self->state.crc_flag = self->wrapper;
}

static const struct {
    int code;
    enum vl_err_code kind;
    const char *text;
} decode_errors[] = {
    {ISAL_END_INPUT, VL_ERR_INVALID, "it ends early"},
    {ISAL_OUT_OVERFLOW, VL_ERR_INVALID, "it becomes larger than was said"},
    {ISAL_INVALID_BLOCK, VL_ERR_INVALID, "a block is damaged"},
    {ISAL_INVALID_SYMBOL, VL_ERR_INVALID, "an invalid symbol"},
    {ISAL_INVALID_LOOKBACK, VL_ERR_INVALID, "a reference to before the beginning"},
    {ISAL_INVALID_WRAPPER, VL_ERR_INVALID, "the header is damaged"},
    {ISAL_UNSUPPORTED_METHOD, VL_ERR_UNSUPPORTED, "an unknown compression method"},
    {ISAL_INCORRECT_CHECKSUM, VL_ERR_CORRUPT, "the checksum or length does not match the content"},
    {ISAL_NEED_DICT, VL_ERR_UNSUPPORTED, "a preset dictionary is needed"},
};

static int fail_decode(const char *name, const char *format, int code, struct vl_err *err)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(decode_errors); i++) {
        if (decode_errors[i].code == code)
            return vl_err_set(err, decode_errors[i].kind, "%s%s%s data: %s", name, *name ? ": " : "", format,
                decode_errors[i].text);
    }
    return vl_err_set(err, VL_ERR_INVALID, "%s%s%s data: error %d", name, *name ? ": " : "", format, code);
}

static bool all_zero(struct vl_span s)
{
    return s.len == 0 || (s.ptr[0] == '\0' && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0);
}

/* After a member: another one, the end, or zeros up to the end (tapes and some builders pad). */
static int after_member(struct deflate_stream *self, struct vl_err *err)
{
    struct vl_span head;
    int r = vl_stream_peek(self->below, 2, &head, err);
    if (r < 0)
        return r;
    if (self->wrapper == ISAL_GZIP && head.len >= 2 && memcmp(head.ptr, "\x1f\x8b", 2) == 0) {
        begin_member(self);
        return 1;
    }
    self->finished = true;
    int64_t n;
    while ((n = vl_stream_borrow(self->below, SIZE_MAX, &head, err)) > 0) {
        if (self->wrapper != ISAL_GZIP || !all_zero(head))
            return vl_stream_error(
                &self->base, err, VL_ERR_INVALID, "%s data: other bytes follow its end", self->budget.format);
    }
    return (int)n;
}

static int step(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err)
{
    struct deflate_stream *self = (struct deflate_stream *)s;
    if (self->finished)
        return 0;
    struct inflate_state *st = &self->state;
    struct vl_span in;
    int r = vl_stream_peek(self->below, 1, &in, err);
    if (r < 0)
        return r;
    in = vl_span_slice(in, 0, UINT32_MAX / 2);
    size_t room = vl_stream_budget_room(&self->budget, size < UINT32_MAX / 2 ? size : UINT32_MAX / 2);
    st->next_in = (uint8_t *)(uintptr_t)in.ptr; /* only read, though not const in the library */
    st->avail_in = (uint32_t)in.len;
    st->next_out = buf;
    st->avail_out = (uint32_t)room;
    int code = isal_inflate(st);
    if (code < 0 || code == ISAL_NEED_DICT)
        return fail_decode(s->name, self->budget.format, code, err);
    size_t used = in.len - st->avail_in;
    size_t made = room - st->avail_out;
    r = vl_stream_skip(self->below, used, err);
    if (r == 0)
        r = vl_stream_budget_spend(&self->budget, s, used, made, err);
    if (r < 0)
        return r;
    *ret_made = made;
    if (st->block_state == ISAL_BLOCK_FINISH)
        return after_member(self, err);
    if (used == 0 && made == 0)
        return vl_stream_error(&self->base, err, VL_ERR_INVALID,
            in.len ? "%s data: cannot be decoded further" : "%s data ends early", self->budget.format);
    return 1;
}

static int64_t deflate_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    return vl_stream_fill_by_steps(s, buf, size, step, err);
}

static void deflate_free(struct vl_stream *s)
{
    struct deflate_stream *self = (struct deflate_stream *)s;
    vl_stream_free(self->below);
    vl_stream_done(s);
    free(self);
}

int vl_stream_new_deflate(struct vl_stream *below, enum vl_compression compression, uint64_t max_output,
    struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.fill = deflate_fill, .free = deflate_free};
    struct deflate_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    bool gzip = compression == VL_COMPRESSION_GZIP;
    vl_stream_init(&self->base, &ops, vl_stream_name(below));
    self->below = below;
    self->budget = (struct vl_stream_budget){.out_max = max_output, .format = gzip ? "gzip" : "zlib"};
    self->wrapper = gzip ? ISAL_GZIP : ISAL_ZLIB;
    isal_inflate_init(&self->state);
    begin_member(self);
    *ret = &self->base;
    return 0;
}

struct vl_inflater {
    struct inflate_state state;
};

struct vl_inflater *vl_inflater_new(void)
{
    struct vl_inflater *inflater = calloc(1, sizeof(*inflater));
    if (inflater)
        isal_inflate_init(&inflater->state);
    return inflater;
}

void vl_inflater_free(struct vl_inflater *inflater)
{
    free(inflater);
}

int64_t vl_inflater_run(
    struct vl_inflater *inflater, struct vl_span in, void *out, size_t size, struct vl_err *err)
{
    struct inflate_state *st = &inflater->state;
    if (in.len > UINT32_MAX || size > UINT32_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "deflate data: more than 4 GiB");
    isal_inflate_reset(st);
    st->crc_flag = ISAL_DEFLATE;
    st->next_in = (uint8_t *)(uintptr_t)in.ptr; /* only read, though not const in the library */
    st->avail_in = (uint32_t)in.len;
    st->next_out = out;
    st->avail_out = (uint32_t)size;
    int code = isal_inflate_stateless(st);
    if (code != ISAL_DECOMP_OK)
        return fail_decode("", "deflate", code, err);
    return (int64_t)(size - st->avail_out);
}
