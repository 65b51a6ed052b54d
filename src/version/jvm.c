/* Java runtimes. Source: JEP 223 (9 and later: SemVer-like, "-ea" before, "+build" without meaning) and the
 * scheme before it, "1.8.0_131-b11", which is 8.0.131. */
#include "scheme.h"

struct jvm {
    struct vl_span numbers; /* separated by . or _ */
    bool early;             /* -ea, -beta … */
    struct vl_span pre;
};

static struct jvm cut(struct vl_span s)
{
    struct jvm j = {0};
    size_t n = 0;
    s = vl_span_trim(s);
    if (vl_span_starts_with(s, "1.") && vl_char_is_digit(vl_version_at(s, 2)))
        s = vl_span_slice(s, 2, s.len);
    while (n < s.len && (vl_char_is_digit(s.ptr[n]) || s.ptr[n] == '.' || s.ptr[n] == '_'))
        n++;
    /* "8u131" */
    if (vl_version_at(s, n) == 'u' && vl_char_is_digit(vl_version_at(s, n + 1))) {
        n++;
        while (n < s.len && vl_char_is_digit(s.ptr[n]))
            n++;
    }
    j.numbers = vl_span_slice(s, 0, n);
    size_t end = n;
    while (end < s.len && s.ptr[end] != '+')
        end++;
    j.pre = vl_span_slice(s, n, end);
    if (vl_version_at(j.pre, 0) == '-')
        j.pre = vl_span_slice(j.pre, 1, j.pre.len);
    /* "-b11" is the build of an update, "-LTS" a promise */
    bool build = vl_version_at(j.pre, 0) == 'b' && vl_char_is_digit(vl_version_at(j.pre, 1));
    j.early = j.pre.len > 0 && !build && !vl_char_is_digit(j.pre.ptr[0]) &&
              !vl_span_eq_nocase(j.pre, VL_SPAN_LIT("lts"));
    return j;
}

/* The next number; the u of "8u131" stands for ".0.". */
static struct vl_span next_number(struct vl_span *s, bool *zero)
{
    if (*zero) {
        *zero = false;
        return VL_SPAN_EMPTY;
    }
    struct vl_span digits = vl_version_take_digits(s);
    *zero = vl_version_at(*s, 0) == 'u';
    if (s->len)
        *s = vl_span_slice(*s, 1, s->len);
    return digits;
}

static int cmp_numbers(struct vl_span a, struct vl_span b)
{
    bool zero_a = false, zero_b = false;
    while (a.len || b.len) {
        int r = vl_version_cmp_number(next_number(&a, &zero_a), next_number(&b, &zero_b));
        if (r != 0)
            return r;
    }
    return 0;
}

int vl_version_jvm_order(struct vl_span a, struct vl_span b)
{
    struct jvm x = cut(a), y = cut(b);
    int r = cmp_numbers(x.numbers, y.numbers);
    if (r != 0)
        return r;
    if (!x.early || !y.early)
        return (int)y.early - (int)x.early;
    return vl_version_cmp_prerelease(x.pre, y.pre, true);
}
