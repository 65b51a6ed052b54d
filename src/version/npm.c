/* npm. Source: the README of node-semver, "Ranges" and "Range Grammar": comparators, hyphen ranges, x-ranges,
 * tilde, caret; a pre-release satisfies only where a comparator with the same numbers has one too. Beyond
 * that the common form of advisories (commas, ==, !=). Like node-semver's satisfies(): what cannot be read as
 * a range is satisfied by nothing. */
#include "scheme.h"

#define NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* of JavaScript */

struct numbers {
    uint64_t n[3];
    struct vl_span pre;
};

/* A partial version: fewer numbers than three, or x in their place. */
struct partial {
    struct numbers v;
    size_t given; /* numbers before the first x or the end */
};

struct test {
    struct numbers version;
    bool all;      /* every comparator holds so far */
    bool same_pre; /* a comparator with a pre-release has the version's numbers */
};

static bool label_valid(struct vl_span s, bool pre)
{
    struct vl_span part = VL_SPAN_EMPTY;
    while (vl_version_next_part(&s, ".", &part)) {
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];
            if (!vl_char_is_digit(c) && !vl_char_is_letter(c) && c != '-')
                return false;
        }
        if (part.len == 0 || (pre && part.len > 1 && part.ptr[0] == '0' && vl_version_is_number(part)))
            return false;
    }
    return true;
}

static bool take_number(struct vl_span *s, uint64_t *ret)
{
    struct vl_span digits = vl_version_take_digits(s);
    if (digits.len == 0 || (digits.len > 1 && digits.ptr[0] == '0'))
        return false;
    return vl_span_to_u64(digits, ret) && *ret <= NUMBER_MAX;
}

/* "-pre" and "+build", whole rest of s. */
static bool take_labels(struct vl_span s, struct vl_span *ret_pre)
{
    if (vl_version_at(s, 0) == '-') {
        size_t plus = vl_span_find_char(s, '+');
        *ret_pre = vl_span_slice(s, 1, plus);
        s = plus == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(s, plus, s.len);
        if (ret_pre->len == 0 || !label_valid(*ret_pre, true))
            return false;
    }
    if (s.len == 0)
        return true;
    return s.ptr[0] == '+' && s.len > 1 && label_valid(vl_span_slice(s, 1, s.len), false);
}

static bool parse_version(struct vl_span s, struct numbers *v)
{
    *v = (struct numbers){0};
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            if (vl_version_at(s, 0) != '.')
                return false;
            s = vl_span_slice(s, 1, s.len);
        }
        if (!take_number(&s, &v->n[i]))
            return false;
    }
    return take_labels(s, &v->pre);
}

static struct vl_span skip_prefix(struct vl_span s, const char *chars)
{
    s = vl_span_trim(s);
    while (s.len) {
        bool found = false;
        for (const char *p = chars; *p; p++)
            found = found || s.ptr[0] == *p;
        if (!found)
            break;
        s = vl_span_slice(s, 1, s.len);
    }
    return s;
}

bool vl_version_npm_valid(struct vl_span version)
{
    struct numbers v;
    return parse_version(skip_prefix(version, "v="), &v);
}

static bool is_wild(char c)
{
    return c == 'x' || c == 'X' || c == '*';
}

static bool parse_partial(struct vl_span s, struct partial *p)
{
    bool wild = false;
    *p = (struct partial){0};
    s = skip_prefix(s, "v= ");
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (i > 0) {
            if (s.len == 0)
                return true;
            if (s.ptr[0] != '.')
                return false;
            s = vl_span_slice(s, 1, s.len);
        }
        if (is_wild(vl_version_at(s, 0))) {
            s = vl_span_slice(s, 1, s.len);
            wild = true;
            continue;
        }
        uint64_t n;
        if (!take_number(&s, &n))
            return false;
        if (!wild) {
            p->v.n[i] = n;
            p->given = i + 1;
        }
    }
    struct vl_span pre = VL_SPAN_EMPTY;
    if (!take_labels(s, &pre))
        return false;
    if (!wild)
        p->v.pre = pre;
    return true;
}

static int cmp(const struct numbers *a, const struct numbers *b)
{
    for (size_t i = 0; i < 3; i++) {
        if (a->n[i] != b->n[i])
            return a->n[i] < b->n[i] ? -1 : 1;
    }
    if (a->pre.len == 0 || b->pre.len == 0)
        return (int)(b->pre.len > 0) - (int)(a->pre.len > 0);
    return vl_version_cmp_prerelease(a->pre, b->pre, false);
}

static void apply(struct test *t, enum vl_version_op op, const struct numbers *v)
{
    t->all = t->all && vl_version_op_holds(op, cmp(&t->version, v));
    if (v->pre.len && v->n[0] == t->version.n[0] && v->n[1] == t->version.n[1] && v->n[2] == t->version.n[2])
        t->same_pre = true;
}

/* The first version after all that agree with the first `keep` numbers: those up, "-0" behind. */
static struct numbers above(const struct numbers *v, size_t keep)
{
    struct numbers up = {.pre = VL_SPAN_LIT("0")};
    for (size_t i = 0; i < keep; i++)
        up.n[i] = v->n[i];
    up.n[keep - 1]++;
    return up;
}

static void apply_between(struct test *t, const struct partial *p, size_t keep)
{
    if (p->given == 0)
        return;
    struct numbers up = above(&p->v, keep);
    apply(t, VL_VERSION_OP_GE, &p->v);
    apply(t, VL_VERSION_OP_LT, &up);
}

static size_t caret_keep(const struct partial *p)
{
    size_t i = 0;
    while (i + 1 < p->given && p->v.n[i] == 0)
        i++;
    return i + 1;
}

/* >, <, >= and <= of a partial version. */
static void apply_partial(struct test *t, enum vl_version_op op, const struct partial *p)
{
    if (p->given == 0) {
        t->all = t->all && op != VL_VERSION_OP_GT && op != VL_VERSION_OP_LT;
        return;
    }
    struct numbers up = above(&p->v, p->given), low = p->v;
    if (op == VL_VERSION_OP_GT) {
        up.pre = VL_SPAN_EMPTY;
        apply(t, VL_VERSION_OP_GE, &up);
    } else if (op == VL_VERSION_OP_LE) {
        apply(t, VL_VERSION_OP_LT, &up);
    } else {
        if (op == VL_VERSION_OP_LT)
            low.pre = VL_SPAN_LIT("0");
        apply(t, op, &low);
    }
}

static void apply_clause(struct test *t, enum vl_version_op op, const struct partial *p)
{
    switch (op) {
    case VL_VERSION_OP_TILDE:
    case VL_VERSION_OP_PESSIMISTIC:
    case VL_VERSION_OP_COMPATIBLE:
        apply_between(t, p, p->given < 2 ? p->given : 2);
        return;
    case VL_VERSION_OP_CARET:
        apply_between(t, p, caret_keep(p));
        return;
    case VL_VERSION_OP_NE:
        for (size_t i = 0; i < p->given; i++) {
            if (p->v.n[i] != t->version.n[i])
                return;
        }
        t->all = t->all && p->given == 3 && cmp(&t->version, &p->v) != 0;
        return;
    default:
        break;
    }
    if (p->given == 3)
        apply(t, op, &p->v);
    else if (op == VL_VERSION_OP_EQ || op == VL_VERSION_OP_ARBITRARY)
        apply_between(t, p, p->given);
    else
        apply_partial(t, op, p);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where " - " stands, or SIZE_MAX. */
static size_t find_hyphen(struct vl_span s)
{
    for (size_t i = 1; i + 1 < s.len; i++) {
        if (s.ptr[i] == '-' && is_blank(s.ptr[i - 1]) && is_blank(s.ptr[i + 1]))
            return i;
    }
    return SIZE_MAX;
}

static bool test_hyphen(struct test *t, struct vl_span low, struct vl_span high)
{
    struct partial from, to;
    if (!parse_partial(low, &from) || !parse_partial(vl_span_trim(high), &to))
        return false;
    if (from.given > 0)
        apply(t, VL_VERSION_OP_GE, &from.v);
    if (to.given == 3)
        apply(t, VL_VERSION_OP_LE, &to.v);
    else if (to.given > 0)
        apply_partial(t, VL_VERSION_OP_LE, &to);
    return true;
}

static bool test_group(const struct numbers *version, struct vl_span group, bool *ret)
{
    struct test t = {.version = *version, .all = true};
    size_t hyphen = find_hyphen(group);
    if (hyphen != SIZE_MAX) {
        if (!test_hyphen(&t, vl_span_trim(vl_span_slice(group, 0, hyphen)),
                vl_span_slice(group, hyphen + 1, group.len)))
            return false;
    } else {
        struct vl_version_clause clause;
        struct vl_err ignored = VL_ERR_INIT;
        int r;
        while ((r = vl_version_next_clause(&group, &clause, &ignored)) > 0) {
            struct partial p;
            if (!parse_partial(clause.version, &p))
                return false;
            apply_clause(&t, clause.op, &p);
        }
        if (r < 0)
            return false;
    }
    *ret = t.all && (t.version.pre.len == 0 || t.same_pre);
    return true;
}

int vl_version_npm_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    struct vl_version_groups groups = {.rest = range};
    struct vl_span group;
    struct numbers v;
    bool any = false;
    (void)err;
    *ret = false;
    if (!parse_version(skip_prefix(version, "v= "), &v))
        return 0;
    while (vl_version_next_group(&groups, &group)) {
        bool one;
        if (!test_group(&v, group, &one))
            return 0;
        any = any || one;
    }
    *ret = any;
    return 0;
}
