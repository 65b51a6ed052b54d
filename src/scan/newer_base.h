/* The newer build of a base image, as far as it was really scanned with this cache: which packages of the
 * distribution it holds. A finding in a base layer that it settles gets it as remedy, before all others: one
 * line of the Dockerfile settles many findings at once. */
#ifndef VL_SCAN_NEWER_BASE_H
#define VL_SCAN_NEWER_BASE_H

#include "model/result.h"

#define VL_NEWER_BASE_FILE_MAX     (4UL * 1024 * 1024) /* bytes of a remembered package list */
#define VL_NEWER_BASE_PACKAGES_MAX 100000

/* Remembers the packages of this image under its name in DIR/lineage, where it was created later than what is
 * remembered under that name. Lines: "vallum base 1", name, manifest digest, time of creation and of the scan
 * in ms, then ecosystem, package, version by tabs. Readers see a whole file or none. */
VL_MUST_CHECK int vl_scan_newer_base_remember(
    const struct vl_inventory *inventory, const char *dir, int64_t now_ms, struct vl_err *err);

/* Where the image's base (target.base_name and base_digest) has a newer build remembered, replaces the
 * remedies of the findings that it settles: packages of base layers that stand in it at the fixed version or
 * above, or not at all. A file that cannot be read is as none. */
VL_MUST_CHECK int vl_scan_newer_base(struct vl_scan_result *result, const char *dir, struct vl_err *err);

#endif
