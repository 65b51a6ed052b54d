#include "vex_graph.h"

#include <stdlib.h>

/* Packages first, then what is none. */
static size_t place_of(const struct vl_vex_graph *g, uint32_t node)
{
    return node & VL_INVENTORY_NODE_OTHER ? g->inventory->packages.len + (node & ~VL_INVENTORY_NODE_OTHER)
                                          : node;
}

static void sort_edges(struct vl_vex_graph *g)
{
    const struct vl_inventory_edge *edges = g->inventory->edges.items;
    size_t count = g->inventory->edges.len;
    for (size_t i = 0; i < count; i++)
        g->first[place_of(g, edges[i].to) + 1]++;
    for (size_t i = 0; i < g->n; i++)
        g->first[i + 1] += g->first[i];
    for (size_t i = 0; i < g->n; i++)
        g->todo[i] = g->first[i];
    for (size_t i = 0; i < count; i++)
        g->above[g->todo[place_of(g, edges[i].to)]++] = (uint32_t)place_of(g, edges[i].from);
}

int vl_vex_graph_init(struct vl_vex_graph *graph, const struct vl_inventory *inventory, struct vl_err *err)
{
    size_t count = inventory->edges.len;
    *graph = (struct vl_vex_graph){.inventory = inventory, .n = inventory->packages.len + 2 * count};
    if (count == 0)
        return 0;
    graph->first = calloc(graph->n + 1, sizeof(uint32_t));
    graph->above = calloc(count, sizeof(uint32_t));
    graph->seen = calloc(graph->n, sizeof(uint32_t));
    graph->todo = calloc(graph->n, sizeof(uint32_t));
    if (!graph->first || !graph->above || !graph->seen || !graph->todo) {
        vl_vex_graph_done(graph);
        return vl_err_nomem(err);
    }
    sort_edges(graph);
    return 0;
}

void vl_vex_graph_done(struct vl_vex_graph *graph)
{
    free(graph->first);
    free(graph->above);
    free(graph->seen);
    free(graph->todo);
    *graph = (struct vl_vex_graph){0};
}

bool vl_vex_graph_only_through(struct vl_vex_graph *g, const struct vl_package *package,
    bool (*is_meant)(const struct vl_package *package, void *user), void *user)
{
    const struct vl_package *packages = g->first ? g->inventory->packages.items : NULL;
    size_t n = 1, done = 0;
    bool met = false;
    if (!packages || package < packages || package >= packages + g->inventory->packages.len)
        return false;
    g->walk++;
    g->todo[0] = (uint32_t)(package - packages);
    g->seen[g->todo[0]] = g->walk;
    for (; done < n; done++) {
        uint32_t at = g->todo[done];
        if (g->first[at] == g->first[at + 1] || ++g->visited > VL_VEX_WALK_MAX)
            return false; /* the top */
        for (uint32_t i = g->first[at]; i < g->first[at + 1]; i++) {
            uint32_t up = g->above[i];
            if (g->seen[up] == g->walk)
                continue;
            g->seen[up] = g->walk;
            bool meant = up < g->inventory->packages.len && is_meant(&packages[up], user);
            met = met || meant;
            if (!meant)
                g->todo[n++] = up;
        }
    }
    return met;
}
