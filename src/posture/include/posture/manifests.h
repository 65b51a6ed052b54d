/* Manifests through policies and checks. */
#ifndef VL_POSTURE_MANIFESTS_H
#define VL_POSTURE_MANIFESTS_H

#include "base/buf.h"
#include "model/manifest_result.h"
#include "policy/policy.h"

#define VL_MANIFEST_TEXT_MAX (256UL * 1024 * 1024) /* bytes of one file */

struct vl_manifest_scan;

struct vl_manifest_options {
    enum vl_severity min_severity; /* checks below it are not told; UNKNOWN: all */
    const char *standard;          /* the one to be summed up; NULL: all that are loaded */
    bool no_inline_exemptions;     /* comments and annotations excuse nothing */
    int64_t now_ms;                /* for their expiry; 0: the clock */
};

/* The policies are finished, and outlive the scan. */
VL_MUST_CHECK int vl_manifest_scan_new(const struct vl_policies *policies,
    const struct vl_manifest_options *options, struct vl_manifest_scan **ret, struct vl_err *err);
void vl_manifest_scan_free(struct vl_manifest_scan *scan); /* accepts NULL */
void vl_manifest_scan_cleanup(struct vl_manifest_scan **scan);

/* Checks all objects of a file's text (YAML or JSON, any number of documents, Lists). What is wrong with the
 * text becomes a problem of the result; a negative return is ours (no memory). */
VL_MUST_CHECK int vl_manifest_scan_add(
    struct vl_manifest_scan *scan, struct vl_span text, const char *file, struct vl_err *err);

/* Something that could not be read at all, as a problem of the result. */
VL_MUST_CHECK int vl_manifest_scan_problem(
    struct vl_manifest_scan *scan, bool is_error, const char *file, const char *message, struct vl_err *err);

/* Counts standards and hands over the result; the scan is done with. */
VL_MUST_CHECK int vl_manifest_scan_finish(
    struct vl_manifest_scan *scan, struct vl_manifest_result **ret, struct vl_err *err);

/* --- fixes --- */

struct vl_manifest_fix_count {
    uint32_t applied;  /* findings whose fix is in the text */
    uint32_t without;  /* failing findings that have no fix */
    uint32_t refused;  /* fixes that this text does not take: `refusal` was called for each */
    uint32_t deferred; /* further fixes of objects that have just changed */
};

/* Appends the text of `file` with one fix for each object that has failing findings to `out`, layout and
 * comments kept. One, since every fix was made for the object as it was checked: while there are deferred
 * ones, check the new text and go on. `refusal` (may be NULL) is told which finding's fix could not be made,
 * and why. */
VL_MUST_CHECK int vl_manifest_fix(const struct vl_manifest_result *result, const char *file,
    struct vl_span text,
    void (*refusal)(const struct vl_manifest_finding *finding, const char *why, void *user), void *user,
    struct vl_buf *out, struct vl_manifest_fix_count *ret, struct vl_err *err);

#endif
