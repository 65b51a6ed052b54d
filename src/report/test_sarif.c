/* tests: sarif.c. Second sources: SARIF 2.1.0 (sections in the comments); GitHub's "SARIF support for code
 * scanning"; the schema, which tests/functional/test_reports applies. */
#include "test_support.h"

#include <string.h>

static void test_rules_and_results(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_SARIF, &hidden);
    const struct vl_doc_node *run = at(vl_doc_root(doc), "runs.0");
    const struct vl_doc_node *rules = at(run, "tool.driver.rules"), *results = at(run, "results");
    assert_text(vl_doc_root(doc), "version", "2.1.0");
    /* 17 findings of 16 ids, two secrets of two rules: each rule once (3.19.23). */
    assert_int_equal(vl_doc_size(rules), 18);
    assert_int_equal(vl_doc_size(results), 19);
    for (const struct vl_doc_node *n = vl_doc_first(results); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *rule = vl_doc_at(rules, (size_t)int_at(n, "ruleIndex"));
        assert_true(vl_span_eq(vl_doc_get_str(n, "ruleId"), vl_doc_get_str(rule, "id"))); /* 3.27.6 */
        assert_true(vl_doc_get_str(at(n, "partialFingerprints"), "vallumFinding/v1").len > 64);
        assert_true(vl_doc_get_str(at(n, "locations.0.physicalLocation.artifactLocation"), "uri").len > 0);
        assert_true(vl_doc_get_str(at(rule, "properties"), "security-severity").len > 0); /* GitHub */
    }
    const struct vl_doc_node *log4j = find(results, "ruleId", "CVE-2021-44228");
    assert_text(log4j, "level", "error");
    assert_text(log4j, "baselineState", "new");
    assert_text(log4j, "locations.0.physicalLocation.artifactLocation.uri", "app/orders.jar");
    assert_text(log4j, "locations.0.logicalLocations.0.fullyQualifiedName",
        "registry.example.com/shop/orders:1.0:app/orders.jar!BOOT-INF/lib/log4j-core-2.14.1.jar");
    const struct vl_doc_node *lodash = find(results, "ruleId", "CVE-2021-23337");
    assert_text(lodash, "baselineState", "unchanged");
    assert_int_equal(int_at(lodash, "locations.0.physicalLocation.region.startLine"), 42);
    const struct vl_doc_node *ignored = find(results, "ruleId", "CVE-2023-24532");
    assert_text(ignored, "suppressions.0.kind", "external"); /* 3.35.2 */
    assert_text(find(rules, "id", "CVE-2021-44228"), "properties.security-severity", "10.0");
    assert_text(find(rules, "id", "CVE-2023-31484"), "properties.security-severity", "8.0");
}

static void test_what_was_not_read(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_SARIF, &plain);
    const struct vl_doc_node *call = at(vl_doc_root(doc), "runs.0.invocations.0");
    assert_true(vl_doc_bool(at(call, "executionSuccessful")));
    assert_text(
        call, "toolExecutionNotifications.1.message.text", "app/broken.jar: the central directory is cut");
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *none = sample_unassessed();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *other = render_json(none, VL_REPORT_SARIF, &plain);
    assert_false(vl_doc_bool(at(vl_doc_root(other), "runs.0.invocations.0.executionSuccessful")));
    assert_text(vl_doc_root(other), "runs.0.properties.assessed", "not_assessed");
}

static const char *fingerprint(const struct vl_doc *doc, const char *id)
{
    const struct vl_doc_node *result = find(at(vl_doc_root(doc), "runs.0.results"), "ruleId", id);
    return vl_doc_get_str(at(result, "partialFingerprints"), "vallumFinding/v1").ptr;
}

/* Another version, another line, another order: the same alert. Twice in one place: two alerts. */
static void test_fingerprints(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *before = render_json(r, VL_REPORT_SARIF, &plain);
    struct vl_package *lodash = vl_vec_at(&r->inventory->packages, 4);
    lodash->version = "4.17.16";
    lodash->line = 50;
    struct vl_finding *last = vl_vec_at(&r->findings, r->findings.len - 1);
    last->id = "CVE-2021-23337";
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *after = render_json(r, VL_REPORT_SARIF, &plain);
    assert_string_equal(fingerprint(before, "CVE-2021-23337"), fingerprint(after, "CVE-2021-23337"));
    const struct vl_doc_node *results = at(vl_doc_root(after), "runs.0.results");
    const char *seen = NULL;
    for (const struct vl_doc_node *n = vl_doc_first(results); n; n = vl_doc_next(n)) {
        if (!vl_span_eq_str(vl_doc_get_str(n, "ruleId"), "CVE-2021-23337"))
            continue;
        const char *own = vl_doc_get_str(at(n, "partialFingerprints"), "vallumFinding/v1").ptr;
        assert_true(!seen || strcmp(seen, own) != 0);
        seen = own;
    }
}

static void test_hostile(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_hostile();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_SARIF, &plain);
    const struct vl_doc_node *results = at(vl_doc_root(doc), "runs.0.results");
    assert_int_equal(vl_doc_size(results), 11);
    struct vl_span uri =
        vl_doc_get_str(at(results, "0.locations.0.physicalLocation.artifactLocation"), "uri");
    for (size_t i = 0; i < uri.len; i++)
        assert_true(uri.ptr[i] > ' ' && uri.ptr[i] < 0x7f && uri.ptr[i] != '<' && uri.ptr[i] != '"');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_and_results),
        cmocka_unit_test(test_what_was_not_read),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
