/* tests: manifests.c manifest_json.c manifest_sarif.c manifest_junit.c manifest_table.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/doc.h"
#include "codec/xml.h"
#include "report/manifests.h"

static const char *const steps[] = {"Remove <it>.", "Or set it to false."};
static const struct vl_verdict_field fields[] = {
    {"spec.hostPID", 24, 3, false}, {"spec.hostIPC", 25, 3, true}};

/* Two objects, four findings of three checks: a failure with a fix, one without, an exempt one, an error. */
static struct vl_manifest_result *make(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_result *r = vl_manifest_result_new();
    assert_non_null(r);
    struct vl_manifest_object *o = vl_vec_push(&r->objects, "o", &err);
    *o = (struct vl_manifest_object){
        "./a b/web.yaml", 12, 1, "", "apps/v1", "Deployment", "shop", "web", "sha256:aa"};
    o = vl_vec_push(&r->objects, "o", &err);
    *o = (struct vl_manifest_object){"-", 1, 0, "/items/0", "v1", "Namespace", "", "x\033[31m", "sha256:bb"};
    struct vl_manifest_check *c = vl_vec_push(&r->checks, "c", &err);
    *c = (struct vl_manifest_check){.id = "low-one",
        .version = "1",
        .kind = "Check",
        .title = "A & B",
        .severity = VL_SEVERITY_LOW,
        .counts = {[VL_VERDICT_FAIL] = 1, [VL_VERDICT_PASS] = 1}};
    c = vl_vec_push(&r->checks, "c", &err);
    *c = (struct vl_manifest_check){.id = "high-one",
        .version = "2",
        .kind = "Check",
        .title = "H",
        .severity = VL_SEVERITY_HIGH,
        .remediation = steps,
        .n_remediation = 2,
        .counts = {[VL_VERDICT_FAIL] = 1, [VL_VERDICT_EXEMPT] = 1, [VL_VERDICT_ERROR] = 1}};
    c = vl_vec_push(&r->checks, "c", &err);
    *c = (struct vl_manifest_check){.id = "fine",
        .version = "1",
        .kind = "Check",
        .severity = VL_SEVERITY_MEDIUM,
        .counts = {[VL_VERDICT_PASS] = 2}};
    struct vl_manifest_finding *f = vl_vec_push(&r->findings, "f", &err);
    *f = (struct vl_manifest_finding){
        .object = 0, .check = 0, .outcome = VL_VERDICT_FAIL, .message = "low thing", .line = 12};
    f = vl_vec_push(&r->findings, "f", &err);
    *f = (struct vl_manifest_finding){.object = 0,
        .check = 1,
        .outcome = VL_VERDICT_FAIL,
        .message = "shares <the node>",
        .fields = fields,
        .n_fields = 2,
        .line = 24,
        .column = 3,
        .fix = "[]",
        .fix_is_patch = true,
        .evaluated_as = "spec.template"};
    f = vl_vec_push(&r->findings, "f", &err);
    *f = (struct vl_manifest_finding){.object = 1,
        .check = 1,
        .outcome = VL_VERDICT_EXEMPT,
        .line = 1,
        .exemption = "inline",
        .justification = "the agent needs it"};
    f = vl_vec_push(&r->findings, "f", &err);
    *f = (struct vl_manifest_finding){
        .object = 1, .check = 1, .outcome = VL_VERDICT_ERROR, .message = "no such key: x", .line = 1};
    struct vl_manifest_problem *p = vl_vec_push(&r->problems, "p", &err);
    *p = (struct vl_manifest_problem){true, "bad.yaml", 3, 0, "a tab"};
    struct vl_manifest_standard *s = vl_vec_push(&r->standards, "s", &err);
    *s = (struct vl_manifest_standard){"pss", "Pod Security Standards", "1.36", 3, 1, 2, 4, 5};
    r->files = 3;
    r->by_severity[VL_SEVERITY_LOW] = r->by_severity[VL_SEVERITY_HIGH] = 1;
    r->errors = r->exempt = 1;
    r->partial = true;
    r->scanned_ms = 1801439999000;
    return r;
}

static void write(enum vl_report_format format, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_options options = {.version = "9.9"};
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) = make();
    vl_buf_init(out, 1 << 20);
    if (vl_report_manifests(r, format, &options, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static const struct vl_doc_node *get(const struct vl_doc_node *node, const char *path)
{
    struct vl_span rest = vl_span_str(path), part;
    while (vl_span_split(&rest, '.', &part)) {
        uint64_t index;
        node = vl_span_to_u64(part, &index) ? vl_doc_at(node, (size_t)index) : vl_doc_get_span(node, part);
        if (!node)
            fail_msg("nothing at %s", path);
    }
    return node;
}

static void is(const struct vl_doc_node *root, const char *path, const char *want)
{
    struct vl_span text = vl_doc_text(get(root, path));
    if (!vl_span_eq_str(text, want))
        fail_msg("%s is %.*s and not %s", path, VL_SPAN_FMT(text), want);
}

static void test_json(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    write(VL_REPORT_JSON, &out);
    assert_int_equal(vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "t", &doc, &err), 0);
    const struct vl_doc_node *root = vl_doc_root(doc);
    is(root, "schema_version", "1");
    is(root, "summary.failed", "2");
    is(root, "summary.by_severity.high", "1");
    is(root, "summary.partial", "true");
    is(root, "findings.1.check", "high-one");
    is(root, "findings.1.line", "24");
    is(root, "findings.1.object.name", "web");
    is(root, "findings.1.fields.1.missing", "true");
    is(root, "findings.1.fix_patch", "[]");
    is(root, "findings.2.outcome", "exempt");
    is(root, "findings.2.message", "H");
    is(root, "checks.1.errors", "1");
    is(root, "standards.0.not_assessable", "4");
    is(root, "problems.0.line", "3");
}

static void test_sarif(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    write(VL_REPORT_SARIF, &out);
    assert_int_equal(vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "t", &doc, &err), 0);
    const struct vl_doc_node *run = get(vl_doc_root(doc), "runs.0");
    is(run, "tool.driver.rules.1.id", "high-one");
    is(run, "tool.driver.rules.1.properties.security-severity", "8.0");
    is(run, "results.1.level", "error");
    is(run, "results.0.level", "note");
    is(run, "results.1.ruleIndex", "1");
    is(run, "results.1.locations.0.physicalLocation.artifactLocation.uri", "a%20b/web.yaml");
    is(run, "results.1.locations.0.physicalLocation.region.startLine", "24");
    is(run, "results.2.suppressions.0.justification", "the agent needs it");
    is(run, "invocations.0.executionSuccessful", "false");
}

static void test_junit(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_xml *xml VL_CLEANUP(vl_xml_cleanup) = NULL;
    write(VL_REPORT_JUNIT, &out);
    assert_int_equal(vl_xml_parse(vl_buf_span(&out), "t", &xml, &err), 0);
    const struct vl_xml_node *suite = vl_xml_child(vl_xml_root(xml), "testsuite");
    assert_true(
        vl_span_eq_str(vl_xml_attr(suite, "tests"), "6")); /* 4 findings, 1 passed check, 1 unreadable file */
    assert_true(vl_span_eq_str(vl_xml_attr(suite, "failures"), "2"));
    assert_true(vl_span_eq_str(vl_xml_attr(suite, "errors"), "2"));
    assert_true(vl_span_eq_str(vl_xml_attr(suite, "skipped"), "1"));
}

static void test_table(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    write(VL_REPORT_TABLE, &out);
    const char *text = vl_buf_str(&out);
    const char *high = strstr(text, "high-one"), *low = strstr(text, "low-one");
    assert_non_null(high);
    assert_non_null(low);
    assert_true(high < low); /* the worst first */
    assert_non_null(strstr(text, "./a b/web.yaml:12  Deployment shop/web"));
    assert_non_null(strstr(text, "line 24  spec.hostPID and 1 more"));
    assert_non_null(strstr(text, "3 passed, 1 failed, 2 manual, 4 not assessable, 5 without objects here"));
    assert_non_null(strstr(text, "bad.yaml:3  a tab"));
    assert_null(strchr(text, 27)); /* names of objects cannot steer the terminal */
    assert_non_null(
        strstr(text, "2 to fix (1 high, 1 low) · 1 has a fix (--fix) · 1 exempt · 1 could not be evaluated · "
                     "2 objects in 3 files, 3 checks · 1 place not checked\n"));
}

static void test_other_formats(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_options options = {.version = "9.9"};
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) = make();
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_true(vl_report_manifests(r, VL_REPORT_SPDX, &options, &out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_sarif),
        cmocka_unit_test(test_junit),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_other_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
