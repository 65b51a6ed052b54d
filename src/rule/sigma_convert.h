/* A tree of Sigma's with Falco's own operators. Private to sigma_*.c. */
#ifndef VL_RULE_SIGMA_CONVERT_H
#define VL_RULE_SIGMA_CONVERT_H

#include "rule/condition.h"

/* A copy in the arena that Falco's syntax can say. VL_ERR_UNSUPPORTED with the reason where it cannot. */
VL_MUST_CHECK int sc_rewrite(
    const struct vl_condition *tree, struct vl_arena *arena, struct vl_condition **ret, struct vl_err *err);

#endif
