#include "chains.h"

#include "base/map.h"
#include "formats.h"

#define ARENA_MAX (1024UL * 1024 * 1024)
#define IDS_MAX   5000000

struct vl_arena *vl_report_arena_new(void)
{
    return vl_arena_new(ARENA_MAX);
}

uint32_t vl_report_package_index(const struct vl_scan_result *result, const struct vl_package *package)
{
    const struct vl_vec *all = &result->inventory->packages;
    const struct vl_package *first = all->items;
    if (!first || package < first || package >= first + all->len)
        return VL_PACKAGE_NONE;
    return (uint32_t)(package - first);
}

int vl_report_chains_build(const uint32_t *group_of, size_t n_items, size_t n_groups, struct vl_arena *arena,
    struct vl_report_chains *ret, struct vl_err *err)
{
    uint32_t *first = vl_arena_array(arena, n_groups + 1, sizeof(*first));
    uint32_t *next = vl_arena_array(arena, n_items + 1, sizeof(*next));
    if (!first || !next)
        return vl_arena_check(arena, "groups of a report", err);
    for (size_t i = 0; i < n_groups; i++)
        first[i] = VL_REPORT_CHAIN_END;
    /* From the end, so that each chain comes out in order. */
    for (size_t i = n_items; i-- > 0;) {
        if (group_of[i] >= n_groups)
            continue;
        next[i] = first[group_of[i]];
        first[group_of[i]] = (uint32_t)i;
    }
    *ret = (struct vl_report_chains){first, next, n_groups};
    return 0;
}

int vl_report_chains_by_package(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_arena *arena, struct vl_report_chains *ret, struct vl_err *err)
{
    size_t n = result->findings.len;
    uint32_t *group_of = vl_arena_array(arena, n + 1, sizeof(*group_of));
    if (!group_of)
        return vl_arena_check(arena, "groups of a report", err);
    for (size_t i = 0; i < n; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        group_of[i] = VL_REPORT_CHAIN_END;
        if (!vl_report_shows(f, options))
            continue;
        group_of[i] = vl_report_package_index(result, f->package);
        if (group_of[i] == VL_PACKAGE_NONE)
            return vl_err_set(err, VL_ERR_INVALID, "%s: its package is not in the inventory", f->id);
    }
    return vl_report_chains_build(group_of, n, result->inventory->packages.len, arena, ret, err);
}

int vl_report_chains_by_id(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_arena *arena, struct vl_report_chains *ret, uint32_t **ret_group_of, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map ids;
    size_t n = result->findings.len;
    uint32_t *group_of = vl_arena_array(arena, n + 1, sizeof(*group_of));
    vl_map_init(&ids, IDS_MAX);
    if (!group_of)
        return vl_arena_check(arena, "groups of a report", err);
    for (size_t i = 0; i < n; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        struct vl_map_slot *slot;
        bool added;
        group_of[i] = VL_REPORT_CHAIN_END;
        if (!vl_report_shows(f, options))
            continue;
        int r = vl_map_put(&ids, vl_span_str(f->id), &slot, &added, err);
        if (r < 0)
            return r;
        if (added)
            slot->value.num = ids.len - 1;
        group_of[i] = (uint32_t)slot->value.num;
    }
    int r = vl_report_chains_build(group_of, n, ids.len, arena, ret, err);
    if (r == 0 && ret_group_of)
        *ret_group_of = group_of;
    return r;
}
