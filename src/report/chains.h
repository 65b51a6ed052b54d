/* Which findings belong together: one pass instead of a search for each package or id. Private to report. */
#ifndef VL_REPORT_CHAINS_H
#define VL_REPORT_CHAINS_H

#include "report/report.h"

#define VL_REPORT_CHAIN_END UINT32_MAX

/* `for (i = first[group]; i != VL_REPORT_CHAIN_END; i = next[i])` walks the findings of a group in the order
 * of the result. */
struct vl_report_chains {
    uint32_t *first; /* a group each */
    uint32_t *next;  /* a finding each */
    size_t n_groups;
};

/* `group_of` tells the group of each item, VL_REPORT_CHAIN_END for those left out. Memory is the arena's. */
VL_MUST_CHECK int vl_report_chains_build(const uint32_t *group_of, size_t n_items, size_t n_groups,
    struct vl_arena *arena, struct vl_report_chains *ret, struct vl_err *err);

/* Findings shown, by index of their package. */
VL_MUST_CHECK int vl_report_chains_by_package(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_arena *arena, struct vl_report_chains *ret,
    struct vl_err *err);

/* Findings shown, by id; groups are numbered in the order of their first finding. `ret_group_of` may be NULL.
 */
VL_MUST_CHECK int vl_report_chains_by_id(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_arena *arena, struct vl_report_chains *ret,
    uint32_t **ret_group_of, struct vl_err *err);

/* Index of a package of the inventory; VL_PACKAGE_NONE where it is not one. */
uint32_t vl_report_package_index(const struct vl_scan_result *result, const struct vl_package *package);

/* Memory for one report's chains: bounded by what a result may hold. NULL only when there is no memory. */
struct vl_arena *vl_report_arena_new(void);

#endif
