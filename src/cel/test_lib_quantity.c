/* tests: lib_quantity.c decimal.c
 * Facts: answers of Kubernetes 1.36 (TestQuantity, and asked of it). */
#include "test_lib.h"

#include <stdio.h>
#include <string.h>

#include "decimal.h"

extern const struct vl_cel_library vl_cel_lib_quantity;
#define LIB     vl_cel_lib_quantity
#define Q(text) CALL(LIB, "quantity", S(text))

static const char *shown(struct vl_cel_value value)
{
    static char text[4096];
    if (value.kind != VL_CEL_OPAQUE)
        return lib_text(value);
    struct vl_buf buf VL_CLEANUP(vl_buf_done);
    vl_buf_init(&buf, 1 << 20);
    (*(const struct vl_cel_opaque_ops *const *)value.as.payload)->text(value.as.payload, &buf);
    snprintf(text, sizeof(text), "%s", vl_buf_str(&buf));
    return text;
}

static void test_texts(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"+5", "+5"},
        {"007", "007"},
        {"1.500", "1.500"},
        {"1000", "1k"},
        {"1000E", "1"},
        {"1024Ki", "1Mi"},
        {"12Ki", "12Ki"},
        {"0.5Ki", "512"},
        {"0.0001Ki", "102400u"},
        {"1.5Gi", "1536Mi"},
        {"9223372036854775808Ki", "9223372036854775807"},
        {"1e3", "1e3"},
        {"0.0000000001", "1n"},
        {"-0.0000000001", "-1n"},
        {"1e100", "10e99"},
        {".", "0"},
        {"+", "0"},
        {"1e1000000000", "10e999999999"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++)
        assert_string_equal(shown(Q(cases[i].in)), cases[i].out);
    static const char *const wrong_form[] = {"", "1 ", "1x", "KI1", "1e5.5", "\xef\xbc\x91", "1.1.1"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong_form); i++) {
        assert_string_equal(shown(Q(wrong_form[i])), "error: quantities must match the regular expression "
                                                     "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        assert_string_equal(lib_text(CALL(LIB, "isQuantity", S(wrong_form[i]))), "false");
    }
    assert_string_equal(shown(Q("1Kii")), "error: unable to parse quantity's suffix");
    assert_string_equal(shown(Q("1e99999999999999999999")), "error: unable to parse quantity's suffix");
}

static void test_arithmetic(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    assert_string_equal(shown(CALL(LIB, "add", Q("50k"), Q("20k"))), "70k");
    assert_string_equal(shown(CALL(LIB, "sub", Q("0"), Q("1Ki"))), "-1Ki");
    assert_string_equal(shown(CALL(LIB, "sub", Q("1"), Q("1Ki"))), "-1023");
    assert_string_equal(shown(CALL(LIB, "add", Q("1.5Gi"), vl_cel_int(1))), "1610612737");
    assert_string_equal(shown(CALL(LIB, "add", Q("1e3"), Q("1Ki"))), "2024");
    assert_string_equal(shown(CALL(LIB, "compareTo", Q("200M"), Q("0.2G"))), "0");
    assert_string_equal(shown(CALL(LIB, "isGreaterThan", Q("50Mi"), Q("50M"))), "true");
    assert_string_equal(shown(CALL(LIB, "isLessThan", Q("1e-10"), Q("1e1000000000"))), "true");
    assert_string_equal(shown(CALL(LIB, "asInteger", Q("50k"))), "50000");
    assert_string_equal(shown(CALL(LIB, "asInteger", Q("50m"))), "error: cannot convert value to integer");
    assert_string_equal(shown(CALL(LIB, "isInteger", Q("1e100"))), "false");
    assert_string_equal(shown(CALL(LIB, "asApproximateFloat", Q("50.703k"))), "50703");
    assert_string_equal(shown(CALL(LIB, "sign", Q("-50k"))), "-1");
    struct vl_cel_value large = Q("1e100"), more = CALL(LIB, "add", large, Q("1e100"));
    assert_string_equal(shown(more), "20e99");
    assert_string_equal(shown(large), "10e99");
    /* What add() made is comparable as left side only. */
    struct vl_cel_value two = CALL(LIB, "add", Q("1"), vl_cel_int(1));
    assert_true(vl_cel_opaque_comparable(two, Q("2")));
    assert_true(vl_cel_equal(two, Q("2")));
    assert_false(vl_cel_opaque_comparable(Q("2"), two));
    struct vl_cel_value arg = S("12345678901");
    assert_int_equal(lib_cost(&LIB, "quantity", 1, &arg, vl_cel_null()), 2);
}

/* Exponents that upstream computes with until its memory ends. */
static void test_bombs(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const char many[] = "error: quantity has too many digits";
    assert_string_equal(shown(CALL(LIB, "add", Q("1e1000000000"), Q("1"))), many);
    assert_string_equal(shown(Q("12345678901234567890e1000000000")), many);
    assert_string_equal(shown(Q("1e2147483648")), many);
    assert_string_equal(shown(Q("1e-2147483647")), "1e-9");
    assert_string_equal(shown(CALL(LIB, "compareTo", Q("1e1000000000"), Q("9e999999999"))), "1");
    char digits[120001];
    memset(digits, '7', sizeof(digits) - 1);
    digits[sizeof(digits) - 1] = 0;
    assert_string_equal(shown(Q(digits)), many);
    digits[1000] = 0;
    assert_int_equal(Q(digits).kind, VL_CEL_OPAQUE);
}

static void test_decimal(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_cel_decimal a, b, c;
    bool exact;
    int32_t times;
    assert_true(vl_cel_decimal_of_digits(arena, VL_SPAN_LIT("1234567890123456789.005"), &a));
    assert_int_equal(a.scale, 3);
    assert_true(vl_cel_decimal_rescale(arena, &a, 0, &b, &exact));
    assert_false(exact);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 1000);
    vl_cel_decimal_text(&b, &text);
    assert_string_equal(vl_buf_str(&text), "1234567890123456790");
    b.negative = true;
    assert_true(vl_cel_decimal_add(arena, &a, &b, &c));
    vl_buf_clear(&text);
    vl_cel_decimal_text(&c, &text);
    assert_string_equal(vl_buf_str(&text), "-995");
    assert_int_equal(vl_cel_decimal_cmp(arena, &a, &b), 1);
    assert_true(vl_cel_decimal_of_int(arena, INT64_MIN, 0, &a));
    assert_true(vl_cel_decimal_strip(arena, &a, 1024, &b, &times));
    assert_int_equal(times, 6);
    assert_true(vl_cel_decimal_coefficient(&a) == -0x1p63);
    assert_true(vl_cel_decimal_coefficient(&b) == -8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
