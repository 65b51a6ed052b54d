/* Calls: operators become operations of their own, functions a list of overloads to choose from; what is
 * constant is computed now, exactly where cel-go's optimizer does (so that costs agree). */
#include <string.h>

#include "regex_go.h"
#include "pattern/regex.h"
#include "program.h"
#include "standard.h"
#include "value_impl.h"

static const struct {
    struct vl_cel_value (*eval)(struct vl_cel_run *run, const struct vl_cel_op *op);
} operators[] = {
    [VL_CEL_OP_AND] = {vl_cel_eval_and},
    [VL_CEL_OP_OR] = {vl_cel_eval_or},
    [VL_CEL_OP_NOT] = {vl_cel_eval_not},
    [VL_CEL_OP_CONDITIONAL] = {vl_cel_eval_conditional},
    [VL_CEL_OP_EQ] = {vl_cel_eval_equal},
    [VL_CEL_OP_NE] = {vl_cel_eval_equal},
    [VL_CEL_OP_LT] = {vl_cel_eval_order},
    [VL_CEL_OP_LE] = {vl_cel_eval_order},
    [VL_CEL_OP_GT] = {vl_cel_eval_order},
    [VL_CEL_OP_GE] = {vl_cel_eval_order},
    [VL_CEL_OP_ADD] = {vl_cel_eval_arithmetic},
    [VL_CEL_OP_SUB] = {vl_cel_eval_arithmetic},
    [VL_CEL_OP_MUL] = {vl_cel_eval_arithmetic},
    [VL_CEL_OP_DIV] = {vl_cel_eval_arithmetic},
    [VL_CEL_OP_MOD] = {vl_cel_eval_arithmetic},
    [VL_CEL_OP_NEG] = {vl_cel_eval_negate},
    [VL_CEL_OP_IN] = {vl_cel_eval_in},
    [VL_CEL_OP_NOT_STRICTLY_FALSE] = {vl_cel_eval_not_strictly_false},
};

/* The one overload that the checker left; NULL where several are possible. */
static const struct vl_cel_overload *only_overload(
    const struct vl_cel_node *node, const struct vl_cel_env_function *function)
{
    if (!function || __builtin_popcountll(node->overloads) != 1)
        return NULL;
    unsigned bit = (unsigned)__builtin_ctzll(node->overloads);
    return bit < function->n ? function->overloads[bit] : NULL;
}

static const struct vl_cel_env_function *function_of(
    const struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    if (node->as.call.declared)
        return node->as.call.declared;
    return node->op ? c->env->operators[node->op] : vl_cel_env_find_function(c->env, node->as.call.function);
}

/* Arguments in order, the target first. */
static unsigned n_arguments(const struct vl_cel_node *node)
{
    return node->as.call.n + (node->as.call.target != NULL);
}

static const struct vl_cel_node *argument(const struct vl_cel_node *node, unsigned i)
{
    if (!node->as.call.target)
        return node->as.call.args[i];
    return i ? node->as.call.args[i - 1] : node->as.call.target;
}

static int compile_arguments(struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op)
{
    for (unsigned i = 0; i < op->n; i++) {
        op->args[i] = vl_cel_compile_node(c, argument(node, i));
        if (!op->args[i])
            return -1;
    }
    return 0;
}

/* --- operators --- */

/* a && (b && c) is one operation with three arguments: the outcome is the same. */
static unsigned count_terms(const struct vl_cel_node *node, uint8_t op, unsigned depth)
{
    if (node->kind != VL_CEL_NODE_CALL || node->op != op || depth > VL_CEL_PROGRAM_DEPTH_MAX)
        return 1;
    return count_terms(node->as.call.args[0], op, depth + 1) +
           count_terms(node->as.call.args[1], op, depth + 1);
}

static int put_terms(struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op,
    unsigned *n, unsigned depth)
{
    if (node->kind == VL_CEL_NODE_CALL && node->op == op->code && depth <= VL_CEL_PROGRAM_DEPTH_MAX) {
        int r = put_terms(c, node->as.call.args[0], op, n, depth + 1);
        return r < 0 ? r : put_terms(c, node->as.call.args[1], op, n, depth + 1);
    }
    op->args[*n] = vl_cel_compile_node(c, node);
    return op->args[(*n)++] ? 0 : -1;
}

static struct vl_cel_op *compile_logic(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    unsigned n = count_terms(node, node->op, 0);
    if (n > UINT16_MAX) {
        c->r = vl_err_set(c->err, VL_ERR_LIMIT, "more than %d terms of one operator", UINT16_MAX);
        return NULL;
    }
    struct vl_cel_op *op = vl_cel_op_new(c, node, operators[node->op].eval, n);
    if (!op)
        return NULL;
    op->code = node->op;
    unsigned filled = 0;
    return put_terms(c, node, op, &filled, 0) < 0 ? NULL : op;
}

/* A constant list of scalars as the keys of a map; a null value where it is none. */
static struct vl_cel_value set_of(struct vl_cel_compiler *c, struct vl_cel_value list)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    while (vl_cel_iter_next(&iter, NULL, &item)) {
        switch (item.kind) {
        case VL_CEL_BOOL:
        case VL_CEL_INT:
        case VL_CEL_UINT:
        case VL_CEL_DOUBLE:
        case VL_CEL_STRING:
            break;
        default:
            return vl_cel_null();
        }
    }
    struct vl_cel_value set = vl_cel_map_grow(c->arena);
    iter = vl_cel_iterate(list);
    while (vl_cel_iter_next(&iter, NULL, &item))
        (void)vl_cel_map_put(c->arena, set, item, item);
    return set;
}

/* item in [constants]: cel-go looks into a set then, which costs nothing, and the empty one is false. */
static struct vl_cel_op *optimize_in(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op)
{
    const struct vl_cel_overload *overload = only_overload(node, function_of(c, node));
    if (!overload || strcmp(overload->id, "in_list") != 0 || !op->args[1]->is_constant ||
        op->args[1]->as.constant.kind != VL_CEL_LIST)
        return op;
    if (vl_cel_list_size(op->args[1]->as.constant) == 0)
        return vl_cel_op_constant(c, node, vl_cel_bool(false));
    struct vl_cel_value set = set_of(c, op->args[1]->as.constant);
    if (set.kind == VL_CEL_MAP) {
        op->eval = vl_cel_eval_in_set;
        op->n = 1;
        op->as.set = set;
    }
    return op;
}

static struct vl_cel_op *compile_operator(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    if (node->op == VL_CEL_OP_AND || node->op == VL_CEL_OP_OR)
        return compile_logic(c, node);
    struct vl_cel_op *op = vl_cel_op_new(c, node, operators[node->op].eval, n_arguments(node));
    if (!op || compile_arguments(c, node, op) < 0)
        return NULL;
    op->code = node->op;
    /* Equality has one overload whatever the types are. */
    if (op->eval == vl_cel_eval_equal) {
        op->price = node->op == VL_CEL_OP_EQ ? vl_cel_actual_equal : vl_cel_actual_smaller;
    } else {
        const struct vl_cel_overload *overload = only_overload(node, function_of(c, node));
        if (overload)
            op->price = overload->price.actual;
    }
    if (node->op == VL_CEL_OP_CONDITIONAL) {
        for (unsigned i = 1; i <= 2; i++)
            if (op->args[i]->eval == vl_cel_eval_attribute)
                op->args[i]->as.attribute->resolved = true;
    }
    return node->op == VL_CEL_OP_IN ? optimize_in(c, node, op) : op;
}

/* --- functions --- */

static uint32_t kinds_of(const struct vl_cel_type *type, bool *deep)
{
    switch (type->kind) {
    case VL_CEL_T_DYN:
    case VL_CEL_T_PARAM:
        return UINT32_MAX;
    case VL_CEL_T_LIST:
    case VL_CEL_T_MAP: {
        const struct vl_cel_type *item = type->params[type->kind == VL_CEL_T_MAP ? 1 : 0];
        const struct vl_cel_type *key = type->params[0];
        if ((item && item->kind != VL_CEL_T_DYN && item->kind != VL_CEL_T_PARAM) ||
            (key && key->kind != VL_CEL_T_DYN && key->kind != VL_CEL_T_PARAM))
            *deep = true;
        return 1U << (type->kind == VL_CEL_T_LIST ? VL_CEL_LIST : VL_CEL_MAP);
    }
    case VL_CEL_T_OPAQUE:
        if (strcmp(type->name, VL_CEL_OPTIONAL_NAME) == 0)
            return 1U << VL_CEL_OPTIONAL;
        *deep = true;
        return 1U << VL_CEL_OPAQUE;
    case VL_CEL_T_OBJECT:
    case VL_CEL_T_WRAPPER:
        *deep = true;
        return UINT32_MAX;
    default:
        break;
    }
    uint32_t kinds = 0;
    for (unsigned kind = 0; kind <= VL_CEL_ERROR; kind++)
        if (vl_cel_type_accepts(type, (struct vl_cel_value){.kind = (uint8_t)kind}))
            kinds |= 1U << kind;
    return kinds;
}

static void put_candidate(struct vl_cel_candidate *candidate, const struct vl_cel_overload *overload)
{
    candidate->overload = overload;
    for (unsigned i = 0; i < overload->n_args; i++)
        candidate->kinds[i] = overload->guard == VL_CEL_GUARD_NONE
                                  ? (uint16_t)~0U
                                  : kinds_of(overload->args[i], &candidate->deep);
    if (overload->guard != VL_CEL_GUARD_TYPES)
        candidate->deep = false;
}

static void note_refused(struct vl_cel_compiler *c, const struct vl_cel_env_function *function,
    const struct vl_cel_overload *overload)
{
    struct vl_cel_program *program = c->program;
    if (!overload || !overload->refused)
        return;
    const char **name = overload->asks ? &program->asking : &program->refused;
    if (*name)
        return;
    *name = function->name;
    *(overload->asks ? &program->asking_why : &program->refused_why) = overload->refused;
}

static int put_candidates(struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op,
    const struct vl_cel_env_function *function)
{
    const struct vl_cel_overload *only = only_overload(node, function);
    struct vl_cel_candidate *candidates = vl_arena_array(c->arena, function->n, sizeof(*candidates));
    if (!candidates)
        return -1;
    unsigned n = 0;
    /* size() is one function for all its types in cel-go: what the checker chose does not bind it. */
    bool one = only && !op->as.call->is_size;
    for (unsigned i = 0; i < function->n; i++)
        if (one ? function->overloads[i] == only : function->overloads[i]->n_args == op->n) {
            put_candidate(&candidates[n++], function->overloads[i]);
            if (function->libraries[i]->kyverno && !c->program->foreign)
                c->program->foreign = function->name;
        }
    note_refused(c, function, n ? candidates[0].overload : NULL);
    op->as.call->candidates = candidates;
    op->as.call->n_candidates = (uint8_t)n;
    if (only)
        op->price = only->price.actual;
    else
        op->price = function->n ? function->overloads[0]->price.actual_open : NULL;
    return 0;
}

/* How cel-go words that nothing fits: by how it binds the function. */
static enum vl_cel_mismatch mismatch_of(struct vl_span name)
{
    static const char *const plain[] = {"contains", "startsWith", "endsWith"};
    for (size_t i = 0; i < VL_ARRAY_LEN(plain); i++)
        if (vl_span_eq_str(name, plain[i]))
            return VL_CEL_MISMATCH_PLAIN;
    static const char *const bare[] = {"@sortByAssociatedKeys", "matches", "size", "sort"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bare); i++)
        if (vl_span_eq_str(name, bare[i]))
            return VL_CEL_MISMATCH_NAME;
    return VL_CEL_MISMATCH_SIGNATURE;
}

static bool is_conversion(struct vl_span name)
{
    static const char *const names[] = {
        "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        if (vl_span_eq_str(name, names[i]))
            return true;
    return false;
}

static struct vl_cel_op *fold_conversion(
    struct vl_cel_compiler *c, const struct vl_cel_node *node, struct vl_cel_op *op)
{
    struct vl_cel_value value = op->eval(&c->fold, op);
    if (value.kind == VL_CEL_ERROR) {
        c->r = vl_err_set(c->err, VL_ERR_INVALID, "%s", value.as.error->message);
        return NULL;
    }
    return vl_cel_op_constant(c, node, value);
}

/* Patterns that are constants are compiled with the program. */
static int keep_regex(struct vl_cel_compiler *c, const struct vl_cel_op *op)
{
    struct vl_cel_program *program = c->program;
    if (op->n < 2 || !op->args[1]->is_constant || op->args[1]->as.constant.kind != VL_CEL_STRING)
        return 0;
    struct vl_span pattern = vl_cel_span(op->args[1]->as.constant);
    for (unsigned i = 0; i < program->n_regexes; i++)
        if (vl_span_eq(program->regexes[i].pattern, pattern))
            return 0;
    struct vl_cel_constant_regex *grown = vl_arena_array(c->arena, program->n_regexes + 1, sizeof(*grown));
    struct vl_regex *regex = NULL;
    if (!grown)
        return -1;
    struct vl_err err = VL_ERR_INIT;
    if (vl_cel_regex_new(pattern, &regex, &err) < 0) {
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 4096);
        vl_cel_regex_message(pattern, &err, &text);
        c->r = vl_err_set(c->err, VL_ERR_INVALID, "%s", vl_buf_str(&text));
        return -1;
    }
    c->regex_work += VL_CEL_REGEX_WORK_ONE + vl_regex_size(regex);
    if (c->regex_work > VL_CEL_REGEX_WORK_MAX) {
        vl_regex_free(regex);
        c->r =
            vl_err_set(c->err, VL_ERR_LIMIT, "regular expressions of the expression are too large together");
        return -1;
    }
    if (program->n_regexes)
        memcpy(grown, program->regexes, program->n_regexes * sizeof(*grown));
    grown[program->n_regexes++] = (struct vl_cel_constant_regex){.pattern = pattern, .regex = regex};
    program->regexes = grown;
    return 0;
}

static bool is_regex_function(struct vl_span name)
{
    return vl_span_eq_str(name, "matches") || vl_span_eq_str(name, "find") || vl_span_eq_str(name, "findAll");
}

/* optional.or() and .orValue() choose by themselves. */
static bool put_optional_or(struct vl_cel_op *op, struct vl_span name)
{
    if (op->n != 2)
        return false;
    if (vl_span_eq_str(name, "or"))
        op->eval = vl_cel_eval_optional_or;
    else if (vl_span_eq_str(name, "orValue"))
        op->eval = vl_cel_eval_optional_or_value;
    else
        return false;
    return true;
}

static struct vl_cel_op *compile_function(struct vl_cel_compiler *c, const struct vl_cel_node *node,
    const struct vl_cel_env_function *function, struct vl_span name, bool has_target)
{
    unsigned n = node->as.call.n + has_target;
    if (n > VL_CEL_ARGS_MAX) {
        c->r = vl_err_set(c->err, VL_ERR_INVALID, "no such overload: %.*s", VL_SPAN_FMT(name));
        return NULL;
    }
    struct vl_cel_op *op = vl_cel_op_new(c, node, vl_cel_eval_call, n);
    if (!op)
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        op->args[i] = vl_cel_compile_node(c, has_target ? argument(node, i) : node->as.call.args[i]);
        if (!op->args[i])
            return NULL;
    }
    if (put_optional_or(op, name))
        return op;
    struct vl_cel_call *call = vl_arena_alloc(c->arena, sizeof(*call));
    if (!call)
        return NULL;
    op->as.call = call;
    call->function = vl_arena_dup_span(c->arena, name);
    call->mismatch = (uint8_t)mismatch_of(name);
    /* cel-go calls another function where the pattern is a constant. */
    if (n == 2 && op->args[1]->is_constant && vl_span_eq_str(name, "matches"))
        call->mismatch = VL_CEL_MISMATCH_PLAIN;
    call->is_size = vl_span_eq_str(name, "size");
    if (function && put_candidates(c, node, op, function) < 0)
        return NULL;
    if (is_regex_function(name) && keep_regex(c, op) < 0)
        return NULL;
    if (n == 1 && is_conversion(name) && op->args[0]->is_constant)
        return fold_conversion(c, node, op);
    return op;
}

/* --- names of functions in unchecked trees --- */

static bool dotted(const struct vl_cel_node *node, struct vl_buf *out, unsigned depth)
{
    if (node->kind == VL_CEL_NODE_SELECT && !node->test_only && depth < VL_CEL_DEPTH_MAX) {
        if (!dotted(node->as.select.operand, out, depth + 1))
            return false;
        vl_buf_append_char(out, '.');
        vl_buf_append_span(out, node->as.select.field);
        return true;
    }
    if (node->kind != VL_CEL_NODE_IDENT)
        return false;
    vl_buf_append_span(out, node->as.name);
    return true;
}

static const struct vl_cel_env_function *in_container(struct vl_cel_compiler *c, struct vl_span name)
{
    struct vl_cel_candidates *candidates = vl_arena_alloc(c->arena, sizeof(*candidates));
    struct vl_span full;
    if (!candidates)
        return NULL;
    vl_cel_candidates_start(candidates, c->env, name);
    while (vl_cel_candidates_next(candidates, &full)) {
        const struct vl_cel_env_function *function = vl_cel_env_find_function(c->env, full);
        if (function)
            return function;
    }
    return NULL;
}

static struct vl_cel_op *compile_unchecked(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    struct vl_span name = node->as.call.function;
    if (node->as.call.target) {
        struct vl_buf full VL_CLEANUP(vl_buf_done);
        vl_buf_init(&full, VL_CEL_CANDIDATE_MAX);
        if (dotted(node->as.call.target, &full, 0)) {
            vl_buf_append_char(&full, '.');
            vl_buf_append_span(&full, name);
            const struct vl_cel_env_function *function =
                full.failed ? NULL : in_container(c, vl_buf_span(&full));
            if (function)
                return compile_function(c, node, function, vl_span_str(function->name), false);
        }
        return compile_function(c, node, vl_cel_env_find_function(c->env, name), name, true);
    }
    const struct vl_cel_env_function *function = in_container(c, name);
    return compile_function(c, node, function, function ? vl_span_str(function->name) : name, false);
}

struct vl_cel_op *vl_cel_compile_call(struct vl_cel_compiler *c, const struct vl_cel_node *node)
{
    if (node->op != VL_CEL_OP_NONE)
        return compile_operator(c, node);
    const struct vl_cel_env_function *declared = node->as.call.declared;
    if (!declared)
        return compile_unchecked(c, node);
    /* The checker found a qualified name: its first parts are no target. */
    bool qualified = node->resolved.len > 0;
    struct vl_span name = vl_span_str(declared->name);
    return compile_function(c, node, declared, name, node->as.call.target && !qualified);
}
