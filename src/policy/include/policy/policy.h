/* Policies as documents: loaded, compiled once, evaluated often.
 *
 *   vl_policies     everything that was loaded: policies, bindings, checks, standards, exemptions,
 * parameters; immutable after vl_policies_finish(): any number of threads evaluate it vl_policy_run   memory
 * and budget of evaluations; one a thread
 *
 * Documents (told by apiVersion and kind, any number in a file, Lists taken apart):
 *   admissionregistration.k8s.io  ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding
 *   vallum/v1                     Check, Standard, Exemption (docs/policies.md,
 * docs/schema/check.schema.json) kyverno.io                    ClusterPolicy, Policy with validate.cel
 *   policies.kyverno.io           ValidatingPolicy, NamespacedValidatingPolicy
 *   templates.gatekeeper.sh       ConstraintTemplate with engine K8sNativeValidation;
 * constraints.gatekeeper.sh v1                            Namespace: labels for selectors, and
 * namespaceObject anything else                 an object that paramKind may name Foreign forms become the
 * same as ValidatingAdmissionPolicies; what has no counterpart is told as a problem.
 *
 * Sources: Kubernetes admissionregistration.k8s.io/v1; behaviour of k8s.io/apiserver 0.36,
 * pkg/admission/plugin/policy/{validating,matching,generic} and plugin/cel; Kyverno 1.15
 * (policies.kyverno.io, autogen rules); Gatekeeper 3.20 (K8sNativeValidation driver). */
#ifndef VL_POLICY_POLICY_H
#define VL_POLICY_POLICY_H

#include "base/arena.h"
#include "cel/cel.h"
#include "kube/object.h"
#include "model/verdict.h"

#define VL_POLICIES_MAX           100000 /* policies, rules of a ClusterPolicy counted each */
#define VL_POLICY_DOCUMENTS_MAX   1000000
#define VL_POLICY_FILE_MAX        (256UL * 1024 * 1024)
#define VL_POLICY_ARENA_MAX       (1024UL * 1024 * 1024)
#define VL_POLICY_PROBLEMS_MAX    10000
#define VL_POLICY_VARIABLES_MAX   256  /* of one policy, its parameters included */
#define VL_POLICY_EXPRESSIONS_MAX 1000 /* validations, match conditions or annotations of one policy */
#define VL_POLICY_BINDINGS_MAX    1000 /* of one policy */
#define VL_POLICY_PARAMS_MAX      1000 /* parameter objects that one binding selects */
#define VL_POLICY_FIELDS_MAX      100  /* offending fields that one verdict names */
#define VL_POLICY_MESSAGE_MAX     (5UL * 1024)  /* bytes of an evaluated messageExpression, as Kubernetes */
#define VL_POLICY_ANNOTATION_MAX  (10UL * 1024) /* bytes of an audit annotation's value, as Kubernetes */

/* --- documents --- */

enum vl_policy_form {
    VL_POLICY_VAP,
    VL_POLICY_CHECK,
    VL_POLICY_KYVERNO,  /* a rule of a ClusterPolicy or Policy */
    VL_POLICY_KYVERNO2, /* a ValidatingPolicy */
    VL_POLICY_GATEKEEPER,
};

struct vl_policies;

struct vl_policy_options {
    unsigned kubernetes_minor; /* whose CEL; 0: VL_CEL_KUBERNETES_DEFAULT */
    bool autogen;              /* pod rules of ValidatingAdmissionPolicies on pod templates too */
    const char *standard;      /* only the checks of this standard, with its parameters; NULL: all */
    const struct vl_doc_node *parameters; /* {name: value} for checks, before those of a standard; or NULL */
    const char
        *builtin_standard; /* without `standard`: of the built-in checks only those of this one; NULL: all */
    bool objects_answer;   /* objects that are added are what policies find that ask a cluster */
    bool created_later;    /* then not the object that is being created: it is not there yet */
    const char *data_date; /* recorded in verdicts; may be NULL */
    const char *default_namespace; /* of namespaced objects that name none; NULL: "default" */
    int64_t now_ms;                /* for the expiry of exemptions; 0: the clock */
};

/* A problem with a place. An error means that the document, or the part that is named, is not used. */
struct vl_policy_problem {
    bool is_error; /* else a warning: something was not converted, is unused, is assumed */
    const char *file;
    uint32_t line, column; /* 0 where not known */
    const char *item;      /* "ValidatingAdmissionPolicy 'x'" */
    const char *field;     /* "spec.validations[0].expression", or NULL */
    const char *message;
};

VL_MUST_CHECK int vl_policies_new(
    const struct vl_policy_options *options, struct vl_policies **ret, struct vl_err *err);
void vl_policies_free(struct vl_policies *set); /* accepts NULL */
void vl_policies_cleanup(struct vl_policies **set);

/* Adds the documents of a file's text (YAML or JSON, told by the first byte). Problems of documents are
 * collected; a negative return is a text that is no YAML or JSON at all, or ours (no memory, a limit). */
VL_MUST_CHECK int vl_policies_add(
    struct vl_policies *set, struct vl_span text, const char *file, struct vl_err *err);

/* The same for files that hold parameters and namespaces: policies among them are not loaded. */
VL_MUST_CHECK int vl_policies_add_params(
    struct vl_policies *set, struct vl_span text, const char *file, struct vl_err *err);

/* An object that is known already, lent: a Namespace serves selectors, anything may be a parameter. */
VL_MUST_CHECK int vl_policies_add_object(
    struct vl_policies *set, const struct vl_kube_object *object, struct vl_err *err);

/* What policies are told that ask a cluster, a registry or the network: {resources, images,
 * globalContextEntries, apiCallResponses} as Kyverno's command line has them. A document of kind Context or
 * ClusterResource (cli.kyverno.io) is the same. The node is lent for the life of the set; VL_ERR_INVALID
 * where one of the resources is no object. */
VL_MUST_CHECK int vl_policies_add_context(
    struct vl_policies *set, const struct vl_doc_node *node, const char *file, struct vl_err *err);

/* After the last document: binds, compiles, reports what does not compile. */
VL_MUST_CHECK int vl_policies_finish(struct vl_policies *set, struct vl_err *err);

uint32_t vl_policies_problems(const struct vl_policies *set);
const struct vl_policy_problem *vl_policies_problem(const struct vl_policies *set, uint32_t index);
uint32_t vl_policies_errors(const struct vl_policies *set);

/* What one loaded policy is. Lent by the set. */
struct vl_policy_info {
    enum vl_policy_form form;
    const char *kind;    /* "ValidatingAdmissionPolicy" … */
    const char *name;    /* metadata.name, or a check's id */
    const char *rule;    /* of a ClusterPolicy; else NULL */
    const char *version; /* of a check; else the hash of the document */
    const char *title;
    const char *description;
    const char *rationale;
    const char *category;
    enum vl_severity severity;
    const char *const *remediation;
    uint32_t n_remediation;
    const struct vl_doc_node *mappings; /* of a check: {pss: …, cis: …}; may be NULL */
    const struct vl_doc_node *document; /* the whole document */
    const char *file;
    uint32_t line;
    bool usable; /* false: an expression that it needs does not compile: every evaluation is an error */
};

uint32_t vl_policies_size(const struct vl_policies *set);
const struct vl_policy_info *vl_policies_at(const struct vl_policies *set, uint32_t index);
/* UINT32_MAX where there is none of that name. */
uint32_t vl_policies_find(const struct vl_policies *set, const char *name);

/* --- evaluation --- */

struct vl_policy_run;

VL_MUST_CHECK int vl_policy_run_new(
    const struct vl_policies *set, struct vl_policy_run **ret, struct vl_err *err);
void vl_policy_run_free(struct vl_policy_run *run); /* accepts NULL */
void vl_policy_run_cleanup(struct vl_policy_run **run);

/* What is asked. Everything is lent. Empty spans are derived from the object where that can be done. */
struct vl_policy_request {
    const struct vl_kube_object *object;     /* NULL for DELETE */
    const struct vl_kube_object *old_object; /* NULL for CREATE */
    /* Instead of both: any document, for the ValidatingPolicies whose evaluation.mode is JSON and for no
     * other policy. NULL: those are about nothing here. */
    const struct vl_doc_node *payload;
    struct vl_span operation; /* "CREATE" where empty ("DELETE" without an object) */
    struct vl_span resource;  /* plural; from the kind where empty */
    struct vl_span subresource;
    struct vl_span name, namespace_name; /* of the object where empty */
    struct vl_span username;             /* used where user_info is NULL */
    const struct vl_doc_node *user_info; /* {username, uid, groups, extra} */
    const struct vl_doc_node *options;
    bool dry_run;
    const char *file;                           /* of the object, for verdicts; may be NULL */
    const struct vl_cel_authorizer *authorizer; /* NULL: `authorizer` is the error "no such attribute" */
};

/* Is a policy of the set about payloads? */
bool vl_policies_take_payloads(const struct vl_policies *set);

/* Reads an AdmissionReview (admission.k8s.io/v1) into a request. The two objects are the caller's. */
VL_MUST_CHECK int vl_policy_request_review(const struct vl_doc_node *review, const char *file,
    struct vl_kube_object *object, struct vl_kube_object *old_object, struct vl_policy_request *ret,
    struct vl_err *err);

/* Calls `each` with a verdict for every policy (and binding, and parameter object); those that are not about
 * the object come as VL_VERDICT_NOT_APPLICABLE. The verdict and its texts are good until `each` returns. A
 * negative return of `each` ends the walk and is returned. */
VL_MUST_CHECK int vl_policy_evaluate(struct vl_policy_run *run, const struct vl_policy_request *request,
    int (*each)(const struct vl_verdict *verdict, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* The same for one policy of the set. */
VL_MUST_CHECK int vl_policy_evaluate_one(struct vl_policy_run *run, uint32_t index,
    const struct vl_policy_request *request,
    int (*each)(const struct vl_verdict *verdict, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* Appends a verdict as one line of JSON (docs/policies.md), with the line end. */
VL_MUST_CHECK int vl_policy_verdict_json(
    const struct vl_verdict *verdict, struct vl_buf *out, struct vl_err *err);

#endif
