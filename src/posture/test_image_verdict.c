/* Rows by hand: "No data is not assessed, never Healthy". */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "posture/image_verdict.h"

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        struct vl_image_facts facts;
        int status; /* 0: no verdict */
        int exempt;
        const char *cause;
    } rows[] = {
        {{.scanned = false}, 0, 0, NULL},
        {{.scanned = false, .open = 3}, 0, 0, NULL},
        {{.scanned = false, .whole = VL_EXEMPT_WAIVER}, 0, 0, NULL},
        {{.scanned = true}, VL_ASSESSMENT_HEALTHY, 0, NULL},
        {{.scanned = true, .open = 1}, VL_ASSESSMENT_UNHEALTHY, 0, NULL},
        {{.scanned = true, .open = 1, .assessed = VL_ASSESSED_PARTIAL}, VL_ASSESSMENT_UNHEALTHY, 0, NULL},
        {{.scanned = true, .open = 1, .waived = 5}, VL_ASSESSMENT_UNHEALTHY, 0, NULL},
        {{.scanned = true, .assessed = VL_ASSESSED_NOT}, VL_ASSESSMENT_NOT_APPLICABLE, 0, "NoAdvisoryData"},
        {{.scanned = true, .assessed = VL_ASSESSED_PARTIAL}, VL_ASSESSMENT_NOT_APPLICABLE, 0,
            "PartiallyAssessed"},
        {{.scanned = true, .waived = 1, .mitigated = 1}, VL_ASSESSMENT_NOT_APPLICABLE, VL_EXEMPT_WAIVER,
            "Exempt"},
        {{.scanned = true, .mitigated = 2}, VL_ASSESSMENT_HEALTHY, VL_EXEMPT_MITIGATED, "Exempt"},
        {{.scanned = true, .mitigated = 2, .assessed = VL_ASSESSED_PARTIAL}, VL_ASSESSMENT_NOT_APPLICABLE, 0,
            "PartiallyAssessed"},
        {{.scanned = true, .open = 9, .whole = VL_EXEMPT_WAIVER}, VL_ASSESSMENT_NOT_APPLICABLE,
            VL_EXEMPT_WAIVER, "Exempt"},
        {{.scanned = true, .open = 9, .whole = VL_EXEMPT_MITIGATED}, VL_ASSESSMENT_HEALTHY,
            VL_EXEMPT_MITIGATED, "Exempt"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_image_verdict v = {0};
        bool any = vl_posture_image_verdict(&rows[i].facts, &v);
        assert_int_equal(any, rows[i].status != 0);
        assert_int_equal(v.status, rows[i].status);
        assert_int_equal(v.exempt, rows[i].exempt);
        if (rows[i].cause)
            assert_string_equal(v.cause, rows[i].cause);
        else
            assert_null(v.cause);
    }
}

static void test_words(void **state)
{
    (void)state;
    const struct vl_image_facts facts = {
        .scanned = true, .assessed = VL_ASSESSED_NOT, .why_not = "no advisory data for gentoo (3 packages)"};
    struct vl_image_verdict v;
    assert_true(vl_posture_image_verdict(&facts, &v));
    assert_string_equal(v.description, "no advisory data for gentoo (3 packages)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
