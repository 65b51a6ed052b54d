/* Placeholders (their form is pySigma's) and weeks of a time (ISO 8601; the expected ones are those of
 * Python's datetime). tests: sigma_vars.c sigma_week.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "sigma_test.h"
#include "test_sigma_sink.h"

#define LOG "title: T\nlogsource: {product: x}\ndetection:\n  s:\n"

static void test_values(void **state)
{
    (void)state;
    struct test_set set;
    test_set_read(&set,
        "name: ours\nvars:\n  servers: [srv1, 'dc*']\n  one: 7\n  net: [10.0.0.0/8]\n---\n" LOG
        "    host|expand: '%servers%'\n    n|expand: '%one%'\n    ip|cidr|expand: '%net%'\n"
        "    both|contains|expand: '<%servers%-%one%>'\n  condition: s\n");
    assert_int_equal(set.n_problems, 0);
    assert_true(
        test_set_holds(&set, 0, "{\"host\":\"SRV1\",\"n\":7,\"ip\":\"10.1.1.1\",\"both\":\"a <dc9-7> b\"}"));
    assert_true(
        test_set_holds(&set, 0, "{\"host\":\"dc12\",\"n\":\"7\",\"ip\":\"10.1.1.1\",\"both\":\"<srv1-7>\"}"));
    assert_false(
        test_set_holds(&set, 0, "{\"host\":\"srv2\",\"n\":7,\"ip\":\"10.1.1.1\",\"both\":\"<srv1-7>\"}"));
    assert_false(
        test_set_holds(&set, 0, "{\"host\":\"srv1\",\"n\":7,\"ip\":\"11.1.1.1\",\"both\":\"<srv1-7>\"}"));
    assert_false(
        test_set_holds(&set, 0, "{\"host\":\"srv1\",\"n\":7,\"ip\":\"10.1.1.1\",\"both\":\"<srv1-8>\"}"));
    test_set_done(&set);
    /* without the modifier the signs are characters */
    test_set_read(&set, "vars: {servers: [a]}\n---\n" LOG "    host: '%servers%'\n  condition: s\n");
    assert_true(test_set_holds(&set, 0, "{\"host\":\"%servers%\"}"));
    assert_false(test_set_holds(&set, 0, "{\"host\":\"a\"}"));
    test_set_done(&set);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {LOG "    a|expand: '%who%'\n  condition: s\n", "%who% is not known; give it"},
        {"vars: [a]\n", "vars is a map"},
        {"vars: {a: {b: c}}\n", "a value is a text"},
        {"vars: {a: []}\n", "one to"},
        {"vars: {a: b}\n---\n" LOG "    a|expand: '%a%%a%%a%%a%%a%%a%%a%%a%%a%'\n  condition: s\n",
            "more than 8"},
        {LOG "    a|week: 54\n  condition: s\n", "no year has such a week"},
    };
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct test_set set;
        test_set_read(&set, cases[i].yaml);
        assert_int_equal(set.n_problems, 1);
        if (!strstr(set.problems[0].message, cases[i].message))
            fail_msg("%s: %s", cases[i].yaml, set.problems[0].message);
        test_set_done(&set);
    }
}

static const struct {
    const char *day;
    int week;
} days[] = {{"2020-12-31", 53}, {"2021-01-03", 53}, {"2021-01-04", 1}, {"2024-12-30", 1}, {"2024-12-29", 52},
    {"2026-11-28", 48}, {"2027-01-01", 53}, {"2016-01-03", 53}, {"2015-12-28", 53}, {"2000-02-29", 9},
    {"1999-12-31", 52}, {"2010-01-03", 53}, {"2012-01-01", 52}, {"2120-12-31", 1}, {"1970-01-01", 1},
    {"2032-12-31", 53}};

static void test_weeks(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(days); i++) {
        for (int week = days[i].week - 1; week <= days[i].week + 1; week++) {
            struct test_set set;
            char yaml[256], json[64];
            if (week < 1 || week > 53)
                continue;
            (void)snprintf(yaml, sizeof(yaml), LOG "    t|week: %d\n  condition: s\n", week);
            (void)snprintf(json, sizeof(json), "{\"t\":\"%sT12:00:00Z\"}", days[i].day);
            test_set_read(&set, yaml);
            if (test_set_holds(&set, 0, json) != (week == days[i].week))
                fail_msg("%s is not in week %d", days[i].day, days[i].week);
            test_set_done(&set);
        }
    }
    struct test_set set;
    test_set_read(&set, LOG "    t|week|lt: 40\n  condition: s\n");
    assert_int_equal(set.n_problems, 0);
    assert_true(test_set_holds(&set, 0, "{\"t\":\"2026-06-01T00:00:00Z\"}"));
    assert_false(test_set_holds(&set, 0, "{\"t\":\"2026-11-28T00:00:00Z\"}"));
    test_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_weeks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
