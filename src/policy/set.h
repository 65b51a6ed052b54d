/* Private: what a set of policies holds, and how loaders fill it. */
#ifndef VL_POLICY_SET_H
#define VL_POLICY_SET_H

#include "base/map.h"
#include "base/vec.h"
#include "policy/policy.h"
#include "policy/standard.h"

/* An expression of a policy. */
struct policy_expr {
    const char *name;    /* of a variable or condition, or the key of an annotation; NULL where it has none */
    const char *field;   /* "spec.validations[0].expression": for problems */
    struct vl_span text; /* empty: there is none */
    const struct vl_doc_node *node; /* where it stands */
    struct vl_cel_program *program; /* NULL where it does not compile */
    const char *broken;             /* then why, as Kubernetes words it */
};

/* A variable with an expression, or a parameter with a value. */
struct policy_variable {
    struct policy_expr expr;
    const char *type;                /* of a parameter; NULL for a variable */
    const struct vl_doc_node *value; /* of a parameter */
    unsigned index;                  /* in the environment */
    const char *broken;              /* the error that each use is, where it does not compile */
};

struct policy_validation {
    const char *rule; /* its name, or "validations[0]" */
    struct policy_expr expr;
    struct policy_expr message_expr;
    const char *message; /* NULL: none */
    const char *reason;  /* NULL: Invalid */
};

enum policy_match_form {
    MATCH_RESOURCES,  /* Kubernetes' MatchResources in `node`; NULL matches everything */
    MATCH_CHECK,      /* a check's match in `node`, its kinds in `kinds` */
    MATCH_KYVERNO,    /* match in `node`, exclude in `exclude` */
    MATCH_GATEKEEPER, /* a constraint's spec.match in `node`; NULL matches everything */
};

struct policy_kind {
    struct vl_span group, kind; /* kind "*" matches all */
};

struct policy_match {
    enum policy_match_form form;
    const struct vl_doc_node *node;
    const struct vl_doc_node *exclude;
    struct vl_span only_namespace; /* of a namespaced policy; empty: everywhere */
    const struct policy_kind *kinds;
    uint32_t n_kinds;
};

struct policy_binding {
    const char *name;
    const char *policy; /* name of the policy */
    const char *file;
    const struct vl_doc_node *node;
    struct policy_match match;
    const struct vl_doc_node *param_ref; /* NULL: none */
    const struct vl_kube_object *params; /* a Gatekeeper constraint is its own parameter object */
    unsigned actions;
};

enum policy_controllers {
    AUTOGEN_DEPLOYMENT = 1,
    AUTOGEN_DAEMONSET = 2,
    AUTOGEN_STATEFULSET = 4,
    AUTOGEN_REPLICASET = 8,
    AUTOGEN_REPLICATIONCONTROLLER = 16,
    AUTOGEN_JOB = 32,
    AUTOGEN_CRONJOB = 64,
    AUTOGEN_OTHER = 128, /* PodTemplate and kinds that are not Kubernetes' own */
    AUTOGEN_ALL = 255,
};

struct policy {
    struct vl_policy_info info;
    uint32_t index;
    struct policy_match match;
    struct policy_expr *conditions;
    uint32_t n_conditions;
    struct policy_variable *variables;
    uint32_t n_variables;
    struct policy_validation *validations;
    uint32_t n_validations;
    struct policy_expr *annotations;
    uint32_t n_annotations;
    bool ignore_failures;          /* failurePolicy: Ignore */
    const char *param_api_version; /* NULL: no paramKind */
    const char *param_kind;
    bool param_optional;  /* without parameter objects it is evaluated with null */
    unsigned controllers; /* pod templates of these are seen as Pods; of enum policy_controllers */
    unsigned actions;     /* where no binding says otherwise */
    bool must_be_bound;   /* without a binding it does not apply */
    bool of_payloads;     /* evaluation.mode: JSON */
    bool invalid;         /* its document has errors: every evaluation is one */
    struct policy_binding **bindings;
    uint32_t n_bindings;
    struct policy_excepted *exceptions;
    uint32_t n_exceptions;

    /* Checks. */
    struct policy_expr locate, fix;
    bool fix_is_patch;
    const struct vl_doc_node *fields;
    const struct vl_doc_node *parameters; /* declaration */

    /* Gatekeeper's templates. */
    const struct vl_doc_node *parameter_schema; /* openAPIV3Schema of spec.parameters; NULL: none */

    struct vl_cel_env *env;
    unsigned v_object, v_old, v_request, v_namespace, v_params;
    unsigned v_images, v_allowed_images, v_allowed_values; /* UINT32_MAX: not declared */
    const char *foreign; /* a function in it that Kubernetes has not; or NULL */
    uint64_t uses;       /* of the env's variables, by any of its programs (the first 64) */
    uint64_t uses_late;  /* by locate and fix alone */
};

/* A PolicyException of Kyverno: what it names is not evaluated. */
struct policy_exception {
    const char *name;
    const char *file;
    const struct vl_doc_node *node;
    const struct vl_doc_node *refs;            /* spec.policyRefs, or spec.exceptions */
    bool of_rules;                             /* kyverno.io: rules of a ClusterPolicy */
    struct policy_match match;                 /* where of_rules */
    const struct vl_doc_node *conditions;      /* matchConditions, else */
    const struct vl_doc_node *images, *values; /* allowed in spite of the policy, which is evaluated then */
};

/* An exception as one policy has it. */
struct policy_excepted {
    const struct policy_exception *exception;
    struct policy_expr *conditions;
    uint32_t n_conditions;
};

struct policy_object {
    struct vl_kube_object object;
    const char *file;
};

/* Objects of one kind. */
struct policy_objects {
    struct vl_vec items; /* const struct policy_object * */
};

/* What stands for a cluster and the like (context.c). */
struct policy_context {
    struct vl_vec objects;                    /* struct policy_object */
    struct vl_vec images, globals, responses; /* const struct vl_doc_node *: the entries */
    bool there;
};

struct vl_policies {
    struct vl_policy_options options;
    struct vl_arena *arena;
    struct vl_vec docs;     /* struct vl_doc * */
    struct vl_vec policies; /* struct policy * */
    struct vl_vec bindings; /* struct policy_binding * */
    struct vl_vec standards;
    struct vl_vec exemptions;
    struct vl_vec exceptions; /* struct policy_exception * */
    struct vl_vec problems;
    uint64_t problems_dropped;
    uint32_t errors;
    struct vl_map by_name;    /* first policy of a name */
    struct vl_map kinds;      /* "GROUP/KIND" -> struct policy_objects * */
    struct vl_map namespaces; /* name -> struct policy_object * */
    uint64_t n_documents;
    struct policy_context context;
    struct vl_doc *request_schema;
    struct vl_doc *namespace_schema;
    bool finished;
};

/* One document on its way in. */
struct policy_load {
    struct vl_policies *set;
    const struct vl_kube_object *object;
    const char *file;
    const char *item; /* "Check 'x'" */
    bool failed;      /* a problem said that it cannot be used */
};

/* --- set.c: for loaders --- */

/* Adds a problem at a node; `field` may be NULL. Errors set load->failed. */
VL_PRINTF(5, 6)
void policy_problem(struct policy_load *load, bool is_error, const struct vl_doc_node *node,
    const char *field, const char *fmt, ...);
VL_PRINTF(3, 4) const char *policy_text(struct policy_load *load, const char *what, const char *fmt, ...);

/* The member's text, NUL-terminated and lent; NULL where absent. Another type than a string is a problem. */
const char *policy_get_text(struct policy_load *load, const struct vl_doc_node *node, const char *key,
    const char *field, bool required);
/* A member of a type, NULL where absent; another type is a problem. */
const struct vl_doc_node *policy_get(struct policy_load *load, const struct vl_doc_node *node,
    const char *key, enum vl_doc_type type, const char *field);
/* Members that are not in the list are a problem (an error, or a warning). */
void policy_only_keys(struct policy_load *load, const struct vl_doc_node *node, const char *field,
    const char *const *known, bool is_error);

/* A zeroed policy that knows its document. NULL where there is no memory. */
struct policy *policy_new(struct policy_load *load, enum vl_policy_form form, const char *name);
/* Adds it to the set. */
VL_MUST_CHECK int policy_add(struct policy_load *load, struct policy *policy, struct vl_err *err);
VL_MUST_CHECK int policy_add_binding(
    struct policy_load *load, const struct policy_binding *binding, struct vl_err *err);

/* An expression member: required ones that are absent are a problem. */
void policy_get_expr(struct policy_load *load, const struct vl_doc_node *node, const char *key,
    const char *field, bool required, struct policy_expr *ret);

/* Arrays of {name, expression} and the like as Kubernetes has them; `field` is the array's. */
VL_MUST_CHECK int policy_get_conditions(struct policy_load *load, const struct vl_doc_node *array,
    const char *field, struct policy *policy, struct vl_err *err);
/* Appends to the variables there are. */
VL_MUST_CHECK int policy_get_variables(struct policy_load *load, const struct vl_doc_node *array,
    const char *field, struct policy *policy, struct vl_err *err);
VL_MUST_CHECK int policy_get_validations(struct policy_load *load, const struct vl_doc_node *array,
    const char *field, const char *default_message, struct policy *policy, struct vl_err *err);
VL_MUST_CHECK int policy_get_annotations(struct policy_load *load, const struct vl_doc_node *array,
    const char *field, struct policy *policy, struct vl_err *err);
unsigned policy_get_actions(
    struct policy_load *load, const struct vl_doc_node *array, const char *field, unsigned otherwise);
void policy_get_failure_policy(
    struct policy_load *load, const struct vl_doc_node *node, const char *field, struct policy *policy);

/* --- schemas.c --- */
extern const char policy_request_schema[];
extern const char policy_namespace_schema[];

/* --- load_*.c --- */
VL_MUST_CHECK int policy_load_vap(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_vap_binding(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_check(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_standard(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_exemption(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_kyverno(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_kyverno2(struct policy_load *load, struct vl_err *err);
/* load_exception.c */
VL_MUST_CHECK int policy_load_exception(struct policy_load *load, struct vl_err *err);
/* Gives every policy the exceptions that name it; before they are compiled. */
VL_MUST_CHECK int policy_give_exceptions(struct vl_policies *set, struct vl_err *err);
VL_MUST_CHECK int policy_load_template(struct policy_load *load, struct vl_err *err);
VL_MUST_CHECK int policy_load_constraint(struct policy_load *load, struct vl_err *err);

/* --- defaults.c --- */
/* Gives the constraints of a template the defaults of its schema. */
VL_MUST_CHECK int policy_default_parameters(
    struct vl_policies *set, struct policy *policy, struct vl_err *err);

/* --- compile.c --- */
VL_MUST_CHECK int policy_compile(struct vl_policies *set, struct policy *policy, struct vl_err *err);
void policy_done(struct policy *policy);

/* --- standard.c --- */
/* Gives the parameters of a standard to its checks and drops the checks it has not. */
VL_MUST_CHECK int policy_apply_standard(struct vl_policies *set, struct vl_err *err);
/* Values of {name: value} instead of the check's own; one of another type is a problem. */
void policy_set_parameters(
    struct vl_policies *set, const struct vl_doc_node *parameters, struct policy *policy);
/* Names that no check has are problems. */
void policy_unknown_parameters(
    struct vl_policies *set, const struct vl_doc_node *parameters, const char *file, const char *item);
/* A document's value is of a CEL type, as far as its outermost part tells. */
bool policy_value_fits(const char *type, const struct vl_doc_node *value);

#endif
