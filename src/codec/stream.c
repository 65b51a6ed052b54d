#include "stream_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below this a direct fill would make decompressors work in small steps. */
#define DIRECT_MIN   (64U * 1024)
#define RATIO_GRACE  (16ULL * 1024 * 1024)
#define MESSAGE_ROOM 512

void vl_stream_init(struct vl_stream *s, const struct vl_stream_ops *ops, const char *name)
{
    *s = (struct vl_stream){.ops = ops, .name = name ? name : ""};
}

void vl_stream_done(struct vl_stream *s)
{
    free(s->chunk);
    free(s->ahead);
}

void vl_stream_free(struct vl_stream *s)
{
    if (s)
        s->ops->free(s);
}

void vl_stream_cleanup(struct vl_stream **s)
{
    vl_stream_free(*s);
    *s = NULL;
}

const char *vl_stream_name(const struct vl_stream *s)
{
    return s->name;
}

uint64_t vl_stream_position(const struct vl_stream *s)
{
    return s->position;
}

int vl_stream_error(
    const struct vl_stream *s, struct vl_err *err, enum vl_err_code code, const char *fmt, ...)
{
    char message[MESSAGE_ROOM];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return vl_err_set(err, code, "%s%s%s", s->name, *s->name ? ": " : "", message);
}

static int fail(struct vl_stream *s, struct vl_err *err)
{
    s->failed = *err;
    return err->err;
}

static char *own_chunk(struct vl_stream *s)
{
    if (!s->chunk)
        s->chunk = malloc(VL_STREAM_CHUNK);
    return s->chunk;
}

/* Fresh bytes from the kind; the empty span at the end. */
static int produce(struct vl_stream *s, struct vl_span *ret, struct vl_err *err)
{
    *ret = VL_SPAN_EMPTY;
    if (s->failed.code != VL_ERR_NONE) {
        *err = s->failed;
        return err->err;
    }
    if (s->at_end)
        return 0;
    if (s->ops->lend) {
        if (s->ops->lend(s, ret, err) < 0)
            return fail(s, err);
    } else {
        char *to = own_chunk(s);
        if (!to)
            return vl_err_nomem(err);
        int64_t n = s->ops->fill(s, to, VL_STREAM_CHUNK, err);
        if (n < 0)
            return fail(s, err);
        *ret = (struct vl_span){to, (size_t)n};
    }
    s->at_end = ret->len == 0;
    return 0;
}

/* Makes `avail` non-empty unless the stream is at its end. */
static int replenish(struct vl_stream *s, struct vl_err *err)
{
    if (s->avail.len)
        return 0;
    if (s->pending.len) {
        s->avail = s->pending;
        s->pending = VL_SPAN_EMPTY;
        return 0;
    }
    return produce(s, &s->avail, err);
}

/* Counts what a call on the stream below gave. */
static int64_t passed(struct vl_stream *s, int64_t n)
{
    s->position += n > 0 ? (uint64_t)n : 0;
    return n;
}

static struct vl_span take(struct vl_stream *s, size_t n)
{
    struct vl_span part = vl_span_slice(s->avail, 0, n);
    s->avail = vl_span_slice(s->avail, part.len, s->avail.len);
    s->position += part.len;
    return part;
}

int64_t vl_stream_borrow(struct vl_stream *s, size_t max, struct vl_span *ret, struct vl_err *err)
{
    if (s->through)
        return passed(s, vl_stream_borrow(s->through, max, ret, err));
    int r = replenish(s, err);
    if (r < 0)
        return r;
    *ret = take(s, max);
    return (int64_t)ret->len;
}

int64_t vl_stream_read(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    if (s->through)
        return passed(s, vl_stream_read(s->through, buf, size, err));
    bool direct = s->ops->fill && size >= DIRECT_MIN && !s->avail.len && !s->pending.len && !s->at_end &&
                  s->failed.code == VL_ERR_NONE;
    if (direct) {
        int64_t n = s->ops->fill(s, buf, size, err);
        if (n < 0)
            return fail(s, err);
        s->at_end = n == 0;
        s->position += (uint64_t)n;
        return n;
    }
    struct vl_span part;
    int64_t n = size ? vl_stream_borrow(s, size, &part, err) : 0;
    if (n > 0)
        memcpy(buf, part.ptr, part.len);
    return n;
}

int vl_stream_read_all(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    for (size_t done = 0; done < size;) {
        int64_t n = vl_stream_read(s, (char *)buf + done, size - done, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return vl_stream_error(s, err, VL_ERR_INVALID, "ends early: %zu of %zu bytes", done, size);
        done += (size_t)n;
    }
    return 0;
}

int vl_stream_skip(struct vl_stream *s, uint64_t n, struct vl_err *err)
{
    uint64_t left = n;
    if (s->through) {
        int r = vl_stream_skip(s->through, n, err);
        s->position += r == 0 ? n : 0;
        return r;
    }
    while (left) {
        bool drained = !s->avail.len && !s->pending.len;
        if (drained && s->ops->skip && s->failed.code == VL_ERR_NONE && !s->at_end) {
            if (s->ops->skip(s, left, err) < 0)
                return fail(s, err);
            s->position += left;
            return 0;
        }
        struct vl_span part;
        int64_t got = vl_stream_borrow(s, left < SIZE_MAX ? (size_t)left : SIZE_MAX, &part, err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return vl_stream_error(
                s, err, VL_ERR_INVALID, "ends early: %llu bytes are missing", (unsigned long long)left);
        left -= (uint64_t)got;
    }
    return 0;
}

int vl_stream_drain(struct vl_stream *s, struct vl_err *err)
{
    struct vl_span part;
    int64_t n;
    do {
        n = vl_stream_borrow(s, SIZE_MAX, &part, err);
    } while (n > 0);
    return (int)n;
}

/* Gathers in `ahead`: first what is left of avail, then as much of the chunks that follow as is wanted. */
static int look_ahead(struct vl_stream *s, size_t want, struct vl_err *err)
{
    if (!s->ahead)
        s->ahead = malloc(VL_STREAM_PEEK_MAX);
    if (!s->ahead)
        return vl_err_nomem(err);
    size_t have = s->avail.len;
    if (have)
        memmove(s->ahead, s->avail.ptr, have);
    s->avail = (struct vl_span){s->ahead, have};
    while (have < want) {
        if (!s->pending.len) {
            int r = produce(s, &s->pending, err);
            if (r < 0)
                return r;
            if (!s->pending.len)
                return 0;
        }
        struct vl_span part = vl_span_slice(s->pending, 0, want - have);
        memcpy(s->ahead + have, part.ptr, part.len);
        s->pending = vl_span_slice(s->pending, part.len, s->pending.len);
        have += part.len;
        s->avail.len = have;
    }
    return 0;
}

int vl_stream_peek(struct vl_stream *s, size_t want, struct vl_span *ret, struct vl_err *err)
{
    if (want > VL_STREAM_PEEK_MAX)
        want = VL_STREAM_PEEK_MAX;
    if (s->through)
        return vl_stream_peek(s->through, want, ret, err);
    int r = replenish(s, err);
    if (r == 0 && s->avail.len < want)
        r = look_ahead(s, want, err);
    if (r < 0)
        return r;
    *ret = s->avail;
    return 0;
}

/* Over memory: everything is there at once. */
struct span_stream {
    struct vl_stream base;
    struct vl_span rest;
};

static int span_lend(struct vl_stream *s, struct vl_span *ret, struct vl_err *err)
{
    struct span_stream *self = (struct span_stream *)s;
    (void)err;
    *ret = self->rest;
    self->rest = VL_SPAN_EMPTY;
    return 0;
}

static void plain_free(struct vl_stream *s)
{
    vl_stream_done(s);
    free(s);
}

int vl_stream_new_span(struct vl_span data, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.lend = span_lend, .free = plain_free};
    struct span_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    vl_stream_init(&self->base, &ops, NULL);
    self->rest = data;
    *ret = &self->base;
    return 0;
}

int vl_stream_budget_spend(
    struct vl_stream_budget *budget, const struct vl_stream *s, uint64_t in, uint64_t out, struct vl_err *err)
{
    budget->in += in;
    budget->out += out;
    if (budget->out > budget->out_max)
        return vl_stream_error(s, err, VL_ERR_LIMIT, "%s data: more than %llu bytes when decompressed",
            budget->format, (unsigned long long)budget->out_max);
    if (budget->out > RATIO_GRACE && (budget->out - RATIO_GRACE) / VL_STREAM_RATIO_MAX > budget->in)
        return vl_stream_error(s, err, VL_ERR_LIMIT,
            "%s data: %llu bytes became more than %d times as many (a compression bomb)", budget->format,
            (unsigned long long)budget->in, VL_STREAM_RATIO_MAX);
    return 0;
}

size_t vl_stream_budget_room(const struct vl_stream_budget *budget, size_t size)
{
    uint64_t left = budget->out_max - budget->out;
    return left < size ? (size_t)left + 1 : size;
}

int64_t vl_stream_fill_by_steps(struct vl_stream *s, void *buf, size_t size,
    int (*step)(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err),
    struct vl_err *err)
{
    size_t done = 0;
    int r = 1;
    while (done < size && r > 0) {
        size_t made = 0;
        r = step(s, (char *)buf + done, size - done, &made, err);
        done += made;
    }
    if (r >= 0)
        return (int64_t)done;
    if (done == 0)
        return r;
    s->failed = *err;
    vl_err_clear(err);
    return (int64_t)done;
}

/* "]", then the size of a dictionary as encoders write it: a power of two, or one and a half of one. */
static bool is_lzma_alone(const uint8_t *p)
{
    uint32_t size = (uint32_t)p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 24;
    uint32_t low = size & (~size + 1);
    return p[0] == 0x5d && size >= 4096 && (size == low || size == low * 3);
}

enum vl_compression vl_compression_detect(struct vl_span head)
{
    uint8_t p[6] = {0};
    if (head.len)
        memcpy(p, head.ptr, head.len < sizeof(p) ? head.len : sizeof(p));
    if (p[0] == 0x1f && p[1] == 0x8b && p[2] == 8)
        return VL_COMPRESSION_GZIP;
    if (head.len < 4)
        return VL_COMPRESSION_NONE;
    /* A zstd file may begin with a skippable frame (RFC 8878, 3.1.2). */
    if (memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 ||
        ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0))
        return VL_COMPRESSION_ZSTD;
    if (head.len < 6)
        return VL_COMPRESSION_NONE;
    if (memcmp(p,
            "\xfd"
            "7zXZ\0",
            6) == 0 ||
        is_lzma_alone(p))
        return VL_COMPRESSION_XZ;
    /* "BZh", the level, then the magic number of a block or of the end. */
    if (memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
        ((p[4] == 0x31 && p[5] == 0x41) || (p[4] == 0x17 && p[5] == 0x72)))
        return VL_COMPRESSION_BZIP2;
    return VL_COMPRESSION_NONE;
}

static int decompress(struct vl_stream *below, enum vl_compression compression, uint64_t max_output,
    struct vl_stream **ret, struct vl_err *err)
{
    switch (compression) {
    case VL_COMPRESSION_GZIP:
    case VL_COMPRESSION_ZLIB:
        return vl_stream_new_deflate(below, compression, max_output, ret, err);
    case VL_COMPRESSION_ZSTD:
        return vl_stream_new_zstd(below, max_output, ret, err);
    case VL_COMPRESSION_XZ:
        return vl_stream_new_xz(below, max_output, ret, err);
    case VL_COMPRESSION_BZIP2:
        return vl_stream_new_bzip2(below, max_output, ret, err);
    case VL_COMPRESSION_NONE:
        break;
    }
    return vl_stream_new_pass(below, max_output, ret, err);
}

int vl_stream_new_decompress(struct vl_stream *below, enum vl_compression compression, uint64_t max_output,
    struct vl_stream **ret, struct vl_err *err)
{
    int r = decompress(below, compression, max_output, ret, err);
    if (r < 0)
        vl_stream_free(below);
    return r;
}

int vl_stream_new_auto(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err)
{
    struct vl_span head;
    int r = vl_stream_peek(below, 6, &head, err);
    if (r < 0) {
        vl_stream_free(below);
        return r;
    }
    return vl_stream_new_decompress(below, vl_compression_detect(head), max_output, ret, err);
}
