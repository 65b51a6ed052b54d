/* One Kubernetes object in a document: identity, metadata, pod template. A view: everything is lent by the
 * document. */
#ifndef VL_KUBE_OBJECT_H
#define VL_KUBE_OBJECT_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/doc.h"
#include "kube/kind.h"

#define VL_KUBE_ITEMS_MAX      1000000 /* items of one List */
#define VL_KUBE_HASH_BYTES_MAX (256UL * 1024 * 1024)
#define VL_KUBE_HASH_TEXT_MAX  72 /* "sha256:" + 64 digits + NUL */

struct vl_kube_object {
    const struct vl_doc_node *node;
    struct vl_span api_version;    /* "apps/v1" */
    struct vl_span group, version; /* "apps", "v1"; group empty for the core group */
    struct vl_span kind;
    struct vl_span name;              /* empty where only generateName is set */
    struct vl_span namespace_name;    /* as written; empty where it is not */
    const struct vl_kube_kind *known; /* NULL: not a built-in kind */
};

/* VL_ERR_INVALID where the node is not an object with the texts apiVersion and kind; the message tells line
 * and what is missing. `name` is for messages: the file. */
VL_MUST_CHECK int vl_kube_object_view(
    const struct vl_doc_node *node, const char *name, struct vl_kube_object *ret, struct vl_err *err);

/* How a file of objects is to be read, by how it begins. YAML's flow form begins like JSON, too: who takes
 * that reads what is no JSON a second time. */
enum vl_doc_format vl_kube_format(struct vl_span text);

/* Calls `each` for the object itself, or for every item of a List ("v1/List", and any kind that ends with
 * "List" and has items; items without apiVersion and kind take them from it where it is a typed list). A
 * negative return ends the walk. Items that are no objects, or Lists themselves, are VL_ERR_INVALID once all
 * others were called for. */
VL_MUST_CHECK int vl_kube_each_object(const struct vl_doc_node *node, const char *name,
    int (*each)(const struct vl_kube_object *object, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* Is the object namespaced? Unknown kinds: where they say a namespace. */
bool vl_kube_object_namespaced(const struct vl_kube_object *object);

const struct vl_doc_node *vl_kube_object_labels(const struct vl_kube_object *object);      /* may be NULL */
const struct vl_doc_node *vl_kube_object_annotations(const struct vl_kube_object *object); /* may be NULL */

/* The pod template ({metadata, spec}), the object itself for a Pod, NULL where it has none. */
const struct vl_doc_node *vl_kube_object_template(const struct vl_kube_object *object);
/* Its path: "spec.template", "" for a Pod; NULL where there is none. */
const char *vl_kube_object_template_path(const struct vl_kube_object *object);

#define VL_KUBE_SHAPE_PATH_MAX 256

struct vl_kube_shape {
    char path[VL_KUBE_SHAPE_PATH_MAX]; /* "spec.containers" */
    const struct vl_doc_node *node;    /* that does not fit: the member, or an item of it */
    const char *wanted;                /* "an array of objects" */
};

/* False: metadata, or a pod of a built-in kind, has a member of a type that an API server does not decode.
 * The first is told. Only fields that checks read are looked at. */
bool vl_kube_object_fits(const struct vl_kube_object *object, struct vl_kube_shape *ret);

/* "sha256:…" over the canonical JSON of the object: keys sorted by bytes, no white space, whole numbers
 * without fraction. Left out is what only the API server writes, so that a manifest and what was made of it
 * differ only where somebody changed it: status, and of metadata creationTimestamp, deletionTimestamp,
 * deletionGracePeriodSeconds, generation, managedFields, resourceVersion, selfLink, uid and the annotation
 * kubectl.kubernetes.io/last-applied-configuration; labels and annotations that are empty count as absent, as
 * do members that are null. */
VL_MUST_CHECK int vl_kube_object_hash(
    const struct vl_kube_object *object, char ret[VL_KUBE_HASH_TEXT_MAX], struct vl_err *err);

/* The same over any node; only members that are null are left out. */
VL_MUST_CHECK int vl_kube_node_hash(
    const struct vl_doc_node *node, char ret[VL_KUBE_HASH_TEXT_MAX], struct vl_err *err);

/* Appends that canonical JSON of a node. Parsed again it is the object as an API server has a built-in kind:
 * there is no null in it. */
VL_MUST_CHECK int vl_kube_node_json(const struct vl_doc_node *node, struct vl_buf *out, struct vl_err *err);
/* Some member of some object in it is null ("securityContext:" with nothing behind it). */
bool vl_kube_node_has_null(const struct vl_doc_node *node);

#endif
