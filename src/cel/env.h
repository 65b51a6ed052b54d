/* The inside of an environment: what checker and compiler look up. */
#ifndef VL_CEL_ENV_H
#define VL_CEL_ENV_H

#include "ast.h"
#include "base/map.h"
#include "library.h"
#include "parse.h"

#define VL_CEL_VARIABLES_MAX 1000

struct vl_cel_variable {
    const char *name; /* may be qualified */
    const struct vl_cel_type *type;
};

/* A function with the overloads of all libraries that this environment has; `overloads[i]` is bit i in
 * vl_cel_node.overloads. */
struct vl_cel_env_function {
    const char *name;
    const struct vl_cel_overload **overloads; /* grow with `cap`, in the arena of the environment */
    const struct vl_cel_library **libraries;
    unsigned n, cap;
};

#define VL_CEL_OPERATORS (VL_CEL_OP_NOT_STRICTLY_FALSE + 1)

struct vl_cel_env {
    struct vl_cel_env_options options;
    struct vl_arena *arena;
    struct vl_cel_variable *variables;
    unsigned n_variables, cap_variables;
    bool qualified;               /* some variable's name has a dot */
    bool has_schemas;             /* some variable's type is a schema */
    struct vl_map variable_index; /* name -> index */
    struct vl_map functions;      /* name -> struct vl_cel_env_function * */
    const struct vl_cel_env_function
        *operators[VL_CEL_OPERATORS]; /* by enum vl_cel_operator; NULL where missing */
};

const struct vl_cel_variable *vl_cel_env_find_variable(
    const struct vl_cel_env *env, struct vl_span name, unsigned *ret_index);
const struct vl_cel_env_function *vl_cel_env_find_function(const struct vl_cel_env *env, struct vl_span name);

/* A type by name, as an identifier in an expression ("int", "google.protobuf.Timestamp",
 * "kubernetes.Quantity" in versions that have it); NULL where unknown. */
const struct vl_cel_type *vl_cel_env_find_type(const struct vl_cel_env *env, struct vl_span name);

/* Declares a variable of a type that lives as long as the environment. */
VL_MUST_CHECK int vl_cel_env_declare(
    struct vl_cel_env *env, const char *name, const struct vl_cel_type *type, struct vl_err *err);

/* Whether the environment has what Kubernetes brought with 1.`minor`. */
bool vl_cel_env_since(const struct vl_cel_env *env, unsigned minor);

/* The syntax and macros it has. */
struct vl_cel_parse_options vl_cel_env_parse_options(const struct vl_cel_env *env);

/* Candidates of a name in the container, longest first, as cel-spec's "Name Resolution" has it: "a.b.x",
 * "a.x", "x" for container "a.b". A leading dot leaves only the name itself. */
#define VL_CEL_CANDIDATE_MAX 1024 /* bytes of a candidate */
struct vl_cel_candidates {
    struct vl_span name;      /* without the leading dot */
    struct vl_span container; /* what is left of it */
    bool done;
    char text[VL_CEL_CANDIDATE_MAX];
};
void vl_cel_candidates_start(struct vl_cel_candidates *c, const struct vl_cel_env *env, struct vl_span name);
/* False at the end. The candidate is good until the next call. */
bool vl_cel_candidates_next(struct vl_cel_candidates *c, struct vl_span *ret_name);

#endif
