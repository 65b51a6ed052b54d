#include "artifact/sbom_graph.h"

void sbom_graph_init(struct sbom_graph *graph, struct sbom *sbom)
{
    /* Each edge named two of them at most: what the documents before this one named is not used again. */
    *graph = (struct sbom_graph){
        .sbom = sbom, .others = sbom->inventory ? (uint32_t)(2 * sbom->inventory->edges.len) : 0};
    vl_map_init(&graph->nodes, 2 * VL_INVENTORY_PACKAGES_MAX);
}

void sbom_graph_done(struct sbom_graph *graph)
{
    vl_map_done(&graph->nodes);
}

/* What is too large is lost, and the document is still good. */
static int forgive(struct sbom_graph *graph, struct vl_err *err)
{
    if (err->code == VL_ERR_MEMORY)
        return err->err;
    graph->lost = "it is too large";
    vl_err_clear(err);
    return 0;
}

static bool is_kept(const struct sbom_graph *graph)
{
    return graph->sbom->inventory && !graph->lost;
}

int sbom_graph_package(struct sbom_graph *graph, struct vl_span id, size_t before, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool fresh = false;
    size_t now = graph->sbom->packages->len;
    if (!is_kept(graph) || now == before || id.len == 0)
        return 0;
    if (vl_map_put(&graph->nodes, id, &slot, &fresh, err) < 0)
        return forgive(graph, err);
    if (!fresh)
        graph->lost = "two of its elements have one id";
    slot->value.num = now - 1;
    return 0;
}

static int node_of(struct sbom_graph *graph, struct vl_span id, uint32_t *ret, struct vl_err *err)
{
    struct vl_map_slot *slot = NULL;
    bool fresh = true;
    int r = id.len ? vl_map_put(&graph->nodes, id, &slot, &fresh, err) : 0;
    if (r < 0)
        return r;
    if (fresh) {
        if (graph->others >= 2 * VL_INVENTORY_EDGES_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %d elements", 2 * VL_INVENTORY_EDGES_MAX);
        *ret = VL_INVENTORY_NODE_OTHER | graph->others++;
        if (slot)
            slot->value.num = *ret;
    } else {
        *ret = (uint32_t)slot->value.num;
    }
    return 0;
}

int sbom_graph_edge(struct sbom_graph *graph, struct vl_span from, struct vl_span to, struct vl_err *err)
{
    struct vl_inventory_edge edge;
    if (!is_kept(graph) || to.len == 0)
        return 0;
    if (node_of(graph, from, &edge.from, err) < 0 || node_of(graph, to, &edge.to, err) < 0)
        return forgive(graph, err);
    struct vl_inventory_edge *slot = vl_vec_push(&graph->sbom->inventory->edges, "dependencies", err);
    if (!slot)
        return forgive(graph, err);
    *slot = edge;
    return 0;
}

void sbom_graph_finish(struct sbom_graph *graph)
{
    if (!graph->sbom->inventory || !graph->lost)
        return;
    graph->sbom->inventory->edges.len = 0;
    vl_notes_add(graph->sbom->notes, VL_NOTE_INFO, VL_ERR_LIMIT, graph->sbom->name,
        "who depends on whom is not used: %s", graph->lost);
}
