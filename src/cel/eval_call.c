/* Calls of functions, and literals of lists and maps. */
#include <string.h>

#include "program.h"
#include "value_impl.h"

static bool accepts_items(const struct vl_cel_type *type, struct vl_cel_value value)
{
    struct vl_cel_iter iter = vl_cel_iterate(value);
    struct vl_cel_value key, item;
    /* As cel-go: the first one stands for all. */
    if (!vl_cel_iter_next(&iter, &key, &item))
        return true;
    if (value.kind == VL_CEL_LIST)
        return !type->params[0] || vl_cel_type_accepts(type->params[0], item);
    return (!type->params[0] || vl_cel_type_accepts(type->params[0], key)) &&
           (!type->params[1] || vl_cel_type_accepts(type->params[1], item));
}

bool vl_cel_type_accepts(const struct vl_cel_type *type, struct vl_cel_value value)
{
    static const uint8_t kinds[] = {
        [VL_CEL_T_NULL] = VL_CEL_NULL,
        [VL_CEL_T_BOOL] = VL_CEL_BOOL,
        [VL_CEL_T_INT] = VL_CEL_INT,
        [VL_CEL_T_UINT] = VL_CEL_UINT,
        [VL_CEL_T_DOUBLE] = VL_CEL_DOUBLE,
        [VL_CEL_T_STRING] = VL_CEL_STRING,
        [VL_CEL_T_BYTES] = VL_CEL_BYTES,
        [VL_CEL_T_TIMESTAMP] = VL_CEL_TIMESTAMP,
        [VL_CEL_T_DURATION] = VL_CEL_DURATION,
        [VL_CEL_T_TYPE] = VL_CEL_TYPE,
    };
    switch (type->kind) {
    case VL_CEL_T_ERROR:
        return false;
    case VL_CEL_T_DYN:
    case VL_CEL_T_PARAM:
        return true;
    case VL_CEL_T_LIST:
        return value.kind == VL_CEL_LIST && accepts_items(type, value);
    case VL_CEL_T_MAP:
        return value.kind == VL_CEL_MAP && accepts_items(type, value);
    case VL_CEL_T_WRAPPER:
        return value.kind == VL_CEL_NULL || (type->params[0] && vl_cel_type_accepts(type->params[0], value));
    case VL_CEL_T_OPAQUE:
    case VL_CEL_T_OBJECT:
        if (value.kind == VL_CEL_MAP)
            return type->kind == VL_CEL_T_OBJECT;
        return strcmp(type->name, vl_cel_type_name(value)) == 0;
    default:
        return value.kind == kinds[type->kind];
    }
}

static bool fits(const struct vl_cel_candidate *candidate, const struct vl_cel_value *args, unsigned n)
{
    if (candidate->overload->n_args != n)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (!(candidate->kinds[i] & (1U << args[i].kind)))
            return false;
    for (unsigned i = 0; candidate->deep && i < n; i++)
        if (!vl_cel_type_accepts(candidate->overload->args[i], args[i]))
            return false;
    return true;
}

static struct vl_cel_value nothing_fits(
    struct vl_cel_run *run, const struct vl_cel_call *call, const struct vl_cel_value *args, unsigned n)
{
    /* Texts and times are what cel-go calls receivers: they answer for themselves. */
    uint8_t first = n ? args[0].kind : VL_CEL_NULL;
    bool receiver = first == VL_CEL_STRING || first == VL_CEL_TIMESTAMP || first == VL_CEL_DURATION;
    if (call->mismatch == VL_CEL_MISMATCH_PLAIN || (call->mismatch == VL_CEL_MISMATCH_NAME && receiver))
        return vl_cel_no_overload(run);
    if (call->mismatch == VL_CEL_MISMATCH_NAME)
        return vl_cel_fail(run, "no such overload: %s", call->function);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 1024);
    for (unsigned i = 0; i < n; i++)
        vl_buf_printf(&text, "%s%s", i ? ", " : "", vl_cel_type_name(args[i]));
    return vl_cel_fail(run, "no such overload: %s(%s)", call->function, vl_buf_str(&text));
}

static struct vl_cel_value invoke(
    struct vl_cel_run *run, const struct vl_cel_op *op, const struct vl_cel_value *args)
{
    const struct vl_cel_call *call = op->as.call;
    run->offset = op->offset;
    for (unsigned i = 0; i < op->n && !call->is_size; i++) {
        if (args[i].kind == VL_CEL_LIST && vl_cel_list_size(args[i]) > VL_CEL_CALL_ITEMS_MAX) {
            run->over = true;
            return vl_cel_run_stopped(run);
        }
    }
    for (unsigned i = 0; i < call->n_candidates; i++)
        if (call->candidates[i].overload->call && fits(&call->candidates[i], args, op->n))
            return call->candidates[i].overload->call(run, args, op->n);
    return nothing_fits(run, call, args, op->n);
}

struct vl_cel_value vl_cel_eval_call(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value args[VL_CEL_ARGS_MAX];
    struct vl_cel_value result = vl_cel_null();
    for (unsigned i = 0; i < op->n; i++) {
        args[i] = op->args[i]->eval(run, op->args[i]);
        if (args[i].kind == VL_CEL_ERROR) {
            result = args[i];
            if (i + 1 < op->n)
                return result;
        }
        vl_cel_walk(run, args[i]);
    }
    if (run->over)
        return vl_cel_run_stopped(run);
    if (result.kind != VL_CEL_ERROR)
        result = invoke(run, op, args);
    vl_cel_spend(run, op->price ? op->price(args, op->n, result) : 1);
    return result;
}

/* --- literals --- */

#define LIST_COST 10
#define MAP_COST  30

static struct vl_cel_value no_optional(
    struct vl_cel_run *run, const struct vl_cel_op *op, const char *what, struct vl_cel_value value)
{
    run->offset = op->offset;
    struct vl_cel_value text = vl_cel_value_text(run, value);
    return vl_cel_fail(run, "cannot initialize optional %s from non-optional value %.*s", what,
        VL_SPAN_FMT(vl_cel_span(text)));
}

static struct vl_cel_value make_list(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value list = vl_cel_list_grow(run->arena);
    for (unsigned i = 0; i < op->n; i++) {
        struct vl_cel_value item = op->args[i]->eval(run, op->args[i]);
        if (item.kind == VL_CEL_ERROR)
            return item;
        if (op->as.optionals && op->as.optionals[i]) {
            if (item.kind != VL_CEL_OPTIONAL)
                return no_optional(run, op, "list element", item);
            if (!item.as.inner)
                continue;
            item = *item.as.inner;
        }
        if (!vl_cel_list_push(run->arena, list, item))
            break; /* the arena remembers */
    }
    return list;
}

struct vl_cel_value vl_cel_eval_list(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value list = make_list(run, op);
    vl_cel_spend(run, LIST_COST);
    return list;
}

static struct vl_cel_value make_map(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value map = vl_cel_map_grow(run->arena);
    for (unsigned i = 0; i + 1 < op->n; i += 2) {
        struct vl_cel_value key = op->args[i]->eval(run, op->args[i]);
        if (key.kind == VL_CEL_ERROR)
            return key;
        struct vl_cel_value value = op->args[i + 1]->eval(run, op->args[i + 1]);
        if (value.kind == VL_CEL_ERROR)
            return value;
        if (op->as.optionals && op->as.optionals[i / 2]) {
            if (value.kind != VL_CEL_OPTIONAL)
                return no_optional(run, op, "entry", value);
            if (!value.as.inner)
                continue;
            value = *value.as.inner;
        }
        if (!vl_cel_map_put(run->arena, map, key, value))
            break; /* the arena remembers */
    }
    return map;
}

struct vl_cel_value vl_cel_eval_map(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value map = make_map(run, op);
    vl_cel_spend(run, MAP_COST);
    return map;
}
