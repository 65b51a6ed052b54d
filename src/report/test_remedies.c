/* tests: remedies.c */
#include "test_support.h"

#include "remedies.h"

static void set(struct vl_scan_result *r, size_t i, const char *text, const char *command)
{
    struct vl_finding *f = vl_vec_at(&r->findings, i);
    f->remedy = (struct vl_remedy){VL_REMEDY_MANIFEST, text, command};
}

/* 40 findings in packages of ten: by package, by text, by command, and one alone. */
static void test_each_once(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_remedies remedies;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(40, 40);
    set(r, 0, "raise a to 2", NULL);
    set(r, 1, "raise a to 3", NULL);
    set(r, 10, "newer base image", "FROM debian:13");
    set(r, 20, "newer base image", NULL);
    set(r, 21, "another text", NULL); /* of the same package */
    set(r, 30, "yet another", "FROM debian:13");
    ((struct vl_finding *)vl_vec_at(&r->findings, 31))->remedy.text = "no fix"; /* kind NONE */
    assert_int_equal(vl_report_remedies(r, &remedies, &err), 0);
    assert_int_equal(remedies.total, 2);
    assert_int_equal(remedies.n, 2);
    assert_ptr_equal(remedies.items[0].finding, vl_vec_at(&r->findings, 0));
    assert_int_equal(remedies.items[0].settles, 2);
    assert_ptr_equal(remedies.items[1].finding, vl_vec_at(&r->findings, 10));
    assert_int_equal(remedies.items[1].settles, 4);
    ((struct vl_finding *)vl_vec_at(&r->findings, 0))->status = VL_FINDING_IGNORED;
    assert_int_equal(vl_report_remedies(r, &remedies, &err), 0);
    assert_int_equal(remedies.items[0].settles, 1);
}

static void test_many(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_report_remedies remedies;
    VL_CLEANUP(vl_scan_result_cleanup) struct vl_scan_result *r = sample_many(1000, 1000);
    for (size_t i = 0; i < 1000; i++)
        set(r, i, vl_arena_printf(r->arena, "raise %zu", i), NULL);
    assert_int_equal(vl_report_remedies(r, &remedies, &err), 0);
    assert_int_equal(remedies.total, 100); /* one a package */
    assert_int_equal(remedies.n, VL_REPORT_REMEDIES_SHOWN);
    assert_int_equal(remedies.items[7].settles, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_once), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
