/* tests: lib_strings.c lib_strings_go.c
 * Facts: answers, messages and costs of Kubernetes 1.36 (TestStringLibrary, and asked of it). */
#include "test_lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib_strings.h"
#include "lib_support.h"
#include "value_impl.h"

extern const struct vl_cel_library vl_cel_lib_strings, vl_cel_lib_strings_spec;
#define TEXT                 vl_cel_lib_strings
#define I(n)                 vl_cel_int(n)
#define CHECK(expected, ...) assert_string_equal(lib_text(CALL(TEXT, __VA_ARGS__)), expected)

static void test_indices(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("\"\"", "charAt", S("a"), I(1));
    CHECK("\"\u00e9\"", "charAt", S("h\u00e9llo"), I(1));
    CHECK("error: index out of range: 2", "charAt", S("a"), I(2));
    CHECK("error: index out of range: -1", "charAt", S("a"), I(-1));
    CHECK("3", "indexOf", S("abc"), S(""), I(10));
    CHECK("error: index out of range: -1", "indexOf", S("abc"), S(""), I(-1));
    CHECK("-1", "indexOf", S("abc"), S("c"), I(3));
    CHECK("2", "indexOf", S("h\u00e9llo"), S("l"));
    CHECK("0", "indexOf", S(""), S(""));
    CHECK("3", "lastIndexOf", S("abc"), S(""), I(10));
    CHECK("3", "lastIndexOf", S("abc"), S(""));
    CHECK("error: index out of range: -1", "lastIndexOf", S("abc"), S("c"), I(-1));
    CHECK("-1", "lastIndexOf", S("abc"), S("abcd"));
    CHECK("-1", "lastIndexOf", S("abc"), S("b"), I(0));
    CHECK("1", "lastIndexOf", S("aaaa"), S("aa"), I(1));
    CHECK("2", "lastIndexOf", S("aaaa"), S("aa"));
    CHECK("-1", "lastIndexOf", S("abc"), S("abcd"), I(1));
    CHECK("3", "lastIndexOf", S("h\u00e9llo"), S("l"));
    CHECK("-1", "lastIndexOf", S(""), S("a"));
    CHECK("\"\"", "substring", S("abc"), I(3));
    CHECK("\"b\"", "substring", S("abc"), I(1), I(2));
    CHECK("error: invalid substring range. start: 1, end: 0", "substring", S("abc"), I(1), I(0));
    CHECK("error: index out of range: 4", "substring", S("abc"), I(4));
    CHECK("error: index out of range: 4", "substring", S("abc"), I(0), I(4));
    CHECK("error: index out of range: -1", "substring", S("abc"), I(-1));
}

static void test_changes(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("\"-a-b-c-\"", "replace", S("abc"), S(""), S("-"));
    CHECK("\"-h-\u00e9\u00e9\"", "replace", S("h\u00e9\u00e9"), S(""), S("-"), I(2));
    CHECK("\"ac\"", "replace", S("abc"), S("b"), S(""));
    CHECK("\"hello hello\"", "replace", S("hello hello"), S("he"), S("we"), I(0));
    CHECK("\"wello hello\"", "replace", S("hello hello"), S("he"), S("we"), I(1));
    CHECK("\"-\"", "replace", S(""), S(""), S("-"));
    CHECK("[\"a\",\"b\",\"c\"]", "split", S("abc"), S(""));
    CHECK("[\"a\",\"bc\"]", "split", S("abc"), S(""), I(2));
    CHECK("[]", "split", S(""), S(""));
    CHECK("[\"\"]", "split", S(""), S(","));
    CHECK("[\"a\",\"b,c\"]", "split", S("a,b,c"), S(","), I(2));
    CHECK("[]", "split", S("a,b,c"), S(","), I(0));
    CHECK("[\"a\",\"b\",\"c\"]", "split", S("a,b,c"), S(","), I(-7));
    CHECK("[\"a\",\"b\",\"c\"]", "split", S("a,b,c"), S(","), I(100));
    CHECK("\"x\"", "trim", S("\u00a0\u2003 \t\n x\u3000\xc2\x85"));
    CHECK("\"\"", "trim", S(" \u2028"));
    CHECK("\"tacocat\u00c9@z\"", "lowerAscii", S("TacoCat\u00c9@Z"));
    CHECK("\"TACOCAT\u00e9`{\"", "upperAscii", S("TacoCat\u00e9`{"));
    CHECK("\"\\\"a\\\\\\\"b\\\\\\\\c\\\\n\u00e9\\\"\"", "strings.quote", S("a\"b\\c\n\u00e9"));
    assert_string_equal(lib_text(CALL(vl_cel_lib_strings_spec, "reverse", S("h\u00e9x"))), "\"x\u00e9h\"");
}

static void test_join(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct vl_cel_value texts[] = {S("x"), S("y"), S("z")};
    CHECK("\"x, y, z\"", "join", vl_cel_list_new(arena, texts, 3), S(", "));
    CHECK("\"xyz\"", "join", vl_cel_list_new(arena, texts, 3));
    CHECK("\"\"", "join", vl_cel_list_new(arena, NULL, 0), S(","));
    struct vl_cel_value key = S("a"), one = I(1);
    const struct {
        struct vl_cel_value value;
        const char *text;
    } cases[] = {
        {I(1), "1"},
        {vl_cel_null(), "0"},
        {vl_cel_list_new(arena, &one, 1), "[1]"},
        {vl_cel_map_new(arena, &key, &one, 1), "{a: 1}"},
        {vl_cel_double(1.5), "1.5"},
        {vl_cel_duration(1000000000), "1s"},
        {vl_cel_timestamp(1577836800, 0), "2020-01-01 00:00:00 +0000 UTC"},
        {vl_cel_bytes(VL_SPAN_LIT("ab")), "[97 98]"},
        {vl_cel_optional(arena, one), "optional(1)"},
        {vl_cel_bool(true), "true"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value mixed[] = {S("a"), cases[i].value};
        char expected[100];
        snprintf(expected, sizeof(expected), "error: join: invalid input: %s", cases[i].text);
        CHECK(expected, "join", vl_cel_list_new(arena, mixed, 2));
    }
}

static void test_costs(void **state)
{
    (void)state;
    /* TestSize of cost_test.go: the size of what replace() makes */
    const struct {
        struct vl_cel_range text, old, with, size;
    } cases[] = {
        {{3, 3}, {0, 0}, {1, 1}, {7, 7}},
        {{3, 3}, {1, 1}, {0, 0}, {0, 3}},
        {{4, 4}, {2, 2}, {4, 4}, {4, 8}},
        {{4, 4}, {0, 1}, {0, 2}, {0, 14}},
        {{4, 4}, {1, 1}, {1, 2}, {4, 8}},
        {{4, 4}, {1, 2}, {1, 1}, {2, 4}},
    };
    const struct vl_cel_overload *replace = NULL;
    for (unsigned i = 0; i < TEXT.n; i++)
        if (strcmp(TEXT.functions[i].name, "replace") == 0)
            replace = TEXT.functions[i].overloads;
    assert_non_null(replace);
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_estimate_arg args[] = {
            {.size = cases[i].text}, {.size = cases[i].old}, {.size = cases[i].with}};
        struct vl_cel_range size = vl_cel_range_of(0, UINT64_MAX);
        replace->price.estimate(args, 3, &size);
        assert_int_equal(size.min, cases[i].size.min);
        assert_int_equal(size.max, cases[i].size.max);
    }
    struct vl_cel_value text = S("hello hello"), of[] = {text, S("he"), S("we")};
    assert_int_equal(lib_cost(&TEXT, "replace", 3, of, text), 3);
    assert_int_equal(lib_cost(&TEXT, "lowerAscii", 1, of, text), 2);
    assert_int_equal(lib_cost(&TEXT, "indexOf", 2, of, vl_cel_int(0)), 1);
}

/* Ten million bytes and a needle that almost fits everywhere: no product of both. */
static void test_large(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    enum { LEN = 10000000 };
    char *bytes = malloc(LEN + 1);
    assert_non_null(bytes);
    memset(bytes, 'a', LEN);
    bytes[LEN] = 0;
    struct vl_cel_value text = vl_cel_string((struct vl_span){bytes, LEN});
    char *needle = malloc(LEN / 2);
    assert_non_null(needle);
    memset(needle, 'a', LEN / 2);
    needle[0] = 'b';
    struct vl_cel_value half = vl_cel_string((struct vl_span){needle, LEN / 2});
    CHECK("-1", "lastIndexOf", text, half);
    CHECK("-1", "indexOf", text, half);
    CHECK("error: memory limit of the evaluation exceeded", "split", text, S(""));
    CHECK("error: memory limit of the evaluation exceeded", "replace", text, S(""), half);
    CHECK("error: memory limit of the evaluation exceeded", "replace", text, S("a"), S("aaaaaaaaaaaaaaaa"));
    free(needle);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indices),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
