/* Maven. Source: the POM reference, "Version Order Specification", and the behaviour of Maven's own
 * ComparableVersion: tokens with a dot or a hyphen before them, a change between digits and letters being a
 * hyphen; nulls (0, "", ga, final, release) at the end and before a hyphen are dropped; .word < -word <
 * -number < .number; words in the order alpha < beta < milestone < rc = cr < snapshot < "" < sp < others. */
#include "scheme.h"

enum { TOKENS_MAX = VL_VERSION_MAX + 2, RANK_RELEASE = 5, RANK_OTHER = 7 };

struct token {
    struct vl_span text;
    char prefix; /* '.' or '-' */
    bool number;
    uint8_t rank; /* of a word */
};

struct maven {
    struct token tokens[TOKENS_MAX];
    size_t n;
};

static const struct {
    const char *word;
    uint8_t rank;
} qualifiers[] = {
    {"alpha", 0},
    {"beta", 1},
    {"milestone", 2},
    {"rc", 3},
    {"cr", 3},
    {"snapshot", 4},
    {"", RANK_RELEASE},
    {"ga", RANK_RELEASE},
    {"final", RANK_RELEASE},
    {"release", RANK_RELEASE},
    {"sp", 6},
};

static uint8_t rank_of(struct vl_span word, bool before_digit)
{
    if (word.len == 1 && before_digit) {
        char c = vl_version_lower(word.ptr[0]);
        if (c == 'a' || c == 'b')
            return (uint8_t)(c - 'a');
        if (c == 'm')
            return 2;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(qualifiers); i++) {
        if (vl_span_eq_nocase(word, vl_span_str(qualifiers[i].word)))
            return qualifiers[i].rank;
    }
    return RANK_OTHER;
}

static bool is_null(const struct token *token)
{
    return token->number ? vl_version_cmp_number(token->text, VL_SPAN_EMPTY) == 0
                         : token->rank == RANK_RELEASE;
}

/* Nulls in front of a hyphen, and at the end, do not count; a 0 between hyphens does. */
static void trim(struct maven *v, bool end)
{
    while (v->n > 1 && is_null(&v->tokens[v->n - 1])) {
        const struct token *last = &v->tokens[v->n - 1];
        if (!end && last->number && last->prefix == '-')
            return;
        v->n--;
    }
}

static void add(struct maven *v, struct vl_span text, char prefix, bool number, bool before_digit)
{
    if (prefix == '-')
        trim(v, false);
    v->tokens[v->n++] = (struct token){
        .text = text, .prefix = prefix, .number = number, .rank = number ? 0 : rank_of(text, before_digit)};
}

static void parse(struct vl_span s, struct maven *v)
{
    char prefix = '.';
    size_t i = 0;
    v->n = 0;
    for (;;) {
        size_t from = i;
        bool number = vl_char_is_digit(vl_version_at(s, i));
        while (i < s.len && s.ptr[i] != '.' && s.ptr[i] != '-' && vl_char_is_digit(s.ptr[i]) == number)
            i++;
        struct vl_span text = vl_span_slice(s, from, i);
        if (text.len)
            add(v, text, prefix, number, vl_char_is_digit(vl_version_at(s, i)));
        else
            add(v, VL_SPAN_LIT("0"), prefix, true, false);
        if (i >= s.len)
            break;
        prefix = '-';
        if (s.ptr[i] == '.' || s.ptr[i] == '-')
            prefix = s.ptr[i++];
    }
    trim(v, true);
}

/* .word < -word < -number < .number */
static int place_of(const struct token *t)
{
    return t->number ? (t->prefix == '.' ? 3 : 2) : t->prefix == '-';
}

static int cmp_token(const struct token *a, const struct token *b)
{
    int r = place_of(a) - place_of(b);
    if (r != 0)
        return r;
    if (a->number)
        return vl_version_cmp_number(a->text, b->text);
    if (a->rank != b->rank)
        return (int)a->rank - (int)b->rank;
    return a->rank == RANK_OTHER ? vl_version_cmp_nocase(a->text, b->text) : 0;
}

/* The tokens from i on against nothing: -1 for a pre-release, 1 for something newer, 0 for nothing. */
static int sign_from(const struct maven *v, size_t i)
{
    for (; i < v->n; i++) {
        const struct token *t = &v->tokens[i];
        if (!is_null(t))
            return t->number || t->rank > RANK_RELEASE ? 1 : -1;
    }
    return 0;
}

/* The specification pads the shorter version with nulls of the other's kind. That is no order ("1.sp" > "1" >
 * "1-alpha" > "1.sp"): in the total one, what is older than the bare version comes first, whatever separates
 * it. */
static int cmp(const struct maven *a, const struct maven *b, bool total)
{
    for (size_t i = 0; i < a->n || i < b->n; i++) {
        struct token null = {.prefix = i < a->n ? a->tokens[i].prefix : b->tokens[i].prefix,
            .number = i < a->n ? a->tokens[i].number : b->tokens[i].number,
            .rank = RANK_RELEASE};
        bool both = i < a->n && i < b->n;
        int r = cmp_token(i < a->n ? &a->tokens[i] : &null, i < b->n ? &b->tokens[i] : &null);
        if (r == 0 && (both || !total))
            continue;
        int x = total ? sign_from(a, i) : 0, y = total ? sign_from(b, i) : 0;
        return x != y ? (x < y ? -1 : 1) : r;
    }
    return 0;
}

static int cmp_texts(struct vl_span a, struct vl_span b, bool total)
{
    struct maven x, y;
    parse(vl_span_slice(a, 0, VL_VERSION_MAX), &x);
    parse(vl_span_slice(b, 0, VL_VERSION_MAX), &y);
    return cmp(&x, &y, total);
}

int vl_version_maven_compare(struct vl_span a, struct vl_span b)
{
    return cmp_texts(a, b, false);
}

int vl_version_maven_order(struct vl_span a, struct vl_span b)
{
    return cmp_texts(a, b, true);
}

/* One interval: "[1,2)", "(,1]", "[1]", and "(1)" meaning the same. Takes it off the front of *range. */
static int take_interval(struct vl_span *range, struct vl_span version, bool *ret, struct vl_err *err)
{
    size_t end = 1;
    while (end < range->len && range->ptr[end] != ')' && range->ptr[end] != ']')
        end++;
    if (end == range->len)
        return vl_err_set(err, VL_ERR_INVALID, "the bracket \"%.*s\" is not closed", VL_SPAN_FMT(*range));
    bool low_in = range->ptr[0] == '[', high_in = range->ptr[end] == ']';
    struct vl_span inner = vl_span_slice(*range, 1, end);
    *range = vl_span_slice(*range, end + 1, range->len);
    size_t comma = vl_span_find_char(inner, ',');
    struct vl_span low = vl_span_trim(vl_span_slice(inner, 0, comma));
    if (comma == SIZE_MAX) {
        *ret = vl_version_maven_compare(version, low) == 0;
        return 0;
    }
    struct vl_span high = vl_span_trim(vl_span_slice(inner, comma + 1, inner.len));
    int r = low.len ? vl_version_maven_compare(version, low) : 1;
    *ret = r > 0 || (r == 0 && low_in);
    r = high.len ? vl_version_maven_compare(version, high) : -1;
    *ret = *ret && (r < 0 || (r == 0 && high_in));
    return 0;
}

static bool starts_interval(struct vl_span s)
{
    return s.len && (s.ptr[0] == '[' || s.ptr[0] == '(');
}

static int intervals(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    bool any = false;
    while (range.len) {
        bool one = false;
        if (!starts_interval(range))
            return vl_err_set(err, VL_ERR_INVALID, "\"%.*s\" is not an interval", VL_SPAN_FMT(range));
        int r = take_interval(&range, version, &one, err);
        if (r < 0)
            return r;
        any = any || one;
        range = vl_span_trim(range);
        if (vl_version_at(range, 0) == ',')
            range = vl_span_trim(vl_span_slice(range, 1, range.len));
    }
    *ret = any;
    return 0;
}

int vl_version_maven_satisfies(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    static const struct vl_version_scheme common = {.name = "maven", .order = vl_version_maven_compare};
    range = vl_span_trim(range);
    if (starts_interval(range))
        return intervals(version, range, ret, err);
    return vl_version_range_satisfies(&common, version, range, ret, err);
}

/* As the enforcer plugin reads a version alone: the minimum. */
int vl_version_maven_requirement(struct vl_span version, struct vl_span range, bool *ret, struct vl_err *err)
{
    range = vl_span_trim(range);
    if (range.len && (vl_char_is_digit(range.ptr[0]) || vl_char_is_letter(range.ptr[0]))) {
        *ret = vl_version_maven_compare(version, range) >= 0;
        return 0;
    }
    return vl_version_maven_satisfies(version, range, ret, err);
}
