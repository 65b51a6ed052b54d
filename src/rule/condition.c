/* Recursive descent over the grammar of condition.h's source. Every "(" and every transformer counts as one
 * level. */
#include "rule/condition.h"

#include "base/buf.h"
#include "base/vec.h"
#include "condition_lex.h"
#include "condition_operand.h"

static int parse_or(struct lexer *lex, struct vl_condition **ret);

static struct vl_condition *node_new(struct lexer *lex, enum vl_condition_kind kind, size_t offset)
{
    struct vl_condition *node = NULL;
    if (++lex->nodes > VL_CONDITION_NODES_MAX)
        lex_fail(lex, "more than %d nodes", VL_CONDITION_NODES_MAX);
    else if (!(node = vl_arena_alloc(lex->arena, sizeof(*node))))
        lex_fail(lex, "out of memory");
    if (node) {
        node->kind = (uint8_t)kind;
        node->offset = (uint32_t)offset;
    }
    return node;
}

/* The rest of "( … )" after the "(". */
static int parse_embedded(struct lexer *lex, struct vl_condition **ret)
{
    if (++lex->depth > VL_CONDITION_DEPTH_MAX)
        return lex_fail(lex, "exceeded max depth limit of %d", VL_CONDITION_DEPTH_MAX);
    lex_blank(lex);
    int r = parse_or(lex, ret);
    if (r < 0)
        return r;
    lex_blank(lex);
    lex->depth--;
    return lex_str(lex, ")") ? 0 : lex_fail(lex, "expected a ')' token");
}

static int parse_check(struct lexer *lex, struct vl_condition **ret)
{
    struct vl_operand *left = NULL;
    lex_blank(lex);
    size_t offset = lex->pos;
    if (lex_str(lex, "("))
        return parse_embedded(lex, ret);
    int r = operand_left(lex, &left);
    if (r < 0)
        return r;
    if (r > 0) {
        struct vl_condition *check = node_new(lex, VL_COND_CHECK, offset);
        if (!check)
            return -EINVAL;
        check->as.check.left = left;
        r = operand_condition(lex, check);
        if (r >= 0)
            *ret = check;
        return r;
    }
    if (!lex_identifier(lex))
        return lex_fail(lex, "expected a '(' token, a field check, or an identifier");
    struct vl_condition *macro = node_new(lex, VL_COND_MACRO, offset);
    if (!macro)
        return -EINVAL;
    macro->as.macro = lex->last;
    *ret = macro;
    return 0;
}

static int parse_not(struct lexer *lex, struct vl_condition **ret)
{
    struct vl_condition *child = NULL;
    bool negated = false;
    lex_blank(lex);
    size_t offset = lex->pos;
    while (lex_not(lex))
        negated = !negated;
    int r;
    if (lex_str(lex, "not(")) {
        negated = !negated;
        r = parse_embedded(lex, &child);
    } else
        r = parse_check(lex, &child);
    if (r < 0 || !negated) {
        *ret = child;
        return r;
    }
    struct vl_condition *node = node_new(lex, VL_COND_NOT, offset);
    struct vl_condition **items = node ? vl_arena_array(lex->arena, 1, sizeof(struct vl_condition *)) : NULL;
    if (!items)
        return lex_fail(lex, "out of memory");
    items[0] = child;
    node->as.children.items = items;
    node->as.children.n = 1;
    *ret = node;
    return 0;
}

static int push(struct lexer *lex, struct vl_vec *vec, struct vl_condition *child)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_condition **slot = vl_vec_push(vec, "operands", &err);
    if (!slot)
        return lex_fail(lex, "%s", err.msg);
    *slot = child;
    return 0;
}

/* One child stands for itself. */
static int join(struct lexer *lex, const struct vl_vec *children, enum vl_condition_kind kind, size_t offset,
    struct vl_condition **ret)
{
    struct vl_condition **items = children->items;
    if (children->len == 1) {
        *ret = items[0];
        return 0;
    }
    struct vl_condition *node = node_new(lex, kind, offset);
    struct vl_condition **kept =
        node ? vl_arena_array(lex->arena, children->len, sizeof(struct vl_condition *)) : NULL;
    if (!kept)
        return lex_fail(lex, "out of memory");
    for (size_t i = 0; i < children->len; i++)
        kept[i] = items[i];
    node->as.children.items = kept;
    node->as.children.n = (uint32_t)children->len;
    *ret = node;
    return 0;
}

/* item ('word' (' ' item | '(' … ')'))* */
static int parse_series(struct lexer *lex, const char *word, enum vl_condition_kind kind,
    int (*item)(struct lexer *lex, struct vl_condition **ret), struct vl_condition **ret)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec children;
    struct vl_condition *child = NULL;
    vl_vec_init(&children, sizeof(struct vl_condition *), VL_CONDITION_NODES_MAX);
    lex_blank(lex);
    size_t offset = lex->pos;
    int r = item(lex, &child);
    if (r >= 0)
        r = push(lex, &children, child);
    if (r >= 0)
        lex_blank(lex);
    while (r >= 0 && lex_str(lex, word)) {
        if (lex_blank(lex))
            r = item(lex, &child);
        else if (lex_str(lex, "("))
            r = parse_embedded(lex, &child);
        else
            r = lex_fail(lex, "expected blank or '(' after '%s'", word);
        if (r >= 0)
            r = push(lex, &children, child);
        if (r >= 0)
            lex_blank(lex);
    }
    return r < 0 ? r : join(lex, &children, kind, offset, ret);
}

static int parse_and(struct lexer *lex, struct vl_condition **ret)
{
    return parse_series(lex, "and", VL_COND_AND, parse_not, ret);
}

static int parse_or(struct lexer *lex, struct vl_condition **ret)
{
    return parse_series(lex, "or", VL_COND_OR, parse_and, ret);
}

static int parse_all(struct lexer *lex, struct vl_condition **ret)
{
    if (lex->text.len == 0)
        return lex_fail(lex, "filter input string is empty");
    if (lex->text.len > VL_CONDITION_BYTES_MAX)
        return lex_fail(lex, "more than %lu bytes", VL_CONDITION_BYTES_MAX);
    int r = parse_or(lex, ret);
    if (r >= 0 && lex->pos != lex->text.len)
        r = lex_fail(lex, "unexpected token after '%.*s', expecting 'or', 'and'",
            VL_SPAN_FMT(vl_span_slice(lex->last, 0, 200)));
    return r;
}

int vl_condition_parse(struct vl_span text, struct vl_arena *arena, struct vl_condition **ret,
    struct vl_condition_error *ret_error, struct vl_err *err)
{
    struct lexer lex = {.text = text, .arena = arena};
    struct vl_condition *root = NULL;
    if (parse_all(&lex, &root) >= 0) {
        *ret = root;
        return 0;
    }
    int r = vl_arena_check(arena, "condition", err);
    if (ret_error)
        *ret_error =
            (struct vl_condition_error){(uint32_t)lex.pos, lex.problem ? lex.problem : "out of memory"};
    if (r < 0)
        return r;
    return vl_err_set(err, VL_ERR_INVALID, "column %zu: %s", lex.pos + 1, lex.problem ? lex.problem : "?");
}
