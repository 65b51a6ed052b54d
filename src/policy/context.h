/* Private: what policies that ask a cluster are answered with. */
#ifndef VL_POLICY_CONTEXT_H
#define VL_POLICY_CONTEXT_H

#include "set.h"

void policy_context_init(struct policy_context *context);
void policy_context_done(struct policy_context *context);

/* Kinds Context and ClusterResource of cli.kyverno.io. */
VL_MUST_CHECK int policy_load_context(struct policy_load *load, struct vl_err *err);

struct vl_policy_run;
/* Whom the functions of the policy ask from now on; nobody where there is no context. */
void policy_context_bind(struct vl_policy_run *run, const struct policy *policy);

#endif
