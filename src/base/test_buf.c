#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sanitizer/asan_interface.h>

#include "base/buf.h"
#include "base/reader.h"

/* Allocations larger than any machine has must fail as they do without a sanitizer. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_append(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 1000);
    assert_string_equal(vl_buf_str(&buf), "");
    assert_int_equal(vl_buf_span(&buf).len, 0);
    vl_buf_append_str(&buf, "ab");
    vl_buf_append_char(&buf, 'c');
    vl_buf_append(&buf, NULL, 0);
    vl_buf_append_span(&buf, VL_SPAN_LIT("\0d"));
    vl_buf_printf(&buf, "%03d|%s", 7, "e");
    assert_int_equal(buf.len, 10);
    assert_memory_equal(buf.ptr, "abc\0d007|e\0", 11);
    vl_buf_truncate(&buf, 2);
    assert_string_equal(vl_buf_str(&buf), "ab");
    vl_buf_truncate(&buf, 5); /* beyond the end: nothing */
    assert_int_equal(buf.len, 2);
    vl_buf_clear(&buf);
    assert_string_equal(vl_buf_str(&buf), "");
}

static void test_maximum_is_exact_and_sticky(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 5);
    vl_buf_append_str(&buf, "12345");
    assert_int_equal(vl_buf_check(&buf, "line", &err), 0);
    vl_buf_append_char(&buf, '6');
    vl_buf_truncate(&buf, 0);
    vl_buf_append_char(&buf, '7'); /* would fit, but the buffer has failed */
    assert_int_equal(buf.len, 0);
    assert_int_equal(vl_buf_check(&buf, "line", &err), -E2BIG);
    assert_string_equal(err.msg, "line: more than 5 bytes");
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_buf_clear(&buf);
    vl_buf_append_char(&buf, '7');
    assert_string_equal(vl_buf_str(&buf), "7");
    vl_buf_printf(&buf, "%s", "abcde");
    assert_true(vl_buf_check(&buf, "line", &err) < 0);
    assert_null(vl_buf_reserve(&buf, 0));
    vl_buf_commit(&buf, 3);
    assert_int_equal(buf.len, 1);
}

static void test_growth_keeps_content(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 100000);
    for (uint32_t i = 0; i < 25000; i++)
        vl_buf_append_u32le(&buf, i);
    assert_int_equal(vl_buf_check(&buf, "x", &err), 0);
    assert_true(buf.cap <= buf.max + 1);
    struct vl_reader r = vl_reader_new(vl_buf_span(&buf));
    for (uint32_t i = 0; i < 25000; i++)
        assert_int_equal(vl_reader_u32le(&r), i);
    vl_buf_append_u8(&buf, 1);
    assert_true(vl_buf_check(&buf, "x", &err) < 0);
}

static void test_reserve_without_commit(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 1000);
    assert_non_null(vl_buf_reserve(&buf, 100));
    assert_string_equal(vl_buf_str(&buf), "");
    memcpy(vl_buf_reserve(&buf, 100), "abc", 3);
    vl_buf_commit(&buf, 2);
    assert_string_equal(vl_buf_str(&buf), "ab");
}

/* An expectation is neither content nor permission, and what comes may be more. */
static void test_expected_lengths(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 100, 511UL << 10, 512UL << 10, 2UL << 20, 5000000, SIZE_MAX};
    for (size_t i = 0; i < VL_ARRAY_LEN(lengths); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_buf_done) struct vl_buf buf;
        vl_buf_init(&buf, 3UL << 20);
        vl_buf_expect(&buf, lengths[i]);
        assert_int_equal(buf.len, 0);
        assert_string_equal(vl_buf_str(&buf), "");
        vl_buf_append_str(&buf, "first");
        vl_buf_expect(&buf, lengths[i]); /* too late: nothing is lost */
        while (buf.len < 3UL << 20)
            vl_buf_append_char(&buf, 'x');
        assert_int_equal(vl_buf_check(&buf, "b", &err), 0);
        assert_memory_equal(buf.ptr, "firstxxx", 8);
        vl_buf_append_char(&buf, 'x');
        assert_int_equal(vl_buf_check(&buf, "b", &err), -E2BIG);
    }
}

static void test_huge_lengths(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 10);
    vl_buf_append_char(&buf, 'a');
    assert_null(vl_buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(vl_buf_check(&buf, "x", &err), -E2BIG);
    vl_buf_done(&buf);
    vl_buf_init(&buf, SIZE_MAX / 2);
    assert_null(vl_buf_reserve(&buf, SIZE_MAX / 2)); /* more than any machine has */
    assert_int_equal(vl_buf_check(&buf, "x", &err), -ENOMEM);
    assert_int_equal(err.code, VL_ERR_MEMORY);
}

static void test_little_endian_and_varint(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    vl_buf_init(&buf, 1000);
    vl_buf_append_u8(&buf, 0x01);
    vl_buf_append_u16le(&buf, 0x0302);
    vl_buf_append_u32le(&buf, 0x07060504);
    vl_buf_append_u64le(&buf, 0x0f0e0d0c0b0a0908);
    assert_memory_equal(buf.ptr, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15);
    vl_buf_clear(&buf);
    /* DWARF 4, figure 22: examples of unsigned LEB128 */
    vl_buf_append_varint(&buf, 2);
    vl_buf_append_varint(&buf, 127);
    vl_buf_append_varint(&buf, 128);
    vl_buf_append_varint(&buf, 129);
    vl_buf_append_varint(&buf, 130);
    vl_buf_append_varint(&buf, 12857);
    assert_memory_equal(buf.ptr, "\x02\x7f\x80\x01\x81\x01\x82\x01\xb9\x64", 10);
    vl_buf_clear(&buf);
    vl_buf_append_varint(&buf, UINT64_MAX);
    assert_int_equal(buf.len, 10);
    vl_buf_append_lstr(&buf, VL_SPAN_LIT("hi"));
    assert_memory_equal(buf.ptr, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02hi", 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_maximum_is_exact_and_sticky),
        cmocka_unit_test(test_growth_keeps_content),
        cmocka_unit_test(test_reserve_without_commit),
        cmocka_unit_test(test_expected_lengths),
        cmocka_unit_test(test_huge_lengths),
        cmocka_unit_test(test_little_endian_and_varint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
