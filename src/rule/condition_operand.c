#include "condition_operand.h"

#include "base/vec.h"

static struct vl_operand *operand_new(struct lexer *lex, enum vl_transformer transformer, size_t offset)
{
    struct vl_operand *operand = NULL;
    if (++lex->nodes > VL_CONDITION_NODES_MAX)
        lex_fail(lex, "more than %d nodes", VL_CONDITION_NODES_MAX);
    else if (!(operand = vl_arena_alloc(lex->arena, sizeof(*operand))))
        lex_fail(lex, "out of memory");
    if (operand) {
        operand->transformer = (uint8_t)transformer;
        operand->offset = (uint32_t)offset;
    }
    return operand;
}

static int optional_arg(struct lexer *lex, struct vl_operand *operand)
{
    if (!lex_str(lex, "["))
        return 0;
    int r = lex_quoted(lex);
    if (r < 0)
        return r;
    if (r == 0 && !lex_field_arg(lex))
        return lex_fail(lex, "expected a valid field argument: a quoted string or a bare string");
    operand->arg = lex->last;
    operand->has_arg = true;
    return lex_str(lex, "]") ? 0 : lex_fail(lex, "expected a ']' token");
}

int operand_field(struct lexer *lex, size_t offset, struct vl_operand **ret)
{
    struct vl_operand *operand = operand_new(lex, VL_TRANSFORM_NONE, offset);
    if (!operand)
        return -EINVAL;
    operand->field = lex->last;
    *ret = operand;
    return optional_arg(lex, operand);
}

static int argument(struct lexer *lex, bool in_list, struct vl_operand **ret);

/* Arguments up to and with the ")". */
static int arguments(struct lexer *lex, bool in_list, struct vl_operand **ret_first)
{
    struct vl_operand **tail = ret_first;
    for (;;) {
        lex_blank(lex);
        int r = argument(lex, in_list, tail);
        if (r < 0)
            return r;
        tail = &(*tail)->next;
        lex_blank(lex);
        if (lex_str(lex, ")"))
            return 0;
        if (!lex_str(lex, ","))
            return lex_fail(lex, in_list ? "expected a ')' token closing the list"
                                         : "expected a ')' token closing the transformer");
    }
}

int operand_transformer(
    struct lexer *lex, enum vl_transformer transformer, size_t offset, struct vl_operand **ret)
{
    struct vl_operand *operand = operand_new(lex, transformer, offset);
    if (!operand)
        return -EINVAL;
    if (++lex->depth > VL_CONDITION_DEPTH_MAX)
        return lex_fail(lex, "exceeded max depth limit of %d", VL_CONDITION_DEPTH_MAX);
    int r = arguments(lex, false, &operand->inner);
    lex->depth--;
    *ret = operand;
    return r < 0 ? r : optional_arg(lex, operand);
}

/* A transformer, a field, a quoted text, or (outside a list) a list. */
static int argument(struct lexer *lex, bool in_list, struct vl_operand **ret)
{
    enum vl_transformer transformer;
    size_t offset = lex->pos;
    if (lex_field_name(lex))
        return operand_field(lex, offset, ret);
    if (lex_transformer(lex, &transformer)) {
        if (transformer == VL_TRANSFORM_VAL)
            return lex_fail(lex, "'val' stands only at the beginning of the right side");
        return operand_transformer(lex, transformer, offset, ret);
    }
    if (!in_list && lex_str(lex, "(")) {
        struct vl_operand *list = operand_new(lex, VL_TRANSFORM_NONE, offset);
        if (!list)
            return -EINVAL;
        list->is_list = true;
        *ret = list;
        return arguments(lex, true, &list->inner);
    }
    int r = lex_quoted(lex);
    if (r < 0)
        return r;
    if (r == 0)
        return lex_fail(lex, "expected a field or a nested valid transformer: %s", lex_transformer_list());
    struct vl_operand *literal = operand_new(lex, VL_TRANSFORM_NONE, offset);
    if (!literal)
        return -EINVAL;
    literal->is_literal = true;
    literal->literal = lex->last;
    *ret = literal;
    return 0;
}

int operand_left(struct lexer *lex, struct vl_operand **ret)
{
    enum vl_transformer transformer;
    size_t offset = lex->pos;
    int r;
    if (lex_field_name(lex))
        r = operand_field(lex, offset, ret);
    else if (lex_transformer(lex, &transformer))
        r = transformer == VL_TRANSFORM_VAL
                ? lex_fail(lex, "'val' stands only at the beginning of the right side")
                : operand_transformer(lex, transformer, offset, ret);
    else
        return 0;
    return r < 0 ? r : 1;
}

/* val(field) or a transformer on the right: 1 when taken. */
static int right_operand(struct lexer *lex, struct vl_condition *check)
{
    enum vl_transformer transformer;
    lex_blank(lex);
    size_t offset = lex->pos;
    if (!lex_transformer(lex, &transformer))
        return 0;
    check->right_is_field = true;
    if (transformer != VL_TRANSFORM_VAL) {
        int r = operand_transformer(lex, transformer, offset, &check->as.check.right_field);
        return r < 0 ? r : 1;
    }
    struct vl_operand *val = operand_new(lex, VL_TRANSFORM_VAL, offset);
    if (!val)
        return -EINVAL;
    check->as.check.right_field = val;
    lex_blank(lex);
    offset = lex->pos;
    if (!lex_field_name(lex))
        return lex_fail(lex, "expected a field within 'val' transformer");
    int r = operand_field(lex, offset, &val->inner);
    if (r < 0)
        return r;
    lex_blank(lex);
    return lex_str(lex, ")") ? 1 : lex_fail(lex, "expected a ')' token closing the transformer");
}

static int push_value(struct lexer *lex, struct vl_vec *values)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_span *slot = vl_vec_push(values, "values", &err);
    if (!slot)
        return lex_fail(lex, "%s", err.msg);
    *slot = lex->last;
    return 0;
}

static int keep_values(struct lexer *lex, const struct vl_vec *values, struct vl_condition *check)
{
    const struct vl_span *items = values->items;
    struct vl_span *kept = vl_arena_array(lex->arena, values->len ? values->len : 1, sizeof(*kept));
    if (!kept)
        return lex_fail(lex, "out of memory");
    for (size_t i = 0; i < values->len; i++)
        kept[i] = items[i];
    check->as.check.values = kept;
    check->as.check.n_values = (uint32_t)values->len;
    return 0;
}

static int keep_value(struct lexer *lex, struct vl_condition *check)
{
    struct vl_vec one = {.items = &lex->last, .len = 1};
    return keep_values(lex, &one, check);
}

/* 1 when a quoted or bare text was taken. */
static int text_value(struct lexer *lex)
{
    int r = lex_quoted(lex);
    return r != 0 ? r : lex_bare(lex);
}

/* The rest of a list after its "(". */
static int list_values(struct lexer *lex, struct vl_condition *check)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec values;
    vl_vec_init(&values, sizeof(struct vl_span), VL_CONDITION_NODES_MAX);
    lex_blank(lex);
    int r = text_value(lex);
    while (r > 0) {
        r = push_value(lex, &values);
        if (r < 0)
            break;
        lex_blank(lex);
        if (!lex_str(lex, ","))
            break;
        lex_blank(lex);
        r = text_value(lex);
        if (r == 0)
            r = lex_fail(lex, "expected a string value");
    }
    if (r < 0)
        return r;
    if (!lex_str(lex, ")"))
        return lex_fail(lex, "expected a ')' token");
    check->right_is_list = true;
    return keep_values(lex, &values, check);
}

static int list_right(struct lexer *lex, struct vl_condition *check)
{
    lex_blank(lex);
    if (lex_str(lex, "("))
        return list_values(lex, check);
    int r = check->quantifier ? 0 : right_operand(lex, check);
    if (r != 0)
        return r;
    if (lex_identifier(lex))
        return keep_value(lex, check);
    return lex_fail(lex, "expected a list, an identifier, or a field with a valid transformer: %s",
        lex_transformer_list());
}

/* "oneof", "anyof", "allof" between blanks, and a list or an identifier behind it: otherwise it is a text
 * like any other. */
static bool quantifier(struct lexer *lex, size_t blank_from, struct vl_condition *check)
{
    static const char *const words[] = {
        [VL_QUANT_ONEOF] = "oneof", [VL_QUANT_ANYOF] = "anyof", [VL_QUANT_ALLOF] = "allof"};
    const struct lexer before = *lex;
    if (blank_from == lex->pos)
        return false;
    for (unsigned i = VL_QUANT_ONEOF; i < VL_ARRAY_LEN(words); i++) {
        if (!lex_str(lex, words[i]))
            continue;
        size_t at;
        if (lex_blank(lex)) {
            size_t len = lex_identifier_len(lex, at = lex->pos);
            struct vl_span word = vl_span_slice(lex->text, at, at + len);
            if ((at < lex->text.len && lex->text.ptr[at] == '(') ||
                (len && !vl_span_eq_str(word, "and") && !vl_span_eq_str(word, "or"))) {
                check->quantifier = (uint8_t)i;
                return true;
            }
        }
        *lex = before;
    }
    return false;
}

static int text_right(struct lexer *lex, struct vl_condition *check)
{
    size_t from = lex->pos;
    lex_blank(lex);
    if (quantifier(lex, from, check))
        return list_right(lex, check);
    int r = right_operand(lex, check);
    if (r == 0)
        r = text_value(lex);
    else
        return r;
    if (r > 0)
        return keep_value(lex, check);
    return r < 0 ? r
                 : lex_fail(lex, "expected a string value or a field with a valid transformer: %s",
                       lex_transformer_list());
}

static int number_right(struct lexer *lex, struct vl_condition *check)
{
    int r = right_operand(lex, check);
    if (r != 0)
        return r;
    if (lex_number(lex))
        return keep_value(lex, check);
    return lex_fail(
        lex, "expected a number value or a field with a valid transformer: %s", lex_transformer_list());
}

int operand_condition(struct lexer *lex, struct vl_condition *check)
{
    enum vl_condition_op op;
    lex_blank(lex);
    if (!lex_operator(lex, &op))
        return lex_fail(lex, "expected a valid check operator: one of %s", lex_operator_list());
    check->op = (uint8_t)op;
    switch (op) {
    case VL_OP_EXISTS:
        return 0;
    case VL_OP_LT:
    case VL_OP_LE:
    case VL_OP_GT:
    case VL_OP_GE:
        return number_right(lex, check);
    case VL_OP_IN:
    case VL_OP_INTERSECTS:
    case VL_OP_PMATCH:
        return list_right(lex, check);
    default:
        return text_right(lex, check);
    }
}
