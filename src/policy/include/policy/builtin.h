/* The checks and standards that come with the program (content/checks, content/standards). */
#ifndef VL_POLICY_BUILTIN_H
#define VL_POLICY_BUILTIN_H

#include "policy/policy.h"

#define VL_POLICY_BUILTIN "built-in/" /* how the names of their files begin */

/* Adds all of them, before vl_policies_finish(). */
VL_MUST_CHECK int vl_policies_add_builtin(struct vl_policies *set, struct vl_err *err);

#endif
