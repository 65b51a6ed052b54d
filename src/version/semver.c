/* Semantic Versioning. Source: semver.org 2.0.0, clauses 9 to 11. Read leniently, since the advisories and
 * lock files of SemVer ecosystems hold other things too: any count of numbers, a leading v. Ranges: the
 * common form, where "=1.2" and "1.2" mean every 1.2.x, and ~, ^, x and * mean what npm means by them; for
 * the comparisons, pre-releases are versions like all others. */
#include "scheme.h"

static struct vl_span skip_v(struct vl_span s)
{
    s = vl_span_trim(s);
    if (s.len > 1 && (s.ptr[0] == 'v' || s.ptr[0] == 'V' || s.ptr[0] == '=') && !vl_char_is_letter(s.ptr[1]))
        s = vl_span_trim(vl_span_slice(s, 1, s.len));
    return s;
}

struct vl_version_semver vl_version_semver_cut(struct vl_span version)
{
    struct vl_version_semver v = {0};
    struct vl_span s = skip_v(version);
    size_t n = 0;
    while (n < s.len && (vl_char_is_digit(s.ptr[n]) || s.ptr[n] == '.'))
        n++;
    size_t core = n;
    while (core > 0 && s.ptr[core - 1] == '.')
        core--;
    v.core = (struct vl_span){s.ptr, core};
    if (vl_version_at(s, n) == '-')
        n++;
    size_t end = n;
    while (end < s.len && s.ptr[end] != '+')
        end++;
    v.pre = vl_span_slice(s, n, end);
    v.build = vl_span_slice(s, end + 1, s.len);
    return v;
}

int vl_version_cmp_core(struct vl_span a, struct vl_span b)
{
    size_t i = 0, k = 0;
    while (i < a.len || k < b.len) {
        size_t ai = i, bk = k;
        while (i < a.len && a.ptr[i] != '.')
            i++;
        while (k < b.len && b.ptr[k] != '.')
            k++;
        int r = vl_version_cmp_number((struct vl_span){a.ptr ? a.ptr + ai : NULL, i - ai},
            (struct vl_span){b.ptr ? b.ptr + bk : NULL, k - bk});
        if (r != 0)
            return r;
        i += i < a.len;
        k += k < b.len;
    }
    return 0;
}

int vl_version_cmp_prerelease(struct vl_span a, struct vl_span b, bool nocase)
{
    struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
    for (;;) {
        bool has_x = vl_version_next_part(&a, ".", &x), has_y = vl_version_next_part(&b, ".", &y);
        if (!has_x || !has_y)
            return (int)has_x - (int)has_y;
        bool p = vl_version_is_number(x), q = vl_version_is_number(y);
        if (p != q)
            return p ? -1 : 1; /* numbers before words */
        int r = p ? vl_version_cmp_number(x, y) : nocase ? vl_version_cmp_nocase(x, y) : vl_span_cmp(x, y);
        if (r != 0)
            return r;
    }
}

static int cmp(const struct vl_version_semver *a, const struct vl_version_semver *b)
{
    int r = vl_version_cmp_core(a->core, b->core);
    if (r != 0)
        return r;
    if (a->pre.len == 0 || b->pre.len == 0)
        return (int)(b->pre.len > 0) - (int)(a->pre.len > 0);
    return vl_version_cmp_prerelease(a->pre, b->pre, false);
}

int vl_version_semver_order(struct vl_span a, struct vl_span b)
{
    struct vl_version_semver x = vl_version_semver_cut(a), y = vl_version_semver_cut(b);
    return cmp(&x, &y);
}

static bool is_wild(struct vl_span part)
{
    return part.len == 1 && (part.ptr[0] == 'x' || part.ptr[0] == 'X' || part.ptr[0] == '*');
}

/* A version in a range: its numbers up to the first wildcard. */
struct pattern {
    struct vl_version_semver v;
    size_t parts; /* numbers given */
    bool wild;    /* an x or * follows them */
};

static struct pattern pattern_of(struct vl_span text)
{
    struct pattern p = {0};
    struct vl_span s = skip_v(text), part = VL_SPAN_EMPTY, rest;
    size_t end = 0;
    rest = s;
    while (vl_version_next_part(&rest, ".-+", &part)) {
        p.wild = is_wild(part);
        if (p.wild || !vl_version_is_number(part))
            break;
        p.parts++;
        end = (size_t)(part.ptr + part.len - s.ptr);
        if (vl_version_at(s, end) != '.')
            break;
    }
    if (p.wild)
        p.v.core = vl_span_slice(s, 0, end);
    else
        p.v = vl_version_semver_cut(text);
    return p;
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

/* Caret: the leftmost number that is not 0 stays, or the last one given. */
static size_t caret_parts(const struct pattern *p)
{
    struct vl_span core = p->v.core, part;
    size_t n = 0;
    while (n < p->parts && vl_version_next_part(&core, ".", &part)) {
        n++;
        if (vl_version_cmp_number(part, VL_SPAN_EMPTY) != 0)
            break;
    }
    return n;
}

/* lint: waive: one line an operator, as the definition lists them. */
bool vl_version_semver_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    struct pattern p = pattern_of(clause->version);
    struct vl_version_semver v = vl_version_semver_cut(version);
    int r = cmp(&v, &p.v);
    /* What is given by a pattern takes no pre-releases, unless it names one. */
    bool taken = v.pre.len == 0 || p.v.pre.len > 0 || (p.wild && p.parts == 0);
    bool prefix =
        (p.wild || p.parts < 3) && p.v.pre.len == 0 && taken && same_parts(v.core, p.v.core, p.parts);
    switch (clause->op) {
    case VL_VERSION_OP_EQ:
        return r == 0 || prefix;
    case VL_VERSION_OP_NE:
        return r != 0 && !prefix;
    case VL_VERSION_OP_LT:
        return r < 0 && !(p.wild && prefix);
    case VL_VERSION_OP_LE:
        return r <= 0 || (p.wild && prefix);
    case VL_VERSION_OP_GT:
        return r > 0 && !(p.wild && prefix);
    case VL_VERSION_OP_GE:
        return r >= 0 || (p.wild && prefix);
    case VL_VERSION_OP_TILDE:
        return taken && (r >= 0 || prefix) && same_parts(v.core, p.v.core, p.parts < 2 ? p.parts : 2);
    case VL_VERSION_OP_PESSIMISTIC:
    case VL_VERSION_OP_COMPATIBLE:
        return r >= 0 && same_parts(v.core, p.v.core, p.parts > 1 ? p.parts - 1 : p.parts);
    case VL_VERSION_OP_CARET:
        return taken && (r >= 0 || prefix) && same_parts(v.core, p.v.core, caret_parts(&p));
    case VL_VERSION_OP_ARBITRARY:
    default:
        return vl_span_eq(version, clause->version);
    }
}
