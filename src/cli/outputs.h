/* Reports to files and standard output. */
#ifndef VL_CLI_OUTPUTS_H
#define VL_CLI_OUTPUTS_H

#include "model/result.h"
#include "scan_options.h"

/* Writes every report that was asked for; a file is replaced as a whole or not at all. */
VL_MUST_CHECK int vl_cli_write_reports(
    const struct vl_scan_result *result, const struct vl_cli_scan_settings *settings, struct vl_err *err);

#endif
