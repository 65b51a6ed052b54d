/* The two sides of a check. Private to rule. */
#ifndef VL_RULE_CONDITION_OPERAND_H
#define VL_RULE_CONDITION_OPERAND_H

#include "condition_lex.h"

/* A field or a transformer at the current place: 1 when taken, 0 when neither stands there. */
VL_MUST_CHECK int operand_left(struct lexer *lex, struct vl_operand **ret);

/* Operator and right side into `check`. */
VL_MUST_CHECK int operand_condition(struct lexer *lex, struct vl_condition *check);

/* The rest of "name( … )" after the "(", not `val`; for outputs too. */
VL_MUST_CHECK int operand_transformer(
    struct lexer *lex, enum vl_transformer transformer, size_t offset, struct vl_operand **ret);

/* "[arg]" behind a field's name, which is `last`. */
VL_MUST_CHECK int operand_field(struct lexer *lex, size_t offset, struct vl_operand **ret);

#endif
