/* The graph of an SBOM, walked from a package to what needs it. */
#ifndef VL_SCAN_VEX_GRAPH_H
#define VL_SCAN_VEX_GRAPH_H

#include "model/inventory.h"

#define VL_VEX_WALK_MAX                                                                 \
    20000000U /* nodes visited for all findings; then nothing is set aside by the graph \
               */

struct vl_vex_graph {
    const struct vl_inventory *inventory; /* lent */
    size_t n;                             /* nodes */
    uint32_t *first;                      /* n + 1 places in `above`; NULL: no graph */
    uint32_t *above;                      /* who needs a node */
    uint32_t *seen;                       /* the walk that was there last */
    uint32_t *todo;
    uint32_t walk;
    uint64_t visited;
};

VL_MUST_CHECK int vl_vex_graph_init(
    struct vl_vex_graph *graph, const struct vl_inventory *inventory, struct vl_err *err);
void vl_vex_graph_done(struct vl_vex_graph *graph); /* also for VL_CLEANUP */

/* Whether every way from the top to the package leads through one that `is_meant` knows, and there is such a
 * way. A package that nothing needs is at the top itself. False without a graph. */
bool vl_vex_graph_only_through(struct vl_vex_graph *graph, const struct vl_package *package,
    bool (*is_meant)(const struct vl_package *package, void *user), void *user);

#endif
