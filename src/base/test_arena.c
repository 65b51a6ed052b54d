#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sanitizer/asan_interface.h>

#include "base/arena.h"
#include "base/watched.h"

/* Allocations larger than any machine has must fail as they do without a sanitizer. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_alloc_is_zeroed_and_aligned(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    static const size_t sizes[] = {0, 1, 3, 15, 16, 17, 8191, 8192, 8193, 40000, 1};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < VL_ARRAY_LEN(sizes); i++) {
            unsigned char *p = vl_arena_alloc(arena, sizes[i]);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(p[k], 0);
                p[k] = 0xaa;
            }
        }
        /* What was used must come back as zeros. */
        vl_arena_reset(arena);
        assert_int_equal(vl_arena_used(arena), 0);
    }
}

static void test_allocations_do_not_overlap(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64 << 20);
    static unsigned char *parts[3000];
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        size_t size = i * 37 % 12000 + 1; /* small ones and ones with a block of their own, mixed */
        parts[i] = vl_arena_alloc(arena, size);
        memset(parts[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        size_t size = i * 37 % 12000 + 1;
        assert_int_equal(parts[i][0], i & 0xff);
        assert_int_equal(parts[i][size - 1], i & 0xff);
    }
}

static void test_maximum_is_sticky(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(100);
    assert_non_null(vl_arena_alloc(arena, 64));
    assert_int_equal(vl_arena_check(arena, "layer", &err), 0);
    assert_null(vl_arena_alloc(arena, 37));
    assert_int_equal(vl_arena_check(arena, "layer", &err), -E2BIG);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_string_equal(err.msg, "layer: needs more than 100 bytes of memory");
    assert_non_null(vl_arena_alloc(arena, 36)); /* exactly full */
    assert_true(vl_arena_check(arena, "layer", &err) < 0);
    vl_arena_reset(arena);
    assert_int_equal(vl_arena_check(arena, "layer", &err), 0);
    assert_non_null(vl_arena_alloc(arena, 100));
    assert_null(vl_arena_alloc(arena, SIZE_MAX));
}

static void test_array_overflow(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(SIZE_MAX);
    assert_null(vl_arena_array(arena, SIZE_MAX / 8 + 1, 8));
    assert_int_equal(vl_arena_check(arena, "x", &err), -E2BIG);
    vl_arena_reset(arena);
    /* More than any machine has. */
    assert_null(vl_arena_array(arena, SIZE_MAX / 16, 8));
    assert_true(vl_arena_check(arena, "x", &err) < 0);
    vl_arena_reset(arena);
    assert_null(vl_arena_dup_span(arena, (struct vl_span){"", SIZE_MAX}));
    assert_true(vl_arena_check(arena, "x", &err) < 0);
}

static void test_copies(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 16);
    assert_string_equal(vl_arena_strdup(arena, "text"), "text");
    assert_string_equal(vl_arena_strdup(arena, NULL), "");
    assert_memory_equal(vl_arena_dup_span(arena, VL_SPAN_LIT("a\0b")), "a\0b\0", 4);
    assert_string_equal(vl_arena_dup_span(arena, VL_SPAN_EMPTY), "");
    assert_string_equal(vl_arena_printf(arena, "%s-%d", "x", 42), "x-42");
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *small = vl_arena_new(3);
    assert_null(vl_arena_strdup(small, "abc"));
    assert_null(vl_arena_printf(small, "%s", "abc"));
    assert_string_equal(vl_arena_strdup(small, "ab"), "ab");
}

#if VL_ADDRESS_SANITIZER
/* Only a sanitizer sees it: the byte behind an allocation, and all of a block that was taken back. */
static void test_bytes_not_given_out_are_watched(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1 << 20);
    static const size_t sizes[] = {1, 15, 16, 17, 8192, 40000};
    char *first = vl_arena_alloc(arena, 5);
    for (size_t i = 0; i < VL_ARRAY_LEN(sizes); i++) {
        char *p = vl_arena_alloc(arena, sizes[i]);
        assert_null(__asan_region_is_poisoned(p, sizes[i]));
        assert_int_equal(__asan_address_is_poisoned(p + sizes[i]), 1);
    }
    vl_arena_reset(arena);
    assert_int_equal(__asan_address_is_poisoned(first), 1);
    assert_ptr_equal(vl_arena_alloc(arena, 5), first);
    assert_int_equal(__asan_address_is_poisoned(first), 0);
}
#else
static void test_bytes_not_given_out_are_watched(void **state)
{
    (void)state;
    skip();
}
#endif

static void test_free_accepts_null(void **state)
{
    (void)state;
    vl_arena_free(NULL);
    struct vl_arena *arena = vl_arena_new(1);
    vl_arena_cleanup(&arena);
    assert_null(arena);
    vl_arena_cleanup(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zeroed_and_aligned),
        cmocka_unit_test(test_allocations_do_not_overlap),
        cmocka_unit_test(test_maximum_is_sticky),
        cmocka_unit_test(test_array_overflow),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_bytes_not_given_out_are_watched),
        cmocka_unit_test(test_free_accepts_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
