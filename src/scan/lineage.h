/* Where the base image ends: by annotation, by a known chain of diff ids, by the image history. Sets vl_layer.base. */
#ifndef VL_SCAN_LINEAGE_H
#define VL_SCAN_LINEAGE_H

#include "model/inventory.h"

/* Bases known from earlier scans lie as small files in `dir` (the cache), one for each chain of diff ids that was scanned
 * as a whole image; NULL: none. Matches the longest chain; else the layers up to the last one of the first run of history
 * entries of one date are taken for the base (docker official images), and none where nothing tells. */
VL_MUST_CHECK int vl_scan_lineage(struct vl_inventory *inventory, const char *dir, struct vl_err *err);

/* Remembers this image as a possible base for later scans. */
VL_MUST_CHECK int vl_scan_lineage_remember(const struct vl_inventory *inventory, const char *dir, struct vl_err *err);

#endif
