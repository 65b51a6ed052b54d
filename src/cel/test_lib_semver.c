/* tests: lib_semver.c
 * Facts: semver.org 2.0.0 (precedence); answers of Kubernetes 1.36 (TestSemver, and asked of it). */
#include "test_lib.h"

#include <string.h>

extern const struct vl_cel_library vl_cel_lib_semver;
#define LIB vl_cel_lib_semver

static void test_read(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const struct {
        const char *in, *strict, *normal; /* messages; NULL: accepted */
    } cases[] = {
        {"1.0.0", NULL, NULL},
        {"0.1.0-alpha.1", NULL, NULL},
        {"1.2.3-rc.1+build.5", NULL, NULL},
        {"v1.0", "error: No Major.Minor.Patch elements found", NULL},
        {"01.01.01", "error: Major number must not contain leading zeroes \"01\"", NULL},
        {"", "error: Version string empty", "error: strconv.ParseUint: parsing \"\": invalid syntax"},
        {"1-a", "error: No Major.Minor.Patch elements found",
            "error: short version cannot contain PreRelease/Build meta data"},
        {"1.2.x", "error: Invalid character(s) found in patch number \"x\"",
            "error: Invalid character(s) found in patch number \"x\""},
        {"1.2.3-", "error: Prerelease is empty", "error: Prerelease is empty"},
        {"1.2.3-01", "error: Numeric PreRelease version must not contain leading zeroes \"01\"",
            "error: Numeric PreRelease version must not contain leading zeroes \"01\""},
        {"1.2.3+a..b", "error: Build meta data is empty", "error: Build meta data is empty"},
        {"99999999999999999999.0.0",
            "error: strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
            "error: strconv.ParseUint: parsing \"99999999999999999999\": value out of range"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        struct vl_cel_value strict = CALL(LIB, "semver", S(cases[i].in));
        struct vl_cel_value normal = CALL(LIB, "semver", S(cases[i].in), vl_cel_bool(true));
        assert_int_equal(strict.kind, cases[i].strict ? VL_CEL_ERROR : VL_CEL_OPAQUE);
        if (cases[i].strict)
            assert_string_equal(lib_text(strict), cases[i].strict);
        assert_int_equal(normal.kind, cases[i].normal ? VL_CEL_ERROR : VL_CEL_OPAQUE);
        if (cases[i].normal)
            assert_string_equal(lib_text(normal), cases[i].normal);
        assert_int_equal(CALL(LIB, "isSemver", S(cases[i].in)).as.boolean, !cases[i].strict);
    }
}

/* The order that semver.org gives in clause 11. */
static void test_order(void **state)
{
    (void)state;
    struct vl_cel_run *run VL_CLEANUP(vl_cel_run_cleanup) = lib_run();
    static const char *const order[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
        "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"};
    for (size_t i = 0; i < VL_ARRAY_LEN(order); i++) {
        for (size_t j = 0; j < VL_ARRAY_LEN(order); j++) {
            struct vl_cel_value a = CALL(LIB, "semver", S(order[i])), b = CALL(LIB, "semver", S(order[j]));
            assert_int_equal(CALL(LIB, "compareTo", a, b).as.i, i < j ? -1 : i > j);
            assert_int_equal(CALL(LIB, "isLessThan", a, b).as.boolean, i < j);
            assert_int_equal(CALL(LIB, "isGreaterThan", a, b).as.boolean, i > j);
        }
    }
    struct vl_cel_value built = CALL(LIB, "semver", S("1.2.3+a"));
    assert_true(vl_cel_equal(built, CALL(LIB, "semver", S("1.2.3+b"))));
    assert_int_equal(CALL(LIB, "minor", built).as.i, 2);
    assert_int_equal(CALL(LIB, "patch", built).as.i, 3);
    assert_int_equal(CALL(LIB, "major", built).as.i, 1);
    struct vl_cel_value text = S("1.2.3-alpha");
    assert_int_equal(lib_cost(&LIB, "semver", 1, &text, built), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
