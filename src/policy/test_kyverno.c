/* tests: except.c load_exception.c load_kyverno.c
 * Facts: Kyverno's documentation of ValidatingPolicy, PolicyException and its CEL libraries
 * (kyverno.io/docs), and pkg/cel/policies/vpol (exceptions before conditions, the first validation that fails
 * ends). */
#include "test_verdicts.h"

#define HEAD(name)                                                                                     \
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: " name "}\nspec:\n"  \
    "  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], " \
    "resources: [pods]}]}\n"
#define POD(name, image)                                     \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name \
    "}\nspec: {containers: [{name: a, image: '" image "'}]}\n"
#define DEPLOYMENT(name, image)                                                \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\n" \
    "spec: {template: {spec: {containers: [{name: a, image: '" image "'}]}}}\n"
#define EXCEPTION(spec) \
    "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: x}\nspec:\n" spec

static void test_functions(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(HEAD("a") "  validations:\n"
                              "    - expression: images.containers.all(i, image(i).registry() == 'ghcr.io')\n"
                              "    - expression: time.now() < timestamp('2026-01-01T00:00:00Z')\n",
        POD("good", "ghcr.io/a/b") POD("bad", "nginx") DEPLOYMENT("d", "nginx"), "good=pass bad=fail d=fail",
        &v);
    assert_int_equal(v.errors, 0);
    /* What asks a cluster is told by name, and is an error where it is reached. */
    expect_verdicts(HEAD("b") "  variables: [{name: c, expression: \"resource.Get('v1', 'configmaps', 'a', "
                              "'b').data\"}]\n"
                              "  validations:\n"
                              "    - expression: object.metadata.name != 'asks' || variables.c.x == 'y'\n",
        POD("good", "a") POD("asks", "a"), "good=pass asks=error", &v);
    assert_int_equal(v.errors, 1);
    assert_non_null(strstr(v.problems, "not converted: resource.Get: it reads objects of a cluster"));
}

/* Which policies are about controllers, too (pkg/cel/autogen, CanAutoGen). */
static void test_autogen(void **state)
{
    (void)state;
    struct verdicts v;
#define RULE(rest)                                                                                     \
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: a}\nspec:\n"         \
    "  validations: [{expression: 'false'}]\n"                                                         \
    "  matchConstraints: {resourceRules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], " \
    "resources: [pods]}]" rest "}\n"
#define CONTROLLER(kind) \
    "---\napiVersion: v1\nkind: " kind "\nmetadata: {name: c}\nspec: {template: {spec: {containers: []}}}\n"
    expect_verdicts(RULE(""), DEPLOYMENT("d", "a") CONTROLLER("ReplicationController"), "d=fail", &v);
    expect_verdicts(RULE(", objectSelector: {matchLabels: {a: b}}"), DEPLOYMENT("d", "a"), "", &v);
    /* kyverno/kyverno
     * test/conformance/chainsaw/validating-policies/autogen/should-autogen-with-namespace-selector */
    expect_verdicts(RULE(", namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}"),
        DEPLOYMENT("d", "a"), "d=fail", &v);
    expect_verdicts(RULE(", namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}"),
        DEPLOYMENT("d", "a"), "", &v);
    expect_verdicts(
        RULE(", excludeResourceRules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], "
             "resources: [pods/x]}]"),
        DEPLOYMENT("d", "a"), "", &v);
    expect_verdicts(
        RULE("") "  autogen: {podControllers: {controllers: [cronjobs]}}\n", DEPLOYMENT("d", "a"), "", &v);
    expect_verdicts(
        RULE("") "  autogen: {podControllers: {controllers: []}}\n", DEPLOYMENT("d", "a"), "", &v);
}

/* Memory that an expression may not have is its own error, and the next policy is asked all the same. */
static void test_memory(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(
        HEAD("a") "  variables:\n  validations:\n    - expression: >-\n        lists.range(200000).all(i, "
                  "yaml.parse('[[[[[[[[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]]]]]]]]').size() == 1)\n"
                  "---\n" HEAD("b") "  validations: [{expression: 'true'}]\n",
        POD("p", "a"), "p=error p=pass", &v);
    assert_non_null(strstr(v.messages, "needs more than"));
}

/* The first that does not pass ends it: what comes behind is not asked. */
static void test_order(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(HEAD("a") "  validations:\n    - {expression: 'object.spec.nothing == 1', message: one}\n"
                              "    - {expression: 'false', message: two}\n",
        POD("p", "a"), "p=error", &v);
    expect_verdicts(HEAD("a") "  validations:\n    - {expression: 'false', message: two}\n"
                              "    - {expression: 'object.spec.nothing == 1', message: one}\n",
        POD("p", "a"), "p=fail", &v);
    assert_string_equal(v.messages, "p: two\n");
}

static void test_exceptions(void **state)
{
    (void)state;
    struct verdicts v;
    static const char policy[] = HEAD(
        "a") "  validations:\n    - expression: >-\n"
             "        images.containers.all(i, i.startsWith('ghcr.io/') || i in exceptions.allowedImages)\n"
             "    - expression: \"!(object.metadata.name in exceptions.allowedValues)\"\n";
    char text[4096];
    (void)snprintf(text, sizeof(text), "%s%s", policy,
        EXCEPTION("  policyRefs: [{name: a, kind: ValidatingPolicy}]\n"
                  "  matchConditions: [{name: c, expression: \"object.metadata.name == 'known'\"}]\n"));
    expect_verdicts(text, POD("known", "nginx") POD("bad", "nginx"), "known=exempt bad=fail", &v);
    (void)snprintf(text, sizeof(text), "%s%s", policy,
        EXCEPTION("  policyRefs: [{name: a, kind: ValidatingPolicy}]\n  images: [nginx]\n  allowedValues: "
                  "[value]\n"));
    expect_verdicts(
        text, POD("p", "nginx") POD("q", "busybox") POD("value", "nginx"), "p=pass q=fail value=fail", &v);
    (void)snprintf(text, sizeof(text), "%s%s", policy,
        EXCEPTION("  policyRefs: [{name: other, kind: ValidatingPolicy}]\n"));
    expect_verdicts(text, POD("p", "nginx"), "p=fail", &v);
    assert_non_null(strstr(v.problems, "no policy has the name"));
    (void)snprintf(text, sizeof(text), "%s%s", policy,
        EXCEPTION("  policyRefs: [{name: a, kind: ValidatingPolicy}]\n"
                  "  matchConditions: [{name: c, expression: \"object.metadata.labels.x == 'y'\"}]\n"));
    expect_verdicts(text, POD("p", "ghcr.io/a"), "p=error", &v);
    /* kyverno/kyverno test/cli/test-validating-policy/exceptions-autogen-controller-metadata: the metadata is
     * the controller's, the specification that of the pod. */
    (void)snprintf(text, sizeof(text), "%s%s", policy,
        EXCEPTION("  policyRefs: [{name: a, kind: ValidatingPolicy}]\n"
                  "  matchConditions: [{name: c, expression: \"object.metadata.name == 'skipped' && "
                  "object.metadata.labels.team == 'a' && object.spec.containers[0].name == 'a'\"}]\n"));
#define LABELLED(name)                                                                                    \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name ", labels: {team: a}}\n"         \
    "spec: {template: {metadata: {name: other, labels: {team: b}}, spec: {containers: [{name: a, image: " \
    "x}]}}}\n"
    expect_verdicts(text, LABELLED("skipped") LABELLED("bad"), "skipped=exempt bad=fail", &v);
}

/* kyverno/kyverno test/cli/issue-15350-message-expression-error; whatever failurePolicy says it is no pass.
 */
static void test_message_error(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(HEAD("a") "  failurePolicy: Ignore\n"
                              "  validations: [{expression: \"'x' in object.metadata.?labels.orValue({})\", "
                              "messageExpression: \"'x: ' + object.metadata.labels.x\"}]\n",
        POD("p", "nginx"), "p=error", &v);
    assert_non_null(strstr(v.messages, "failed to evaluate message expression: "));
    assert_false(v.allowed);
}

static void test_rule_exceptions(void **state)
{
    (void)state;
    struct verdicts v;
    static const char policy[] =
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec:\n  rules:\n"
        "    - name: r\n      match: {any: [{resources: {kinds: [Pod]}}]}\n"
        "      validate: {cel: {expressions: [{expression: 'false', message: wrong}]}}\n";
    char text[4096];
#define RULES(names)                                                                      \
    "---\napiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: x}\nspec:\n" \
    "  exceptions: [{policyName: a, ruleNames: [" names "]}]\n"                           \
    "  match: {any: [{resources: {kinds: [Pod, Deployment], names: ['known*']}}]}\n"
    (void)snprintf(text, sizeof(text), "%s%s", policy, RULES("r"));
    expect_verdicts(text, POD("known", "a") POD("p", "a") DEPLOYMENT("known-d", "a"),
        "known=exempt p=fail known-d=fail", &v);
    (void)snprintf(text, sizeof(text), "%s%s", policy, RULES("'autogen-*'"));
    expect_verdicts(text, POD("known", "a") DEPLOYMENT("known-d", "a") DEPLOYMENT("d", "a"),
        "known=fail known-d=exempt d=fail", &v);
    /* One that asks in another language excepts nothing. */
    (void)snprintf(text, sizeof(text), "%s%s  conditions: {any: [{key: a, operator: Equals, value: a}]}\n",
        policy, RULES("r"));
    expect_verdicts(text, POD("known", "a"), "known=fail", &v);
    assert_int_equal(v.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_autogen),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_message_error),
        cmocka_unit_test(test_rule_exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
