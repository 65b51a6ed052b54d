/* Versions of which nothing is known. Ours: runs of digits by value, runs of letters by their letters,
 * anything else only separates. Behind equal fronts, a number or a single letter is newer ("1.0.2a"), a word
 * that says so (alpha, beta, rc, pre, dev, snapshot) is older, any other word newer. */
#include "scheme.h"

static bool is_separator(char c)
{
    return !vl_char_is_digit(c) && !vl_char_is_letter(c);
}

static const char *const before[] = {
    "dev", "snapshot", "alpha", "a", "beta", "b", "milestone", "pre", "preview", "rc"};

/* 0: older than the bare version; 1: the end; 2: words; 3: numbers. */
static int rank_of(struct vl_span part, bool hyphen)
{
    if (part.len == 0)
        return 1;
    if (vl_char_is_digit(part.ptr[0]))
        return 3;
    for (size_t i = 0; i < VL_ARRAY_LEN(before); i++) {
        if (vl_span_eq_nocase(part, vl_span_str(before[i])) && (part.len > 1 || hyphen))
            return 0;
    }
    return 2;
}

static struct vl_span next(struct vl_span *s, bool *ret_hyphen)
{
    size_t n = 0;
    *ret_hyphen = false;
    while (s->len && is_separator(s->ptr[0])) {
        *ret_hyphen = s->ptr[0] == '-';
        *s = vl_span_slice(*s, 1, s->len);
    }
    bool number = vl_char_is_digit(vl_version_at(*s, 0));
    while (n < s->len && !is_separator(s->ptr[n]) && vl_char_is_digit(s->ptr[n]) == number)
        n++;
    struct vl_span part = vl_span_slice(*s, 0, n);
    *s = vl_span_slice(*s, n, s->len);
    return part;
}

static struct vl_span skip_v(struct vl_span s)
{
    if (s.len > 1 && (s.ptr[0] == 'v' || s.ptr[0] == 'V') && vl_char_is_digit(s.ptr[1]))
        return vl_span_slice(s, 1, s.len);
    return s;
}

int vl_version_fuzzy_order(struct vl_span a, struct vl_span b)
{
    a = skip_v(a);
    b = skip_v(b);
    for (;;) {
        bool hyphen_a, hyphen_b;
        struct vl_span x = next(&a, &hyphen_a), y = next(&b, &hyphen_b);
        if (x.len == 0 && y.len == 0)
            return 0;
        int p = rank_of(x, hyphen_a), q = rank_of(y, hyphen_b);
        if (p != q)
            return p < q ? -1 : 1;
        int r = p == 3 ? vl_version_cmp_number(x, y) : vl_version_cmp_nocase(x, y);
        if (r != 0)
            return r;
    }
}
