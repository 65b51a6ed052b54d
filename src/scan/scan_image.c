#include <stdlib.h>

#include "assemble.h"
#include "attestation.h"
#include "base/time.h"
#include "layers.h"
#include "lineage.h"
#include "newer_base.h"
#include "scan/scan.h"

static void free_indexes(struct vl_layer_index **indexes, size_t n)
{
    for (size_t i = 0; indexes && i < n; i++)
        vl_layer_index_free(indexes[i]);
    free(indexes);
}

/* The indexes go as soon as what they say is in the inventory: matching needs the room. */
static int take_apart(struct vl_image *image, const struct vl_scan_options *options,
    struct vl_inventory *inventory, struct vl_err *err)
{
    struct vl_layer_index **indexes = NULL;
    size_t n = vl_image_layer_count(image);
    int r = vl_scan_index_image(image, options, &inventory->notes, &indexes, err);
    if (r == 0)
        r = vl_scan_assemble(indexes, n, inventory, err);
    free_indexes(indexes, n);
    return r;
}

/* That the image could not be remembered hurts later scans only. */
static int find_base(
    const struct vl_scan_options *options, struct vl_inventory *inventory, struct vl_err *err)
{
    struct vl_err minor = VL_ERR_INIT;
    const char *names = options->shared_cache ? NULL : options->cache_dir;
    int r = vl_scan_lineage(inventory, names, err);
    if (r >= 0 && names && vl_scan_lineage_remember(inventory, names, &minor) < 0)
        vl_notes_add(
            &inventory->notes, VL_NOTE_INFO, minor.code, "base image", "not remembered: %s", minor.msg);
    return r;
}

/* The same: what cannot be remembered hurts later scans only. */
static int look_for_newer_base(
    const struct vl_scan_options *options, struct vl_scan_result *result, struct vl_err *err)
{
    struct vl_err minor = VL_ERR_INIT;
    struct vl_inventory *inventory = result->inventory;
    int r = vl_scan_newer_base(result, options->cache_dir, err);
    if (r >= 0 && vl_scan_newer_base_remember(inventory, options->cache_dir, result->scanned_ms, &minor) < 0)
        vl_notes_add(
            &inventory->notes, VL_NOTE_INFO, minor.code, "base image", "not remembered: %s", minor.msg);
    return r;
}

int vl_scan_image(struct vl_image *image, struct vl_advisory_db *db, const struct vl_scan_options *options,
    struct vl_scan_result **ret, struct vl_err *err)
{
    int64_t start = vl_time_monotonic_us();
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    int r = vl_image_describe(image, inventory, err);
    if (r >= 0)
        r = take_apart(image, options, inventory, err);
    if (r >= 0)
        r = find_base(options, inventory, err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = vl_scan_match(inventory, db, options, ret, err); /* which owns the inventory now, come what may */
    if (r >= 0 && options->cache_dir)
        r = look_for_newer_base(options, *ret, err);
    if (r >= 0 && options->attestations)
        r = vl_scan_attestations(image, *ret, err);
    if (r < 0)
        return r;
    (*ret)->took_us = vl_time_monotonic_us() - start;
    return 0;
}
