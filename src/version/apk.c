/* Alpine. Source: the package version rules of the Alpine wiki (APKBUILD reference) and apk-tools' own rules:
 * number{.number}[letter[number]]{_suffix[number]}[~hash][-r number]. Suffixes alpha, beta, pre, rc are
 * before the bare version, cvs, svn, git, hg, p after it. A number behind the first, with a leading zero, is
 * compared as text. A missing number is empty, as in apk-tools 2; what the grammar does not have ends the
 * comparison. */
#include "scheme.h"

#include <string.h>

enum token {
    TOKEN_INITIAL,
    TOKEN_DIGIT,
    TOKEN_LETTER,
    TOKEN_SUFFIX,
    TOKEN_SUFFIX_NO,
    TOKEN_HASH,
    TOKEN_REVISION,
    TOKEN_END,
    TOKEN_INVALID,
};

struct cursor {
    struct vl_span rest;
    enum token token;
    struct vl_span value;
    int suffix; /* negative: before the bare version */
};

static const struct {
    const char *name;
    int rank;
} suffixes[] = {
    {"alpha", -4},
    {"beta", -3},
    {"pre", -2},
    {"rc", -1},
    {"cvs", 1},
    {"svn", 2},
    {"git", 3},
    {"hg", 4},
    {"p", 5},
};

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static void take_suffix(struct cursor *c)
{
    size_t n = 0;
    while (n < c->rest.len && is_lower(c->rest.ptr[n]))
        n++;
    c->value = vl_span_slice(c->rest, 0, n);
    c->rest = vl_span_slice(c->rest, n, c->rest.len);
    c->token = TOKEN_INVALID;
    for (size_t i = 0; i < VL_ARRAY_LEN(suffixes); i++) {
        if (vl_span_eq_str(c->value, suffixes[i].name)) {
            c->token = TOKEN_SUFFIX;
            c->suffix = suffixes[i].rank;
        }
    }
}

static void take_number(struct cursor *c, enum token token)
{
    c->value = vl_version_take_digits(&c->rest);
    c->token = token;
}

static void take_hash(struct cursor *c)
{
    size_t n = 0;
    while (n < c->rest.len && (vl_char_is_digit(c->rest.ptr[n]) || is_lower(c->rest.ptr[n])))
        n++;
    c->value = vl_span_slice(c->rest, 0, n);
    c->rest = vl_span_slice(c->rest, n, c->rest.len);
    c->token = n ? TOKEN_HASH : TOKEN_INVALID;
}

static void next(struct cursor *c)
{
    enum token last = c->token;
    char first = vl_version_at(c->rest, 0);
    c->token = TOKEN_INVALID;
    if (c->rest.len == 0) {
        c->token = TOKEN_END;
    } else if (last <= TOKEN_DIGIT && is_lower(first)) {
        c->token = TOKEN_LETTER;
        c->value = vl_span_slice(c->rest, 0, 1);
        c->rest = vl_span_slice(c->rest, 1, c->rest.len);
    } else if (last == TOKEN_LETTER && vl_char_is_digit(first)) {
        take_number(c, TOKEN_DIGIT);
    } else if (last == TOKEN_SUFFIX && vl_char_is_digit(first)) {
        take_number(c, TOKEN_SUFFIX_NO);
    } else if (first == '.' && last <= TOKEN_DIGIT) {
        c->rest = vl_span_slice(c->rest, 1, c->rest.len);
        take_number(c, TOKEN_DIGIT);
    } else if (first == '_' && last <= TOKEN_SUFFIX_NO) {
        c->rest = vl_span_slice(c->rest, 1, c->rest.len);
        take_suffix(c);
    } else if (first == '~' && last < TOKEN_HASH) {
        c->rest = vl_span_slice(c->rest, 1, c->rest.len);
        take_hash(c);
    } else if (first == '-' && last < TOKEN_REVISION && vl_version_at(c->rest, 1) == 'r') {
        c->rest = vl_span_slice(c->rest, 2, c->rest.len);
        take_number(c, TOKEN_REVISION);
        if (c->value.len == 0 && c->rest.len)
            c->token = TOKEN_INVALID;
    }
}

static struct cursor begin(struct vl_span s)
{
    struct cursor c = {.rest = s};
    take_number(&c, TOKEN_INITIAL);
    return c;
}

static int cmp_digit(struct vl_span a, struct vl_span b)
{
    if (vl_version_at(a, 0) == '0' || vl_version_at(b, 0) == '0')
        return vl_span_cmp(a, b);
    return vl_version_cmp_number(a, b);
}

static int cmp_token(const struct cursor *a, const struct cursor *b)
{
    switch (a->token) {
    case TOKEN_DIGIT:
        return cmp_digit(a->value, b->value);
    case TOKEN_SUFFIX:
        return a->suffix - b->suffix;
    case TOKEN_LETTER:
    case TOKEN_HASH:
        return vl_span_cmp(a->value, b->value);
    default:
        return vl_version_cmp_number(a->value, b->value);
    }
}

int vl_version_apk_order(struct vl_span a, struct vl_span b)
{
    struct cursor x = begin(a), y = begin(b);
    while (x.token == y.token && x.token < TOKEN_END) {
        int r = cmp_token(&x, &y);
        if (r != 0)
            return r;
        next(&x);
        next(&y);
    }
    if (x.token == y.token)
        return 0;
    /* The longer version is newer, unless what it adds is a pre-release suffix. */
    if (x.token == TOKEN_SUFFIX && x.suffix < 0)
        return -1;
    if (y.token == TOKEN_SUFFIX && y.suffix < 0)
        return 1;
    return x.token > y.token ? -1 : 1;
}
