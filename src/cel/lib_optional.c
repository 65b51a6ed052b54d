/* Optional values. Source: cel-go cel/library.go (OptionalTypes, version 2). or() and orValue() look at their
 * argument only where they need it: the evaluator does them. */
#include "run_impl.h"
#include "value_impl.h"

static const struct vl_cel_type list_optional = {
    .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_optional_a}, .n_params = 1};

static struct vl_cel_value of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_optional(run->arena, args[0]);
}

static bool is_zero(struct vl_cel_value v)
{
    switch (v.kind) {
    case VL_CEL_NULL:
        return true;
    case VL_CEL_STRING:
    case VL_CEL_BYTES:
        return v.len == 0;
    case VL_CEL_LIST:
        return vl_cel_list_size(v) == 0;
    case VL_CEL_MAP:
        return vl_cel_map_size(v) == 0;
    case VL_CEL_DOUBLE:
        return v.as.d == 0;
    case VL_CEL_TIMESTAMP: /* Go's zero time */
        return v.as.i == INT64_C(-62135596800) && v.len == 0;
    case VL_CEL_BOOL:
    case VL_CEL_INT:
    case VL_CEL_UINT:
    case VL_CEL_DURATION:
        return v.as.u == 0;
    case VL_CEL_OPTIONAL:
        return !v.as.inner;
    default:
        return false;
    }
}

static struct vl_cel_value of_non_zero(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return is_zero(args[0]) ? vl_cel_optional_none() : vl_cel_optional(run->arena, args[0]);
}

static struct vl_cel_value none(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)args;
    (void)n;
    return vl_cel_optional_none();
}

static struct vl_cel_value value(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return args[0].as.inner ? *args[0].as.inner : vl_cel_fail(run, "optional.none() dereference");
}

static struct vl_cel_value has_value(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_bool(args[0].as.inner != NULL);
}

static struct vl_cel_value item_at(struct vl_cel_run *run, struct vl_cel_value list, bool last)
{
    size_t size = vl_cel_list_size(list);
    return size ? vl_cel_optional(run->arena, vl_cel_run_item(run, list, last ? size - 1 : 0))
                : vl_cel_optional_none();
}

static struct vl_cel_value first(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return item_at(run, args[0], false);
}

static struct vl_cel_value last(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return item_at(run, args[0], true);
}

static struct vl_cel_value unwrap(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_value list = vl_cel_list_grow(run->arena), item;
    struct vl_cel_iter iter = vl_cel_iterate(args[0]);
    while (vl_cel_iter_next(&iter, NULL, &item)) {
        if (item.kind != VL_CEL_OPTIONAL) {
            struct vl_cel_value text = vl_cel_value_text(run, item);
            return vl_cel_fail(run, "value %.*s is not optional", VL_SPAN_FMT(vl_cel_span(text)));
        }
        if (item.as.inner && !vl_cel_list_push(run->arena, list, *item.as.inner))
            break; /* the arena remembers */
    }
    return list;
}

#define A  &vl_cel_t_a
#define OA &vl_cel_t_optional_a

static const struct vl_cel_overload optional_of[] = {
    {.id = "optional_of", .n_args = 1, .since = 28, .args = {A}, .result = OA, .call = of},
};
static const struct vl_cel_overload optional_of_non_zero[] = {
    {.id = "optional_ofNonZeroValue",
        .n_args = 1,
        .since = 28,
        .args = {A},
        .result = OA,
        .call = of_non_zero},
};
static const struct vl_cel_overload optional_none[] = {
    {.id = "optional_none", .since = 28, .result = OA, .call = none},
};
static const struct vl_cel_overload optional_value[] = {
    {.id = "optional_value",
        .member = true,
        .n_args = 1,
        .since = 28,
        .args = {OA},
        .result = A,
        .call = value},
};
static const struct vl_cel_overload optional_has_value[] = {
    {.id = "optional_hasValue",
        .member = true,
        .n_args = 1,
        .since = 28,
        .args = {OA},
        .result = &vl_cel_t_bool,
        .call = has_value},
};
static const struct vl_cel_overload or_optional[] = {
    {.id = "optional_or_optional", .member = true, .n_args = 2, .since = 28, .args = {OA, OA}, .result = OA},
};
static const struct vl_cel_overload or_value[] = {
    {.id = "optional_orValue_value", .member = true, .n_args = 2, .since = 28, .args = {OA, A}, .result = A},
};
static const struct vl_cel_overload list_first[] = {
    {.id = "list_first",
        .member = true,
        .n_args = 1,
        .since = 28,
        .args = {&vl_cel_t_list_a},
        .result = OA,
        .call = first},
};
static const struct vl_cel_overload list_last[] = {
    {.id = "list_last",
        .member = true,
        .n_args = 1,
        .since = 28,
        .args = {&vl_cel_t_list_a},
        .result = OA,
        .call = last},
};
static const struct vl_cel_overload optional_unwrap[] = {
    {.id = "optional_unwrap",
        .n_args = 1,
        .since = 28,
        .args = {&list_optional},
        .result = &vl_cel_t_list_a,
        .call = unwrap},
};
static const struct vl_cel_overload unwrap_opt[] = {
    {.id = "optional_unwrapOpt",
        .member = true,
        .n_args = 1,
        .since = 28,
        .args = {&list_optional},
        .result = &vl_cel_t_list_a,
        .call = unwrap},
};

static const struct vl_cel_function functions[] = {
    {"optional.of", optional_of, VL_ARRAY_LEN(optional_of)},
    {"optional.ofNonZeroValue", optional_of_non_zero, VL_ARRAY_LEN(optional_of_non_zero)},
    {"optional.none", optional_none, VL_ARRAY_LEN(optional_none)},
    {"value", optional_value, VL_ARRAY_LEN(optional_value)},
    {"hasValue", optional_has_value, VL_ARRAY_LEN(optional_has_value)},
    {"or", or_optional, VL_ARRAY_LEN(or_optional)},
    {"orValue", or_value, VL_ARRAY_LEN(or_value)},
    {"first", list_first, VL_ARRAY_LEN(list_first)},
    {"last", list_last, VL_ARRAY_LEN(list_last)},
    {"optional.unwrap", optional_unwrap, VL_ARRAY_LEN(optional_unwrap)},
    {"unwrapOpt", unwrap_opt, VL_ARRAY_LEN(unwrap_opt)},
};

const struct vl_cel_library vl_cel_lib_optional = {
    .name = "optional",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
};
