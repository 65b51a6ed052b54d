/* A secret that an ignore file sets aside: no failure in any format, and never gone without a word. */
#include "test_support.h"

static void every_format(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_rich();
    struct vl_vec *secrets = &r->inventory->secrets;
    assert_int_equal(secrets->len, 2);
    ((struct vl_secret *)vl_vec_at(secrets, 0))->ignored = "key of the tests";
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *json = render_json(r, VL_REPORT_JSON, &plain);
    assert_text(vl_doc_root(json), "secrets.0.ignored", "key of the tests");
    assert_null(at(vl_doc_root(json), "secrets.1.ignored"));
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *sarif = render_json(r, VL_REPORT_SARIF, &plain);
    const struct vl_doc_node *result =
        find(at(vl_doc_root(sarif), "runs.0.results"), "ruleId", "aws-access-key");
    assert_text(result, "suppressions.0.justification", "key of the tests");
    result = find(at(vl_doc_root(sarif), "runs.0.results"), "ruleId", "private-key");
    assert_null(at(result, "suppressions"));
    static const struct {
        enum vl_report_format format;
        const char *words;
    } rows[] = {
        {VL_REPORT_TABLE, "1, 1 more ignored"},
        {VL_REPORT_HTML, "ignored: key of the tests"},
        {VL_REPORT_JUNIT, "<skipped message=\"key of the tests\"/>"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        render(r, rows[i].format, &plain, &out);
        if (!has(&out, rows[i].words))
            fail_msg("format %d: %s", rows[i].format, vl_buf_str(&out));
    }
    ((struct vl_secret *)vl_vec_at(secrets, 1))->ignored = "key of the tests";
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    render(r, VL_REPORT_TABLE, &plain, &out);
    assert_true(has(&out, "No secrets found but 2 ignored."));
}

/* A scan for secrets alone finds no vulnerability because nobody looked. */
static void secrets_alone(void **state)
{
    (void)state;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_clean();
    r->coverage = (struct vl_coverage){.packages = r->coverage.packages ? r->coverage.packages : 1};
    static const enum vl_report_format formats[] = {VL_REPORT_TABLE, VL_REPORT_HTML};
    for (size_t i = 0; i < VL_ARRAY_LEN(formats); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        render(r, formats[i], &plain, &out);
        assert_true(has(&out, "ulnerabilities were not looked for"));
        assert_false(has(&out, "No open findings"));
        assert_false(has(&out, "to fix now ·"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_format), cmocka_unit_test(secrets_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
