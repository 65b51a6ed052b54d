/* tests: export.c export_match.c rewrite.c load_kyverno.c load_gatekeeper.c
 * What is written is read again as a ValidatingAdmissionPolicy and must give the same verdicts as what it was
 * made from; Kyverno's autogen documentation for the rewritten expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "export.h"

#define EXPORT_MAX (1024UL * 1024)

static void test_rewrite(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool bare;
    } rows[] = {
        {"object.spec.hostPID", "object.spec.template.spec.hostPID", false},
        {"has(object.spec) && object.metadata.name == 'x'",
            "has(object.spec.template.spec) && object.spec.template.metadata.name == 'x'", false},
        {"object.?spec.?hostPID.orValue(false)", "object.spec.template.?spec.?hostPID.orValue(false)", false},
        {"oldObject.spec == object.spec", "oldObject.spec.template.spec == object.spec.template.spec", false},
        {"variables.object.spec", "variables.object.spec", false},
        {"'object.spec' + \"object.spec\" + r'object.spec\\' + '''object.spec '' '''",
            "'object.spec' + \"object.spec\" + r'object.spec\\' + '''object.spec '' '''", false},
        {"'it\\'s object.spec' == object.spec.a", "'it\\'s object.spec' == object.spec.template.spec.a",
            false},
        {"object . spec", "object.spec.template . spec", false},
        {"myobject.spec + objects.spec", "myobject.spec + objects.spec", false},
        {"object.kind == 'Pod'", "object.kind == 'Pod'", true},
        {"object == null", "object == null", true},
        {"x // object.spec\n+ object.spec.a", "x // object.spec\n+ object.spec.template.spec.a", false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        bool bare = false;
        vl_buf_init(&out, 10000);
        policy_rewrite(vl_span_str(rows[i].from), "spec.template", &out, &bare);
        assert_string_equal(vl_buf_str(&out), rows[i].to);
        assert_int_equal(bare, rows[i].bare);
    }
}

struct outcome {
    bool allowed, applied;
};

static int see(const struct vl_verdict *v, void *user, struct vl_err *err)
{
    struct outcome *o = user;
    (void)err;
    o->allowed = o->allowed && v->allowed;
    o->applied = o->applied || v->outcome != VL_VERDICT_NOT_APPLICABLE;
    return 0;
}

static struct outcome evaluate(const char *policies, const char *object, struct vl_policies **ret_set)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_policies *set = NULL;
    VL_CLEANUP(vl_policy_run_cleanup) struct vl_policy_run *run = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_kube_object o;
    struct vl_policy_request q = {.object = &o};
    struct outcome out = {.allowed = true};
    struct vl_policy_options options = {.now_ms = 1};
    assert_int_equal(vl_policies_new(&options, &set, &err), 0);
    if (vl_policies_add(set, vl_span_str(policies), "p.yaml", &err) < 0 ||
        vl_policies_finish(set, &err) < 0 || vl_policy_run_new(set, &run, &err) < 0 ||
        vl_doc_parse(vl_span_str(object), VL_DOC_YAML, "o.yaml", &doc, &err) < 0 ||
        vl_kube_object_view(vl_doc_root(doc), "o.yaml", &o, &err) < 0 ||
        vl_policy_evaluate(run, &q, see, &out, &err) < 0)
        fail_msg("%s in %s", err.msg, policies);
    for (uint32_t i = 0; i < vl_policies_problems(set); i++) {
        const struct vl_policy_problem *p = vl_policies_problem(set, i);
        if (p->is_error)
            fail_msg("%s: %s: %s in %s", p->item, p->field, p->message, policies);
    }
    *ret_set = set;
    return out;
}

static void export_all(const struct vl_policies *set, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_policy_export_options how = {0};
    for (uint32_t i = 0; i < vl_policies_size(set); i++) {
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(EXPORT_MAX);
        const char *const *left_out = NULL;
        uint32_t n = 0;
        if (vl_policy_export(set, i, &how, arena, out, &left_out, &n, &err) < 0)
            fail_msg("%s", err.msg);
    }
}

#define CHECK                                                                                           \
    "apiVersion: vallum/v1\nkind: Check\nid: c\nversion: '1'\ntitle: \"Say \\\"no\\\"\"\nseverity: "    \
    "low\nmatch: {kinds: "                                                                              \
    "[Pod], excludeNamespaces: ['kube-*']}\nparameters: {names: {type: 'list(string)', default: [bad, " \
    "\"it's\"]}}\n"                                                                                     \
    "expression: |-\n  !(object.spec.containers.exists(c,\n    c.name in variables.names))\n"
#define KYVERNO                                                                                              \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec:\n  "                         \
    "validationFailureAction: Enforce\n  rules:\n"                                                           \
    "  - name: r\n    match: {any: [{resources: {kinds: [Pod], namespaces: [shop]}}]}\n    validate:\n     " \
    " cel:\n        "                                                                                        \
    "expressions: [{expression: \"object.spec.containers.all(c, c.name != 'bad')\", message: never}]\n"
#define VPOL                                                                                            \
    "apiVersion: policies.kyverno.io/v1alpha1\nkind: ValidatingPolicy\nmetadata: {name: v}\nspec:\n  "  \
    "autogen: "                                                                                         \
    "{podControllers: {controllers: [deployments]}}\n  matchConstraints: {resourceRules: [{apiGroups: " \
    "[''], "                                                                                            \
    "apiVersions: [v1], operations: [CREATE], resources: [pods]}]}\n  validations: [{expression: "      \
    "\"object.spec.containers.all(c, c.name != 'bad')\"}]\n"
#define GATEKEEPER                                                                                          \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: g}\nspec:\n  crd: " \
    "{spec: {names: "                                                                                       \
    "{kind: BadNames}}}\n  targets:\n  - target: admission.k8s.gatekeeper.sh\n    code:\n    - engine: "    \
    "K8sNativeValidation\n"                                                                                 \
    "      source:\n        variables: [{name: names, expression: variables.params.names}]\n        "       \
    "validations: "                                                                                         \
    "[{expression: '!variables.anyObject.spec.containers.exists(c, c.name in variables.names)', "           \
    "messageExpression: "                                                                                   \
    "'\"no\"'}]\n---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: BadNames\nmetadata: {name: "     \
    "mine}\nspec:\n  match: "                                                                               \
    "{kinds: [{apiGroups: [''], kinds: [Pod]}]}\n  parameters: {names: [bad]}\n"

#define POD(namespace, name)                                                                         \
    "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: " namespace "}, spec: {containers: " \
                                                                            "[{name: " name "}]}}"
#define DEPLOYMENT(name)                                                                                     \
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: p, namespace: shop}, spec: {template: {spec: " \
    "{containers: [{name: " name "}]}}}}"

static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *object;
        bool applied, allowed;
    } rows[] = {
        {CHECK, POD("shop", "bad"), true, false},
        {CHECK, POD("shop", "\"it's\""), true, false},
        {CHECK, POD("shop", "good"), true, true},
        {CHECK, POD("kube-system", "bad"), false, true},
        {CHECK, DEPLOYMENT("bad"), true, false},
        {KYVERNO, POD("shop", "bad"), true, false},
        {KYVERNO, POD("dev", "bad"), false, true},
        {KYVERNO, DEPLOYMENT("bad"), true, false},
        {KYVERNO, DEPLOYMENT("good"), true, true},
        {VPOL, POD("shop", "bad"), true, false},
        {VPOL, DEPLOYMENT("bad"), true, false},
        {VPOL, DEPLOYMENT("good"), true, true},
        {GATEKEEPER, POD("shop", "bad"), true, false},
        {GATEKEEPER, POD("shop", "good"), true, true},
        {GATEKEEPER, "{apiVersion: v1, kind: Service, metadata: {name: s}}", false, true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_policies *set = NULL, *again = NULL;
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, EXPORT_MAX);
        struct outcome first = evaluate(rows[i].policy, rows[i].object, &set);
        if (first.allowed != rows[i].allowed || first.applied != rows[i].applied)
            fail_msg("%s on %s: allowed %d applied %d", rows[i].policy, rows[i].object, first.allowed,
                first.applied);
        export_all(set, &out);
        /* A constraint is the parameter object of the exported policy. */
        const char *constraint = strstr(rows[i].policy, "---\n");
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, EXPORT_MAX);
        vl_buf_append_span(&text, vl_buf_span(&out));
        if (constraint) { /* under another group, so that it is read as an object alone */
            vl_buf_append_str(&text,
                "---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: BadNames\nmetadata: {name: "
                "mine}\nspec: {parameters: {names: [bad]}}\n");
        }
        struct outcome second = evaluate(vl_buf_str(&text), rows[i].object, &again);
        /* Not applied and passed look alike in a verdict's `allowed`. */
        if (second.allowed != first.allowed)
            fail_msg("%s on %s: allowed %d then %d\n%s", rows[i].policy, rows[i].object, first.allowed,
                second.allowed, vl_buf_str(&text));
        vl_policies_free(set);
        vl_policies_free(again);
    }
}

static void test_not_converted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec: {rules: [{name: r, "
         "match: {}, mutate: "
         "{patchStrategicMerge: {}}}]}\n",
            "not converted: mutate: only validation is done here; keep Kyverno for this rule"},
        {"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: k}\nspec: {rules: [{name: r, "
         "match: {}, validate: "
         "{pattern: {}}}]}\n",
            "not converted: pattern: only validate.cel is read; write the rule in CEL"},
        {"apiVersion: policies.kyverno.io/v1\nkind: GeneratingPolicy\nmetadata: {name: k}\nspec: {}\n",
            "not converted: only validating policies are read; keep Kyverno for this one"},
        {"apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: g}\nspec: {crd: "
         "{spec: {names: "
         "{kind: G}}}, targets: [{rego: 'package x'}]}\n",
            "not converted: there is no code for the engine K8sNativeValidation; Rego is not read"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_policies *set = NULL;
        assert_int_equal(vl_policies_new(NULL, &set, &err), 0);
        assert_int_equal(vl_policies_add(set, vl_span_str(rows[i].text), "p.yaml", &err), 0);
        assert_true(vl_policies_problems(set) > 0);
        assert_string_equal(vl_policies_problem(set, 0)->message, rows[i].message);
        assert_true(vl_policies_problem(set, 0)->is_error);
        vl_policies_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_not_converted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
