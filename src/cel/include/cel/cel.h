/* CEL, the Common Expression Language, in the profile of Kubernetes: parse and check once, evaluate often.
 *
 *   vl_cel_env      which functions, macros and variables there are; one for each Kubernetes version and set
 * of variables vl_cel_program  a checked expression, immutable: any number of threads evaluate it vl_cel_run
 * the memory and budget of evaluations; one a thread; reset between objects
 *
 * Sources: cel-spec (language, conformance); kubernetes/apiserver pkg/cel (environment, libraries, limits,
 * costs); cel-go (texts of errors, cost model). */
#ifndef VL_CEL_CEL_H
#define VL_CEL_CEL_H

#include "cel/value.h"

#define VL_CEL_KUBERNETES_DEFAULT 36              /* minor version 1.36 */
#define VL_CEL_KUBERNETES_OLDEST  23              /* the first with CEL */
#define VL_CEL_EXPRESSION_MAX     (1024UL * 1024) /* bytes of one expression */
#define VL_CEL_DEPTH_MAX          250             /* nesting of an expression, as cel-go's parser */
#define VL_CEL_NODES_MAX          100000   /* nodes of an expression with its macros expanded, as cel-go's */
#define VL_CEL_COST_CALL_MAX      1000000  /* of one evaluation (Kubernetes PerCallLimit) */
#define VL_CEL_COST_POLICY_MAX    10000000 /* of all expressions of a policy (RuntimeCELCostBudget) */
#define VL_CEL_COST_MATCH_MAX     2500000  /* of match conditions (RuntimeCELCostBudgetMatchConditions) */
#define VL_CEL_MEMORY_MAX         (64UL * 1024 * 1024) /* arena of a run */

struct vl_cel_env;
struct vl_cel_program;
struct vl_cel_run;

/* --- environment --- */

enum vl_cel_profile {
    VL_CEL_PROFILE_KUBERNETES, /* what the API server of a version accepts */
    VL_CEL_PROFILE_CEL_SPEC,   /* mixed lists and maps allowed, math, encoders, bindings: for the conformance
                                  suite */
};

struct vl_cel_env_options {
    enum vl_cel_profile profile;
    unsigned kubernetes_minor; /* 0: VL_CEL_KUBERNETES_DEFAULT; libraries of later versions are refused */
    bool authorizer;           /* declare `authorizer` and its request resource */
    const char *container;     /* namespace for name resolution, or NULL */
    bool unchecked;            /* no type check (conformance cases with disable_check) */
    bool kyverno; /* with the functions that Kyverno's policies have beside those of Kubernetes */
};

VL_MUST_CHECK int vl_cel_env_new(
    const struct vl_cel_env_options *options, struct vl_cel_env **ret, struct vl_err *err);
void vl_cel_env_free(struct vl_cel_env *env); /* accepts NULL */
void vl_cel_env_cleanup(struct vl_cel_env **env);

/* Declares a variable. `type` in CEL's notation: "dyn", "int", "list(string)", "map(string, dyn)",
 * "google.protobuf.Timestamp", "kubernetes.Quantity" … The name may be qualified ("a.b"). */
VL_MUST_CHECK int vl_cel_env_variable(
    struct vl_cel_env *env, const char *name, const char *type, struct vl_err *err);

/* Declares a variable whose type is an OpenAPI v3 schema as CustomResourceDefinitions carry it. The document
 * must outlive the environment. Values bound to it later are seen through the schema (formats date-time,
 * duration, byte …, int-or-string, escaped property names, list types set and map). */
VL_MUST_CHECK int vl_cel_env_variable_schema(
    struct vl_cel_env *env, const char *name, const struct vl_doc_node *schema, struct vl_err *err);

/* The same for the schema of a whole object: apiVersion, kind and metadata (name, generateName) are there
 * even where the schema does not name them. */
VL_MUST_CHECK int vl_cel_env_variable_resource(
    struct vl_cel_env *env, const char *name, const struct vl_doc_node *schema, struct vl_err *err);

/* Index of a variable for vl_cel_bind(), in order of declaration; -1 where it is unknown. */
int vl_cel_env_index(const struct vl_cel_env *env, const char *name);

/* --- compilation --- */

/* One thing wrong with an expression. */
struct vl_cel_issue {
    uint32_t line;       /* 1-based */
    uint32_t column;     /* 1-based, code points */
    const char *message; /* "undeclared reference to 'x' (in container '')", as cel-go words it */
};

#define VL_CEL_ISSUES_MAX 100

/* Compiles. On issues returns -EINVAL with `err` in cel-go's form ("ERROR: <input>:1:12: …" with the source
 * line and a caret), all issues joined by line ends. The expression is copied. The env must outlive the
 * program. */
VL_MUST_CHECK int vl_cel_compile(
    const struct vl_cel_env *env, struct vl_span expression, struct vl_cel_program **ret, struct vl_err *err);

/* The same; issues are also appended to `report` in full, which `err` cuts at its length. Where it stays
 * empty the failure is not one of issues. */
VL_MUST_CHECK int vl_cel_compile_report(const struct vl_cel_env *env, struct vl_span expression,
    struct vl_buf *report, struct vl_cel_program **ret, struct vl_err *err);
void vl_cel_program_free(struct vl_cel_program *program); /* accepts NULL */
void vl_cel_program_cleanup(struct vl_cel_program **program);

/* "bool", "list(string)", "dyn" …: type of the result as the checker knows it. Lent by the program. */
const char *vl_cel_program_type(const struct vl_cel_program *program);

/* Which variables it reads: bit i for variable i of the env (the first 64). */
uint64_t vl_cel_program_variables(const struct vl_cel_program *program);

/* The first function it calls that is only known by name, since it asks a cluster or the network: its call is
 * an error. `*ret_why` says what it would need. NULL where there is none. */
const char *vl_cel_program_refused(const struct vl_cel_program *program, const char **ret_why);

/* The same for those that nobody can answer, whatever vl_cel_run_outside() is given. */
const char *vl_cel_program_unanswerable(const struct vl_cel_program *program, const char **ret_why);

/* The first function it calls that only Kyverno has, not Kubernetes; NULL where there is none. */
const char *vl_cel_program_foreign(const struct vl_cel_program *program);

/* Static estimate of the cost. UINT64_MAX where nothing bounds it. */
void vl_cel_program_estimate(const struct vl_cel_program *program, uint64_t *ret_min, uint64_t *ret_max);

/* --- evaluation --- */

VL_MUST_CHECK int vl_cel_run_new(struct vl_cel_run **ret, struct vl_err *err);
void vl_cel_run_free(struct vl_cel_run *run); /* accepts NULL */
void vl_cel_run_cleanup(struct vl_cel_run **run);

/* Forgets bindings and values made so far, and sets the whole budget for what follows (VL_CEL_COST_POLICY_MAX
 * …). */
void vl_cel_run_reset(struct vl_cel_run *run, uint64_t cost_budget);

struct vl_arena *vl_cel_run_arena(struct vl_cel_run *run); /* for values that are to live until the reset */
uint64_t vl_cel_run_cost(const struct vl_cel_run *run);    /* used since the reset */

/* Ends the evaluation that runs, from another thread or a signal handler: "operation interrupted". Stays
 * until the reset. */
void vl_cel_run_interrupt(struct vl_cel_run *run);

/* What time.now() is, in milliseconds since 1970; 0 (as at first): the clock. */
void vl_cel_run_clock(struct vl_cel_run *run, int64_t now_ms);

/* A question of the `authorizer` variable: what a SubjectAccessReview carries. Absent texts are empty. */
struct vl_cel_authorizer_request {
    bool is_resource;    /* else `path` and `verb` alone */
    struct vl_span path; /* non-resource */
    struct vl_span group, resource, subresource, namespace_name, name, verb;
    struct vl_span field_selector, label_selector;
    struct vl_span service_account_namespace, service_account_name; /* instead of the requesting user */
};

/* Answers come from outside; without an authorizer every check is the error of an evaluation. */
struct vl_cel_authorizer {
    /* 1 allowed, 0 denied, 2 no opinion, < 0 an error, whose text is the reason. All texts may be empty. */
    int (*decide)(void *user, const struct vl_cel_authorizer_request *request, struct vl_span *ret_reason);
    void *user;
};
void vl_cel_run_authorizer(struct vl_cel_run *run, const struct vl_cel_authorizer *lent);

/* What to bind to `authorizer`, and to `authorizer.requestResource` (of the request: group, resource,
 * subresource, namespace, name). They live until the reset; texts are lent. */
struct vl_cel_value vl_cel_authorizer_value(struct vl_cel_run *run);
struct vl_cel_value vl_cel_authorizer_resource(
    struct vl_cel_run *run, const struct vl_cel_authorizer_request *request);

/* What Kyverno's functions ask of a cluster (resource.Get), a registry (image.GetMetadata), Kyverno's global
 * context or the network. Absent texts are empty. */
enum vl_cel_question_kind {
    VL_CEL_ASK_OBJECT,
    VL_CEL_ASK_OBJECTS,
    VL_CEL_ASK_IMAGE,
    VL_CEL_ASK_GLOBAL,
    VL_CEL_ASK_HTTP,
};

struct vl_cel_question {
    enum vl_cel_question_kind kind;
    struct vl_span api_version, resource; /* "apps/v1", "deployments": OBJECT, OBJECTS */
    struct vl_span namespace_name;        /* of objects; empty where they have none */
    bool own_namespace;                   /* that of the policy, which the question does not name */
    struct vl_span name;                  /* of the object, image or entry; the URL */
    struct vl_span projection;            /* GLOBAL; of HTTP the method: "GET" … */
    struct vl_cel_value labels;           /* OBJECTS: a map that all labels must agree with, or null */
};

/* Answers come from outside; without, every question is the error of an evaluation. */
struct vl_cel_outside {
    /* True with an answer, which is made in the arena or outlives the run; false with why there is none. */
    bool (*answer)(void *user, const struct vl_cel_question *question, struct vl_arena *arena,
        struct vl_cel_value *ret, const char **ret_why);
    void *user;
    uint64_t price; /* of a question, in units of cost: what answering is worth */
};
void vl_cel_run_outside(struct vl_cel_run *run, const struct vl_cel_outside *lent); /* NULL: nobody answers */

/* Binds variable `index` of the env the next programs belong to. An unbound variable is the error "no such
 * attribute(s): NAME". */
void vl_cel_bind(struct vl_cel_run *run, unsigned index, struct vl_cel_value value);

/* Binds a variable whose type is a schema to a value that is to be seen as it is. */
void vl_cel_bind_as_is(struct vl_cel_run *run, unsigned index, struct vl_cel_value value);

/* Every use of the variable is this error. */
void vl_cel_bind_error(struct vl_cel_run *run, unsigned index, const char *message);

/* Binds a variable to a program that is evaluated at its first use and kept (variables of policies). Its cost
 * counts once. Cycles are an error. Errors of one named "variables.X" say so, as Kubernetes words it. */
void vl_cel_bind_lazy(struct vl_cel_run *run, unsigned index, const struct vl_cel_program *program);

/* Evaluates. Errors of the expression are values of kind VL_CEL_ERROR; a negative return is ours (no memory).
 * The value lives until the reset. `*ret_cost` (may be NULL) is the cost of this evaluation. */
VL_MUST_CHECK int vl_cel_eval(struct vl_cel_run *run, const struct vl_cel_program *program,
    struct vl_cel_value *ret, uint64_t *ret_cost, struct vl_err *err);

#endif
