/* Private: whom a policy is about. */
#ifndef VL_POLICY_MATCH_H
#define VL_POLICY_MATCH_H

#include "set.h"

/* The object of a request as rules see it; for a pod template, the Pod. */
struct policy_subject {
    struct vl_span group, version, kind, resource, subresource;
    struct vl_span name;
    struct vl_span namespace_name; /* of a Namespace its own name; empty for what is cluster-wide */
    struct vl_span operation;
    const struct vl_doc_node *labels, *old_labels, *annotations; /* may be NULL */
    const struct vl_doc_node *namespace_labels;                  /* may be NULL */
    bool is_namespace;
    bool generated; /* the pod of a template: its controller will make it */
    const struct vl_kube_kind *known;
};

/* 1 it is about this subject, 0 it is not, -EINVAL: the rule itself is wrong (a selector with an unknown
 * operator). */
VL_MUST_CHECK int policy_matches(
    const struct policy_match *match, const struct policy_subject *subject, struct vl_err *err);

/* The version of the resource that the matching rule is for: another one under matchPolicy Equivalent. */
struct policy_version {
    struct vl_span group, version;
};
VL_MUST_CHECK int policy_matches_as(const struct policy_match *match, const struct policy_subject *subject,
    struct policy_version *ret, struct vl_err *err);

/* Kubernetes' label selectors {matchLabels, matchExpressions}. An empty or absent one selects everything. */
VL_MUST_CHECK int policy_selector_matches(
    const struct vl_doc_node *selector, const struct vl_doc_node *labels, struct vl_err *err);

/* Globs with * and ?. */
bool policy_glob(struct vl_span pattern, struct vl_span text);
bool policy_glob_any(const struct vl_doc_node *list, struct vl_span text);

#endif
