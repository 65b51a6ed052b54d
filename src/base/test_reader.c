#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/reader.h"

static void test_numbers(void **state)
{
    (void)state;
    static const char bytes[] = "\x01\x02\x03\x04\x05\x06\x07\x08";
    struct vl_reader r = vl_reader_new((struct vl_span){bytes, 8});
    assert_int_equal(vl_reader_u8(&r), 1);
    vl_reader_seek(&r, 0);
    assert_int_equal(vl_reader_u16le(&r), 0x0201);
    vl_reader_seek(&r, 0);
    assert_int_equal(vl_reader_u16be(&r), 0x0102);
    vl_reader_seek(&r, 0);
    assert_int_equal(vl_reader_u32le(&r), 0x04030201);
    vl_reader_seek(&r, 0);
    assert_int_equal(vl_reader_u32be(&r), 0x01020304);
    vl_reader_seek(&r, 0);
    assert_true(vl_reader_u64le(&r) == 0x0807060504030201);
    vl_reader_seek(&r, 0);
    assert_true(vl_reader_u64be(&r) == 0x0102030405060708);
    assert_int_equal(vl_reader_left(&r), 0);
    assert_true(vl_reader_ok(&r));
}

static void test_failure_is_sticky(void **state)
{
    (void)state;
    struct vl_reader r = vl_reader_new(VL_SPAN_LIT("abcde"));
    vl_reader_skip(&r, 3);
    assert_int_equal(vl_reader_u32le(&r), 0);
    assert_false(vl_reader_ok(&r));
    assert_int_equal(r.pos, 3);
    assert_int_equal(vl_reader_left(&r), 0);
    assert_int_equal(vl_reader_u8(&r), 0); /* would fit */
    assert_null(vl_reader_take(&r, 0).ptr);
    vl_reader_seek(&r, 0);
    assert_int_equal(r.pos, 3);
    assert_null(vl_reader_cstr(&r).ptr);
    assert_int_equal(vl_reader_varint(&r), 0);
    assert_null(vl_reader_lstr(&r).ptr);
}

static void test_bounds(void **state)
{
    (void)state;
    struct vl_reader r = vl_reader_new(VL_SPAN_LIT("abc"));
    assert_true(vl_span_eq_str(vl_reader_take(&r, 3), "abc"));
    assert_int_equal(vl_reader_take(&r, 0).len, 0);
    vl_reader_seek(&r, 3);
    assert_true(vl_reader_ok(&r));
    vl_reader_seek(&r, 4);
    assert_false(vl_reader_ok(&r));
    r = vl_reader_new(VL_SPAN_LIT("abc"));
    vl_reader_skip(&r, 1);
    assert_int_equal(vl_reader_take(&r, SIZE_MAX).len, 0); /* pos + n wraps */
    assert_false(vl_reader_ok(&r));
    r = vl_reader_new(VL_SPAN_EMPTY);
    assert_int_equal(vl_reader_take(&r, 0).len, 0);
    assert_true(vl_reader_ok(&r));
    assert_int_equal(vl_reader_u8(&r), 0);
    assert_false(vl_reader_ok(&r));
}

static void test_varint(void **state)
{
    (void)state;
    static const struct {
        struct vl_span bytes;
        uint64_t value;
        bool ok;
    } rows[] = {
        {VL_SPAN_LIT("\x00"), 0, true},
        {VL_SPAN_LIT("\x7f"), 127, true},
        {VL_SPAN_LIT("\x80\x01"), 128, true},
        {VL_SPAN_LIT("\xb9\x64"), 12857, true},
        {VL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), UINT64_MAX, true},
        {VL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 0, false}, /* 65 bits */
        {VL_SPAN_LIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), 0, false},
        {VL_SPAN_LIT("\x80"), 0, false},
        {VL_SPAN_LIT(""), 0, false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_reader r = vl_reader_new(rows[i].bytes);
        assert_true(vl_reader_varint(&r) == rows[i].value);
        assert_int_equal(vl_reader_ok(&r), rows[i].ok);
        if (rows[i].ok)
            assert_int_equal(vl_reader_left(&r), 0);
    }
}

static void test_strings(void **state)
{
    (void)state;
    struct vl_reader r = vl_reader_new(VL_SPAN_LIT("ab\0\0c"));
    assert_true(vl_span_eq_str(vl_reader_cstr(&r), "ab"));
    assert_int_equal(vl_reader_cstr(&r).len, 0);
    assert_true(vl_reader_ok(&r));
    assert_null(vl_reader_cstr(&r).ptr); /* no NUL */
    assert_false(vl_reader_ok(&r));
    r = vl_reader_new(VL_SPAN_LIT("\x02hi\x00\x05"
                                  "four"));
    assert_true(vl_span_eq_str(vl_reader_lstr(&r), "hi"));
    assert_int_equal(vl_reader_lstr(&r).len, 0);
    assert_true(vl_reader_ok(&r));
    assert_null(vl_reader_lstr(&r).ptr);
    assert_false(vl_reader_ok(&r));
    r = vl_reader_new(VL_SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"));
    assert_null(vl_reader_lstr(&r).ptr);
    assert_false(vl_reader_ok(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_failure_is_sticky),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_varint),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
