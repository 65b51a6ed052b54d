/* Versions of no known ecosystem: any count of numbers, a pre-release behind them as in SemVer. Ranges:
 * missing numbers are 0 everywhere; ~> as RubyGems, ~ and ^ as npm have them. */
#include "scheme.h"

int vl_version_generic_order(struct vl_span a, struct vl_span b)
{
    return vl_version_semver_order(a, b);
}

/* The first n numbers are the same. */
static bool same_parts(struct vl_span a, struct vl_span b, size_t n)
{
    struct vl_span x, y;
    for (size_t i = 0; i < n; i++) {
        if (!vl_version_next_part(&a, ".", &x))
            x = VL_SPAN_EMPTY;
        if (!vl_version_next_part(&b, ".", &y))
            y = VL_SPAN_EMPTY;
        if (vl_version_cmp_number(x, y) != 0)
            return false;
    }
    return true;
}

static size_t count_parts(struct vl_span core, size_t *ret_zeros)
{
    struct vl_span part = VL_SPAN_EMPTY;
    size_t n = 0;
    *ret_zeros = 0;
    while (vl_version_next_part(&core, ".", &part)) {
        if (*ret_zeros == n && vl_version_cmp_number(part, VL_SPAN_EMPTY) == 0)
            (*ret_zeros)++;
        n++;
    }
    return n;
}

bool vl_version_generic_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    int r = vl_version_generic_order(version, clause->version);
    if (clause->op <= VL_VERSION_OP_GE)
        return vl_version_op_holds(clause->op, r);
    struct vl_span v = vl_version_semver_cut(version).core,
                   spec = vl_version_semver_cut(clause->version).core;
    size_t zeros, n = count_parts(spec, &zeros), keep;
    if (clause->op == VL_VERSION_OP_CARET)
        keep = zeros < n ? zeros + 1 : n;
    else if (clause->op == VL_VERSION_OP_TILDE)
        keep = n < 2 ? n : 2;
    else
        keep = n > 1 ? n - 1 : n;
    return r >= 0 && same_parts(v, spec, keep);
}
