/* Bytes packed with zstd (RFC 8878), for what we store ourselves: one frame with its length and a checksum.
 */
#ifndef VL_CODEC_PACK_H
#define VL_CODEC_PACK_H

#include "base/buf.h"

/* Appends. */
VL_MUST_CHECK int vl_pack_zstd(struct vl_span plain, struct vl_buf *out, struct vl_err *err);

/* Appends at most `max` bytes; more is VL_ERR_LIMIT, damage VL_ERR_INVALID. `what` names it in messages. */
VL_MUST_CHECK int vl_unpack_zstd(
    struct vl_span packed, uint64_t max, const char *what, struct vl_buf *out, struct vl_err *err);

/* The same against bytes that the reader has already, of which `plain` repeats most (zstd's prefix, as in
 * "zstd --patch-from"): an empty `prefix` packs alone. `prefix` and `plain` together are seen as far as 128
 * MiB back. Appends. */
VL_MUST_CHECK int vl_pack_zstd_with(
    struct vl_span plain, struct vl_span prefix, struct vl_buf *out, struct vl_err *err);

/* Appends. One frame and nothing after it; another prefix than it was packed with is damage, too. */
VL_MUST_CHECK int vl_unpack_zstd_with(struct vl_span packed, struct vl_span prefix, uint64_t max,
    const char *what, struct vl_buf *out, struct vl_err *err);

#endif
