/* Private: one evaluation. */
#ifndef VL_POLICY_RUN_H
#define VL_POLICY_RUN_H

#include "match.h"

#define POLICY_RUN_ARENA_MAX     (256UL * 1024 * 1024) /* of one request, values made for it */
#define POLICY_VERDICT_ARENA_MAX (64UL * 1024 * 1024)  /* of one verdict */

/* One way to look at the request: as it is, or its pod template as a Pod. */
struct policy_look {
    struct policy_subject subject;
    const struct vl_doc_node *root;         /* of the looked-at object as it is written, for places */
    const char *template_path;              /* "" for the object itself */
    struct vl_cel_value object, old_object; /* null where there is none */
    struct vl_cel_value request;
    bool has_request;                   /* made at first use */
    const struct policy_subject *asked; /* as what it was asked, where it was converted; NULL: the same */
};

struct vl_policy_run {
    const struct vl_policies *set;
    struct vl_cel_run *cel;
    struct vl_arena *arena;   /* of the request */
    struct vl_arena *verdict; /* of the verdict */
    struct vl_doc *labels;    /* of the request's namespace, with the name Kubernetes gives every one */
    struct vl_doc *clean[2];  /* object and oldObject without nulls, where they had some */
    struct vl_kube_object clean_object[2];
    const struct vl_kube_object *new_object, *old_object; /* as expressions see them; may be NULL */

    /* The request. */
    const struct vl_policy_request *request;
    const struct vl_kube_object *object; /* the new one, or for DELETE the old one */
    struct vl_kube_object payload;       /* a payload as one that has nothing but its node */
    struct policy_look direct, pod, converted;
    bool has_pod;
    const struct policy_object *namespace_object; /* NULL: not known */
    struct vl_cel_value namespace_value;
    bool has_namespace_value;
    bool namespace_assumed;
    char hash[VL_KUBE_HASH_TEXT_MAX];
    int64_t now_ms;

    const struct policy *asking; /* whose expressions run */

    /* Examples bring their own: other values of parameters, and the namespace. May be NULL. */
    uint64_t allowing; /* exceptions of the policy (the first 64) that allow images or values now */
    const struct vl_doc_node *given_parameters;
    const struct policy_object *given_namespace;
};

/* --- request.c --- */
VL_MUST_CHECK int policy_run_begin(
    struct vl_policy_run *run, const struct vl_policy_request *request, struct vl_err *err);
struct vl_cel_value policy_run_request_value(struct vl_policy_run *run, struct policy_look *look);
struct vl_cel_value policy_run_namespace_value(struct vl_policy_run *run);
/* The request in another version of its resource, in run->converted. */
void policy_run_convert(struct vl_policy_run *run, const struct policy_version *version);

/* The images of the looked-at pod by the kind of their containers, as Kyverno gives them. */
struct vl_cel_value policy_run_images_value(struct vl_policy_run *run, const struct policy_look *look);

/* A pod template as Kyverno's exceptions see it: with the metadata of its controller. */
struct vl_cel_value policy_run_excepted_value(struct vl_policy_run *run, const struct policy_look *look);

/* --- except.c --- */
/* The exception that is about this object, or NULL; those that allow images or values only are collected into
 * the run instead, for the expressions to read. An error of a condition is one of the policy: -EINVAL. */
VL_MUST_CHECK int policy_run_except(struct vl_policy_run *run, const struct policy *policy,
    struct policy_look *look, const struct policy_exception **ret, struct vl_err *err);
struct vl_cel_value policy_run_allowed(struct vl_policy_run *run, const struct policy *policy, bool images);

/* --- evaluate.c --- */
struct policy_result {
    bool matched; /* false: a match condition says that the policy is not about this */
    const char *why_not;
    struct vl_verdict_decision *decisions; /* in run->verdict */
    uint32_t n_decisions;
    struct vl_verdict_annotation *annotations;
    uint32_t n_annotations;
    uint64_t cost;
};
VL_MUST_CHECK int policy_run_validate(struct vl_policy_run *run, const struct policy *policy,
    struct policy_look *look, const struct vl_doc_node *params, struct policy_result *ret,
    struct vl_err *err);
/* Binds what the policy's expressions may read, with a fresh budget. */
void policy_run_bind(struct vl_policy_run *run, const struct policy *policy, struct policy_look *look,
    const struct vl_doc_node *params, bool with_namespace, uint64_t budget, uint64_t uses);

/* --- fields.c --- */
/* Where a failed check fails, and how to mend it. Problems become notes. */
VL_MUST_CHECK int policy_run_explain(struct vl_policy_run *run, const struct policy *policy,
    struct policy_look *look, struct vl_verdict *verdict, struct vl_err *err);
/* The node at a path "spec.containers[0].image" below root; NULL with the nearest parent in *ret_near. */
const struct vl_doc_node *policy_node_at(
    const struct vl_doc_node *root, struct vl_span path, const struct vl_doc_node **ret_near);

#endif
