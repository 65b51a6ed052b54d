/* tests: lib_strings_format.c lib_strings_spec.c
 * Facts: answers and messages of Kubernetes 1.36, asked of it; for cel-spec its string_ext tests. */
#include "test_lib.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib_support.h"

extern const struct vl_cel_library vl_cel_lib_strings_format, vl_cel_lib_strings_format_spec;
#define LIST(...)                                                                \
    vl_cel_list_new(vl_cel_run_arena(run), (struct vl_cel_value[]){__VA_ARGS__}, \
        VL_ARRAY_LEN(((struct vl_cel_value[]){__VA_ARGS__})))
#define CHECK(expected, format, ...) \
    check(run, expected, CALL(vl_cel_lib_strings_format, "format", S(format), LIST(__VA_ARGS__)))
#define D(n) vl_cel_double(n)
#define I(n) vl_cel_int(n)

static void check(struct vl_cel_run *run, const char *expected, struct vl_cel_value made)
{
    (void)run;
    char text[4096];
    if (made.kind == VL_CEL_STRING)
        snprintf(text, sizeof(text), "%.*s", VL_SPAN_FMT(vl_cel_span(made)));
    else
        snprintf(text, sizeof(text), "%s", lib_text(made));
    assert_string_equal(text, expected);
}

static void test_numbers(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("1,234,567.891000|1.234568\u00d710\u2070\u2076|12345678", "%f|%e|%d", D(1234567.891),
        D(1234567.891), I(12345678));
    CHECK("2|0.001|0.10000000000000000555", "%.0f|%.3f|%.20f", D(1.5), D(0.0005), D(0.1));
    CHECK("\u221e|-\u221e|NaN|0.000000|-0", "%f|%f|%f|%f|%.0f", D(INFINITY), D(-INFINITY), D(NAN), D(-0.0),
        D(-0.5));
    CHECK("     \u221e|   NaN|1.000000\u00d710\u207b\u00b9\u2070\u2070", "%e|%e|%e", D(INFINITY), D(NAN),
        D(1e-100));
    CHECK("1.500000\u00d710\u2070\u2070| 1.500000\u00d710\u2070\u2070", "%.13e|%.14e", D(1.5), D(1.5));
    CHECK("0.1000000000000000055511151231257827021181583404541015625", "%.300f", D(0.1));
    CHECK("0.16", "%.32768f", D(0.16));
    CHECK("0", "%.65536f", D(0.16));
    CHECK("%!(NOVERB)", "%.20000000f", D(0.16));
    CHECK("ff|FF|6869|ff|-101|-10|1", "%x|%X|%x|%x|%b|%o|%b", I(255), I(255), S("hi"),
        vl_cel_bytes(VL_SPAN_LIT("\xff")), I(-5), I(-8), vl_cel_bool(true));
    CHECK("18446744073709551615", "%d", vl_cel_uint(UINT64_MAX));
}

static void test_texts(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_arena *arena = vl_cel_run_arena(run);
    CHECK("1e+21|1e-07|+Inf|null|%", "%s|%s|%s|%s|%%", D(1e21), D(1e-7), D(INFINITY), vl_cel_null());
    struct vl_cel_value list = LIST(vl_cel_timestamp(1577836800, 0), vl_cel_duration(60000000000),
        vl_cel_null(), vl_cel_bool(true), vl_cel_uint(1), S("a\"b"), vl_cel_bytes(VL_SPAN_LIT("ab")), D(1.5));
    CHECK("[timestamp(\"2020-01-01T00:00:00Z\"), duration(\"60s\"), null, true, 1, \"a\\\"b\", b\"ab\", "
          "1.500000]",
        "%s", list);
    struct vl_cel_value keys[] = {I(1), I(10), I(2)}, values[] = {I(1), I(2), S("\n")};
    CHECK("{1:1, 10:2, 2:\"\\n\"}", "%s", vl_cel_map_new(arena, keys, values, 3));
}

static void test_errors(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("error: error during formatting: decimal clause can only be used on integers, was given string",
        "%d", S("a"));
    CHECK("error: could not parse formatting clause: unrecognized formatting clause \"z\"", "%z", I(1));
    CHECK("error: could not parse formatting clause: unrecognized formatting clause \"\u00c3\"", "%\u00e9",
        I(1));
    CHECK("error: unexpected end of string", "a%", I(1));
    CHECK("error: index 1 out of range", "%s %s", I(1));
    CHECK("error: could not parse formatting clause: error while parsing precision: could not find end of "
          "precision "
          "specifier",
        "%.3", I(1));
    CHECK("error: could not parse formatting clause: error while parsing precision: error while converting "
          "precision "
          "to integer: strconv.Atoi: parsing \"\": invalid syntax",
        "%.f", D(1));
    CHECK("error: error during formatting: could not convert argument \"invalid UTF-8 in bytes, cannot "
          "convert to "
          "string\" to string",
        "%s", vl_cel_bytes(VL_SPAN_LIT("\xff")));
}

static void test_spec(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct vl_cel_value key = S("key1"), bytes = vl_cel_bytes(VL_SPAN_LIT("value1"));
    struct vl_cel_value map = vl_cel_map_new(arena, &key, &bytes, 1);
    struct vl_cel_value list = LIST(D(1052.032911275), I(2), D(2.5), LIST(S("abc"), D(1.5), vl_cel_null()),
        map, D(NAN), D(-INFINITY), D(2.0));
    check(run, "1.052033e+03 2.000000 2.5 [abc, 1.5, null] {key1: value1} NaN -Infinity 2",
        CALL(vl_cel_lib_strings_format_spec, "format", S("%.6e %f %d %s %s %e %f %s"), list));
    assert_int_equal(
        CALL(vl_cel_lib_strings_format_spec, "format", S("%e"), LIST(S("NaN"))).kind, VL_CEL_ERROR);
}

/* Wide numbers by the million end at the memory of a run. */
static void test_large(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    enum { CLAUSES = 20000 };
    char *format = malloc(CLAUSES * 8 + 1);
    assert_non_null(format);
    struct vl_cel_value *items = vl_cel_items_room(run, CLAUSES);
    assert_non_null(items);
    for (int i = 0; i < CLAUSES; i++) {
        memcpy(format + i * 8, "%.65535e", 8);
        items[i] = D(1.5);
    }
    format[CLAUSES * 8] = 0;
    struct vl_cel_value list = vl_cel_list_of(run, items, CLAUSES);
    check(run, "error: memory limit of the evaluation exceeded",
        CALL(vl_cel_lib_strings_format, "format", S(format), list));
    free(format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_spec),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
