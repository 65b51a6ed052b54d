/* Built-in kinds of Kubernetes: group, versions, resource name, scope, place of the pod template.
 *
 * Source: the API reference of Kubernetes 1.19 to 1.36 (kubernetes.io/docs/reference/kubernetes-api) and what
 * an API server answers at /apis. */
#ifndef VL_KUBE_KIND_H
#define VL_KUBE_KIND_H

#include "base/span.h"

/* Where a kind holds the pod it will make. */
enum vl_kube_template {
    VL_KUBE_TEMPLATE_NONE = 0,
    VL_KUBE_TEMPLATE_POD,      /* it is a pod */
    VL_KUBE_TEMPLATE_SPEC,     /* spec.template: Deployment … */
    VL_KUBE_TEMPLATE_CRON,     /* spec.jobTemplate.spec.template */
    VL_KUBE_TEMPLATE_TEMPLATE, /* template: PodTemplate */
};

struct vl_kube_kind {
    const char *group;    /* "" for the core group */
    const char *kind;     /* "Deployment" */
    const char *resource; /* "deployments" */
    const char *versions; /* served at some time, newest first: "v1 v1beta2 v1beta1" */
    bool namespaced;
    enum vl_kube_template pod;
    /* Kinds with one number > 0 are one resource served under several groups (Deployment of apps and
     * extensions): a rule for one of them matches the others under matchPolicy Equivalent. */
    uint8_t same;
};

/* NULL where the kind is not built in (a custom resource). */
const struct vl_kube_kind *vl_kube_kind_find(struct vl_span group, struct vl_span kind);

/* The first built-in kind of that name, whatever its group; "Deployment" gives that of apps. NULL where there
 * is none. */
const struct vl_kube_kind *vl_kube_kind_named(struct vl_span kind);

/* All of them, in the order of the table; NULL at the end. */
const struct vl_kube_kind *vl_kube_kind_at(size_t index);

/* One of the versions that the kind is or was served in. */
bool vl_kube_kind_has_version(const struct vl_kube_kind *kind, struct vl_span version);

#define VL_KUBE_RESOURCE_MAX 256

/* Resource name of any kind: from the table, else by the usual rule (lower case; s, x, ch, sh take "es", a
 * consonant and y "ies", else "s"). Returns `text`; an over-long kind is cut. */
const char *vl_kube_resource_name(struct vl_span group, struct vl_span kind, char text[VL_KUBE_RESOURCE_MAX]);

#endif
