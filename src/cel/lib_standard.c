/* The standard library: sizes and texts. Source:
 * cel-spec langdef.md ("List of Standard Definitions"); ids of overloads as in cel-go, whose costs go by
 * them. */
#include <string.h>

#include "pattern/regex.h"
#include "standard.h"

static struct vl_cel_value call_size(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    uint64_t size = vl_cel_actual_size(args[0]);
    return vl_cel_int(size > INT64_MAX ? INT64_MAX : (int64_t)size);
}

static struct vl_cel_value call_contains(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    if (args[1].len == 0)
        return vl_cel_bool(true);
    return vl_cel_bool(memmem(args[0].as.bytes, args[0].len, args[1].as.bytes, args[1].len) != NULL);
}

static struct vl_cel_value call_starts_with(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_bool(
        args[0].len >= args[1].len && memcmp(args[0].as.bytes, args[1].as.bytes, args[1].len) == 0);
}

static struct vl_cel_value call_ends_with(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run;
    (void)n;
    return vl_cel_bool(args[0].len >= args[1].len && memcmp(args[0].as.bytes + (args[0].len - args[1].len),
                                                         args[1].as.bytes, args[1].len) == 0);
}

static struct vl_cel_value call_matches(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    struct vl_cel_value error;
    const struct vl_regex *regex = vl_cel_regex(run, vl_cel_span(args[1]), &error);
    return regex ? vl_cel_bool(vl_regex_find(regex, vl_cel_span(args[0]), NULL, 0)) : error;
}

static const struct vl_cel_overload size[] = {
    {.id = "size_bytes", .n_args = 1, .args = {&vl_cel_t_bytes}, .result = &vl_cel_t_int, .call = call_size},
    {.id = "bytes_size",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_bytes},
        .result = &vl_cel_t_int,
        .call = call_size},
    {.id = "size_list", .n_args = 1, .args = {&vl_cel_t_list_a}, .result = &vl_cel_t_int, .call = call_size},
    {.id = "list_size",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_list_a},
        .result = &vl_cel_t_int,
        .call = call_size},
    {.id = "size_map", .n_args = 1, .args = {&vl_cel_t_map_ab}, .result = &vl_cel_t_int, .call = call_size},
    {.id = "map_size",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_map_ab},
        .result = &vl_cel_t_int,
        .call = call_size},
    {.id = "size_string",
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = call_size},
    {.id = "string_size",
        .member = true,
        .n_args = 1,
        .args = {&vl_cel_t_string},
        .result = &vl_cel_t_int,
        .call = call_size},
};

static const struct vl_cel_overload contains[] = {
    {.id = "contains_string",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_string, &vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = call_contains,
        .price = VL_CEL_PRICE_PRODUCT},
};

static const struct vl_cel_overload ends_with[] = {
    {.id = "ends_with_string",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_string, &vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = call_ends_with,
        .price = VL_CEL_PRICE_SECOND},
};

static const struct vl_cel_overload starts_with[] = {
    {.id = "starts_with_string",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_string, &vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = call_starts_with,
        .price = VL_CEL_PRICE_SECOND},
};

static const struct vl_cel_overload matches[] = {
    {.id = "matches",
        .n_args = 2,
        .args = {&vl_cel_t_string, &vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = call_matches,
        .price = VL_CEL_PRICE_MATCHES},
    {.id = "matches_string",
        .member = true,
        .n_args = 2,
        .args = {&vl_cel_t_string, &vl_cel_t_string},
        .result = &vl_cel_t_bool,
        .call = call_matches,
        .price = VL_CEL_PRICE_MATCHES},
};

static const struct vl_cel_function functions[] = {
    {"size", size, VL_ARRAY_LEN(size)},
    {"contains", contains, VL_ARRAY_LEN(contains)},
    {"endsWith", ends_with, VL_ARRAY_LEN(ends_with)},
    {"startsWith", starts_with, VL_ARRAY_LEN(starts_with)},
    {"matches", matches, VL_ARRAY_LEN(matches)},
};

const struct vl_cel_library vl_cel_lib_standard = {
    .name = "standard",
    .functions = functions,
    .n = VL_ARRAY_LEN(functions),
};
