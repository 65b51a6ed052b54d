/* tests: load_check.c examples.c fields.c standard.c
 * The built-in checks and their examples (Kubernetes' own evaluator gives the same verdict and message on
 * every one of them), places of fields as a person counts them in the file, RFC 6902 patches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "policy/examples.h"
#include "policy/standard.h"

#define CHECK                                                                                               \
    "apiVersion: vallum/v1\nkind: Check\nid: no-latest\nversion: '2'\ntitle: Images have a tag\nseverity: " \
    "high\n"                                                                                                \
    "match: {kinds: [Pod], excludeNamespaces: ['kube-*']}\n"                                                \
    "parameters: {tags: {type: list(string), default: [latest]}}\n"                                         \
    "expression: object.spec.containers.all(c, !variables.tags.exists(t, c.image.endsWith(':' + t)))\n"     \
    "locate: object.spec.containers.transformList(i, c, variables.tags.exists(t, c.image.endsWith(':' + "   \
    "t)), "                                                                                                 \
    "'spec.containers[' + string(i) + '].image')\n"                                                         \
    "fix: {apply: '{\"spec\": {\"dnsPolicy\": \"Default\"}}'}\n"
#define STANDARD                                                                                         \
    "---\napiVersion: vallum/v1\nkind: Standard\nid: own\ntitle: Our own\nparameters: {tags: "           \
    "[edge]}\nitems:\n"                                                                                  \
    "- {id: '1', checks: [no-latest]}\n- {id: '2', manual: somebody looks}\n- {id: '3', notAssessable: " \
    "nobody sees}\n"
#define EXEMPTION                                                                                         \
    "---\napiVersion: vallum/v1\nkind: Exemption\nname: old-shop\ncategory: waiver\njustification: goes " \
    "away in "                                                                                            \
    "spring\nexpires: 1970-01-02\nchecks: ['no-*']\nscope: [{namespaces: [shop], kinds: [Deployment]}]\n"
#define DEPLOYMENT                                                                                    \
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  "     \
    "template:\n    spec:\n"                                                                          \
    "      containers:\n      - name: a\n        image: web:latest\n      - name: b\n        image: " \
    "web:edge\n"

struct seen {
    enum vl_verdict_outcome outcome;
    bool allowed;
    char text[2048];
    unsigned n;
};

static int see(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct seen *s = user;
    struct vl_buf text;
    (void)err;
    vl_buf_init(&text, sizeof(s->text));
    s->n++;
    s->outcome = v->outcome;
    s->allowed = v->allowed;
    for (uint32_t i = 0; i < v->n_fields; i++)
        vl_buf_printf(&text, "%s:%u:%u ", v->fields[i].path, v->fields[i].line, v->fields[i].column);
    if (v->fix)
        vl_buf_printf(&text, "fix %s ", v->fix);
    if (v->exemption)
        vl_buf_printf(&text, "exempt %s (%s) ", v->exemption, v->justification);
    for (uint32_t i = 0; i < v->n_notes; i++)
        vl_buf_printf(&text, "note %s ", v->notes[i]);
    snprintf(s->text, sizeof(s->text), "%s", vl_buf_str(&text));
    vl_buf_done(&text);
    return 0;
}

static void evaluate(
    const char *policies, const struct vl_policy_options *options, const char *object, struct seen *s)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_kube_object o;
    struct vl_policy_request q = {.object = &o};
    memset(s, 0, sizeof(*s));
    assert_int_equal(vl_policies_new(options, &set, &err), 0);
    if (vl_policies_add(set, vl_span_str(policies), "c.yaml", &err) < 0 ||
        vl_policies_finish(set, &err) < 0 || vl_policy_run_new(set, &run, &err) < 0 ||
        vl_doc_parse(vl_span_str(object), VL_DOC_YAML, "o.yaml", &doc, &err) < 0 ||
        vl_kube_object_view(vl_doc_root(doc), "o.yaml", &o, &err) < 0 ||
        vl_policy_evaluate(run, &q, see, s, &err) < 0)
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < vl_policies_problems(set); i++)
        fail_msg("%s: %s", vl_policies_problem(set, i)->item, vl_policies_problem(set, i)->message);
}

static void test_fields_and_fix(void **state)
{
    (void)state;
    struct seen s;
    evaluate(CHECK, NULL, DEPLOYMENT, &s);
    assert_int_equal(s.outcome, VL_VERDICT_FAIL);
    assert_false(s.allowed);
    assert_string_equal(s.text, "spec.template.spec.containers[0].image:11:9 fix "
                                "{\"spec\":{\"template\":{\"spec\":{\"dnsPolicy\":\"Default\"}}}} ");
    evaluate(CHECK, NULL,
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: kube-system}, spec: {containers: "
        "[{image: 'a:latest'}]}}",
        &s);
    assert_int_equal(s.outcome, VL_VERDICT_NOT_APPLICABLE);
    assert_true(s.allowed);
}

static void test_standard(void **state)
{
    (void)state;
    struct seen s;
    struct vl_policy_options options = {.standard = "own"};
    /* The standard's parameters: another tag, another container. */
    evaluate(CHECK STANDARD, &options, DEPLOYMENT, &s);
    assert_non_null(strstr(s.text, "spec.template.spec.containers[1].image:13:9 "));
    struct vl_err err = VL_ERR_INIT;
    struct vl_policies *set = NULL;
    options.standard = "other";
    assert_int_equal(vl_policies_new(&options, &set, &err), 0);
    assert_int_equal(vl_policies_add(set, vl_span_str(CHECK STANDARD), "c.yaml", &err), 0);
    const struct vl_standard *standard = vl_policies_standard_find(set, "own");
    assert_int_equal(standard->n_items, 3);
    assert_int_equal(standard->items[1].state, VL_STANDARD_MANUAL);
    assert_int_equal(standard->items[2].state, VL_STANDARD_NOT_ASSESSABLE);
    assert_true(vl_policies_finish(set, &err) < 0);
    assert_string_equal(err.msg, "no standard has the id 'other'");
    vl_policies_free(set);
}

static void test_exemptions(void **state)
{
    (void)state;
    struct seen s;
    struct vl_policy_options options = {.now_ms = 1000};
    evaluate(CHECK EXEMPTION, &options, DEPLOYMENT, &s);
    assert_int_equal(s.outcome, VL_VERDICT_EXEMPT);
    assert_true(s.allowed);
    assert_non_null(strstr(s.text, "exempt old-shop (goes away in spring) "));
    options.now_ms = 86400000; /* the day it ends */
    evaluate(CHECK EXEMPTION, &options, DEPLOYMENT, &s);
    assert_int_equal(s.outcome, VL_VERDICT_FAIL);
    options.now_ms = 1000;
    evaluate(CHECK EXEMPTION, &options,
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: "
        "{containers: [{image: 'a:latest'}]}}",
        &s);
    assert_int_equal(s.outcome, VL_VERDICT_FAIL); /* the scope names Deployments */
}

static void test_exemption_problems(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: waiver\nchecks: [x]\n",
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: never\njustification: b\nchecks: [x]\n",
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: waiver\njustification: b\n",
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: waiver\njustification: b\nchecks: "
        "[x]\nexpires: soon\n",
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: waiver\njustification: b\nchecks: "
        "[x]\nscope: [{}]\n",
        "apiVersion: vallum/v1\nkind: Exemption\nname: a\ncategory: waiver\njustification: b\nchecks: "
        "[x]\nscpe: []\n",
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_policies *set = NULL;
        assert_int_equal(vl_policies_new(NULL, &set, &err), 0);
        assert_int_equal(vl_policies_add(set, vl_span_str(rows[i]), "e.yaml", &err), 0);
        if (vl_policies_errors(set) != 1 || vl_policies_exemptions(set) != 0)
            fail_msg("%s: %u errors", rows[i], vl_policies_errors(set));
        vl_policies_free(set);
    }
}

struct count {
    unsigned agree, differ;
};

static int count(const struct vl_policy_example *e, void *user, struct vl_err *err)
{
    struct count *c = user;
    (void)err;
    c->agree += e->agrees;
    c->differ += !e->agrees;
    if (!e->agrees)
        printf("%s:%u %s: expected %s, got %s %s\n", e->file, e->line, e->name, e->expected, e->got,
            e->message ? e->message : "");
    return 0;
}

static void test_examples(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    struct count c = {0};
    assert_int_equal(vl_policies_new(NULL, &set, &err), 0);
    const char *text = CHECK "examples:\n- {name: a, expect: fail, object: {apiVersion: v1, kind: Pod, spec: "
                             "{containers: [{image: 'a:1'}]}}}\n";
    assert_int_equal(vl_policies_add(set, vl_span_str(text), "c.yaml", &err), 0);
    assert_int_equal(vl_policies_finish(set, &err), 0);
    assert_int_equal(vl_policy_examples(set, count, &c, &err), 0);
    /* It passes though it should fail, and there is none that fails. */
    assert_int_equal(c.agree, 0);
    assert_int_equal(c.differ, 2);
}

static void test_built_in(void **state)
{
    (void)state;
    static const char *const ids[] = {"pss-privileged", "pss-host-namespaces", "pss-host-path-volumes",
        "pss-host-ports", "pss-capabilities-baseline", "pss-proc-mount", "pss-proc-mount-restricted",
        "pss-app-armor", "pss-se-linux", "pss-seccomp-baseline", "pss-sysctls", "pss-windows-host-process",
        "pss-host-probes", "pss-privilege-escalation", "pss-capabilities-restricted", "pss-volume-types",
        "pss-run-as-non-root", "pss-run-as-user", "pss-seccomp-restricted"};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_policies_cleanup) struct vl_policies *set = NULL;
    const char *source = getenv("VALLUM_CHECKOUT") ? getenv("VALLUM_CHECKOUT") : ".";
    struct count c = {0};
    assert_int_equal(vl_policies_new(NULL, &set, &err), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(ids); i++) {
        char path[4096];
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, 1000000);
        snprintf(path, sizeof(path), "%s/content/checks/%s.yaml", source, ids[i]);
        if (vl_file_read(path, 1000000, &text, &err) < 0 ||
            vl_policies_add(set, vl_buf_span(&text), path, &err) < 0)
            fail_msg("%s", err.msg);
    }
    assert_int_equal(vl_policies_finish(set, &err), 0);
    assert_int_equal(vl_policies_problems(set), 0);
    assert_int_equal(vl_policy_examples(set, count, &c, &err), 0);
    assert_int_equal(c.differ, 0);
    assert_true(c.agree >= 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_and_fix),
        cmocka_unit_test(test_standard),
        cmocka_unit_test(test_exemptions),
        cmocka_unit_test(test_exemption_problems),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
