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

#endif
