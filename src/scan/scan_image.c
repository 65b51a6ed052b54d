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

/* The indexes go as soon as what they say is in the inventory: matching needs the room. Where they came
 * before the digests of the layers, `indexing` is left to say whether they stand. */
static int take_apart(struct vl_image *image, const struct vl_scan_options *options, bool ahead,
    struct vl_inventory *inventory, struct vl_scan_indexing **indexing, struct vl_err *err)
{
    struct vl_layer_index **indexes = NULL;
    size_t n = vl_image_layer_count(image);
    int r = vl_image_describe(image, inventory, err);
    if (r >= 0)
        r = vl_scan_indexing_start(image, options, indexing, err);
    if (r >= 0 && ahead)
        r = vl_scan_indexing_ahead(*indexing, &inventory->notes, &indexes, err);
    if (r == 0)
        r = vl_scan_indexing_finish(indexing, &inventory->notes, &indexes, err);
    if (r >= 0)
        r = vl_scan_assemble(indexes, n, inventory, err);
    free_indexes(indexes, n);
    return r;
}

/* Names of images whose layers this one is made of. */
static const char *names_of(const struct vl_scan_options *options)
{
    return options->shared_cache ? NULL : options->cache_dir;
}

/* That the image could not be remembered hurts later scans only. */
static void remember_base(const struct vl_scan_options *options, struct vl_inventory *inventory)
{
    struct vl_err minor = VL_ERR_INIT;
    const char *names = names_of(options);
    if (names && vl_scan_lineage_remember(inventory, names, &minor) < 0)
        vl_notes_add(
            &inventory->notes, VL_NOTE_INFO, minor.code, "base image", "not remembered: %s", minor.msg);
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

/* 1: an index that was told ahead of its digest does not stand, and nothing that came of it. Nothing is
 * written down before it is known to. */
static int scan_once(struct vl_image *image, struct vl_advisory_db *db, const struct vl_scan_options *options,
    bool ahead, struct vl_scan_result **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_scan_indexing_cancel) struct vl_scan_indexing *indexing = NULL;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = NULL;
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    int r = take_apart(image, options, ahead, inventory, &indexing, err);
    if (r >= 0)
        r = vl_scan_lineage(inventory, names_of(options), err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = vl_scan_match(inventory, db, options, &result, err); /* which owns the inventory now, come what may */
    if (r >= 0 && indexing)
        r = vl_scan_indexing_finish(&indexing, &result->inventory->notes, NULL, err);
    else if (r > 0)
        r = 0;
    if (r != 0)
        return r;
    *ret = result;
    result = NULL;
    return 0;
}

int vl_scan_image(struct vl_image *image, struct vl_advisory_db *db, const struct vl_scan_options *options,
    struct vl_scan_result **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *result = NULL;
    int64_t start = vl_time_monotonic_us();
    int r = 1;
    for (bool ahead = true; r == 1; ahead = false)
        r = scan_once(image, db, options, ahead, &result, err);
    if (r < 0)
        return r;
    remember_base(options, result->inventory);
    if (options->cache_dir)
        r = look_for_newer_base(options, result, err);
    if (r >= 0 && options->attestations)
        r = vl_scan_attestations(image, options->indexer, result, err);
    if (r < 0)
        return r;
    result->took_us = vl_time_monotonic_us() - start;
    *ret = result;
    result = NULL;
    return 0;
}
