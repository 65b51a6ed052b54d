#include "codec/stream.h"

#include <stdlib.h>
#include <string.h>

#include "stream_impl.h"

#define PEEK_MAX    65536U
#define SKIP_STEP   65536U
#define BOMB_MARGIN (16ULL * 1024 * 1024)

struct vl_stream {
    const struct vl_stream_ops *ops;
    void *state;
    char *ahead; /* peeked bytes that were not read yet; owned */
    size_t ahead_from, ahead_to;
};

int vl_stream_create(const struct vl_stream_ops *ops, void *state, struct vl_stream **ret, struct vl_err *err)
{
    struct vl_stream *s = calloc(1, sizeof(*s));
    if (!s) {
        ops->free(state);
        return vl_err_nomem(err);
    }
    s->ops = ops;
    s->state = state;
    *ret = s;
    return 0;
}

void vl_stream_free(struct vl_stream *s)
{
    if (!s)
        return;
    s->ops->free(s->state);
    free(s->ahead);
    free(s);
}

void vl_stream_cleanup(struct vl_stream **s)
{
    vl_stream_free(*s);
    *s = NULL;
}

int64_t vl_stream_read(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    size_t ahead = s->ahead_to - s->ahead_from;
    if (ahead) {
        size_t n = size < ahead ? size : ahead;
        memcpy(buf, s->ahead + s->ahead_from, n);
        s->ahead_from += n;
        return (int64_t)n;
    }
    return size ? s->ops->read(s->state, buf, size, err) : 0;
}

int vl_stream_read_all(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    char *to = buf;
    while (size) {
        int64_t n = vl_stream_read(s, to, size, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            return vl_err_set(err, VL_ERR_INVALID, "ends early: %zu bytes are missing", size);
        to += n;
        size -= (size_t)n;
    }
    return 0;
}

int vl_stream_skip(struct vl_stream *s, uint64_t n, struct vl_err *err)
{
    char scratch[SKIP_STEP];
    size_t ahead = s->ahead_to - s->ahead_from;
    if (ahead) {
        size_t step = n < ahead ? (size_t)n : ahead;
        s->ahead_from += step;
        n -= step;
    }
    while (n) {
        int64_t got =
            s->ops->skip ? s->ops->skip(s->state, n, err)
                         : vl_stream_read(s, scratch, n < sizeof(scratch) ? (size_t)n : sizeof(scratch), err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return vl_err_set(
                err, VL_ERR_INVALID, "ends early: %llu bytes are missing", (unsigned long long)n);
        n -= (uint64_t)got;
    }
    return 0;
}

int vl_stream_peek(struct vl_stream *s, size_t want, struct vl_span *ret, struct vl_err *err)
{
    if (want > PEEK_MAX)
        want = PEEK_MAX;
    if (!s->ahead && !(s->ahead = malloc(PEEK_MAX)))
        return vl_err_nomem(err);
    if (s->ahead_from) {
        memmove(s->ahead, s->ahead + s->ahead_from, s->ahead_to - s->ahead_from);
        s->ahead_to -= s->ahead_from;
        s->ahead_from = 0;
    }
    while (s->ahead_to < want) {
        int64_t n = s->ops->read(s->state, s->ahead + s->ahead_to, PEEK_MAX - s->ahead_to, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        s->ahead_to += (size_t)n;
    }
    *ret = (struct vl_span){s->ahead, s->ahead_to};
    return 0;
}

int vl_stream_input_init(struct vl_stream_input *in, struct vl_stream *below, struct vl_err *err)
{
    *in = (struct vl_stream_input){.below = below, .buf = malloc(VL_STREAM_CHUNK)};
    return in->buf ? 0 : vl_err_nomem(err);
}

void vl_stream_input_done(struct vl_stream_input *in)
{
    vl_stream_free(in->below);
    free(in->buf);
}

int vl_stream_input_fill(struct vl_stream_input *in, struct vl_err *err)
{
    if (in->from < in->to || in->ended)
        return 0;
    int64_t n = vl_stream_read(in->below, in->buf, VL_STREAM_CHUNK, err);
    if (n < 0)
        return (int)n;
    in->from = 0;
    in->to = (size_t)n;
    in->total += (uint64_t)n;
    in->ended = n == 0;
    return 0;
}

/* Watches what a decompressor puts out against its limits. */
struct bounded {
    const struct vl_stream_ops *ops;
    void *state;                      /* of the decompressor */
    const struct vl_stream_input *in; /* its input */
    uint64_t out;
    uint64_t max;
};

static int64_t bounded_read(void *state, void *buf, size_t size, struct vl_err *err)
{
    struct bounded *b = state;
    int64_t n = b->ops->read(b->state, buf, size, err);
    if (n <= 0)
        return n;
    b->out += (uint64_t)n;
    if (b->out > b->max)
        return vl_err_set(
            err, VL_ERR_LIMIT, "more than %llu bytes when decompressed", (unsigned long long)b->max);
    if (b->out > BOMB_MARGIN && (b->out - BOMB_MARGIN) / VL_STREAM_RATIO_MAX > b->in->total)
        return vl_err_set(err, VL_ERR_LIMIT,
            "more than %d times larger when decompressed: a compression bomb", VL_STREAM_RATIO_MAX);
    return n;
}

static void bounded_free(void *state)
{
    struct bounded *b = state;
    b->ops->free(b->state);
    free(b);
}

static const struct vl_stream_ops bounded_ops = {bounded_read, NULL, bounded_free};

static int new_decompressor(struct vl_stream *below, enum vl_compression compression,
    const struct vl_stream_ops **ret_ops, void **ret_state, struct vl_err *err)
{
    switch (compression) {
    case VL_COMPRESSION_GZIP:
    case VL_COMPRESSION_ZLIB:
        *ret_ops = &vl_stream_gzip_ops;
        return vl_stream_gzip_new(below, compression == VL_COMPRESSION_ZLIB, ret_state, err);
    case VL_COMPRESSION_ZSTD:
        *ret_ops = &vl_stream_zstd_ops;
        return vl_stream_zstd_new(below, ret_state, err);
    case VL_COMPRESSION_XZ:
        *ret_ops = &vl_stream_xz_ops;
        return vl_stream_xz_new(below, ret_state, err);
    case VL_COMPRESSION_BZIP2:
        *ret_ops = &vl_stream_bzip2_ops;
        return vl_stream_bzip2_new(below, ret_state, err);
    case VL_COMPRESSION_NONE:
    default:
        vl_stream_free(below);
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "unknown compression %d", (int)compression);
    }
}

int vl_stream_new_decompress(struct vl_stream *below, enum vl_compression compression, uint64_t max_output,
    struct vl_stream **ret, struct vl_err *err)
{
    if (compression == VL_COMPRESSION_NONE) {
        *ret = below;
        return 0;
    }
    struct bounded *b = calloc(1, sizeof(*b));
    if (!b) {
        vl_stream_free(below);
        return vl_err_nomem(err);
    }
    b->max = max_output;
    int r = new_decompressor(below, compression, &b->ops, &b->state, err);
    if (r < 0) {
        free(b);
        return r;
    }
    /* Every decompressor's state begins with its input. */
    b->in = b->state;
    return vl_stream_create(&bounded_ops, b, ret, err);
}

enum vl_compression vl_compression_detect(struct vl_span head)
{
    static const struct {
        const char *magic;
        size_t len;
        enum vl_compression compression;
    } magics[] = {
        {"\x1f\x8b", 2, VL_COMPRESSION_GZIP},
        {"\x28\xb5\x2f\xfd", 4, VL_COMPRESSION_ZSTD},
        {"\xfd\x37zXZ\0", 6, VL_COMPRESSION_XZ},
        {"\x5d\0\0", 3, VL_COMPRESSION_XZ}, /* .lzma with the usual properties */
        {"BZh", 3, VL_COMPRESSION_BZIP2},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(magics); i++) {
        if (head.len >= magics[i].len && memcmp(head.ptr, magics[i].magic, magics[i].len) == 0)
            return magics[i].compression;
    }
    /* zstd's skippable frames, which may come first */
    if (head.len >= 4 && ((uint8_t)head.ptr[0] & 0xf0) == 0x50 &&
        memcmp(head.ptr + 1, "\x2a\x4d\x18", 3) == 0)
        return VL_COMPRESSION_ZSTD;
    return VL_COMPRESSION_NONE;
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
