/* The inside of an environment: what checker and compiler look up. */
#ifndef VL_CEL_ENV_H
#define VL_CEL_ENV_H

#include "base/map.h"
#include "library.h"

#define VL_CEL_VARIABLES_MAX 1000

struct vl_cel_variable {
    const char *name; /* may be qualified */
    const struct vl_cel_type *type;
};

/* A function with the overloads of all libraries that this environment has; `overloads[i]` is bit i in
 * vl_cel_node.overloads. */
struct vl_cel_env_function {
    const char *name;
    const struct vl_cel_overload *overloads[VL_CEL_OVERLOADS_MAX];
    const struct vl_cel_library *libraries[VL_CEL_OVERLOADS_MAX];
    unsigned n;
};

struct vl_cel_env {
    struct vl_cel_env_options options;
    struct vl_arena *arena;
    struct vl_cel_variable *variables;
    unsigned n_variables;
    struct vl_map variable_index; /* name -> index */
    struct vl_map functions;      /* name -> struct vl_cel_env_function * */
};

const struct vl_cel_variable *vl_cel_env_find_variable(
    const struct vl_cel_env *env, struct vl_span name, unsigned *ret_index);
const struct vl_cel_env_function *vl_cel_env_find_function(const struct vl_cel_env *env, struct vl_span name);

/* A type by name, as an identifier in an expression ("int", "google.protobuf.Timestamp",
 * "kubernetes.Quantity" in versions that have it); NULL where unknown. */
const struct vl_cel_type *vl_cel_env_find_type(const struct vl_cel_env *env, struct vl_span name);

#endif
