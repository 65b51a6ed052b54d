/* Versions of one resource: whether an object looks the same in another one.
 *
 * Under matchPolicy Equivalent an API server converts the object to the version of the rule that matches.
 * Most versions of a kind have one shape, and then only apiVersion changes; where they differ in a field that
 * the object has, it is told, since an evaluation of the object as it is written could be wrong.
 *
 * Source: Kubernetes API reference 1.16 to 1.36; pkg/apis/STAR/VERSION/conversion.go (which versions
 * convert). */
#include "convert.h"

#include <string.h>

#define PATH_DEPTH_MAX 8

/* Versions with two shapes. A path without fields: they differ always. */
static const struct {
    const char *kind;
    const char *a, *b;       /* "GROUP/VERSION …" of either shape; a group alone means all its versions */
    const char *in_a, *in_b; /* fields that are written otherwise, of an object of a or b */
} shapes[] = {
    {"HorizontalPodAutoscaler", "autoscaling/v1", "autoscaling/v2 autoscaling/v2beta2 autoscaling/v2beta1",
        "spec.targetCPUUtilizationPercentage", "spec.metrics spec.behavior"},
    {"HorizontalPodAutoscaler", "autoscaling/v2beta1", "autoscaling/v2 autoscaling/v2beta2", "spec.metrics",
        "spec.metrics spec.behavior"},
    {"Ingress", "networking.k8s.io/v1", "networking.k8s.io/v1beta1 extensions/v1beta1",
        "spec.defaultBackend spec.rules[*].http", "spec.backend spec.rules[*].http"},
    {"RoleBinding", "rbac.authorization.k8s.io/v1alpha1",
        "rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1", "subjects", "subjects"},
    {"ClusterRoleBinding", "rbac.authorization.k8s.io/v1alpha1",
        "rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1", "subjects", "subjects"},
    {"CustomResourceDefinition", "apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1", "", ""},
    {"EndpointSlice", "discovery.k8s.io/v1", "discovery.k8s.io/v1beta1",
        "endpoints[*].zone endpoints[*].deprecatedTopology", "endpoints[*].topology"},
    {"Event", "/v1", "events.k8s.io/v1 events.k8s.io/v1beta1", "", ""},
    {"PriorityLevelConfiguration",
        "flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2",
        "flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta3", "spec.limited",
        "spec.limited"},
    {"SubjectAccessReview", "authorization.k8s.io/v1beta1", "authorization.k8s.io/v1", "spec.group",
        "spec.groups"},
    {"LocalSubjectAccessReview", "authorization.k8s.io/v1beta1", "authorization.k8s.io/v1", "spec.group",
        "spec.groups"},
    {"Deployment", "extensions/v1beta1 apps/v1beta1", "apps/v1 apps/v1beta2", "spec.rollbackTo", "-"},
    {"DaemonSet", "extensions/v1beta1", "apps/v1 apps/v1beta2", "spec.templateGeneration", "-"},
    {"ResourceClaim", "resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3",
        "resource.k8s.io/v1 resource.k8s.io/v1beta2", "spec.devices.requests", "spec.devices.requests"},
    {"ResourceClaimTemplate", "resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3",
        "resource.k8s.io/v1 resource.k8s.io/v1beta2", "spec.spec.devices.requests",
        "spec.spec.devices.requests"},
    {"ResourceSlice", "resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3",
        "resource.k8s.io/v1 resource.k8s.io/v1beta2", "spec.devices", "spec.devices"},
    {"LeaseCandidate", "coordination.k8s.io/v1alpha1",
        "coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1", "", ""},
    {"StorageVersionMigration", "storagemigration.k8s.io/v1alpha1", "storagemigration.k8s.io/v1beta1",
        "spec.resource", "spec.resource"},
};

static bool listed(const char *list, struct vl_span group, struct vl_span version)
{
    struct vl_span rest = vl_span_str(list), item;
    while (vl_span_split(&rest, ' ', &item)) {
        size_t slash = vl_span_find_char(item, '/');
        if (slash != SIZE_MAX && vl_span_eq(vl_span_slice(item, 0, slash), group) &&
            vl_span_eq(vl_span_slice(item, slash + 1, item.len), version))
            return true;
    }
    return false;
}

/* Something stands at "a.b[*].c". */
static bool has_path(const struct vl_doc_node *node, struct vl_span path, unsigned depth)
{
    struct vl_span rest = path, part;
    while (node && depth < PATH_DEPTH_MAX && vl_span_split(&rest, '.', &part)) {
        bool each = vl_span_ends_with(part, "[*]");
        node = vl_doc_get_span(node, each ? vl_span_slice(part, 0, part.len - 3) : part);
        if (!each)
            continue;
        for (const struct vl_doc_node *item = vl_doc_first(node); item; item = vl_doc_next(item)) {
            if (has_path(item, rest, depth + 1))
                return true;
        }
        return false;
    }
    return node && vl_doc_type(node) != VL_DOC_NULL;
}

/* The first of the fields that the object has. "-" stands for none. */
static bool has_any(const struct vl_doc_node *object, const char *paths, struct vl_span *ret)
{
    struct vl_span rest = vl_span_str(paths), path;
    *ret = VL_SPAN_LIT("the whole object");
    if (!paths[0])
        return true;
    while (vl_span_split(&rest, ' ', &path)) {
        if (has_path(object, path, 0)) {
            *ret = path;
            return true;
        }
    }
    return false;
}

bool policy_converts_alike(const struct vl_kube_object *object, struct vl_span group, struct vl_span version,
    struct vl_span *ret_field)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(shapes); i++) {
        bool forth =
            listed(shapes[i].a, object->group, object->version) && listed(shapes[i].b, group, version);
        bool back =
            listed(shapes[i].b, object->group, object->version) && listed(shapes[i].a, group, version);
        if (vl_span_eq_str(object->kind, shapes[i].kind) && (forth || back) &&
            has_any(object->node, forth ? shapes[i].in_a : shapes[i].in_b, ret_field))
            return false;
    }
    /* policy/v1beta1: an empty selector selects nothing, in v1 everything. */
    const struct vl_doc_node *selector = vl_doc_get(vl_doc_get(object->node, "spec"), "selector");
    if (vl_span_eq_str(object->kind, "PodDisruptionBudget") && vl_doc_is(selector, VL_DOC_OBJECT) &&
        vl_doc_size(selector) == 0) {
        *ret_field = VL_SPAN_LIT("spec.selector");
        return false;
    }
    return true;
}
