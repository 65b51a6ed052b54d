#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/builtin.h"
#include "policy/standard.h"

/* The names are those of the files in content/. */
static void test_all_are_usable(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_policies *set VL_CLEANUP(vl_policies_cleanup) = NULL;
    struct vl_policy_options options = {0};
    assert_int_equal(vl_policies_new(&options, &set, &err), 0);
    if (vl_policies_add_builtin(set, &err) < 0 || vl_policies_finish(set, &err) < 0)
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < vl_policies_problems(set); i++)
        fail_msg("%s: %s", vl_policies_problem(set, i)->file, vl_policies_problem(set, i)->message);
    for (uint32_t i = 0; i < vl_policies_size(set); i++) {
        const struct vl_policy_info *info = vl_policies_at(set, i);
        assert_true(info->usable);
        assert_true(vl_span_starts_with(vl_span_str(info->file), VL_POLICY_BUILTIN "checks/"));
    }
    assert_int_not_equal(vl_policies_find(set, "pss-privileged"), UINT32_MAX);
    assert_non_null(vl_policies_standard_find(set, "pod-security-restricted"));
    assert_non_null(vl_policies_standard_find(set, "default"));
}

/* Of the built-in checks only those of the standard; one's own run beside them. */
static void test_builtin_standard(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_policies *set VL_CLEANUP(vl_policies_cleanup) = NULL;
    struct vl_policy_options options = {.builtin_standard = "pod-security-baseline"};
    assert_int_equal(vl_policies_new(&options, &set, &err), 0);
    assert_int_equal(vl_policies_add_builtin(set, &err), 0);
    assert_int_equal(
        vl_policies_add(set,
            VL_SPAN_LIT(
                "apiVersion: vallum/v1\nkind: Check\nid: own\nversion: \"1\"\ntitle: T\nseverity: low\n"
                "match: {kinds: [Pod]}\nexpression: \"true\"\nremediation: [None.]\n"),
            "own.yaml", &err),
        0);
    if (vl_policies_finish(set, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_not_equal(vl_policies_find(set, "own"), UINT32_MAX);
    const struct vl_standard *baseline = vl_policies_standard_find(set, "pod-security-baseline");
    assert_int_equal(vl_policies_size(set), baseline->n_items + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_usable),
        cmocka_unit_test(test_builtin_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
