/* tests: convert.c
 * Facts: Kubernetes' API reference (fields of each version), matchPolicy in the reference of
 * ValidatingAdmissionPolicy: the object is converted to the version of the rule, request.requestKind stays.
 */
#include "test_verdicts.h"

#define POLICY(group, version, resource, expression)                                                  \
    "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: " \
    "p}\nspec:\n"                                                                                     \
    "  matchConstraints:\n    resourceRules: [{apiGroups: ['" group "'], apiVersions: [" version      \
    "], operations: ['*'], resources: [" resource "]}]\n"                                             \
    "  validations: [{expression: \"" expression "\"}]\n"

#define OBJECT(version, kind, spec) \
    "apiVersion: " version "\nkind: " kind "\nmetadata: {name: o, namespace: n}\n" spec "\n"

static void test_same_shape(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(
        POLICY("apps", "v1", "deployments",
            "object.apiVersion == 'apps/v1' && request.kind.version == 'v1' && request.kind.group == "
            "'apps' && request.requestKind.group == 'extensions' && request.requestResource.version == "
            "'v1beta1' && object.spec.replicas == 3"),
        OBJECT("extensions/v1beta1", "Deployment", "spec: {replicas: 3}"), "o=pass", &v);
    expect_verdicts(POLICY("batch", "v1", "cronjobs", "object.apiVersion == 'batch/v1'"),
        OBJECT("batch/v1beta1", "CronJob", "spec: {schedule: '* * * * *'}"), "o=pass", &v);
    expect_verdicts(POLICY("policy", "v1", "poddisruptionbudgets", "object.spec.minAvailable == 1"),
        OBJECT("policy/v1beta1", "PodDisruptionBudget",
            "spec: {minAvailable: 2, selector: {matchLabels: {a: b}}}"),
        "o=fail", &v);
    expect_verdicts(POLICY("networking.k8s.io", "v1", "networkpolicies", "true"),
        OBJECT("extensions/v1beta1", "NetworkPolicy", "spec: {podSelector: {}}"), "o=pass", &v);
    expect_verdicts(POLICY("autoscaling", "v1", "horizontalpodautoscalers", "object.spec.maxReplicas == 5"),
        OBJECT("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 5}"), "o=pass", &v);
    expect_verdicts(
        POLICY("autoscaling", "v2beta2", "horizontalpodautoscalers", "size(object.spec.metrics) == 0"),
        OBJECT("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {metrics: []}"), "o=pass", &v);
}

static void test_other_shape(void **state)
{
    (void)state;
    struct verdicts v;
    static const struct {
        const char *policy, *object, *field;
    } rows[] = {
        {POLICY("autoscaling", "v2", "horizontalpodautoscalers", "true"),
            OBJECT("autoscaling/v1", "HorizontalPodAutoscaler", "spec: {targetCPUUtilizationPercentage: 50}"),
            "spec.targetCPUUtilizationPercentage"},
        {POLICY("networking.k8s.io", "v1", "ingresses", "true"),
            OBJECT("extensions/v1beta1", "Ingress", "spec: {backend: {serviceName: a, servicePort: 80}}"),
            "spec.backend"},
        {POLICY("networking.k8s.io", "v1", "ingresses", "true"),
            OBJECT("networking.k8s.io/v1beta1", "Ingress", "spec: {rules: [{host: a}, {http: {paths: []}}]}"),
            "spec.rules[*].http"},
        {POLICY("policy", "v1", "poddisruptionbudgets", "true"),
            OBJECT("policy/v1beta1", "PodDisruptionBudget", "spec: {selector: {}}"), "spec.selector"},
        {POLICY("apiextensions.k8s.io", "v1", "customresourcedefinitions", "true"),
            OBJECT("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "spec: {}"),
            "the whole object"},
        {POLICY("apps", "v1", "deployments", "true"),
            OBJECT("extensions/v1beta1", "Deployment", "spec: {rollbackTo: {revision: 1}}"),
            "spec.rollbackTo"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        expect_verdicts(rows[i].policy, rows[i].object, "o=error", &v);
        assert_non_null(strstr(v.messages, "not evaluated: the policy is about"));
        assert_non_null(strstr(v.messages, rows[i].field));
    }
}

/* A rule for the version itself, or Exact: nothing is converted. */
static void test_exact(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts(
        POLICY("autoscaling", "v1, v2", "horizontalpodautoscalers", "object.apiVersion == 'autoscaling/v1'"),
        OBJECT("autoscaling/v1", "HorizontalPodAutoscaler", "spec: {targetCPUUtilizationPercentage: 50}"),
        "o=pass", &v);
    expect_verdicts(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: p}\n"
        "spec:\n  matchConstraints:\n    matchPolicy: Exact\n    resourceRules: [{apiGroups: [apps], "
        "apiVersions: [v1], operations: ['*'], resources: [deployments]}]\n"
        "  validations: [{expression: 'false'}]\n",
        OBJECT("extensions/v1beta1", "Deployment", "spec: {}"), "", &v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_shape),
        cmocka_unit_test(test_other_shape),
        cmocka_unit_test(test_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
