/* Facts: Go's strconv and time packages (examples of their documentation and of cel-go's tests). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "number_text.h"

static char text[VL_CEL_NUMBER_TEXT_MAX];

static void test_doubles(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *general, *plain;
    } rows[] = {
        {0, "0", "0"},
        {5, "5", "5"},
        {-0.0, "-0", "-0"},
        {0.1, "0.1", "0.1"},
        {123456789, "123456789", "123456789"},
        {1e21, "1e+21", "1000000000000000000000"},
        {1e20, "100000000000000000000", "100000000000000000000"},
        {1e-7, "1e-07", "0.0000001"},
        {0.0001, "0.0001", "0.0001"},
        {1.7976931348623157e308, "1.7976931348623157e+308", NULL},
        {5e-324, "5e-324", NULL},
        {9007199254740993.0, "9007199254740992", "9007199254740992"},
        {INFINITY, "+Inf", "+Inf"},
        {-INFINITY, "-Inf", "-Inf"},
        {NAN, "NaN", "NaN"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_string_equal(vl_cel_double_general(rows[i].v, 21, text), rows[i].general);
        if (rows[i].plain)
            assert_string_equal(vl_cel_double_plain(rows[i].v, text), rows[i].plain);
    }
}

static void test_double_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        double v;
    } rows[] = {
        {"1", true, 1},
        {"-1.5e3", true, -1500},
        {".5", true, 0.5},
        {"5.", true, 5},
        {"0x1p-2", true, 0.25},
        {"0x10", false, 0},
        {"Inf", true, INFINITY},
        {"-infinity", true, -INFINITY},
        {"", false, 0},
        {"+", false, 0},
        {"1e", false, 0},
        {"1 ", false, 0},
        {" 1", false, 0},
        {"1_000", true, 1000},
        {"_1", false, 0},
        {"1__0", false, 0},
        {"1_", false, 0},
        {"0x_1p0", true, 1},
        {"1_.5", false, 0},
        {"nan(1)", false, 0},
        {"1e5e5", false, 0},
        {".", false, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        double v = 0;
        bool in_range;
        if (vl_cel_double_parse(vl_span_str(rows[i].text), &v, &in_range) != rows[i].good)
            fail_msg("%s", rows[i].text);
        assert_true(v == rows[i].v);
    }
    double v;
    bool in_range;
    assert_true(vl_cel_double_parse(vl_span_str("NaN"), &v, &in_range) && isnan(v));
    assert_true(vl_cel_double_parse(vl_span_str("1e999"), &v, &in_range));
    assert_false(in_range);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool good;
        int64_t ns;
        const char *go, *seconds;
    } rows[] = {
        {"1h", true, INT64_C(3600000000000), "1h0m0s", "3600s"},
        {"1.5s", true, 1500000000, "1.5s", "1.5s"},
        {"-90061.000000001s", true, INT64_C(-90061000000001), "-25h1m1.000000001s", "-90061.000000001s"},
        {"1m0.5s", true, INT64_C(60500000000), "1m0.5s", "60.5s"},
        {"0", true, 0, "0s", "0s"},
        {"1ns", true, 1, "1ns", "0.000000001s"},
        {"1100us", true, 1100000, "1.1ms", "0.0011s"},
        {"2200ns", true, 2200, "2.2µs", "0.0000022s"},
        {"+5m", true, INT64_C(300000000000), "5m0s", "300s"},
        {"-9223372036854775808ns", true, INT64_MIN, "-2562047h47m16.854775808s", NULL},
        {"9223372036854775808ns", false, 0, NULL, NULL},
        {"3000000h", false, 0, NULL, NULL},
        {"", false, 0, NULL, NULL},
        {"-", false, 0, NULL, NULL},
        {"1", false, 0, NULL, NULL},
        {"s", false, 0, NULL, NULL},
        {".s", false, 0, NULL, NULL},
        {"1d", false, 0, NULL, NULL},
        {"1s ", false, 0, NULL, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        int64_t ns = 0;
        if (vl_cel_duration_parse(vl_span_str(rows[i].in), &ns) != rows[i].good)
            fail_msg("%s", rows[i].in);
        assert_int_equal(ns, rows[i].ns);
        if (rows[i].go)
            assert_string_equal(vl_cel_duration_go(ns, text), rows[i].go);
        if (rows[i].seconds)
            assert_string_equal(vl_cel_duration_seconds(ns, text), rows[i].seconds);
    }
}

static void test_timestamps(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool good;
        int64_t seconds;
        uint32_t nanos;
        const char *out;
    } rows[] = {
        {"1970-01-01T00:00:00Z", true, 0, 0, "1970-01-01T00:00:00Z"},
        {"2009-02-13T23:31:30Z", true, 1234567890, 0, "2009-02-13T23:31:30Z"},
        {"2009-02-13T23:31:30.120Z", true, 1234567890, 120000000, "2009-02-13T23:31:30.12Z"},
        {"2011-01-05T00:00:00.000+01:00", true, 1294182000, 0, "2011-01-05T00:00:00+01:00"},
        {"0001-01-01T00:00:00Z", true, VL_CEL_TIME_MIN, 0, "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999999Z", true, VL_CEL_TIME_MAX, 999999999,
            "9999-12-31T23:59:59.999999999Z"},
        {"2000-02-29T00:00:00-00:30", true, 951784200, 0, "2000-02-29T00:00:00-00:30"},
        {"2001-02-29T00:00:00Z", false, 0, 0, NULL},
        {"2001-13-01T00:00:00Z", false, 0, 0, NULL},
        {"2001-01-01T24:00:00Z", false, 0, 0, NULL},
        {"2001-01-01T1:00:00Z", false, 0, 0, NULL},
        {"2001-01-01T00:00:60Z", false, 0, 0, NULL},
        {"2001-01-01t00:00:00z", false, 0, 0, NULL},
        {"2001-01-01 00:00:00Z", false, 0, 0, NULL},
        {"2001-01-01T00:00:00,5Z", false, 0, 0, NULL},
        {"2001-01-01T00:00:00.Z", false, 0, 0, NULL},
        {"2001-01-01T00:00:00", false, 0, 0, NULL},
        {"2001-01-01T00:00:00+24:00", false, 0, 0, NULL},
        {"2001-01-01", false, 0, 0, NULL},
        {"", false, 0, 0, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        int64_t seconds = 0;
        uint32_t nanos = 0;
        int offset = 0;
        if ((vl_cel_time_parse(vl_span_str(rows[i].in), &seconds, &nanos, &offset) > 0) != rows[i].good)
            fail_msg("%s", rows[i].in);
        assert_int_equal(seconds, rows[i].seconds);
        assert_int_equal(nanos, rows[i].nanos);
        if (rows[i].out)
            assert_string_equal(vl_cel_time_text(seconds, nanos, offset, text), rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_double_parse),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
