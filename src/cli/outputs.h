/* Reports to files and standard output. */
#ifndef VL_CLI_OUTPUTS_H
#define VL_CLI_OUTPUTS_H

#include "command.h"
#include "report/report.h"

#define VL_CLI_OUTPUTS_MAX 16

struct vl_cli_output {
    enum vl_report_format format;
    const char *file; /* NULL: standard output */
};

/* Values of --output. Those of the command line replace those of settings. */
struct vl_cli_outputs {
    struct vl_cli_output items[VL_CLI_OUTPUTS_MAX];
    size_t n;
    bool from_settings;
};

/* FORMAT or FORMAT=FILE. */
void vl_cli_outputs_add(
    struct vl_cli_outputs *outputs, bool from_settings, const char *value, const struct argp_state *state);

/* Only one can go to standard output. */
void vl_cli_outputs_check(const struct vl_cli_outputs *outputs, const struct argp_state *state);

/* Columns of a table: as given, else the terminal's, else 100; at least 60. */
unsigned vl_cli_width(unsigned given);

/* Writes one report; a file is replaced as a whole or not at all. */
VL_MUST_CHECK int vl_cli_output_put(
    const struct vl_cli_output *output, const struct vl_buf *text, struct vl_err *err);

#endif
