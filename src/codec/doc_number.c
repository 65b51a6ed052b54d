/* Numbers of documents, read when asked for: what JSON, YAML's core schema and TOML write, in one reader,
 * since the parsers have already refused what their own format does not allow. */
#include "doc_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_NUMBER 64

static bool take_sign(struct vl_span *text)
{
    bool negative = text->len && text->ptr[0] == '-';
    if (negative || (text->len && text->ptr[0] == '+'))
        *text = vl_span_slice(*text, 1, text->len);
    return negative;
}

static unsigned take_base(struct vl_span *text)
{
    if (text->len < 3 || text->ptr[0] != '0')
        return 10;
    unsigned base = text->ptr[1] == 'x' ? 16 : text->ptr[1] == 'o' ? 8 : text->ptr[1] == 'b' ? 2 : 10;
    if (base != 10)
        *text = vl_span_slice(*text, 2, text->len);
    return base;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* False where it does not fit uint64_t or is no number. */
bool doc_integer_parse(struct vl_span text, bool *ret_negative, uint64_t *ret)
{
    bool negative = take_sign(&text);
    unsigned base = take_base(&text);
    uint64_t v = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '_')
            continue;
        unsigned d = digit_value(text.ptr[i]);
        if (d >= base || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    *ret_negative = negative;
    *ret = v;
    return text.len > 0;
}

enum vl_doc_type doc_integer_type(struct vl_span text)
{
    bool negative;
    uint64_t v;
    if (!doc_integer_parse(text, &negative, &v))
        return VL_DOC_FLOAT;
    if (negative)
        return v <= (uint64_t)INT64_MAX + 1 ? VL_DOC_INT : VL_DOC_FLOAT;
    return v <= INT64_MAX ? VL_DOC_INT : VL_DOC_UINT;
}

static bool parse_special(struct vl_span text, double *ret)
{
    bool negative = take_sign(&text);
    if (text.len && text.ptr[0] == '.')
        text = vl_span_slice(text, 1, text.len);
    if (vl_span_eq_nocase(text, VL_SPAN_LIT("inf")))
        *ret = negative ? -INFINITY : INFINITY;
    else if (vl_span_eq_nocase(text, VL_SPAN_LIT("nan")))
        *ret = NAN;
    else
        return false;
    return true;
}

static void copy_digits(struct vl_span *from, char **to)
{
    size_t i = 0;
    for (; i < from->len; i++) {
        char c = from->ptr[i];
        if (c != '_' && (c < '0' || c > '9'))
            break;
        if (c != '_')
            *(*to)++ = c;
    }
    *from = vl_span_slice(*from, i, from->len);
}

/* "+1_000.", ".5" and "007" as JSON writes them. `to` has room for text.len + 4 bytes. */
static void normalize(struct vl_span text, char *to)
{
    if (take_sign(&text))
        *to++ = '-';
    while (text.len > 1 && (text.ptr[0] == '0' || text.ptr[0] == '_'))
        text = vl_span_slice(text, 1, text.len);
    char *begin = to;
    copy_digits(&text, &to);
    if (to == begin)
        *to++ = '0';
    if (text.len && text.ptr[0] == '.') {
        *to++ = '.';
        char *fraction = to;
        text = vl_span_slice(text, 1, text.len);
        copy_digits(&text, &to);
        if (to == fraction)
            *to++ = '0';
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_')
            *to++ = text.ptr[i];
    }
    *to = '\0';
}

static bool parse_based(struct vl_span text, double *ret)
{
    bool negative = take_sign(&text);
    unsigned base = take_base(&text);
    double v = 0;
    if (base == 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '_')
            v = v * base + digit_value(text.ptr[i]);
    }
    *ret = negative ? -v : v;
    return true;
}

bool doc_number_parse(struct vl_span text, double *ret)
{
    char local[SHORT_NUMBER + 4];
    if (parse_special(text, ret) || parse_based(text, ret))
        return true;
    if (text.len <= SHORT_NUMBER) {
        normalize(text, local);
        return doc_json_number(local, ret);
    }
    char *copy = malloc(text.len + 4);
    if (!copy)
        return false;
    normalize(text, copy);
    bool ok = doc_json_number(copy, ret);
    free(copy);
    return ok;
}
