/* The report a person reads, most urgent first within each part. A terminal shows the end of it: what to do
 * and the last line stand there. */
#include "terminal.h"

#define WIDTH_DEFAULT 100
#define WIDTH_MIN     60
#define WIDTH_MAX     1000

int vl_report_table(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    unsigned width = options->width ? options->width : WIDTH_DEFAULT;
    width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
    struct vl_report_terminal t = {.result = result, .options = options, .out = out, .width = width};
    vl_report_table_head(&t);
    if (options->packages_only) {
        vl_report_table_packages(&t);
        vl_report_table_notes(&t);
        return vl_buf_check(out, "table", err);
    }
    int r = vl_report_table_findings(&t, err);
    if (r < 0)
        return r;
    vl_report_table_secrets(&t);
    vl_report_table_notes(&t);
    vl_report_table_coverage(&t);
    vl_report_table_attestations(&t);
    r = vl_report_table_remedies(&t, err);
    if (r < 0)
        return r;
    vl_report_table_gates(&t);
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    vl_buf_init(&line, 1UL << 20);
    r = vl_report_summary_line(result, &line, err);
    vl_buf_append_char(out, '\n');
    vl_report_color_on(&t, VL_REPORT_BOLD);
    vl_report_cell(&t, vl_buf_str(&line), UINT32_MAX);
    vl_report_color_off(&t);
    vl_buf_append_char(out, '\n');
    return r < 0 ? r : vl_buf_check(out, "table", err);
}
