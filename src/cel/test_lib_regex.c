/* tests: lib_regex.c
 * Facts: answers of Kubernetes 1.36, asked of it. */
#include "test_lib.h"

#include <stdlib.h>
#include <string.h>

extern const struct vl_cel_library vl_cel_lib_regex;
#define CHECK(expected, ...) assert_string_equal(lib_text(CALL(vl_cel_lib_regex, __VA_ARGS__)), expected)

static void test_find(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("\"123\"", "find", S("abc 123"), S("[0-9]+"));
    CHECK("\"\"", "find", S("abc"), S("xyz"));
    CHECK("\"\"", "find", S(""), S(""));
    CHECK("error: Illegal regex: error parsing regexp: missing closing ): `(`", "find", S("a"), S("("));
    struct vl_cel_value args[] = {S("abc 123"), S("[0-9]+")};
    assert_int_equal(lib_cost(&vl_cel_lib_regex, "find", 2, args, args[0]), 2);
}

static void test_find_all(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("[\"\",\"\",\"\",\"\",\"123\"]", "findAll", S("abc 123"), S("[0-9]*"));
    CHECK("[\"\",\"\",\"\",\"\"]", "findAll", S("h\u00e9\u00e9"), S(""));
    CHECK("[]", "findAll", S("abcabc"), S("b"), vl_cel_int(0));
    CHECK("[\"b\",\"b\"]", "findAll", S("abcabc"), S("b"), vl_cel_int(-5));
    CHECK("[\"\",\"b\"]", "findAll", S("abcabc"), S("b*"), vl_cel_int(2));
    CHECK("[\"X\",\"X\"]", "findAll", S("aXbX"), S("X|$"));
    CHECK("[\"\"]", "findAll", S("abc"), S("^"));
    CHECK("[\"\",\"\"]", "findAll", S("a\nb"), S("(?m)^"));
    CHECK("[\"\",\"aaa\",\"\"]", "findAll", S("baaac"), S("a*"));
    CHECK("[\"\",\"\",\"\",\"\"]", "findAll", S("h\u00e9llo w\u00f6rld"), S("\\B"));
}

/* Searches that each look at all that is left end by the clock; a nested repetition is linear. */
static void test_bombs(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    enum { LEN = 1000000 };
    char *text = malloc(LEN + 1);
    assert_non_null(text);
    memset(text, 'a', LEN);
    text[LEN] = 0;
    struct vl_cel_value answer = CALL(vl_cel_lib_regex, "findAll", S(text), S(".*x|"));
    assert_int_equal(answer.kind, VL_CEL_ERROR);
    CHECK("\"\"", "find", S(text), S("(a+)+$b"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_all),
        cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
