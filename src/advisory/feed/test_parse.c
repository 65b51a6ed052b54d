/* Helpers of the parsers: intervals as FriendsOfPHP, RetireJS and the Node.js working group write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "test_support.h"

static void assert_interval(const char *text, const char *expected)
{
    char got[200] = "refused";
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_record_range r;
    struct vl_feed_list versions = {0};
    assert_non_null(arena);
    if (vl_feed_interval(vl_span_str(text), arena, &r, &versions)) {
        if (versions.n)
            (void)snprintf(got, sizeof(got), "=%.*s", VL_SPAN_FMT(versions.items[0]));
        else
            (void)snprintf(got, sizeof(got), "%c%.*s,%.*s%c", r.after ? '(' : '[', VL_SPAN_FMT(r.introduced),
                VL_SPAN_FMT(r.fixed.len ? r.fixed : r.last), r.last.len ? ']' : ')');
    }
    assert_string_equal(got, expected);
    vl_arena_free(arena);
}

static void test_intervals(void **state)
{
    (void)state;
    assert_interval(">=1.0 <1.2", "[1.0,1.2)");
    assert_interval(">= 1.0, < 1.2", "[1.0,1.2)");
    assert_interval("> 0.9 <= 2", "(0.9,2]");
    assert_interval("<2", "[,2)");
    assert_interval("*", "[,)");
    assert_interval("", "[,)");
    assert_interval("1.0", "=1.0");
    assert_interval("=1.0", "=1.0");
    assert_interval("==1.0", "=1.0");
    /* what a range of two ends cannot say */
    assert_interval("^1.0", "refused");
    assert_interval("~1.0", "refused");
    assert_interval("1.x", "refused");
    assert_interval("!=1.0", "refused");
    assert_interval("1.0 2.0", "refused");
    assert_interval("<1 <=2", "refused");
    assert_interval(">=", "refused");
}

static void test_ids(void **state)
{
    (void)state;
    assert_int_equal(vl_feed_cwe(VL_SPAN_LIT("CWE-79")), 79);
    assert_int_equal(vl_feed_cwe(VL_SPAN_LIT("79")), 79);
    assert_int_equal(vl_feed_cwe(VL_SPAN_LIT("NVD-CWE-noinfo")), 0);
    assert_int_equal(vl_feed_cwe(VL_SPAN_LIT("CWE-1000000")), 0);
    assert_true(vl_feed_is_cve(VL_SPAN_LIT("CVE-2021-44228")));
    assert_true(vl_feed_is_cve(VL_SPAN_LIT("CVE-2014-0160")));
    assert_false(vl_feed_is_cve(VL_SPAN_LIT("CVE-2014-016")));
    assert_false(vl_feed_is_cve(VL_SPAN_LIT("cve-2014-0160")));
    assert_false(vl_feed_is_cve(VL_SPAN_LIT("CVE-2014-01a0")));
    assert_false(vl_feed_is_cve(VL_SPAN_LIT("TEMP-0000000-ABCDEF")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_intervals), cmocka_unit_test(test_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
