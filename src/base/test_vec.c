#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sanitizer/asan_interface.h>

#include "base/vec.h"

/* Allocations larger than any machine has must fail as they do without a sanitizer. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

struct item {
    uint32_t id;
    char text[20];
};

static void test_push_and_at(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_vec_done) struct vl_vec vec;
    vl_vec_init(&vec, sizeof(struct item), 5000);
    assert_null(vl_vec_at(&vec, 0));
    for (uint32_t i = 0; i < 5000; i++) {
        struct item *item = vl_vec_push(&vec, "items", &err);
        static const struct item zero;
        assert_memory_equal(item, &zero, sizeof(zero));
        memset(item, 0xaa, sizeof(*item));
        item->id = i;
    }
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(((struct item *)vl_vec_at(&vec, i))->id, i);
    assert_null(vl_vec_at(&vec, 5000));
    assert_null(vl_vec_at(&vec, SIZE_MAX));
    assert_null(vl_vec_push(&vec, "items", &err));
    assert_int_equal(err.err, -E2BIG);
    assert_string_equal(err.msg, "items: more than 5000");
    assert_int_equal(vec.len, 5000);
}

static void test_limits(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_vec vec;
    vl_vec_init(&vec, 8, 0);
    assert_null(vl_vec_push(&vec, "none", &err));
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_vec_done(&vec);
    vl_vec_init(&vec, SIZE_MAX / 2, 10); /* count times size overflows */
    assert_null(vl_vec_push(&vec, "huge", &err));
    assert_int_equal(err.code, VL_ERR_MEMORY);
    assert_int_equal(vec.len, 0);
    vl_vec_done(&vec);
    vl_vec_done(&vec);
    assert_null(vec.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_and_at),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
