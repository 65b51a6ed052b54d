/* tests: manifests.c fix.c
 *
 * The checks here are written for the test; what they must say follows from their own words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "posture/manifests.h"

static const char checks[] =
    "apiVersion: vallum/v1\nkind: Check\nid: no-host-pid\nversion: \"3\"\ntitle: No host PID\nseverity: "
    "high\n"
    "match: {kinds: [Pod]}\n"
    "expression: object.spec.?hostPID.orValue(false) == false\nmessage: shares processes\nfields: "
    "[spec.hostPID]\n"
    "remediation: [Remove hostPID.]\n"
    "fix: {jsonPatch: \"[{'op': 'remove', 'path': '/spec/hostPID'}]\"}\n"
    "---\n"
    "apiVersion: vallum/v1\nkind: Check\nid: has-owner\nversion: \"1\"\ntitle: Has an owner\nseverity: low\n"
    "match: {kinds: [Pod]}\n"
    "expression: has(object.metadata.labels) && 'owner' in object.metadata.labels\nmessage: nobody owns it\n"
    "fields: [metadata.labels.owner]\nremediation: [Add the label owner.]\n"
    "fix: {jsonPatch: \"[{'op': dyn('add'), 'path': dyn('/metadata/labels'), 'value': dyn({'owner': "
    "'shop'})}]\"}\n";

static struct vl_policies *policies;

static int set_up(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_policy_options options = {0};
    if (vl_policies_new(&options, &policies, &err) < 0 ||
        vl_policies_add(policies, vl_span_str(checks), "checks.yaml", &err) < 0 ||
        vl_policies_finish(policies, &err) < 0)
        fail_msg("%s", err.msg);
    if (vl_policies_errors(policies))
        fail_msg("%s", vl_policies_problem(policies, 0)->message);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vl_policies_free(policies);
    return 0;
}

static struct vl_manifest_result *scan(const char *text, struct vl_manifest_options options)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_scan *s VL_CLEANUP(vl_manifest_scan_cleanup) = NULL;
    struct vl_manifest_result *result = NULL;
    if (vl_manifest_scan_new(policies, &options, &s, &err) < 0 ||
        vl_manifest_scan_add(s, vl_span_str(text), "f.yaml", &err) < 0 ||
        vl_manifest_scan_finish(s, &result, &err) < 0)
        fail_msg("%s", err.msg);
    return result;
}

static const struct vl_manifest_finding *find(
    const struct vl_manifest_result *r, const char *check, const char *object)
{
    for (size_t i = 0; i < r->findings.len; i++) {
        const struct vl_manifest_finding *f = vl_vec_at(&r->findings, i);
        const struct vl_manifest_check *c = vl_vec_at(&r->checks, f->check);
        const struct vl_manifest_object *o = vl_vec_at(&r->objects, f->object);
        if (strcmp(c->id, check) == 0 && strcmp(o->name, object) == 0)
            return f;
    }
    return NULL;
}

static const struct vl_manifest_finding *finding_of(
    const struct vl_manifest_result *r, const char *check, const char *object)
{
    const struct vl_manifest_finding *f = find(r, check, object);
    if (f)
        return f;
    fail_msg("no finding of %s in %s", check, object);
    abort(); /* not reached, which gcc -O3 has to be told */
}

static const char two[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  containers: []\n---\n"
    "# nothing is wrong here\napiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: {owner: x}}\nspec: "
    "{containers: []}\n";

static void test_findings(void **state)
{
    (void)state;
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) =
        scan(two, (struct vl_manifest_options){0});
    assert_int_equal(r->objects.len, 2);
    assert_int_equal(r->findings.len, 2);
    assert_int_equal(r->by_severity[VL_SEVERITY_HIGH], 1);
    assert_int_equal(r->by_severity[VL_SEVERITY_LOW], 1);
    assert_false(r->partial);
    const struct vl_manifest_finding *f = finding_of(r, "no-host-pid", "a");
    assert_string_equal(f->message, "shares processes");
    assert_int_equal(f->line, 5);
    assert_null(find(r, "no-host-pid", "b"));
    const struct vl_manifest_check *c = vl_vec_at(&r->checks, f->check);
    assert_string_equal(c->version, "3");
    assert_int_equal(c->counts[VL_VERDICT_PASS], 1);
    assert_int_equal(((const struct vl_manifest_object *)vl_vec_at(&r->objects, 1))->document, 1);
}

static void test_severity_and_exemptions(void **state)
{
    (void)state;
    struct vl_manifest_options options = {.min_severity = VL_SEVERITY_HIGH};
    struct vl_manifest_result *high VL_CLEANUP(vl_manifest_result_cleanup) = scan(two, options);
    assert_int_equal(high->findings.len, 1);
    assert_int_equal(high->checks.len, 1);

    /* The comment is in the second document: it excuses nothing in the first. */
    static const char elsewhere[] =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n---\n"
        "# vallum:exempt no-host-pid until=2030-01-31 reason=agreed\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {hostPID: true}\n";
    options.now_ms = 1895000000000; /* 2030-01-18 */
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) = scan(elsewhere, options);
    assert_int_equal(finding_of(r, "no-host-pid", "a")->outcome, VL_VERDICT_FAIL);
    assert_int_equal(finding_of(r, "no-host-pid", "b")->outcome, VL_VERDICT_EXEMPT);
    assert_string_equal(finding_of(r, "no-host-pid", "b")->justification, "agreed");
    assert_int_equal(r->exempt, 1);
    assert_int_equal(r->problems.len, 0);

    options.now_ms = 1897000000000; /* 2030-02-10: over */
    struct vl_manifest_result *late VL_CLEANUP(vl_manifest_result_cleanup) = scan(elsewhere, options);
    assert_int_equal(finding_of(late, "no-host-pid", "b")->outcome, VL_VERDICT_FAIL);
    assert_int_equal(late->problems.len, 1);
    assert_int_equal(((const struct vl_manifest_problem *)vl_vec_at(&late->problems, 0))->line, 6);
}

static void test_broken_texts(void **state)
{
    (void)state;
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) =
        scan("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n---\na: [\n",
            (struct vl_manifest_options){0});
    assert_int_equal(r->objects.len, 1); /* what stood before is checked */
    assert_non_null(find(r, "no-host-pid", "a"));
    assert_true(r->partial);
    assert_int_equal(r->problems.len, 1);
    struct vl_manifest_result *foreign VL_CLEANUP(vl_manifest_result_cleanup) =
        scan("replicas: 3\n---\n---\nname: x\n", (struct vl_manifest_options){0});
    assert_int_equal(foreign->foreign, 2);
    assert_int_equal(foreign->objects.len, 0);
}

static void test_fixes_one_an_object(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_fix_count count;
    struct vl_buf first VL_CLEANUP(vl_buf_done), second VL_CLEANUP(vl_buf_done);
    vl_buf_init(&first, 1 << 20);
    vl_buf_init(&second, 1 << 20);
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) =
        scan(two, (struct vl_manifest_options){0});
    assert_int_equal(vl_manifest_fix(r, "f.yaml", vl_span_str(two), NULL, NULL, &first, &count, &err), 0);
    assert_int_equal(count.applied, 1);
    assert_int_equal(count.deferred, 1);
    struct vl_manifest_result *again VL_CLEANUP(vl_manifest_result_cleanup) =
        scan(vl_buf_str(&first), (struct vl_manifest_options){0});
    assert_int_equal(again->findings.len, 1);
    assert_int_equal(
        vl_manifest_fix(again, "f.yaml", vl_buf_span(&first), NULL, NULL, &second, &count, &err), 0);
    assert_int_equal(count.applied, 1);
    assert_int_equal(count.deferred, 0);
    assert_string_equal(vl_buf_str(&second), "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {owner: "
                                             "shop}}\nspec:\n  containers: []\n---\n"
                                             "# nothing is wrong here\napiVersion: v1\nkind: Pod\nmetadata: "
                                             "{name: b, labels: {owner: x}}\nspec: {containers: []}\n");
}

static void test_apply_configurations(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_fix_count count;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    static const char text[] =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {owner: x}}\nspec:\n  hostPID: true\n"
        "  containers:\n  - name: web\n    image: nginx # ours\n  - name: side\n";
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) =
        scan(text, (struct vl_manifest_options){0});
    assert_int_equal(r->findings.len, 1);
    struct vl_manifest_finding *f = vl_vec_at(&r->findings, 0);
    f->fix_is_patch = false;
    f->fix = "{\"spec\":{\"hostPID\":false,\"containers\":[{\"name\":\"side\",\"tty\":false},{\"name\":"
             "\"new\"}]}}";
    assert_int_equal(vl_manifest_fix(r, "f.yaml", vl_span_str(text), NULL, NULL, &out, &count, &err), 0);
    assert_int_equal(count.applied, 1);
    assert_string_equal(vl_buf_str(&out),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {owner: x}}\nspec:\n  hostPID: false\n"
        "  containers:\n  - name: web\n    image: nginx # ours\n  - name: side\n    tty: false\n  - name: "
        "new\n");
}

static unsigned refusals;

static void on_refusal(const struct vl_manifest_finding *f, const char *why, void *user)
{
    (void)f;
    (void)user;
    refusals += strstr(why, "alias") != NULL;
}

static void test_refusals(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_fix_count count;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    static const char text[] = "apiVersion: v1\nkind: List\nitems:\n- &one\n  apiVersion: v1\n  kind: Pod\n  "
                               "metadata: {name: a, labels: {owner: x}}\n"
                               "  spec: {hostPID: true}\n- *one\n";
    struct vl_manifest_result *r VL_CLEANUP(vl_manifest_result_cleanup) =
        scan(text, (struct vl_manifest_options){0});
    assert_int_equal(r->findings.len, 2);
    assert_int_equal(
        vl_manifest_fix(r, "f.yaml", vl_span_str(text), on_refusal, NULL, &out, &count, &err), 0);
    assert_int_equal(count.refused, 2); /* the anchor's place changes its alias too */
    assert_true(refusals >= 1);
    assert_string_equal(vl_buf_str(&out), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_severity_and_exemptions),
        cmocka_unit_test(test_broken_texts),
        cmocka_unit_test(test_fixes_one_an_object),
        cmocka_unit_test(test_apply_configurations),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
