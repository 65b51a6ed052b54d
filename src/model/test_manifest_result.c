#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/manifest_result.h"

static void test_new_and_free(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_manifest_result *result = vl_manifest_result_new();
    assert_non_null(result);
    struct vl_manifest_finding *f = vl_vec_push(&result->findings, "findings", &err);
    assert_non_null(f);
    f->message = vl_arena_strdup(result->arena, "why");
    assert_string_equal(((struct vl_manifest_finding *)vl_vec_at(&result->findings, 0))->message, "why");
    assert_int_equal(result->findings.max, VL_MANIFEST_FINDINGS_MAX);
    vl_manifest_result_cleanup(&result);
    assert_null(result);
    vl_manifest_result_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_new_and_free)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
