/* How findings look in answers. */
#ifndef VL_SERVER_FINDING_JSON_H
#define VL_SERVER_FINDING_JSON_H

#include "codec/json.h"
#include "findings/repo_finding.h"

/* The members of a list's item, into an open object. */
void vl_finding_json_members(struct vl_json *json, const struct vl_finding_row *row);

/* What is known of a vulnerability, whatever it is found in. */
struct vl_known {
    bool has_cvss, has_epss;
    double cvss, epss, epss_percentile;
    struct vl_span cvss_vector;
    int64_t kev_added, kev_due;
    bool kev_ransomware;
};
/* "cvss", "epss", "kev"; null where there is none. */
void vl_finding_json_known(struct vl_json *json, const struct vl_known *known);

#endif
