/* Files as pacman 6 of Arch Linux writes them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static void test_desc(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "pacman", "var/lib/pacman/local/gcc-libs-14.2.1-1/desc",
                         "%NAME%\ngcc-libs\n\n%VERSION%\n14.2.1+r134+gab884fffe3fc-1\n\n%BASE%\ngcc\n\n"
                         "%ARCH%\nx86_64\n\n%PACKAGER%\nF <f@example.org>\n\n%LICENSE%\n"
                         "GPL-3.0-with-GCC-exception\nGFDL-1.3-or-later\n\n%DEPENDS%\nglibc>=2.27\n"),
        0);
    const struct vl_package *p = os_test_find(&t, "gcc-libs");
    assert_non_null(p);
    assert_int_equal(p->ecosystem, VL_ECO_ALPM);
    assert_string_equal(p->version, "14.2.1+r134+gab884fffe3fc-1");
    assert_string_equal(p->source_name, "gcc");
    assert_string_equal(p->arch, "x86_64");
    assert_int_equal(p->n_licenses, 2);
    assert_string_equal(p->licenses[1], "GFDL-1.3-or-later");
    assert_int_equal(
        os_test_parse_str(&t, "pacman", "var/lib/pacman/local/x-1-1/desc", "%NAME%\nx\n\n%VERSION%\n\n1-1\n"),
        0);
    assert_int_equal(t.sink.packages.len, 1);
    os_test_done(&t);
}

static void test_files(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "pacman/files", "var/lib/pacman/local/gcc-libs-14.2.1-1/files",
                         "%FILES%\nusr/\nusr/lib/\nusr/lib/libgcc_s.so.1\nusr/share/licenses/gcc-libs/x\n\n"
                         "%BACKUP%\netc/x\t0123\n"),
        0);
    const struct vl_package_owned *o = os_test_owned(&t, "gcc-libs");
    assert_non_null(o);
    assert_string_equal(o->paths, "usr/lib/libgcc_s.so.1\nusr/share/licenses/gcc-libs/x");
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_desc),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
