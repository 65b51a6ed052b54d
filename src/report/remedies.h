/* What to do first: each remedy once. Private to report. */
#ifndef VL_REPORT_REMEDIES_H
#define VL_REPORT_REMEDIES_H

#include "report/report.h"

#define VL_REPORT_REMEDIES_SHOWN 8

struct vl_report_remedy {
    const struct vl_finding *finding; /* the most urgent one that it settles */
    uint64_t settles; /* open findings that the same step settles, or later steps for the same package */
};

struct vl_report_remedies {
    struct vl_report_remedy items[VL_REPORT_REMEDIES_SHOWN];
    size_t n;
    uint64_t total; /* of which the first `n` are in items */
};

/* Findings with the same text, the same command or the same package share one remedy. */
VL_MUST_CHECK int vl_report_remedies(
    const struct vl_scan_result *result, struct vl_report_remedies *ret, struct vl_err *err);

#endif
