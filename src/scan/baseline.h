/* What an earlier report of ours already had: gates look at new findings only. */
#ifndef VL_SCAN_BASELINE_H
#define VL_SCAN_BASELINE_H

#include "base/map.h"
#include "model/result.h"

#define VL_BASELINE_BYTES_MAX (512UL * 1024 * 1024)
#define VL_BASELINE_MAX       5000000U /* entries */

struct vl_baseline {
    struct vl_arena *arena;
    struct vl_map findings; /* id or alias, package without version, path */
    struct vl_map secrets;  /* fingerprint and path */
    struct vl_map packages; /* package without version, path: for licences */
};

/* A JSON report of ours; anything else is VL_ERR_INVALID that names the file. */
VL_MUST_CHECK int vl_baseline_parse(
    struct vl_span bytes, const char *name, struct vl_baseline **ret, struct vl_err *err);
VL_MUST_CHECK int vl_baseline_load(const char *path, struct vl_baseline **ret, struct vl_err *err);
void vl_baseline_free(struct vl_baseline *baseline); /* accepts NULL */
void vl_baseline_cleanup(struct vl_baseline **baseline);

/* By any of the finding's ids; the version may differ. */
bool vl_baseline_has_finding(const struct vl_baseline *baseline, const struct vl_finding *finding);
bool vl_baseline_has_secret(const struct vl_baseline *baseline, const struct vl_secret *secret);
bool vl_baseline_has_package(const struct vl_baseline *baseline, const struct vl_package *package);

#endif
