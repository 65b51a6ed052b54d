/* tests: lib_math.c lib_encoders.c
 * Facts: cel-spec's math_ext and encoders_ext tests; RFC 4648, section 10. */
#include "test_lib.h"

#include <math.h>

extern const struct vl_cel_library vl_cel_lib_math, vl_cel_lib_encoders;
#define CHECK(expected, ...) assert_string_equal(lib_text(CALL(vl_cel_lib_math, __VA_ARGS__)), expected)
#define I(n)                 vl_cel_int(n)
#define D(n)                 vl_cel_double(n)

static void test_numbers(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("5", "math.@max", I(-7), I(5));
    CHECK("-7", "math.@min", I(5), I(-7));
    CHECK("18446744073709551615", "math.@max", vl_cel_uint(UINT64_MAX), I(1));
    struct vl_cel_value three[] = {I(1), I(3), I(2)}, mixed[] = {I(1), S("a")};
    struct vl_arena *arena = vl_cel_run_arena(run);
    CHECK("3", "math.@max", vl_cel_list_new(arena, three, 3));
    CHECK("error: no such overload: math.@max", "math.@max", vl_cel_list_new(arena, mixed, 2));
    struct vl_cel_value none = vl_cel_list_new(arena, NULL, 0);
    CHECK("error: math.@min(list) argument must not be empty", "math.@min", none);
    assert_true(CALL(vl_cel_lib_math, "math.round", D(-1.5)).as.d == -2);
    assert_true(CALL(vl_cel_lib_math, "math.ceil", D(-1.2)).as.d == -1);
    assert_true(CALL(vl_cel_lib_math, "math.floor", D(-1.2)).as.d == -2);
    assert_true(CALL(vl_cel_lib_math, "math.trunc", D(-1.2)).as.d == -1);
    assert_true(CALL(vl_cel_lib_math, "math.sign", D(-32)).as.d == -1);
    assert_true(CALL(vl_cel_lib_math, "math.sqrt", I(49)).as.d == 7);
    CHECK("11", "math.abs", I(-11));
    CHECK("error: integer overflow", "math.abs", I(INT64_MIN));
    CHECK("true", "math.isInf", D(INFINITY));
    CHECK("false", "math.isFinite", D(NAN));
    CHECK("true", "math.isNaN", D(NAN));
}

static void test_bits(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    CHECK("1", "math.bitAnd", I(1), I(-1));
    CHECK("-2", "math.bitOr", I(4), I(-2));
    CHECK("-6", "math.bitXor", I(4), I(-2));
    CHECK("18446744073709551614", "math.bitNot", vl_cel_uint(1));
    CHECK("0", "math.bitShiftLeft", I(-1), I(200));
    CHECK("2305843009213693824", "math.bitShiftRight", I(-1024), I(3));
    CHECK("error: math.bitShiftLeft() negative offset: -1", "math.bitShiftLeft", vl_cel_uint(1), I(-1));
}

static void test_base64(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    struct vl_cel_value foob = vl_cel_bytes(VL_SPAN_LIT("foob"));
    assert_string_equal(lib_text(CALL(vl_cel_lib_encoders, "base64.encode", foob)), "\"Zm9vYg==\"");
    assert_true(vl_cel_equal(CALL(vl_cel_lib_encoders, "base64.decode", S("Zm9vYg==")), foob));
    assert_true(vl_cel_equal(CALL(vl_cel_lib_encoders, "base64.decode", S("Zm9vYg")), foob));
    assert_string_equal(
        lib_text(CALL(vl_cel_lib_encoders, "base64.decode", S("!"))), "error: illegal base64 data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
