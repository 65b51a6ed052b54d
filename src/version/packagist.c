/* Composer. Source: PHP's manual of version_compare(), which Composer's comparisons end in: _, - and + become
 * dots, dots are put between letters and digits; parts are numbers or words with the order any other word <
 * dev < alpha = a < beta = b < RC = rc < # < pl = p. A leading v is dropped, as Composer's normaliser does.
 */
#include "scheme.h"

enum { RANK_OTHER, RANK_DEV, RANK_ALPHA, RANK_BETA, RANK_RC, RANK_NUMBER, RANK_PATCH };

static const struct {
    const char *word; /* matched as a prefix, as PHP does */
    int rank;
} words[] = {
    {"dev", RANK_DEV},
    {"alpha", RANK_ALPHA},
    {"a", RANK_ALPHA},
    {"beta", RANK_BETA},
    {"b", RANK_BETA},
    {"RC", RANK_RC},
    {"rc", RANK_RC},
    {"#", RANK_NUMBER},
    {"pl", RANK_PATCH},
    {"p", RANK_PATCH},
};

static int rank_of(struct vl_span part)
{
    if (vl_char_is_digit(vl_version_at(part, 0)))
        return RANK_NUMBER;
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_starts_with(part, words[i].word))
            return words[i].rank;
    }
    return RANK_OTHER;
}

static bool is_special(char c)
{
    return c == '-' || c == '_' || c == '+';
}

static bool is_word_char(char c)
{
    return !vl_char_is_digit(c) && c != '.';
}

struct text {
    char bytes[2 * VL_VERSION_MAX];
    size_t len;
};

static void put(struct text *t, char c)
{
    if (c == '.' && t->len && t->bytes[t->len - 1] == '.')
        return;
    t->bytes[t->len++] = c;
}

/* The form that is compared: dots between all parts. */
static struct vl_span canonical(struct vl_span s, struct text *t)
{
    t->len = 0;
    s = vl_span_slice(s, 0, VL_VERSION_MAX);
    if (s.len && (s.ptr[0] == 'v' || s.ptr[0] == 'V'))
        s = vl_span_slice(s, 1, s.len);
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], last = i ? s.ptr[i - 1] : c;
        bool change = (is_word_char(last) && !is_special(last) && !is_word_char(c)) ||
                      (!is_word_char(last) && is_word_char(c));
        if (i == 0) {
            put(t, c);
        } else if (is_special(c)) {
            put(t, '.');
        } else if (change) {
            put(t, '.');
            put(t, c);
        } else {
            put(t, vl_char_is_digit(c) || vl_char_is_letter(c) ? c : '.');
        }
    }
    return (struct vl_span){t->bytes, t->len};
}

/* One side is used up: numbers are newer than nothing, words as their rank says. */
static int cmp_rest(struct vl_span rest, struct vl_span part)
{
    do {
        if (part.len && vl_char_is_digit(part.ptr[0]))
            return 1;
        int rank = rank_of(part);
        if (rank != RANK_NUMBER)
            return rank < RANK_NUMBER ? -1 : 1;
    } while (vl_version_next_part(&rest, ".", &part));
    return 0;
}

static int cmp_part(struct vl_span a, struct vl_span b, bool total)
{
    bool x = vl_char_is_digit(vl_version_at(a, 0)), y = vl_char_is_digit(vl_version_at(b, 0));
    if (x && y)
        return vl_version_cmp_number(a, b);
    int r = rank_of(a) - rank_of(b);
    return r == 0 && total ? (int)x - (int)y : r;
}

static int cmp(struct vl_span a, struct vl_span b, bool total)
{
    struct text text_a, text_b;
    struct vl_span x, y;
    a = canonical(a, &text_a);
    b = canonical(b, &text_b);
    for (;;) {
        bool has_x = vl_version_next_part(&a, ".", &x), has_y = vl_version_next_part(&b, ".", &y);
        if (!has_x && !has_y)
            return 0;
        if (!has_y)
            return cmp_rest(a, x);
        if (!has_x)
            return -cmp_rest(b, y);
        int r = cmp_part(x, y, total);
        if (r != 0)
            return r;
    }
}

int vl_version_packagist_compare(struct vl_span a, struct vl_span b)
{
    return cmp(a, b, false);
}

/* PHP finds "#" equal to every number, which no order can hold: here it is older than all. */
int vl_version_packagist_order(struct vl_span a, struct vl_span b)
{
    return cmp(a, b, true);
}
