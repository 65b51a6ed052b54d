/* Where the base image ends. Sets vl_layer.base, and target.base_name and base_digest where nobody told them.
 *
 * In this order; what was found is told by a note (VL_NOTE_INFO, object "base image"):
 * 1. A chain of diff ids (ChainID of OCI image-spec config.md) that an earlier scan remembered as a whole
 * image: the one whose digest the annotation org.opencontainers.image.base.digest names, else the longest
 * that is shorter than the image itself. Certain: these layers are that image. May name an image between the
 * base and this one where both were scanned (yesterday's build of which this one is an extension), and knows
 * only what was scanned with this cache.
 * 2. The history: the last layer that CMD or ENTRYPOINT follow and after which there is another layer, made
 * more than a minute later where both times are known. A Dockerfile rarely sets these before its last layer,
 * and each image to build on ends with one. Errs where a Dockerfile does (its layers up to there are taken
 * for the base), and where a base sets neither (then an older image beneath it is found, or nothing).
 * 3. The builder: leading layers made by what builds distributions and not by a Dockerfile (debuerreotype,
 * apko, bazel, one archive added to the empty image), where other layers follow. Errs where an application is
 * built by the same. Else no layer is taken for the base. */
#ifndef VL_SCAN_LINEAGE_H
#define VL_SCAN_LINEAGE_H

#include "model/inventory.h"

#define VL_LINEAGE_FILE_MAX 8192U /* bytes of a remembered image */

/* `dir`: the cache folder, or NULL. A file in it that cannot be read is as none. Does nothing for what is no
 * image. */
VL_MUST_CHECK int vl_scan_lineage(struct vl_inventory *inventory, const char *dir, struct vl_err *err);

/* Remembers this image as a possible base for later scans: a small file in DIR/lineage (lines: "vallum
 * lineage 1", name, manifest digest or nothing), named by the chain. Written only where it is new or says
 * something else; readers see a whole file or none. */
VL_MUST_CHECK int vl_scan_lineage_remember(
    const struct vl_inventory *inventory, const char *dir, struct vl_err *err);

#endif
