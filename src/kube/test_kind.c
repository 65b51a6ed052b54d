/* Against what a real API server (1.20) wrote in its audit log: resource names of requests, and the usual
 * plural rule for kinds that are not built in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kube/kind.h"

static const struct vl_kube_kind *find(const char *group, const char *kind)
{
    return vl_kube_kind_find(vl_span_str(group), vl_span_str(kind));
}

static void test_known(void **state)
{
    (void)state;
    static const struct {
        const char *group, *kind, *resource;
        bool namespaced;
    } rows[] = {
        {"", "Pod", "pods", true},
        {"", "Endpoints", "endpoints", true},
        {"apps", "Deployment", "deployments", true},
        {"networking.k8s.io", "Ingress", "ingresses", true},
        {"networking.k8s.io", "NetworkPolicy", "networkpolicies", true},
        {"rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", false},
        {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
            false},
        {"", "Namespace", "namespaces", false},
        {"", "Node", "nodes", false},
        {"batch", "CronJob", "cronjobs", true},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const struct vl_kube_kind *k = find(rows[i].group, rows[i].kind);
        assert_non_null(k);
        assert_string_equal(k->resource, rows[i].resource);
        assert_int_equal(k->namespaced, rows[i].namespaced);
    }
    assert_null(find("", "Deployment"));
    assert_null(find("apps", "deployment"));
    assert_string_equal(vl_kube_kind_named(vl_span_str("Deployment"))->group, "apps");
    assert_string_equal(vl_kube_kind_named(vl_span_str("Ingress"))->group, "networking.k8s.io");
    assert_null(vl_kube_kind_named(vl_span_str("Widget")));
}

static void test_versions(void **state)
{
    (void)state;
    const struct vl_kube_kind *k = find("batch", "CronJob");
    assert_true(vl_kube_kind_has_version(k, vl_span_str("v1")));
    assert_true(vl_kube_kind_has_version(k, vl_span_str("v1beta1")));
    assert_false(vl_kube_kind_has_version(k, vl_span_str("v1beta")));
}

/* Each group and kind, and each group and resource, once: a look-up would hide the second. */
static void test_table(void **state)
{
    (void)state;
    const struct vl_kube_kind *a, *b;
    for (size_t i = 0; (a = vl_kube_kind_at(i)) != NULL; i++) {
        for (size_t k = i + 1; (b = vl_kube_kind_at(k)) != NULL; k++) {
            if (strcmp(a->group, b->group) != 0)
                continue;
            assert_string_not_equal(a->kind, b->kind);
            assert_string_not_equal(a->resource, b->resource);
        }
    }
    assert_null(vl_kube_kind_at(100000));
}

static void test_resource_name(void **state)
{
    (void)state;
    char text[VL_KUBE_RESOURCE_MAX];
    static const struct {
        const char *group, *kind, *resource;
    } rows[] = {
        {"", "Endpoints", "endpoints"},
        {"cert-manager.io", "Certificate", "certificates"},
        {"x.example", "Policy", "policies"},
        {"x.example", "Gateway", "gateways"},
        {"x.example", "Box", "boxes"},
        {"x.example", "Address", "addresses"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        assert_string_equal(
            vl_kube_resource_name(vl_span_str(rows[i].group), vl_span_str(rows[i].kind), text),
            rows[i].resource);
    char longest[1000];
    memset(longest, 'Y', sizeof(longest));
    vl_kube_resource_name(VL_SPAN_EMPTY, (struct vl_span){longest, sizeof(longest)}, text);
    assert_true(strlen(text) < VL_KUBE_RESOURCE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_resource_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
