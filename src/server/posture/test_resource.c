/* Ids as Azure publishes them (its REST API examples) and as RFC 3986 has segments encoded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "posture/resource.h"

#define SUB "/subscriptions/20ff7fc3-e762-44dd-bd96-b71116dcdc23"

static struct vl_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = vl_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    vl_arena_free(arena);
    return 0;
}

static struct vl_resource_id parsed(const char *text)
{
    struct vl_resource_id id;
    struct vl_err err = VL_ERR_INIT;
    if (vl_resource_parse(vl_span_str(text), arena, &id, &err) < 0)
        fail_msg("%s: %s", text, err.msg);
    return id;
}

static void writes(const struct vl_resource_id *id, const char *text)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 4096);
    vl_resource_format(id, &out);
    assert_string_equal(vl_buf_str(&out), text);
}

static void same(const char *a, const char *b, bool want)
{
    struct vl_buf left VL_CLEANUP(vl_buf_done), right VL_CLEANUP(vl_buf_done);
    struct vl_resource_id x = parsed(a), y = parsed(b);
    vl_buf_init(&left, 4096);
    vl_buf_init(&right, 4096);
    vl_resource_key(&x, &left);
    vl_resource_key(&y, &right);
    assert_int_equal(vl_span_eq(vl_buf_span(&left), vl_buf_span(&right)), want);
}

static void test_read(void **state)
{
    (void)state;
    struct vl_resource_id id =
        parsed(SUB "/resourceGroups/myRg/providers/Microsoft.Compute/virtualMachineScaleSets/vmss2");
    assert_string_equal(id.subscription, "20ff7fc3-e762-44dd-bd96-b71116dcdc23");
    assert_string_equal(id.group, "myRg");
    assert_string_equal(id.provider, "Microsoft.Compute");
    assert_int_equal(id.n_parts, 1);
    assert_string_equal(id.parts[0].type, "virtualMachineScaleSets");
    assert_string_equal(id.parts[0].name, "vmss2");
    assert_string_equal(vl_resource_kind(&id), "other");
    id = parsed(
        SUB "/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/registries/main/repositories/"
            "team%2fapp/images/sha256%3A9b2d/");
    assert_string_equal(id.parts[1].name, "team/app");
    assert_string_equal(id.parts[2].name, "sha256:9b2d");
    assert_string_equal(vl_resource_kind(&id), "image");
    id = parsed(SUB);
    assert_null(id.group);
    assert_null(id.provider);
    assert_string_equal(vl_resource_kind(&id), "environment");
    id = parsed(SUB "/resourceGroups/a");
    assert_string_equal(vl_resource_kind(&id), "other");
}

static void test_write(void **state)
{
    (void)state;
    struct vl_resource_id id;
    vl_resource_environment("20FF7FC3-e762-44dd-bd96-b71116dcdc23", &id);
    writes(&id, SUB);
    vl_resource_registry("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "our main", &id);
    writes(&id, SUB "/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/registries/our%20main");
    assert_string_equal(vl_resource_kind(&id), "registry");
    vl_resource_image("20ff7fc3-e762-44dd-bd96-b71116dcdc23", "m", "a/b", "sha256:0f", &id);
    writes(&id, SUB
        "/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/registries/m/repositories/a%2Fb/images/"
        "sha256:0f");
}

/* ARM's own words, groups, types and first names case-blind; what lies below exactly; encoding is none of it.
 */
static void test_same(void **state)
{
    (void)state;
    same(SUB "/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/VM",
        "/SUBSCRIPTIONS/20FF7FC3-E762-44DD-BD96-B71116DCDC23/resourcegroups/rg/PROVIDERS/microsoft.compute/"
        "VIRTUALMACHINES/vm",
        true);
    same(SUB "/providers/X.Y/clusters/C/namespaces/Prod", SUB "/providers/x.y/Clusters/c/Namespaces/Prod",
        true);
    same(SUB "/providers/X.Y/clusters/C/namespaces/Prod", SUB "/providers/X.Y/clusters/C/namespaces/prod",
        false);
    same(SUB "/providers/X.Y/r/a%2Fb", SUB "/providers/X.Y/r/a%2fb", true);
    same(SUB "/providers/X.Y/r/a%62", SUB "/providers/X.Y/r/ab", true);
    same(SUB "/providers/X.Y/r/a%2Fb", SUB "/providers/X.Y/r/a/b/c", false);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "/", "subscriptions/x", "/subscriptions", "/subscriptions/x",
        "/tenants/20ff7fc3-e762-44dd-bd96-b71116dcdc23", SUB "/resourceGroups",
        SUB "/resourceGroups//providers", SUB "/other/x", SUB "/providers", SUB "/providers/X",
        SUB "/providers/X/type", SUB "/providers/X/t/..", SUB "/providers/X/t/%2e%2E",
        SUB "/providers/X/t/a%0Ab", SUB "/providers/X/t/a%00", SUB "/providers/X/t/a%",
        SUB "/providers/X/t/a%f", SUB "/providers/X/t/%ff", SUB "/providers/X/t/%gg",
        SUB "/providers/X/a/1/a/2/a/3/a/4/a/5/a/6/a/7/a/8/a/9"};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        struct vl_resource_id id;
        struct vl_err err = VL_ERR_INIT;
        if (vl_resource_parse(vl_span_str(texts[i]), arena, &id, &err) >= 0)
            fail_msg("was read: %s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
