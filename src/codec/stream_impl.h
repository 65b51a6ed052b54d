/* What every kind of stream fills in; stream.c does the rest (peeking, borrowing, sticky errors). */
#ifndef VL_CODEC_STREAM_IMPL_H
#define VL_CODEC_STREAM_IMPL_H

#include "codec/stream.h"

#define VL_STREAM_CHUNK (256U * 1024) /* bytes a stream makes in one go */

/* A kind offers lend() or fill() or both. All are called only while neither the end nor an error was seen. */
struct vl_stream_ops {
    /* Lends the next bytes, good until the next call on the stream; the empty span at the end. */
    int (*lend)(struct vl_stream *s, struct vl_span *ret, struct vl_err *err);
    /* Writes 1 to size bytes to buf; 0 at the end. */
    int64_t (*fill)(struct vl_stream *s, void *buf, size_t size, struct vl_err *err);
    /* Goes n bytes forward (or fails) without reading; NULL where it must read. */
    int (*skip)(struct vl_stream *s, uint64_t n, struct vl_err *err);
    void (*free)(struct vl_stream *s); /* also frees s itself */
};

struct vl_stream {
    const struct vl_stream_ops *ops;
    const char *name; /* of the object at the bottom, for messages; "" where unknown; lives as long as s */
    char *chunk;      /* VL_STREAM_CHUNK bytes for streams that cannot lend; made at the first need */
    char *ahead;      /* VL_STREAM_PEEK_MAX bytes; made at the first peek that needs them */
    struct vl_span avail;      /* made, not yet taken */
    struct vl_span pending;    /* comes after avail, which then lies in `ahead` */
    uint64_t position;         /* bytes taken so far */
    struct vl_stream *through; /* not NULL: every call goes there, nothing is held here */
    bool at_end;
    struct vl_err failed; /* code is VL_ERR_NONE while all is well */
};

void vl_stream_init(struct vl_stream *s, const struct vl_stream_ops *ops, const char *name);
void vl_stream_done(struct vl_stream *s); /* what init and stream.c made; ops->free calls it */

/* "NAME: message", or the message alone where there is no name. */
VL_MUST_CHECK VL_PRINTF(4, 5) int vl_stream_error(
    const struct vl_stream *s, struct vl_err *err, enum vl_err_code code, const char *fmt, ...);

/* Output limits of a decompressor. */
struct vl_stream_budget {
    uint64_t in;
    uint64_t out;
    uint64_t out_max;
    const char *format; /* "gzip" … */
};

/* Counts; VL_ERR_LIMIT over out_max or over the ratio. */
VL_MUST_CHECK int vl_stream_budget_spend(struct vl_stream_budget *budget, const struct vl_stream *s,
    uint64_t in, uint64_t out, struct vl_err *err);

/* How many of `size` bytes may still be made: one more than the rest, so that going over is noticed. */
size_t vl_stream_budget_room(const struct vl_stream_budget *budget, size_t size);

/* Fills by steps of a decoder: each makes *ret_made bytes (also where it fails) and returns 1 to go on, 0 at
 * the end or -errno. An error that comes after bytes is kept for the next call, so that no good byte is lost.
 */
int64_t vl_stream_fill_by_steps(struct vl_stream *s, void *buf, size_t size,
    int (*step)(struct vl_stream *s, void *buf, size_t size, size_t *ret_made, struct vl_err *err),
    struct vl_err *err);

/* Each takes `below` only on success. */
VL_MUST_CHECK int vl_stream_new_pass(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);
VL_MUST_CHECK int vl_stream_new_deflate(struct vl_stream *below, enum vl_compression compression,
    uint64_t max_output, struct vl_stream **ret, struct vl_err *err);
VL_MUST_CHECK int vl_stream_new_zstd(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);
VL_MUST_CHECK int vl_stream_new_xz(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);
VL_MUST_CHECK int vl_stream_new_bzip2(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);

/* Raw deflate (RFC 1951) in one go, for archives that name sizes; the state is used again for each entry. */
struct vl_inflater;
struct vl_inflater *vl_inflater_new(void); /* NULL: no memory */
void vl_inflater_free(struct vl_inflater *inflater);

/* Bytes written to `out`, at most `size`; more, less input or other input is an error. */
VL_MUST_CHECK int64_t vl_inflater_run(
    struct vl_inflater *inflater, struct vl_span in, void *out, size_t size, struct vl_err *err);

#endif
