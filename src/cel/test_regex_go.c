/* Facts: what Kubernetes 1.36 answered for these patterns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pattern/regex.h"
#include "regex_go.h"

static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool found;
    } cases[] = {
        {"(?<n>b)", "aab", true},
        {"(?P<n>a)(?P<n>b)", "ab", true},
        {"(?<n>b)(?<n>b)", "ab", false},
        {"[(?<n>]", "<", true},
        {"\\Q(?<n>\\C\\E", "x(?<n>\\C", true},
        {"[[:alpha:](?<!]", "!", true},
        {"\\\\C", "\\C", true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_regex *regex VL_CLEANUP(vl_regex_cleanup) = NULL;
        if (vl_cel_regex_new(vl_span_str(cases[i].pattern), &regex, &err) < 0)
            fail_msg("%s: %s", cases[i].pattern, err.msg);
        assert_int_equal(vl_regex_find(regex, vl_span_str(cases[i].text), NULL, 0), cases[i].found);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *message;
    } cases[] = {
        {"\\C", "invalid escape sequence: `\\C`"},
        {"\\pL.\\C(?m)", "invalid escape sequence: `\\C`"},
        {"(?<!a)", "invalid named capture: `(?<!a)`"},
        {"(?<(?P>\\z(?P>", "invalid named capture: `(?<(?P>`"},
        {"(?<n>b){2,1}", "invalid repeat count: `{2,1}`"},
        {"(?<n>b)\\1)", "invalid escape sequence: `\\1`"},
        {"(?P<n>?:a)", "missing argument to repetition operator: `?`"},
        {"a*{1001}", "invalid repeat count: `{1001}`"},
        {"a*{2,1}?", "invalid repeat count: `{2,1}`"},
        {"(?P<n", "invalid named capture: `(?P<n`"},
        {"(", "missing closing ): `(`"},
        {"(?<n>a", "missing closing ): `(?<n>a`"},
        {"a**", "invalid nested repetition operator: `**`"},
        {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
        {"a\\", "trailing backslash at end of expression: ``"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_regex *regex VL_CLEANUP(vl_regex_cleanup) = NULL;
        struct vl_buf text VL_CLEANUP(vl_buf_done), wanted VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 1000);
        vl_buf_init(&wanted, 1000);
        assert_true(vl_cel_regex_new(vl_span_str(cases[i].pattern), &regex, &err) < 0);
        vl_cel_regex_message(vl_span_str(cases[i].pattern), &err, &text);
        vl_buf_printf(&wanted, "error parsing regexp: %s", cases[i].message);
        assert_string_equal(vl_buf_str(&text), vl_buf_str(&wanted));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
