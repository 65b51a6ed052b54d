#include "doc_test.h"

#include <math.h>
#include <stdlib.h>

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* YAML */
        enum vl_doc_type type;
        int64_t value; /* of INT */
    } rows[] = {
        {"0", VL_DOC_INT, 0},
        {"-0", VL_DOC_INT, 0},
        {"+12", VL_DOC_INT, 12},
        {"007", VL_DOC_INT, 7},
        {"0o17", VL_DOC_INT, 15},
        {"0xFf", VL_DOC_INT, 255},
        {"999999999999999999", VL_DOC_INT, 999999999999999999},
        {"9223372036854775807", VL_DOC_INT, INT64_MAX},
        {"9223372036854775808", VL_DOC_UINT, 0},
        {"18446744073709551615", VL_DOC_UINT, 0},
        {"18446744073709551616", VL_DOC_FLOAT, 0},
        {"-9223372036854775808", VL_DOC_INT, INT64_MIN},
        {"-9223372036854775809", VL_DOC_FLOAT, 0},
        {"0x7fffffffffffffff", VL_DOC_INT, INT64_MAX},
        {"0xffffffffffffffff", VL_DOC_UINT, 0},
        {"0x10000000000000000", VL_DOC_FLOAT, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_doc *doc = doc_of_text(rows[i].text, VL_DOC_YAML);
        const struct vl_doc_node *n = vl_doc_root(doc);
        int64_t v = -1;
        assert_int_equal(vl_doc_type(n), rows[i].type);
        assert_int_equal(vl_doc_int(n, &v), rows[i].type == VL_DOC_INT);
        if (rows[i].type == VL_DOC_INT)
            assert_true(v == rows[i].value);
        assert_text(vl_doc_text(n), rows[i].text);
        vl_doc_free(doc);
    }
}

static double number(const char *text, enum vl_doc_format format)
{
    struct vl_doc *doc = doc_of_text(text, format);
    const struct vl_doc_node *n = vl_doc_root(doc);
    double d = 0;
    if (format == VL_DOC_TOML)
        n = vl_doc_first(n);
    if (!vl_doc_number(n, &d))
        fail_msg("no number: %s", text);
    vl_doc_free(doc);
    return d;
}

/* glibc's strtod() rounds correctly. */
static void test_floats(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.10", "0.1", "1e23", "8.5e-324", "2.2250738585072014e-308",
        "1.7976931348623157e308", "9007199254740993", "123456789012345678901234567890",
        "18446744073709551615", "-1.5E-7",
        "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "1e400", "-1e400", "1e-400"};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        double got = number(texts[i], VL_DOC_JSON), want = strtod(texts[i], NULL);
        if (memcmp(&got, &want, sizeof(got)) != 0)
            fail_msg("%s: %.17g is not %.17g", texts[i], got, want);
        got = number(texts[i], VL_DOC_YAML);
        assert_true(memcmp(&got, &want, sizeof(got)) == 0);
    }
}

static void test_forms_of_yaml_and_toml(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vl_doc_format format;
        double want;
    } rows[] = {
        {".5", VL_DOC_YAML, 0.5},
        {"-.5e1", VL_DOC_YAML, -5},
        {"5.", VL_DOC_YAML, 5},
        {"5.e2", VL_DOC_YAML, 500},
        {"+1.5", VL_DOC_YAML, 1.5},
        {"007.50", VL_DOC_YAML, 7.5},
        {"-007", VL_DOC_YAML, -7},
        {"00", VL_DOC_YAML, 0},
        {"0xff", VL_DOC_YAML, 255},
        {"0o17", VL_DOC_YAML, 15},
        {"0x10000000000000000", VL_DOC_YAML, 18446744073709551616.0},
        {".inf", VL_DOC_YAML, INFINITY},
        {"-.INF", VL_DOC_YAML, -INFINITY},
        {"a = 1_000.000_1e1_0", VL_DOC_TOML, 1000.0001e10},
        {"a = -inf", VL_DOC_TOML, -INFINITY},
        {"a = +inf", VL_DOC_TOML, INFINITY},
        {"a = 0b1101", VL_DOC_TOML, 13},
        {"a = 0xdead_beef", VL_DOC_TOML, 3735928559.0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        double got = number(rows[i].text, rows[i].format);
        if (memcmp(&got, &rows[i].want, sizeof(got)) != 0)
            fail_msg("%s: %.17g", rows[i].text, got);
    }
    assert_true(isnan(number(".NaN", VL_DOC_YAML)));
    assert_true(isnan(number("a = nan", VL_DOC_TOML)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_forms_of_yaml_and_toml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
