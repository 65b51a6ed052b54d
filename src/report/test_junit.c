/* tests: junit.c. Second source: the JUnit schema that Jenkins keeps (names of elements and attributes,
 * counts). */
#include "test_support.h"

static uint64_t number(const struct vl_xml_node *node, const char *name)
{
    uint64_t n = UINT64_MAX;
    assert_true(vl_span_to_u64(vl_xml_attr(node, name), &n));
    return n;
}

static void check_counts(const struct vl_scan_result *r, const struct vl_report_options *options)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    uint64_t tests = 0, failures = 0, skipped = 0, errors = 0;
    render(r, VL_REPORT_JUNIT, options, &out);
    if (vl_xml_parse(vl_buf_span(&out), "junit", &xml, &err) < 0)
        fail_msg("%s", err.msg);
    const struct vl_xml_node *suite = vl_xml_child(vl_xml_root(xml), "testsuite");
    for (const struct vl_xml_node *n = vl_xml_first(suite); n; n = vl_xml_next(n)) {
        assert_true(vl_span_eq_str(vl_xml_name(n), "testcase"));
        assert_true(vl_xml_attr(n, "name").len > 0);
        tests++;
        failures += vl_xml_child(n, "failure") != NULL;
        skipped += vl_xml_child(n, "skipped") != NULL;
        errors += vl_xml_child(n, "error") != NULL;
    }
    assert_int_equal(tests, number(suite, "tests"));
    assert_int_equal(failures, number(suite, "failures"));
    assert_int_equal(skipped, number(suite, "skipped"));
    assert_int_equal(errors, number(suite, "errors"));
    assert_int_equal(errors, r->coverage.assessed != VL_ASSESSED_FULL);
}

static void test_counts(void **state)
{
    (void)state;
    struct vl_scan_result *samples[] = {
        sample_rich(), sample_hostile(), sample_unassessed(), sample_clean(), sample_many(10000, 10)};
    for (size_t i = 0; i < VL_ARRAY_LEN(samples); i++) {
        check_counts(samples[i], &plain);
        check_counts(samples[i], &hidden);
        vl_scan_result_free(samples[i]);
    }
}

static void test_content(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_JUNIT, &plain, &out);
    assert_true(has(&out, "timestamp=\"2026-11-24T08:00:00\""));
    assert_true(has(&out, "time=\"1.235\""));
    assert_true(has(&out, "<skipped message=\"in the baseline\"/>"));
    assert_true(has(&out, "npm uninstall shop-telemetry</failure>"));
    assert_true(has(&out, "message=\"app/broken.jar could not be read\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_content)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
