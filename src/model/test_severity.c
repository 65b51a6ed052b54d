/* Scores: the qualitative severity rating scale of CVSS v3.1 (section 5) and v4.0 (section 6); for v2 NVD's
 * ranges, which end with High. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/severity.h"

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VL_SEVERITY_COUNT; i++) {
        enum vl_severity back = VL_SEVERITY_COUNT;
        assert_true(vl_severity_parse(vl_span_str(vl_severity_name((enum vl_severity)i)), &back));
        assert_int_equal(back, i);
    }
    assert_string_equal(vl_severity_name((enum vl_severity)77), "unknown");
}

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum vl_severity severity;
    } rows[] = {
        {"CRITICAL", VL_SEVERITY_CRITICAL},
        {"Important", VL_SEVERITY_HIGH},
        {"Moderate", VL_SEVERITY_MEDIUM},
        {"minor", VL_SEVERITY_LOW},
        {"Minimal", VL_SEVERITY_LOW},
        {"unimportant", VL_SEVERITY_NEGLIGIBLE},
        {"NONE", VL_SEVERITY_NEGLIGIBLE},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        enum vl_severity severity = VL_SEVERITY_UNKNOWN;
        assert_true(vl_severity_parse(vl_span_str(rows[i].word), &severity));
        assert_int_equal(severity, rows[i].severity);
    }
    enum vl_severity untouched = VL_SEVERITY_LOW;
    assert_false(vl_severity_parse(VL_SPAN_EMPTY, &untouched));
    assert_false(vl_severity_parse(VL_SPAN_LIT("high "), &untouched));
    assert_false(vl_severity_parse(VL_SPAN_LIT("severe"), &untouched));
    assert_int_equal(untouched, VL_SEVERITY_LOW);
}

static void test_scores(void **state)
{
    (void)state;
    static const struct {
        double score;
        enum vl_severity v3, v2;
    } rows[] = {
        {0.0, VL_SEVERITY_NEGLIGIBLE, VL_SEVERITY_NEGLIGIBLE},
        {0.1, VL_SEVERITY_LOW, VL_SEVERITY_LOW},
        {3.9, VL_SEVERITY_LOW, VL_SEVERITY_LOW},
        {4.0, VL_SEVERITY_MEDIUM, VL_SEVERITY_MEDIUM},
        {6.9, VL_SEVERITY_MEDIUM, VL_SEVERITY_MEDIUM},
        {7.0, VL_SEVERITY_HIGH, VL_SEVERITY_HIGH},
        {8.9, VL_SEVERITY_HIGH, VL_SEVERITY_HIGH},
        {9.0, VL_SEVERITY_CRITICAL, VL_SEVERITY_HIGH},
        {10.0, VL_SEVERITY_CRITICAL, VL_SEVERITY_HIGH},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_int_equal(vl_severity_from_score(rows[i].score, 20), rows[i].v2);
        assert_int_equal(vl_severity_from_score(rows[i].score, 30), rows[i].v3);
        assert_int_equal(vl_severity_from_score(rows[i].score, 31), rows[i].v3);
        assert_int_equal(vl_severity_from_score(rows[i].score, 40), rows[i].v3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_words), cmocka_unit_test(test_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
