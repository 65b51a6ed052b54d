/* The standard library: conversions. Source: cel-spec langdef.md ("Type Conversions"), cel-go for what each
 * refuses and in which words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "number_text.h"
#include "value_impl.h"
#include "standard.h"

static const struct vl_cel_type type_of_a = {
    .kind = VL_CEL_T_TYPE, .name = "type", .params = {&vl_cel_t_a}, .n_params = 1};

/* A text that stays for the run. */
static struct vl_cel_value text_value(struct vl_cel_run *run, const char *text)
{
    char *copy = vl_arena_strdup(vl_cel_run_arena(run), text);
    return vl_cel_string(vl_span_str(copy));
}

static struct vl_cel_value bad_text(struct vl_cel_run *run, const char *type)
{
    return vl_cel_fail(run, "type conversion error from 'string' to '%s'", type);
}

static struct vl_cel_value out_of_range(struct vl_cel_run *run, bool is_unsigned)
{
    return vl_cel_fail(run, is_unsigned ? "unsigned integer overflow" : "integer overflow");
}

static struct vl_cel_value call_same(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return args[0];
}

/* Opaque values bring their name only: their type is made here. */
static const struct vl_cel_type *type_of(struct vl_cel_run *run, struct vl_cel_value v)
{
    static const struct vl_cel_type *const types[] = {
        [VL_CEL_NULL] = &vl_cel_t_null,
        [VL_CEL_BOOL] = &vl_cel_t_bool,
        [VL_CEL_INT] = &vl_cel_t_int,
        [VL_CEL_UINT] = &vl_cel_t_uint,
        [VL_CEL_DOUBLE] = &vl_cel_t_double,
        [VL_CEL_STRING] = &vl_cel_t_string,
        [VL_CEL_BYTES] = &vl_cel_t_bytes,
        [VL_CEL_TIMESTAMP] = &vl_cel_t_timestamp,
        [VL_CEL_DURATION] = &vl_cel_t_duration,
        [VL_CEL_LIST] = &vl_cel_t_list_dyn,
        [VL_CEL_MAP] = &vl_cel_t_map_dyn,
        [VL_CEL_TYPE] = &vl_cel_t_type,
        [VL_CEL_OPTIONAL] = &vl_cel_t_optional_a,
    };
    if (v.kind < VL_ARRAY_LEN(types) && types[v.kind])
        return types[v.kind];
    struct vl_cel_type *type = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*type));
    if (!type)
        return &vl_cel_t_dyn;
    type->kind = VL_CEL_T_OPAQUE;
    type->name = vl_cel_type_name(v);
    return type;
}

static struct vl_cel_value call_type(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return vl_cel_type_value(type_of(run, args[0]));
}

static struct vl_cel_value string_to_bool(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    for (size_t i = 0; i < VL_ARRAY_LEN(yes); i++) {
        if (vl_span_eq_str(vl_cel_span(args[0]), yes[i]))
            return vl_cel_bool(true);
        if (vl_span_eq_str(vl_cel_span(args[0]), no[i]))
            return vl_cel_bool(false);
    }
    return bad_text(run, "bool");
}

static struct vl_cel_value string_to_bytes(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_bytes(vl_cel_span(args[0]));
}

static struct vl_cel_value int_to_double(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_double((double)args[0].as.i);
}

static struct vl_cel_value uint_to_double(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_double((double)args[0].as.u);
}

static struct vl_cel_value string_to_double(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    double v;
    bool in_range;
    if (!vl_cel_double_parse(vl_cel_span(args[0]), &v, &in_range) || !in_range)
        return bad_text(run, "double");
    return vl_cel_double(v);
}

static struct vl_cel_value string_to_duration(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    int64_t v;
    if (!vl_cel_duration_parse(vl_cel_span(args[0]), &v))
        return bad_text(run, "google.protobuf.Duration");
    return vl_cel_duration(v);
}

static struct vl_cel_value double_to_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    double v = args[0].as.d;
    if (!(v > -VL_CEL_TWO_63 && v < VL_CEL_TWO_63)) /* the smallest int is refused too, as in cel-go */
        return out_of_range(run, false);
    return vl_cel_int((int64_t)v);
}

static struct vl_cel_value duration_to_int(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i);
}

static struct vl_cel_value timestamp_to_int(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_int(args[0].as.i);
}

/* Go's ParseInt and ParseUint in base 10: digits, and a sign where it may be. */
static bool parse_digits(struct vl_span s, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *ret = v;
    return s.len > 0;
}

static struct vl_cel_value string_to_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span s = vl_cel_span(args[0]);
    bool negative = s.len && s.ptr[0] == '-';
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = vl_span_slice(s, 1, s.len);
    uint64_t v;
    if (!parse_digits(s, (uint64_t)INT64_MAX + negative, &v))
        return bad_text(run, "int");
    return vl_cel_int(negative ? (int64_t)(0 - v) : (int64_t)v);
}

static struct vl_cel_value uint_to_int(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (args[0].as.u > INT64_MAX)
        return out_of_range(run, false);
    return vl_cel_int(args[0].as.i);
}

static struct vl_cel_value bool_to_string(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_string(vl_span_str(args[0].as.boolean ? "true" : "false"));
}

static struct vl_cel_value bytes_to_string(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (!vl_utf8_valid(vl_cel_span(args[0])))
        return vl_cel_fail(run, "invalid UTF-8 in bytes, cannot convert to string");
    return vl_cel_string(vl_cel_span(args[0]));
}

static struct vl_cel_value double_to_string(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[VL_CEL_NUMBER_TEXT_MAX];
    return text_value(run, vl_cel_double_general(args[0].as.d, 6, text));
}

static struct vl_cel_value duration_to_string(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[VL_CEL_NUMBER_TEXT_MAX];
    return text_value(run, vl_cel_duration_seconds(args[0].as.i, text));
}

static struct vl_cel_value int_to_string(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)args[0].as.i);
    return text_value(run, text);
}

static struct vl_cel_value timestamp_to_string(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[VL_CEL_NUMBER_TEXT_MAX];
    return text_value(
        run, vl_cel_time_text(args[0].as.i, args[0].len, vl_cel_timestamp_offset(args[0]), text));
}

static struct vl_cel_value uint_to_string(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)args[0].as.u);
    return text_value(run, text);
}

static struct vl_cel_value int_to_timestamp(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (args[0].as.i < VL_CEL_TIME_MIN || args[0].as.i > VL_CEL_TIME_MAX)
        return vl_cel_fail(run, "timestamp overflow");
    return vl_cel_timestamp(args[0].as.i, 0);
}

static struct vl_cel_value string_to_timestamp(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_span text = vl_cel_span(args[0]);
    int64_t seconds;
    uint32_t nanos;
    int offset;
    int r = vl_cel_time_parse(text, &seconds, &nanos, &offset);
    if (r < 0)
        return bad_text(run, "google.protobuf.Timestamp");
    if (r == 0)
        return vl_cel_fail(run, "invalid RFC 3339 timestamp \"%.*s\"", VL_SPAN_FMT(text));
    if (seconds < VL_CEL_TIME_MIN || seconds > VL_CEL_TIME_MAX)
        return vl_cel_fail(run, "timestamp overflow");
    return vl_cel_timestamp_at(seconds, nanos, offset);
}

static struct vl_cel_value double_to_uint(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    double v = args[0].as.d;
    if (!(v >= 0 && v < 0x1p64))
        return out_of_range(run, true);
    return vl_cel_uint((uint64_t)v);
}

static struct vl_cel_value int_to_uint(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (args[0].as.i < 0)
        return out_of_range(run, true);
    return vl_cel_uint(args[0].as.u);
}

static struct vl_cel_value string_to_uint(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    uint64_t v;
    if (!parse_digits(vl_cel_span(args[0]), UINT64_MAX, &v))
        return bad_text(run, "uint");
    return vl_cel_uint(v);
}

static const struct vl_cel_overload to_type[] = {
    {.id = "type", .n_args = 1, .args = {&vl_cel_t_a}, .result = &type_of_a, .call = call_type},
};

static const struct vl_cel_overload to_bool[] = {
    {.id = "bool_to_bool",
        .n_args = 1,
        .args = {&vl_cel_t_bool},
        .result = &vl_cel_t_bool,
        .call = call_same},
    {.id = "string_to_bool",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = string_to_bool},
};

static const struct vl_cel_overload to_bytes[] = {
    {.id = "bytes_to_bytes",
        .n_args = 1,
        .args = {&vl_cel_t_bytes},
        .result = &vl_cel_t_bytes,
        .call = call_same},
    {.id = "string_to_bytes",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_bytes,
        .call = string_to_bytes,
        .price = VL_CEL_PRICE_TO_BYTES},
};

static const struct vl_cel_overload to_double[] = {
    {.id = "double_to_double",
        .n_args = 1,
        .args = {&vl_cel_t_double},
        .result = &vl_cel_t_double,
        .call = call_same},
    {.id = "int64_to_double",
        .n_args = 1,
        .args = {&vl_cel_t_int},
        .result = &vl_cel_t_double,
        .call = int_to_double},
    {.id = "string_to_double",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_double,
        .call = string_to_double},
    {.id = "uint64_to_double",
        .n_args = 1,
        .args = {&vl_cel_t_uint},
        .result = &vl_cel_t_double,
        .call = uint_to_double},
};

static const struct vl_cel_overload to_duration[] = {
    {.id = "duration_to_duration",
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_duration,
        .call = call_same},
    {.id = "string_to_duration",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_duration,
        .call = string_to_duration},
};

static const struct vl_cel_overload to_dyn[] = {
    {.id = "to_dyn", .n_args = 1, .args = {&vl_cel_t_a}, .result = &vl_cel_t_dyn, .call = call_same},
};

static const struct vl_cel_overload to_int[] = {
    {.id = "int64_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_int},
        .result = &vl_cel_t_int,
        .call = call_same},
    {.id = "double_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_double},
        .result = &vl_cel_t_int,
        .call = double_to_int},
    {.id = "duration_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_int,
        .call = duration_to_int},
    {.id = "string_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = string_to_int},
    {.id = "timestamp_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_int,
        .call = timestamp_to_int},
    {.id = "uint64_to_int64",
        .n_args = 1,
        .args = {&vl_cel_t_uint},
        .result = &vl_cel_t_int,
        .call = uint_to_int},
};

static const struct vl_cel_overload to_string[] = {
    {.id = "string_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_string,
        .call = call_same},
    {.id = "bool_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_bool},
        .result = &vl_cel_t_string,
        .call = bool_to_string},
    {.id = "bytes_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_bytes},
        .result = &vl_cel_t_string,
        .call = bytes_to_string,
        .price = VL_CEL_PRICE_TO_STRING},
    {.id = "double_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_double},
        .result = &vl_cel_t_string,
        .call = double_to_string},
    {.id = "duration_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_duration},
        .result = &vl_cel_t_string,
        .call = duration_to_string},
    {.id = "int64_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_int},
        .result = &vl_cel_t_string,
        .call = int_to_string},
    {.id = "timestamp_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_string,
        .call = timestamp_to_string},
    {.id = "uint64_to_string",
        .n_args = 1,
        .args = {&vl_cel_t_uint},
        .result = &vl_cel_t_string,
        .call = uint_to_string},
};

static const struct vl_cel_overload to_timestamp[] = {
    {.id = "timestamp_to_timestamp",
        .n_args = 1,
        .args = {&vl_cel_t_timestamp},
        .result = &vl_cel_t_timestamp,
        .call = call_same},
    {.id = "int64_to_timestamp",
        .n_args = 1,
        .args = {&vl_cel_t_int},
        .result = &vl_cel_t_timestamp,
        .call = int_to_timestamp},
    {.id = "string_to_timestamp",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_timestamp,
        .call = string_to_timestamp},
};

static const struct vl_cel_overload to_uint[] = {
    {.id = "uint64_to_uint64",
        .n_args = 1,
        .args = {&vl_cel_t_uint},
        .result = &vl_cel_t_uint,
        .call = call_same},
    {.id = "double_to_uint64",
        .n_args = 1,
        .args = {&vl_cel_t_double},
        .result = &vl_cel_t_uint,
        .call = double_to_uint},
    {.id = "int64_to_uint64",
        .n_args = 1,
        .args = {&vl_cel_t_int},
        .result = &vl_cel_t_uint,
        .call = int_to_uint},
    {.id = "string_to_uint64",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_uint,
        .call = string_to_uint},
};

static const struct vl_cel_function functions[] = {
    {"type", to_type, VL_ARRAY_LEN(to_type)},
    {"bool", to_bool, VL_ARRAY_LEN(to_bool)},
    {"bytes", to_bytes, VL_ARRAY_LEN(to_bytes)},
    {"double", to_double, VL_ARRAY_LEN(to_double)},
    {"duration", to_duration, VL_ARRAY_LEN(to_duration)},
    {"dyn", to_dyn, VL_ARRAY_LEN(to_dyn)},
    {"int", to_int, VL_ARRAY_LEN(to_int)},
    {"string", to_string, VL_ARRAY_LEN(to_string)},
    {"timestamp", to_timestamp, VL_ARRAY_LEN(to_timestamp)},
    {"uint", to_uint, VL_ARRAY_LEN(to_uint)},
};

/* duration() and timestamp() of a constant that is none are errors at compilation. */
static const char *validate(
    const char *function, unsigned arg, struct vl_cel_value constant, struct vl_arena *arena)
{
    (void)arena;
    int64_t v;
    uint32_t nanos;
    int offset;
    if (arg != 0)
        return NULL;
    bool null = constant.kind == VL_CEL_NULL; /* fits the type, and fails all the same */
    if (strcmp(function, "duration") == 0)
        return null || (constant.kind == VL_CEL_STRING && !vl_cel_duration_parse(vl_cel_span(constant), &v))
                   ? "invalid duration argument"
                   : NULL;
    if (strcmp(function, "timestamp") != 0)
        return NULL;
    bool good = true;
    if (constant.kind == VL_CEL_STRING)
        good = vl_cel_time_parse(vl_cel_span(constant), &v, &nanos, &offset) > 0;
    else if (constant.kind == VL_CEL_INT)
        v = constant.as.i;
    else
        return null ? "invalid timestamp argument" : NULL;
    return good && v >= VL_CEL_TIME_MIN && v <= VL_CEL_TIME_MAX ? NULL : "invalid timestamp argument";
}

const struct vl_cel_library vl_cel_lib_standard_convert = {
    .name = "standard_convert",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
    .validate = validate,
};
