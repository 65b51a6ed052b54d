/* Examples beside policies: a check's own, and test files in the form of Kyverno's command line. */
#ifndef VL_POLICY_EXAMPLES_H
#define VL_POLICY_EXAMPLES_H

#include "policy/policy.h"

struct vl_policy_example {
    const char *file; /* of the example */
    uint32_t line;
    const char *policy;
    const char *rule;     /* or NULL */
    const char *name;     /* "privileged container", or the object's kind and name */
    const char *expected; /* "pass" "fail" "skip" "error" */
    const char *got;
    const char *message; /* of the verdict, or why it could not run; or NULL */
    bool agrees;
    bool not_run; /* its policy is none that can be evaluated: another language, or errors */
};

/* Runs the examples of all loaded checks: each expected outcome against the verdict. Every check must have at
 * least one that passes and one that fails; one without is told as an example that does not agree. */
VL_MUST_CHECK int vl_policy_examples(const struct vl_policies *set,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

#endif
