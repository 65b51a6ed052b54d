/* tests: cyclonedx.c annotate.c. Second source: CycloneDX 1.6 (ECMA-424); its schema is applied by
 * tests/functional/test_reports. */
#include "test_support.h"

#include "base/map.h"
#include "base/time.h"

static const struct vl_doc_node *property(const struct vl_doc_node *node, const char *name, const char *value)
{
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(node, "properties")); n; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_get_str(n, "name"), name) &&
            vl_span_eq_str(vl_doc_get_str(n, "value"), value))
            return n;
    }
    return NULL;
}

static void test_components(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_CYCLONEDX, &plain);
    const struct vl_doc_node *root = vl_doc_root(doc), *components = at(root, "components");
    assert_text(root, "bomFormat", "CycloneDX");
    assert_text(root, "specVersion", "1.6");
    assert_text(root, "metadata.component.type", "container");
    assert_int_equal(vl_doc_size(components), 11);
    assert_text(components, "0.type", "operating-system");
    const struct vl_doc_node *ssl = find(components, "name", "libssl3");
    assert_text(ssl, "licenses.0.license.id", "Apache-2.0");
    assert_non_null(property(ssl, "vallum:source_name", "openssl"));
    assert_text(find(components, "name", "perl-base"), "licenses.0.expression",
        "GPL-1.0-or-later OR Artistic-1.0-Perl");
    assert_text(
        find(components, "name", "bash"), "licenses.1.license.name", "some words of a copyright file");
    assert_text(find(components, "name", "lodash"), "licenses.0.license.id", "MIT");
    const struct vl_doc_node *log4j = find(components, "name", "log4j-core");
    assert_text(log4j, "group", "org.apache.logging.log4j");
    assert_text(log4j, "hashes.0.alg", "SHA-1");
    assert_text(
        log4j, "evidence.occurrences.0.location", "app/orders.jar!BOOT-INF/lib/log4j-core-2.14.1.jar");
    assert_int_equal(int_at(find(components, "name", "lodash"), "evidence.occurrences.0.line"), 42);
    assert_text(ssl, "supplier.name", "Debian");
    assert_text(root, "compositions.0.aggregate", "incomplete");
}

/* bom-refs are unique, and every reference meets one. */
static void test_references(void **state)
{
    (void)state;
    struct vl_scan_result *samples[] = {sample_rich(), sample_hostile(), sample_many(1000, 100)};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_map_done) struct vl_map refs;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(samples[i], VL_REPORT_CYCLONEDX, &hidden);
        const struct vl_doc_node *root = vl_doc_root(doc);
        bool added;
        struct vl_map_slot *slot;
        vl_map_init(&refs, 100000);
        assert_int_equal(
            vl_map_put(&refs, vl_doc_span(at(root, "metadata.component.bom-ref")), &slot, &added, &err), 0);
        for (const struct vl_doc_node *n = vl_doc_first(at(root, "components")); n; n = vl_doc_next(n)) {
            assert_int_equal(vl_map_put(&refs, vl_doc_get_str(n, "bom-ref"), &slot, &added, &err), 0);
            assert_true(added);
        }
        size_t affected = 0;
        for (const struct vl_doc_node *n = vl_doc_first(at(root, "vulnerabilities")); n; n = vl_doc_next(n)) {
            for (const struct vl_doc_node *a = vl_doc_first(vl_doc_get(n, "affects")); a;
                a = vl_doc_next(a)) {
                affected++;
                assert_non_null(vl_map_get(&refs, vl_doc_get_str(a, "ref")));
            }
        }
        assert_int_equal(affected, samples[i]->findings.len);
        const struct vl_doc_node *needs = at(root, "dependencies.0.dependsOn");
        assert_int_equal(vl_doc_size(needs), refs.len - 1);
        for (const struct vl_doc_node *n = vl_doc_first(needs); n; n = vl_doc_next(n))
            assert_non_null(vl_map_get(&refs, vl_doc_span(n)));
        vl_scan_result_free(samples[i]);
    }
}

static void test_vulnerabilities(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = render_json(r, VL_REPORT_CYCLONEDX, &hidden);
    const struct vl_doc_node *all = at(vl_doc_root(doc), "vulnerabilities");
    const struct vl_doc_node *log4j = find(all, "id", "CVE-2021-44228");
    assert_text(log4j, "ratings.0.severity", "critical");
    assert_text(log4j, "ratings.0.source.name", "ghsa");
    assert_text(log4j, "ratings.1.method", "CVSSv31");
    assert_text(log4j, "ratings.2.method", "CVSSv2");
    assert_text(log4j, "ratings.4.source.name", "redhat");
    assert_text(find(all, "id", "CVE-2024-6119"), "ratings.1.method", "CVSSv3");
    assert_text(find(all, "id", "CVE-2021-23337"), "ratings.1.method", "CVSSv4");
    assert_text(find(all, "id", "CVE-2011-4116"), "ratings.0.severity", "info"); /* negligible */
    assert_int_equal(vl_doc_size(at(log4j, "cwes")), 2);
    assert_int_equal(vl_doc_size(at(log4j, "advisories")), 1); /* javascript: is no URL to hand on */
    assert_text(log4j, "references.0.id", "GHSA-jfh8-c2jp-5v3q");
    assert_non_null(property(log4j, "vallum:kev_due", "2026-12-03"));
    assert_null(vl_doc_get(log4j, "analysis"));
    /* One id, judged in one package and open in another: two entries. */
    size_t judged = 0, open = 0;
    for (const struct vl_doc_node *n = vl_doc_first(all); n; n = vl_doc_next(n)) {
        if (!vl_span_eq_str(vl_doc_get_str(n, "id"), "CVE-2023-24534"))
            continue;
        judged += vl_span_eq_str(vl_doc_span(at(n, "analysis.state")), "not_affected");
        open += vl_doc_get(n, "analysis") == NULL;
    }
    assert_int_equal(judged, 1);
    assert_int_equal(open, 1);
}

static void test_packages_only_and_large(void **state)
{
    (void)state;
    struct vl_report_options only = plain;
    only.packages_only = true;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *many = sample_many(100000, 50000);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(many, VL_REPORT_CYCLONEDX, &only, &out);
    assert_false(has(&out, "vulnerabilities"));
    vl_buf_done(&out);
    int64_t began = vl_time_monotonic_us();
    render(many, VL_REPORT_CYCLONEDX, &plain, &out);
    assert_true(vl_time_monotonic_us() - began < 30 * INT64_C(1000000));
    assert_int_equal(count(&out, "\"affects\""), 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_components),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_vulnerabilities),
        cmocka_unit_test(test_packages_only_and_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
