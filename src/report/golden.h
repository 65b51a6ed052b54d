/* Golden files in golden/. For tests. */
#ifndef VL_REPORT_GOLDEN_H
#define VL_REPORT_GOLDEN_H

#include "report/report.h"

void assert_golden(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, const char *name);

#endif
