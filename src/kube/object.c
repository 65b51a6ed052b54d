#include "kube/object.h"

#include <string.h>

static void split_api_version(struct vl_kube_object *o)
{
    size_t slash = vl_span_find_char(o->api_version, '/');
    if (slash == SIZE_MAX) {
        o->group = VL_SPAN_EMPTY;
        o->version = o->api_version;
    } else {
        o->group = vl_span_slice(o->api_version, 0, slash);
        o->version = vl_span_slice(o->api_version, slash + 1, o->api_version.len);
    }
}

static void fill(
    struct vl_kube_object *o, const struct vl_doc_node *node, struct vl_span api_version, struct vl_span kind)
{
    const struct vl_doc_node *metadata = vl_doc_get(node, "metadata");
    *o = (struct vl_kube_object){.node = node, .api_version = api_version, .kind = kind};
    o->name = vl_doc_get_str(metadata, "name");
    o->namespace_name = vl_doc_get_str(metadata, "namespace");
    split_api_version(o);
    o->known = vl_kube_kind_find(o->group, o->kind);
}

enum vl_doc_format vl_kube_format(struct vl_span text)
{
    struct vl_span front = vl_span_trim(text);
    return front.len && (front.ptr[0] == '{' || front.ptr[0] == '[') ? VL_DOC_JSON : VL_DOC_YAML_KUBERNETES;
}

int vl_kube_object_view(
    const struct vl_doc_node *node, const char *name, struct vl_kube_object *ret, struct vl_err *err)
{
    struct vl_span api_version = vl_doc_get_str(node, "apiVersion");
    struct vl_span kind = vl_doc_get_str(node, "kind");
    if (!vl_doc_is(node, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s:%u: not a Kubernetes object but a value of type %s", name,
            vl_doc_line(node), vl_doc_type_name(vl_doc_type(node)));
    if (!api_version.len || !kind.len)
        return vl_err_set(err, VL_ERR_INVALID, "%s:%u: not a Kubernetes object: %s is missing or no text",
            name, vl_doc_line(node), api_version.len ? "kind" : "apiVersion");
    fill(ret, node, api_version, kind);
    if (vl_span_find_char(ret->version, '/') != SIZE_MAX || !ret->version.len)
        return vl_err_set(err, VL_ERR_INVALID,
            "%s:%u: not a Kubernetes object: apiVersion is no GROUP/VERSION", name, vl_doc_line(node));
    return 0;
}

static bool is_list(const struct vl_kube_object *o)
{
    bool plain = vl_span_eq_str(o->kind, "List") && o->group.len == 0;
    return vl_span_ends_with(o->kind, "List") && !vl_doc_get(o->node, "spec") &&
           (plain || vl_doc_is(vl_doc_get(o->node, "items"), VL_DOC_ARRAY));
}

static int view_item(const struct vl_kube_object *list, struct vl_span item_kind,
    const struct vl_doc_node *node, const char *name, struct vl_kube_object *ret, struct vl_err *err)
{
    if (item_kind.len && vl_doc_is(node, VL_DOC_OBJECT) && !vl_doc_get(node, "kind")) {
        fill(ret, node, list->api_version, item_kind);
        return 0;
    }
    int r = vl_kube_object_view(node, name, ret, err);
    if (r == 0 && is_list(ret))
        return vl_err_set(
            err, VL_ERR_INVALID, "%s:%u: a List inside a List is not read", name, vl_doc_line(node));
    return r;
}

int vl_kube_each_object(const struct vl_doc_node *node, const char *name,
    int (*each)(const struct vl_kube_object *object, void *user, struct vl_err *err), void *user,
    struct vl_err *err)
{
    struct vl_kube_object o;
    int r = vl_kube_object_view(node, name, &o, err);
    if (r < 0 || !is_list(&o))
        return r < 0 ? r : each(&o, user, err);
    const struct vl_doc_node *items = vl_doc_get(node, "items");
    if (vl_doc_size(items) > VL_KUBE_ITEMS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "%s:%u: a list of %zu items; at most %d are read", name,
            vl_doc_line(node), vl_doc_size(items), VL_KUBE_ITEMS_MAX);
    struct vl_span item_kind = vl_span_slice(o.kind, 0, o.kind.len - 4);
    struct vl_err first = VL_ERR_INIT;
    if (items && !vl_doc_is(items, VL_DOC_ARRAY) && !vl_doc_is(items, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_INVALID, "%s:%u: items of a List must be an array, is %s", name,
            vl_doc_line(items), vl_doc_type_name(vl_doc_type(items)));
    for (const struct vl_doc_node *n = vl_doc_first(items); r >= 0 && n; n = vl_doc_next(n)) {
        struct vl_kube_object item;
        struct vl_err bad = VL_ERR_INIT;
        int viewed = view_item(&o, item_kind, n, name, &item, &bad);
        if (viewed < 0 && !first.err)
            first = bad;
        if (viewed >= 0)
            r = each(&item, user, err);
    }
    if (r >= 0 && first.err) {
        *err = first;
        return first.err;
    }
    return r;
}

bool vl_kube_object_namespaced(const struct vl_kube_object *object)
{
    return object->known ? object->known->namespaced : object->namespace_name.len > 0;
}

const struct vl_doc_node *vl_kube_object_labels(const struct vl_kube_object *object)
{
    return vl_doc_get(vl_doc_get(object->node, "metadata"), "labels");
}

const struct vl_doc_node *vl_kube_object_annotations(const struct vl_kube_object *object)
{
    return vl_doc_get(vl_doc_get(object->node, "metadata"), "annotations");
}

const char *vl_kube_object_template_path(const struct vl_kube_object *object)
{
    switch (object->known ? object->known->pod : VL_KUBE_TEMPLATE_NONE) {
    case VL_KUBE_TEMPLATE_POD:
        return "";
    case VL_KUBE_TEMPLATE_SPEC:
        return "spec.template";
    case VL_KUBE_TEMPLATE_CRON:
        return "spec.jobTemplate.spec.template";
    case VL_KUBE_TEMPLATE_TEMPLATE:
        return "template";
    case VL_KUBE_TEMPLATE_NONE:
        break;
    }
    return NULL;
}

const struct vl_doc_node *vl_kube_object_template(const struct vl_kube_object *object)
{
    const char *path = vl_kube_object_template_path(object);
    const struct vl_doc_node *node = path ? object->node : NULL;
    struct vl_span rest = vl_span_str(path);
    struct vl_span part;
    while (node && vl_span_split(&rest, '.', &part))
        node = vl_doc_get_span(node, part);
    return vl_doc_is(node, VL_DOC_OBJECT) ? node : NULL;
}
