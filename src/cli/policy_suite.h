/* Test suites beside policies, in the layouts of other tools: Kyverno's command line (kyverno-test.yaml),
 * Chainsaw (chainsaw-test.yaml), Gatekeeper's gator (suite.yaml). Each expected result becomes an example.
 * Paths in a suite are relative to it. */
#ifndef VL_CLI_POLICY_SUITE_H
#define VL_CLI_POLICY_SUITE_H

#include "policy/examples.h"

#define VL_CLI_SUITE_RESULTS_MAX 10000

struct vl_cli_suite {
    const char *path; /* of its file */
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err);
    void *user;
};

/* A file named beside that of the suite. */
VL_MUST_CHECK int vl_cli_suite_path(
    const struct vl_cli_suite *suite, struct vl_span name, char ret[4096], struct vl_err *err);

/* Objects of one text, Lists taken apart; documents that are empty are passed over. */
VL_MUST_CHECK int vl_cli_suite_objects(struct vl_span text, const char *path,
    int (*each)(const struct vl_kube_object *object, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

bool vl_cli_is_chainsaw_test(const char *path, struct vl_span text);
VL_MUST_CHECK int vl_cli_run_chainsaw_test(
    const struct vl_cli_suite *suite, struct vl_span text, struct vl_err *err);

bool vl_cli_is_gator_suite(const char *path, struct vl_span text);
VL_MUST_CHECK int vl_cli_run_gator_suite(
    const struct vl_cli_suite *suite, struct vl_span text, struct vl_err *err);

#endif
