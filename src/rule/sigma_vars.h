/* Values of Sigma's placeholders. Private to sigma*.c. */
#ifndef VL_RULE_SIGMA_VARS_H
#define VL_RULE_SIGMA_VARS_H

#include "base/map.h"
#include "sigma_build.h"

#define VL_SIGMA_VARS_MAX 10000

/* A document with `vars`, as processing pipelines of pySigma have it: {vars: {servers: [srv1, "dc*"]}}. A
 * later one of the same name takes the place of the earlier. */
VL_MUST_CHECK int vl_sigma_vars_read(
    struct vl_map *vars, const struct vl_doc_node *root, struct vl_arena *arena, struct vl_err *err);

/* %name% in a value: calls `each` with every text that its values make. A name without values is an error
 * that says how to give them. 0: the text has no placeholder, nothing was called. 1: it had. */
VL_MUST_CHECK int vl_sigma_vars_expand(const struct vl_map *vars, struct vl_span text, struct vl_arena *arena,
    int (*each)(struct vl_span text, void *user, struct vl_err *err), void *user, struct vl_err *err);

#endif
