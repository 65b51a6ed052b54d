/* Logic: errors are values that && and || absorb in either order; conditions choose. */
#include "program.h"
#include "value_impl.h"

struct vl_cel_value vl_cel_eval_constant(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    (void)run;
    return op->as.constant;
}

/* Of a value that should be a bool: an error stays, anything else is a new one. */
static struct vl_cel_value no_bool(
    struct vl_cel_run *run, const struct vl_cel_op *op, struct vl_cel_value value)
{
    if (value.kind == VL_CEL_ERROR)
        return value;
    run->offset = op->offset;
    return vl_cel_no_overload(run);
}

/* `decides`: the value that ends it, true for ||, false for &&. */
static struct vl_cel_value any_of(struct vl_cel_run *run, const struct vl_cel_op *op, bool decides)
{
    struct vl_cel_value error = vl_cel_null();
    for (unsigned i = 0; i < op->n; i++) {
        struct vl_cel_value value = op->args[i]->eval(run, op->args[i]);
        if (run->over)
            return vl_cel_run_stopped(run);
        if (value.kind == VL_CEL_BOOL) {
            if (value.as.boolean == decides)
                return value;
        } else if (error.kind == VL_CEL_NULL) {
            error = no_bool(run, op, value);
        }
    }
    return error.kind == VL_CEL_NULL ? vl_cel_bool(!decides) : error;
}

struct vl_cel_value vl_cel_eval_and(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    return any_of(run, op, false);
}

struct vl_cel_value vl_cel_eval_or(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    return any_of(run, op, true);
}

struct vl_cel_value vl_cel_eval_not(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]);
    vl_cel_spend(run, 1);
    return value.kind == VL_CEL_BOOL ? vl_cel_bool(!value.as.boolean) : no_bool(run, op, value);
}

struct vl_cel_value vl_cel_eval_not_strictly_false(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]);
    vl_cel_spend(run, 1);
    return vl_cel_bool(value.kind != VL_CEL_BOOL || value.as.boolean);
}

struct vl_cel_value vl_cel_eval_conditional(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]);
    if (value.kind != VL_CEL_BOOL)
        return no_bool(run, op, value);
    const struct vl_cel_op *branch = op->args[value.as.boolean ? 1 : 2];
    return branch->eval(run, branch);
}

/* optional.or(optional), optional.orValue(value): the argument is looked at only where it is needed. */
static struct vl_cel_value optional_or(struct vl_cel_run *run, const struct vl_cel_op *op, bool unwraps)
{
    struct vl_cel_value value = op->args[0]->eval(run, op->args[0]);
    if (value.kind != VL_CEL_OPTIONAL)
        return no_bool(run, op, value);
    if (value.as.inner)
        return unwraps ? *value.as.inner : value;
    return op->args[1]->eval(run, op->args[1]);
}

struct vl_cel_value vl_cel_eval_optional_or(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    return optional_or(run, op, false);
}

struct vl_cel_value vl_cel_eval_optional_or_value(struct vl_cel_run *run, const struct vl_cel_op *op)
{
    return optional_or(run, op, true);
}
