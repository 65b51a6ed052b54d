/* tests: json.c. Second sources: point C.11 of the project's requirements for scripts, repeated in
 * docs/reports/json.md; the schema docs/schema/report.json, which tests/functional/test_reports applies. */
#include "test_support.h"

#include "base/time.h"
#include "golden.h"

static void test_golden(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    assert_golden(r, VL_REPORT_JSON, &plain, "rich.json");
}

/* Names and kinds of values that scripts rely on: of every finding, in every sample. */
static void test_fixed_for_scripts(void **state)
{
    (void)state;
    struct vl_scan_result *samples[] = {sample_rich(), sample_hostile(), sample_many(100, 10)};
    static const char *const texts[] = {
        "id", "severity", "state", "package.name", "package.version", "package.ecosystem"};
    static const char *const present[] = {"fixed_version", "epss", "kev", "location.layer", "location.path",
        "package.purl", "package.source", "remediation.kind", "remediation.text", "remediation.command"};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(samples[i], VL_REPORT_JSON, &hidden);
        const struct vl_doc_node *findings = at(vl_doc_root(doc), "findings");
        assert_int_equal(int_at(vl_doc_root(doc), "schema_version"), 1);
        assert_int_equal(vl_doc_size(findings), samples[i]->findings.len);
        for (const struct vl_doc_node *f = vl_doc_first(findings); f; f = vl_doc_next(f)) {
            for (size_t k = 0; k < VL_ARRAY_LEN(texts); k++)
                assert_true(vl_doc_is(at(f, texts[k]), VL_DOC_STRING));
            for (size_t k = 0; k < VL_ARRAY_LEN(present); k++)
                assert_non_null(at(f, present[k]));
            assert_true(vl_doc_is(at(f, "aliases"), VL_DOC_ARRAY));
            assert_true(vl_doc_is(at(f, "cvss"), VL_DOC_ARRAY));
        }
        vl_scan_result_free(samples[i]);
    }
}

static void test_values(void **state)
{
    (void)state;
    double epss;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_JSON, &plain);
    const struct vl_doc_node *root = vl_doc_root(doc), *findings = at(root, "findings");
    const struct vl_doc_node *f = find(findings, "id", "CVE-2021-44228");
    assert_text(f, "aliases.0", "GHSA-jfh8-c2jp-5v3q");
    assert_text(f, "package.name", "org.apache.logging.log4j:log4j-core");
    assert_text(f, "location.path", "app/orders.jar!BOOT-INF/lib/log4j-core-2.14.1.jar");
    assert_text(
        f, "location.layer", "sha256:2222222222222222222222222222222222222222222222222222222222222222");
    assert_text(f, "cvss.0.version", "3.1");
    assert_text(f, "cvss.1.version", "2.0");
    assert_text(f, "kev.due", "2026-12-03T00:00:00Z");
    assert_true(vl_doc_number(at(f, "epss"), &epss) && epss > 0.975 && epss < 0.976);
    f = find(findings, "id", "CVE-2024-6119");
    assert_text(f, "package.source", "openssl");
    assert_text(f, "package.source_version", "3.0.11-1~deb12u1");
    assert_text(f, "remediation.kind", "dockerfile");
    assert_text(f, "fixed_version", "3.0.14-1~deb12u2");
    assert_true(vl_doc_is(at(f, "kev"), VL_DOC_NULL));
    /* Only what is open, unless asked. */
    assert_null(find(findings, "id", "CVE-2023-24532"));
    assert_int_equal(vl_doc_size(findings), 13);
    assert_int_equal(int_at(root, "summary.hidden"), 4);
    assert_text(root, "coverage.assessed", "partial");
    assert_int_equal(vl_doc_size(at(root, "coverage.ecosystems")), 5);
    assert_int_equal(vl_doc_size(at(root, "packages")), 10);
    assert_int_equal(vl_doc_size(at(root, "notes")), 2);
}

static void test_states_and_statuses(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_JSON, &hidden);
    const struct vl_doc_node *findings = at(vl_doc_root(doc), "findings");
    static const char *const states[] = {"unknown", "fixed", "not_fixed", "will_not_fix", "deferred",
        "end_of_life", "under_investigation", "fixed_paid"};
    static const char *const statuses[] = {"open", "ignored", "vex", "os_judged", "filtered"};
    for (size_t i = 0; i < VL_ARRAY_LEN(states); i++)
        assert_non_null(find(findings, "state", states[i]));
    for (size_t i = 0; i < VL_ARRAY_LEN(statuses); i++)
        assert_non_null(find(findings, "status", statuses[i]));
}

static void test_empty_lists_are_lists(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "findings", "notes", "ignores", "gates", "unidentified", "packages.0.licenses"};
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_clean();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_JSON, &plain);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        assert_true(vl_doc_is(at(vl_doc_root(doc), lists[i]), VL_DOC_ARRAY));
        assert_int_equal(vl_doc_size(at(vl_doc_root(doc), lists[i])), 0);
    }
    /* Secrets were not looked for: that is not "none". */
    assert_true(vl_doc_is(at(vl_doc_root(doc), "secrets"), VL_DOC_NULL));
}

static void test_no_data_is_not_zero(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_unassessed();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_JSON, &plain);
    assert_text(vl_doc_root(doc), "coverage.assessed", "not_assessed");
    assert_text(vl_doc_root(doc), "summary.assessed", "not_assessed");
    assert_true(vl_doc_is(at(vl_doc_root(doc), "summary.open"), VL_DOC_NULL));
}

static void test_large(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(10000, 10000);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_JSON, &plain);
    assert_int_equal(vl_doc_size(at(vl_doc_root(doc), "findings")), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_fixed_for_scripts),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_states_and_statuses),
        cmocka_unit_test(test_empty_lists_are_lists),
        cmocka_unit_test(test_no_data_is_not_zero),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
