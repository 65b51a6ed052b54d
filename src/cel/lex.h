/* Text to tokens, all at once: the parser looks ahead freely. Source: cel-spec langdef.md, "Syntax"; where a
 * text cannot be a token, the longest part that could have become one is named and left out, as ANTLR does.
 */
#ifndef VL_CEL_LEX_H
#define VL_CEL_LEX_H

#include "base/vec.h"
#include "issues.h"

/* In the order in which ANTLR lists what it expected. */
enum vl_cel_token_kind {
    VL_CEL_TOK_EQ,
    VL_CEL_TOK_NE,
    VL_CEL_TOK_IN,
    VL_CEL_TOK_LT,
    VL_CEL_TOK_LE,
    VL_CEL_TOK_GE,
    VL_CEL_TOK_GT,
    VL_CEL_TOK_AND,
    VL_CEL_TOK_OR,
    VL_CEL_TOK_LBRACKET,
    VL_CEL_TOK_RBRACKET,
    VL_CEL_TOK_LBRACE,
    VL_CEL_TOK_RBRACE,
    VL_CEL_TOK_LPAREN,
    VL_CEL_TOK_RPAREN,
    VL_CEL_TOK_DOT,
    VL_CEL_TOK_COMMA,
    VL_CEL_TOK_MINUS,
    VL_CEL_TOK_EXCLAM,
    VL_CEL_TOK_QUESTION,
    VL_CEL_TOK_COLON,
    VL_CEL_TOK_PLUS,
    VL_CEL_TOK_STAR,
    VL_CEL_TOK_SLASH,
    VL_CEL_TOK_PERCENT,
    VL_CEL_TOK_TRUE,
    VL_CEL_TOK_FALSE,
    VL_CEL_TOK_NULL,
    VL_CEL_TOK_FLOAT,
    VL_CEL_TOK_INT,
    VL_CEL_TOK_UINT,
    VL_CEL_TOK_STRING,
    VL_CEL_TOK_BYTES,
    VL_CEL_TOK_IDENT,
    VL_CEL_TOK_ESC_IDENT,
    VL_CEL_TOK_END,
};

struct vl_cel_token {
    uint8_t kind;
    uint32_t start, end; /* bytes */
    uint32_t offset;     /* code points */
};

/* Appends tokens (struct vl_cel_token), the last one VL_CEL_TOK_END. What is no token becomes an issue. */
VL_MUST_CHECK int vl_cel_lex(
    struct vl_span text, struct vl_cel_issues *issues, struct vl_vec *tokens, struct vl_err *err);

/* The value of a STRING or BYTES token (quotes, prefixes and escapes taken away) in the arena or lent from
 * the token. NULL, or what is wrong with it. */
const char *vl_cel_unquote(
    struct vl_span token, bool bytes, struct vl_arena *arena, struct vl_span *ret_value);

/* "{'[', IDENTIFIER}" or "':'": a set of kinds, bit i for kind i. */
void vl_cel_token_set_format(uint64_t kinds, struct vl_buf *out);

#endif
