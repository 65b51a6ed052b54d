/* Reports to files and standard output. */
#include "outputs.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "db_options.h"

#define WIDTH_MIN     60
#define WIDTH_DEFAULT 100

void vl_cli_outputs_add(
    struct vl_cli_outputs *outputs, bool from_settings, const char *value, const struct argp_state *state)
{
    struct vl_span file = vl_span_str(value);
    struct vl_span format;
    if (outputs->from_settings && !from_settings)
        outputs->n = 0;
    outputs->from_settings = from_settings;
    (void)vl_span_split(&file, '=', &format);
    if (outputs->n == VL_CLI_OUTPUTS_MAX) {
        argp_error(state, "more than %d times --output", VL_CLI_OUTPUTS_MAX);
        return;
    }
    struct vl_cli_output *out = &outputs->items[outputs->n++];
    if (!vl_report_format_parse(format, &out->format))
        argp_error(state,
            "--output: no format is named '%.*s'; there are table, json, sarif, cyclonedx, spdx, junit, "
            "csv, html",
            VL_SPAN_FMT(format));
    out->file = strchr(value, '=') ? file.ptr : NULL;
    if (strchr(value, '=') && file.len == 0)
        argp_error(state, "--output %s: the name of a file is missing", value);
}

void vl_cli_outputs_check(const struct vl_cli_outputs *outputs, const struct argp_state *state)
{
    size_t to_stdout = 0;
    for (size_t i = 0; i < outputs->n; i++)
        to_stdout += outputs->items[i].file == NULL;
    if (to_stdout > 1)
        argp_error(state,
            "only one --output can go to standard output; give the others a file: -o json=report.json");
}

unsigned vl_cli_width(unsigned given)
{
    struct winsize size;
    if (given)
        return given < WIDTH_MIN ? WIDTH_MIN : given;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
    return WIDTH_DEFAULT;
}

int vl_cli_output_put(const struct vl_cli_output *output, const struct vl_buf *text, struct vl_err *err)
{
    if (!output->file)
        return vl_cli_print(text, err);
    /* /dev/stdout, pipes and the like cannot be replaced. */
    if (strncmp(output->file, "/dev/", 5) == 0 || strncmp(output->file, "/proc/", 6) == 0) {
        FILE *f = fopen(output->file, "we");
        bool good = f && fwrite(text->ptr, 1, text->len, f) == text->len;
        if (f && fclose(f) != 0)
            good = false;
        return good ? 0 : vl_err_set(err, VL_ERR_SYSTEM, "%s: cannot be written", output->file);
    }
    int r = vl_cli_make_parent(output->file, err);
    /* A report can be made again: two syncs would cost more than a scan of known layers. */
    return r < 0 ? r : vl_file_replace_unsynced(output->file, 0644, vl_buf_span(text), err);
}
