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
#define FINDING_BYTES 3072U /* of a report, about: JSON of a Debian image has 2,900 */
#define PACKAGE_BYTES 512U

static unsigned width_of(const struct vl_cli_scan_settings *s)
{
    struct winsize size;
    if (s->width)
        return s->width < WIDTH_MIN ? WIDTH_MIN : s->width;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
    return WIDTH_DEFAULT;
}

static int write_one(const struct vl_scan_result *result, const struct vl_cli_scan_settings *s,
    const struct vl_cli_output *output, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    const struct vl_report_options options = {
        .width = width_of(s),
        .color = !output->file && vl_cli_color(&s->common),
        .packages_only = s->packages_only || s->list_only,
        .show_hidden = s->show_hidden,
        .version = VL_VERSION,
    };
    vl_buf_init(&text, VL_REPORT_MAX);
    vl_buf_expect(
        &text, result->findings.len * FINDING_BYTES + result->inventory->packages.len * PACKAGE_BYTES);
    int r = vl_report_write(result, output->format, &options, &text, err);
    if (r < 0 || !output->file)
        return r < 0 ? r : vl_cli_print(&text, err);
    /* /dev/stdout, pipes and the like cannot be replaced. */
    if (strncmp(output->file, "/dev/", 5) == 0 || strncmp(output->file, "/proc/", 6) == 0) {
        FILE *f = fopen(output->file, "we");
        bool good = f && fwrite(text.ptr, 1, text.len, f) == text.len;
        if (f && fclose(f) != 0)
            good = false;
        return good ? 0 : vl_err_set(err, VL_ERR_SYSTEM, "%s: cannot be written", output->file);
    }
    r = vl_cli_make_parent(output->file, err);
    /* A report can be made again: two syncs would cost more than a scan of known layers. */
    return r < 0 ? r : vl_file_replace_unsynced(output->file, 0644, vl_buf_span(&text), err);
}

int vl_cli_write_reports(
    const struct vl_scan_result *result, const struct vl_cli_scan_settings *settings, struct vl_err *err)
{
    const struct vl_cli_output standard = {
        settings->list_only && !settings->packages_only ? VL_REPORT_JSON : VL_REPORT_TABLE, NULL};
    if (settings->n_outputs == 0)
        return write_one(result, settings, &standard, err);
    for (size_t i = 0; i < settings->n_outputs; i++) {
        int r = write_one(result, settings, &settings->outputs[i], err);
        if (r < 0)
            return r;
    }
    return 0;
}
