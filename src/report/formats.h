/* The formats, one file each; and what they share. Private to report. */
#ifndef VL_REPORT_FORMATS_H
#define VL_REPORT_FORMATS_H

#include "report/report.h"

VL_MUST_CHECK int vl_report_table(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_json(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_sarif(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_cyclonedx(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_spdx(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_junit(const struct vl_scan_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_csv(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err);
VL_MUST_CHECK int vl_report_html(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err);

/* Counts that several formats show. */
struct vl_report_counts {
    uint64_t open;
    uint64_t by_severity[VL_SEVERITY_COUNT];
    uint64_t exploited;   /* in KEV */
    int64_t first_due_ms; /* earliest due date among them; 0 where none */
    uint64_t fix_now;     /* exploited, malicious, or critical with a fix */
    uint64_t fixable;
    uint64_t without_fix;
    uint64_t hidden; /* ignored, VEX, filtered */
    uint64_t in_baseline;
};

struct vl_report_counts vl_report_count(const struct vl_scan_result *result);

/* False where no advisory was asked: a scan for secrets alone, which says nothing about vulnerabilities. */
bool vl_report_was_matched(const struct vl_scan_result *result);

/* Whether the format shows this finding. */
bool vl_report_shows(const struct vl_finding *finding, const struct vl_report_options *options);

/* "open", "ignored", "vex", "os_judged", "filtered". */
const char *vl_report_status_name(enum vl_finding_status status);

/* "image", "rootfs", "fs", "sbom". */
const char *vl_report_kind_name(enum vl_target_kind kind);

/* "full", "partial", "not_assessed". */
const char *vl_report_assessed_name(enum vl_assessed assessed);

/* "3 Dec", for lines that a person reads; "3 Dec 2025" where it is not of the year of `now_ms`. */
#define VL_REPORT_DAY_MAX 24
const char *vl_report_day(int64_t ms, int64_t now_ms, char text[VL_REPORT_DAY_MAX]);

/* The layer of a package; NULL where there is none. */
const struct vl_layer *vl_report_layer(const struct vl_scan_result *result, uint32_t index);

/* A page about the id where one is known to exist ("https://nvd.nist.gov/vuln/detail/CVE-…"); NULL otherwise.
 */
const char *vl_report_id_url(const char *id, char url[256]);

/* An http or https URL that may stand in a document as it is: no blanks, quotes, angle brackets or control
 * characters. */
bool vl_report_is_url(const char *text);

#endif
