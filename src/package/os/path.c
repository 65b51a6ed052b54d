#include "path.h"

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The usual two-pointer match: only the last star is ever tried again, so the cost is bounded by the product
 * of the lengths. */
static bool match(const char *path, const char *pattern, bool nocase)
{
    const char *star = NULL, *retry = NULL;
    while (*path) {
        if (*pattern == '*') {
            star = pattern++;
            retry = path;
        } else if ((nocase ? fold(*pattern) == fold(*path) : *pattern == *path)) {
            pattern++;
            path++;
        } else if (star && *retry != '/') {
            pattern = star + 1;
            path = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool os_path_match(const char *path, const char *pattern)
{
    return match(path, pattern, false);
}

bool os_path_match_nocase(const char *path, const char *pattern)
{
    return match(path, pattern, true);
}

bool os_path_match_any(const char *path, const char *const *patterns)
{
    for (; *patterns; patterns++) {
        if (os_path_match(path, *patterns))
            return true;
    }
    return false;
}

struct vl_span os_path_base(const char *path)
{
    struct vl_span s = vl_span_str(path);
    size_t slash = vl_span_rfind_char(s, '/');
    return slash == SIZE_MAX ? s : vl_span_slice(s, slash + 1, s.len);
}

struct vl_span os_path_folder(const char *path, unsigned up)
{
    struct vl_span s = vl_span_str(path);
    for (unsigned i = 0; i <= up; i++) {
        size_t slash = vl_span_rfind_char(s, '/');
        if (slash == SIZE_MAX)
            return VL_SPAN_EMPTY;
        s = vl_span_slice(s, 0, slash);
    }
    size_t slash = vl_span_rfind_char(s, '/');
    return slash == SIZE_MAX ? s : vl_span_slice(s, slash + 1, s.len);
}
