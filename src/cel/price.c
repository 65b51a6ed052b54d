#include "price.h"

#include <math.h>

#include "run_impl.h"
#include "value_impl.h"

#define STEPS_MAX 20000000 /* of one traversal; more than any budget pays for */

uint64_t vl_cel_price_size(struct vl_cel_value value)
{
    return value.kind == VL_CEL_OPTIONAL ? 1 : vl_cel_actual_size(value);
}

struct traversal {
    unsigned depth;
    uint64_t steps; /* that are left: parts that many lists share are walked over for each of them */
};

static uint64_t traversal(struct vl_cel_value value, struct traversal *walk)
{
    if (value.kind == VL_CEL_STRING || value.kind == VL_CEL_BYTES)
        return (uint64_t)((double)value.len * VL_CEL_COST_TRAVERSAL);
    if ((value.kind != VL_CEL_LIST && value.kind != VL_CEL_MAP) || walk->depth > VL_CEL_VALUE_DEPTH_MAX)
        return 1;
    uint64_t sum = 0;
    struct vl_cel_value key, item;
    struct vl_cel_iter iter = vl_cel_iterate(value);
    walk->depth++;
    while (walk->steps && vl_cel_iter_next(&iter, &key, &item)) {
        walk->steps--;
        if (value.kind == VL_CEL_MAP)
            sum = vl_cel_cost_add(sum, traversal(key, walk));
        sum = vl_cel_cost_add(sum, traversal(item, walk));
    }
    walk->depth--;
    return sum;
}

uint64_t vl_cel_price_traversal(struct vl_cel_value value)
{
    struct traversal walk = {.steps = STEPS_MAX};
    uint64_t sum = traversal(value, &walk);
    return walk.steps ? sum : UINT64_MAX;
}

bool vl_cel_price_work(struct vl_cel_run *run, struct vl_cel_value value)
{
    struct traversal walk = {.steps = run->work};
    if (value.kind == VL_CEL_LIST || value.kind == VL_CEL_MAP)
        (void)traversal(value, &walk);
    run->work = walk.steps;
    if (run->work == 0)
        run->over = true;
    return !run->over;
}

uint64_t vl_cel_price_one(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)args, (void)n, (void)result;
    return 1;
}

uint64_t vl_cel_price_text(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    return n ? vl_cel_cost_factor(vl_cel_price_size(args[0]), VL_CEL_COST_TRAVERSAL) : 1;
}

uint64_t vl_cel_price_text_twice(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    return n ? (uint64_t)ceil((double)vl_cel_price_size(args[0]) * 2 * VL_CEL_COST_TRAVERSAL) : 1;
}

uint64_t vl_cel_price_items(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    return n ? vl_cel_price_traversal(args[0]) : 0;
}

struct vl_cel_range vl_cel_estimate_text(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)ret_size;
    return n ? vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL) : vl_cel_range_fixed(1);
}

struct vl_cel_range vl_cel_estimate_text_same(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    if (n)
        *ret_size = args[0].size;
    return vl_cel_estimate_text(args, n, ret_size);
}

/* 1 for the comparison of each item, and the text of an item where the list is one of texts. A text is
 * searched for less. */
struct vl_cel_range vl_cel_estimate_items(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)ret_size;
    if (!n)
        return vl_cel_range_fixed(1);
    const struct vl_cel_type *type = args[0].type;
    if (!type || type->n_params == 0)
        return vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL);
    struct vl_cel_range item = vl_cel_range_fixed(1);
    enum vl_cel_type_kind kind = type->params[0]->kind;
    if (kind == VL_CEL_T_STRING || kind == VL_CEL_T_BYTES)
        item = vl_cel_range_add(item, vl_cel_range_factor(args[0].item, VL_CEL_COST_TRAVERSAL));
    return vl_cel_range_mul(args[0].size, item);
}
