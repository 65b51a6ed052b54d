/* Secure score, as Microsoft Defender for Cloud computes it ("Secure score", calculation of a control's and
 * a subscription's score; checked against the published example of the API's secureScores):
 *
 *   control    current = maximum / (healthy + unhealthy) * healthy, to two decimals
 *   whole      sum of current / sum of maximum, to four decimals
 *   several    sum of (percentage * weight) / sum of weights; a weight is healthy + unhealthy
 *
 * A resource counts once in a control: unhealthy when one of the control's assessments is unhealthy on it. A
 * control on whose assessments nothing is healthy or unhealthy is left out of both sums. Not applicable ones
 * and those that somebody took the risk of (waiver) are in neither number; a mitigated one is shown as
 * healthy, and neither earns nor costs points; in its grace period an unhealthy one costs nothing. */
#ifndef VL_POSTURE_SCORE_H
#define VL_POSTURE_SCORE_H

#include "base/compiler.h"

/* Stored by number: append only. */
enum vl_assessment_status {
    VL_ASSESSMENT_HEALTHY = 1,
    VL_ASSESSMENT_UNHEALTHY = 2,
    VL_ASSESSMENT_NOT_APPLICABLE = 3, /* its cause says why */
};
const char *vl_assessment_status_name(int status); /* "Healthy" "Unhealthy" "NotApplicable"; never NULL */

/* Stored by number: append only. */
enum vl_exempt {
    VL_EXEMPT_NONE = 0,
    VL_EXEMPT_WAIVER = 1,    /* risk accepted */
    VL_EXEMPT_MITIGATED = 2, /* solved in another way */
};
const char *vl_exempt_name(int exempt); /* "none" "waiver" "mitigated"; never NULL */

struct vl_score_counts {
    uint64_t healthy, unhealthy; /* what the formula reads */
    uint64_t mitigated;          /* shown as healthy, without points */
    uint64_t waived, grace, not_applicable;
};

struct vl_score_control {
    double current, maximum; /* points; the maximum is 0 where the control is left out */
    double percentage;       /* 0 to 1, four decimals */
    double increase;         /* points that mending all of it would bring */
    uint64_t weight;         /* healthy + unhealthy */
};
void vl_score_control(unsigned maximum, const struct vl_score_counts *counts, struct vl_score_control *ret);

/* What one assessment of a resource says. */
struct vl_score_verdict {
    enum vl_assessment_status status;
    enum vl_exempt exempt; /* of the whole assessment of this resource */
    bool grace;
};
/* Adds one resource: all its verdicts in one control (one at least). */
void vl_score_add(struct vl_score_counts *counts, const struct vl_score_verdict *verdicts, size_t n);

struct vl_score {
    double current, maximum; /* points; maximum 0: nothing is assessed, and there is no percentage */
    double percentage;
    uint64_t weight;
    unsigned controls; /* that count */
};
/* Of what vl_score_control() gave for all controls. */
void vl_score_sum(const struct vl_score_control *controls, size_t n, struct vl_score *ret);

/* Several environments: false where none of them has a weight. */
bool vl_score_over(const struct vl_score *scores, size_t n, double *ret_percentage);

/* Points that an assessment would bring if these resources became healthy. */
double vl_score_increase(unsigned maximum, const struct vl_score_counts *counts, uint64_t resources);

#endif
