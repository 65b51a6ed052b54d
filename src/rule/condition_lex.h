/* Tokens of conditions. Private to rule. */
#ifndef VL_RULE_CONDITION_LEX_H
#define VL_RULE_CONDITION_LEX_H

#include "rule/condition.h"

#define LEX_EXPRESSION_MAX 1200 /* characters of an error's text */

struct lexer {
    struct vl_span text;
    size_t pos;
    struct vl_span last; /* the token taken last, for messages; unescaped where it was quoted */
    struct vl_arena *arena;
    const char *problem; /* set once: what is wrong at `pos`, in the arena */
    unsigned depth;
    uint32_t nodes;
};

/* Notes the problem at the current place (the first one stays) and returns -EINVAL. */
VL_PRINTF(2, 3) int lex_fail(struct lexer *lex, const char *fmt, ...);

bool lex_is_space(char c); /* what ends a bare text */

/* Each takes the token at the current place into `last`, or leaves everything as it was. */
bool lex_blank(struct lexer *lex); /* the only one that does not touch `last` */
bool lex_str(struct lexer *lex, const char *word);
bool lex_not(struct lexer *lex); /* "not" and the blanks behind it */
bool lex_identifier(struct lexer *lex);
bool lex_field_name(struct lexer *lex);
bool lex_field_arg(struct lexer *lex);
bool lex_number(struct lexer *lex);
bool lex_bare(struct lexer *lex);

/* 1 when a quoted text was taken, 0 when there is none, negative for a bad escape. */
VL_MUST_CHECK int lex_quoted(struct lexer *lex);

/* The length of the identifier at `at`, 0 where there is none. */
size_t lex_identifier_len(const struct lexer *lex, size_t at);

bool lex_operator(struct lexer *lex, enum vl_condition_op *ret);
bool lex_transformer(struct lexer *lex, enum vl_transformer *ret); /* with its "(" */

/* The operators, transformers in words for messages: "'exists', '<=', …". */
const char *lex_operator_list(void);
const char *lex_transformer_list(void);

#endif
