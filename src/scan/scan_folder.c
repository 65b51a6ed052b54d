#include "assemble.h"
#include "base/time.h"
#include "layers.h"
#include "scan/scan.h"

/* A root is judged by what is installed in it; a project by its manifests too. */
static unsigned scopes_of(enum vl_target_kind kind)
{
    return kind == VL_TARGET_ROOTFS ? VL_PACKAGE_SCOPE_INSTALLED
                                    : VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED;
}

static int take_apart(const char *path, enum vl_target_kind kind, const struct vl_scan_options *options,
    struct vl_inventory *inventory, struct vl_err *err)
{
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *index = NULL;
    inventory->target.kind = kind;
    inventory->target.name = vl_arena_strdup(inventory->arena, path);
    if (!inventory->target.name)
        return vl_arena_check(inventory->arena, path, err);
    int r = vl_scan_index_path(path, scopes_of(kind), options, &index, err);
    return r < 0 ? r : vl_scan_assemble_folder(index, inventory, err);
}

int vl_scan_folder(const char *path, enum vl_target_kind kind, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err)
{
    int64_t start = vl_time_monotonic_us();
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    int r = take_apart(path, kind, options, inventory, err);
    if (r < 0) {
        vl_inventory_free(inventory);
        return r;
    }
    r = vl_scan_match(inventory, db, options, ret, err); /* which owns the inventory now, come what may */
    if (r < 0)
        return r;
    (*ret)->took_us = vl_time_monotonic_us() - start;
    return 0;
}
