/* String and bytes literals. Source: cel-spec langdef.md, "String and Bytes Values". */
#include <string.h>

#include "lex.h"

static const char cannot[] = "unable to unescape string";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static size_t put_rune(char *out, uint32_t rune)
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, rune >>= 6)
        out[i] = (char)(0x80 | (rune & 0x3F));
    out[0] = (char)(rune | (uint32_t)(n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0));
    return n;
}

/* Reads `digits` of the base at *at (the lexer saw that they are there). */
static bool read_code(struct vl_span s, size_t *at, size_t digits, unsigned base, uint32_t *ret)
{
    uint32_t code = 0;
    for (size_t i = 0; i < digits; i++, (*at)++) {
        int v = *at < s.len ? hex_value(s.ptr[*at]) : -1;
        if (v < 0 || (unsigned)v >= base)
            return false;
        code = code * base + (uint32_t)v;
    }
    *ret = code;
    return true;
}

/* One escape sequence at s.ptr[*at] == '\\'. */
static const char *unescape(struct vl_span s, size_t *at, bool bytes, char *out, size_t *len)
{
    static const char letters[] = "abfnrtv\\'\"`?", values[] = "\a\b\f\n\r\t\v\\'\"`?";
    char c = *at + 1 < s.len ? s.ptr[*at + 1] : '\0';
    const char *simple = c ? strchr(letters, c) : NULL;
    uint32_t code = 0;
    if (simple) {
        out[(*len)++] = values[simple - letters];
        *at += 2;
        return NULL;
    }
    bool octal = c >= '0' && c <= '3';
    size_t digits = octal ? 3 : c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (!digits || (bytes && digits >= 4))
        return cannot;
    *at += octal ? 1 : 2;
    if (!read_code(s, at, digits, octal ? 8 : 16, &code))
        return cannot;
    if (bytes) {
        out[(*len)++] = (char)code;
        return NULL;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return "invalid unicode code point";
    *len += put_rune(out + *len, code);
    return NULL;
}

static const char *translate(
    struct vl_span s, bool raw, bool bytes, struct vl_arena *arena, struct vl_span *ret_value)
{
    /* No escape makes a text longer, and a line end makes it shorter. */
    char *out = vl_arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (!out)
        return "out of memory";
    for (size_t at = 0; at < s.len;) {
        char c = s.ptr[at];
        if (c == '\\' && !raw) {
            const char *wrong = unescape(s, &at, bytes, out, &len);
            if (wrong)
                return wrong;
        } else {
            out[len++] = c == '\r' ? '\n' : c;
            at += c == '\r' && at + 1 < s.len && s.ptr[at + 1] == '\n' ? 2 : 1;
        }
    }
    *ret_value = (struct vl_span){out, len};
    return NULL;
}

const char *vl_cel_unquote(
    struct vl_span token, bool bytes, struct vl_arena *arena, struct vl_span *ret_value)
{
    size_t start = bytes ? 1 : 0;
    if (start >= token.len)
        return cannot;
    bool raw = token.ptr[start] == 'r' || token.ptr[start] == 'R';
    struct vl_span s = vl_span_slice(token, start + (raw ? 1 : 0), token.len);
    size_t quotes = vl_span_starts_with(s, "'''") || vl_span_starts_with(s, "\"\"\"") ? 3 : 1;
    if (s.len < 2 * quotes)
        return cannot;
    s = vl_span_slice(s, quotes, s.len - quotes);
    bool returns = vl_span_find_char(s, '\r') != SIZE_MAX;
    if (returns || (!raw && vl_span_find_char(s, '\\') != SIZE_MAX))
        return translate(s, raw, bytes, arena, ret_value);
    *ret_value = s;
    return NULL;
}
