/* Test suites in the form of Kyverno's command line: kyverno-test.yaml names policies, resources and expected
 * results.
 *
 * Source: kyverno.io/docs/kyverno-cli, cli.kyverno.io/v1alpha1 Test. */
#ifndef VL_CLI_POLICY_KYVERNO_TEST_H
#define VL_CLI_POLICY_KYVERNO_TEST_H

#include "policy/examples.h"

bool vl_cli_is_kyverno_test(const char *path, struct vl_span text);

/* Calls `each` for every expected result. Paths in it are relative to its own folder. */
VL_MUST_CHECK int vl_cli_run_kyverno_test(const char *path, struct vl_span text,
    int (*each)(const struct vl_policy_example *example, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

#endif
