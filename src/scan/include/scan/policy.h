/* What is done with findings after matching: filters, ignore files, VEX, baselines, gates. Order: VEX and
 * ignores set a status, filters hide, gates look at what is still open. */
#ifndef VL_SCAN_POLICY_H
#define VL_SCAN_POLICY_H

#include "model/result.h"

struct vl_scan_policy {
    enum vl_severity min_severity; /* lower ones are FILTERED; UNKNOWN shows all */
    bool only_fixed;
    const char *const
        *ignore_files; /* ours, .trivyignore, .trivyignore.yaml, .grype.yaml: told apart by content */
    size_t n_ignore_files;
    const char *const *vex_files; /* OpenVEX, CycloneDX, CSAF */
    size_t n_vex_files;
    const char *baseline_file;  /* a JSON report of ours; or NULL */
    struct vl_span baseline;    /* such a report itself, named by baseline_file; empty: the file is read */
    const char *const *fail_on; /* "high", "kev", "epss=0.5", "secret", "malicious", "license=GPL-3.0-only" */
    size_t n_fail_on;
};

/* Applies all of it and fills result->ignores, gates, passed. A file that cannot be read is an error, never
 * ignored. */
VL_MUST_CHECK int vl_scan_apply_policy(
    struct vl_scan_result *result, const struct vl_scan_policy *policy, struct vl_err *err);

#endif
