#include "artifact/sbom_groups.h"

void sbom_groups_init(struct sbom_groups *groups, struct sbom *sbom)
{
    groups->sbom = sbom;
    vl_map_init(&groups->groups, VL_INVENTORY_PACKAGES_MAX);
    vl_map_init(&groups->refs, VL_INVENTORY_PACKAGES_MAX);
    sbom_graph_init(&groups->graph, sbom);
}

void sbom_groups_done(struct sbom_groups *groups)
{
    vl_map_done(&groups->groups);
    vl_map_done(&groups->refs);
    sbom_graph_done(&groups->graph);
}

int sbom_groups_add(struct sbom_groups *groups, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct vl_span ref = vl_doc_get_str(node, "bom-ref");
    if (ref.len == 0 || vl_doc_get_str(node, "name").len == 0 || !groups->sbom->inventory)
        return 0;
    int r = vl_map_put(&groups->groups, ref, &slot, NULL, err);
    union {
        const void *lent;
        void *ptr;
    } kept = {.lent = node};
    if (r >= 0)
        slot->value.ptr = kept.ptr;
    return r;
}

int sbom_groups_package(
    struct sbom_groups *groups, const struct vl_doc_node *node, size_t before, struct vl_err *err)
{
    struct vl_map_slot *slot;
    const struct vl_vec *packages = groups->sbom->packages;
    const struct vl_package *p = packages->len > before ? vl_vec_at(packages, packages->len - 1) : NULL;
    struct vl_span ref = vl_doc_get_str(node, "bom-ref");
    if (!p || *p->path || ref.len == 0)
        return 0;
    int r = vl_map_put(&groups->refs, ref, &slot, NULL, err);
    if (r >= 0)
        slot->value.num = packages->len;
    return r;
}

/* A package once: the first group that reaches it. */
static int visit(
    struct sbom_groups *groups, struct vl_span ref, const char *path, struct vl_vec *todo, struct vl_err *err)
{
    struct vl_map_slot *slot = vl_map_get(&groups->refs, ref);
    struct vl_package *p = slot ? vl_vec_at(groups->sbom->packages, (size_t)slot->value.num - 1) : NULL;
    if (!p || *p->path)
        return 0;
    p->path = path;
    struct vl_span *next = vl_vec_push(todo, "dependencies", err);
    if (!next)
        return err->err;
    *next = ref;
    return 0;
}

static int follow(struct sbom_groups *groups, const struct vl_map *edges, struct vl_span ref,
    const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec todo;
    int r = 0;
    vl_vec_init(&todo, sizeof(struct vl_span), VL_INVENTORY_PACKAGES_MAX + 1);
    for (size_t i = 0; r >= 0; ref = *(const struct vl_span *)vl_vec_at(&todo, i++)) {
        const struct vl_map_slot *edge = vl_map_get(edges, ref);
        const struct vl_doc_node *node = edge ? edge->value.ptr : NULL;
        const struct vl_doc_node *n = vl_doc_first(vl_doc_get(node, "dependsOn"));
        for (; n && r >= 0; n = vl_doc_next(n))
            r = visit(groups, vl_doc_span(n), path, &todo, err);
        if (i >= todo.len)
            break;
    }
    return r;
}

int sbom_groups_settle(struct sbom_groups *groups, const struct vl_doc_node *dependencies, struct vl_err *err)
{
    struct vl_map_slot *slot;
    int r = 0;
    if (groups->groups.len == 0 || groups->refs.len == 0)
        return 0;
    VL_CLEANUP(vl_map_done) struct vl_map edges;
    vl_map_init(&edges, VL_INVENTORY_PACKAGES_MAX);
    const struct vl_doc_node *n = vl_doc_first(dependencies);
    for (; n && r >= 0; n = vl_doc_next(n)) {
        union {
            const void *lent;
            void *ptr;
        } node = {.lent = n};
        r = vl_map_put(&edges, vl_doc_get_str(n, "ref"), &slot, NULL, err);
        if (r >= 0)
            slot->value.ptr = node.ptr;
    }
    /* In the order of the document, so that the answer is the same each time. */
    for (n = vl_doc_first(dependencies); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span ref = vl_doc_get_str(n, "ref");
        slot = vl_map_get(&groups->groups, ref);
        const struct vl_doc_node *group = slot ? slot->value.ptr : NULL;
        if (!group)
            continue;
        slot->value.ptr = NULL; /* each once, so that no list is walked twice */
        char *path = vl_arena_dup_span(groups->sbom->arena, vl_doc_get_str(group, "name"));
        r = path ? follow(groups, &edges, ref, path, err)
                 : vl_arena_check(groups->sbom->arena, groups->sbom->name, err);
    }
    return r;
}
