/* Layer indexes to one inventory: what is visible, which layer brought it, which distribution package owns
 * it. */
#ifndef VL_SCAN_ASSEMBLE_H
#define VL_SCAN_ASSEMBLE_H

#include "layer_index.h"

/* `inventory` has target and layers filled where it is an image (vl_image_describe); packages, distro,
 * secrets, updates, unidentified, notes are added, all strings copied. NULL among `indexes` is a layer
 * nothing is known of. Hidden and replaced files give no packages; secrets in them do, marked deleted. A
 * package of a database (dpkg status, rpmdb, apk) stands in the layer that first had it at this version, not
 * in the last one that rewrote the database. */
VL_MUST_CHECK int vl_scan_assemble(struct vl_layer_index *const *indexes, size_t n_indexes,
    struct vl_inventory *inventory, struct vl_err *err);

/* A folder or root file system: one index, no layers. */
VL_MUST_CHECK int vl_scan_assemble_folder(
    struct vl_layer_index *index, struct vl_inventory *inventory, struct vl_err *err);

#endif
