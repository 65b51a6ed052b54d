/* Private: writing a policy back. */
#ifndef VL_POLICY_EXPORT_IMPL_H
#define VL_POLICY_EXPORT_IMPL_H

#include "policy/export.h"
#include "set.h"

#define POLICY_LEFT_OUT_MAX          64
#define POLICY_EXPORT_CONDITIONS_MAX 8

struct policy_export {
    const struct policy *policy;
    const struct vl_policy_export_options *options;
    struct vl_arena *arena;
    struct vl_buf *out;
    const char *name;
    const char *suffix; /* "", "-controllers", "-cronjobs" */
    const char *into;   /* "spec.template": expressions look there; NULL: as they are */
    struct {
        const char *name, *expression;
    } conditions[POLICY_EXPORT_CONDITIONS_MAX]; /* that the match needs */
    uint32_t n_conditions;
    const char **left_out;
    uint32_t n_left_out;
};

VL_PRINTF(2, 3) void policy_export_left_out(struct policy_export *x, const char *fmt, ...);

/* --- export_match.c --- */
/* matchConstraints; conditions that it needs beside are added to x->conditions. */
VL_MUST_CHECK int policy_export_match(struct policy_export *x, struct vl_err *err);
VL_MUST_CHECK int policy_export_binding_match(
    struct policy_export *x, const struct policy_binding *b, struct vl_err *err);
/* The policy is about pods, and so its rules about their templates. */
bool policy_export_is_pod_rule(const struct policy *policy);

/* --- rewrite.c --- */
/* Copies an expression, with `object` and `oldObject` before spec and metadata replaced by the template in
 * them. `*ret_bare`: one of them stands for itself somewhere. */
void policy_rewrite(struct vl_span text, const char *into, struct vl_buf *out, bool *ret_bare);

#endif
