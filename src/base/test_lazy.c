#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/lazy.h"

/* libm is on every machine that runs this, and no symbol of it is linked here. */
#define OF_LIBM(F) F(sqrt) F(hypot)
VL_LAZY_LIBRARY(libm, OF_LIBM, "libm.so.6", "roots")

#define OF_NOTHING(F) F(sqrt)
VL_LAZY_LIBRARY(nothing, OF_NOTHING, "libvallum-is-not-there.so.1", "this test")

void vl_no_such_function(void);
#define OF_OTHERS(F) F(sqrt) F(vl_no_such_function)
VL_LAZY_LIBRARY(others, OF_OTHERS, "libm.so.6", "this test")

static void test_functions_are_found(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(libm_load(&err), 0);
    assert_int_equal(libm_load(&err), 0);
    volatile double square = 9, a = 3, b = 4;
    assert_true(libm.sqrt(square) == 3);
    assert_true(libm.hypot(a, b) == 5);
}

static void test_what_is_not_there_is_named(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    assert_true(nothing_load(&err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "libvallum-is-not-there.so.1, needed for this test, cannot be loaded"));
    struct vl_err other = VL_ERR_INIT;
    assert_true(others_load(&other) < 0);
    assert_int_equal(other.code, VL_ERR_UNSUPPORTED);
    assert_non_null(strstr(other.msg, "has no vl_no_such_function"));
    /* Again, and not taken for loaded. */
    struct vl_err again = VL_ERR_INIT;
    assert_true(others_load(&again) < 0);
}

static void *load_too(void *user)
{
    struct vl_err err = VL_ERR_INIT;
    *(int *)user = libm_load(&err);
    return NULL;
}

static void test_any_thread_may_load(void **state)
{
    (void)state;
    pthread_t threads[8];
    int got[8];
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_too, &got[i]), 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(got[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(test_functions_are_found),
        cmocka_unit_test(test_what_is_not_there_is_named),
        cmocka_unit_test(test_any_thread_may_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
