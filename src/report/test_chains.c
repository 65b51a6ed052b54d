/* tests: chains.c */
#include "test_support.h"

#include "chains.h"

static void test_build(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_chains c;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    const uint32_t group_of[] = {1, 0, VL_REPORT_CHAIN_END, 1, 1, 7};
    assert_int_equal(vl_report_chains_build(group_of, 6, 3, arena, &c, &err), 0);
    assert_int_equal(c.first[0], 1);
    assert_int_equal(c.next[1], VL_REPORT_CHAIN_END);
    assert_int_equal(c.first[1], 0);
    assert_int_equal(c.next[0], 3);
    assert_int_equal(c.next[3], 4);
    assert_int_equal(c.next[4], VL_REPORT_CHAIN_END);
    assert_int_equal(c.first[2], VL_REPORT_CHAIN_END);
    assert_int_equal(vl_report_chains_build(group_of, 0, 0, arena, &c, &err), 0);
}

static void test_by_id_and_package(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_chains c;
    uint32_t *group_of;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(100, 10);
    assert_int_equal(vl_report_chains_by_id(r, &plain, arena, &c, &group_of, &err), 0);
    assert_int_equal(c.n_groups, 10);
    assert_int_equal(group_of[13], 3);
    assert_int_equal(c.first[3], 3);
    assert_int_equal(c.next[3], 13);
    assert_int_equal(vl_report_chains_by_package(r, &plain, arena, &c, &err), 0);
    assert_int_equal(c.first[2], 20);
    assert_int_equal(c.next[29], VL_REPORT_CHAIN_END);
    struct vl_package stranger = {0};
    assert_int_equal(vl_report_package_index(r, &stranger), VL_PACKAGE_NONE);
    assert_int_equal(vl_report_package_index(r, NULL), VL_PACKAGE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build), cmocka_unit_test(test_by_id_and_package)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
