/* Signatures of operators, and of indexing and selecting through optionals. The evaluator computes them
 * itself (call is NULL). Source: cel-spec langdef.md, "List of Standard Definitions"; ids and order as
 * cel-go's. */
#include "ast.h"
#include "libraries.h"
#include "standard.h"

#define UNARY(ident, a, r) {.id = (ident), .n_args = 1, .args = {&vl_cel_t_##a}, .result = &vl_cel_t_##r}
#define BINARY(ident, a, b, r) \
    {.id = (ident), .n_args = 2, .args = {&vl_cel_t_##a, &vl_cel_t_##b}, .result = &vl_cel_t_##r}
#define PRICED(ident, a, b, r, cost)            \
    {.id = (ident),                             \
        .n_args = 2,                            \
        .args = {&vl_cel_t_##a, &vl_cel_t_##b}, \
        .result = &vl_cel_t_##r,                \
        .price = cost}
#define BINARY_SINCE(ident, a, b, r, minor)     \
    {.id = (ident),                             \
        .n_args = 2,                            \
        .since = (minor),                       \
        .args = {&vl_cel_t_##a, &vl_cel_t_##b}, \
        .result = &vl_cel_t_##r}

/* Texts are compared as far as the shorter one goes. */
#define TEXTS(ident, a)                         \
    {.id = (ident),                             \
        .n_args = 2,                            \
        .args = {&vl_cel_t_##a, &vl_cel_t_##a}, \
        .result = &vl_cel_t_bool,               \
        .price = VL_CEL_PRICE_SMALLER}

/* Comparing numbers of different types came with Kubernetes 1.28. */
#define CROSS_SINCE 28
#define COMPARISON(name)                                                                                     \
    BINARY(name "_bool", bool, bool, bool), BINARY(name "_int64", int, int, bool),                           \
        BINARY_SINCE(name "_int64_double", int, double, bool, CROSS_SINCE),                                  \
        BINARY_SINCE(name "_int64_uint64", int, uint, bool, CROSS_SINCE),                                    \
        BINARY(name "_uint64", uint, uint, bool),                                                            \
        BINARY_SINCE(name "_uint64_double", uint, double, bool, CROSS_SINCE),                                \
        BINARY_SINCE(name "_uint64_int64", uint, int, bool, CROSS_SINCE),                                    \
        BINARY(name "_double", double, double, bool),                                                        \
        BINARY_SINCE(name "_double_int64", double, int, bool, CROSS_SINCE),                                  \
        BINARY_SINCE(name "_double_uint64", double, uint, bool, CROSS_SINCE), TEXTS(name "_string", string), \
        TEXTS(name "_bytes", bytes), BINARY(name "_timestamp", timestamp, timestamp, bool),                  \
        BINARY(name "_duration", duration, duration, bool)

static const struct vl_cel_type optional_list_a = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_list_a}, .n_params = 1};
static const struct vl_cel_type optional_map_ab = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_map_ab}, .n_params = 1};
static const struct vl_cel_type optional_b = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_b}, .n_params = 1};

#define OPTIONALS_SINCE 28
#define INDEX(ident, container, key, value, minor) \
    {.id = (ident), .n_args = 2, .since = (minor), .args = {(container), (key)}, .result = (value)}

static const struct vl_cel_overload conditional[] = {{.id = "conditional",
    .n_args = 3,
    .args = {&vl_cel_t_bool, &vl_cel_t_a, &vl_cel_t_a},
    .result = &vl_cel_t_a}};
static const struct vl_cel_overload logical_and[] = {BINARY("logical_and", bool, bool, bool)};
static const struct vl_cel_overload logical_or[] = {BINARY("logical_or", bool, bool, bool)};
static const struct vl_cel_overload logical_not[] = {UNARY("logical_not", bool, bool)};
static const struct vl_cel_overload not_strictly_false[] = {UNARY("not_strictly_false", bool, bool)};
static const struct vl_cel_overload equals[] = {PRICED("equals", a, a, bool, VL_CEL_PRICE_EQUAL)};
static const struct vl_cel_overload not_equals[] = {PRICED("not_equals", a, a, bool, VL_CEL_PRICE_SMALLER)};
static const struct vl_cel_overload add[] = {
    PRICED("add_bytes", bytes, bytes, bytes, VL_CEL_PRICE_SUM),
    BINARY("add_double", double, double, double),
    BINARY("add_duration_duration", duration, duration, duration),
    BINARY("add_duration_timestamp", duration, timestamp, timestamp),
    BINARY("add_timestamp_duration", timestamp, duration, timestamp),
    BINARY("add_int64", int, int, int),
    PRICED("add_list", list_a, list_a, list_a, VL_CEL_PRICE_ADD_LIST),
    PRICED("add_string", string, string, string, VL_CEL_PRICE_SUM),
    BINARY("add_uint64", uint, uint, uint),
};
static const struct vl_cel_overload divide[] = {
    BINARY("divide_double", double, double, double),
    BINARY("divide_int64", int, int, int),
    BINARY("divide_uint64", uint, uint, uint),
};
static const struct vl_cel_overload modulo[] = {
    BINARY("modulo_int64", int, int, int),
    BINARY("modulo_uint64", uint, uint, uint),
};
static const struct vl_cel_overload multiply[] = {
    BINARY("multiply_double", double, double, double),
    BINARY("multiply_int64", int, int, int),
    BINARY("multiply_uint64", uint, uint, uint),
};
static const struct vl_cel_overload negate[] = {
    UNARY("negate_double", double, double),
    UNARY("negate_int64", int, int),
};
static const struct vl_cel_overload subtract[] = {
    BINARY("subtract_double", double, double, double),
    BINARY("subtract_duration_duration", duration, duration, duration),
    BINARY("subtract_int64", int, int, int),
    BINARY("subtract_timestamp_duration", timestamp, duration, timestamp),
    BINARY("subtract_timestamp_timestamp", timestamp, timestamp, duration),
    BINARY("subtract_uint64", uint, uint, uint),
};
static const struct vl_cel_overload less[] = {COMPARISON("less")};
static const struct vl_cel_overload less_equals[] = {COMPARISON("less_equals")};
static const struct vl_cel_overload greater[] = {COMPARISON("greater")};
static const struct vl_cel_overload greater_equals[] = {COMPARISON("greater_equals")};
static const struct vl_cel_overload in[] = {
    PRICED("in_list", a, list_a, bool, VL_CEL_PRICE_IN_LIST),
    BINARY("in_map", a, map_ab, bool),
};
static const struct vl_cel_overload item[] = {
    BINARY("index_list", list_a, int, a),
    BINARY("index_map", map_ab, a, b),
    INDEX("optional_list_index_int", &optional_list_a, &vl_cel_t_int, &vl_cel_t_optional_a, OPTIONALS_SINCE),
    INDEX("optional_map_index_value", &optional_map_ab, &vl_cel_t_a, &optional_b, OPTIONALS_SINCE),
};
static const struct vl_cel_overload optional_item[] = {
    INDEX(
        "list_optindex_optional_int", &vl_cel_t_list_a, &vl_cel_t_int, &vl_cel_t_optional_a, OPTIONALS_SINCE),
    INDEX("optional_list_optindex_optional_int", &optional_list_a, &vl_cel_t_int, &vl_cel_t_optional_a,
        OPTIONALS_SINCE),
    INDEX("map_optindex_optional_value", &vl_cel_t_map_ab, &vl_cel_t_a, &optional_b, OPTIONALS_SINCE),
    INDEX(
        "optional_map_optindex_optional_value", &optional_map_ab, &vl_cel_t_a, &optional_b, OPTIONALS_SINCE),
};
static const struct vl_cel_overload optional_select[] = {
    INDEX("select_optional_field", &vl_cel_t_dyn, &vl_cel_t_string, &vl_cel_t_optional_a, OPTIONALS_SINCE),
};

#define FUNCTION(text, table) {.name = (text), .overloads = (table), .n = VL_ARRAY_LEN(table)}

static const struct vl_cel_function functions[] = {
    FUNCTION("_?_:_", conditional),
    FUNCTION("_&&_", logical_and),
    FUNCTION("_||_", logical_or),
    FUNCTION("!_", logical_not),
    FUNCTION("@not_strictly_false", not_strictly_false),
    FUNCTION("_==_", equals),
    FUNCTION("_!=_", not_equals),
    FUNCTION("_+_", add),
    FUNCTION("_/_", divide),
    FUNCTION("_%_", modulo),
    FUNCTION("_*_", multiply),
    FUNCTION("-_", negate),
    FUNCTION("_-_", subtract),
    FUNCTION("_<_", less),
    FUNCTION("_<=_", less_equals),
    FUNCTION("_>_", greater),
    FUNCTION("_>=_", greater_equals),
    FUNCTION("@in", in),
    FUNCTION("_[_]", item),
    FUNCTION("_[?_]", optional_item),
    FUNCTION("_?._", optional_select),
};

const struct vl_cel_library vl_cel_lib_operators = {
    .name = "operators", .functions = functions, .n = VL_ARRAY_LEN(functions)};
