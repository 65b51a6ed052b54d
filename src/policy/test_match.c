/* tests: match.c selector.c
 * Rows follow the documented semantics of MatchResources (Kubernetes API reference,
 * admissionregistration.k8s.io v1), label selectors, Kyverno's match (kyverno.io/docs/policy-types) and
 * Gatekeeper's spec.match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "match.h"

static struct vl_doc *parse(const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    if (vl_doc_parse(vl_span_str(text), VL_DOC_YAML, "t.yaml", &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

static void test_globs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {{"*", "", true}, {"*", "x", true}, {"", "", true}, {"", "x", false},
        {"kube-*", "kube-system", true}, {"kube-*", "xkube-system", false}, {"*-system", "kube-system", true},
        {"a?c", "abc", true}, {"a?c", "ac", false}, {"*a*b*", "xxaxxbxx", true}, {"*a*b", "xxaxxbxx", false},
        {"a*", "b", false}, {"**", "abc", true}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        bool got = policy_glob(vl_span_str(rows[i].pattern), vl_span_str(rows[i].text));
        if (got != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
    }
}

static void test_selectors(void **state)
{
    (void)state;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *labels = parse("{app: web, tier: front, empty: ''}");
    static const struct {
        const char *selector;
        int result;
    } rows[] = {{"{}", 1}, {"{matchLabels: {app: web}}", 1}, {"{matchLabels: {app: db}}", 0},
        {"{matchLabels: {app: web, other: x}}", 0}, {"{matchLabels: {empty: ''}}", 1},
        {"{matchExpressions: [{key: app, operator: In, values: [db, web]}]}", 1},
        {"{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}", 1},
        {"{matchExpressions: [{key: nothing, operator: NotIn, values: [db]}]}", 1},
        {"{matchExpressions: [{key: nothing, operator: In, values: [db]}]}", 0},
        {"{matchExpressions: [{key: app, operator: Exists}]}", 1},
        {"{matchExpressions: [{key: nothing, operator: Exists}]}", 0},
        {"{matchExpressions: [{key: nothing, operator: DoesNotExist}]}", 1},
        {"{matchExpressions: [{key: app, operator: DoesNotExist}]}", 0},
        {"{matchLabels: {app: web}, matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", 0},
        {"{matchExpressions: [{key: app, operator: Equals, values: [web]}]}", -EINVAL}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_doc_cleanup) struct vl_doc *selector = parse(rows[i].selector);
        int got = policy_selector_matches(vl_doc_root(selector), vl_doc_root(labels), &err);
        if (got != rows[i].result)
            fail_msg("%s: %d, not %d", rows[i].selector, got, rows[i].result);
    }
}

static struct policy_subject subject(const char *group, const char *version, const char *kind,
    const char *resource, const char *namespace_name, const char *name)
{
    struct policy_subject s = {.group = vl_span_str(group),
        .version = vl_span_str(version),
        .kind = vl_span_str(kind),
        .resource = vl_span_str(resource),
        .namespace_name = vl_span_str(namespace_name),
        .name = vl_span_str(name),
        .operation = vl_span_str("CREATE")};
    s.known = vl_kube_kind_find(s.group, s.kind);
    s.is_namespace = vl_span_eq_str(s.kind, "Namespace");
    return s;
}

static int matches(enum policy_match_form form, const char *match, const char *exclude,
    const struct policy_subject *s, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *m = parse(match);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *e = exclude ? parse(exclude) : NULL;
    struct policy_match rule = {.form = form, .node = vl_doc_root(m), .exclude = e ? vl_doc_root(e) : NULL};
    return policy_matches(&rule, s, err);
}

static void expect(enum policy_match_form form, const char *match, const char *exclude,
    const struct policy_subject *s, int result)
{
    struct vl_err err = VL_ERR_INIT;
    int got = matches(form, match, exclude, s, &err);
    if (got != result)
        fail_msg("%s: %d, not %d (%s)", match, got, result, err.msg);
}

#define RULE(operations, groups, versions, resources) \
    "{operations: " operations ", apiGroups: " groups ", apiVersions: " versions ", resources: " resources

static void test_resource_rules(void **state)
{
    (void)state;
    struct policy_subject s = subject("apps", "v1", "Deployment", "deployments", "prod", "web");
    static const struct {
        const char *match;
        int result;
    } rows[] = {
        {"{}", 1},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments]") "}]}", 1},
        {"{resourceRules: [" RULE("['*']", "['*']", "['*']", "['*']") "}]}", 1},
        {"{resourceRules: [" RULE("['*']", "['*']", "['*']", "['*/*']") "}]}", 1},
        {"{resourceRules: [" RULE("['*']", "['*']", "['*']", "['*/status']") "}]}", 0},
        {"{resourceRules: [" RULE("[UPDATE]", "[apps]", "[v1]", "[deployments]") "}]}", 0},
        {"{resourceRules: [" RULE("[CREATE]", "['']", "[v1]", "[deployments]") "}]}", 0},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments/scale]") "}]}", 0},
        /* Equivalent is the default; Exact is not fuzzy. */
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1beta1]", "[deployments]") "}]}", 1},
        {"{resourceRules: [" RULE("[CREATE]", "[extensions]", "[v1beta1]", "[deployments]") "}]}", 1},
        {"{matchPolicy: Exact, resourceRules: [" RULE(
             "[CREATE]", "[extensions]", "[v1beta1]", "[deployments]") "}]}",
            0},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments]") ", scope: Namespaced}]}", 1},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments]") ", scope: Cluster}]}", 0},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments]") ", resourceNames: [web]}]}",
            1},
        {"{resourceRules: [" RULE("[CREATE]", "[apps]", "[v1]", "[deployments]") ", resourceNames: [db]}]}",
            0},
        {"{resourceRules: [" RULE(
             "[CREATE]", "[apps]", "[v1]", "[deployments]") "}], excludeResourceRules: [" RULE("[CREATE]",
             "[apps]", "[v1]", "['*']") ", resourceNames: [web]}]}",
            0},
        {"{objectSelector: {matchLabels: {a: b}}}", 0},
        {"{namespaceSelector: {matchLabels: {a: b}}}", 0},
        {"{namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}", 1},
        /* A wrong selector is an error only where the rules are about the object. */
        {"{objectSelector: {matchExpressions: [{key: a, operator: Has}]}}", -EINVAL},
        {"{objectSelector: {matchExpressions: [{key: a, operator: Has}]}, resourceRules: [" RULE(
             "[CREATE]", "['']", "[v1]", "[pods]") "}]}",
            0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        expect(MATCH_RESOURCES, rows[i].match, NULL, &s, rows[i].result);
}

static void test_scopes(void **state)
{
    (void)state;
    /* A Namespace carries its own name as the namespace of the request, and is cluster-wide all the same. */
    struct policy_subject ns = subject("", "v1", "Namespace", "namespaces", "prod", "prod");
    struct policy_subject node = subject("", "v1", "Node", "nodes", "", "n1");
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *labels = parse("{team: a}");
    ns.labels = vl_doc_root(labels);
    const char *cluster = "{resourceRules: [" RULE("['*']", "['*']", "['*']", "['*']") ", scope: Cluster}]}";
    const char *inside =
        "{resourceRules: [" RULE("['*']", "['*']", "['*']", "['*']") ", scope: Namespaced}]}";
    expect(MATCH_RESOURCES, cluster, NULL, &ns, 1);
    expect(MATCH_RESOURCES, inside, NULL, &ns, 0);
    expect(MATCH_RESOURCES, cluster, NULL, &node, 1);
    expect(MATCH_RESOURCES, "{namespaceSelector: {matchLabels: {team: a}}}", NULL, &ns, 1);
    expect(MATCH_RESOURCES, "{namespaceSelector: {matchLabels: {team: b}}}", NULL, &ns, 0);
    expect(MATCH_RESOURCES, "{namespaceSelector: {matchLabels: {team: b}}}", NULL, &node, 1);
}

static void test_kyverno(void **state)
{
    (void)state;
    struct policy_subject s = subject("apps", "v1", "Deployment", "deployments", "prod", "web");
    static const struct {
        const char *match, *exclude;
        int result;
    } rows[] = {
        {"{any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Deployment]}}]}", NULL, 1},
        {"{all: [{resources: {kinds: [Deployment]}}, {resources: {namespaces: [dev]}}]}", NULL, 0},
        {"{all: [{resources: {kinds: [apps/v1/Deployment]}}, {resources: {namespaces: ['pr*']}}]}", NULL, 1},
        {"{resources: {kinds: [v1/Deployment]}}", NULL, 1},
        {"{resources: {kinds: ['*']}}", NULL, 1},
        {"{resources: {kinds: ['*/Deployment']}}", NULL, 1},
        {"{resources: {kinds: [Deployment/scale]}}", NULL, 0},
        {"{resources: {kinds: [Deployment], names: ['w*']}}", NULL, 1},
        {"{resources: {kinds: [Deployment], operations: [DELETE]}}", NULL, 0},
        {"{any: [{resources: {kinds: [Deployment]}}]}", "{any: [{resources: {namespaces: [prod]}}]}", 0},
        {"{any: [{resources: {kinds: [Deployment]}}]}", "{any: [{resources: {namespaces: [dev]}}]}", 1},
        {"{any: [{resources: {kinds: [Deployment]}}]}",
            "{any: [{resources: {kinds: [Deployment]}, clusterRoles: [cluster-admin]}]}", 1},
        {"{any: [{resources: {kinds: [Deployment], selector: {matchLabels: {app: x}}}}]}", NULL, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        expect(MATCH_KYVERNO, rows[i].match, rows[i].exclude, &s, rows[i].result);
}

static void test_gatekeeper(void **state)
{
    (void)state;
    struct policy_subject s = subject("", "v1", "Pod", "pods", "prod", "web");
    static const struct {
        const char *match;
        int result;
    } rows[] = {
        {"{}", 1},
        {"{kinds: [{apiGroups: [''], kinds: [Pod]}]}", 1},
        {"{kinds: [{apiGroups: [apps], kinds: ['*']}, {apiGroups: ['*'], kinds: [Pod]}]}", 1},
        {"{kinds: [{apiGroups: [apps], kinds: [Deployment]}]}", 0},
        {"{namespaces: [dev, 'pr*']}", 1},
        {"{namespaces: [dev]}", 0},
        {"{excludedNamespaces: [prod]}", 0},
        {"{scope: Cluster}", 0},
        {"{scope: Namespaced}", 1},
        {"{labelSelector: {matchLabels: {a: b}}}", 0},
        {"{source: All}", 1},
        {"{source: Original}", 1},
        {"{source: Generated}", 0},
        {"{name: 'w*'}", 1},
        {"{name: other}", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        expect(MATCH_GATEKEEPER, rows[i].match, NULL, &s, rows[i].result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_resource_rules),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_kyverno),
        cmocka_unit_test(test_gatekeeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
