#include "glob.h"

#include <ctype.h>
#include <string.h>

static char fold(char c, bool ignore_case)
{
    return ignore_case && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool glob_is_plain(struct vl_span pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] && strchr("*?[\\", pattern.ptr[i]))
            return false;
    }
    return true;
}

static bool in_class(struct vl_span name, unsigned char c)
{
    static const struct {
        const char *name;
        int (*is)(int c);
    } classes[] = {{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum}, {"upper", isupper},
        {"lower", islower}, {"space", isspace}, {"blank", isblank}, {"punct", ispunct}, {"print", isprint},
        {"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit}};
    for (size_t i = 0; i < VL_ARRAY_LEN(classes); i++) {
        if (vl_span_eq_str(name, classes[i].name))
            return classes[i].is(c) != 0;
    }
    return false;
}

/* "[:name:]" at p[*i]: true when one stands there; *i is then behind it. */
static bool take_class(struct vl_span p, size_t *i, char c, bool *found)
{
    if (*i + 1 >= p.len || p.ptr[*i] != '[' || p.ptr[*i + 1] != ':')
        return false;
    size_t end = vl_span_find(vl_span_slice(p, *i + 2, SIZE_MAX), VL_SPAN_LIT(":]"));
    if (end == SIZE_MAX)
        return false;
    *found |= in_class(vl_span_slice(p, *i + 2, *i + 2 + end), (unsigned char)c);
    *i += end + 4;
    return true;
}

/* The bracket expression at p[*i] == '[': 1 matches, 0 does not, -1 it is none. */
static int bracket(struct vl_span p, size_t *at, char c, bool ignore_case)
{
    size_t i = *at + 1;
    bool negated = i < p.len && (p.ptr[i] == '!' || p.ptr[i] == '^'), found = false;
    i += negated;
    for (size_t first = i; i < p.len; first = SIZE_MAX) {
        if (p.ptr[i] == ']' && first != i) {
            *at = i + 1;
            return found != negated;
        }
        if (take_class(p, &i, c, &found))
            continue;
        if (p.ptr[i] == '\\' && i + 1 < p.len)
            i++;
        char from = fold(p.ptr[i++], ignore_case), to = from;
        if (i + 1 < p.len && p.ptr[i] == '-' && p.ptr[i + 1] != ']') {
            i++;
            if (p.ptr[i] == '\\' && i + 1 < p.len)
                i++;
            to = fold(p.ptr[i++], ignore_case);
        }
        found |= (unsigned char)from <= (unsigned char)c && (unsigned char)c <= (unsigned char)to;
    }
    return -1;
}

/* One item of the pattern that is no star against one character. */
static bool step(struct vl_span p, size_t *i, char c, bool ignore_case)
{
    char want = p.ptr[*i];
    c = fold(c, ignore_case);
    if (want == '?') {
        ++*i;
        return true;
    }
    if (want == '[') {
        int r = bracket(p, i, c, ignore_case);
        if (r >= 0)
            return r == 1;
    }
    if (want == '\\') {
        if (*i + 1 >= p.len) /* nothing matches a lone backslash */
            return false;
        want = p.ptr[++*i];
    }
    ++*i;
    return fold(want, ignore_case) == c;
}

bool glob_matches(struct vl_span pattern, struct vl_span text, bool ignore_case)
{
    size_t i = 0, j = 0, star = SIZE_MAX, back = 0;
    while (j < text.len) {
        if (i < pattern.len && pattern.ptr[i] == '*') {
            star = ++i;
            back = j;
            continue;
        }
        size_t next = i;
        if (i < pattern.len && step(pattern, &next, text.ptr[j], ignore_case)) {
            i = next;
            j++;
            continue;
        }
        if (star == SIZE_MAX)
            return false;
        i = star;
        j = ++back;
    }
    while (i < pattern.len && pattern.ptr[i] == '*')
        i++;
    return i == pattern.len;
}
