/* tests: lib_format.c
 * Facts: answers and costs of Kubernetes 1.36 (TestFormat, TestNameFormatCost, and asked of it). */
#include "test_lib.h"

#include <stdio.h>
#include <string.h>

extern const struct vl_cel_library vl_cel_lib_format;
#define LIB vl_cel_lib_format

static struct vl_cel_value format_of(struct vl_cel_run *run, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "format.%s", name);
    return lib_call(run, &LIB, full, 0, NULL);
}

static void test_valid(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *format, *text;
    } cases[] = {
        {"dns1123Label", "my-label-name"},
        {"dns1123Subdomain", "apiextensions.k8s.io"},
        {"dns1035Label", "my-label-name"},
        {"qualifiedName", "apiextensions.k8s.io/v1beta1"},
        {"dns1123LabelPrefix", "my-label-prefix-"},
        {"dns1123SubdomainPrefix", "mysubdomain.prefix.-"},
        {"dns1035LabelPrefix", "my-label-prefix-"},
        {"uri", "http://example.com"},
        {"uuid", "123e4567-e89b-12d3-a456-426614174000"},
        {"byte", "aGVsbG8="},
        {"date", "2020-02-29"},
        {"datetime", "2021-01-01T00:00:00Z"},
        {"labelValue", ""},
        {"datetime", "2021-01-01t00:00:00+99:99"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value made = CALL(LIB, "validate", format_of(run, cases[i].format), S(cases[i].text));
        assert_int_equal(made.kind, VL_CEL_OPTIONAL);
        assert_null(made.as.inner);
        struct vl_cel_value named = CALL(LIB, "format.named", S(cases[i].format));
        assert_true(vl_cel_equal(*named.as.inner, format_of(run, cases[i].format)));
    }
    assert_null(CALL(LIB, "format.named", S("dns1123label")).as.inner);
}

static void test_refused(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *format, *text, *messages;
    } cases[] = {
        {"dns1123Label", "a.b", "[\"must not contain dots\"]"},
        {"dns1123Label", "contains a space",
            "[\"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
            "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
            "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\"]"},
        {"qualifiedName", "/b", "[\"prefix part must be non-empty\"]"},
        {"uri", "x", "[\"parse \\\"x\\\": invalid URI for request\"]"},
        {"uuid", "", "[\"does not match the UUID format\"]"},
        {"byte", "aGVsbG8", "[\"invalid base64\"]"},
        {"date", "2021-02-29", "[\"invalid date\"]"},
        {"datetime", "2021-01-01T24:00:00Z", "[\"invalid datetime\"]"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value made = CALL(LIB, "validate", format_of(run, cases[i].format), S(cases[i].text));
        assert_non_null(made.as.inner);
        assert_string_equal(lib_text(*made.as.inner), cases[i].messages);
    }
    struct vl_cel_value args[] = {format_of(run, "uri"), S("http://example.com")};
    assert_int_equal(lib_cost(&LIB, "validate", 2, args, args[1]), 552);
}

static void test_large(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static char text[3000001];
    memset(text, 'a', sizeof(text) - 1);
    static const char *const names[] = {"dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName",
        "dns1123LabelPrefix", "labelValue", "uri", "uuid", "date", "datetime"};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        assert_non_null(CALL(LIB, "validate", format_of(run, names[i]), S(text)).as.inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
