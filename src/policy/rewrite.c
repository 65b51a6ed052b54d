/* Expressions about pods, made expressions about pod templates. */
#include <string.h>

#include "export.h"

static bool is_word(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_';
}

/* Length of the prefix of a string literal (r, b, both); `*ret_raw`: a backslash is itself. */
static size_t literal_prefix(struct vl_span s, bool *ret_raw)
{
    size_t at = 0;
    *ret_raw = false;
    for (; at < s.len && at < 2 && strchr("rRbB", s.ptr[at]) && s.ptr[at]; at++)
        *ret_raw = *ret_raw || s.ptr[at] == 'r' || s.ptr[at] == 'R';
    return at;
}

static bool closes(struct vl_span s, size_t at, char quote, bool triple)
{
    if (s.ptr[at] != quote)
        return false;
    return !triple || (at + 2 < s.len && s.ptr[at + 1] == quote && s.ptr[at + 2] == quote);
}

/* Length of a string literal at the front, with its prefix; 0 where there is none. */
static size_t literal_length(struct vl_span s)
{
    bool raw;
    size_t at = literal_prefix(s, &raw);
    if (at >= s.len || (s.ptr[at] != '\'' && s.ptr[at] != '"'))
        return 0;
    char quote = s.ptr[at];
    bool triple = closes(s, at, quote, true);
    for (at += triple ? 3 : 1; at < s.len; at++) {
        if (s.ptr[at] == '\\' && !raw)
            at++;
        else if (closes(s, at, quote, triple))
            return at + (triple ? 3 : 1);
    }
    return s.len;
}

static size_t spaces(struct vl_span s, size_t at)
{
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\n' || s.ptr[at] == '\r'))
        at++;
    return at;
}

/* ".spec", ".?metadata" … behind the name of the object. */
static bool selects_template(struct vl_span rest)
{
    size_t at = spaces(rest, 0);
    if (at >= rest.len || rest.ptr[at] != '.')
        return false;
    at = spaces(rest, at + 1);
    if (at < rest.len && rest.ptr[at] == '?')
        at = spaces(rest, at + 1);
    size_t end = at;
    while (end < rest.len && is_word(rest.ptr[end]))
        end++;
    struct vl_span field = vl_span_slice(rest, at, end);
    return vl_span_eq_str(field, "spec") || vl_span_eq_str(field, "metadata");
}

/* The last character before `at` that is no space. */
static char before(struct vl_span text, size_t at)
{
    while (at > 0 && spaces(vl_span_slice(text, at - 1, at), 0) == 1)
        at--;
    return at ? text.ptr[at - 1] : '\0';
}

void policy_rewrite(struct vl_span text, const char *into, struct vl_buf *out, bool *ret_bare)
{
    size_t at = 0;
    *ret_bare = false;
    while (at < text.len) {
        struct vl_span rest = vl_span_slice(text, at, text.len);
        size_t n = literal_length(rest);
        if (!n && vl_span_starts_with(rest, "//")) {
            n = vl_span_find_char(rest, '\n');
            n = n == SIZE_MAX ? rest.len : n;
        }
        if (!n && is_word(rest.ptr[0])) {
            while (n < rest.len && is_word(rest.ptr[n]))
                n++;
            struct vl_span word = vl_span_slice(rest, 0, n);
            char left = before(text, at);
            bool object = (vl_span_eq_str(word, "object") || vl_span_eq_str(word, "oldObject")) &&
                          left != '.' && left != '?';
            vl_buf_append_span(out, word);
            if (object && selects_template(vl_span_slice(rest, n, rest.len)))
                vl_buf_printf(out, ".%s", into);
            else if (object)
                *ret_bare = true;
            at += n;
            continue;
        }
        n = n ? n : 1;
        vl_buf_append_span(out, vl_span_slice(rest, 0, n));
        at += n;
    }
}
