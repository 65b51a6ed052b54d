/* cel-go's lists extension, version 3, in Kubernetes since 1.34: slice, flatten, sort, sortBy's helper,
 * range, reverse, distinct. Source: cel-go ext/lists.go (behaviour, prices of version 3). */
#include <inttypes.h>

#include "lib_support.h"
#include "run_impl.h"
#include "sort.h"
#include "value_impl.h"

#define SINCE         34
#define RANGE_MAX     1000000 /* cel-go's own limit */
#define FLATTEN_DEPTH 2000    /* nesting that flatten() enters */

#define LIST(ident)                                  \
    static const struct vl_cel_type list_##ident = { \
        .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_##ident}, .n_params = 1}
LIST(uint);
LIST(double);
LIST(bool);
LIST(duration);
LIST(timestamp);
LIST(bytes);
static const struct vl_cel_type list_list_a = {
    .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_list_a}, .n_params = 1};

static struct vl_cel_value slice(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    int64_t start = args[1].as.i, end = args[2].as.i;
    size_t size = vl_cel_list_size(args[0]);
    if (start < 0 || end < 0)
        return vl_cel_fail(
            run, "cannot slice(%" PRId64 ", %" PRId64 "), negative indexes not supported", start, end);
    if (start > end)
        return vl_cel_fail(run,
            "cannot slice(%" PRId64 ", %" PRId64 "), start index must be less than or equal to end index",
            start, end);
    if ((uint64_t)end > size)
        return vl_cel_fail(
            run, "cannot slice(%" PRId64 ", %" PRId64 "), list is length %zu", start, end, size);
    size_t made = (size_t)(end - start);
    struct vl_cel_value *items = vl_cel_items_room(run, made), item;
    struct vl_cel_iter iter = vl_cel_iterate(args[0]);
    for (int64_t i = 0; items && i < end && vl_cel_iter_next(&iter, NULL, &item); i++)
        if (i >= start)
            items[i - start] = item;
    return vl_cel_list_of(run, items, made);
}

/* False where the memory, the work or the nesting ends. */
static bool flatten_into(struct vl_cel_run *run, struct vl_cel_value list, int64_t depth,
    struct vl_cel_value *out, unsigned nesting)
{
    struct vl_cel_iter iter = vl_cel_iterate(list);
    struct vl_cel_value item;
    while (vl_cel_iter_next(&iter, NULL, &item)) {
        bool deeper = item.kind == VL_CEL_LIST && depth > 0;
        if (run->work == 0)
            run->over = true;
        if (run->over)
            return false;
        run->work--;
        if (nesting > FLATTEN_DEPTH || (deeper && !flatten_into(run, item, depth - 1, out, nesting + 1)))
            return false;
        if (!deeper && !vl_cel_list_push(vl_cel_run_arena(run), *out, item))
            return false;
    }
    return true;
}

/* A type as Go prints it, with its parameters. */
static const char *full_type(struct vl_cel_value value)
{
    return value.kind == VL_CEL_MAP        ? "map(dyn, dyn)"
           : value.kind == VL_CEL_OPTIONAL ? "optional_type(dyn)"
                                           : vl_cel_type_name(value);
}

static struct vl_cel_value flatten(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    int64_t depth = n > 1 ? args[1].as.i : 1;
    if (args[0].kind != VL_CEL_LIST || (n > 1 && args[1].kind != VL_CEL_INT))
        return n > 1 ? vl_cel_fail(
                           run, "no such overload: %s.flatten(%s)", full_type(args[0]), full_type(args[1]))
                     : vl_cel_fail(run, "no such overload: %s.flatten()", full_type(args[0]));
    if (depth < 0)
        return vl_cel_fail(run, "level must be non-negative");
    struct vl_cel_value out = vl_cel_list_grow(vl_cel_run_arena(run));
    if (flatten_into(run, args[0], depth, &out, 0))
        return out;
    return run->over ? vl_cel_run_stopped(run) : vl_cel_no_room(run);
}

static struct vl_cel_value range(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    int64_t size = args[0].as.i;
    if (size < 0)
        return vl_cel_fail(run, "lists.range: size must be non-negative, got %" PRId64, size);
    if (size > RANGE_MAX)
        return vl_cel_fail(
            run, "lists.range: size %" PRId64 " exceeds maximum allowed (%d)", size, RANGE_MAX);
    struct vl_cel_value *items = vl_cel_items_room(run, (size_t)size);
    for (int64_t i = 0; items && i < size; i++)
        items[i] = vl_cel_int(i);
    return vl_cel_list_of(run, items, (size_t)size);
}

/* All items in one array; NULL for none or without memory. */
static struct vl_cel_value *copy_items(struct vl_cel_run *run, struct vl_cel_value list, size_t n)
{
    struct vl_cel_value *items = vl_cel_items_room(run, n);
    struct vl_cel_iter iter = vl_cel_iterate(list);
    for (size_t i = 0; items && i < n; i++)
        if (!vl_cel_iter_next(&iter, NULL, &items[i]))
            break;
    return items;
}

static struct vl_cel_value reverse(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    size_t size = vl_cel_list_size(args[0]);
    struct vl_cel_value *items = copy_items(run, args[0], size);
    for (size_t i = 0; items && i < size / 2; i++) {
        struct vl_cel_value kept = items[i];
        items[i] = items[size - 1 - i];
        items[size - 1 - i] = kept;
    }
    return vl_cel_list_of(run, items, size);
}

static struct vl_cel_value distinct(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    size_t size = vl_cel_list_size(args[0]), kept = 0;
    if (size == 0)
        return args[0];
    struct vl_cel_value *items = copy_items(run, args[0], size);
    if (!items)
        return vl_cel_no_room(run);
    for (size_t i = 0; i < size; i++) {
        bool seen = false;
        for (size_t j = 0; !seen && j < kept && !run->over; j++)
            seen = vl_cel_run_equal(run, items[i], items[j]);
        if (run->over)
            return vl_cel_run_stopped(run);
        if (!seen)
            items[kept++] = items[i];
    }
    return vl_cel_list_of(run, items, kept);
}

struct keys {
    const struct vl_cel_value *items;
    bool *mixed; /* set where two kinds meet */
};

static bool key_less(const void *user, uint32_t a, uint32_t b)
{
    const struct keys *keys = user;
    bool ordered;
    if (keys->items[a].kind != keys->items[0].kind || keys->items[b].kind != keys->items[0].kind) {
        *keys->mixed = true;
        return false;
    }
    return vl_cel_compare(keys->items[a], keys->items[b], &ordered) < 0 && ordered;
}

static struct vl_cel_value sort_by_keys(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value list = args[0], by = n > 1 ? args[1] : args[0];
    size_t size = vl_cel_list_size(list), n_keys = vl_cel_list_size(by);
    if (size != n_keys)
        return vl_cel_fail(run,
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got "
            "%zu and %zu elements respectively",
            size, n_keys);
    if (size == 0)
        return list;
    bool mixed = false;
    struct keys keys = {.items = copy_items(run, by, size), .mixed = &mixed};
    uint32_t *order = size < UINT32_MAX ? vl_arena_array(vl_cel_run_arena(run), size, sizeof(*order)) : NULL;
    struct vl_cel_value *from = copy_items(run, list, size), *items = vl_cel_items_room(run, size);
    if (!keys.items || !order || !from || !items)
        return vl_cel_no_room(run);
    if (!vl_cel_is_comparable(keys.items[0]))
        return vl_cel_fail(run, "list elements must be comparable");
    for (size_t i = 0; i < size; i++)
        order[i] = (uint32_t)i;
    struct vl_cel_sort sort = {.order = order, .less = key_less, .user = &keys};
    vl_cel_sort(&sort, size);
    if (mixed)
        return vl_cel_fail(run, "list elements must have the same type");
    for (size_t i = 0; i < size; i++)
        items[i] = from[order[i]];
    return vl_cel_list_of(run, items, size);
}

/* --- prices --- */

static uint64_t list_price(double factor, uint64_t size)
{
    double work = (double)size * (factor < 0 ? 1 : factor);
    uint64_t whole = work >= 0x1p64 ? UINT64_MAX : (uint64_t)work;
    return vl_cel_cost_add(whole, 1 + VL_CEL_COST_LIST);
}

static uint64_t price_result(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)args, (void)n;
    return list_price(1, vl_cel_price_size(result));
}

static uint64_t price_flatten(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    double depth = n > 1 && args[1].kind == VL_CEL_INT ? (double)args[1].as.i : 1;
    return list_price(depth, vl_cel_price_size(args[0]));
}

/* Each item with each. */
static uint64_t price_square(struct vl_cel_value list)
{
    double factor = 2;
    uint64_t size = vl_cel_price_size(list);
    struct vl_cel_value first;
    struct vl_cel_iter iter = vl_cel_iterate(list);
    if (list.kind == VL_CEL_LIST && vl_cel_iter_next(&iter, NULL, &first) &&
        (first.kind == VL_CEL_STRING || first.kind == VL_CEL_BYTES))
        factor += VL_CEL_COST_TRAVERSAL;
    return list_price(factor, vl_cel_cost_mul(size, size));
}

static uint64_t price_sort(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    return price_square(args[n - 1]);
}

static struct vl_cel_range list_estimate(
    double factor, struct vl_cel_range size, struct vl_cel_range *ret_size)
{
    *ret_size = size;
    return vl_cel_range_add(vl_cel_range_factor(size, factor), vl_cel_range_fixed(1 + VL_CEL_COST_LIST));
}

static uint64_t literal_or(const struct vl_cel_estimate_arg *arg, uint64_t other)
{
    if (!arg->literal || arg->literal->kind != VL_CEL_INT)
        return other;
    return arg->literal->as.i < 0 ? 0 : (uint64_t)arg->literal->as.i;
}

static struct vl_cel_range estimate_slice(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    uint64_t end = literal_or(&args[2], args[0].size.max), start = literal_or(&args[1], 0);
    return list_estimate(1, vl_cel_range_fixed(end - start), ret_size);
}

static struct vl_cel_range estimate_range(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    return list_estimate(1, vl_cel_range_fixed(literal_or(&args[0], UINT64_MAX)), ret_size);
}

static struct vl_cel_range estimate_reverse(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    return list_estimate(1, args[0].size, ret_size);
}

static struct vl_cel_range estimate_flatten(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    return list_estimate((double)(n > 1 ? literal_or(&args[1], UINT64_MAX) : 1), args[0].size, ret_size);
}

static struct vl_cel_range estimate_square(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    const struct vl_cel_estimate_arg *list = &args[n - 1];
    const struct vl_cel_type *item = list->type && list->type->n_params ? list->type->params[0] : NULL;
    bool text = item && (item->kind == VL_CEL_T_STRING || item->kind == VL_CEL_T_BYTES);
    return list_estimate(
        text ? 2 + VL_CEL_COST_TRAVERSAL : 2, vl_cel_range_mul(list->size, list->size), ret_size);
}

#define LIST_A &vl_cel_t_list_a
#define INT    &vl_cel_t_int

static const struct vl_cel_overload slice_overloads[] = {
    {"list_slice", true, 3, SINCE, 0, {LIST_A, INT, INT}, LIST_A, slice,
        {price_result, NULL, estimate_slice}},
};
static const struct vl_cel_overload flatten_overloads[] = {
    {"list_flatten", true, 1, SINCE, 0, {&list_list_a}, LIST_A, flatten,
        {price_flatten, NULL, estimate_flatten}, .guard = VL_CEL_GUARD_NONE},
    {"list_flatten_int", true, 2, SINCE, 0, {&vl_cel_t_list_dyn, INT}, &vl_cel_t_list_dyn, flatten,
        {price_flatten, NULL, estimate_flatten}, .guard = VL_CEL_GUARD_NONE},
};
static const struct vl_cel_overload range_overloads[] = {
    {"lists_range", false, 1, SINCE, 0, {INT}, &vl_cel_t_list_int, range,
        {price_result, NULL, estimate_range}},
};
static const struct vl_cel_overload reverse_overloads[] = {
    {"list_reverse", true, 1, SINCE, 0, {LIST_A}, LIST_A, reverse, {price_result, NULL, estimate_reverse}},
};
static const struct vl_cel_overload distinct_overloads[] = {
    {"list_distinct", true, 1, SINCE, 0, {LIST_A}, LIST_A, distinct, {price_sort, NULL, estimate_square}},
};

#define SORT(text, list)                                                        \
    {"list_" text "_sort", true, 1, SINCE, 0, {&(list)}, &(list), sort_by_keys, \
        {price_sort, NULL, estimate_square}, .guard = VL_CEL_GUARD_LIST}
#define SORT_BY(text, list)                                                                            \
    {"list_" text "_sortByAssociatedKeys", true, 2, SINCE, 0, {LIST_A, &(list)}, LIST_A, sort_by_keys, \
        {price_sort, NULL, estimate_square}, .guard = VL_CEL_GUARD_LIST}

static const struct vl_cel_overload sort_overloads[] = {
    SORT("int", vl_cel_t_list_int),
    SORT("uint", list_uint),
    SORT("double", list_double),
    SORT("bool", list_bool),
    SORT("google.protobuf.Duration", list_duration),
    SORT("google.protobuf.Timestamp", list_timestamp),
    SORT("string", vl_cel_t_list_string),
    SORT("bytes", list_bytes),
};
static const struct vl_cel_overload sort_by_overloads[] = {
    SORT_BY("int", vl_cel_t_list_int),
    SORT_BY("uint", list_uint),
    SORT_BY("double", list_double),
    SORT_BY("bool", list_bool),
    SORT_BY("google.protobuf.Duration", list_duration),
    SORT_BY("google.protobuf.Timestamp", list_timestamp),
    SORT_BY("string", vl_cel_t_list_string),
    SORT_BY("bytes", list_bytes),
};

static const struct vl_cel_function functions[] = {
    {"slice", slice_overloads, VL_ARRAY_LEN(slice_overloads)},
    {"flatten", flatten_overloads, VL_ARRAY_LEN(flatten_overloads)},
    {"lists.range", range_overloads, VL_ARRAY_LEN(range_overloads)},
    {"reverse", reverse_overloads, VL_ARRAY_LEN(reverse_overloads)},
    {"distinct", distinct_overloads, VL_ARRAY_LEN(distinct_overloads)},
    {"sort", sort_overloads, VL_ARRAY_LEN(sort_overloads)},
    {"@sortByAssociatedKeys", sort_by_overloads, VL_ARRAY_LEN(sort_by_overloads)},
};

const struct vl_cel_library vl_cel_lib_lists_ext = {
    .name = "cel.lib.ext.lists", .functions = functions, .n = VL_ARRAY_LEN(functions)};
