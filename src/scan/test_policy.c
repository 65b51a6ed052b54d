/* Filters, baselines and gates.
 * tests: policy.c gate.c baseline.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "scan/policy.h"

static struct vl_advisory_db *db;

static int set_up(void **state)
{
    (void)state;
    db = test_db_usual();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_db_close(db);
    test_files_done();
    return 0;
}

static struct vl_scan_result *image(void)
{
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", 0)->source_name = "zlib";
    test_add(inv, VL_ECO_MAVEN, "org.apache.logging.log4j:log4j-core", "2.14.1", "app/a.jar", 0);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.11", "app/node_modules/lodash/package.json", 0);
    test_add(inv, VL_ECO_NPM, "evil", "1.0.0", "app/node_modules/evil/package.json", 0);
    return test_match(inv, db, NULL);
}

static void apply(struct vl_scan_result *result, const struct vl_scan_policy *policy)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_scan_apply_policy(result, policy, &err) < 0)
        fail_msg("%s", err.msg);
}

static void filters(void **state)
{
    (void)state;
    struct vl_scan_result *result = image();
    struct vl_scan_policy policy = {.min_severity = VL_SEVERITY_MEDIUM, .only_fixed = true};
    apply(result, &policy);
    assert_string_equal(test_findings(result),
        "CVE-2021-44228 org.apache.logging.log4j:log4j-core 2.14.1 2.15.0 fixed open; "
        "MAL-2024-1 evil 1.0.0 - not_fixed open; "
        "CVE-2019-10744 lodash 4.17.11 4.17.12 fixed open; "
        "CVE-2022-37434 zlib1g 1:1.2.11.dfsg-4 1:1.2.13.dfsg-1 fixed open; "
        "CVE-2023-45853 zlib1g 1:1.2.11.dfsg-4 - not_fixed filtered; "
        "CVE-2020-8203 lodash 4.17.11 4.17.20 fixed filtered");
    assert_string_equal(test_finding(result, "CVE-2023-45853")->status_reason, "below severity medium");
    assert_true(result->passed);
    vl_scan_result_free(result);
}

static void gates(void **state)
{
    (void)state;
    static const struct {
        const char *word, *name;
        uint64_t violations;
    } rows[] = {
        {"critical", "severity>=critical", 3}, /* log4j 10.0, lodash 9.1, the malware */
        {"HIGH", "severity>=high", 3},
        {"severity=medium", "severity>=medium", 4},
        {"kev", "kev", 1},
        {"epss=0.9", "epss>=0.9", 2},
        {"epss>=0.93", "epss>=0.93", 1},
        {"malicious", "malicious", 1},
        {"license=GPL-3.0-only", "license=GPL-3.0-only", 1},
        {"license=MIT", "license=MIT", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        static const char *const licenses[] = {"MIT OR Apache-2.0", "GPL-3.0"};
        struct vl_scan_result *result = image();
        struct vl_package *p = vl_vec_at(&result->inventory->packages, 0);
        p->licenses = licenses;
        p->n_licenses = 2;
        struct vl_scan_policy policy = {.fail_on = &rows[i].word, .n_fail_on = 1};
        apply(result, &policy);
        const struct vl_gate_verdict *verdict = vl_vec_at(&result->gates, 0);
        assert_string_equal(verdict->gate, rows[i].name);
        assert_int_equal(verdict->violations, rows[i].violations);
        assert_int_equal(result->passed, rows[i].violations == 0);
        vl_scan_result_free(result);
    }
}

static void secret_gate(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    const char *word = "secret";
    struct vl_scan_policy policy = {.fail_on = &word, .n_fail_on = 1};
    struct vl_scan_result *result = image();
    assert_true(vl_scan_apply_policy(result, &policy, &err) < 0); /* not looked for: it cannot pass */
    assert_int_equal(err.code, VL_ERR_USAGE);
    result->inventory->secrets_scanned = true;
    struct vl_secret *s = vl_vec_push(&result->inventory->secrets, "secrets", &err);
    *s = (struct vl_secret){.rule = "aws-access-key", .path = "app/.env", .fingerprint = "sha256:0011"};
    apply(result, &policy);
    assert_false(result->passed);
    s->ignored = "test key";
    apply(result, &policy);
    assert_true(result->passed);
    vl_scan_result_free(result);
}

static void bad_gates(void **state)
{
    (void)state;
    static const char *const words[] = {
        "hihg", "epss", "epss=2", "epss=x", "epss=", "license=", "kev=1", "", "unknown", "severity="};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_scan_result *result = image();
        struct vl_scan_policy policy = {.fail_on = &words[i], .n_fail_on = 1};
        assert_true(vl_scan_apply_policy(result, &policy, &err) < 0);
        assert_int_equal(err.code, VL_ERR_USAGE);
        assert_non_null(
            strstr(err.msg, "such as") ? strstr(err.msg, "such as") : strstr(err.msg, "malicious"));
        vl_scan_result_free(result);
    }
}

#define REPORT                                                                                             \
    "{\"schema_version\":1,\"tool\":{\"name\":\"vallum\"},\"findings\":["                                  \
    "{\"id\":\"GHSA-jfh8-c2jp-5v3q\",\"package\":{\"name\":\"org.apache.logging.log4j:log4j-core\","       \
    "\"version\":\"2.13.0\",\"ecosystem\":\"maven\"},\"location\":{\"path\":\"app/a.jar\"}},"              \
    "{\"id\":\"CVE-2019-10744\",\"package\":{\"name\":\"lodash\",\"version\":\"4.17.11\","                 \
    "\"ecosystem\":\"npm\"},\"location\":{\"path\":\"other/place.json\"}},"                                \
    "{\"id\":\"CVE-2022-37434\",\"package\":{\"name\":\"zlib1g\",\"version\":\"1\",\"ecosystem\":\"deb\"}" \
    ",\"location\":{\"path\":\"var/lib/dpkg/status\"}}],"                                                  \
    "\"secrets\":[{\"fingerprint\":\"sha256:0011\",\"location\":{\"path\":\"app/.env\"}}],"                \
    "\"packages\":[{\"name\":\"zlib1g\",\"ecosystem\":\"deb\",\"path\":\"var/lib/dpkg/status\"}]}"

static void baseline(void **state)
{
    (void)state;
    static const char *const licenses[] = {"GPL-3.0"};
    static const char *const words[] = {"kev", "critical", "epss=0.5", "secret", "license=GPL-3.0-only"};
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = image();
    struct vl_package *p = vl_vec_at(&result->inventory->packages, 0);
    p->licenses = licenses;
    p->n_licenses = 1;
    result->inventory->secrets_scanned = true;
    struct vl_secret *s = vl_vec_push(&result->inventory->secrets, "secrets", &err);
    *s = (struct vl_secret){.rule = "aws-access-key", .path = "app/.env", .fingerprint = "sha256:0011"};
    struct vl_scan_policy policy = {
        .baseline_file = test_file("old.json", REPORT), .fail_on = words, .n_fail_on = VL_ARRAY_LEN(words)};
    apply(result, &policy);
    /* another version and another id of the same vulnerability at the same place are not new */
    assert_true(test_finding(result, "CVE-2021-44228")->in_baseline);
    assert_true(test_finding(result, "CVE-2022-37434")->in_baseline);
    assert_false(test_finding(result, "CVE-2019-10744")->in_baseline); /* another place */
    assert_string_equal(result->baseline, policy.baseline_file);
    static const uint64_t violations[] = {0, 2, 0, 0, 0};
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        const struct vl_gate_verdict *verdict = vl_vec_at(&result->gates, i);
        assert_int_equal(verdict->violations, violations[i]);
    }
    assert_false(result->passed);
    vl_scan_result_free(result);
}

static void bad_baseline(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[]", "{}", "{\"findings\":[]}",
        "{\"tool\":{\"name\":\"vallum\"}}", "{\"tool\":{\"name\":\"vallum\"},\"findings\":[", "not json"};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_baseline *b = NULL;
        assert_true(vl_baseline_parse(vl_span_str(texts[i]), "old.json", &b, &err) < 0);
        assert_non_null(strstr(err.msg, "old.json"));
        assert_null(b);
    }
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = image();
    struct vl_scan_policy policy = {.baseline_file = "/nonexistent/old.json"};
    assert_true(vl_scan_apply_policy(result, &policy, &err) < 0);
    vl_scan_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(gates),
        cmocka_unit_test(secret_gate),
        cmocka_unit_test(bad_gates),
        cmocka_unit_test(baseline),
        cmocka_unit_test(bad_baseline),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
