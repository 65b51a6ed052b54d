#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "respond/alert_place.h"

#define SUB     "/subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/rg/providers/"
#define MANAGED SUB "Microsoft.ContainerService/managedClusters/"

static const struct {
    const char *resource, *entities, *cluster, *name_space;
} rows[] = {
    {MANAGED "Prod-1", "[{\"type\":\"K8s-cluster\",\"name\":\"x\"}]", "Prod-1", ""},
    {MANAGED "p", "[{\"type\":\"K8s-namespace\",\"name\":\"shop\"}]", "p", "shop"},
    {MANAGED "p",
        "[{\"type\":\"K8s-namespace\",\"name\":\"shop\"},{\"type\":\"K8s-pod\",\"name\":\"x\",\"namespace\":"
        "{\"name\":\"shop\"}}]",
        "p", "shop"},
    {MANAGED "p", "[{\"type\":\"K8s-pod\",\"name\":\"x\",\"namespace\":\"shop\"}]", "p", "shop"},
    /* two: whoever has one of them does not see what happened in the other */
    {MANAGED "p",
        "[{\"type\":\"K8s-namespace\",\"name\":\"shop\"},{\"type\":\"K8s-pod\",\"name\":\"x\",\"namespace\":"
        "{\"name\":\"bank\"}},{\"type\":\"K8s-namespace\",\"name\":\"bank\"}]",
        "p", ""},
    {MANAGED "p/providers/Microsoft.Security/alerts/7", "[]", "p", ""},
    {SUB "Microsoft.Kubernetes/connectedClusters/arc", "[]", "arc", ""},
    {SUB "microsoft.containerservice/MANAGEDCLUSTERS/p", "null", "p", ""},
    {SUB "Microsoft.Compute/virtualMachines/vm", "[{\"type\":\"K8s-namespace\",\"name\":\"shop\"}]", "", ""},
    {"/subscriptions/g/resourceGroups/One/providers/x/y/z", "[]", "", ""},
    {"managedClusters/p", "[]", "", ""},
    {"", "[]", "", ""},
    {NULL, "[]", "", ""},
    {MANAGED "p", "[1,\"x\",{},{\"type\":7,\"namespace\":7}]", "p", ""},
};

static void test_rows(void **state)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
        struct vl_err err = VL_ERR_INIT;
        struct vl_alert_place place;
        assert_true(vl_doc_parse(vl_span_str(rows[i].entities), VL_DOC_JSON, "test", &doc, &err) >= 0);
        if (vl_alert_place(rows[i].resource, vl_doc_root(doc), arena, &place, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(place.cluster, rows[i].cluster);
        assert_string_equal(place.name_space, rows[i].name_space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
