#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pattern/regex.h"

static struct vl_regex *compile(const char *pattern, bool ignore_case)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_regex *regex = NULL;
    if (vl_regex_new(vl_span_str(pattern), ignore_case, &regex, &err) < 0)
        fail_msg("%s", err.msg);
    return regex;
}

static void refuse(struct vl_span pattern, enum vl_err_code code)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_regex *regex = NULL;
    assert_true(vl_regex_new(pattern, false, &regex, &err) < 0);
    assert_null(regex);
    assert_int_equal(err.code, code);
    assert_true(err.msg[0] != '\0');
}

/* What RE2's syntax page says of each construct. */
static void test_syntax(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool find, full;
    } rows[] = {
        {"b", "abc", true, false},
        {"a.c", "abc", true, true},
        {"a.c", "a\nc", false, false},
        {"(?s)a.c", "a\nc", true, true},
        {"^b", "a\nb", false, false},
        {"(?m)^b", "a\nb", true, false},
        {"\\Aab\\z", "ab", true, true},
        {"a|ab", "ab", true, true},
        {"\\d{2,3}", "x1234", true, false},
        {"\\bfoo\\b", "a foo.", true, false},
        {"\\pL+", "\xc3\xa9\xd0\xb6", true, true},
        {"[[:alpha:]]+", "abc", true, true},
        {"\\Qa.b\\E", "a.b", true, true},
        {"\\Qa.b\\E", "axb", false, false},
        {"(?i)ABC", "abc", true, true},
        {"", "", true, true},
        {"", "x", true, false},
        {"x*", "", true, true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_regex *regex = compile(rows[i].pattern, false);
        if (vl_regex_find(regex, vl_span_str(rows[i].text), NULL, 0) != rows[i].find ||
            vl_regex_full_match(regex, vl_span_str(rows[i].text)) != rows[i].full)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
        vl_regex_free(regex);
    }
}

static void test_groups(void **state)
{
    (void)state;
    struct vl_regex *regex = compile("(\\w+)@(\\w+)(\\.org)?", false);
    struct vl_span g[VL_REGEX_GROUPS_MAX + 2];
    struct vl_span text = VL_SPAN_LIT("to: ann@example, bob@example.org");
    assert_true(vl_regex_find(regex, text, g, VL_ARRAY_LEN(g)));
    assert_true(vl_span_eq_str(g[0], "ann@example"));
    assert_ptr_equal(g[0].ptr, text.ptr + 4);
    assert_true(vl_span_eq_str(g[1], "ann"));
    assert_true(vl_span_eq_str(g[2], "example"));
    for (size_t i = 3; i < VL_ARRAY_LEN(g); i++)
        assert_true(g[i].ptr == NULL && g[i].len == 0);
    memset(g, 0x55, sizeof(g));
    assert_true(vl_regex_find(regex, text, g, 1));
    assert_int_equal(g[1].len, 0x5555555555555555);
    assert_false(vl_regex_find(regex, VL_SPAN_LIT("nobody"), g, 1));
    assert_true(vl_span_eq_str(g[0], "ann@example"));
    assert_false(vl_regex_full_match(regex, VL_SPAN_EMPTY));
    vl_regex_cleanup(&regex);
    assert_null(regex);
}

static void test_from(void **state)
{
    (void)state;
    struct vl_span group = VL_SPAN_EMPTY, text = VL_SPAN_LIT("abcabc");
    struct vl_regex *regex VL_CLEANUP(vl_regex_cleanup) = compile("b", false);
    assert_true(vl_regex_find_from(regex, text, 2, &group, 1));
    assert_ptr_equal(group.ptr, text.ptr + 4);
    assert_false(vl_regex_find_from(regex, text, 5, &group, 1));
    assert_false(vl_regex_find_from(regex, text, 7, &group, 1));
    struct vl_regex *start VL_CLEANUP(vl_regex_cleanup) = compile("^", false);
    assert_false(vl_regex_find_from(start, text, 1, &group, 1));
    struct vl_regex *empty VL_CLEANUP(vl_regex_cleanup) = compile("", false);
    assert_true(vl_regex_find_from(empty, text, 6, &group, 1));
    assert_int_equal(group.len, 0);
}

static void test_ignore_case(void **state)
{
    (void)state;
    struct vl_regex *regex = compile("stra\xc3\x9f"
                                     "e|\xc3\xa9",
        true);
    assert_true(vl_regex_full_match(regex, VL_SPAN_LIT("STRA\xc3\x9f"
                                                       "E")));
    assert_true(vl_regex_full_match(regex, VL_SPAN_LIT("\xc3\x89")));
    vl_regex_free(regex);
}

static void test_refused_patterns(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(", ")", "a**", "[b-a]", "(?=x)", "(a)\\1", "\\", "(?P<n", "a{1001}", "\xff", "x{3,2}", "*"};
    for (size_t i = 0; i < VL_ARRAY_LEN(patterns); i++)
        refuse(vl_span_str(patterns[i]), VL_ERR_INVALID);
    static char large[VL_REGEX_PATTERN_MAX + 1];
    memset(large, 'a', sizeof(large));
    refuse((struct vl_span){large, sizeof(large)}, VL_ERR_LIMIT);
    /* 1000^2 repetitions of a class do not fit the memory of one expression. */
    refuse(VL_SPAN_LIT("((\\pL{1000}){1000}){10}"), VL_ERR_INVALID);
    refuse(VL_SPAN_LIT("(\\pL{1,100}){1,10}\\pL{900}\\pL{1000}\\pL{1000}"), VL_ERR_LIMIT);
    vl_regex_free(NULL);
}

/* A backtracking engine needs 2^n steps here. */
static void test_linear_time(void **state)
{
    (void)state;
    static char text[1 << 20];
    memset(text, 'a', sizeof(text));
    struct vl_regex *regex = compile("(a+)+(a+)+(a+)+b", false);
    clock_t begin = clock();
    assert_false(vl_regex_find(regex, (struct vl_span){text, sizeof(text)}, NULL, 0));
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 20);
    vl_regex_free(regex);
}

/* Repetition is written out in the program: what it costs to compile grows with it. */
static void test_size(void **state)
{
    static const char *const patterns[] = {"a", "(abc){10}", "(abc){100}"};
    size_t before = 0;
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(patterns); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_regex *regex VL_CLEANUP(vl_regex_cleanup) = NULL;
        assert_int_equal(vl_regex_new(vl_span_str(patterns[i]), false, &regex, &err), 0);
        assert_true(vl_regex_size(regex) > before && vl_regex_size(regex) < VL_REGEX_SIZE_MAX);
        before = vl_regex_size(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_ignore_case),
        cmocka_unit_test(test_refused_patterns),
        cmocka_unit_test(test_linear_time),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
