/* RubyGems. Source: the documentation of Gem::Version and Gem::Requirement: segments of digits or letters,
 * "-" is ".pre."; letters are a pre-release and older than numbers; trailing zeros do not count, neither do
 * those before the first letters. "~> 2.3.1" is ">= 2.3.1, < 2.4". */
#include "scheme.h"

static bool is_word(struct vl_span s)
{
    return vl_char_is_letter(vl_version_at(s, 0));
}

static bool is_zero(struct vl_span s)
{
    return !is_word(s) && vl_version_cmp_number(s, VL_SPAN_EMPTY) == 0;
}

/* The next run of digits or letters. A hyphen is the word "pre", once. */
static bool next_raw(struct vl_span *s, struct vl_span *ret)
{
    while (s->len && !vl_char_is_digit(s->ptr[0]) && !vl_char_is_letter(s->ptr[0])) {
        bool hyphen = s->ptr[0] == '-';
        *s = vl_span_slice(*s, 1, s->len);
        if (hyphen) {
            *ret = VL_SPAN_LIT("pre");
            return true;
        }
    }
    size_t n = 0;
    bool number = vl_char_is_digit(vl_version_at(*s, 0));
    while (n < s->len && (number ? vl_char_is_digit(s->ptr[n]) : vl_char_is_letter(s->ptr[n])))
        n++;
    *ret = vl_span_slice(*s, 0, n);
    *s = vl_span_slice(*s, n, s->len);
    return n > 0;
}

/* As next_raw(), without the zeros that do not count: those before a word and at the end. */
static bool next(struct vl_span *s, bool *seen_word, struct vl_span *ret)
{
    if (!next_raw(s, ret))
        return false;
    if (is_word(*ret)) {
        *seen_word = true;
        return true;
    }
    if (!is_zero(*ret))
        return true;
    struct vl_span ahead = *s, part;
    while (next_raw(&ahead, &part)) {
        if (is_word(part)) {
            if (*seen_word)
                return true; /* 1.a.0.b: the zero counts */
            *seen_word = true;
            *s = ahead;
            *ret = part;
            return true;
        }
        if (!is_zero(part))
            return true;
    }
    *s = VL_SPAN_EMPTY;
    return false;
}

int vl_version_gem_order(struct vl_span a, struct vl_span b)
{
    struct vl_span x, y;
    bool word_a = false, word_b = false;
    for (;;) {
        bool has_x = next(&a, &word_a, &x), has_y = next(&b, &word_b, &y);
        if (!has_x && !has_y)
            return 0;
        /* what is missing is 0 */
        if (!has_x)
            x = VL_SPAN_LIT("0");
        if (!has_y)
            y = VL_SPAN_LIT("0");
        if (is_word(x) != is_word(y))
            return is_word(x) ? -1 : 1;
        int r = is_word(x) ? vl_span_cmp(x, y) : vl_version_cmp_number(x, y);
        if (r != 0)
            return r;
    }
}

/* [0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)? or nothing, which is 0. */
bool vl_version_gem_valid(struct vl_span version)
{
    struct vl_span s = vl_span_trim(version), part;
    size_t hyphen = vl_span_find_char(s, '-');
    struct vl_span front = vl_span_slice(s, 0, hyphen), tail = vl_span_slice(s, hyphen, s.len);
    if (s.len == 0)
        return true;
    if (front.len == 0 || (hyphen != SIZE_MAX && tail.len < 2))
        return false;
    for (bool first = true; vl_version_next_part(&front, ".", &part); first = false) {
        for (size_t i = 0; i < part.len; i++) {
            if (!vl_char_is_digit(part.ptr[i]) && (first || !vl_char_is_letter(part.ptr[i])))
                return false;
        }
        if (part.len == 0)
            return false;
    }
    tail = hyphen == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(tail, 1, tail.len);
    while (vl_version_next_part(&tail, ".", &part)) {
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];
            if (!vl_char_is_digit(c) && !vl_char_is_letter(c) && c != '-')
                return false;
        }
        if (part.len == 0)
            return false;
    }
    return true;
}

static const char *const platforms[] = {"x86", "x64", "universal", "java", "jruby", "mswin", "mingw",
    "darwin", "linux", "arm", "aarch64", "ppc", "powerpc", "s390", "sparc", "freebsd", "openbsd", "netbsd",
    "solaris", "dalvik", "dotnet", "macruby", "mac", "cygwin", "aix", "hpux", "i386", "i486", "i586", "i686",
    "amd64"};

/* "1.2.0-x86_64-linux": RubyGems writes the platform behind the version in file names and lock files. */
static struct vl_span without_platform(struct vl_span s)
{
    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.ptr[i] != '-')
            continue;
        struct vl_span tail = vl_span_slice(s, i + 1, s.len);
        for (size_t k = 0; k < VL_ARRAY_LEN(platforms); k++) {
            if (vl_span_starts_with(tail, platforms[k]))
                return vl_span_slice(s, 0, i);
        }
    }
    return s;
}

/* The version without its pre-release part and its last number; what stays must not change under ~>. */
static bool pessimistic(struct vl_span version, struct vl_span spec)
{
    struct vl_span s = spec, part, v = version, w;
    size_t n = 0;
    while (next_raw(&s, &part) && !is_word(part))
        n++;
    size_t keep = n > 1 ? n - 1 : n;
    s = spec;
    for (size_t i = 0; i < keep; i++) {
        if (!next_raw(&s, &part))
            part = VL_SPAN_EMPTY;
        if (!next_raw(&v, &w) || is_word(w)) {
            w = VL_SPAN_EMPTY;
            v = VL_SPAN_EMPTY;
        }
        if (vl_version_cmp_number(w, part) != 0)
            return false;
    }
    return true;
}

bool vl_version_gem_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    version = without_platform(version);
    int r = vl_version_gem_order(version, clause->version);
    if (clause->op == VL_VERSION_OP_PESSIMISTIC)
        return r >= 0 && pessimistic(version, clause->version);
    if (clause->op > VL_VERSION_OP_GE)
        return vl_version_generic_clause(version, clause);
    return vl_version_op_holds(clause->op, r);
}
