#include "scheme.h"

#include <string.h>

struct vl_span vl_version_take_digits(struct vl_span *s)
{
    size_t n = 0;
    while (n < s->len && vl_char_is_digit(s->ptr[n]))
        n++;
    struct vl_span digits = {s->ptr, n};
    s->ptr += n;
    s->len -= n;
    return digits;
}

bool vl_version_is_number(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!vl_char_is_digit(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

static struct vl_span without_zeros(struct vl_span s)
{
    while (s.len && s.ptr[0] == '0') {
        s.ptr++;
        s.len--;
    }
    return s;
}

int vl_version_cmp_number(struct vl_span a, struct vl_span b)
{
    a = without_zeros(a);
    b = without_zeros(b);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

int vl_version_cmp_nocase(struct vl_span a, struct vl_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < n; i++) {
        uint8_t x = (uint8_t)vl_version_lower(a.ptr[i]), y = (uint8_t)vl_version_lower(b.ptr[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool vl_version_next_part(struct vl_span *rest, const char *seps, struct vl_span *ret_part)
{
    if (!rest->ptr)
        return false;
    size_t n = 0;
    while (n < rest->len && (rest->ptr[n] == '\0' || !strchr(seps, rest->ptr[n])))
        n++;
    *ret_part = (struct vl_span){rest->ptr, n};
    if (n < rest->len)
        *rest = (struct vl_span){rest->ptr + n + 1, rest->len - n - 1};
    else
        *rest = VL_SPAN_EMPTY;
    return true;
}

bool vl_version_order_invalid(bool a_valid, bool b_valid, struct vl_span a, struct vl_span b, int *ret)
{
    if (a_valid && b_valid)
        return false;
    if (a_valid != b_valid) {
        *ret = a_valid ? 1 : -1;
        return true;
    }
    *ret = vl_version_fuzzy_order(a, b);
    if (*ret == 0)
        *ret = vl_span_cmp(a, b);
    return true;
}
