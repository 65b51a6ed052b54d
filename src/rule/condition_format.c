#include <string.h>

#include "base/buf.h"
#include "condition_lex.h"

static bool is_bare(struct vl_span s)
{
    static const char *const words[] = {"oneof", "anyof", "allof"};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_str(s, words[i]))
            return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if ((unsigned char)c < ' ' || c == 127 || lex_is_space(c) || strchr("()\"'=,\\", c))
            return false;
    }
    return s.len > 0;
}

static void write_quoted(struct vl_buf *out, struct vl_span s)
{
    static const char from[] = "\b\f\n\r\t", to[] = "bfnrt";
    vl_buf_append_char(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        const char *known = c ? strchr(from, c) : NULL;
        if (known)
            vl_buf_printf(out, "\\%c", to[known - from]);
        else if (c == '"')
            vl_buf_append_str(out, "\\\"");
        else if (c == '\\' || (unsigned char)c < ' ' || c == 127)
            /* A "\\" before a quote would not end the text for a reader like Falco's. */
            vl_buf_printf(out, c == '\\' && i + 1 < s.len && s.ptr[i + 1] != '"' ? "\\\\" : "\\x%02x",
                (unsigned char)c);
        else
            vl_buf_append_char(out, c);
    }
    vl_buf_append_char(out, '"');
}

static void write_value(struct vl_buf *out, struct vl_span s)
{
    if (is_bare(s))
        vl_buf_append_span(out, s);
    else
        write_quoted(out, s);
}

static void write_arg(struct vl_buf *out, const struct vl_operand *operand)
{
    if (!operand->has_arg)
        return;
    vl_buf_append_char(out, '[');
    if (is_bare(operand->arg) && vl_span_find_char(operand->arg, '[') == SIZE_MAX &&
        vl_span_find_char(operand->arg, ']') == SIZE_MAX)
        vl_buf_append_span(out, operand->arg);
    else
        write_quoted(out, operand->arg);
    vl_buf_append_char(out, ']');
}

/* Its depth was limited by the parser. */
static void write_operand(struct vl_buf *out, const struct vl_operand *operand)
{
    if (operand->is_literal) {
        write_quoted(out, operand->literal);
        return;
    }
    if (operand->transformer == VL_TRANSFORM_NONE && !operand->is_list)
        vl_buf_append_span(out, operand->field);
    else {
        vl_buf_printf(out, "%s(", vl_transformer_name(operand->transformer));
        for (const struct vl_operand *o = operand->inner; o; o = o->next) {
            write_operand(out, o);
            vl_buf_append_str(out, o->next ? ", " : "");
        }
        vl_buf_append_char(out, ')');
    }
    write_arg(out, operand);
}

static void write_right(struct vl_buf *out, const struct vl_condition *c)
{
    static const char *const quantifiers[] = {"", "oneof ", "anyof ", "allof "};
    vl_buf_append_str(out, quantifiers[c->quantifier & 3]);
    if (c->right_is_field) {
        write_operand(out, c->as.check.right_field);
        return;
    }
    bool list = c->quantifier || c->op == VL_OP_IN || c->op == VL_OP_INTERSECTS || c->op == VL_OP_PMATCH;
    if (list && !c->right_is_list && c->as.check.n_values == 1) { /* the name of a list */
        vl_buf_append_span(out, c->as.check.values[0]);
        return;
    }
    vl_buf_append_str(out, c->right_is_list ? "(" : "");
    for (uint32_t i = 0; i < c->as.check.n_values; i++) {
        vl_buf_append_str(out, i ? ", " : "");
        write_value(out, c->as.check.values[i]);
    }
    vl_buf_append_str(out, c->right_is_list ? ")" : "");
}

static void write_check(struct vl_buf *out, const struct vl_condition *c)
{
    write_operand(out, c->as.check.left);
    vl_buf_printf(out, " %s", vl_condition_op_name(c->op));
    if (c->op == VL_OP_EXISTS)
        return;
    vl_buf_append_char(out, ' ');
    write_right(out, c);
}

static int write_node(struct vl_buf *out, const struct vl_condition *c, unsigned depth, struct vl_err *err);

static int write_child(struct vl_buf *out, const struct vl_condition *parent,
    const struct vl_condition *child, unsigned depth, struct vl_err *err)
{
    bool simple = child->kind == VL_COND_CHECK || child->kind == VL_COND_MACRO ||
                  (child->kind == VL_COND_NOT && parent->kind != VL_COND_NOT) ||
                  (parent->kind == VL_COND_OR && child->kind == VL_COND_AND);
    vl_buf_append_str(out, simple ? "" : "(");
    int r = write_node(out, child, depth + 1, err);
    vl_buf_append_str(out, simple ? "" : ")");
    return r;
}

static int write_node(struct vl_buf *out, const struct vl_condition *c, unsigned depth, struct vl_err *err)
{
    int r = 0;
    if (depth > VL_CONDITION_TREE_DEPTH_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "a condition of more than %d levels", VL_CONDITION_TREE_DEPTH_MAX);
    if (c->kind == VL_COND_CHECK)
        write_check(out, c);
    else if (c->kind == VL_COND_MACRO)
        vl_buf_append_span(out, c->as.macro);
    else {
        vl_buf_append_str(out, c->kind == VL_COND_NOT ? "not " : "");
        for (uint32_t i = 0; i < c->as.children.n && r >= 0; i++) {
            if (i)
                vl_buf_append_str(out, c->kind == VL_COND_AND ? " and " : " or ");
            r = write_child(out, c, c->as.children.items[i], depth, err);
        }
    }
    return r;
}

int vl_condition_format(const struct vl_condition *condition, struct vl_buf *out, struct vl_err *err)
{
    int r = write_node(out, condition, 0, err);
    return r < 0 ? r : vl_buf_check(out, "condition", err);
}
