/* An SBOM as the target: its packages matched as if they had been found.
 *
 * Unless the caller wants it isolated, the document is read in this process: an indexer costs 4 to 5 ms, a
 * third of what the whole scan of an SBOM may take. What is read is bounded (VL_SBOM_MAX, VL_DOC_DEPTH_MAX),
 * and all its parsers are fuzzed. */
#include "base/time.h"
#include "document.h"
#include "package/distro.h"
#include "package/parser.h"
#include "scan/scan.h"

/* What a document does not say, or said on another day. */
static int settle(struct vl_inventory *inventory, struct vl_err *err)
{
    if (*inventory->distro.id)
        (void)vl_distro_support(&inventory->distro, vl_time_now_ms());
    int r = 0;
    for (size_t i = 0; i < inventory->packages.len && r >= 0; i++) {
        struct vl_package *p = vl_vec_at(&inventory->packages, i);
        if (!p->purl && p->ecosystem != VL_ECO_NONE)
            r = vl_package_set_purl(p, &inventory->distro, inventory->arena, err);
    }
    return r < 0 ? r : 0;
}

int vl_scan_sbom(const char *path, struct vl_advisory_db *db, const struct vl_scan_options *options,
    struct vl_scan_result **ret, struct vl_err *err)
{
    struct vl_inventory *inventory = NULL;
    int64_t start = vl_time_monotonic_us();
    int r =
        vl_document_sbom(options && options->isolate ? options->indexer : NULL, path, db, &inventory, err);
    if (r < 0)
        return r;
    r = settle(inventory, err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = vl_scan_match(inventory, db, options, ret, err); /* which owns the inventory now, come what may */
    if (r >= 0)
        (*ret)->took_us = vl_time_monotonic_us() - start;
    return r < 0 ? r : 0;
}
