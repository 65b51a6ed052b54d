/* tests: lib_standard.c lib_standard_convert.c lib_standard_time.c lib_optional.c lib_comprehensions.c
 * libraries.c standard_price.c Facts: Kubernetes 1.36's evaluator (cel-go 0.32) asked for each of these. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "run_impl.h"
#include "value_impl.h"

static const struct vl_cel_overload *overload_of(const char *id)
{
    for (size_t i = 0; vl_cel_libraries[i]; i++)
        for (unsigned f = 0; f < vl_cel_libraries[i]->n; f++)
            for (unsigned o = 0; o < vl_cel_libraries[i]->functions[f].n; o++)
                if (strcmp(vl_cel_libraries[i]->functions[f].overloads[o].id, id) == 0)
                    return &vl_cel_libraries[i]->functions[f].overloads[o];
    fail_msg("no overload %s", id);
    abort(); /* not reached, which gcc -O3 has to be told */
}

static void gives(const char *id, struct vl_cel_value a, const struct vl_cel_value *b, const char *json)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = NULL;
    assert_int_equal(vl_cel_run_new(&run, &err), 0);
    const struct vl_cel_overload *overload = overload_of(id);
    struct vl_cel_value args[2] = {a, b ? *b : vl_cel_null()};
    struct vl_cel_value v = overload->call(run, args, b ? 2 : 1);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 16);
    assert_int_equal(vl_cel_value_json(v, true, &out, &err), 0);
    if (strcmp(vl_buf_str(&out), json) != 0)
        fail_msg("%s gives %s, not %s", id, vl_buf_str(&out), json);
}

static struct vl_cel_value str(const char *s)
{
    return vl_cel_string(vl_span_str(s));
}

static void test_conversions(void **state)
{
    (void)state;
    gives("string_to_int64", str("+5"), NULL, "{\"int\":\"5\"}");
    gives("string_to_int64", str("-9223372036854775808"), NULL, "{\"int\":\"-9223372036854775808\"}");
    gives("string_to_int64", str("9223372036854775808"), NULL,
        "{\"error\":\"type conversion error from 'string' to 'int'\"}");
    gives("string_to_int64", str("a"), NULL, "{\"error\":\"type conversion error from 'string' to 'int'\"}");
    gives(
        "string_to_uint64", str("+5"), NULL, "{\"error\":\"type conversion error from 'string' to 'uint'\"}");
    gives("string_to_double", str("1_0"), NULL, "{\"double\":\"10.0\"}");
    gives("string_to_double", str("foo"), NULL,
        "{\"error\":\"type conversion error from 'string' to 'double'\"}");
    gives("double_to_int64", vl_cel_double(-0x1p63), NULL, "{\"error\":\"integer overflow\"}");
    gives("double_to_int64", vl_cel_double(-1.9), NULL, "{\"int\":\"-1\"}");
    gives("double_to_uint64", vl_cel_double(-0.5), NULL, "{\"error\":\"unsigned integer overflow\"}");
    gives("int64_to_uint64", vl_cel_int(-1), NULL, "{\"error\":\"unsigned integer overflow\"}");
    gives("double_to_string", vl_cel_double(1234567), NULL, "{\"string\":\"1.234567e+06\"}");
    gives("double_to_string", vl_cel_double(100000), NULL, "{\"string\":\"100000\"}");
    gives("double_to_string", vl_cel_double(0.00001), NULL, "{\"string\":\"1e-05\"}");
    gives("string_to_bool", str("T"), NULL, "{\"bool\":true}");
    gives(
        "string_to_bool", str("tRUE"), NULL, "{\"error\":\"type conversion error from 'string' to 'bool'\"}");
    gives("bytes_to_string", vl_cel_bytes(VL_SPAN_LIT("\xff")), NULL,
        "{\"error\":\"invalid UTF-8 in bytes, cannot convert to string\"}");
    gives("string_to_timestamp", str("foo"), NULL, "{\"error\":\"invalid RFC 3339 timestamp \\\"foo\\\"\"}");
    gives("string_to_timestamp", str("2001-02-30T00:00:00Z"), NULL,
        "{\"error\":\"type conversion error from 'string' to 'google.protobuf.Timestamp'\"}");
    gives("string_to_timestamp", str("0000-01-01T00:00:00Z"), NULL, "{\"error\":\"timestamp overflow\"}");
    gives("int64_to_timestamp", vl_cel_int(-99999999999999), NULL, "{\"error\":\"timestamp overflow\"}");
    gives("duration_to_string", vl_cel_duration(3601500000000), NULL, "{\"string\":\"3601.5s\"}");
    gives("timestamp_to_string", vl_cel_timestamp_at(1234549890, 100000000, 300), NULL,
        "{\"string\":\"2009-02-13T23:31:30.1+05:00\"}");
    gives("type", vl_cel_int(1), NULL, "{\"type\":\"int\"}");
    gives("type", vl_cel_null(), NULL, "{\"type\":\"null_type\"}");
}

static void test_times(void **state)
{
    (void)state;
    struct vl_cel_value t = vl_cel_timestamp(1234567890, 5000000); /* 2009-02-13T23:31:30.005Z, a Friday */
    static const struct {
        const char *id, *json;
    } rows[] = {
        {"timestamp_to_year", "{\"int\":\"2009\"}"},
        {"timestamp_to_month", "{\"int\":\"1\"}"},
        {"timestamp_to_day_of_year", "{\"int\":\"43\"}"},
        {"timestamp_to_day_of_month", "{\"int\":\"12\"}"},
        {"timestamp_to_day_of_month_1_based", "{\"int\":\"13\"}"},
        {"timestamp_to_day_of_week", "{\"int\":\"5\"}"},
        {"timestamp_to_hours", "{\"int\":\"23\"}"},
        {"timestamp_to_minutes", "{\"int\":\"31\"}"},
        {"timestamp_to_seconds", "{\"int\":\"30\"}"},
        {"timestamp_to_milliseconds", "{\"int\":\"5\"}"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        gives(rows[i].id, t, NULL, rows[i].json);
    struct vl_cel_value zone = str("+05:30");
    gives("timestamp_to_hours_with_tz", t, &zone, "{\"int\":\"5\"}");
    gives("timestamp_to_day_of_month_with_tz", t, &zone, "{\"int\":\"13\"}");
    zone = str("-02:30");
    gives("timestamp_to_minutes_with_tz", t, &zone, "{\"int\":\"1\"}");
    zone = str("Foo/Bar");
    gives("timestamp_to_hours_with_tz", t, &zone, "{\"error\":\"unknown time zone Foo/Bar\"}");
    zone = str("../../etc/passwd");
    gives("timestamp_to_hours_with_tz", t, &zone, "{\"error\":\"unknown time zone ../../etc/passwd\"}");
    zone = str("24:00");
    gives("timestamp_to_hours_with_tz", t, &zone,
        "{\"error\":\"timezone offset hours out of range [-23, 23]: 24:00\"}");
    zone = str("");
    gives("timestamp_to_hours_with_tz", t, &zone, "{\"int\":\"23\"}");
    gives("duration_to_minutes", vl_cel_duration(3730000000000), NULL, "{\"int\":\"62\"}");
    gives("duration_to_milliseconds", vl_cel_duration(100000000000), NULL, "{\"int\":\"100000\"}");
}

static void test_texts(void **state)
{
    (void)state;
    struct vl_cel_value b = str("ell");
    gives("contains_string", str("hello"), &b, "{\"bool\":true}");
    gives("starts_with_string", str("hello"), &b, "{\"bool\":false}");
    b = str("llo");
    gives("ends_with_string", str("hello"), &b, "{\"bool\":true}");
    b = str("^h.*o$");
    gives("matches_string", str("hello"), &b, "{\"bool\":true}");
    gives("size_string", str("h\xc3\xa9\xf0\x9f\x91\x91"), NULL, "{\"int\":\"3\"}");
}

/* Costs as the oracle charged them, less 1 for each variable. */
static void test_prices(void **state)
{
    (void)state;
    struct vl_cel_value args[2] = {str("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), str("aaaaaaaaaaaaaaaaaaaaa")};
    assert_int_equal(overload_of("contains_string")->price.actual(args, 2, vl_cel_bool(false)), 12);
    assert_int_equal(overload_of("starts_with_string")->price.actual(args, 2, vl_cel_bool(false)), 3);
    assert_int_equal(overload_of("matches")->price.actual(args, 2, vl_cel_bool(false)), 4 * 6);
    assert_int_equal(overload_of("add_string")->price.actual(args, 2, vl_cel_null()), 6);
    assert_int_equal(overload_of("equals")->price.actual(args, 2, vl_cel_null()), 3);
    assert_null(overload_of("add_int64")->price.actual);
}

static void test_libraries(void **state)
{
    (void)state;
    for (size_t i = 0; vl_cel_libraries[i]; i++) {
        const struct vl_cel_library *library = vl_cel_libraries[i];
        assert_non_null(library->name);
        for (unsigned f = 0; f < library->n; f++) {
            assert_true(library->functions[f].n > 0 && library->functions[f].n <= VL_CEL_OVERLOADS_MAX);
            for (unsigned o = 0; o < library->functions[f].n; o++) {
                const struct vl_cel_overload *overload = &library->functions[f].overloads[o];
                assert_non_null(overload->result);
                assert_true(overload->n_args <= VL_CEL_ARGS_MAX);
                for (unsigned a = 0; a < VL_CEL_ARGS_MAX; a++)
                    assert_int_equal(overload->args[a] != NULL, a < overload->n_args);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
