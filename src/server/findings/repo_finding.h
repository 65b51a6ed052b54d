/* Findings, packages and history of one image, as an environment sees them. The caller has made sure that it
 * sees the image (vl_repo_image_find). Spans are lent until the callback returns; empty where there is
 * nothing.
 */
#ifndef VL_SERVER_REPO_FINDING_H
#define VL_SERVER_REPO_FINDING_H

#include "base/buf.h"
#include "inventory/repo_image.h"

#define VL_FINDING_DAY_MS (24 * 3600000LL)

struct vl_finding_row {
    int64_t match; /* of package_vulnerability */
    int64_t day, layer;
    struct vl_span vulnerability, title;
    int severity; /* enum vl_severity */
    struct vl_span package_name, package_version, purl;
    int ecosystem; /* enum vl_ecosystem */
    struct vl_span fixed_version;
    int state; /* enum vl_fix_state */
    bool has_cvss, has_epss;
    double cvss, epss, epss_percentile;
    struct vl_span cvss_vector;
    int64_t kev_added, kev_due; /* ms; 0: not in the catalogue, no date */
    bool kev_ransomware;
    int64_t published;
    struct vl_span remedy, remedy_command, source, advisory, links; /* links: JSON */
    struct vl_span diff_id, created_by;
    int64_t exemption; /* id; 0: none. Its other members only where it is not 0 */
    struct vl_span exemption_guid;
    int exemption_category; /* 1 waiver, 2 mitigated */
    int64_t exemption_expires;
    int64_t rule;
    struct vl_span rule_name;
    int64_t rank; /* of the order by severity or by risk */
};

enum vl_finding_sort {
    VL_FINDING_BY_RISK = 0, /* exploited, malicious, severity, EPSS, fixed: as reports of a scan have it */
    VL_FINDING_BY_SEVERITY, /* severity first, then risk */
    VL_FINDING_BY_PACKAGE,  /* A to Z */
};

struct vl_finding_filter {
    int64_t environment, image;
    int severity;  /* -1: any; LOW stands for negligible too */
    const char *q; /* substring of vulnerability, package or title, case-blind; "": any */
    bool fixable, kev;
    bool include_exempt;
};

struct vl_finding_after {
    bool resumed;
    int64_t number;   /* its rank */
    const char *text; /* its package */
    int64_t match;
};

typedef int vl_finding_each(const struct vl_finding_row *row, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_finding_list(struct vl_store_conn *conn, const struct vl_finding_filter *filter,
    enum vl_finding_sort sort, const struct vl_finding_after *after, int64_t limit, vl_finding_each *each,
    void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_finding_count(struct vl_store_conn *conn, const struct vl_finding_filter *filter,
    int64_t max, int64_t *ret, struct vl_err *err);

/* What mends each of some images: at most `limit` rows an image, of findings that have a fix and are not
 * exempt, the most urgent first. `images`: 0 where there are fewer. Texts are lent for the call. */
#define VL_FIX_IMAGES_MAX 5
struct vl_fix_row {
    int64_t image;
    struct vl_span package_name, package_version, fixed_version, remedy_command;
};
typedef int vl_fix_each(const struct vl_fix_row *row, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_finding_fixes(struct vl_store_conn *conn, int64_t environment,
    const int64_t images[VL_FIX_IMAGES_MAX], int64_t limit, vl_fix_each *each, void *user,
    struct vl_err *err);

struct vl_package_row {
    int64_t id;
    struct vl_span name, version, purl;
    int ecosystem;
    struct vl_image_counts counts; /* open findings of this image in it */
};
struct vl_package_filter {
    int64_t environment, image, list;
    const char *q; /* substring of name or purl; "": any */
    int ecosystem; /* 0: any */
};
typedef int vl_package_each(const struct vl_package_row *row, void *user, struct vl_err *err);
/* By name, after the one named `after_name` with `after_id` ("" and 0: from the start). */
VL_MUST_CHECK int vl_repo_package_list(struct vl_store_conn *conn, const struct vl_package_filter *filter,
    const char *after_name, int64_t after_id, int64_t limit, vl_package_each *each, void *user,
    struct vl_err *err);
VL_MUST_CHECK int vl_repo_package_count(struct vl_store_conn *conn, const struct vl_package_filter *filter,
    int64_t max, int64_t *ret, struct vl_err *err);

struct vl_history_row {
    int64_t id, at, added, gone, critical_added;
    struct vl_span why;
};
typedef int vl_history_each(const struct vl_history_row *row, void *user, struct vl_err *err);
/* Newest first, those with a smaller id than `before` (INT64_MAX: all). */
VL_MUST_CHECK int vl_repo_history_list(struct vl_store_conn *conn, int64_t image, int64_t before,
    int64_t limit, vl_history_each *each, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_history_count(
    struct vl_store_conn *conn, int64_t image, int64_t max, int64_t *ret, struct vl_err *err);

/* "%text%" in lower case with LIKE's signs taken literally (ESCAPE '\'); "" for "". Lent by `out`. */
VL_MUST_CHECK int vl_sql_pattern(
    const char *text, struct vl_buf *out, struct vl_span *ret, struct vl_err *err);

#endif
