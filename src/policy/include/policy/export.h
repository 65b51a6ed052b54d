/* Policies as ValidatingAdmissionPolicy and binding, for clusters that evaluate them themselves. */
#ifndef VL_POLICY_EXPORT_H
#define VL_POLICY_EXPORT_H

#include "base/buf.h"
#include "policy/policy.h"

#define VL_POLICY_EXPORT_MAX (64UL * 1024 * 1024)

struct vl_policy_export_options {
    const char
        *action; /* "Deny", "Warn" or "Audit" of the binding; NULL: what the document says, else Deny */
    bool no_binding;
    bool no_pod_templates; /* pods alone, where the policy is about pods */
};

/* Appends YAML documents. A pod rule becomes up to three policies, since Kubernetes knows no pod templates:
 * NAME (pods), NAME-controllers and NAME-cronjobs, whose expressions look into the template. `*ret_left_out`
 * (arena texts, count in `*ret_n_left_out`) lists what the result does not hold. */
VL_MUST_CHECK int vl_policy_export(const struct vl_policies *set, uint32_t index,
    const struct vl_policy_export_options *options, struct vl_arena *arena, struct vl_buf *out,
    const char *const **ret_left_out, uint32_t *ret_n_left_out, struct vl_err *err);

#endif
