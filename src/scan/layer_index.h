/* What an indexer tells of one layer (or of a whole folder), and its form on the pipe and in the cache.
 *
 * The form is hostile when decoded: it may come from an indexer that was taken over, or from a damaged cache.
 */
#ifndef VL_SCAN_LAYER_INDEX_H
#define VL_SCAN_LAYER_INDEX_H

#include "base/buf.h"
#include "codec/digest.h"
#include "image/layer.h"
#include "model/inventory.h"
#include "package/parser.h"

#define VL_LAYER_INDEX_MAX         (512UL * 1024 * 1024) /* bytes, encoded */
#define VL_LAYER_INDEX_ARENA_MAX   (1024UL * 1024 * 1024)
#define VL_LAYER_INDEX_SECRETS_MAX 10000

struct vl_layer_index {
    struct vl_arena *arena;   /* owned: strings */
    bool has_diff_id;         /* false for a folder */
    struct vl_digest diff_id; /* of the bytes read */
    uint64_t bytes;           /* uncompressed */
    uint64_t files;           /* entries seen */
    bool secrets_scanned;
    struct vl_layer_paths paths; /* sorted */
    struct vl_package_sink sink; /* packages, owned, unidentified, updates, licenses, distro */
    struct vl_vec secrets;       /* struct vl_secret; layer and deleted not filled */
    struct vl_notes notes;       /* what could not be read */
};

VL_MUST_CHECK int vl_layer_index_new(struct vl_layer_index **ret, struct vl_err *err);
void vl_layer_index_free(struct vl_layer_index *index); /* accepts NULL */
void vl_layer_index_cleanup(struct vl_layer_index **index);

/* Appends the encoded form. */
VL_MUST_CHECK int vl_layer_index_encode(
    const struct vl_layer_index *index, struct vl_buf *out, struct vl_err *err);

/* Puts the diff id into the encoded form of an index that was encoded before it was known. */
VL_MUST_CHECK int vl_layer_index_set_diff_id(
    struct vl_buf *encoded, const struct vl_digest *diff_id, struct vl_err *err);

/* `bytes` are lent for the call only. Anything inconsistent is VL_ERR_CORRUPT. */
VL_MUST_CHECK int vl_layer_index_decode(
    struct vl_span bytes, struct vl_layer_index **ret, struct vl_err *err);

#endif
