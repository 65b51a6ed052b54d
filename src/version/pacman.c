/* Arch Linux. Source: vercmp(8) and PKGBUILD(5): [epoch:]version[-release]; segments of digits or letters;
 * "1.0a < 1.0alpha < 1.0b < 1.0beta < 1.0p < 1.0pre < 1.0rc < 1.0 < 1.0.a < 1.0.1". The release counts only
 * where both sides have one. */
#include "scheme.h"

static bool is_alnum(char c)
{
    return vl_char_is_digit(c) || vl_char_is_letter(c);
}

static size_t skip_separators(struct vl_span *s)
{
    size_t n = 0;
    while (n < s->len && !is_alnum(s->ptr[n]))
        n++;
    *s = vl_span_slice(*s, n, s->len);
    return n;
}

static struct vl_span take_segment(struct vl_span *s)
{
    size_t n = 0;
    bool number = vl_char_is_digit(vl_version_at(*s, 0));
    while (n < s->len && (number ? vl_char_is_digit(s->ptr[n]) : vl_char_is_letter(s->ptr[n])))
        n++;
    struct vl_span part = vl_span_slice(*s, 0, n);
    *s = vl_span_slice(*s, n, s->len);
    return part;
}

/* One side is used up: letters directly behind the last number are a pre-release, all else is newer. */
static int cmp_rest(struct vl_span a, struct vl_span b)
{
    if (a.len == 0 && b.len == 0)
        return 0;
    if (a.len == 0)
        return vl_char_is_letter(b.ptr[0]) ? 1 : -1;
    return vl_char_is_letter(a.ptr[0]) ? -1 : 1;
}

static int cmp_part(struct vl_span a, struct vl_span b)
{
    while (a.len && b.len) {
        size_t x = skip_separators(&a), y = skip_separators(&b);
        if (a.len == 0 || b.len == 0)
            break;
        if (x != y)
            return x < y ? -1 : 1;
        bool number = vl_char_is_digit(a.ptr[0]);
        if (number != vl_char_is_digit(b.ptr[0]))
            return number ? 1 : -1;
        struct vl_span p = take_segment(&a), q = take_segment(&b);
        int r = number ? vl_version_cmp_number(p, q) : vl_span_cmp(p, q);
        if (r != 0)
            return r;
    }
    return cmp_rest(a, b);
}

/* Where a part of a version stands in the total order: letters right behind a number, the end, the rest. */
static int rank_of(struct vl_span s, size_t separators)
{
    if (s.len == 0)
        return 1;
    return separators == 0 && vl_char_is_letter(s.ptr[0]) ? 0 : 2;
}

/* vercmp's rules without what makes them no order: separators at the very end do not count. */
static int order_part(struct vl_span a, struct vl_span b)
{
    for (;;) {
        size_t x = skip_separators(&a), y = skip_separators(&b);
        if (a.len == 0 && b.len == 0)
            return 0;
        bool number = vl_char_is_digit(vl_version_at(a, 0)), other = vl_char_is_digit(vl_version_at(b, 0));
        int r = rank_of(a, x) - rank_of(b, y);
        if (r == 0 && x != y)
            r = x < y ? -1 : 1;
        if (r == 0)
            r = (int)number - (int)other;
        if (r != 0)
            return r;
        struct vl_span p = take_segment(&a), q = take_segment(&b);
        r = number ? vl_version_cmp_number(p, q) : vl_span_cmp(p, q);
        if (r != 0)
            return r;
    }
}

struct pacman {
    struct vl_span epoch, version, release;
    bool has_release;
};

static struct pacman cut(struct vl_span s)
{
    struct pacman p = {0};
    size_t n = 0;
    while (n < s.len && vl_char_is_digit(s.ptr[n]))
        n++;
    if (vl_version_at(s, n) == ':') {
        p.epoch = vl_span_slice(s, 0, n);
        s = vl_span_slice(s, n + 1, s.len);
    }
    size_t hyphen = vl_span_rfind_char(s, '-');
    p.version = vl_span_slice(s, 0, hyphen);
    p.has_release = hyphen != SIZE_MAX;
    if (p.has_release)
        p.release = vl_span_slice(s, hyphen + 1, s.len);
    return p;
}

int vl_version_pacman_compare(struct vl_span a, struct vl_span b)
{
    struct pacman x = cut(a), y = cut(b);
    int r = vl_version_cmp_number(x.epoch, y.epoch);
    if (r == 0)
        r = cmp_part(x.version, y.version);
    if (r == 0 && x.has_release && y.has_release)
        r = cmp_part(x.release, y.release);
    return r;
}

/* "1-1" and "1-2" both equal "1" for vercmp, which no order can hold: here "1" is the oldest of them. */
int vl_version_pacman_order(struct vl_span a, struct vl_span b)
{
    struct pacman x = cut(a), y = cut(b);
    int r = vl_version_cmp_number(x.epoch, y.epoch);
    if (r == 0)
        r = order_part(x.version, y.version);
    if (r == 0)
        r = (int)x.has_release - (int)y.has_release;
    return r != 0 ? r : order_part(x.release, y.release);
}
