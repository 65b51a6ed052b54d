/* Lists as sets, in Kubernetes since 1.29. Source: cel-go ext/sets.go (behaviour and prices). */
#include "lib_support.h"
#include "run_impl.h"
#include "value_impl.h"

static bool has(struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value wanted)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    while (vl_cel_iter_next(&iter, NULL, &item) && !run->over)
        if (vl_cel_run_equal(run, wanted, item))
            return true;
    return false;
}

/* Is one (or, with `all`, each) of the items in the list? */
static bool has_items(struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value items, bool all)
{
    struct vl_cel_iter iter = vl_cel_iterate(items);
    struct vl_cel_value item;
    while (vl_cel_iter_next(&iter, NULL, &item) && !run->over)
        if (has(run, list, item) != all)
            return !all;
    return all;
}

static struct vl_cel_value answer(struct vl_cel_run *run, bool value)
{
    return run->over ? vl_cel_run_stopped(run) : vl_cel_bool(value);
}

static struct vl_cel_value contains(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return answer(run, has_items(run, args[0], args[1], true));
}

static struct vl_cel_value equivalent(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return answer(run, has_items(run, args[0], args[1], true) && has_items(run, args[1], args[0], true));
}

static struct vl_cel_value intersects(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return answer(run, has_items(run, args[1], args[0], false));
}

static uint64_t price(const struct vl_cel_value *args, unsigned times)
{
    uint64_t pairs = vl_cel_cost_mul(vl_cel_price_size(args[0]), vl_cel_price_size(args[1]));
    return vl_cel_cost_add(1, vl_cel_cost_mul(pairs, times));
}

static uint64_t price_once(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n, (void)result;
    return price(args, 1);
}

static uint64_t price_twice(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n, (void)result;
    return price(args, 2);
}

static struct vl_cel_range estimate_once(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n, (void)ret_size;
    return vl_cel_range_add(vl_cel_range_mul(args[0].size, args[1].size), vl_cel_range_fixed(1));
}

static struct vl_cel_range estimate_twice(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n, (void)ret_size;
    struct vl_cel_range pairs = vl_cel_range_mul(args[0].size, args[1].size);
    return vl_cel_range_add(vl_cel_range_factor(pairs, 2), vl_cel_range_fixed(1));
}

#define LIST_A &vl_cel_t_list_a

static const struct vl_cel_overload contains_overloads[] = {
    {"list_sets_contains_list", false, 2, 29, 0, {LIST_A, LIST_A}, &vl_cel_t_bool, contains,
        {price_once, NULL, estimate_once}},
};
static const struct vl_cel_overload equivalent_overloads[] = {
    {"list_sets_equivalent_list", false, 2, 29, 0, {LIST_A, LIST_A}, &vl_cel_t_bool, equivalent,
        {price_twice, NULL, estimate_twice}},
};
static const struct vl_cel_overload intersects_overloads[] = {
    {"list_sets_intersects_list", false, 2, 29, 0, {LIST_A, LIST_A}, &vl_cel_t_bool, intersects,
        {price_once, NULL, estimate_once}},
};

static const struct vl_cel_function functions[] = {
    {"sets.contains", contains_overloads, 1},
    {"sets.equivalent", equivalent_overloads, 1},
    {"sets.intersects", intersects_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_sets = {
    .name = "cel.lib.ext.sets", .functions = functions, .n = VL_ARRAY_LEN(functions)};
