/* From the tree of the checker (or of the parser alone) to operations. Source of what is folded when: cel-go
 * interpreter/planner.go and decorators.go. */
#include <string.h>

#include "program.h"
#include "value_impl.h"

struct vl_cel_op *vl_cel_op_new(struct vl_cel_compiler *c, const struct vl_cel_node *node,
    struct vl_cel_value (*eval)(struct vl_cel_run *run, const struct vl_cel_op *op), unsigned n_args)
{
    struct vl_cel_op *op = vl_arena_alloc(c->arena, sizeof(*op));
    if (!op)
        return NULL;
    op->eval = eval;
    op->offset = node->offset;
    if (n_args) {
        if (n_args > UINT16_MAX) {
            c->r = vl_err_set(c->err, VL_ERR_LIMIT, "more than %d items of one literal", UINT16_MAX);
            return NULL;
        }
        op->args = vl_arena_array(c->arena, n_args, sizeof(struct vl_cel_op *));
        op->n = (uint16_t)n_args;
        if (!op->args)
            return NULL;
    }
    return op;
}

/* Texts of constants lie in the tree, which the program does not keep. */
static struct vl_cel_value keep(struct vl_cel_compiler *c, struct vl_cel_value value)
{
    if (value.kind != VL_CEL_STRING && value.kind != VL_CEL_BYTES)
        return value;
    char *copy = vl_arena_dup_span(c->arena, vl_cel_span(value));
    struct vl_span span = {copy, copy ? value.len : 0};
    return value.kind == VL_CEL_STRING ? vl_cel_string(span) : vl_cel_bytes(span);
}

struct vl_cel_op *vl_cel_op_constant(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_value value)
{
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_constant, 0);
    if (op) {
        op->is_constant = true;
        op->as.constant = value;
    }
    return op;
}

/* --- literals --- */

static bool all_constant(const struct vl_cel_op *op)
{
    for (unsigned i = 0; i < op->n; i++)
        if (!op->args[i]->is_constant)
            return false;
    return true;
}

static struct vl_cel_op *fold_literal(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op)
{
    if (!all_constant(op))
        return op;
    struct vl_cel_value value = op->eval(&c->fold, op);
    return vl_cel_op_constant(c, node, value);
}

static struct vl_cel_op *compile_list(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_list, node->as.list.n);
    if (!op)
        return NULL;
    for (unsigned i = 0; i < op->n; i++) {
        op->args[i] = vl_cel_compile_node(c, node->as.list.items[i]);
        if (!op->args[i])
            return NULL;
    }
    if (node->as.list.optional) {
        bool *optional = vl_arena_array(c->arena, op->n + 1U, sizeof(*optional));
        if (!optional)
            return NULL;
        memcpy(optional, node->as.list.optional, op->n * sizeof(*optional));
        op->as.optionals = optional;
    }
    return fold_literal(c, node, op);
}

static struct vl_cel_op *compile_map(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    unsigned n = node->as.map.n;
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_map, n > UINT16_MAX ? n : n * 2);
    if (!op)
        return NULL;
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        op->args[2 * i] = vl_cel_compile_node(c, node->as.map.entries[i].key);
        op->args[2 * i + 1] = op->args[2 * i] ? vl_cel_compile_node(c, node->as.map.entries[i].value) : NULL;
        if (!op->args[2 * i + 1])
            return NULL;
        any = any || node->as.map.entries[i].optional;
    }
    if (any) {
        bool *optional = vl_arena_array(c->arena, n, sizeof(*optional));
        if (!optional)
            return NULL;
        for (unsigned i = 0; i < n; i++)
            optional[i] = node->as.map.entries[i].optional;
        op->as.optionals = optional;
    }
    return fold_literal(c, node, op);
}

/* --- comprehensions --- */

static bool is_accumulator(const struct vl_cel_node *node, const struct vl_cel_fold *fold)
{
    return node->kind == VL_CEL_NODE_IDENT && !node->absolute && vl_span_eq(node->as.name, fold->accu_var);
}

static bool is_empty_literal(const struct vl_cel_node *node)
{
    return (node->kind == VL_CEL_NODE_LIST && node->as.list.n == 0) ||
           (node->kind == VL_CEL_NODE_MAP && node->as.map.n == 0);
}

/* accumulator + [item]: only the macros write it, on an accumulator that starts empty. */
static struct vl_cel_op *compile_append(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, const struct vl_cel_fold *fold, unsigned slot)
{
    const struct vl_cel_node *list = node->as.call.args[1];
    if (!is_accumulator(node->as.call.args[0], fold) || list->kind != VL_CEL_NODE_LIST ||
        list->as.list.n != 1 || list->as.list.optional)
        return vl_cel_compile_node(c, node);
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_append, 1);
    if (!op)
        return NULL;
    op->as.slot = slot;
    op->args[0] = vl_cel_compile_node(c, list->as.list.items[0]);
    return op->args[0] ? op : NULL;
}

static struct vl_cel_op *compile_insert(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, const struct vl_cel_fold *fold, unsigned slot)
{
    if (!is_accumulator(node->as.call.args[0], fold) || node->as.call.n < 2 || node->as.call.n > 3)
        return vl_cel_compile_node(c, node);
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_insert, node->as.call.n - 1);
    if (!op)
        return NULL;
    op->as.slot = slot;
    for (unsigned i = 0; i < op->n; i++) {
        op->args[i] = vl_cel_compile_node(c, node->as.call.args[i + 1]);
        if (!op->args[i])
            return NULL;
    }
    return op;
}

static struct vl_cel_op *compile_growth(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, const struct vl_cel_fold *fold, unsigned slot)
{
    if (node->kind == VL_CEL_NODE_CALL && !node->as.call.target) {
        if (node->op == VL_CEL_OP_ADD)
            return compile_append(c, node, fold, slot);
        if (vl_span_eq_str(node->as.call.function, VL_CEL_MAP_INSERT))
            return compile_insert(c, node, fold, slot);
    }
    return vl_cel_compile_node(c, node);
}

/* The step, in place where it makes a list or map grow (under a filter too). */
static struct vl_cel_op *compile_step(
    struct vl_cel_compiler *c, const struct vl_cel_fold *fold, unsigned slot)
{
    const struct vl_cel_node *step = fold->step;
    if (!is_empty_literal(fold->init))
        return vl_cel_compile_node(c, step);
    if (step->kind != VL_CEL_NODE_CALL || step->op != VL_CEL_OP_CONDITIONAL ||
        !is_accumulator(step->as.call.args[2], fold))
        return compile_growth(c, step, fold, slot);
    struct vl_cel_op *op = vl_cel_op_new(c, step, vl_cel_eval_conditional, 3);
    if (!op)
        return NULL;
    op->code = VL_CEL_OP_CONDITIONAL;
    op->args[0] = vl_cel_compile_node(c, step->as.call.args[0]);
    op->args[1] = op->args[0] ? compile_growth(c, step->as.call.args[1], fold, slot) : NULL;
    op->args[2] = op->args[1] ? vl_cel_compile_node(c, step->as.call.args[2]) : NULL;
    if (!op->args[2])
        return NULL;
    op->args[2]->as.attribute->resolved = true;
    return op;
}

static struct vl_cel_op *compile_fold(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    const struct vl_cel_fold *fold = node->as.fold;
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_fold, 0);
    struct vl_cel_loop *loop = vl_arena_alloc(c->arena, sizeof(*loop));
    if (!op || !loop)
        return NULL;
    op->as.loop = loop;
    loop->two = fold->iter_var2.len > 0;
    loop->accu = c->program->n_slots;
    loop->iter = loop->accu + 1;
    loop->iter2 = loop->accu + 2;
    c->program->n_slots += 3;
    loop->range = vl_cel_compile_node(c, fold->range);
    loop->init = loop->range ? vl_cel_compile_node(c, fold->init) : NULL;
    if (!loop->init)
        return NULL;
    /* The names searched last are hidden by those before: the accumulator wins, as in cel-go. */
    const struct vl_cel_scope scope = {.outer = c->scope,
        .names = {fold->accu_var, fold->iter_var, fold->iter_var2},
        .slots = {loop->accu, loop->iter, loop->iter2},
        .n = loop->two ? 3 : 2};
    const struct vl_cel_scope result_scope = {
        .outer = c->scope, .names = {fold->accu_var}, .slots = {loop->accu}, .n = 1};
    c->scope = &scope;
    loop->condition = vl_cel_compile_node(c, fold->condition);
    loop->step = loop->condition ? compile_step(c, fold, loop->accu) : NULL;
    c->scope = &result_scope;
    loop->result = loop->step ? vl_cel_compile_node(c, fold->result) : NULL;
    c->scope = scope.outer;
    return loop->result ? op : NULL;
}

/* --- all --- */

static struct vl_cel_op *compile_kind(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
        return vl_cel_op_constant(c, node, keep(c, node->as.constant));
    case VL_CEL_NODE_IDENT:
    case VL_CEL_NODE_SELECT:
        return vl_cel_compile_chain(c, node);
    case VL_CEL_NODE_CALL:
        if (node->op == VL_CEL_OP_INDEX || node->op == VL_CEL_OP_OPT_INDEX ||
            node->op == VL_CEL_OP_OPT_SELECT)
            return vl_cel_compile_chain(c, node);
        return vl_cel_compile_call(c, node);
    case VL_CEL_NODE_LIST:
        return compile_list(c, node);
    case VL_CEL_NODE_MAP:
        return compile_map(c, node);
    case VL_CEL_NODE_STRUCT:
        return vl_cel_compile_message(c, node);
    case VL_CEL_NODE_COMPREHENSION:
        return compile_fold(c, node);
    }
    return NULL;
}

struct vl_cel_op *vl_cel_compile_node(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    if (c->r < 0)
        return NULL;
    if (c->depth >= VL_CEL_PROGRAM_DEPTH_MAX) {
        c->r = vl_err_set(
            c->err, VL_ERR_LIMIT, "an expression nested more than %d levels deep", VL_CEL_PROGRAM_DEPTH_MAX);
        return NULL;
    }
    c->depth++;
    if (c->depth > c->max_depth)
        c->max_depth = c->depth;
    struct vl_cel_op *op = compile_kind(c, node);
    c->depth--;
    return op;
}

int vl_cel_compile_tree(struct vl_cel_program *program, const struct vl_cel_node *root, struct vl_err *err)
{
    struct vl_cel_compiler c = {.program = program,
        .env = program->env,
        .arena = program->arena,
        .fold = {.arena = program->arena,
            .limit = UINT64_MAX,
            .work = VL_CEL_RUN_WORK_MAX,
            .offset = UINT32_MAX},
        .err = err};
    program->root = vl_cel_compile_node(&c, root);
    program->depth = c.max_depth;
    if (c.r < 0)
        return c.r;
    int r = vl_arena_check(program->arena, "a compiled expression", err);
    if (r < 0)
        return r;
    return program->root ? 0 : vl_err_nomem(err);
}
