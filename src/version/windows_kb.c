/* Windows updates. KB numbers are names: a requirement lists those that count, and only equality has a
 * meaning. For sorting they go by number. */
#include "scheme.h"

static struct vl_span number_of(struct vl_span s)
{
    s = vl_span_trim(s);
    if (s.len > 2 && vl_span_eq_nocase(vl_span_slice(s, 0, 2), VL_SPAN_LIT("kb")))
        s = vl_span_slice(s, 2, s.len);
    return s;
}

int vl_version_windows_kb_order(struct vl_span a, struct vl_span b)
{
    a = number_of(a);
    b = number_of(b);
    bool x = vl_version_is_number(a), y = vl_version_is_number(b);
    if (x && y)
        return vl_version_cmp_number(a, b);
    return x == y ? vl_span_cmp(a, b) : x ? 1 : -1;
}

bool vl_version_windows_kb_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    bool same = vl_version_windows_kb_order(version, clause->version) == 0;
    return clause->op == VL_VERSION_OP_NE ? !same : same;
}
