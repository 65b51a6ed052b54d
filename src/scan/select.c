#include "select.h"

#include <string.h>

/* One set "[…]" at the front of the pattern: its length, 0 where it is not closed; *ret_in whether c is in
 * it. */
static size_t match_set(struct vl_span p, char c, bool *ret_in)
{
    size_t i = 1;
    bool negated = i < p.len && (p.ptr[i] == '!' || p.ptr[i] == '^');
    bool in = false;
    i += negated;
    for (size_t first = i; i < p.len && (p.ptr[i] != ']' || i == first); i++) {
        char low = p.ptr[i];
        char high = low;
        if (i + 2 < p.len && p.ptr[i + 1] == '-' && p.ptr[i + 2] != ']') {
            high = p.ptr[i + 2];
            i += 2;
        }
        in = in || ((unsigned char)c >= (unsigned char)low && (unsigned char)c <= (unsigned char)high);
    }
    if (i >= p.len)
        return 0;
    *ret_in = in != negated && c != '/';
    return i + 1;
}

/* Length of the pattern's front that takes the one character c; 0 where it does not. */
static size_t match_one(struct vl_span p, char c)
{
    bool in;
    size_t n;
    switch (p.ptr[0]) {
    case '?':
        return c != '/';
    case '[':
        n = match_set(p, c, &in);
        return n == 0 ? c == '[' : in ? n : 0;
    case '\\':
        if (p.len > 1)
            return p.ptr[1] == c ? 2 : 0;
        return c == '\\';
    default:
        return p.ptr[0] == c;
    }
}

struct star {
    size_t pattern; /* behind the star */
    size_t path;    /* where it stops taking for now */
    bool set;
};

/* Goes back to the last star that can take one more character. "*" cannot take a '/': then the "**" before it
 * takes more. */
static bool go_back(struct star *one, struct star *many, struct vl_span path, size_t *p, size_t *s)
{
    if (one->set && one->path < path.len && path.ptr[one->path] != '/') {
        *p = one->pattern;
        *s = ++one->path;
        return true;
    }
    one->set = false;
    if (many->set && many->path < path.len) {
        *p = many->pattern;
        *s = ++many->path;
        return true;
    }
    return false;
}

static struct vl_span without_root(struct vl_span s)
{
    while (s.len && s.ptr[0] == '/')
        s = vl_span_slice(s, 1, s.len);
    return vl_span_starts_with(s, "./") ? vl_span_slice(s, 2, s.len) : s;
}

bool vl_select_glob(struct vl_span pattern, struct vl_span path)
{
    struct star one = {0};
    struct star many = {0};
    size_t p = 0;
    size_t s = 0;
    pattern = without_root(pattern);
    path = without_root(path);
    if (pattern.len > VL_SELECT_GLOB_MAX)
        return false;
    bool folder = pattern.len && pattern.ptr[pattern.len - 1] == '/';
    while (s < path.len || p < pattern.len) {
        if (p + 1 < pattern.len && pattern.ptr[p] == '*' && pattern.ptr[p + 1] == '*') {
            p += 2;
            /* "a/ ** /b" also matches "a/b" */
            if (p < pattern.len && pattern.ptr[p] == '/' && (s == 0 || path.ptr[s - 1] == '/'))
                p++;
            many = (struct star){p, s, true};
            one.set = false;
            continue;
        }
        if (p < pattern.len && pattern.ptr[p] == '*') {
            one = (struct star){++p, s, true};
            continue;
        }
        size_t n = p < pattern.len && s < path.len
                       ? match_one(vl_span_slice(pattern, p, pattern.len), path.ptr[s])
                       : 0;
        if (n) {
            p += n;
            s++;
            continue;
        }
        if (p == pattern.len && folder)
            return true;
        if (!go_back(&one, &many, path, &p, &s))
            return false;
    }
    return true;
}

bool vl_select_path(struct vl_span pattern, const char *path)
{
    struct vl_span whole = vl_span_str(path);
    if (vl_select_glob(pattern, whole))
        return true;
    size_t inner = vl_span_find_char(whole, '!');
    return inner != SIZE_MAX && vl_select_glob(pattern, vl_span_slice(whole, 0, inner));
}

/* --- package URLs --- */

void vl_select_drop_upstream(struct vl_purl *pattern)
{
    size_t n = 0;
    for (size_t i = 0; i < pattern->n_qualifiers; i++) {
        if (strcmp(pattern->qualifiers[i].key, "upstream") != 0)
            pattern->qualifiers[n++] = pattern->qualifiers[i];
    }
    pattern->n_qualifiers = n;
}
