/* tests: license.c license_ids.c. Second source: SPDX 2.3 annex D (expressions) and the licence list. */
#include "test_support.h"

#include <string.h>

#include "license.h"
#include "license_ids.h"

static void test_ids(void **state)
{
    (void)state;
    const char *id = NULL;
    assert_int_equal(vl_report_license_kind("apache-2.0", &id), VL_REPORT_LICENSE_ID);
    assert_string_equal(id, "Apache-2.0");
    for (size_t i = 0; i < vl_report_n_license_ids; i++)
        assert_int_equal(vl_report_license_kind(vl_report_license_ids[i], NULL), VL_REPORT_LICENSE_ID);
    assert_int_equal(vl_report_license_kind("GPL-2.0", &id), VL_REPORT_LICENSE_ID); /* deprecated */
    assert_int_equal(vl_report_license_kind("GPL-2.0+", &id), VL_REPORT_LICENSE_EXPRESSION);
    assert_true(vl_report_n_license_ids > 600);
}

static void test_expressions(void **state)
{
    (void)state;
    static const char *const good[] = {"MIT OR Apache-2.0", "(MIT OR Apache-2.0) AND BSD-3-Clause", "((MIT))",
        "GPL-2.0-only WITH Classpath-exception-2.0", "Apache-1.1+", "LicenseRef-23",
        "MIT AND (LGPL-2.1-or-later OR BSD-3-Clause)"};
    static const char *const words[] = {"", "BSD", "MIT or Apache-2.0", "MIT OR", "(MIT", "MIT)",
        "MIT Apache-2.0", "AND MIT", "LicenseRef-", "LicenseRef-a_b", "GPL-2.0-only WITH Nothing",
        "Apache License, Version 2.0", "+", "()", "MI", "MITT",
        "((((((((((((((((((((MIT))))))))))))))))))))"};
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++)
        assert_int_equal(vl_report_license_kind(good[i], NULL), VL_REPORT_LICENSE_EXPRESSION);
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++)
        assert_int_equal(vl_report_license_kind(words[i], NULL), VL_REPORT_LICENSE_WORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ids), cmocka_unit_test(test_expressions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
