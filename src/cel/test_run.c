#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "pattern/regex.h"
#include "run_impl.h"

static struct vl_cel_run *new_run(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_cel_run *run = NULL;
    assert_int_equal(vl_cel_run_new(&run, &err), 0);
    return run;
}

static void test_budget(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = new_run();
    vl_cel_run_reset(run, 100);
    assert_true(vl_cel_charge(run, 60));
    assert_true(vl_cel_charge(run, 40));
    assert_false(vl_cel_charge(run, 1));
    assert_false(vl_cel_charge(run, 0));
    assert_string_equal(
        vl_cel_run_stopped(run).as.error->message, "operation cancelled: actual cost limit exceeded");
    assert_true(vl_cel_run_stopped(run).as.error->is_cost);
    vl_cel_run_reset(run, UINT64_MAX);
    assert_false(vl_cel_charge(run, VL_CEL_COST_CALL_MAX + 1));
    assert_false(vl_cel_charge(run, UINT64_MAX));
}

static void test_errors(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = new_run();
    run->offset = 7;
    struct vl_cel_value v = vl_cel_fail(run, "no such key: %s", "x");
    assert_int_equal(v.kind, VL_CEL_ERROR);
    assert_string_equal(v.as.error->message, "no such key: x");
    assert_int_equal(v.as.error->offset, 7);
    assert_string_equal(vl_cel_no_overload(run).as.error->message, "no such overload");
}

static void test_regexes(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = new_run();
    struct vl_cel_value error = vl_cel_null();
    assert_null(vl_cel_regex(run, VL_SPAN_LIT("("), &error));
    assert_int_equal(error.kind, VL_CEL_ERROR);
    const struct vl_regex *first = vl_cel_regex(run, VL_SPAN_LIT("a+"), &error);
    assert_non_null(first);
    assert_ptr_equal(vl_cel_regex(run, VL_SPAN_LIT("a+"), &error), first);
    for (int i = 0; i < VL_CEL_REGEX_CACHE_MAX * 2; i++) {
        char pattern[16];
        snprintf(pattern, sizeof(pattern), "b%d", i);
        assert_non_null(vl_cel_regex(run, vl_span_str(pattern), &error));
    }
    const struct vl_regex *again = vl_cel_regex(run, VL_SPAN_LIT("a+"), &error);
    assert_true(vl_regex_full_match(again, VL_SPAN_LIT("aaa")));
}

static void test_bindings(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = new_run();
    vl_cel_bind(run, 40, vl_cel_int(5));
    vl_cel_bind(run, VL_CEL_VARIABLES_MAX, vl_cel_int(5)); /* no such variable: nothing happens */
    assert_int_equal(run->bindings[40].kind, VL_CEL_BOUND);
    assert_int_equal(run->bindings[39].kind, VL_CEL_UNBOUND);
    vl_cel_run_reset(run, 1);
    assert_int_equal(run->bindings[40].kind, VL_CEL_UNBOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_regexes),
        cmocka_unit_test(test_bindings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
