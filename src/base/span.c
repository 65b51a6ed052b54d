#include "base/span.h"

#include <limits.h>
#include <string.h>

int vl_span_int_len(struct vl_span s)
{
    return s.len > INT_MAX ? INT_MAX : (int)s.len;
}

struct vl_span vl_span_slice(struct vl_span s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from >= to)
        return VL_SPAN_EMPTY;
    return (struct vl_span){s.ptr + from, to - from};
}

bool vl_span_eq(struct vl_span a, struct vl_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool vl_span_eq_str(struct vl_span a, const char *b)
{
    /* Most differ in the first byte: then the length of the other is not needed. */
    if (a.len && *a.ptr != *b)
        return false;
    return vl_span_eq(a, vl_span_str(b));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool vl_span_eq_nocase(struct vl_span a, struct vl_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool vl_span_starts_with(struct vl_span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && (n == 0 || memcmp(s.ptr, prefix, n) == 0);
}

bool vl_span_ends_with(struct vl_span s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len >= n && (n == 0 || memcmp(s.ptr + s.len - n, suffix, n) == 0);
}

int vl_span_cmp(struct vl_span a, struct vl_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int r = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (r != 0)
        return r;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool vl_span_has_control(struct vl_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (vl_char_is_control(s.ptr[i]))
            return true;
    }
    return false;
}

size_t vl_span_find_char(struct vl_span s, char c)
{
    const char *p = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t vl_span_rfind_char(struct vl_span s, char c)
{
    const char *p = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t vl_span_find(struct vl_span s, struct vl_span needle)
{
    if (needle.len == 0)
        return 0;
    const char *p = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct vl_span vl_span_trim(struct vl_span s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool vl_span_split(struct vl_span *rest, char sep, struct vl_span *ret_part)
{
    if (rest->len == 0)
        return false;
    size_t at = vl_span_find_char(*rest, sep);
    *ret_part = vl_span_slice(*rest, 0, at);
    *rest = at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(*rest, at + 1, rest->len);
    return true;
}

bool vl_span_split_line(struct vl_span *rest, struct vl_span *ret_line)
{
    if (!vl_span_split(rest, '\n', ret_line))
        return false;
    if (ret_line->len && ret_line->ptr[ret_line->len - 1] == '\r')
        ret_line->len--;
    return true;
}

bool vl_span_to_u64(struct vl_span s, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10U, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v))
            return false;
    }
    *ret = v;
    return true;
}
