#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/verdict.h"

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(vl_verdict_outcome_name(VL_VERDICT_NOT_APPLICABLE), "skip");
    assert_string_equal(vl_verdict_outcome_name(VL_VERDICT_EXEMPT), "exempt");
    /* Never silently a pass. */
    assert_string_equal(vl_verdict_outcome_name(VL_VERDICT_COUNT), "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
