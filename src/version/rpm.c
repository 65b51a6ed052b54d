/* RPM versions. Source: rpm's manual page rpm-version(7) and its test suite rpmvercmp.at: segments of digits
 * or letters, anything else separates; ~ sorts before the end, ^ after the end but before any segment.
 * [epoch:]version[-release], a missing epoch is 0, no release is older than an empty one. */
#include "scheme.h"

static bool is_separator(char c)
{
    return !vl_char_is_digit(c) && !vl_char_is_letter(c) && c != '~' && c != '^';
}

static struct vl_span skip_separators(struct vl_span s)
{
    while (s.len && is_separator(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    return s;
}

static struct vl_span take_segment(struct vl_span *s, bool number)
{
    if (number)
        return vl_version_take_digits(s);
    size_t n = 0;
    while (n < s->len && vl_char_is_letter(s->ptr[n]))
        n++;
    struct vl_span part = {s->ptr, n};
    s->ptr += n;
    s->len -= n;
    return part;
}

/* The special characters: true where one stands at the front of either; *ret is 0 where it is in both. */
static bool cmp_special(struct vl_span *a, struct vl_span *b, int *ret)
{
    char x = vl_version_at(*a, 0), y = vl_version_at(*b, 0);
    *ret = 0;
    if (x == '~' || y == '~') {
        *ret = x != '~' ? 1 : y != '~' ? -1 : 0;
    } else if (x == '^' || y == '^') {
        if (x != '^')
            *ret = a->len ? 1 : -1;
        else if (y != '^')
            *ret = b->len ? -1 : 1;
    } else {
        return false;
    }
    if (*ret == 0) {
        *a = vl_span_slice(*a, 1, a->len);
        *b = vl_span_slice(*b, 1, b->len);
    }
    return true;
}

int vl_version_rpm_vercmp(struct vl_span a, struct vl_span b)
{
    while (a.len || b.len) {
        int r;
        a = skip_separators(a);
        b = skip_separators(b);
        if (cmp_special(&a, &b, &r)) {
            if (r != 0)
                return r;
            continue;
        }
        if (a.len == 0 || b.len == 0)
            break;
        bool number = vl_char_is_digit(a.ptr[0]);
        if (number != vl_char_is_digit(b.ptr[0]))
            return number ? 1 : -1; /* numbers are newer than letters */
        struct vl_span x = take_segment(&a, number), y = take_segment(&b, number);
        r = number ? vl_version_cmp_number(x, y) : vl_span_cmp(x, y);
        if (r != 0)
            return r;
    }
    return a.len == b.len ? 0 : a.len ? 1 : -1;
}

struct rpm {
    struct vl_span epoch, version, release;
    bool has_epoch, has_release;
};

static struct rpm cut(struct vl_span s)
{
    struct rpm r = {0};
    size_t colon = vl_span_find_char(s, ':');
    if (colon != SIZE_MAX) {
        r.has_epoch = true;
        r.epoch = vl_span_slice(s, 0, colon);
        s = vl_span_slice(s, colon + 1, s.len);
    }
    if (r.epoch.len == 0)
        r.epoch = VL_SPAN_LIT("0");
    size_t hyphen = vl_span_rfind_char(s, '-');
    r.version = vl_span_slice(s, 0, hyphen);
    r.has_release = hyphen != SIZE_MAX;
    if (r.has_release)
        r.release = vl_span_slice(s, hyphen + 1, s.len);
    return r;
}

int vl_version_rpm_order(struct vl_span a, struct vl_span b)
{
    struct rpm x = cut(a), y = cut(b);
    int r = vl_version_rpm_vercmp(x.epoch, y.epoch);
    if (r == 0)
        r = vl_version_rpm_vercmp(x.version, y.version);
    if (r == 0)
        r = (int)x.has_release - (int)y.has_release;
    if (r == 0)
        r = vl_version_rpm_vercmp(x.release, y.release);
    return r;
}

static struct vl_span without_zero_parts(struct vl_span s)
{
    while (vl_span_ends_with(s, ".0"))
        s = vl_span_slice(s, 0, s.len - 2);
    return s;
}

/* Requirements as scanners' feeds write them: an epoch on one side only says nothing (feeds drop it), and
 * neither does a missing minor release in the distribution tag (el8 is el8.0.0). */
bool vl_version_rpm_clause(struct vl_span version, const struct vl_version_clause *clause)
{
    struct rpm x = cut(version), y = cut(clause->version);
    int r = x.has_epoch && y.has_epoch ? vl_version_rpm_vercmp(x.epoch, y.epoch) : 0;
    if (r == 0)
        r = vl_version_rpm_vercmp(x.version, y.version);
    if (r == 0)
        r = vl_version_rpm_vercmp(without_zero_parts(x.release), without_zero_parts(y.release));
    return vl_version_op_holds(clause->op, r);
}
