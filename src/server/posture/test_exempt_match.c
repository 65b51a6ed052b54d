/* Rows by hand; package URLs are compared as scan/purl_match.h says (OpenVEX, "Identifiers"). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/ecosystem.h"
#include "posture/exempt_match.h"

#define KEY "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"

static struct vl_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = vl_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vl_arena_free(arena);
    return 0;
}

static void test_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool want;
    } rows[] = {{"a", "a", true}, {"a", "ab", false}, {"a*", "a", true}, {"a*", "ab/c", true},
        {"*", "", true}, {"", "", true}, {"", "a", false}, {"*/app", "team/app", true},
        {"*/app", "team/apps", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyyd", false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false}, {"**", "x", true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        assert_int_equal(vl_exempt_pattern(rows[i].pattern, rows[i].text), rows[i].want);
}

static void test_place(void **state)
{
    (void)state;
    const struct vl_exempt_place image = {
        .key = KEY, .digest = "sha256:aa", .registry = 3, .repository = "team/app", .resources = {10, 5, 1}};
    const struct vl_exempt_place environment = {
        .key = "e599a9fe-30e3-47c6-a173-8b4b6d9d3255", .digest = "", .repository = "", .resources = {1}};
    const struct {
        struct vl_exempt_scope scope;
        bool image, environment;
    } rows[] = {
        {{0}, true, true},
        {{.assessment_key = KEY}, true, false},
        {{.digest = "sha256:aa"}, true, false},
        {{.digest = "sha256:bb"}, false, false},
        {{.registry = 3}, true, false},
        {{.registry = 4}, false, false},
        {{.repository = "team/*"}, true, false},
        {{.repository = "*"}, true, false},
        {{.repository = "other/*"}, false, false},
        {{.resource = 10}, true, false},
        {{.resource = 5}, true, false}, /* its registry */
        {{.resource = 1}, true, true},  /* its environment */
        {{.resource = 7}, false, false},
        {{.resource = 5, .repository = "x"}, false, false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_int_equal(vl_exempt_in_place(&rows[i].scope, &image), rows[i].image);
        assert_int_equal(vl_exempt_in_place(&rows[i].scope, &environment), rows[i].environment);
    }
}

static void test_finding(void **state)
{
    (void)state;
    const struct vl_exempt_finding finding = {.vulnerability = "CVE-2024-0001",
        .purl = "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
        .ecosystem = VL_ECO_DEB,
        .severity = VL_SEVERITY_HIGH,
        .state = VL_FIX_FIXED};
    static const struct {
        const char *vulnerability, *package;
        bool want;
    } rows[] = {{NULL, NULL, false}, {"CVE-2024-0001", NULL, true}, {"cve-2024-0001", NULL, true},
        {"CVE-2024-0002", NULL, false}, {NULL, "pkg:deb/debian/openssl", true},
        {NULL, "pkg:deb/debian/openssl@3.0.11-1~deb12u2", true},
        {NULL, "pkg:deb/debian/openssl@3.0.11-1", false}, {NULL, "pkg:deb/ubuntu/openssl", false},
        {NULL, "pkg:deb/debian/zlib", false}, {"CVE-2024-0001", "pkg:deb/debian/zlib", false},
        {"CVE-2024-0001", "pkg:deb/debian/openssl", true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_purl purl;
        struct vl_exempt_scope scope = {.vulnerability = rows[i].vulnerability};
        if (rows[i].package) {
            assert_int_equal(vl_purl_parse(vl_span_str(rows[i].package), arena, &purl, &err), 0);
            scope.package = &purl;
        }
        assert_int_equal(vl_exempt_finding_matches(&scope, &finding, arena), rows[i].want);
    }
}

static void test_rule(void **state)
{
    (void)state;
    static const char *const cves[] = {"CVE-2024-0001", "CVE-2024-0009"}, *const digests[] = {"sha256:aa"};
    const struct vl_exempt_finding fixed_medium = {
        .vulnerability = "CVE-2024-0001", .severity = VL_SEVERITY_MEDIUM, .state = VL_FIX_FIXED};
    const struct vl_exempt_finding open_unknown = {
        .vulnerability = "CVE-2024-0002", .severity = VL_SEVERITY_UNKNOWN, .state = VL_FIX_NONE};
    const struct {
        struct vl_disable_scope scope;
        bool first, second;
    } rows[] = {
        {{0}, false, false}, /* no condition */
        {{.vulnerabilities = cves, .n_vulnerabilities = 2}, true, false},
        {{.digests = digests, .n_digests = 1}, true, true},
        {{.min_severity = VL_SEVERITY_MEDIUM}, false, false}, /* medium is not below it */
        {{.min_severity = VL_SEVERITY_HIGH}, true, false},    /* what nobody rated is not below it */
        {{.without_fix = true}, false, true},
        {{.without_fix = true, .vulnerabilities = cves, .n_vulnerabilities = 2}, false, false},
        {{.assessment_key = "other", .without_fix = true}, false, false},
        {{.assessment_key = KEY, .without_fix = true}, false, true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_int_equal(vl_disable_matches(&rows[i].scope, KEY, "sha256:aa", &fixed_medium), rows[i].first);
        assert_int_equal(vl_disable_matches(&rows[i].scope, KEY, "sha256:aa", &open_unknown), rows[i].second);
        if (rows[i].scope.n_digests)
            assert_false(vl_disable_matches(&rows[i].scope, KEY, "sha256:bb", &fixed_medium));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_rule),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
