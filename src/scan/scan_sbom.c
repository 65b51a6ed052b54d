/* An SBOM as the target: its packages matched as if they had been found.
 *
 * The document is parsed in this process and not in an indexer: an indexer's answer is a layer index, which
 * has no place for a target and its layers, and starting one costs more than the whole scan of an SBOM may
 * take. What is parsed is bounded (VL_SBOM_MAX, VL_DOC_DEPTH_MAX) and all its parsers are fuzzed. */
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "package/distro.h"
#include "package/parser.h"
#include "package/sbom.h"
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

static int read_document(const char *path, struct vl_inventory *inventory, struct vl_err *err)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_SBOM_MAX);
    int r = vl_file_read(path, VL_SBOM_MAX, &text, err);
    if (r < 0)
        return r;
    r = vl_sbom_read(vl_buf_span(&text), name, inventory, err);
    return r < 0 ? r : settle(inventory, err);
}

int vl_scan_sbom(const char *path, struct vl_advisory_db *db, const struct vl_scan_options *options,
    struct vl_scan_result **ret, struct vl_err *err)
{
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    int64_t start = vl_time_monotonic_us();
    int r = read_document(path, inventory, err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = vl_scan_match(inventory, db, options, ret, err); /* which owns the inventory now, come what may */
    if (r >= 0)
        (*ret)->took_us = vl_time_monotonic_us() - start;
    return r < 0 ? r : 0;
}
