/* CVSS v4.0: specification document §8. A vector falls into a MacroVector of six equivalence classes; between
 * the score of its MacroVector and those of the next lower ones it is placed by its distance from the most
 * severe vectors of its class. */
#include <math.h>

#include "cvss_parse.h"

enum {
    AV,
    AC,
    AT,
    PR,
    UI,
    VC,
    VI,
    VA,
    SC,
    SI,
    SA,
    E,
    CR,
    IR,
    AR,
    MAV,
    MAC,
    MAT,
    MPR,
    MUI,
    MVC,
    MVI,
    MVA,
    MSC,
    MSI,
    MSA,
    MSAFETY,
    AU,
    R,
    V,
    RE,
    U,
    METRICS,
};

/* The supplemental metric Safety has the name "S". Order of the vector: §7. */
static const struct vl_cvss_metric metrics[METRICS] = {
    [AV] = {"AV", "N A L P", true},
    [AC] = {"AC", "L H", true},
    [AT] = {"AT", "N P", true},
    [PR] = {"PR", "N L H", true},
    [UI] = {"UI", "N P A", true},
    [VC] = {"VC", "H L N", true},
    [VI] = {"VI", "H L N", true},
    [VA] = {"VA", "H L N", true},
    [SC] = {"SC", "H L N", true},
    [SI] = {"SI", "H L N", true},
    [SA] = {"SA", "H L N", true},
    [E] = {"E", "A P U X", false},
    [CR] = {"CR", "H M L X", false},
    [IR] = {"IR", "H M L X", false},
    [AR] = {"AR", "H M L X", false},
    [MAV] = {"MAV", "N A L P X", false},
    [MAC] = {"MAC", "L H X", false},
    [MAT] = {"MAT", "N P X", false},
    [MPR] = {"MPR", "N L H X", false},
    [MUI] = {"MUI", "N P A X", false},
    [MVC] = {"MVC", "H L N X", false},
    [MVI] = {"MVI", "H L N X", false},
    [MVA] = {"MVA", "H L N X", false},
    [MSC] = {"MSC", "H L N X", false},
    [MSI] = {"MSI", "S H L N X", false},
    [MSA] = {"MSA", "S H L N X", false},
    [MSAFETY] = {"S", "X N P", false},
    [AU] = {"AU", "X N Y", false},
    [R] = {"R", "X A U I", false},
    [V] = {"V", "X D C", false},
    [RE] = {"RE", "X L M H", false},
    [U] = {"U", "X Clear Green Amber Red", false},
};

/* Severity steps from the most severe value, by metric: 0 is worst. Subsequent-system metrics count S as 0, H
 * as 1 … */
struct levels {
    int av, pr, ui, ac, at, vc, vi, va, sc, si, sa, cr, ir, ar, e;
};

/* X or absent takes the base metric. */
static int modified(const struct vl_cvss_values *v, int metric, int base, int x)
{
    return v->value[metric] < 0 || v->value[metric] == x ? v->value[base] : v->value[metric];
}

/* X or absent is the worst case (§8.1): A for E, H for requirements, both the first value. */
static int worst(const struct vl_cvss_values *v, int metric)
{
    return v->value[metric] < 0 || v->value[metric] == 3 ? 0 : v->value[metric];
}

static int subsequent(const struct vl_cvss_values *v, int metric, int base)
{
    return v->value[metric] < 0 || v->value[metric] == 4 ? v->value[base] + 1 : v->value[metric];
}

static struct levels effective(const struct vl_cvss_values *v)
{
    return (struct levels){.av = modified(v, MAV, AV, 4),
        .pr = modified(v, MPR, PR, 3),
        .ui = modified(v, MUI, UI, 3),
        .ac = modified(v, MAC, AC, 2),
        .at = modified(v, MAT, AT, 2),
        .vc = modified(v, MVC, VC, 3),
        .vi = modified(v, MVI, VI, 3),
        .va = modified(v, MVA, VA, 3),
        .sc = modified(v, MSC, SC, 3) + 1,
        .si = subsequent(v, MSI, SI),
        .sa = subsequent(v, MSA, SA),
        .cr = worst(v, CR),
        .ir = worst(v, IR),
        .ar = worst(v, AR),
        .e = worst(v, E)};
}

/* Equivalence classes, tables 24 to 29. lint: waive: one line a table. */
static void classify(const struct levels *l, int eq[6])
{
    bool any = l->av == 0 || l->pr == 0 || l->ui == 0;
    bool all = l->av == 0 && l->pr == 0 && l->ui == 0;
    eq[0] = all ? 0 : any && l->av != 3 ? 1 : 2;
    eq[1] = l->ac == 0 && l->at == 0 ? 0 : 1;
    eq[2] = l->vc == 0 && l->vi == 0 ? 0 : l->vc == 0 || l->vi == 0 || l->va == 0 ? 1 : 2;
    eq[3] = l->si == 0 || l->sa == 0 ? 0 : l->sc == 1 || l->si == 1 || l->sa == 1 ? 1 : 2;
    eq[4] = l->e;
    eq[5] = (l->cr == 0 && l->vc == 0) || (l->ir == 0 && l->vi == 0) || (l->ar == 0 && l->va == 0) ? 0 : 1;
}

/* The most severe vectors of a class, as levels (table 30 and its successors); depth is how many steps the
 * class has. */
struct highest3 {
    int a, b, c;
};

static const struct {
    struct highest3 max[3];
    int n, depth;
} eq1_max[3] = {
    {{{0, 0, 0}}, 1, 1}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, 3, 4}, {{{3, 0, 0}, {1, 1, 1}}, 2, 5}};
static const struct {
    struct highest3 max[2];
    int n, depth;
} eq2_max[2] = {{{{0, 0, 0}}, 1, 1}, {{{1, 0, 0}, {0, 1, 0}}, 2, 2}};
static const struct {
    struct highest3 max;
    int depth;
} eq4_max[3] = {{{1, 0, 0}, 6}, {{1, 1, 1}, 5}, {{2, 2, 2}, 4}};

/* VC VI VA CR IR AR of the joint class of EQ3 and EQ6. */
struct highest6 {
    int v[6];
};

static const struct {
    struct highest6 max[5];
    int n, depth;
} eq36_max[3][2] = {
    {{{{{0, 0, 0, 0, 0, 0}}}, 1, 7}, {{{{0, 0, 1, 1, 1, 0}}, {{0, 0, 0, 1, 1, 1}}}, 2, 6}},
    {{{{{1, 0, 0, 0, 0, 0}}, {{0, 1, 0, 0, 0, 0}}}, 2, 8},
        {{{{1, 0, 1, 0, 1, 0}}, {{1, 0, 0, 0, 1, 1}}, {{0, 1, 0, 1, 0, 1}}, {{0, 1, 1, 1, 0, 0}},
             {{1, 1, 0, 0, 0, 1}}},
            5, 8}},
    {{{{{0}}}, 0, 0}, {{{{1, 1, 1, 0, 0, 0}}}, 1, 10}},
};

/* Steps between the vector and the first of the most severe vectors that is nowhere less severe than it. */
static int distance3(const struct highest3 *max, int n, int a, int b, int c)
{
    for (int i = 0; i < n; i++) {
        if (a >= max[i].a && b >= max[i].b && c >= max[i].c)
            return a - max[i].a + b - max[i].b + c - max[i].c;
    }
    return 0;
}

static int distance6(const struct highest6 *max, int n, const int v[6])
{
    for (int i = 0; i < n; i++) {
        int sum = 0;
        bool below = true;
        for (int k = 0; k < 6; k++) {
            below = below && v[k] >= max[i].v[k];
            sum += v[k] - max[i].v[k];
        }
        if (below)
            return sum;
    }
    return 0;
}

/* Score of the MacroVector one step lower in one class, or -1. */
static int lower(const int eq[6], int index)
{
    int next[6];
    for (int i = 0; i < 6; i++)
        next[i] = eq[i] + (i == index);
    return vl_cvss4_lookup(next);
}

/* EQ3 and EQ6 move together: of the two ways down from 0,0 the one that keeps the score higher. */
static int lower_eq36(const int eq[6])
{
    if (eq[2] == 0 && eq[5] == 0) {
        int left = lower(eq, 5), right = lower(eq, 2);
        return left > right ? left : right;
    }
    return eq[2] == 1 && eq[5] == 0 ? lower(eq, 5) : lower(eq, 2);
}

static double interpolate(const struct levels *l, const int eq[6], int score)
{
    const int vulnerable[6] = {l->vc, l->vi, l->va, l->cr, l->ir, l->ar};
    const struct {
        int next, distance, depth;
    } ways[] = {
        {lower(eq, 0), distance3(eq1_max[eq[0]].max, eq1_max[eq[0]].n, l->av, l->pr, l->ui),
            eq1_max[eq[0]].depth},
        {lower(eq, 1), distance3(eq2_max[eq[1]].max, eq2_max[eq[1]].n, l->ac, l->at, 0),
            eq2_max[eq[1]].depth},
        {lower_eq36(eq), distance6(eq36_max[eq[2]][eq[5]].max, eq36_max[eq[2]][eq[5]].n, vulnerable),
            eq36_max[eq[2]][eq[5]].depth},
        {lower(eq, 3), distance3(&eq4_max[eq[3]].max, 1, l->sc, l->si, l->sa), eq4_max[eq[3]].depth},
        {lower(eq, 4), 0, 1},
    };
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(ways); i++) {
        if (ways[i].next < 0)
            continue;
        n++;
        sum += (double)(score - ways[i].next) / 10 * (double)ways[i].distance / (double)ways[i].depth;
    }
    double value = (double)score / 10 - (n ? sum / n : 0);
    value = value < 0 ? 0 : value > 10 ? 10 : value;
    return floor(value * 10 + 0.5 + 1e-6) / 10;
}

static bool given(const struct vl_cvss_values *v, int from, int to)
{
    for (int i = from; i <= to; i++) {
        if (v->value[i] >= 0)
            return true;
    }
    return false;
}

int vl_cvss4_score(struct vl_span text, struct vl_cvss_score *ret, struct vl_err *err)
{
    struct vl_cvss_values v;
    int eq[6];
    int r = vl_cvss_read(text, metrics, METRICS, true, &v, err);
    if (r < 0)
        return r;
    struct levels l = effective(&v);
    bool no_impact = l.vc == 2 && l.vi == 2 && l.va == 2 && l.sc == 3 && l.si == 3 && l.sa == 3;
    classify(&l, eq);
    ret->version = 40;
    ret->base = no_impact ? 0 : interpolate(&l, eq, vl_cvss4_lookup(eq));
    ret->temporal = ret->environmental = ret->base;
    ret->has_temporal = v.value[E] >= 0;
    ret->has_environmental = given(&v, CR, MSA);
    return 0;
}
