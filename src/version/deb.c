/* Debian versions. Source: deb-version(7) and Debian Policy 5.6.12: [epoch:]upstream[-revision], compared
 * part by part; non-digits by a modified ASCII order (~ before the end, letters before the rest), digits by
 * value. */
#include "scheme.h"

static int char_order(char c)
{
    if (vl_char_is_digit(c) || c == '\0')
        return 0;
    if (c == '~')
        return -1;
    if (vl_char_is_letter(c))
        return (uint8_t)c;
    return (uint8_t)c + 256;
}

static int cmp_part(struct vl_span a, struct vl_span b)
{
    size_t i = 0, k = 0;
    while (i < a.len || k < b.len) {
        while ((i < a.len && !vl_char_is_digit(a.ptr[i])) || (k < b.len && !vl_char_is_digit(b.ptr[k]))) {
            int x = char_order(vl_version_at(a, i)), y = char_order(vl_version_at(b, k));
            if (x != y)
                return x < y ? -1 : 1;
            i += i < a.len;
            k += k < b.len;
        }
        while (vl_version_at(a, i) == '0')
            i++;
        while (vl_version_at(b, k) == '0')
            k++;
        int first = 0;
        while (vl_char_is_digit(vl_version_at(a, i)) && vl_char_is_digit(vl_version_at(b, k))) {
            if (first == 0)
                first = a.ptr[i] - b.ptr[k];
            i++;
            k++;
        }
        if (vl_char_is_digit(vl_version_at(a, i)))
            return 1;
        if (vl_char_is_digit(vl_version_at(b, k)))
            return -1;
        if (first != 0)
            return first;
    }
    return 0;
}

struct deb {
    struct vl_span epoch, upstream, revision;
};

/* One pass instead of memchr() and memrchr(): versions are short. Only digits before the colon are an epoch,
 * so that anything can be ordered. */
static struct deb cut(struct vl_span s)
{
    struct deb d = {.upstream = s};
    size_t colon = SIZE_MAX, hyphen = SIZE_MAX;
    bool digits = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '-')
            hyphen = i;
        else if (c == ':' && digits && colon == SIZE_MAX && i > 0)
            colon = i;
        digits = digits && vl_char_is_digit(c);
    }
    size_t start = 0;
    if (colon != SIZE_MAX) {
        d.epoch = (struct vl_span){s.ptr, colon};
        start = colon + 1;
    }
    size_t end = hyphen == SIZE_MAX ? s.len : hyphen;
    d.upstream = vl_span_slice(s, start, end);
    d.revision = hyphen == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(s, hyphen + 1, s.len);
    return d;
}

int vl_version_deb_order(struct vl_span a, struct vl_span b)
{
    struct deb x = cut(vl_span_trim(a)), y = cut(vl_span_trim(b));
    int r = vl_version_cmp_number(x.epoch, y.epoch);
    if (r == 0)
        r = cmp_part(x.upstream, y.upstream);
    if (r == 0)
        r = cmp_part(x.revision, y.revision);
    return r;
}
