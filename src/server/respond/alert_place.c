#include "respond/alert_place.h"

#include "posture/resource.h"

static bool is_cluster(const char *type)
{
    struct vl_span t = vl_span_str(type);
    return vl_span_eq_nocase(t, VL_SPAN_LIT("managedClusters")) ||
           vl_span_eq_nocase(t, VL_SPAN_LIT("connectedClusters"));
}

static struct vl_span namespace_of(const struct vl_doc_node *entity)
{
    if (vl_span_eq_nocase(vl_doc_get_str(entity, "type"), VL_SPAN_LIT("K8s-namespace")))
        return vl_doc_get_str(entity, "name");
    const struct vl_doc_node *in = vl_doc_get(entity, "namespace");
    return vl_doc_is(in, VL_DOC_OBJECT) ? vl_doc_get_str(in, "name") : vl_doc_get_str(entity, "namespace");
}

int vl_alert_place(const char *resource, const struct vl_doc_node *entities, struct vl_arena *arena,
    struct vl_alert_place *ret, struct vl_err *err)
{
    struct vl_resource_id id = {0};
    struct vl_err why = VL_ERR_INIT;
    struct vl_span found = VL_SPAN_EMPTY;
    bool several = false;
    *ret = (struct vl_alert_place){"", ""};
    if (!resource || vl_resource_parse(vl_span_str(resource), arena, &id, &why) < 0)
        return vl_arena_check(arena, "an alert", err);
    if (id.n_parts == 0 || !is_cluster(id.parts[0].type))
        return 0;
    for (const struct vl_doc_node *e = vl_doc_first(entities); e; e = vl_doc_next(e)) {
        struct vl_span one = namespace_of(e);
        several |= one.len > 0 && found.len > 0 && !vl_span_eq(one, found);
        found = one.len > 0 ? one : found;
    }
    ret->cluster = id.parts[0].name;
    ret->name_space = several ? "" : vl_arena_dup_span(arena, found);
    return vl_arena_check(arena, "an alert", err);
}
