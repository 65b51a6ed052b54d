/* What a server accepts of an image: its exemptions and disable rules, as ignore files for a scan that runs
 * here. */
#ifndef VL_CLI_SERVER_POLICY_H
#define VL_CLI_SERVER_POLICY_H

#include "model/inventory.h"
#include "model/severity.h"
#include "remote/client.h"

#define VL_CLI_SERVER_IGNORES 2 /* files: ours, and one in Grype's form for what has no fix */

struct vl_cli_server_policy {
    int fds[VL_CLI_SERVER_IGNORES];        /* unnamed files; -1: none */
    char files[VL_CLI_SERVER_IGNORES][32]; /* by which they can be opened */
    enum vl_severity min_severity;         /* UNKNOWN: all */
    unsigned exemptions, rules;            /* that apply to this image */
    unsigned left_out;                     /* that apply, but cannot be said here */
};

/* Nothing is open after an error. */
VL_MUST_CHECK int vl_cli_server_policy(const struct vl_cli_server *server, const char *target,
    const char *manifest_digest, struct vl_cli_server_policy *ret, struct vl_err *err);
void vl_cli_server_policy_done(struct vl_cli_server_policy *policy); /* also for VL_CLEANUP */

#endif
