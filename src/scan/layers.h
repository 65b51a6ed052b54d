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

/* `path`: a folder or a file. */
VL_MUST_CHECK int vl_scan_index_path(const char *path, unsigned scopes, const struct vl_scan_options *options,
    struct vl_layer_index **ret, struct vl_err *err);

#endif
