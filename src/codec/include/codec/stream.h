/* Byte streams that are pulled: a file, a span, a decompressor over another stream, a digest taken on the
 * way. */
#ifndef VL_CODEC_STREAM_H
#define VL_CODEC_STREAM_H

#include "base/err.h"
#include "base/span.h"
#include "codec/digest.h"

/* One stream over another closes what it was given when it is freed. */
struct vl_stream;

/* Fills up to `size` bytes. Returns how many (0 at the end only) or -errno. */
VL_MUST_CHECK int64_t vl_stream_read(struct vl_stream *s, void *buf, size_t size, struct vl_err *err);

/* All `size` bytes or an error: an early end is VL_ERR_INVALID "… ends early". */
VL_MUST_CHECK int vl_stream_read_all(struct vl_stream *s, void *buf, size_t size, struct vl_err *err);

/* Reads and forgets n bytes; where the stream can seek it does. An early end is an error. */
VL_MUST_CHECK int vl_stream_skip(struct vl_stream *s, uint64_t n, struct vl_err *err);

void vl_stream_free(struct vl_stream *s); /* accepts NULL */
void vl_stream_cleanup(struct vl_stream **s);

/* Over memory, which must outlive it. Reads of a span stream are copies; vl_stream_borrow() is not. */
VL_MUST_CHECK int vl_stream_new_span(struct vl_span data, struct vl_stream **ret, struct vl_err *err);

/* Over fd from its current position (pipes too). `length` UINT64_MAX: to the end. The fd is not closed. */
VL_MUST_CHECK int vl_stream_new_fd(
    int fd, const char *name, uint64_t length, struct vl_stream **ret, struct vl_err *err);

/* Passes the bytes of `below`, which it owns (also on error), and feeds them to `digester`, which is lent. */
VL_MUST_CHECK int vl_stream_new_digest(
    struct vl_stream *below, struct vl_digester *digester, struct vl_stream **ret, struct vl_err *err);

/* Reads `below`, which it owns (also on error), ahead in a thread of its own: four chunks of 256 KiB at most.
 * Errors come in order, after the bytes before them. Freeing it early stops the thread. */
VL_MUST_CHECK int vl_stream_new_pipelined(
    struct vl_stream *below, struct vl_stream **ret, struct vl_err *err);

enum vl_compression {
    VL_COMPRESSION_NONE,
    VL_COMPRESSION_GZIP, /* all members */
    VL_COMPRESSION_ZSTD, /* all frames; window at most 128 MiB */
    VL_COMPRESSION_XZ,   /* .xz and .lzma; memory at most 128 MiB */
    VL_COMPRESSION_BZIP2,
    VL_COMPRESSION_ZLIB, /* RFC 1950; never detected, only asked for (two bytes tell too little) */
};

/* By magic number; NONE for anything else. Six bytes are enough. */
enum vl_compression vl_compression_detect(struct vl_span head);

/* Decompresses `below`, which the new stream owns (also on error). `max_output` bytes at most, and at most
 * VL_STREAM_RATIO_MAX times the input read so far plus 16 MiB: beyond either is VL_ERR_LIMIT, a compression
 * bomb. */
#define VL_STREAM_RATIO_MAX 1100 /* deflate's own limit is 1,032:1 */
VL_MUST_CHECK int vl_stream_new_decompress(struct vl_stream *below, enum vl_compression compression,
    uint64_t max_output, struct vl_stream **ret, struct vl_err *err);

/* As above, after a look at the first bytes of `below`. */
VL_MUST_CHECK int vl_stream_new_auto(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);

/* Looks ahead without consuming: at least `want` bytes unless the stream ends before (want <= 64 KiB). The
 * span is good until the next call on the stream. */
VL_MUST_CHECK int vl_stream_peek(struct vl_stream *s, size_t want, struct vl_span *ret, struct vl_err *err);

#endif
