/* Type check, gradual: sets types, resolved names and possible overloads in the tree; checks literals;
 * estimates the cost. Source: cel-go checker (behaviour), cel-spec langdef.md ("Gradual Type Checking"). */
#ifndef VL_CEL_CHECK_H
#define VL_CEL_CHECK_H

#include "env.h"
#include "issues.h"
#include "parse.h"

VL_MUST_CHECK int vl_cel_check(const struct vl_cel_env *env, struct vl_cel_parsed *tree,
    struct vl_arena *arena, struct vl_cel_issues *issues, struct vl_err *err);

/* After the check. Sizes of variables are unknown (as for a stored policy), of schema types as their limits
 * say. */
struct vl_cel_range vl_cel_estimate(const struct vl_cel_env *env, const struct vl_cel_node *root);

#endif
