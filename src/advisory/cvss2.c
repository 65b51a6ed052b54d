/* CVSS v2.0: "A Complete Guide to the Common Vulnerability Scoring System Version 2.0", §3.2. */
#include <math.h>

#include "cvss_parse.h"

enum {
    AV,
    AC,
    AU,
    C,
    I,
    A,
    E,
    RL,
    RC,
    CDP,
    TD,
    CR,
    IR,
    AR,
    METRICS,
};

static const struct vl_cvss_metric metrics[METRICS] = {
    [AV] = {"AV", "L A N", true},
    [AC] = {"AC", "H M L", true},
    [AU] = {"Au", "M S N", true},
    [C] = {"C", "N P C", true},
    [I] = {"I", "N P C", true},
    [A] = {"A", "N P C", true},
    [E] = {"E", "ND U POC F H", false},
    [RL] = {"RL", "ND OF TF W U", false},
    [RC] = {"RC", "ND UC UR C", false},
    [CDP] = {"CDP", "ND N L LM MH H", false},
    [TD] = {"TD", "ND N L M H", false},
    [CR] = {"CR", "ND L M H", false},
    [IR] = {"IR", "ND L M H", false},
    [AR] = {"AR", "ND L M H", false},
};

static const double weights[METRICS][6] = {
    [AV] = {0.395, 0.646, 1.0},
    [AC] = {0.35, 0.61, 0.71},
    [AU] = {0.45, 0.56, 0.704},
    [C] = {0, 0.275, 0.660},
    [I] = {0, 0.275, 0.660},
    [A] = {0, 0.275, 0.660},
    [E] = {1, 0.85, 0.9, 0.95, 1},
    [RL] = {1, 0.87, 0.90, 0.95, 1},
    [RC] = {1, 0.90, 0.95, 1},
    [CDP] = {0, 0, 0.1, 0.3, 0.4, 0.5},
    [TD] = {1, 0, 0.25, 0.75, 1},
    [CR] = {1, 0.5, 1, 1.51},
    [IR] = {1, 0.5, 1, 1.51},
    [AR] = {1, 0.5, 1, 1.51},
};

static double weight(const struct vl_cvss_values *v, int metric)
{
    return weights[metric][v->value[metric] < 0 ? 0 : v->value[metric]];
}

static double round1(double x)
{
    return floor(x * 10 + 0.5 + 1e-9) / 10;
}

static double base_of(const struct vl_cvss_values *v, double impact)
{
    double exploitability = 20 * weight(v, AV) * weight(v, AC) * weight(v, AU);
    double f = impact > 0 ? 1.176 : 0;
    double score = round1((0.6 * impact + 0.4 * exploitability - 1.5) * f);
    return score > 0 ? score : 0;
}

static double temporal_of(const struct vl_cvss_values *v, double base)
{
    return round1(base * weight(v, E) * weight(v, RL) * weight(v, RC));
}

static bool given(const struct vl_cvss_values *v, int from, int to)
{
    for (int i = from; i <= to; i++) {
        if (v->value[i] >= 0)
            return true;
    }
    return false;
}

int vl_cvss2_score(struct vl_span text, struct vl_cvss_score *ret, struct vl_err *err)
{
    struct vl_cvss_values v;
    int r = vl_cvss_read(text, metrics, METRICS, false, &v, err);
    if (r < 0)
        return r;
    double c = weight(&v, C), i = weight(&v, I), a = weight(&v, A);
    double impact = 10.41 * (1 - (1 - c) * (1 - i) * (1 - a));
    double adjusted =
        10.41 * (1 - (1 - c * weight(&v, CR)) * (1 - i * weight(&v, IR)) * (1 - a * weight(&v, AR)));
    double at = temporal_of(&v, base_of(&v, fmin(10, adjusted)));
    ret->version = 20;
    ret->base = base_of(&v, impact);
    ret->temporal = temporal_of(&v, ret->base);
    ret->environmental = round1((at + (10 - at) * weight(&v, CDP)) * weight(&v, TD));
    ret->has_temporal = given(&v, E, RC);
    ret->has_environmental = given(&v, CDP, AR);
    return 0;
}
