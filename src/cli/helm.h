/* Charts, rendered by the user's own helm. */
#ifndef VL_CLI_HELM_H
#define VL_CLI_HELM_H

#include "base/buf.h"
#include "command.h"

/* Appends what `helm template` prints for the chart in `folder`. VL_ERR_UNSUPPORTED where there is no helm; a
 * chart that it refuses is VL_ERR_INVALID with the first line that it says. It has VL_HELM_SECONDS. */
VL_MUST_CHECK int vl_cli_helm_template(
    const char *folder, const struct vl_cli_list *values, struct vl_buf *out, struct vl_err *err);

#endif
