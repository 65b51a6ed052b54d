#include "license.h"

#include <string.h>
#include <strings.h>

#include "license_ids.h"

#define DEPTH_MAX 16

/* Words and parentheses of an expression (SPDX 2.3 annex D). */
struct tokens {
    struct vl_span rest;
    struct vl_span word;
    char kind; /* 'w', '(', ')', 0 at the end */
};

static void advance(struct tokens *t)
{
    while (t->rest.len && t->rest.ptr[0] == ' ')
        t->rest = vl_span_slice(t->rest, 1, t->rest.len);
    t->kind = 0;
    if (!t->rest.len)
        return;
    size_t n = 0;
    if (t->rest.ptr[0] == '(' || t->rest.ptr[0] == ')') {
        t->kind = t->rest.ptr[0];
        n = 1;
    } else {
        t->kind = 'w';
        while (n < t->rest.len && !strchr(" ()", t->rest.ptr[n]))
            n++;
    }
    t->word = vl_span_slice(t->rest, 0, n);
    t->rest = vl_span_slice(t->rest, n, t->rest.len);
}

static const char *look_up(const char *const *list, size_t n, struct vl_span word)
{
    size_t low = 0;
    while (low < n) {
        size_t middle = low + (n - low) / 2;
        int order = strncasecmp(list[middle], word.ptr, word.len);
        if (order == 0 && list[middle][word.len])
            order = 1;
        if (order == 0)
            return list[middle];
        if (order < 0)
            low = middle + 1;
        else
            n = middle;
    }
    return NULL;
}

static bool is_reference(struct vl_span word)
{
    if (!vl_span_starts_with(word, "LicenseRef-") || word.len == strlen("LicenseRef-"))
        return false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (!(vl_char_is_letter(c) || vl_char_is_digit(c) || c == '-' || c == '.'))
            return false;
    }
    return true;
}

static bool is_license(struct vl_span word)
{
    if (is_reference(word) || look_up(vl_report_license_ids, vl_report_n_license_ids, word))
        return true;
    return word.len > 1 && word.ptr[word.len - 1] == '+' &&
           look_up(vl_report_license_ids, vl_report_n_license_ids, vl_span_slice(word, 0, word.len - 1));
}

static bool is_operator(const struct tokens *t, const char *word)
{
    return t->kind == 'w' && vl_span_eq(t->word, vl_span_str(word));
}

/* One licence, or a group in parentheses that parses no deeper than allowed: depth is counted, not recursed.
 */
static bool operand(struct tokens *t, unsigned *depth)
{
    while (t->kind == '(') {
        if (++*depth > DEPTH_MAX)
            return false;
        advance(t);
    }
    if (t->kind != 'w' || !is_license(t->word))
        return false;
    advance(t);
    if (is_operator(t, "WITH")) {
        advance(t);
        if (t->kind != 'w' || !look_up(vl_report_license_exceptions, vl_report_n_license_exceptions, t->word))
            return false;
        advance(t);
    }
    while (t->kind == ')') {
        if (*depth == 0)
            return false;
        --*depth;
        advance(t);
    }
    return true;
}

static bool is_expression(struct vl_span text)
{
    struct tokens t = {.rest = text};
    unsigned depth = 0;
    advance(&t);
    for (;;) {
        if (!operand(&t, &depth))
            return false;
        if (t.kind == 0)
            return depth == 0;
        if (!is_operator(&t, "AND") && !is_operator(&t, "OR"))
            return false;
        advance(&t);
    }
}

enum vl_report_license_kind vl_report_license_kind(const char *text, const char **ret_id)
{
    struct vl_span s = vl_span_str(text);
    if (!s.len || s.len > VL_REPORT_LICENSE_MAX)
        return VL_REPORT_LICENSE_WORDS;
    const char *id = look_up(vl_report_license_ids, vl_report_n_license_ids, s);
    if (id) {
        if (ret_id)
            *ret_id = id;
        return VL_REPORT_LICENSE_ID;
    }
    return is_expression(s) ? VL_REPORT_LICENSE_EXPRESSION : VL_REPORT_LICENSE_WORDS;
}
