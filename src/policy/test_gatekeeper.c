/* tests: load_gatekeeper.c defaults.c
 * Facts: Gatekeeper's documentation (constraint templates with K8sNativeValidation, enforcement points,
 * match; defaults: kubernetes.io/docs on CustomResourceDefinitions, "Defaulting"): the variables anyObject
 * and params, enforcementAction scoped, spec.match.source. */
#include "test_verdicts.h"

#define TEMPLATE(source)                                                                                    \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: k8srepos}\nspec:\n" \
    "  crd: {spec: {names: {kind: K8sRepos}}}\n  targets:\n    - target: admission.k8s.gatekeeper.sh\n"     \
    "      code:\n        - engine: Rego\n          source: {rego: 'package a'}\n"                          \
    "        - engine: K8sNativeValidation\n          source: " source "\n"
#define REPOS                                                                              \
    "{failurePolicy: Fail, generateVAP: true, variables: [{name: bad, expression: "        \
    "\"variables.anyObject.spec.containers.filter(c, !variables.params.repos.exists(r, "   \
    "c.image.startsWith(r)))\"}], validations: [{expression: 'size(variables.bad) == 0', " \
    "messageExpression: \"'bad: ' + variables.bad[0].name\"}]}"
#define CONSTRAINT(spec) \
    "---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRepos\nmetadata: {name: c}\nspec:\n" spec
#define POD(name, image)                                     \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name \
    "}\nspec: {containers: [{name: a, image: '" image "'}]}\n"

static void test_library_form(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(TEMPLATE(REPOS) CONSTRAINT("  match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}\n"
                                               "  parameters: {repos: [good/]}\n"),
        POD("a", "good/x") POD("b", "bad/x"), "a=pass b=fail", &v);
    assert_int_equal(v.errors, 0);
    assert_string_equal(v.messages, "a: \nb: bad: a\n");
    expect_verdicts(TEMPLATE("{validations: [{expression: 'true'}], mutations: []}")
                        CONSTRAINT("  match: {}\n"),
        POD("a", "a"), "a=pass", &v);
    assert_non_null(strstr(v.problems, "mutations"));
}

static unsigned actions_of(const char *spec)
{
    char text[4096];
    struct verdicts v;
    (void)snprintf(text, sizeof(text), "%s%s%s", TEMPLATE("{validations: [{expression: 'false'}]}"),
        CONSTRAINT("  match: {}\n"), spec);
    verdicts_of(text, POD("a", "a"), &v);
    assert_string_equal(v.text, "a=fail");
    return v.actions;
}

static void test_actions(void **state)
{
    (void)state;
    assert_int_equal(actions_of(""), VL_VERDICT_DENY);
    assert_int_equal(actions_of("  enforcementAction: warn\n"), VL_VERDICT_WARN);
    assert_int_equal(actions_of("  enforcementAction: dryrun\n"), VL_VERDICT_AUDIT);
    assert_int_equal(
        actions_of("  enforcementAction: scoped\n  scopedEnforcementActions:\n"
                   "    - {action: warn, enforcementPoints: [{name: validation.gatekeeper.sh}]}\n"
                   "    - {action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}\n"),
        VL_VERDICT_WARN | VL_VERDICT_AUDIT);
    assert_int_equal(actions_of("  enforcementAction: scoped\n  scopedEnforcementActions:\n"
                                "    - {action: deny, enforcementPoints: [{name: '*'}]}\n"),
        VL_VERDICT_DENY);
}

static void test_source(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(TEMPLATE("{validations: [{expression: 'false'}]}")
                        CONSTRAINT("  match: {source: Generated}\n"),
        POD("a", "a"), "", &v);
    expect_verdicts(TEMPLATE("{validations: [{expression: 'false'}]}")
                        CONSTRAINT("  match: {source: Original}\n"),
        POD("a", "a"), "a=fail", &v);
}

/* A default of a member; into objects, lists and maps that are there; never over a value, and for null only
 * where the schema does not take it. Without parameters their members have no defaults. */
static void test_defaults(void **state)
{
    (void)state;
#define SCHEMA                                                                                              \
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: k8srepos}\nspec:\n" \
    "  crd:\n    spec:\n      names: {kind: K8sRepos}\n      validation:\n        openAPIV3Schema:\n"       \
    "          type: object\n          properties:\n"                                                       \
    "            max: {type: integer, default: 3}\n"                                                        \
    "            maybe: {type: string, nullable: true, default: x}\n"                                       \
    "            nested: {type: object, default: {}, properties: {mode: {type: string, default: on1}}}\n"   \
    "            rules: {type: array, items: {type: object, properties: {level: {type: string, default: "   \
    "low}}}}\n"                                                                                             \
    "            named: {type: object, additionalProperties: {type: object, properties: {count: {type: "    \
    "integer, default: 7}}}}\n"                                                                             \
    "  targets:\n    - target: admission.k8s.gatekeeper.sh\n      code:\n"                                  \
    "        - {engine: K8sNativeValidation, source: {validations: [{expression: 'true', "                  \
    "messageExpression: ''}, {expression: \""
#define SCHEMA_END "\"}]}}\n"
    struct verdicts v;
    expect_verdicts(SCHEMA "variables.params.max == 3 && variables.params.nested.mode == 'on1' && "
                           "variables.params.maybe == null && variables.params.rules.map(r, r.level) == "
                           "['high', 'low'] && variables.params.named.a.count == 7" SCHEMA_END CONSTRAINT(
                               "  match: {}\n  parameters: {max: null, maybe: null, rules: [{level: "
                               "high}, {}], named: {a: {}}}\n"),
        POD("a", "a"), "a=pass", &v);
    expect_verdicts(SCHEMA "variables.params.max == 5 && variables.params.nested == {'mode': 'off1'} && "
                           "variables.params.maybe == 'x'" SCHEMA_END CONSTRAINT(
                               "  match: {}\n  parameters: {max: 5, nested: {mode: off1}}\n"),
        POD("a", "a"), "a=pass", &v);
    expect_verdicts(SCHEMA "variables.params == null" SCHEMA_END CONSTRAINT("  match: {}\n"), POD("a", "a"),
        "a=pass", &v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_form),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
