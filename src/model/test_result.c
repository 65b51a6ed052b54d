/* tests: finding.c inventory.c result.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/result.h"

static void test_fix_states(void **state)
{
    (void)state;
    /* The words of the report format, in the order in which the numbers are stored. */
    static const char *const words[] = {"unknown", "fixed", "not_fixed", "will_not_fix", "deferred",
        "end_of_life", "under_investigation", "fixed_paid"};
    assert_int_equal(VL_ARRAY_LEN(words), VL_FIX_COUNT);
    for (unsigned i = 0; i < VL_FIX_COUNT; i++)
        assert_string_equal(vl_fix_state_name((enum vl_fix_state)i), words[i]);
    assert_string_equal(vl_fix_state_name((enum vl_fix_state) - 1), "unknown");
}

static void test_inventory(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
    assert_non_null(inv);
    /* Promised by model/distro.h: never NULL. */
    assert_string_equal(inv->distro.id, "");
    assert_string_equal(inv->distro.id_like, "");
    assert_string_equal(inv->distro.version_id, "");
    assert_string_equal(inv->distro.codename, "");
    assert_string_equal(inv->distro.pretty_name, "");
    assert_string_equal(inv->distro.variant_id, "");
    assert_string_equal(inv->distro.cpe_name, "");
    assert_int_equal(inv->distro.support, VL_SUPPORT_UNKNOWN);
    for (size_t i = 0; i < VL_INVENTORY_LAYERS_MAX; i++) {
        struct vl_layer *layer = vl_vec_push(&inv->layers, "layers", &err);
        assert_non_null(layer);
        layer->diff_id = vl_arena_printf(inv->arena, "sha256:%zu", i);
    }
    assert_null(vl_vec_push(&inv->layers, "layers", &err));
    assert_int_equal(err.code, VL_ERR_LIMIT);
    struct vl_package *package = vl_vec_push(&inv->packages, "packages", &err);
    assert_non_null(package);
    const char **update = vl_vec_push(&inv->updates, "updates", &err);
    assert_non_null(update);
    *update = "KB5034123";
    vl_inventory_free(NULL);
}

static void test_result(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_scan_result *result = vl_scan_result_new();
    assert_non_null(result);
    assert_true(result->passed);
    assert_null(result->inventory);
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    result->inventory = vl_inventory_new(); /* owned from here on: the leak checker sees it otherwise */
    assert_non_null(result->inventory);
    struct vl_finding *finding = vl_vec_push(&result->findings, "findings", &err);
    assert_non_null(finding);
    assert_int_equal(finding->state, VL_FIX_UNKNOWN);
    assert_int_equal(finding->status, VL_FINDING_OPEN);
    finding->id = vl_arena_strdup(result->arena, "CVE-2021-44228");
    vl_scan_result_cleanup(&result);
    assert_null(result);
    vl_scan_result_cleanup(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fix_states), cmocka_unit_test(test_inventory), cmocka_unit_test(test_result)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
