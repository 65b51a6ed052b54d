/* What SBOM formats have no place for, as names under "vallum:" (docs/reports/cyclonedx.md has the table):
 * with it a scan of our SBOM finds what a scan of the target found. CycloneDX writes them as properties, SPDX
 * as annotations. Private to report. */
#ifndef VL_REPORT_ANNOTATE_H
#define VL_REPORT_ANNOTATE_H

#include "report/report.h"

struct vl_report_emit {
    void (*emit)(void *user, const char *name, const char *value);
    void *user;
};

void vl_report_annotate_package(
    const struct vl_scan_result *result, const struct vl_package *package, struct vl_report_emit to);
void vl_report_annotate_distro(const struct vl_scan_result *result, struct vl_report_emit to);
void vl_report_annotate_target(const struct vl_scan_result *result, struct vl_report_emit to);

#endif
