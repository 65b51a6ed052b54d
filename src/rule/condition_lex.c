#include "condition_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct operator_word {
    const char *word;
    enum vl_condition_op op;
    bool blank; /* a blank must follow */
};

/* In the order in which they are tried: a longer one before its beginning. */
static const struct operator_word operators[] = {
    {"exists", VL_OP_EXISTS, false},
    {"<=", VL_OP_LE, false},
    {"<", VL_OP_LT, false},
    {">=", VL_OP_GE, false},
    {">", VL_OP_GT, false},
    {"==", VL_OP_EQ, false},
    {"=", VL_OP_EQ, false},
    {"!=", VL_OP_NE, false},
    {"glob", VL_OP_GLOB, true},
    {"iglob", VL_OP_IGLOB, true},
    {"contains", VL_OP_CONTAINS, true},
    {"icontains", VL_OP_ICONTAINS, true},
    {"bcontains", VL_OP_BCONTAINS, true},
    {"startswith", VL_OP_STARTSWITH, true},
    {"bstartswith", VL_OP_BSTARTSWITH, true},
    {"endswith", VL_OP_ENDSWITH, true},
    {"regex", VL_OP_REGEX, true},
    {"intersects", VL_OP_INTERSECTS, false},
    {"in", VL_OP_IN, false},
    {"pmatch", VL_OP_PMATCH, false},
};

static const char *const transformers[] = {
    [VL_TRANSFORM_VAL] = "val(",
    [VL_TRANSFORM_TOLOWER] = "tolower(",
    [VL_TRANSFORM_TOUPPER] = "toupper(",
    [VL_TRANSFORM_B64] = "b64(",
    [VL_TRANSFORM_BASENAME] = "basename(",
    [VL_TRANSFORM_LEN] = "len(",
    [VL_TRANSFORM_JOIN] = "join(",
    [VL_TRANSFORM_CONCAT] = "concat(",
    [VL_TRANSFORM_GETOPT] = "getopt(",
};

const char *lex_operator_list(void)
{
    return "'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', 'icontains', "
           "'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'";
}

const char *lex_transformer_list(void)
{
    return "'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'";
}

int lex_fail(struct lexer *lex, const char *fmt, ...)
{
    char text[LEX_EXPRESSION_MAX];
    va_list args;
    if (lex->problem)
        return -EINVAL;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    lex->problem = n < 0 ? NULL : vl_arena_strdup(lex->arena, text);
    if (!lex->problem)
        lex->problem = "out of memory";
    return -EINVAL;
}

/* Beyond the end a NUL, which no token takes. */
static char at(const struct lexer *lex, size_t pos)
{
    return pos < lex->text.len ? lex->text.ptr[pos] : '\0';
}

bool lex_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n';
}

static bool take(struct lexer *lex, size_t end)
{
    if (end == lex->pos)
        return false;
    lex->last = vl_span_slice(lex->text, lex->pos, end);
    lex->pos = end;
    return true;
}

bool lex_blank(struct lexer *lex)
{
    size_t start = lex->pos;
    while (is_blank(at(lex, lex->pos)))
        lex->pos++;
    return lex->pos != start;
}

bool lex_str(struct lexer *lex, const char *word)
{
    size_t len = strlen(word);
    if (!vl_span_starts_with(vl_span_slice(lex->text, lex->pos, SIZE_MAX), word))
        return false;
    return take(lex, lex->pos + len);
}

bool lex_not(struct lexer *lex)
{
    size_t end = lex->pos + 3;
    if (!vl_span_starts_with(vl_span_slice(lex->text, lex->pos, SIZE_MAX), "not") ||
        !lex_is_space(at(lex, end)))
        return false;
    while (lex_is_space(at(lex, end)))
        end++;
    return take(lex, end);
}

size_t lex_identifier_len(const struct lexer *lex, size_t start)
{
    size_t end = start;
    if (!vl_char_is_letter(at(lex, end)))
        return 0;
    while (vl_char_is_letter(at(lex, end)) || vl_char_is_digit(at(lex, end)) || at(lex, end) == '_')
        end++;
    return end - start;
}

bool lex_identifier(struct lexer *lex)
{
    return take(lex, lex->pos + lex_identifier_len(lex, lex->pos));
}

bool lex_field_name(struct lexer *lex)
{
    size_t end = lex->pos + lex_identifier_len(lex, lex->pos), parts = 0;
    if (end == lex->pos)
        return false;
    while (at(lex, end) == '.') {
        size_t len = lex_identifier_len(lex, end + 1);
        if (len == 0)
            break;
        end += 1 + len;
        parts++;
    }
    return parts > 0 && take(lex, end);
}

bool lex_field_arg(struct lexer *lex)
{
    size_t end = lex->pos;
    while (end < lex->text.len && !lex_is_space(at(lex, end)) && at(lex, end) != '\0' &&
           !strchr("[]\"'", at(lex, end)))
        end++;
    return take(lex, end);
}

bool lex_number(struct lexer *lex)
{
    size_t end = lex->pos;
    if (at(lex, end) == '0' && (at(lex, end + 1) == 'x' || at(lex, end + 1) == 'X') &&
        (vl_char_is_letter(at(lex, end + 2)) || vl_char_is_digit(at(lex, end + 2)))) {
        end += 2;
        while (vl_char_is_letter(at(lex, end)) || vl_char_is_digit(at(lex, end)))
            end++;
        return take(lex, end);
    }
    if (at(lex, end) == '+' || at(lex, end) == '-')
        end++;
    if (!vl_char_is_digit(at(lex, end)))
        return false;
    while (vl_char_is_digit(at(lex, end)))
        end++;
    if (at(lex, end) == '.')
        end++;
    while (vl_char_is_digit(at(lex, end)))
        end++;
    if ((at(lex, end) == 'e' || at(lex, end) == 'E') &&
        (at(lex, end + 1) == '+' || at(lex, end + 1) == '-') && vl_char_is_digit(at(lex, end + 2))) {
        end += 2;
        while (vl_char_is_digit(at(lex, end)))
            end++;
    }
    return take(lex, end);
}

bool lex_bare(struct lexer *lex)
{
    size_t end = lex->pos;
    while (end < lex->text.len && !lex_is_space(at(lex, end)) && at(lex, end) != '\0' &&
           !strchr("()\"'=,", at(lex, end)))
        end++;
    return take(lex, end);
}

/* One escape at raw[*i], just after the backslash. */
static int unescape_one(struct lexer *lex, struct vl_span raw, size_t *i, char quote, char *ret)
{
    static const char from[] = "bfnrt/\\ ", to[] = "\b\f\n\r\t/\\\\";
    char c = raw.ptr[*i];
    const char *known = c ? strchr(from, c) : NULL;
    uint8_t byte = 0;
    if (known) {
        *ret = to[known - from];
        return 0;
    }
    if (c == '"' || c == '\'') {
        *ret = c;
        return c == quote ? 0 : lex_fail(lex, "invalid \\%c escape in %c-quoted string", c, quote);
    }
    if (c == 'x' && *i + 2 < raw.len && vl_hex_decode(vl_span_slice(raw, *i + 1, *i + 3), &byte, 1)) {
        *ret = (char)byte;
        *i += 2;
        return 0;
    }
    return lex_fail(lex, "unsupported string escape sequence: \\%c", c >= ' ' && c < 127 ? c : '?');
}

static int unescape(struct lexer *lex, struct vl_span raw, char quote)
{
    char *text = vl_arena_alloc(lex->arena, raw.len + 1);
    size_t n = 0;
    if (!text)
        return lex_fail(lex, "out of memory");
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '\\' && ++i < raw.len) {
            int r = unescape_one(lex, raw, &i, quote, &c);
            if (r < 0)
                return r;
        }
        text[n++] = c;
    }
    lex->last = (struct vl_span){text, n};
    return 0;
}

/* As in Falco a quote after a backslash does not end the text, even where the backslash is itself escaped. */
int lex_quoted(struct lexer *lex)
{
    char quote = at(lex, lex->pos);
    size_t end = lex->pos + 1;
    bool escapes = false;
    if (quote != '\'' && quote != '"')
        return 0;
    while (
        end < lex->text.len && at(lex, end) != '\0' && (at(lex, end) != quote || at(lex, end - 1) == '\\')) {
        escapes |= at(lex, end) == '\\';
        end++;
    }
    if (at(lex, end) != quote)
        return 0;
    struct vl_span raw = vl_span_slice(lex->text, lex->pos + 1, end);
    if (escapes) {
        int r = unescape(lex, raw, quote);
        if (r < 0)
            return r;
    } else
        lex->last = raw;
    lex->pos = end + 1;
    return 1;
}

bool lex_operator(struct lexer *lex, enum vl_condition_op *ret)
{
    struct vl_span rest = vl_span_slice(lex->text, lex->pos, SIZE_MAX);
    for (size_t i = 0; i < VL_ARRAY_LEN(operators); i++) {
        const struct operator_word *o = &operators[i];
        size_t len = strlen(o->word);
        if (!vl_span_starts_with(rest, o->word) || (o->blank && !is_blank(at(lex, lex->pos + len))))
            continue;
        *ret = o->op;
        return take(lex, lex->pos + len);
    }
    return false;
}

bool lex_transformer(struct lexer *lex, enum vl_transformer *ret)
{
    for (unsigned i = VL_TRANSFORM_VAL; i < VL_ARRAY_LEN(transformers); i++) {
        if (lex_str(lex, transformers[i])) {
            lex->last.len--;
            *ret = (enum vl_transformer)i;
            return true;
        }
    }
    return false;
}

const char *vl_condition_op_name(enum vl_condition_op op)
{
    static const char *const own[] = {"iequals", "istartswith", "iendswith", "iregex", "cidr"};
    if (op >= VL_OP_IEQ)
        return (size_t)(op - VL_OP_IEQ) < VL_ARRAY_LEN(own) ? own[op - VL_OP_IEQ] : "?";
    for (size_t i = 0; i < VL_ARRAY_LEN(operators); i++) {
        if (operators[i].op == op)
            return op == VL_OP_EQ ? "=" : operators[i].word;
    }
    return "?";
}

const char *vl_transformer_name(enum vl_transformer transformer)
{
    static const char *const names[] = {
        "", "val", "tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt"};
    return (size_t)transformer < VL_ARRAY_LEN(names) ? names[transformer] : "?";
}
