#include "language/python_requirement.h"

#include <string.h>

static bool is_alnum(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c);
}

/* What a version may hold, with the wildcard and the epoch, and what "===" lets through. */
static bool is_version_char(char c)
{
    return is_alnum(c) || (c && strchr(".-_+!*", c));
}

static void skip_space(struct vl_span *s)
{
    while (s->len && (*s->ptr == ' ' || (*s->ptr >= '\t' && *s->ptr <= '\r')))
        *s = (struct vl_span){s->ptr + 1, s->len - 1};
}

static struct vl_span take(struct vl_span *s, size_t n)
{
    struct vl_span part = vl_span_slice(*s, 0, n);
    *s = (struct vl_span){s->ptr + n, s->len - n};
    return part;
}

/* ^([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])$ without case */
static bool take_name(struct vl_span *s, struct vl_span *ret)
{
    size_t n = 0;
    while (n < s->len && (is_alnum(s->ptr[n]) || strchr("._-", s->ptr[n])) && s->ptr[n])
        n++;
    if (n == 0 || !is_alnum(s->ptr[0]) || !is_alnum(s->ptr[n - 1]))
        return false;
    *ret = take(s, n);
    return true;
}

static bool skip_extras(struct vl_span *s)
{
    skip_space(s);
    if (s->len == 0 || *s->ptr != '[')
        return true;
    size_t end = vl_span_find_char(*s, ']');
    if (end == SIZE_MAX)
        return false;
    take(s, end + 1);
    skip_space(s);
    return true;
}

/* Longer operators first. */
static const char *const operators[] = {"===", "==", "~=", ">=", "<=", "!=", "<", ">"};

static bool take_clause(struct vl_span *s, struct vl_span *ret_op, struct vl_span *ret_version)
{
    skip_space(s);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!vl_span_starts_with(*s, operators[i]))
            continue;
        *ret_op = take(s, strlen(operators[i]));
        skip_space(s);
        size_t n = 0;
        while (n < s->len && is_version_char(s->ptr[n]))
            n++;
        *ret_version = take(s, n);
        skip_space(s);
        return n > 0;
    }
    return false;
}

/* A wildcard, "!=", "<" and ">" name none that could be the one. */
static bool names_version(struct vl_span op, struct vl_span version)
{
    return vl_span_find_char(version, '*') == SIZE_MAX && op.len >= 2 && op.ptr[0] != '!';
}

static bool take_clauses(struct vl_span *s, struct py_requirement *req)
{
    struct vl_span op = VL_SPAN_EMPTY, version = VL_SPAN_EMPTY;
    size_t n = 0;
    bool bracket = s->len && *s->ptr == '(';
    if (bracket)
        take(s, 1);
    for (;; n++) {
        if (!take_clause(s, &op, &version))
            return false;
        if (n == 0 && names_version(op, version))
            req->lower = version;
        if (s->len == 0 || *s->ptr != ',')
            break;
        take(s, 1);
        skip_space(s);
        if (s->len == 0 || *s->ptr == ';' || *s->ptr == ')')
            break; /* a trailing comma is allowed */
    }
    if (bracket) {
        if (s->len == 0 || *s->ptr != ')')
            return false;
        take(s, 1);
        skip_space(s);
    }
    /* Several clauses name no version that could be the one. */
    if (n == 0) {
        req->version = req->lower;
        req->exact = req->version.len && op.ptr[0] == '=';
    }
    return true;
}

bool py_requirement_parse(struct vl_span text, struct py_requirement *ret)
{
    struct py_requirement req = {0};
    struct vl_span s = vl_span_trim(text);
    if (!take_name(&s, &req.name) || !skip_extras(&s))
        return false;
    if (s.len && *s.ptr == '@') {
        take(&s, 1);
        s = vl_span_trim(s);
        /* The marker of a URL needs white space before its ';', since a URL may hold one. */
        size_t end = vl_span_find(s, VL_SPAN_LIT(" ;"));
        req.url = vl_span_trim(vl_span_slice(s, 0, end));
        req.marker = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_trim(vl_span_slice(s, end + 2, s.len));
        *ret = req;
        return req.url.len > 0;
    }
    if (s.len == 0 || *s.ptr == ';')
        req.any = true;
    else if (!take_clauses(&s, &req))
        return false;
    if (s.len && *s.ptr == ';')
        req.marker = vl_span_trim(vl_span_slice(s, 1, s.len));
    else if (s.len)
        return false;
    *ret = req;
    return true;
}
