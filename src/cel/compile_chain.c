/* Names and chains of fields and indices. Source: cel-go interpreter/planner.go (planIdent, planSelect,
 * planCallIndex). */
#include <string.h>

#include "program.h"
#include "value_impl.h"

int vl_cel_scope_find(const struct vl_cel_compiler *c, struct vl_span name)
{
    for (const struct vl_cel_scope *scope = c->scope; scope; scope = scope->outer)
        for (unsigned i = 0; i < scope->n; i++)
            if (vl_span_eq(scope->names[i], name))
                return (int)scope->slots[i];
    return -1;
}

static struct vl_cel_op *attribute(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, enum vl_cel_base_kind base, unsigned index)
{
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_attribute, 0);
    if (!op)
        return NULL;
    op->as.attribute = vl_arena_alloc(c->arena, sizeof(*op->as.attribute));
    if (!op->as.attribute)
        return NULL;
    op->as.attribute->base = (uint8_t)base;
    op->as.attribute->index = index;
    return op;
}

static struct vl_cel_op *variable(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_span name, unsigned index)
{
    struct vl_cel_op *op = attribute(c, node, VL_CEL_BASE_VARIABLE, index);
    if (op)
        op->as.attribute->name = vl_arena_dup_span(c->arena, name);
    if (index < 64)
        c->program->variables |= UINT64_C(1) << index;
    return op;
}

/* A variable or a type by this very name; NULL where there is none (or after a failure). */
static struct vl_cel_op *named(struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_span name)
{
    unsigned index;
    if (vl_cel_env_find_variable(c->env, name, &index))
        return variable(c, node, name, index);
    const struct vl_cel_type *type = vl_cel_env_find_type(c->env, name);
    return type ? vl_cel_op_constant(c, node, vl_cel_type_value(type)) : NULL;
}

/* The name in the container, longest candidate first. */
static struct vl_cel_op *candidate(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_span name)
{
    struct vl_cel_candidates *candidates = vl_arena_alloc(c->arena, sizeof(*candidates));
    if (!candidates)
        return NULL;
    vl_cel_candidates_start(candidates, c->env, name);
    struct vl_span full;
    while (vl_cel_candidates_next(candidates, &full)) {
        struct vl_cel_op *op = named(c, node, full);
        if (op || c->r < 0)
            return op;
    }
    return NULL;
}

/* "a.b.c" of nested selections, into `out`; false where it is no chain of names. *ret_absolute: it starts
 * with a dot. */
static bool dotted(const struct vl_cel_node *node, struct vl_buf *out, bool *ret_absolute)
{
    const struct vl_cel_node *parts[VL_CEL_DEPTH_MAX];
    unsigned n = 0;
    while (node->kind == VL_CEL_NODE_SELECT && !node->test_only) {
        if (n == VL_ARRAY_LEN(parts))
            return false;
        parts[n++] = node;
        node = node->as.select.operand;
    }
    if (node->kind != VL_CEL_NODE_IDENT)
        return false;
    *ret_absolute = node->absolute;
    vl_buf_append_span(out, node->as.name);
    while (n) {
        vl_buf_append_char(out, '.');
        vl_buf_append_span(out, parts[--n]->as.select.field);
    }
    return !out->failed;
}

/* A node of an unchecked tree as a qualified name that somebody declared. */
static struct vl_cel_op *unchecked_name(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    struct vl_buf name VL_CLEANUP(vl_buf_done);
    vl_buf_init(&name, VL_CEL_CANDIDATE_MAX);
    bool absolute = false;
    vl_buf_append_char(&name, '.');
    if (!dotted(node, &name, &absolute))
        return NULL;
    struct vl_span text = vl_buf_span(&name);
    if (!absolute) {
        text = vl_span_slice(text, 1, text.len);
        size_t dot = vl_span_find_char(text, '.');
        if (vl_cel_scope_find(c, vl_span_slice(text, 0, dot)) >= 0)
            return NULL; /* a variable of a comprehension hides it */
    }
    char *copy = vl_arena_dup_span(c->arena, text);
    return copy ? candidate(c, node, (struct vl_span){copy, text.len}) : NULL;
}

static struct vl_cel_op *compile_ident(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    int slot = node->absolute ? -1 : vl_cel_scope_find(c, node->as.name);
    if (slot >= 0)
        return attribute(c, node, VL_CEL_BASE_SLOT, (unsigned)slot);
    struct vl_cel_op *op = node->resolved.len ? named(c, node, node->resolved) : unchecked_name(c, node);
    if (op || c->r < 0)
        return op;
    op = attribute(c, node, VL_CEL_BASE_UNKNOWN, 0);
    if (op)
        op->as.attribute->name = vl_arena_dup_span(c->arena, node->as.name);
    return op;
}

/* --- chains --- */

static bool is_link(const struct vl_cel_node *node)
{
    if (node->kind == VL_CEL_NODE_SELECT)
        return !node->resolved.len;
    return node->kind == VL_CEL_NODE_CALL &&
           (node->op == VL_CEL_OP_INDEX || node->op == VL_CEL_OP_OPT_INDEX ||
               node->op == VL_CEL_OP_OPT_SELECT);
}

static const struct vl_cel_node *link_operand(const struct vl_cel_node *node)
{
    if (node->kind == VL_CEL_NODE_SELECT)
        return node->as.select.operand;
    return node->as.call.target ? node->as.call.target : node->as.call.args[0];
}

/* Part of another attribute: costs nothing by itself. */
static void resolve(struct vl_cel_op *op)
{
    if (op && op->eval == vl_cel_eval_attribute)
        op->as.attribute->resolved = true;
}

static int compile_index(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_qualifier *qualifier)
{
    const struct vl_cel_node *index = node->as.call.args[node->as.call.target ? 0 : 1];
    struct vl_cel_op *op = vl_cel_compile_node(c, index);
    if (!op)
        return -1;
    qualifier->optional = node->op != VL_CEL_OP_INDEX;
    qualifier->kind = VL_CEL_QUALIFIER_INDEX;
    qualifier->index = op;
    if (op->is_constant) {
        bool text = op->as.constant.kind == VL_CEL_STRING;
        enum vl_cel_kind kind = (enum vl_cel_kind)op->as.constant.kind;
        if (text || kind == VL_CEL_BOOL || kind == VL_CEL_INT || kind == VL_CEL_UINT ||
            kind == VL_CEL_DOUBLE) {
            qualifier->kind = text ? VL_CEL_QUALIFIER_FIELD : VL_CEL_QUALIFIER_KEY;
            qualifier->key = op->as.constant;
        } else {
            c->r = vl_err_set(
                c->err, VL_ERR_INVALID, "invalid qualifier type: %s", vl_cel_go_type(op->as.constant));
            return -1;
        }
    }
    resolve(op);
    return 0;
}

static int compile_link(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_qualifier *qualifier)
{
    qualifier->offset = node->offset;
    if (node->kind != VL_CEL_NODE_SELECT)
        return compile_index(c, node, qualifier);
    char *field = vl_arena_dup_span(c->arena, node->as.select.field);
    if (!field)
        return -1;
    qualifier->kind = VL_CEL_QUALIFIER_FIELD;
    qualifier->key = vl_cel_string((struct vl_span){field, node->as.select.field.len});
    qualifier->test_only = node->test_only;
    return 0;
}

/* Puts the chain on an operation: on both branches of a condition, behind what an attribute has, or on a new
 * attribute whose base is the operation's value. */
static struct vl_cel_op *put_chain(struct vl_cel_compiler *c, const struct vl_cel_node *node,
    struct vl_cel_op *op, const struct vl_cel_qualifier *qualifiers, unsigned n)
{
    if (!op)
        return NULL;
    if (op->eval == vl_cel_eval_conditional) {
        for (unsigned i = 1; i <= 2; i++) {
            op->args[i] = put_chain(c, node, op->args[i], qualifiers, n);
            resolve(op->args[i]);
            if (!op->args[i])
                return NULL;
        }
        return op;
    }
    if (op->eval != vl_cel_eval_attribute || op->as.attribute->test) {
        struct vl_cel_op *base = op;
        op = attribute(c, node, VL_CEL_BASE_OPERAND, 0);
        if (!op)
            return NULL;
        op->as.attribute->operand = base;
    }
    struct vl_cel_attribute *a = op->as.attribute;
    struct vl_cel_qualifier *all = vl_arena_array(c->arena, a->n + n, sizeof(*all));
    if (!all)
        return NULL;
    if (a->n)
        memcpy(all, a->qualifiers, a->n * sizeof(*all));
    memcpy(all + a->n, qualifiers, n * sizeof(*all));
    a->qualifiers = all;
    a->n += n;
    if (all[a->n - 1].test_only) {
        a->test = true;
        a->resolved = true; /* has() costs its qualifiers alone in Kubernetes */
    }
    return op;
}

struct vl_cel_op *vl_cel_compile_chain(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    const struct vl_cel_node *links[VL_CEL_DEPTH_MAX];
    unsigned n = 0;
    const struct vl_cel_node *base = node;
    struct vl_cel_op *op = NULL;
    while (is_link(base)) {
        /* Without types a selection may still be a qualified name. */
        if (base->kind == VL_CEL_NODE_SELECT && !base->type && !base->test_only) {
            op = unchecked_name(c, base);
            if (op || c->r < 0)
                break;
        }
        if (n == VL_ARRAY_LEN(links)) {
            c->r = vl_err_set(c->err, VL_ERR_LIMIT, "a chain of more than %d fields", VL_CEL_DEPTH_MAX);
            return NULL;
        }
        links[n++] = base;
        base = link_operand(base);
    }
    if (!op && c->r == 0)
        op = base->kind == VL_CEL_NODE_IDENT                          ? compile_ident(c, base)
             : base->resolved.len && base->kind == VL_CEL_NODE_SELECT ? named(c, base, base->resolved)
                                                                      : vl_cel_compile_node(c, base);
    if (!op || n == 0)
        return op;
    struct vl_cel_qualifier *qualifiers = vl_arena_array(c->arena, n, sizeof(*qualifiers));
    for (unsigned i = 0; qualifiers && i < n; i++)
        if (compile_link(c, links[n - 1 - i], &qualifiers[i]) < 0)
            return NULL;
    return qualifiers ? put_chain(c, node, op, qualifiers, n) : NULL;
}
