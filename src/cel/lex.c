#include "lex.h"

#include <string.h>

#include "base/text.h"

struct lexer {
    struct vl_span text;
    size_t at;       /* bytes */
    uint32_t offset; /* code points */
    struct vl_cel_issues *issues;
    struct vl_vec *tokens;
};

static const char *const display[] = {
    "'=='",
    "'!='",
    "'in'",
    "'<'",
    "'<='",
    "'>='",
    "'>'",
    "'&&'",
    "'||'",
    "'['",
    "']'",
    "'{'",
    "'}'",
    "'('",
    "')'",
    "'.'",
    "','",
    "'-'",
    "'!'",
    "'?'",
    "':'",
    "'+'",
    "'*'",
    "'/'",
    "'%'",
    "'true'",
    "'false'",
    "'null'",
    "NUM_FLOAT",
    "NUM_INT",
    "NUM_UINT",
    "STRING",
    "BYTES",
    "IDENTIFIER",
    "ESC_IDENTIFIER",
    "<EOF>",
};

void vl_cel_token_set_format(uint64_t kinds, struct vl_buf *out)
{
    bool several = (kinds & (kinds - 1)) != 0, first = true;
    if (several)
        vl_buf_append_char(out, '{');
    for (size_t i = 0; i < VL_ARRAY_LEN(display); i++) {
        if (!(kinds >> i & 1))
            continue;
        vl_buf_append_str(out, first ? "" : ", ");
        vl_buf_append_str(out, display[i]);
        first = false;
    }
    if (several)
        vl_buf_append_char(out, '}');
}

static bool is_hex(int c)
{
    return vl_char_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The byte `n` after the current one; -1 at the end. */
static int peek(const struct lexer *lx, size_t n)
{
    return lx->at + n < lx->text.len ? (unsigned char)lx->text.ptr[lx->at + n] : -1;
}

/* Bytes of an escape sequence at `n`, or 0; then *ret_reach is how far it could be read. */
static size_t escape_length(const struct lexer *lx, size_t n, size_t *ret_reach)
{
    int c = peek(lx, n + 1);
    size_t digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    *ret_reach = n + 1;
    if (c > 0 && strchr("abfnrtv\"'\\?`", c))
        return 2;
    if (c >= '0' && c <= '3') {
        for (*ret_reach = n + 2; *ret_reach < n + 4; (*ret_reach)++) {
            if (peek(lx, *ret_reach) < '0' || peek(lx, *ret_reach) > '7')
                return 0;
        }
        return 4;
    }
    for (*ret_reach = n + (digits ? 2 : 1); digits && *ret_reach < n + 2 + digits; (*ret_reach)++) {
        if (!is_hex(peek(lx, *ret_reach)))
            return 0;
    }
    return digits ? 2 + digits : 0;
}

/* Length of a quoted text whose quotes (one or three) start at `n`; 0 where it is none, then *ret_reach is
 * the byte at which that became clear. */
static size_t quoted_length(const struct lexer *lx, size_t n, unsigned quotes, bool raw, size_t *ret_reach)
{
    int quote = peek(lx, n);
    for (n += quotes;;) {
        int c = peek(lx, n);
        *ret_reach = n;
        if (c < 0 || (quotes == 1 && (c == '\n' || c == '\r')))
            return 0;
        if (c == quote && (quotes == 1 || (peek(lx, n + 1) == quote && peek(lx, n + 2) == quote)))
            return n + quotes;
        size_t skip = 1;
        if (c == '\\' && !raw)
            skip = escape_length(lx, n, ret_reach);
        if (!skip)
            return 0;
        n += skip;
    }
}

/* A string that starts at `n` (behind a prefix of bytes). */
static size_t string_length(const struct lexer *lx, size_t n, size_t *ret_reach)
{
    bool raw = peek(lx, n) == 'r' || peek(lx, n) == 'R';
    if (raw)
        n++;
    int quote = peek(lx, n);
    *ret_reach = n;
    if (quote != '"' && quote != '\'')
        return 0;
    size_t reach = 0;
    if (peek(lx, n + 1) == quote && peek(lx, n + 2) == quote) {
        size_t len = quoted_length(lx, n, 3, raw, &reach);
        if (len)
            return len;
    }
    size_t len = quoted_length(lx, n, 1, raw, ret_reach);
    return len;
}

static size_t number_length(const struct lexer *lx, uint8_t *ret_kind)
{
    size_t n = 0;
    *ret_kind = VL_CEL_TOK_INT;
    if (peek(lx, 0) == '0' && peek(lx, 1) == 'x' && is_hex(peek(lx, 2))) {
        for (n = 2; is_hex(peek(lx, n)); n++)
            ;
    } else {
        while (vl_char_is_digit(peek(lx, n)))
            n++;
        size_t whole = n;
        if (peek(lx, n) == '.' && vl_char_is_digit(peek(lx, n + 1))) {
            for (n++; vl_char_is_digit(peek(lx, n)); n++)
                ;
        }
        if (peek(lx, n) == 'e' || peek(lx, n) == 'E') {
            size_t sign = peek(lx, n + 1) == '+' || peek(lx, n + 1) == '-' ? 1 : 0;
            if (vl_char_is_digit(peek(lx, n + 1 + sign))) {
                for (n += 2 + sign; vl_char_is_digit(peek(lx, n)); n++)
                    ;
            }
        }
        if (n > whole) {
            *ret_kind = VL_CEL_TOK_FLOAT;
            return n;
        }
    }
    if (peek(lx, n) == 'u' || peek(lx, n) == 'U') {
        *ret_kind = VL_CEL_TOK_UINT;
        n++;
    }
    return n;
}

static size_t word_length(const struct lexer *lx, uint8_t *ret_kind)
{
    size_t n = 1;
    while (vl_char_is_letter(peek(lx, n)) || vl_char_is_digit(peek(lx, n)) || peek(lx, n) == '_')
        n++;
    struct vl_span word = vl_span_slice(lx->text, lx->at, lx->at + n);
    *ret_kind = vl_span_eq_str(word, "in")      ? VL_CEL_TOK_IN
                : vl_span_eq_str(word, "true")  ? VL_CEL_TOK_TRUE
                : vl_span_eq_str(word, "false") ? VL_CEL_TOK_FALSE
                : vl_span_eq_str(word, "null")  ? VL_CEL_TOK_NULL
                                                : VL_CEL_TOK_IDENT;
    return n;
}

/* `name in backquotes`. */
static size_t escaped_length(const struct lexer *lx, size_t *ret_reach)
{
    size_t n = 1;
    for (int c = peek(lx, n); vl_char_is_letter(c) || vl_char_is_digit(c) || (c > 0 && strchr("_.-/ ", c));
        c = peek(lx, n))
        n++;
    *ret_reach = n;
    return n > 1 && peek(lx, n) == '`' ? n + 1 : 0;
}

static size_t symbol_length(const struct lexer *lx, uint8_t *ret_kind, size_t *ret_reach)
{
    static const char single[] = "<>[]{}().,-!?:+*/%";
    static const uint8_t kinds[] = {VL_CEL_TOK_LT, VL_CEL_TOK_GT, VL_CEL_TOK_LBRACKET, VL_CEL_TOK_RBRACKET,
        VL_CEL_TOK_LBRACE, VL_CEL_TOK_RBRACE, VL_CEL_TOK_LPAREN, VL_CEL_TOK_RPAREN, VL_CEL_TOK_DOT,
        VL_CEL_TOK_COMMA, VL_CEL_TOK_MINUS, VL_CEL_TOK_EXCLAM, VL_CEL_TOK_QUESTION, VL_CEL_TOK_COLON,
        VL_CEL_TOK_PLUS, VL_CEL_TOK_STAR, VL_CEL_TOK_SLASH, VL_CEL_TOK_PERCENT};
    static const struct {
        char text[3];
        uint8_t kind;
    } pairs[] = {{"==", VL_CEL_TOK_EQ}, {"!=", VL_CEL_TOK_NE}, {"<=", VL_CEL_TOK_LE}, {">=", VL_CEL_TOK_GE},
        {"&&", VL_CEL_TOK_AND}, {"||", VL_CEL_TOK_OR}};
    int c = peek(lx, 0), next = peek(lx, 1);
    *ret_reach = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(pairs); i++) {
        if (c != pairs[i].text[0])
            continue;
        *ret_reach = 1;
        if (next == pairs[i].text[1]) {
            *ret_kind = pairs[i].kind;
            return 2;
        }
    }
    const char *found = c > 0 ? strchr(single, c) : NULL;
    if (!found)
        return 0;
    *ret_kind = kinds[found - single];
    return 1;
}

/* Length in bytes of the token here; 0 where there is none, then *ret_reach is the byte that did not fit. */
static size_t token_length(const struct lexer *lx, uint8_t *ret_kind, size_t *ret_reach)
{
    int c = peek(lx, 0);
    size_t len = 0, reach = 0;
    bool bytes = c == 'b' || c == 'B';
    *ret_reach = 0;
    if (c == '"' || c == '\'' || c == 'r' || c == 'R' || bytes) {
        len = string_length(lx, bytes ? 1 : 0, &reach);
        *ret_kind = bytes ? VL_CEL_TOK_BYTES : VL_CEL_TOK_STRING;
        *ret_reach = reach;
        if (len || c == '"' || c == '\'')
            return len;
    }
    if (vl_char_is_letter(c) || c == '_')
        return word_length(lx, ret_kind);
    if (vl_char_is_digit(c) || (c == '.' && vl_char_is_digit(peek(lx, 1))))
        return number_length(lx, ret_kind);
    if (c == '`') {
        *ret_kind = VL_CEL_TOK_ESC_IDENT;
        return escaped_length(lx, ret_reach);
    }
    return symbol_length(lx, ret_kind, ret_reach);
}

static void advance(struct lexer *lx, size_t bytes)
{
    for (size_t i = 0; i < bytes && lx->at < lx->text.len; i++, lx->at++) {
        if (((unsigned char)lx->text.ptr[lx->at] & 0xC0) != 0x80)
            lx->offset++;
    }
}

static void skip_blanks(struct lexer *lx)
{
    for (;;) {
        int c = peek(lx, 0);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
            advance(lx, 1);
        } else if (c == '/' && peek(lx, 1) == '/') {
            size_t end = vl_span_find_char(vl_span_slice(lx->text, lx->at, lx->text.len), '\n');
            advance(lx, end == SIZE_MAX ? lx->text.len - lx->at : end);
        } else {
            return;
        }
    }
}

static void report_unknown(struct lexer *lx, size_t reach)
{
    size_t end = lx->at + reach;
    if (end < lx->text.len) {
        uint32_t rune;
        size_t n = vl_utf8_decode(vl_span_slice(lx->text, end, lx->text.len), &rune);
        end += n ? n : 1;
    }
    struct vl_span seen = vl_span_slice(lx->text, lx->at, end);
    vl_cel_issue_add(
        lx->issues, lx->offset, "Syntax error: token recognition error at: '%.*s'", VL_SPAN_FMT(seen));
    advance(lx, seen.len ? seen.len : 1);
}

int vl_cel_lex(struct vl_span text, struct vl_cel_issues *issues, struct vl_vec *tokens, struct vl_err *err)
{
    struct lexer lx = {.text = text, .issues = issues, .tokens = tokens};
    for (;;) {
        skip_blanks(&lx);
        uint8_t kind = VL_CEL_TOK_END;
        size_t reach = 0, len = 0;
        if (lx.at < text.len) {
            len = token_length(&lx, &kind, &reach);
            if (!len) {
                report_unknown(&lx, reach);
                continue;
            }
        }
        struct vl_cel_token *token = vl_vec_push(tokens, "tokens of an expression", err);
        if (!token)
            return err->err;
        *token = (struct vl_cel_token){
            .kind = kind, .start = (uint32_t)lx.at, .end = (uint32_t)(lx.at + len), .offset = lx.offset};
        if (kind == VL_CEL_TOK_END)
            return 0;
        advance(&lx, len);
    }
}
