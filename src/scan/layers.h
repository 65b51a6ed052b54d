/* All layers of an image, or one folder, to indexes: from the cache, else by indexer processes side by side.
 */
#ifndef VL_SCAN_LAYERS_H
#define VL_SCAN_LAYERS_H

#include "indexer.h"

/* ret_indexes: array of vl_image_layer_count() pointers, base first; NULL at layers that hold nothing to be
 * had (foreign layers: noted in `notes`). Owned by the caller, who frees each and then the array with free().
 * A layer whose diff id is not the one the configuration names is VL_ERR_CORRUPT. */
VL_MUST_CHECK int vl_scan_index_image(struct vl_image *image, const struct vl_scan_options *options,
    struct vl_notes *notes, struct vl_layer_index ***ret_indexes, struct vl_err *err);

/* The same in two steps, for who has something to do with the indexes while the digests of plain layers are
 * still being computed. */
struct vl_scan_indexing;
VL_MUST_CHECK int vl_scan_indexing_start(struct vl_image *image, const struct vl_scan_options *options,
    struct vl_scan_indexing **ret, struct vl_err *err);

/* 1: all layers have an index, as above; none of them counts before vl_scan_indexing_finish() says that it
 * stands. 0: not all of them have or will, nothing is given. At most once. */
VL_MUST_CHECK int vl_scan_indexing_ahead(struct vl_scan_indexing *indexing, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err);

/* Waits until all is read and checked, and frees `indexing`, also where it fails. Indexes that were not given
 * ahead come now; ret_indexes may be NULL where they were. 1: what was given ahead does not stand (an indexer
 * died after it, say): to be thrown away, and begun anew. */
VL_MUST_CHECK int vl_scan_indexing_finish(struct vl_scan_indexing **indexing, struct vl_notes *notes,
    struct vl_layer_index ***ret_indexes, struct vl_err *err);

/* Begins nothing new, waits for what runs, frees; for VL_CLEANUP. */
void vl_scan_indexing_cancel(struct vl_scan_indexing **indexing);

/* `path`: a folder or a file. */
VL_MUST_CHECK int vl_scan_index_path(const char *path, unsigned scopes, const struct vl_scan_options *options,
    struct vl_layer_index **ret, struct vl_err *err);

#endif
