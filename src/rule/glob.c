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

/* The characters from `at` on that stand for themselves. */
static struct vl_span literal_run(struct vl_span pattern, size_t at)
{
    size_t end = at;
    while (end < pattern.len && (!pattern.ptr[end] || !strchr("*?[\\", pattern.ptr[end])))
        end++;
    return vl_span_slice(pattern, at, end);
}

/* Where what follows a star may begin: the next place of its literal run, SIZE_MAX where there is none. */
static size_t next_start(struct vl_span run, struct vl_span text, size_t from, bool ignore_case)
{
    if (run.len == 0)
        return from <= text.len ? from : SIZE_MAX;
    if (!ignore_case) {
        size_t at = from <= text.len ? vl_span_find(vl_span_slice(text, from, SIZE_MAX), run) : SIZE_MAX;
        return at == SIZE_MAX ? SIZE_MAX : from + at;
    }
    for (; from + run.len <= text.len; from++) {
        if (fold(text.ptr[from], true) == fold(run.ptr[0], true))
            return from;
    }
    return SIZE_MAX;
}

static bool ends_with(struct vl_span text, struct vl_span end, bool ignore_case)
{
    if (end.len > text.len)
        return false;
    struct vl_span tail = vl_span_slice(text, text.len - end.len, SIZE_MAX);
    return ignore_case ? vl_span_eq_nocase(tail, end) : vl_span_eq(tail, end);
}

bool glob_matches(struct vl_span pattern, struct vl_span text, bool ignore_case)
{
    struct vl_span run = VL_SPAN_EMPTY;
    size_t i = 0, j = 0, star = SIZE_MAX, back = 0;
    while (j < text.len || (i < pattern.len && pattern.ptr[i] == '*')) {
        if (i < pattern.len && pattern.ptr[i] == '*') {
            star = ++i;
            run = literal_run(pattern, star);
            if (star + run.len == pattern.len) /* the last one: it must stand at the end */
                return ends_with(vl_span_slice(text, j, SIZE_MAX), run, ignore_case);
            back = j = next_start(run, text, j, ignore_case);
            if (back == SIZE_MAX)
                return false;
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
        back = j = next_start(run, text, back + 1, ignore_case);
        if (back == SIZE_MAX)
            return false;
    }
    return i == pattern.len;
}
