/* CVSS v3.0 and v3.1: specification documents §7; round-up of v3.1 appendix A. */
#include <math.h>

#include "cvss_parse.h"

enum {
    AV,
    AC,
    PR,
    UI,
    S,
    C,
    I,
    A,
    E,
    RL,
    RC,
    CR,
    IR,
    AR,
    MAV,
    MAC,
    MPR,
    MUI,
    MS,
    MC,
    MI,
    MA,
    METRICS,
};

static const struct vl_cvss_metric metrics[METRICS] = {
    [AV] = {"AV", "N A L P", true},
    [AC] = {"AC", "L H", true},
    [PR] = {"PR", "N L H", true},
    [UI] = {"UI", "N R", true},
    [S] = {"S", "U C", true},
    [C] = {"C", "N L H", true},
    [I] = {"I", "N L H", true},
    [A] = {"A", "N L H", true},
    [E] = {"E", "X U P F H", false},
    [RL] = {"RL", "X O T W U", false},
    [RC] = {"RC", "X U R C", false},
    [CR] = {"CR", "X L M H", false},
    [IR] = {"IR", "X L M H", false},
    [AR] = {"AR", "X L M H", false},
    [MAV] = {"MAV", "N A L P X", false},
    [MAC] = {"MAC", "L H X", false},
    [MPR] = {"MPR", "N L H X", false},
    [MUI] = {"MUI", "N R X", false},
    [MS] = {"MS", "U C X", false},
    [MC] = {"MC", "N L H X", false},
    [MI] = {"MI", "N L H X", false},
    [MA] = {"MA", "N L H X", false},
};

static const double av[] = {0.85, 0.62, 0.55, 0.2}, ac[] = {0.77, 0.44}, ui[] = {0.85, 0.62},
                    cia[] = {0, 0.22, 0.56};
static const double pr_unchanged[] = {0.85, 0.62, 0.27}, pr_changed[] = {0.85, 0.68, 0.5};
static const double exploit[] = {1, 0.91, 0.94, 0.97, 1}, remediation[] = {1, 0.95, 0.96, 0.97, 1},
                    confidence[] = {1, 0.92, 0.96, 1};
static const double requirement[] = {1, 0.5, 1, 1.5};

/* A temporal or environmental metric that is absent is "not defined", the first of its values. */
static int optional(const struct vl_cvss_values *v, int metric)
{
    return v->value[metric] < 0 ? 0 : v->value[metric];
}

/* A modified metric that is absent or X takes the base metric's value. `x` is the index of X. */
static int modified(const struct vl_cvss_values *v, int metric, int base, int x)
{
    return v->value[metric] < 0 || v->value[metric] == x ? v->value[base] : v->value[metric];
}

static double round_up(double x, unsigned version)
{
    if (version == 30)
        return ceil(x * 10 - 1e-9) / 10;
    long n = lround(x * 100000);
    return n % 10000 == 0 ? (double)n / 100000 : (floor((double)n / 10000) + 1) / 10;
}

static double base_score(const struct vl_cvss_values *v, unsigned version)
{
    bool changed = v->value[S] == 1;
    double iss = 1 - (1 - cia[v->value[C]]) * (1 - cia[v->value[I]]) * (1 - cia[v->value[A]]);
    double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
    double exploitability = 8.22 * av[v->value[AV]] * ac[v->value[AC]] *
                            (changed ? pr_changed : pr_unchanged)[v->value[PR]] * ui[v->value[UI]];
    if (impact <= 0)
        return 0;
    return round_up(fmin((changed ? 1.08 : 1) * (impact + exploitability), 10), version);
}

static double modified_impact(const struct vl_cvss_values *v, bool changed, unsigned version)
{
    double miss = fmin(1 - (1 - requirement[optional(v, CR)] * cia[modified(v, MC, C, 3)]) *
                               (1 - requirement[optional(v, IR)] * cia[modified(v, MI, I, 3)]) *
                               (1 - requirement[optional(v, AR)] * cia[modified(v, MA, A, 3)]),
        0.915);
    if (!changed)
        return 6.42 * miss;
    return version == 30 ? 7.52 * (miss - 0.029) - 3.25 * pow(miss - 0.02, 15)
                         : 7.52 * (miss - 0.029) - 3.25 * pow(miss * 0.9731 - 0.02, 13);
}

static double environmental_score(const struct vl_cvss_values *v, unsigned version, double temporal_factor)
{
    bool changed = modified(v, MS, S, 2) == 1;
    double impact = modified_impact(v, changed, version);
    double exploitability = 8.22 * av[modified(v, MAV, AV, 4)] * ac[modified(v, MAC, AC, 2)] *
                            (changed ? pr_changed : pr_unchanged)[modified(v, MPR, PR, 3)] *
                            ui[modified(v, MUI, UI, 2)];
    if (impact <= 0)
        return 0;
    double whole = round_up(fmin((changed ? 1.08 : 1) * (impact + exploitability), 10), version);
    return round_up(whole * temporal_factor, version);
}

static bool given(const struct vl_cvss_values *v, int from, int to)
{
    for (int i = from; i <= to; i++) {
        if (v->value[i] >= 0)
            return true;
    }
    return false;
}

int vl_cvss3_score(struct vl_span text, unsigned version, struct vl_cvss_score *ret, struct vl_err *err)
{
    struct vl_cvss_values v;
    int r = vl_cvss_read(text, metrics, METRICS, false, &v, err);
    if (r < 0)
        return r;
    double factor = exploit[optional(&v, E)] * remediation[optional(&v, RL)] * confidence[optional(&v, RC)];
    ret->version = version;
    ret->base = base_score(&v, version);
    ret->temporal = round_up(ret->base * factor, version);
    ret->environmental = environmental_score(&v, version, factor);
    ret->has_temporal = given(&v, E, RC);
    ret->has_environmental = given(&v, CR, MA);
    return 0;
}
