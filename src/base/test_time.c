#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

/* Values by Python's datetime; the examples of RFC 3339, chapter 5.8, among them. */
static const struct {
    const char *text;
    int64_t ms;
} rows[] = {
    {"1970-01-01", 0},
    {"2000-02-29", 951782400000},
    {"1900-03-01", -2203891200000},
    {"2100-02-28", 4107456000000},
    {"1969-12-31T23:59:59Z", -1000},
    {"1985-04-12T23:20:50.52Z", 482196050520},
    {"1996-12-19T16:39:57-08:00", 851042397000},
    {"1990-12-31T23:59:60Z", 662688000000}, /* a leap second is the next second */
    {"1937-01-01T12:00:27.87+00:20", -1041337172130},
    {"0001-01-01T00:00:00Z", -62135596800000},
    {"9999-12-31T23:59:59Z", 253402300799000},
    {"2026-11-24T08:00:00.123456789Z", 1795507200123},
    {"2026-11-24t08:00:00z", 1795507200000},
    {"2026-11-24 08:00:00+00:00", 1795507200000},
    {"2026-11-24T08:00:00", 1795507200000},
    {"2026-11-24T09:30:00+0130", 1795507200000},
    {" 2026-11-24\n", 1795478400000},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        int64_t ms = 1;
        if (!vl_time_parse(vl_span_str(rows[i].text), &ms) || ms != rows[i].ms)
            fail_msg("%s is %lld", rows[i].text, (long long)ms);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "2026", "2026-11", "2026-1-24", "26-11-24", "0000-01-01",
        "2026-00-10", "2026-13-01", "2026-11-00", "2026-11-31", "2026-02-29", "1900-02-29", "2100-02-29",
        "2026/11/24", "2026-11-24T", "2026-11-24T08", "2026-11-24T24:00:00Z", "2026-11-24T08:60:00Z",
        "2026-11-24T08:00:61Z", "2026-11-24T08:00:00.Z", "2026-11-24T08:00:00+", "2026-11-24T08:00:00+24:00",
        "2026-11-24T08:00:00+01:60", "2026-11-24T08:00:00ZZ", "2026-11-24X08:00:00Z", "2026-11-24Z",
        "-2026-11-24", "12026-11-24", "2026-11-24T08:00:00 UTC"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        int64_t ms = 42;
        if (vl_time_parse(vl_span_str(bad[i]), &ms))
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(ms, 42);
    }
}

static void test_format(void **state)
{
    (void)state;
    char text[VL_TIME_TEXT_MAX];
    assert_string_equal(vl_time_format(1795507200999, text), "2026-11-24T08:00:00Z");
    assert_string_equal(vl_time_format(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(vl_time_format(-1, text), "1969-12-31T23:59:59Z");
    assert_string_equal(vl_time_format(-62135596800000, text), "0001-01-01T00:00:00Z");
    assert_string_equal(vl_time_format(253402300799999, text), "9999-12-31T23:59:59Z");
    assert_string_equal(vl_time_format_date(-62135596800000, text), "0001-01-01");
    assert_string_equal(vl_time_format_date(951782400000, text), "2000-02-29");
    static const int64_t beyond[] = {-62135596800001, 253402300800000, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < VL_ARRAY_LEN(beyond); i++) {
        assert_string_equal(vl_time_format(beyond[i], text), "");
        assert_string_equal(vl_time_format_date(beyond[i], text), "");
    }
}

/* Against the C library, in steps that meet every month and both ends of days. */
static void test_every_month_of_four_centuries(void **state)
{
    (void)state;
    for (int64_t t = -11676096000; t < 9000000000; t += 1234567) {
        time_t seconds = (time_t)t;
        struct tm tm;
        char want[64], got[VL_TIME_TEXT_MAX];
        int64_t back;
        gmtime_r(&seconds, &tm);
        strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
        assert_string_equal(vl_time_format(t * 1000, got), want);
        assert_true(vl_time_parse(vl_span_str(want), &back));
        assert_true(back == t * 1000);
    }
}

static void test_clocks(void **state)
{
    (void)state;
    int64_t a = vl_time_monotonic_us(), b = vl_time_monotonic_us();
    assert_true(b >= a);
    int64_t now = vl_time_now_ms(), seconds = (int64_t)time(NULL);
    assert_true(now / 1000 >= seconds - 5 && now / 1000 <= seconds + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_every_month_of_four_centuries),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
