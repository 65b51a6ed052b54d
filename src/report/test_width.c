/* tests: width.c. Second source: wcwidth() of the C library. */
#include "test_support.h"

#include <locale.h>
#include <stdio.h>
#include <wchar.h>

#include "width.h"

static void test_known(void **state)
{
    (void)state;
    unsigned columns;
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("libssl3")), 7);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("漢字")), 4);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("💥")), 2);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("é")), 1);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("e\xcc\x81")), 1);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("…·→")), 3);
    assert_int_equal(vl_report_columns(VL_SPAN_LIT("\xff")), 1);
    assert_int_equal(vl_report_fit(VL_SPAN_LIT("漢字"), 3, &columns), 3);
    assert_int_equal(columns, 2);
    assert_int_equal(vl_report_fit(VL_SPAN_LIT("abc"), 9, &columns), 3);
    assert_int_equal(columns, 3);
}

/* The two may know different Unicode versions: nearly all must agree. */
static void test_as_the_c_library(void **state)
{
    (void)state;
    unsigned differ = 0, compared = 0;
    for (uint32_t r = 0x20; r < 0x40000; r++) {
        int want = wcwidth((wchar_t)r);
        if (want < 0 || (r >= 0xd800 && r < 0xe000))
            continue;
        compared++;
        differ += (unsigned)want != vl_report_rune_columns(r);
    }
    print_message("%u of %u differ\n", differ, compared);
    assert_true(compared > 100000);
    assert_true(differ < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_as_the_c_library)};
    if (!setlocale(LC_CTYPE, "C.UTF-8")) {
        puts("skipped: this system has no locale C.UTF-8");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
