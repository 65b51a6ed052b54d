#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"

static void test_slices(void **state)
{
    (void)state;
    struct vl_span s = VL_SPAN_LIT("abcdef");
    assert_true(vl_span_eq_str(vl_span_slice(s, 1, 3), "bc"));
    assert_true(vl_span_eq_str(vl_span_slice(s, 4, SIZE_MAX), "ef"));
    assert_int_equal(vl_span_slice(s, 6, 6).len, 0);
    assert_int_equal(vl_span_slice(s, 3, 2).len, 0);
    assert_int_equal(vl_span_slice(s, SIZE_MAX, SIZE_MAX).len, 0);
    assert_int_equal(vl_span_slice(VL_SPAN_EMPTY, 0, 5).len, 0);
    assert_null(vl_span_str(NULL).ptr);
    assert_int_equal(vl_span_str("").len, 0);
}

static void test_comparing(void **state)
{
    (void)state;
    assert_true(vl_span_eq(VL_SPAN_EMPTY, VL_SPAN_LIT("")));
    assert_true(vl_span_eq(VL_SPAN_LIT("a\0b"), VL_SPAN_LIT("a\0b")));
    assert_false(vl_span_eq(VL_SPAN_LIT("a\0b"), VL_SPAN_LIT("a\0c")));
    assert_false(vl_span_eq_str(VL_SPAN_LIT("a\0"), "a"));
    assert_true(vl_span_eq_nocase(VL_SPAN_LIT("AZaz-\xc4"), VL_SPAN_LIT("azAZ-\xc4")));
    assert_false(vl_span_eq_nocase(VL_SPAN_LIT("\xc4"), VL_SPAN_LIT("\xe4")));
    assert_false(vl_span_eq_nocase(VL_SPAN_LIT("@["), VL_SPAN_LIT("`{"))); /* beside the letters */
    assert_true(vl_span_starts_with(VL_SPAN_LIT("abc"), "ab"));
    assert_false(vl_span_starts_with(VL_SPAN_LIT("a"), "ab"));
    assert_true(vl_span_starts_with(VL_SPAN_EMPTY, ""));
    assert_true(vl_span_ends_with(VL_SPAN_LIT("abc"), "bc"));
    assert_false(vl_span_ends_with(VL_SPAN_LIT("c"), "bc"));
    assert_true(vl_span_cmp(VL_SPAN_LIT("a"), VL_SPAN_LIT("b")) < 0);
    assert_true(vl_span_cmp(VL_SPAN_LIT("ab"), VL_SPAN_LIT("a")) > 0);
    assert_true(vl_span_cmp(VL_SPAN_LIT("\xff"), VL_SPAN_LIT("a")) > 0); /* unsigned */
    assert_int_equal(vl_span_cmp(VL_SPAN_EMPTY, VL_SPAN_LIT("")), 0);
    assert_true(vl_span_cmp(VL_SPAN_EMPTY, VL_SPAN_LIT("a")) < 0);
}

static void test_finding(void **state)
{
    (void)state;
    struct vl_span s = VL_SPAN_LIT("a=b=\0c");
    assert_int_equal(vl_span_find_char(s, '='), 1);
    assert_int_equal(vl_span_rfind_char(s, '='), 3);
    assert_int_equal(vl_span_find_char(s, '\0'), 4);
    assert_true(vl_span_find_char(s, 'x') == SIZE_MAX);
    assert_true(vl_span_rfind_char(VL_SPAN_EMPTY, 'x') == SIZE_MAX);
    assert_int_equal(vl_span_find(s, VL_SPAN_LIT("=\0")), 3);
    assert_int_equal(vl_span_find(s, VL_SPAN_LIT("")), 0);
    assert_true(vl_span_find(s, VL_SPAN_LIT("a=b=\0cd")) == SIZE_MAX);
    assert_true(vl_span_find(VL_SPAN_EMPTY, VL_SPAN_LIT("a")) == SIZE_MAX);
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(vl_span_eq_str(vl_span_trim(VL_SPAN_LIT(" \t\r\n\v\fa b\n ")), "a b"));
    assert_int_equal(vl_span_trim(VL_SPAN_LIT(" \n")).len, 0);
    assert_int_equal(vl_span_trim(VL_SPAN_EMPTY).len, 0);
    assert_true(vl_span_eq_str(vl_span_trim(VL_SPAN_LIT("\xc2\xa0")), "\xc2\xa0"));
}

static void assert_parts(const char *text, bool lines, const char *joined)
{
    struct vl_span rest = vl_span_str(text), part;
    char got[64] = "";
    size_t n = 0;
    while (lines ? vl_span_split_line(&rest, &part) : vl_span_split(&rest, ',', &part)) {
        got[n++] = '<';
        for (size_t i = 0; i < part.len; i++)
            got[n++] = part.ptr[i];
        got[n++] = '>';
    }
    got[n] = '\0';
    assert_string_equal(got, joined);
}

static void test_splitting(void **state)
{
    (void)state;
    assert_parts("a,bc,d", false, "<a><bc><d>");
    assert_parts("a,,b", false, "<a><><b>");
    assert_parts(",a", false, "<><a>");
    assert_parts("a,", false, "<a>");
    assert_parts(",", false, "<>");
    assert_parts("", false, "");
    assert_parts("a\nb\r\n\r\nc\r", true, "<a><b><><c>");
    assert_parts("\n\n", true, "<><>");
    assert_parts("x", true, "<x>");
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t v = 7;
    assert_true(vl_span_to_u64(VL_SPAN_LIT("0"), &v) && v == 0);
    assert_true(vl_span_to_u64(VL_SPAN_LIT("0012"), &v) && v == 12);
    assert_true(vl_span_to_u64(VL_SPAN_LIT("18446744073709551615"), &v) && v == UINT64_MAX);
    static const char *const bad[] = {
        "", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "1a"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        assert_false(vl_span_to_u64(vl_span_str(bad[i]), &v));
    assert_true(v == UINT64_MAX); /* set only on success */
}

static void test_characters(void **state)
{
    (void)state;
    unsigned digits = 0, letters = 0, blanks = 0, controls = 0;
    for (int c = -128; c < 256; c++) {
        digits += vl_char_is_digit(c);
        letters += vl_char_is_letter(c);
        blanks += vl_char_is_blank(c);
        controls += vl_char_is_control(c);
    }
    assert_int_equal(digits, 10);
    assert_int_equal(letters, 52);
    assert_int_equal(blanks, 4);
    assert_int_equal(controls, 33);
    for (const char *c = "0123456789"; *c; c++)
        assert_true(vl_char_is_digit(*c));
    for (const char *c = "azAZ"; *c; c++)
        assert_true(vl_char_is_letter(*c));
    for (const char *c = " \t\r\n"; *c; c++)
        assert_true(vl_char_is_blank(*c));
    for (const char *c = "\x01\t\n\x1f\x7f"; *c; c++)
        assert_true(vl_char_is_control(*c));
    assert_true(vl_char_is_control('\0'));
    assert_false(vl_span_has_control(VL_SPAN_EMPTY));
    assert_false(vl_span_has_control(VL_SPAN_LIT(" ~\x80\xff")));
    assert_true(vl_span_has_control(VL_SPAN_LIT("a\0")));
    assert_true(vl_span_has_control(VL_SPAN_LIT("\x7f"
                                                "a")));
    assert_false(vl_span_has_control(vl_span_slice(VL_SPAN_LIT("a\n"), 0, 1)));
}

static void test_printing(void **state)
{
    (void)state;
    char text[16];
    struct vl_span s = {"abcdef", 3};
    assert_int_equal(
        snprintf(text, sizeof(text), "%.*s|%.*s", VL_SPAN_FMT(s), VL_SPAN_FMT(VL_SPAN_EMPTY)), 4);
    assert_string_equal(text, "abc|");
    assert_int_equal(vl_span_int_len((struct vl_span){"", SIZE_MAX}), INT_MAX);
    assert_int_equal(vl_span_int_len((struct vl_span){"", INT_MAX}), INT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_splitting),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_printing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
