/* Byte streams that are pulled: a file, a span, a decompressor over another stream, a digest taken on the
 * way. */
#ifndef VL_CODEC_STREAM_H
#define VL_CODEC_STREAM_H

#include "base/err.h"
#include "base/span.h"
#include "codec/digest.h"

/* One stream over another owns what it was given and frees it with itself, also when making it fails.
 *
 * Memory: a stream over a file has one buffer of 256 KiB, made only for callers that borrow, peek or read
 * small pieces; decompressors likewise, besides their state: gzip 100 KiB, bzip2 4 MiB, zstd and xz up to the
 * window of the file, 128 MiB at most; a look-ahead adds 64 KiB. Errors stick: a stream that failed fails
 * again in the same words. One stream belongs to one thread at a time. */
struct vl_stream;

/* Fills up to `size` bytes. Returns how many (0 at the end only) or -errno. */
VL_MUST_CHECK int64_t vl_stream_read(struct vl_stream *s, void *buf, size_t size, struct vl_err *err);

/* All `size` bytes or an error: an early end is VL_ERR_INVALID "… ends early". */
VL_MUST_CHECK int vl_stream_read_all(struct vl_stream *s, void *buf, size_t size, struct vl_err *err);

/* Reads and forgets n bytes; where the stream can seek it does. An early end is an error. */
VL_MUST_CHECK int vl_stream_skip(struct vl_stream *s, uint64_t n, struct vl_err *err);

/* Lends the next bytes, at most `max`, without a copy: good until the next call on the stream. Returns how
 * many (0 at the end only) or -errno. */
VL_MUST_CHECK int64_t vl_stream_borrow(
    struct vl_stream *s, size_t max, struct vl_span *ret, struct vl_err *err);

/* Reads to the end and forgets: for streams whose digest covers what follows an archive's last entry. */
VL_MUST_CHECK int vl_stream_drain(struct vl_stream *s, struct vl_err *err);

uint64_t vl_stream_position(const struct vl_stream *s); /* bytes read, borrowed or skipped so far */
const char *vl_stream_name(
    const struct vl_stream *s); /* as given to the stream at the bottom, "" for memory */

void vl_stream_free(struct vl_stream *s); /* accepts NULL */
void vl_stream_cleanup(struct vl_stream **s);

/* Over memory, which must outlive it. Reads of a span stream are copies; vl_stream_borrow() is not. */
VL_MUST_CHECK int vl_stream_new_span(struct vl_span data, struct vl_stream **ret, struct vl_err *err);

/* Over fd from its current position (pipes too). `length` UINT64_MAX: to the end; otherwise a file that ends
 * before is an error. The fd is lent and not closed. A regular file is read by position: the position of the
 * descriptor does not move, and many streams may share it. `name` is copied, for messages. */
VL_MUST_CHECK int vl_stream_new_fd(
    int fd, const char *name, uint64_t length, struct vl_stream **ret, struct vl_err *err);

/* Over the part [offset, offset + length) of a regular file; it ends early where the file does, which is an
 * error only for who wanted more. *ret_position (may be NULL) is where reading stands in the part, good while
 * the stream lives. */
VL_MUST_CHECK int vl_stream_new_region(int fd, const char *name, uint64_t offset, uint64_t length,
    const uint64_t **ret_position, struct vl_stream **ret, struct vl_err *err);

/* Passes the bytes of `below`, which is only lent: freeing this one leaves it open. *ret_count (may be NULL)
 * counts them, good while the stream lives. */
VL_MUST_CHECK int vl_stream_new_lent(
    struct vl_stream *below, const uint64_t **ret_count, struct vl_stream **ret, struct vl_err *err);

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

/* Decompresses `below`, which the new stream owns (also on error). Checksums of the format are checked; an
 * early end is VL_ERR_INVALID "… ends early"; bytes after the end too (zeros after gzip are taken for
 * padding). `max_output` bytes at most, and at most VL_STREAM_RATIO_MAX times the input read so far plus 16
 * MiB: beyond either is VL_ERR_LIMIT, a compression bomb. */
#define VL_STREAM_RATIO_MAX 1100 /* deflate's own limit is 1,032:1 */
VL_MUST_CHECK int vl_stream_new_decompress(struct vl_stream *below, enum vl_compression compression,
    uint64_t max_output, struct vl_stream **ret, struct vl_err *err);

/* As above, after a look at the first bytes of `below`. */
VL_MUST_CHECK int vl_stream_new_auto(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err);

/* Passes `below` through and feeds every byte that goes by to `digester`, which is lent and must not be asked
 * before the stream ended or was freed. Skipping reads. */
VL_MUST_CHECK int vl_stream_new_digest(
    struct vl_stream *below, struct vl_digester *digester, struct vl_stream **ret, struct vl_err *err);

/* Reads `below` ahead in a thread of its own, four buffers of 256 KiB at most, so that what makes the bytes
 * and what uses them run side by side: fd -> digest -> pipelined -> decompress -> pipelined -> digest -> tar
 * runs on three threads. Errors come in order, after the bytes before them. `below` and what it uses (its
 * digester) belong to the thread until this stream ended or was freed; freeing it early stops the thread,
 * after a read that is under way. */
VL_MUST_CHECK int vl_stream_new_pipelined(
    struct vl_stream *below, struct vl_stream **ret, struct vl_err *err);

/* A part of a regular file, as vl_stream_new_region() has it, mapped piece by piece by a thread that is ahead
 * of the reader, on another processor; where that thread is late the reader does not wait, but reads. For who
 * looks at all bytes, from first to last. `length` is known. A file that is cut while it is read may end the
 * process with SIGBUS. */
VL_MUST_CHECK int vl_stream_new_region_ahead(
    int fd, const char *name, uint64_t offset, uint64_t length, struct vl_stream **ret, struct vl_err *err);

/* Looks ahead without consuming: at least `want` bytes unless the stream ends before (want <= 64 KiB). The
 * span is good until the next call on the stream. */
#define VL_STREAM_PEEK_MAX (64U * 1024)
VL_MUST_CHECK int vl_stream_peek(struct vl_stream *s, size_t want, struct vl_span *ret, struct vl_err *err);

#endif
