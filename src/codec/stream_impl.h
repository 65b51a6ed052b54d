/* What every kind of stream provides; private to codec. */
#ifndef VL_CODEC_STREAM_IMPL_H
#define VL_CODEC_STREAM_IMPL_H

#include "codec/stream.h"

#define VL_STREAM_CHUNK (256U * 1024U) /* bytes a decompressor reads and writes at once */

struct vl_stream_ops {
    int64_t (*read)(void *state, void *buf, size_t size, struct vl_err *err);
    /* Skips up to n bytes and returns how many, or NULL: the stream is read instead. */
    int64_t (*skip)(void *state, uint64_t n, struct vl_err *err);
    void (*free)(void *state);
};

/* Takes `state` (also on error, where it is freed). */
VL_MUST_CHECK int vl_stream_create(
    const struct vl_stream_ops *ops, void *state, struct vl_stream **ret, struct vl_err *err);

/* State of a decompressor over `below`, which it owns. */
VL_MUST_CHECK int vl_stream_gzip_new(
    struct vl_stream *below, bool zlib, void **ret_state, struct vl_err *err);
VL_MUST_CHECK int vl_stream_zstd_new(struct vl_stream *below, void **ret_state, struct vl_err *err);
VL_MUST_CHECK int vl_stream_xz_new(struct vl_stream *below, void **ret_state, struct vl_err *err);
VL_MUST_CHECK int vl_stream_bzip2_new(struct vl_stream *below, void **ret_state, struct vl_err *err);
extern const struct vl_stream_ops vl_stream_gzip_ops, vl_stream_zstd_ops, vl_stream_xz_ops,
    vl_stream_bzip2_ops;

/* Input of a decompressor: a window over `below`. */
struct vl_stream_input {
    struct vl_stream *below; /* owned */
    char *buf;               /* VL_STREAM_CHUNK bytes, owned */
    size_t from, to;         /* unread part of buf */
    uint64_t total;          /* bytes taken from below */
    bool ended;
};

VL_MUST_CHECK int vl_stream_input_init(
    struct vl_stream_input *in, struct vl_stream *below, struct vl_err *err);
void vl_stream_input_done(struct vl_stream_input *in);

/* Refills where the window is empty; afterwards from == to only at the end of `below`. */
VL_MUST_CHECK int vl_stream_input_fill(struct vl_stream_input *in, struct vl_err *err);

#endif
