#include "posture/score.h"

#include <math.h>

static double rounded(double value, double scale)
{
    return round(value * scale) / scale;
}

const char *vl_assessment_status_name(int status)
{
    static const char *const names[] = {"NotApplicable", "Healthy", "Unhealthy", "NotApplicable"};
    return names[status >= VL_ASSESSMENT_HEALTHY && status <= VL_ASSESSMENT_NOT_APPLICABLE ? status : 0];
}

const char *vl_exempt_name(int exempt)
{
    static const char *const names[] = {"none", "waiver", "mitigated"};
    return names[exempt >= VL_EXEMPT_NONE && exempt <= VL_EXEMPT_MITIGATED ? exempt : 0];
}

void vl_score_control(unsigned maximum, const struct vl_score_counts *counts, struct vl_score_control *ret)
{
    uint64_t weight = counts->healthy + counts->unhealthy;
    *ret = (struct vl_score_control){.weight = weight};
    if (weight == 0)
        return;
    ret->maximum = maximum;
    ret->current = rounded((double)maximum / (double)weight * (double)counts->healthy, 100);
    ret->percentage = maximum ? rounded(ret->current / maximum, 10000) : 0;
    ret->increase = rounded((double)maximum / (double)weight * (double)counts->unhealthy, 100);
}

double vl_score_increase(unsigned maximum, const struct vl_score_counts *counts, uint64_t resources)
{
    uint64_t weight = counts->healthy + counts->unhealthy;
    return weight ? rounded((double)maximum / (double)weight * (double)resources, 100) : 0;
}

void vl_score_add(struct vl_score_counts *counts, const struct vl_score_verdict *verdicts, size_t n)
{
    bool healthy = false, unhealthy = false, grace = false, waived = false, mitigated = false;
    for (size_t i = 0; i < n; i++) {
        const struct vl_score_verdict *v = &verdicts[i];
        if (v->exempt == VL_EXEMPT_WAIVER)
            waived = true;
        else if (v->exempt == VL_EXEMPT_MITIGATED)
            mitigated = true;
        else if (v->status == VL_ASSESSMENT_UNHEALTHY && v->grace)
            grace = true;
        else if (v->status == VL_ASSESSMENT_UNHEALTHY)
            unhealthy = true;
        else if (v->status == VL_ASSESSMENT_HEALTHY)
            healthy = true;
    }
    /* The worst that is left decides; then what keeps it from earning points; then health. */
    if (unhealthy)
        counts->unhealthy++;
    else if (grace)
        counts->grace++;
    else if (mitigated)
        counts->mitigated++;
    else if (healthy)
        counts->healthy++;
    else if (waived)
        counts->waived++;
    else
        counts->not_applicable++;
}

void vl_score_sum(const struct vl_score_control *controls, size_t n, struct vl_score *ret)
{
    struct vl_score sum = {0};
    for (size_t i = 0; i < n; i++) {
        sum.current += controls[i].current;
        sum.maximum += controls[i].maximum;
        sum.weight += controls[i].weight;
        sum.controls += controls[i].weight > 0;
    }
    sum.current = rounded(sum.current, 100);
    if (sum.maximum > 0)
        sum.percentage = rounded(sum.current / sum.maximum, 10000);
    *ret = sum;
}

bool vl_score_over(const struct vl_score *scores, size_t n, double *ret_percentage)
{
    double sum = 0, weights = 0;
    for (size_t i = 0; i < n; i++) {
        if (scores[i].maximum <= 0)
            continue; /* nothing there is assessed for points */
        sum += scores[i].percentage * (double)scores[i].weight;
        weights += (double)scores[i].weight;
    }
    if (weights <= 0)
        return false;
    *ret_percentage = rounded(sum / weights, 10000);
    return true;
}
