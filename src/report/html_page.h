/* Parts of the HTML report. Private to report. */
#ifndef VL_REPORT_HTML_PAGE_H
#define VL_REPORT_HTML_PAGE_H

#include "report/report.h"

extern const char vl_html_style[];
extern const char vl_html_script[];

/* Secrets, coverage, notes, ignores, packages. */
void vl_report_html_rest(
    const struct vl_scan_result *result, const struct vl_report_options *options, struct vl_buf *out);

#endif
