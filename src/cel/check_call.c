/* Which overloads a call may mean. */
#include "check_impl.h"

#include <string.h>

#define MESSAGE_TYPES_MAX 16384 /* bytes of the types in one message */

void vl_cel_check_mismatch(struct vl_cel_checker *c, uint32_t offset, const struct vl_cel_type *wanted,
    const struct vl_cel_type *found)
{
    struct vl_buf a VL_CLEANUP(vl_buf_done) = {0};
    struct vl_buf b VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&a, MESSAGE_TYPES_MAX);
    vl_buf_init(&b, MESSAGE_TYPES_MAX);
    vl_cel_type_describe(wanted, &a);
    vl_cel_type_describe(found, &b);
    vl_cel_issue_add(c->issues, offset, "expected type '%s' but found '%s'", vl_buf_str(&a), vl_buf_str(&b));
}

/* Types of the target, if there is one, and of the arguments. */
static unsigned argument_types(const struct vl_cel_node *call, const struct vl_cel_type **types)
{
    unsigned n = 0;
    if (call->as.call.target)
        types[n++] = call->as.call.target->type;
    for (uint32_t i = 0; i < call->as.call.n && n < VL_CEL_ARGS_MAX; i++)
        types[n++] = call->as.call.args[i]->type;
    return n;
}

static void report_no_overload(struct vl_cel_checker *c, const struct vl_cel_node *call, const char *name)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, MESSAGE_TYPES_MAX);
    if (call->as.call.target) {
        vl_cel_type_describe(vl_cel_check_substitute(c, call->as.call.target->type, true), &out);
        vl_buf_append_char(&out, '.');
    }
    vl_buf_append_char(&out, '(');
    for (uint32_t i = 0; i < call->as.call.n && !out.failed; i++) {
        vl_buf_append_str(&out, i ? ", " : "");
        vl_cel_type_describe(vl_cel_check_substitute(c, call->as.call.args[i]->type, true), &out);
    }
    vl_buf_append_char(&out, ')');
    vl_cel_issue_add(c->issues, call->offset, "found no matching overload for '%s' applied to '%s'", name,
        vl_buf_str(&out));
}

/* --- an overload with its own type variables --- */

struct instance {
    struct vl_cel_checker *c;
    struct {
        const char *name;
        const struct vl_cel_type *variable;
    } params[VL_CEL_ARGS_MAX];
    unsigned n;
};

static const struct vl_cel_type *instance_variable(struct instance *in, const char *name)
{
    for (unsigned i = 0; i < in->n; i++) {
        if (strcmp(in->params[i].name, name) == 0)
            return in->params[i].variable;
    }
    const struct vl_cel_type *variable = vl_cel_check_variable(in->c);
    if (in->n < VL_ARRAY_LEN(in->params)) {
        in->params[in->n].name = name;
        in->params[in->n++].variable = variable;
    }
    return variable;
}

/* Types of signatures are written by hand: few levels. */
static const struct vl_cel_type *instantiate(struct instance *in, const struct vl_cel_type *type)
{
    if (type->kind == VL_CEL_T_PARAM)
        return instance_variable(in, type->name);
    if (type->kind == VL_CEL_T_WRAPPER || !type->n_params)
        return type;
    struct vl_cel_type copy = *type;
    bool changed = false;
    for (unsigned i = 0; i < type->n_params; i++) {
        copy.params[i] = instantiate(in, type->params[i]);
        changed |= copy.params[i] != type->params[i];
    }
    if (!changed)
        return type;
    struct vl_cel_type *fresh = vl_arena_alloc(in->c->arena, sizeof(*fresh));
    if (!fresh) {
        in->c->gave_up = true;
        return type;
    }
    *fresh = copy;
    return fresh;
}

/* Most overloads cannot mean the call, and that is seen without type variables. */
static bool is_excluded(const struct vl_cel_type *wanted, const struct vl_cel_type *found)
{
    enum vl_cel_type_kind a = vl_cel_type_kind(wanted), b = vl_cel_type_kind(found);
    if (a == b || a == VL_CEL_T_PARAM || a == VL_CEL_T_DYN)
        return false;
    return b != VL_CEL_T_PARAM && b != VL_CEL_T_DYN && b != VL_CEL_T_ERROR && b != VL_CEL_T_NULL;
}

static bool fits(struct vl_cel_checker *c, const struct vl_cel_node *call,
    const struct vl_cel_overload *overload, const struct vl_cel_type **ret_result)
{
    const struct vl_cel_type *types[VL_CEL_ARGS_MAX + 1], *wanted[VL_CEL_ARGS_MAX + 1];
    bool member = call->as.call.target != NULL;
    if (overload->member != member || call->as.call.n + (member ? 1 : 0) != overload->n_args)
        return false;
    unsigned n = argument_types(call, types);
    for (unsigned i = 0; i < n; i++) {
        if (is_excluded(overload->args[i], types[i]))
            return false;
    }
    struct instance in = {.c = c};
    for (unsigned i = 0; i < n; i++)
        wanted[i] = instantiate(&in, overload->args[i]);
    if (!vl_cel_check_assignable_all(c, types, wanted, n))
        return false;
    *ret_result = vl_cel_check_substitute(c, instantiate(&in, overload->result), false);
    return true;
}

/* && and || want bool on both sides, and say so side by side. */
static void resolve_logic(struct vl_cel_checker *c, struct vl_cel_node *call)
{
    bool wrong = false;
    for (uint32_t i = 0; i < call->as.call.n; i++) {
        struct vl_cel_node *arg = call->as.call.args[i];
        if (vl_cel_check_assignable(c, arg->type, &vl_cel_t_bool))
            continue;
        vl_cel_check_mismatch(c, arg->offset, &vl_cel_t_bool, arg->type);
        wrong = true;
    }
    call->type = wrong ? &vl_cel_t_error : &vl_cel_t_bool;
    call->overloads = 1;
}

void vl_cel_check_resolve(
    struct vl_cel_checker *c, struct vl_cel_node *call, const struct vl_cel_env_function *function)
{
    const struct vl_cel_type *result = NULL;
    call->as.call.declared = function;
    call->overloads = 0;
    if (call->op == VL_CEL_OP_AND || call->op == VL_CEL_OP_OR) {
        resolve_logic(c, call);
        return;
    }
    for (unsigned i = 0; i < function->n; i++) {
        const struct vl_cel_type *type = NULL;
        if (!fits(c, call, function->overloads[i], &type))
            continue;
        call->overloads |= UINT64_C(1) << i;
        if (!result)
            result = type;
        else if (!vl_cel_type_is_dyn(result) && !vl_cel_check_same(c, type, result))
            result = &vl_cel_t_dyn;
    }
    if (!result) {
        report_no_overload(c, call, function->name);
        result = &vl_cel_t_error;
    }
    call->type = result;
}
