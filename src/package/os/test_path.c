#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "os/path.h"

static void test_match(void **state)
{
    (void)state;
    static const struct {
        const char *path, *pattern;
        bool match;
    } rows[] = {
        {"var/lib/dpkg/status", "var/lib/dpkg/status", true},
        {"x/var/lib/dpkg/status", "var/lib/dpkg/status", false},
        {"var/lib/dpkg/info/a.b.list", "var/lib/dpkg/info/*.list", true},
        {"var/lib/dpkg/info/x/a.list", "var/lib/dpkg/info/*.list", false},
        {"var/lib/dpkg/info/a.list.d", "var/lib/dpkg/info/*.list", false},
        {"var/db/pkg/dev-lang/python-3.11/PF", "var/db/pkg/*/*/PF", true},
        {"var/db/pkg/dev-lang/PF", "var/db/pkg/*/*/PF", false},
        {"a", "a*", true},
        {"", "*", true},
        {"abab/c", "*ab/c", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        assert_int_equal(os_path_match(rows[i].path, rows[i].pattern), rows[i].match);
}

static void test_nocase(void **state)
{
    (void)state;
    assert_true(os_path_match_nocase("files/WINDOWS/x.MUM", "Files/Windows/*.mum"));
    assert_false(os_path_match("files/x", "Files/x"));
}

static void test_parts(void **state)
{
    (void)state;
    assert_true(vl_span_eq_str(os_path_base("a/b/c.x"), "c.x"));
    assert_true(vl_span_eq_str(os_path_base("c.x"), "c.x"));
    assert_true(vl_span_eq_str(os_path_folder("a/b/c.x", 0), "b"));
    assert_true(vl_span_eq_str(os_path_folder("a/b/c.x", 1), "a"));
    assert_true(vl_span_eq_str(os_path_folder("a/b/c.x", 2), ""));
    assert_true(vl_span_eq_str(os_path_folder("c.x", 0), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_nocase),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
