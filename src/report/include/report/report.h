/* Reports: anything of model/ as table, JSON, SARIF, CycloneDX, SPDX, JUnit, CSV, HTML. Pure: model in, bytes
 * out. */
#ifndef VL_REPORT_REPORT_H
#define VL_REPORT_REPORT_H

#include "base/buf.h"
#include "model/result.h"

#define VL_REPORT_MAX (2048UL * 1024 * 1024) /* bytes of one report */

enum vl_report_format {
    VL_REPORT_TABLE,
    VL_REPORT_JSON,
    VL_REPORT_SARIF,
    VL_REPORT_CYCLONEDX,
    VL_REPORT_SPDX,
    VL_REPORT_JUNIT,
    VL_REPORT_CSV,
    VL_REPORT_HTML,
    VL_REPORT_FORMAT_COUNT
};

const char *vl_report_format_name(enum vl_report_format format);
bool vl_report_format_parse(struct vl_span name, enum vl_report_format *ret);

struct vl_report_options {
    unsigned width; /* columns of a table; 0: 100 */
    bool color;
    bool packages_only;  /* CycloneDX, SPDX: no vulnerabilities; JSON, CSV, table: the package list */
    bool show_hidden;    /* findings that are ignored, filtered or judged by the distribution */
    const char *version; /* of the program, for the tool entries */
};

VL_MUST_CHECK int vl_report_write(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);

/* The last line of the table, which says what to do: "4 to fix now (1 exploited, due 3 Dec) · 61 fixable ·
 * …". */
VL_MUST_CHECK int vl_report_summary_line(
    const struct vl_scan_result *result, struct vl_buf *out, struct vl_err *err);

#endif
