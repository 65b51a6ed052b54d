/* zstd: the texts of the database with a dictionary, a published database without. The one file of this room
 * that sees zstd.h. */
#ifndef VL_ADVISORY_PACK_H
#define VL_ADVISORY_PACK_H

#include "base/buf.h"

/* Trains a dictionary of at most `max` bytes on samples laid end to end. An empty dictionary is a success:
 * there was too little to learn from. Deterministic. */
VL_MUST_CHECK int adb_pack_train(struct vl_span samples, const size_t *sizes, size_t n, size_t max,
    struct vl_buf *ret_dict, struct vl_err *err);

struct adb_packer;
VL_MUST_CHECK int adb_packer_new(
    struct vl_span dict, int level, struct adb_packer **ret, struct vl_err *err); /* dict is copied */
void adb_packer_free(struct adb_packer *packer);
void adb_packer_cleanup(struct adb_packer **packer);
VL_MUST_CHECK int adb_packer_add(
    struct adb_packer *packer, struct vl_span plain, struct vl_buf *out, struct vl_err *err);

/* Thread-safe after creation. */
struct adb_unpacker;
VL_MUST_CHECK int adb_unpacker_new(struct vl_span dict, struct adb_unpacker **ret, struct vl_err *err);
void adb_unpacker_free(struct adb_unpacker *unpacker);
/* Appends the plain bytes of one frame; more than the buffer's maximum is an error. `frame` is lent and stays
 * as it is while the unpacker lives: a few frames are kept unpacked and known again by their place. */
VL_MUST_CHECK int adb_unpack(
    struct adb_unpacker *unpacker, struct vl_span frame, struct vl_buf *out, struct vl_err *err);

#endif
