/* Lists as Kubernetes has them since 1.23: isSorted, sum, min, max, indexOf, lastIndexOf.
 * Source: k8s.io/apiserver pkg/cel/library/lists.go (behaviour). */
#include "lib_support.h"
#include "run_impl.h"
#include "value_impl.h"

#define LIST(ident)                                  \
    static const struct vl_cel_type list_##ident = { \
        .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_##ident}, .n_params = 1}
LIST(uint);
LIST(double);
LIST(bool);
LIST(duration);
LIST(timestamp);
LIST(bytes);

/* An item that has no order or no sum. */
static struct vl_cel_value refuse(struct vl_cel_run *run, struct vl_cel_value list)
{
    return vl_cel_price_work(run, list) ? vl_cel_no_overload(run) : vl_cel_run_stopped(run);
}

static struct vl_cel_value is_sorted(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_value item, before = vl_cel_null();
    struct vl_cel_iter iter = vl_cel_iterate(args[0]);
    for (bool first = true; vl_cel_iter_next(&iter, NULL, &item); first = false) {
        if (!vl_cel_is_comparable(item))
            return refuse(run, args[0]);
        bool ordered = false;
        if (!first && vl_cel_compare(before, item, &ordered) > 0 && ordered)
            return vl_cel_bool(false);
        before = item;
    }
    return vl_cel_bool(true);
}

/* The first of the items that none beats; those that cannot be compared beat nobody, as upstream. */
static struct vl_cel_value best(
    struct vl_cel_run *run, struct vl_cel_value list, int wanted, const char *name)
{
    struct vl_cel_value item, result = vl_cel_null();
    struct vl_cel_iter iter = vl_cel_iterate(list);
    bool any = false;
    for (; vl_cel_iter_next(&iter, NULL, &item); any = true) {
        if (!vl_cel_is_comparable(item))
            return refuse(run, list);
        bool ordered = false;
        int order = any ? vl_cel_compare(result, item, &ordered) : 0;
        if (!any || (ordered && (wanted < 0 ? order > 0 : order < 0)))
            result = item;
    }
    return any ? result : vl_cel_fail(run, "%s called on empty list", name);
}

static struct vl_cel_value list_min(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return best(run, args[0], -1, "min");
}

static struct vl_cel_value list_max(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return best(run, args[0], 1, "max");
}

/* False after turning *sum into an error. */
static bool add_item(
    struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value *sum, struct vl_cel_value item)
{
    if (item.kind != sum->kind) {
        *sum = refuse(run, list);
        return false;
    }
    switch (item.kind) {
    case VL_CEL_DOUBLE:
        sum->as.d += item.as.d;
        return true;
    case VL_CEL_UINT:
        if (!__builtin_add_overflow(sum->as.u, item.as.u, &sum->as.u))
            return true;
        *sum = vl_cel_fail(run, "unsigned integer overflow");
        return false;
    default:
        if (!__builtin_add_overflow(sum->as.i, item.as.i, &sum->as.i))
            return true;
        *sum = vl_cel_fail(run, "integer overflow");
        return false;
    }
}

static struct vl_cel_value sum_from(struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value sum)
{
    struct vl_cel_value item;
    struct vl_cel_iter iter = vl_cel_iterate(list);
    while (vl_cel_iter_next(&iter, NULL, &item))
        if (!add_item(run, list, &sum, item))
            break;
    return sum;
}

static struct vl_cel_value sum_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return sum_from(run, args[0], vl_cel_int(0));
}

static struct vl_cel_value sum_uint(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return sum_from(run, args[0], vl_cel_uint(0));
}

static struct vl_cel_value sum_double(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return sum_from(run, args[0], vl_cel_double(0));
}

static struct vl_cel_value sum_duration(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return sum_from(run, args[0], vl_cel_duration(0));
}

static struct vl_cel_value index_of(
    struct vl_cel_run *run, struct vl_cel_value list, struct vl_cel_value wanted, bool last)
{
    struct vl_cel_value item;
    struct vl_cel_iter iter = vl_cel_iterate(list);
    int64_t found = -1;
    for (int64_t i = 0; vl_cel_iter_next(&iter, NULL, &item); i++) {
        if ((item.kind == VL_CEL_LIST || item.kind == VL_CEL_MAP) && !vl_cel_price_work(run, item))
            return vl_cel_run_stopped(run);
        if (vl_cel_run_equal(run, item, wanted)) {
            found = i;
            if (!last)
                break;
        }
        if (run->over)
            return vl_cel_run_stopped(run);
    }
    return vl_cel_int(found);
}

static struct vl_cel_value first_index(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return index_of(run, args[0], args[1], false);
}

static struct vl_cel_value last_index(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return index_of(run, args[0], args[1], true);
}

#define MEMBER(text, list, type, f) \
    {.id = (text),                  \
        .member = true,             \
        .n_args = 1,                \
        .args = {&(list)},          \
        .result = &(type),          \
        .call = (f),                \
        .price = VL_CEL_PRICE_ITEMS}

static const struct vl_cel_overload sorted_overloads[] = {
    MEMBER("list_int_is_sorted_bool", vl_cel_t_list_int, vl_cel_t_bool, is_sorted),
    MEMBER("list_uint_is_sorted_bool", list_uint, vl_cel_t_bool, is_sorted),
    MEMBER("list_double_is_sorted_bool", list_double, vl_cel_t_bool, is_sorted),
    MEMBER("list_bool_is_sorted_bool", list_bool, vl_cel_t_bool, is_sorted),
    MEMBER("list_duration_is_sorted_bool", list_duration, vl_cel_t_bool, is_sorted),
    MEMBER("list_timestamp_is_sorted_bool", list_timestamp, vl_cel_t_bool, is_sorted),
    MEMBER("list_string_is_sorted_bool", vl_cel_t_list_string, vl_cel_t_bool, is_sorted),
    MEMBER("list_bytes_is_sorted_bool", list_bytes, vl_cel_t_bool, is_sorted),
};

static const struct vl_cel_overload sum_overloads[] = {
    MEMBER("list_int_sum_int", vl_cel_t_list_int, vl_cel_t_int, sum_int),
    MEMBER("list_uint_sum_uint", list_uint, vl_cel_t_uint, sum_uint),
    MEMBER("list_double_sum_double", list_double, vl_cel_t_double, sum_double),
    MEMBER("list_duration_sum_duration", list_duration, vl_cel_t_duration, sum_duration),
};

#define EXTREME(name)                                                                                  \
    MEMBER("list_int_" #name "_int", vl_cel_t_list_int, vl_cel_t_int, list_##name),                    \
        MEMBER("list_uint_" #name "_uint", list_uint, vl_cel_t_uint, list_##name),                     \
        MEMBER("list_double_" #name "_double", list_double, vl_cel_t_double, list_##name),             \
        MEMBER("list_bool_" #name "_bool", list_bool, vl_cel_t_bool, list_##name),                     \
        MEMBER("list_duration_" #name "_duration", list_duration, vl_cel_t_duration, list_##name),     \
        MEMBER("list_timestamp_" #name "_timestamp", list_timestamp, vl_cel_t_timestamp, list_##name), \
        MEMBER("list_string_" #name "_string", vl_cel_t_list_string, vl_cel_t_string, list_##name),    \
        MEMBER("list_bytes_" #name "_bytes", list_bytes, vl_cel_t_bytes, list_##name)

static const struct vl_cel_overload max_overloads[] = {EXTREME(max)};
static const struct vl_cel_overload min_overloads[] = {EXTREME(min)};

static const struct vl_cel_overload index_overloads[] = {{
    .id = "list_a_index_of_int",
    .member = true,
    .n_args = 2,
    .args = {&vl_cel_t_list_a, &vl_cel_t_a},
    .result = &vl_cel_t_int,
    .call = first_index,
    .price = VL_CEL_PRICE_ITEMS,
}};

static const struct vl_cel_overload last_index_overloads[] = {{
    .id = "list_a_last_index_of_int",
    .member = true,
    .n_args = 2,
    .args = {&vl_cel_t_list_a, &vl_cel_t_a},
    .result = &vl_cel_t_int,
    .call = last_index,
    .price = VL_CEL_PRICE_ITEMS,
}};

static const struct vl_cel_function functions[] = {
    {"isSorted", sorted_overloads, VL_ARRAY_LEN(sorted_overloads)},
    {"sum", sum_overloads, VL_ARRAY_LEN(sum_overloads)},
    {"max", max_overloads, VL_ARRAY_LEN(max_overloads)},
    {"min", min_overloads, VL_ARRAY_LEN(min_overloads)},
    {"indexOf", index_overloads, VL_ARRAY_LEN(index_overloads)},
    {"lastIndexOf", last_index_overloads, VL_ARRAY_LEN(last_index_overloads)},
};

const struct vl_cel_library vl_cel_lib_lists = {
    .name = "kubernetes.lists", .functions = functions, .n = VL_ARRAY_LEN(functions)};
