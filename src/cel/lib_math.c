/* cel-go's math extension; not in Kubernetes. The macros greatest() and least() call @max and @min.
 * Source: cel-go ext/math.go (behaviour), cel-spec's tests of it. */
#include <inttypes.h>
#include <math.h>

#include "lib_support.h"

static bool is_number(struct vl_cel_value value)
{
    return value.kind == VL_CEL_INT || value.kind == VL_CEL_UINT || value.kind == VL_CEL_DOUBLE;
}

/* The first that none of the others beats; `wanted` is 1 for the greatest. */
static struct vl_cel_value best(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n, int wanted)
{
    const char *name = wanted > 0 ? "math.@max" : "math.@min";
    struct vl_cel_value result = vl_cel_null(), item, list = args[0];
    if (n > 1)
        list = vl_cel_list_new(vl_cel_run_arena(run), args, n);
    else if (list.kind != VL_CEL_LIST)
        return is_number(list) ? list : vl_cel_fail(run, "no such overload: %s", name);
    struct vl_cel_iter iter = vl_cel_iterate(list);
    bool any = false;
    for (; vl_cel_iter_next(&iter, NULL, &item); any = true) {
        bool ordered = false;
        if (!is_number(item))
            return vl_cel_fail(run, "no such overload: %s", name);
        int order = any ? vl_cel_compare(result, item, &ordered) : 0;
        if (!any || (ordered && (wanted > 0 ? order < 0 : order > 0)))
            result = item;
    }
    return any ? result : vl_cel_fail(run, "%s(list) argument must not be empty", name);
}

static struct vl_cel_value greatest(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return best(run, args, n, 1);
}

static struct vl_cel_value least(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    return best(run, args, n, -1);
}

#define DOUBLE_FUNCTION(ident, result)                                                                    \
    static struct vl_cel_value ident(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n) \
    {                                                                                                     \
        (void)run, (void)n;                                                                               \
        return result;                                                                                    \
    }

/* Half of a double away from zero, as CEL rounds. */
DOUBLE_FUNCTION(ceil_of, vl_cel_double(ceil(args[0].as.d)))
DOUBLE_FUNCTION(floor_of, vl_cel_double(floor(args[0].as.d)))
DOUBLE_FUNCTION(round_of, vl_cel_double(round(args[0].as.d)))
DOUBLE_FUNCTION(trunc_of, vl_cel_double(trunc(args[0].as.d)))
DOUBLE_FUNCTION(is_inf, vl_cel_bool(isinf(args[0].as.d)))
DOUBLE_FUNCTION(is_nan, vl_cel_bool(isnan(args[0].as.d)))
DOUBLE_FUNCTION(is_finite, vl_cel_bool(isfinite(args[0].as.d)))
DOUBLE_FUNCTION(same, args[0])
DOUBLE_FUNCTION(abs_double, vl_cel_double(fabs(args[0].as.d)))
DOUBLE_FUNCTION(sign_uint, vl_cel_uint(args[0].as.u > 0))
DOUBLE_FUNCTION(sign_int, vl_cel_int((args[0].as.i > 0) - (args[0].as.i < 0)))
DOUBLE_FUNCTION(sqrt_double, vl_cel_double(sqrt(args[0].as.d)))
DOUBLE_FUNCTION(sqrt_int, vl_cel_double(sqrt((double)args[0].as.i)))
DOUBLE_FUNCTION(sqrt_uint, vl_cel_double(sqrt((double)args[0].as.u)))
DOUBLE_FUNCTION(and_int, vl_cel_int(args[0].as.i &args[1].as.i))
DOUBLE_FUNCTION(and_uint, vl_cel_uint(args[0].as.u &args[1].as.u))
DOUBLE_FUNCTION(or_int, vl_cel_int(args[0].as.i | args[1].as.i))
DOUBLE_FUNCTION(or_uint, vl_cel_uint(args[0].as.u | args[1].as.u))
DOUBLE_FUNCTION(xor_int, vl_cel_int(args[0].as.i ^ args[1].as.i))
DOUBLE_FUNCTION(xor_uint, vl_cel_uint(args[0].as.u ^ args[1].as.u))
DOUBLE_FUNCTION(not_int, vl_cel_int(~args[0].as.i))
DOUBLE_FUNCTION(not_uint, vl_cel_uint(~args[0].as.u))

static struct vl_cel_value sign_double(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    double d = args[0].as.d;
    return vl_cel_double(isnan(d) ? d : (d > 0) - (d < 0));
}

static struct vl_cel_value abs_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (args[0].as.i == INT64_MIN)
        return vl_cel_fail(run, "integer overflow");
    return vl_cel_int(args[0].as.i < 0 ? -args[0].as.i : args[0].as.i);
}

/* The bits after the shift, which loses the sign to the right; false after an error. */
static bool shift(struct vl_cel_run *run, const struct vl_cel_value *args, bool left, uint64_t *ret_bits,
    struct vl_cel_value *ret_error)
{
    int64_t by = args[1].as.i;
    if (by < 0) {
        *ret_error =
            vl_cel_fail(run, "math.bitShift%s() negative offset: %" PRId64, left ? "Left" : "Right", by);
        return false;
    }
    *ret_bits = by > 63 ? 0 : left ? args[0].as.u << by : args[0].as.u >> by;
    return true;
}

static struct vl_cel_value shifted(struct vl_cel_run *run, const struct vl_cel_value *args, bool left)
{
    uint64_t bits;
    struct vl_cel_value error;
    if (!shift(run, args, left, &bits, &error))
        return error;
    return args[0].kind == VL_CEL_INT ? vl_cel_int((int64_t)bits) : vl_cel_uint(bits);
}

static struct vl_cel_value shift_left(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return shifted(run, args, true);
}

static struct vl_cel_value shift_right(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return shifted(run, args, false);
}

#define INT    &vl_cel_t_int
#define UINT   &vl_cel_t_uint
#define DOUBLE &vl_cel_t_double
#define BOOL   &vl_cel_t_bool
#define DYN    &vl_cel_t_dyn

static const struct vl_cel_type list_double = {
    .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_double}, .n_params = 1};
static const struct vl_cel_type list_uint = {
    .kind = VL_CEL_T_LIST, .name = "list", .params = {&vl_cel_t_uint}, .n_params = 1};

#define EXTREME(ident, text)                                                                               \
    static const struct vl_cel_overload ident##_overloads[] = {                                            \
        {.id = text "_double", .n_args = 1, .args = {DOUBLE}, .result = DOUBLE, .call = ident},            \
        {.id = text "_int", .n_args = 1, .args = {INT}, .result = INT, .call = ident},                     \
        {.id = text "_uint", .n_args = 1, .args = {UINT}, .result = UINT, .call = ident},                  \
        {.id = text "_double_double",                                                                      \
            .n_args = 2,                                                                                   \
            .args = {DOUBLE, DOUBLE},                                                                      \
            .result = DOUBLE,                                                                              \
            .call = ident},                                                                                \
        {.id = text "_int_int", .n_args = 2, .args = {INT, INT}, .result = INT, .call = ident},            \
        {.id = text "_uint_uint", .n_args = 2, .args = {UINT, UINT}, .result = UINT, .call = ident},       \
        {.id = text "_int_uint", .n_args = 2, .args = {INT, UINT}, .result = DYN, .call = ident},          \
        {.id = text "_int_double", .n_args = 2, .args = {INT, DOUBLE}, .result = DYN, .call = ident},      \
        {.id = text "_double_int", .n_args = 2, .args = {DOUBLE, INT}, .result = DYN, .call = ident},      \
        {.id = text "_double_uint", .n_args = 2, .args = {DOUBLE, UINT}, .result = DYN, .call = ident},    \
        {.id = text "_uint_int", .n_args = 2, .args = {UINT, INT}, .result = DYN, .call = ident},          \
        {.id = text "_uint_double", .n_args = 2, .args = {UINT, DOUBLE}, .result = DYN, .call = ident},    \
        {.id = text "_list_double", .n_args = 1, .args = {&list_double}, .result = DOUBLE, .call = ident}, \
        {.id = text "_list_int", .n_args = 1, .args = {&vl_cel_t_list_int}, .result = INT, .call = ident}, \
        {.id = text "_list_uint", .n_args = 1, .args = {&list_uint}, .result = UINT, .call = ident}}
EXTREME(greatest, "math_@max");
EXTREME(least, "math_@min");

#define ONE(ident, text, type, made)                            \
    static const struct vl_cel_overload ident##_overloads[] = { \
        {.id = (text), .n_args = 1, .args = {type}, .result = made, .call = ident}}
ONE(ceil_of, "math_ceil_double", DOUBLE, DOUBLE);
ONE(floor_of, "math_floor_double", DOUBLE, DOUBLE);
ONE(round_of, "math_round_double", DOUBLE, DOUBLE);
ONE(trunc_of, "math_trunc_double", DOUBLE, DOUBLE);
ONE(is_inf, "math_isInf_double", DOUBLE, BOOL);
ONE(is_nan, "math_isNaN_double", DOUBLE, BOOL);
ONE(is_finite, "math_isFinite_double", DOUBLE, BOOL);

static const struct vl_cel_overload abs_overloads[] = {
    {.id = "math_abs_double", .n_args = 1, .args = {DOUBLE}, .result = DOUBLE, .call = abs_double},
    {.id = "math_abs_int", .n_args = 1, .args = {INT}, .result = INT, .call = abs_int},
    {.id = "math_abs_uint", .n_args = 1, .args = {UINT}, .result = UINT, .call = same},
};
static const struct vl_cel_overload sign_overloads[] = {
    {.id = "math_sign_double", .n_args = 1, .args = {DOUBLE}, .result = DOUBLE, .call = sign_double},
    {.id = "math_sign_int", .n_args = 1, .args = {INT}, .result = INT, .call = sign_int},
    {.id = "math_sign_uint", .n_args = 1, .args = {UINT}, .result = UINT, .call = sign_uint},
};
static const struct vl_cel_overload sqrt_overloads[] = {
    {.id = "math_sqrt_double", .n_args = 1, .args = {DOUBLE}, .result = DOUBLE, .call = sqrt_double},
    {.id = "math_sqrt_int", .n_args = 1, .args = {INT}, .result = DOUBLE, .call = sqrt_int},
    {.id = "math_sqrt_uint", .n_args = 1, .args = {UINT}, .result = DOUBLE, .call = sqrt_uint},
};
#define BITS(ident, text)                                                                             \
    static const struct vl_cel_overload ident##_overloads[] = {                                       \
        {.id = text "_int_int", .n_args = 2, .args = {INT, INT}, .result = INT, .call = ident##_int}, \
        {.id = text "_uint_uint", .n_args = 2, .args = {UINT, UINT}, .result = UINT, .call = ident##_uint}}
BITS(and, "math_bitAnd");
BITS(or, "math_bitOr");
BITS(xor, "math_bitXor");
static const struct vl_cel_overload not_overloads[] = {
    {.id = "math_bitNot_int_int", .n_args = 1, .args = {INT}, .result = INT, .call = not_int},
    {.id = "math_bitNot_uint_uint", .n_args = 1, .args = {UINT}, .result = UINT, .call = not_uint},
};
static const struct vl_cel_overload left_overloads[] = {
    {.id = "math_bitShiftLeft_int_int", .n_args = 2, .args = {INT, INT}, .result = INT, .call = shift_left},
    {.id = "math_bitShiftLeft_uint_int",
        .n_args = 2,
        .args = {UINT, INT},
        .result = UINT,
        .call = shift_left},
};
static const struct vl_cel_overload right_overloads[] = {
    {.id = "math_bitShiftRight_int_int", .n_args = 2, .args = {INT, INT}, .result = INT, .call = shift_right},
    {.id = "math_bitShiftRight_uint_int",
        .n_args = 2,
        .args = {UINT, INT},
        .result = UINT,
        .call = shift_right},
};

#define FUNCTION(text, ident) {(text), ident##_overloads, VL_ARRAY_LEN(ident##_overloads)}
static const struct vl_cel_function functions[] = {
    FUNCTION("math.@max", greatest),
    FUNCTION("math.@min", least),
    FUNCTION("math.ceil", ceil_of),
    FUNCTION("math.floor", floor_of),
    FUNCTION("math.round", round_of),
    FUNCTION("math.trunc", trunc_of),
    FUNCTION("math.isInf", is_inf),
    FUNCTION("math.isNaN", is_nan),
    FUNCTION("math.isFinite", is_finite),
    FUNCTION("math.abs", abs),
    FUNCTION("math.sign", sign),
    FUNCTION("math.sqrt", sqrt),
    FUNCTION("math.bitAnd", and),
    FUNCTION("math.bitOr", or),
    FUNCTION("math.bitXor", xor),
    FUNCTION("math.bitNot", not),
    FUNCTION("math.bitShiftLeft", left),
    FUNCTION("math.bitShiftRight", right),
};

const struct vl_cel_library vl_cel_lib_math = {.name = "cel.lib.ext.math",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
    .spec_only = true,
    .kyverno = true};
