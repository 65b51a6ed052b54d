#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static void test_hex(void **state)
{
    (void)state;
    char text[9];
    uint8_t bytes[4] = {0};
    vl_hex_encode("\x00\x7f\x80\xff", 4, text);
    assert_string_equal(text, "007f80ff");
    assert_true(vl_hex_decode(VL_SPAN_LIT("DEADbeef"), bytes, 4));
    assert_memory_equal(bytes, "\xde\xad\xbe\xef", 4);
    assert_true(vl_hex_decode(VL_SPAN_EMPTY, bytes, 0));
    assert_false(vl_hex_decode(VL_SPAN_LIT("DEADbee"), bytes, 3));
    assert_false(vl_hex_decode(VL_SPAN_LIT("DEADbeef0"), bytes, 4));
    assert_false(vl_hex_decode(VL_SPAN_LIT("DEADbeef"), bytes, 3));
    assert_false(vl_hex_decode(VL_SPAN_LIT("DEADbeeg"), bytes, 4));
    assert_false(vl_hex_decode(VL_SPAN_LIT("DEADbe:f"), bytes, 4));
}

/* RFC 4648, chapter 10. */
static void test_base64_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *coded, *unpadded;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, 100);
        vl_base64_encode(vl_span_str(rows[i].plain), &out);
        assert_string_equal(vl_buf_str(&out), rows[i].coded);
        vl_buf_clear(&out);
        assert_true(vl_base64_decode(vl_span_str(rows[i].coded), &out));
        assert_string_equal(vl_buf_str(&out), rows[i].plain);
        vl_buf_clear(&out);
        assert_true(vl_base64_decode(vl_span_str(rows[i].unpadded), &out));
        assert_string_equal(vl_buf_str(&out), rows[i].plain);
    }
}

static void test_base64_alphabets(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1000);
    vl_base64_encode(VL_SPAN_LIT("\xfb\xff\xfe\x00"), &out);
    assert_string_equal(vl_buf_str(&out), "+//+AA==");
    vl_buf_clear(&out);
    vl_base64url_encode(VL_SPAN_LIT("\xfb\xff\xfe\x00"), &out);
    assert_string_equal(vl_buf_str(&out), "-__-AA");
    vl_buf_clear(&out);
    assert_true(vl_base64_decode(VL_SPAN_LIT("-__-AA"), &out));
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.ptr, "\xfb\xff\xfe\x00", 4);
    static const char *const bad[] = {"Z", "Zm9vY", "Zm=8", "Zm8 ", "Zm\n9v", "Zm9*", "\xc3\xa9=="};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        vl_buf_clear(&out);
        assert_false(vl_base64_decode(vl_span_str(bad[i]), &out));
    }
}

static void test_base64_round_trip(void **state)
{
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf text, back;
        vl_buf_init(&text, 1000);
        vl_buf_init(&back, 1000);
        vl_base64_encode((struct vl_span){bytes, n}, &text);
        assert_int_equal(text.len, (n + 2) / 3 * 4);
        assert_true(vl_base64_decode(vl_buf_span(&text), &back));
        assert_true(vl_span_eq(vl_buf_span(&back), (struct vl_span){bytes, n}));
    }
}

/* RFC 3629: the table of chapter 4, from both sides of each of its edges. */
static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        struct vl_span bytes;
        uint32_t rune;
    } good[] = {
        {VL_SPAN_LIT("\0"), 0},
        {VL_SPAN_LIT("\x7f"), 0x7f},
        {VL_SPAN_LIT("\xc2\x80"), 0x80},
        {VL_SPAN_LIT("\xdf\xbf"), 0x7ff},
        {VL_SPAN_LIT("\xe0\xa0\x80"), 0x800},
        {VL_SPAN_LIT("\xed\x9f\xbf"), 0xd7ff},
        {VL_SPAN_LIT("\xee\x80\x80"), 0xe000},
        {VL_SPAN_LIT("\xef\xbf\xbf"), 0xffff},
        {VL_SPAN_LIT("\xf0\x90\x80\x80"), 0x10000},
        {VL_SPAN_LIT("\xf4\x8f\xbf\xbf"), 0x10ffff},
    };
    static const struct vl_span bad[] = {
        VL_SPAN_LIT("\x80"),
        VL_SPAN_LIT("\xbf"),
        VL_SPAN_LIT("\xc0\x80"),
        VL_SPAN_LIT("\xc1\xbf"),
        VL_SPAN_LIT("\xc2"),
        VL_SPAN_LIT("\xc2\x7f"),
        VL_SPAN_LIT("\xc2\xc0"),
        VL_SPAN_LIT("\xe0\x9f\xbf"),
        VL_SPAN_LIT("\xe2\x82"),
        VL_SPAN_LIT("\xed\xa0\x80"),
        VL_SPAN_LIT("\xed\xbf\xbf"),
        VL_SPAN_LIT("\xf0\x8f\xbf\xbf"),
        VL_SPAN_LIT("\xf0\x90\x80"),
        VL_SPAN_LIT("\xf4\x90\x80\x80"),
        VL_SPAN_LIT("\xf5\x80\x80\x80"),
        VL_SPAN_LIT("\xff"),
        VL_SPAN_LIT("\xfe"),
    };
    uint32_t rune = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(good); i++) {
        assert_int_equal(vl_utf8_decode(good[i].bytes, &rune), good[i].bytes.len);
        assert_int_equal(rune, good[i].rune);
        assert_true(vl_utf8_valid(good[i].bytes));
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        assert_int_equal(vl_utf8_decode(bad[i], &rune), 0);
        assert_false(vl_utf8_valid(bad[i]));
    }
    assert_int_equal(vl_utf8_decode(VL_SPAN_EMPTY, &rune), 0);
    assert_true(vl_utf8_valid(VL_SPAN_EMPTY));
}

/* A bad byte at every place of texts around the eight bytes that are looked at at once. */
static void test_utf8_in_long_text(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 40; len++) {
        char text[40];
        memset(text, 'a', sizeof(text));
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)0xff;
            assert_false(vl_utf8_valid((struct vl_span){text, len}));
            text[i] = (char)0xc3;
            assert_false(vl_utf8_valid((struct vl_span){text, len}));
            if (i + 1 < len) {
                text[i + 1] = (char)0xa9;
                assert_true(vl_utf8_valid((struct vl_span){text, len}));
                text[i + 1] = 'a';
            }
            text[i] = 'a';
        }
        assert_true(vl_utf8_valid((struct vl_span){text, len}));
    }
}

static void test_printable(void **state)
{
    (void)state;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1000);
    vl_text_append_printable(&out, VL_SPAN_LIT("a\x1b[31m\n\x7f\xc3\xa9\xff\xc3"));
    assert_string_equal(vl_buf_str(&out), "a\\u001b[31m\\u000a\\u007f\xc3\xa9\\xff\\xc3");
    vl_buf_clear(&out);
    /* right-to-left override, zero width space, C1 control, byte order mark */
    vl_text_append_printable(
        &out, VL_SPAN_LIT("\xe2\x80\xae|\xe2\x80\x8b|\xc2\x9b|\xef\xbb\xbf|\xe2\x82\xac"));
    assert_string_equal(vl_buf_str(&out), "\\u202e|\\u200b|\\u009b|\\ufeff|\xe2\x82\xac");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_alphabets),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_in_long_text),
        cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
