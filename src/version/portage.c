/* Gentoo. Source: Package Manager Specification (PMS) 8, section 3.3 "Version comparison", algorithms 3.1 to
 * 3.7: number{.number}[letter]{_suffix[number]}[-r number]; suffixes alpha, beta, pre, rc, p. */
#include "scheme.h"

struct portage {
    struct vl_span numbers;  /* "1.2.3" */
    char letter;             /* NUL: none */
    struct vl_span suffixes; /* "_rc1_p2" */
    struct vl_span revision;
    struct vl_span odd; /* what the grammar does not have; empty for real versions */
};

static struct portage cut(struct vl_span s)
{
    struct portage p = {0};
    size_t n = 0;
    while (n < s.len && (vl_char_is_digit(s.ptr[n]) || s.ptr[n] == '.'))
        n++;
    p.numbers = vl_span_slice(s, 0, n);
    if (vl_version_at(s, n) >= 'a' && vl_version_at(s, n) <= 'z')
        p.letter = s.ptr[n++];
    size_t from = n;
    while (n < s.len && s.ptr[n] != '-')
        n++;
    p.suffixes = vl_span_slice(s, from, n);
    struct vl_span rest = vl_span_slice(s, n, s.len);
    if (vl_span_starts_with(rest, "-r")) {
        rest = vl_span_slice(rest, 2, rest.len);
        p.revision = vl_version_take_digits(&rest);
    }
    p.odd = rest;
    return p;
}

static struct vl_span without_end_zeros(struct vl_span s)
{
    while (s.len && s.ptr[s.len - 1] == '0')
        s.len--;
    return s;
}

static int cmp_numbers(struct vl_span a, struct vl_span b)
{
    struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
    for (bool first = true;; first = false) {
        bool has_x = vl_version_next_part(&a, ".", &x), has_y = vl_version_next_part(&b, ".", &y);
        if (!has_x || !has_y)
            return (int)has_x - (int)has_y;
        int r;
        if (!first && (vl_version_at(x, 0) == '0' || vl_version_at(y, 0) == '0'))
            r = vl_span_cmp(without_end_zeros(x), without_end_zeros(y));
        else
            r = vl_version_cmp_number(x, y);
        if (r != 0)
            return r;
    }
}

/* alpha < beta < pre < rc < (nothing) < p */
static int suffix_rank(struct vl_span *s)
{
    static const char *const names[] = {"alpha", "beta", "pre", "rc", "", "p"};
    size_t n = 0;
    while (n < s->len && vl_char_is_letter(s->ptr[n]))
        n++;
    struct vl_span name = vl_span_slice(*s, 0, n);
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (n > 0 && vl_span_eq_str(name, names[i])) {
            *s = vl_span_slice(*s, n, s->len);
            return (int)i;
        }
    }
    return 6;
}

static int cmp_suffixes(struct vl_span a, struct vl_span b)
{
    enum { NONE = 4 };
    while (a.len || b.len) {
        struct vl_span x = VL_SPAN_EMPTY, y = VL_SPAN_EMPTY;
        if (vl_version_at(a, 0) == '_')
            a = vl_span_slice(a, 1, a.len);
        if (vl_version_at(b, 0) == '_')
            b = vl_span_slice(b, 1, b.len);
        bool has_x = vl_version_next_part(&a, "_", &x), has_y = vl_version_next_part(&b, "_", &y);
        int p = has_x ? suffix_rank(&x) : NONE, q = has_y ? suffix_rank(&y) : NONE;
        if (p != q)
            return p < q ? -1 : 1;
        bool numbers =
            p < 6 && (x.len == 0 || vl_version_is_number(x)) && (y.len == 0 || vl_version_is_number(y));
        int r = numbers ? vl_version_cmp_number(x, y) : vl_span_cmp(x, y);
        if (r != 0)
            return r;
    }
    return 0;
}

int vl_version_portage_order(struct vl_span a, struct vl_span b)
{
    struct portage x = cut(a), y = cut(b);
    int r = cmp_numbers(x.numbers, y.numbers);
    if (r == 0)
        r = x.letter - y.letter;
    if (r == 0)
        r = cmp_suffixes(x.suffixes, y.suffixes);
    if (r == 0)
        r = vl_version_cmp_number(x.revision, y.revision);
    return r != 0 ? r : vl_span_cmp(x.odd, y.odd);
}
