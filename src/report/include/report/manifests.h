/* Reports of checked manifests. */
#ifndef VL_REPORT_MANIFESTS_H
#define VL_REPORT_MANIFESTS_H

#include "model/manifest_result.h"
#include "report/report.h"

/* TABLE, JSON (docs/schema/manifests.json), SARIF and JUNIT; another format is VL_ERR_USAGE. */
VL_MUST_CHECK int vl_report_manifests(const struct vl_manifest_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);

/* "12 to fix (3 critical, 9 high) · 8 with a fix · 2 exempt · 143 objects in 20 files, 62 checks". */
VL_MUST_CHECK int vl_report_manifests_summary(
    const struct vl_manifest_result *result, struct vl_buf *out, struct vl_err *err);

#endif
