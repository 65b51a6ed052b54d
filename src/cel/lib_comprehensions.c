/* What the macros of two-variable comprehensions call. Source: cel-go ext/comprehensions.go. */
#include "run_impl.h"
#include "value_impl.h"

/* Copies `from` into a map that can grow. The evaluator avoids this for its own accumulators. */
static struct vl_cel_value copy_map(struct vl_cel_run *run, struct vl_cel_value from)
{
    struct vl_cel_value map = vl_cel_map_grow(run->arena), key, value;
    struct vl_cel_iter iter = vl_cel_iterate(from);
    while (vl_cel_iter_next(&iter, &key, &value))
        if (!vl_cel_map_put(run->arena, map, key, value))
            break; /* the arena remembers */
    return map;
}

struct vl_cel_value vl_cel_map_insert(
    struct vl_cel_run *run, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value)
{
    struct vl_cel_value found;
    if (vl_cel_map_get(map, key, &found)) {
        /* null is the number of an enumeration upstream, and is printed as such. */
        struct vl_cel_value text =
            key.kind == VL_CEL_NULL ? vl_cel_string(VL_SPAN_LIT("0")) : vl_cel_value_text(run, key);
        return vl_cel_fail(run, "insert failed: key %.*s already exists", VL_SPAN_FMT(vl_cel_span(text)));
    }
    (void)vl_cel_map_put(run->arena, map, key, value);
    return map;
}

static struct vl_cel_value insert_entry(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_map_insert(run, copy_map(run, args[0]), args[1], args[2]);
}

static struct vl_cel_value insert_map(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_value map = copy_map(run, args[0]), key, value;
    struct vl_cel_iter iter = vl_cel_iterate(args[1]);
    while (map.kind == VL_CEL_MAP && vl_cel_iter_next(&iter, &key, &value))
        map = vl_cel_map_insert(run, map, key, value);
    return map;
}

static const struct vl_cel_overload map_insert[] = {
    {.id = "@mapInsert_map_key_value",
        .n_args = 3,
        .since = 32,
        .args = {&vl_cel_t_map_ab, &vl_cel_t_a, &vl_cel_t_b},
        .result = &vl_cel_t_map_ab,
        .call = insert_entry},
    {.id = "@mapInsert_map_map",
        .n_args = 2,
        .since = 32,
        .args = {&vl_cel_t_map_ab, &vl_cel_t_map_ab},
        .result = &vl_cel_t_map_ab,
        .call = insert_map},
};

static const struct vl_cel_function functions[] = {
    {"cel.@mapInsert", map_insert, VL_ARRAY_LEN(map_insert)},
};

const struct vl_cel_library vl_cel_lib_comprehensions = {
    .name = "comprehensions",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
};
