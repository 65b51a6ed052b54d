/* tests: context.c
 * Facts: kyverno/kyverno test/cli/test-validating-policy/allowed-base-images (a Context with resources and
 * images), pkg/cel/libs FakeContextProvider (what is found, texts where nothing is), cmd/cli apis v1alpha1
 * Test (globalContextEntries, apiCallResponses). */
#include "test_verdicts.h"

#define CONTEXT                                                                                         \
    "---\napiVersion: cli.kyverno.io/v1alpha1\nkind: Context\nmetadata: {name: c}\nspec:\n"             \
    "  resources:\n"                                                                                    \
    "    - {apiVersion: v1, kind: ConfigMap, metadata: {name: allowed, namespace: platform, labels: "   \
    "{use: images}}, data: {registries: 'ghcr.io,quay.io'}}\n"                                          \
    "    - {apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: platform}, data: {}}\n" \
    "    - {apiVersion: v1, kind: ConfigMap, metadata: {name: elsewhere, namespace: b}, data: {}}\n"    \
    "  images:\n"                                                                                       \
    "    - {image: 'ghcr.io/a/b:1', config: {config: {User: '1000'}}}\n"                                \
    "    - {image: 'ghcr.io/a/root:1', config: {config: {User: '0'}}}\n"                                \
    "  globalContextEntries:\n    - {name: limits, data: {max: 2}}\n"                                   \
    "  apiCallResponses:\n    - {url: 'https://a/b', method: GET, response: {body: {ok: true}}}\n"
#define POLICY(expression)                                                                             \
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p}\nspec:\n"         \
    "  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], " \
    "resources: [pods]}]}\n  validations: [{expression: \"" expression "\"}]\n"
#define POD(name, image)                                     \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " name \
    ", namespace: b}\nspec: {containers: [{name: a, image: '" image "'}]}\n"

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *verdicts, *message;
    } rows[] = {
        {POLICY("resource.Get('v1', 'configmaps', 'platform', 'allowed').data.registries.split(',')"
                ".exists(r, object.spec.containers.all(c, c.image.startsWith(r + '/')))") CONTEXT,
            "a=pass b=fail", NULL},
        {POLICY("resource.get('v1', 'configmaps', 'platform', 'none').data.x == ''") CONTEXT,
            "a=error b=error", "failed to get resource: configmaps \"none\" not found"},
        {POLICY("resource.Get('apps/v1', 'deployments', 'platform', 'x').spec == {}") CONTEXT,
            "a=error b=error", "failed to get resource: deployments.apps \"x\" not found"},
        {POLICY("resource.List('v1', 'configmaps', 'platform').items.size() == 2") CONTEXT, "a=pass b=pass",
            NULL},
        {POLICY("resource.List('v1', 'configmaps', '').items.size() == 3") CONTEXT, "a=pass b=pass", NULL},
        {POLICY("resource.List('v1', 'configmaps', 'platform', {'use': 'images'}).items[0].metadata.name == "
                "'allowed'") CONTEXT,
            "a=pass b=pass", NULL},
        {POLICY("resource.List('v1', 'secrets', 'platform').items.size() == 0") CONTEXT, "a=error b=error",
            "failed to list resource: secrets resource not found"},
        {POLICY("object.spec.containers.all(c, image.GetMetadata(c.image).config.config.User != '0')")
                CONTEXT,
            "a=pass b=error", "image data for nginx not found in the context"},
        {POLICY("globalContext.Get('limits', '').max == 2 && globalContext.Get('none', '') == null && "
                "globalContext.Get('limits', 'max') == 2") CONTEXT,
            "a=pass b=pass", NULL},
        {POLICY("http.Get('https://a/b').ok == true") CONTEXT, "a=pass b=pass", NULL},
        {POLICY("http.Get('https://a/c').ok == true") CONTEXT, "a=error b=error",
            "there is no response to GET"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct verdicts v;
        expect_verdicts(rows[i].policy, POD("a", "ghcr.io/a/b:1") POD("b", "nginx"), rows[i].verdicts, &v);
        assert_int_equal(v.errors, 0);
        assert_true(!rows[i].message || strstr(v.messages, rows[i].message));
    }
}

/* Without a context it is told when the policy is loaded; a resource that is none when the context is. */
static void test_absent(void **state)
{
    (void)state;
    struct verdicts v;
    verdicts_of(POLICY("resource.Get('v1', 'configmaps', 'a', 'b').data.x == ''"), POD("a", "nginx"), &v);
    assert_string_equal(v.text, "a=error");
    assert_non_null(strstr(v.problems, "not converted: resource.Get: it reads objects of a cluster"));
    verdicts_of(POLICY("random('[a-z]') == ''") CONTEXT, POD("a", "nginx"), &v);
    assert_non_null(strstr(v.problems, "not converted: random"));
    verdicts_of("apiVersion: cli.kyverno.io/v1alpha1\nkind: Context\nspec: {resources: [{a: b}]}\n",
        POD("a", "nginx"), &v);
    assert_non_null(strstr(v.problems, "not a Kubernetes object"));
}

/* A policy of a namespace asks about its own. */
static void test_namespaced(void **state)
{
    (void)state;
    struct verdicts v;
    expect_verdicts("apiVersion: policies.kyverno.io/v1\nkind: NamespacedValidatingPolicy\n"
                    "metadata: {name: p, namespace: b}\nspec:\n"
                    "  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: "
                    "[CREATE], resources: [pods]}]}\n"
                    "  validations: [{expression: \"resource.Get('v1', 'configmaps', "
                    "'elsewhere').metadata.namespace == 'b' && resource.List('v1', "
                    "'configmaps').items.size() == 1\"}]\n" CONTEXT,
        POD("a", "nginx"), "a=pass", &v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_namespaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
