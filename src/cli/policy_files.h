/* Files of policies, parameters and objects, for the commands of `vallum policy`. */
#ifndef VL_CLI_POLICY_FILES_H
#define VL_CLI_POLICY_FILES_H

#include "command.h"
#include "policy/policy.h"

#define VL_CLI_POLICY_FILES_MAX 1000000
#define VL_CLI_POLICY_DEPTH_MAX 64

/* Calls `each` with the text of a file, of standard input ("-"), or of every .yaml, .yml and .json file of a
 * folder and the folders in it, in order of names. A negative return of `each` ends it. */
VL_MUST_CHECK int vl_cli_each_policy_file(const char *path,
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* The same with the folders ".kyverno-test" and ".chainsaw-test", where Kyverno's policies have their test
 * suites. */
VL_MUST_CHECK int vl_cli_each_test_file(const char *path,
    int (*each)(const char *path, struct vl_span text, void *user, struct vl_err *err), void *user,
    struct vl_err *err);

/* Loads files into a set; what is no YAML is told on standard error and counted in *invalid. */
VL_MUST_CHECK int vl_cli_load_policies(struct vl_policies *set, const struct vl_cli_list *files, bool params,
    unsigned *invalid, struct vl_err *err);

/* Tells all problems on standard error ("FILE:LINE:COLUMN: error: …"); the number of errors. `quiet` leaves
 * out warnings. */
unsigned vl_cli_policy_problems(const struct vl_policies *set, bool quiet);

#endif
