/* NuGet. Source: learn.microsoft.com "Package versioning": up to four numbers, missing ones 0; SemVer 2.0.0
 * pre-release parts, compared without case; metadata ignored. Ranges in interval notation; a version alone is
 * the minimum; floating "1.2.*". */
#include "scheme.h"

static bool valid_label(struct vl_span s)
{
    struct vl_span part = VL_SPAN_EMPTY;
    while (vl_version_next_part(&s, ".", &part)) {
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];
            if (!vl_char_is_digit(c) && !vl_char_is_letter(c) && c != '-')
                return false;
        }
        if (part.len == 0)
            return false;
    }
    return true;
}

bool vl_version_nuget_valid(struct vl_span version)
{
    struct vl_span s = vl_span_trim(version), part = VL_SPAN_EMPTY, core;
    size_t plus = vl_span_find_char(s, '+');
    if (plus != SIZE_MAX) {
        if (plus + 1 == s.len || !valid_label(vl_span_slice(s, plus + 1, s.len)))
            return false;
        s.len = plus;
    }
    size_t hyphen = vl_span_find_char(s, '-');
    if (hyphen != SIZE_MAX) {
        if (hyphen + 1 == s.len || !valid_label(vl_span_slice(s, hyphen + 1, s.len)))
            return false;
        s.len = hyphen;
    }
    core = s;
    size_t n = 0;
    while (vl_version_next_part(&core, ".", &part)) {
        if (!vl_version_is_number(part) || ++n > 4)
            return false;
    }
    return n > 0;
}

int vl_version_nuget_order(struct vl_span a, struct vl_span b)
{
    struct vl_version_semver x = vl_version_semver_cut(a), y = vl_version_semver_cut(b);
    int r = vl_version_cmp_core(x.core, y.core);
    if (r != 0)
        return r;
    if (x.pre.len == 0 || y.pre.len == 0)
        return (int)(y.pre.len > 0) - (int)(x.pre.len > 0);
    return vl_version_cmp_prerelease(x.pre, y.pre, true);
}

/* "[1.0,2.0)", "(,1.0]", "[1.0]". */
static int interval(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    char open = range.ptr[0], close = range.ptr[range.len - 1];
    if (range.len < 2 || (close != ']' && close != ')'))
        return vl_err_set(
            err, VL_ERR_INVALID, "range \"%.*s\": the bracket is not closed", VL_SPAN_FMT(range));
    struct vl_span inner = vl_span_slice(range, 1, range.len - 1);
    size_t comma = vl_span_find_char(inner, ',');
    struct vl_span low = vl_span_trim(vl_span_slice(inner, 0, comma));
    struct vl_span high = comma == SIZE_MAX ? low : vl_span_trim(vl_span_slice(inner, comma + 1, inner.len));
    *ret = true;
    if (low.len) {
        int r = vl_version_nuget_order(version, low);
        *ret = r > 0 || (r == 0 && open == '[');
    }
    if (*ret && high.len) {
        int r = vl_version_nuget_order(version, high);
        *ret = r < 0 || (r == 0 && close == ']');
    }
    return 0;
}

int vl_version_nuget_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    static const struct vl_version_scheme common = {.name = "nuget", .order = vl_version_nuget_order};
    range = vl_span_trim(range);
    if (range.len && (range.ptr[0] == '[' || range.ptr[0] == '('))
        return interval(version, range, ret, err);
    if (vl_span_eq_str(range, "*")) {
        *ret = true;
        return 0;
    }
    if (vl_span_ends_with(range, ".*")) {
        struct vl_version_clause clause = {
            .op = VL_VERSION_OP_GE, .version = vl_span_slice(range, 0, range.len - 2)};
        *ret = vl_version_op_holds(clause.op, vl_version_nuget_order(version, clause.version));
        return 0;
    }
    if (range.len && (vl_char_is_digit(range.ptr[0]))) {
        *ret = vl_version_nuget_order(version, range) >= 0;
        return 0;
    }
    return vl_version_range_satisfies(&common, version, range, ret, err);
}
