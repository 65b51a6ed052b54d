/* Names and versions by the Package Manager Specification 8, chapter 3; CONTENTS as portage writes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/portage.h"
#include "os/test_os_support.h"

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *pf, *name, *version;
    } rows[] = {
        {"Getopt-Long-2.580.0", "Getopt-Long", "2.580.0"},
        {"python-3.11.9-r1", "python", "3.11.9-r1"},
        {"font-adobe-100dpi-1.0.4", "font-adobe-100dpi", "1.0.4"},
        {"openssl-1.1.1w", "openssl", "1.1.1w"},
        {"linux-headers-6.9_rc1_p20240101", "linux-headers", "6.9_rc1_p20240101"},
        {"gtk+-2.24.33-r3", "gtk+", "2.24.33-r3"},
        {"Getopt-Long", NULL, NULL},
        {"{}", NULL, NULL},
        {"", NULL, NULL},
        {"x-1..2", NULL, NULL},
        {"x-1_foo", NULL, NULL},
        {"1-r1", NULL, NULL},
        {"-1", NULL, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_span name, version;
        bool ok = os_portage_split(vl_span_str(rows[i].pf), &name, &version);
        assert_int_equal(ok, rows[i].name != NULL);
        if (ok) {
            assert_true(vl_span_eq_str(name, rows[i].name));
            assert_true(vl_span_eq_str(version, rows[i].version));
        }
    }
}

#define FOLDER "var/db/pkg/dev-perl/Getopt-Long-2.580.0/"

static void test_folder(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "portage", FOLDER "PF", "Getopt-Long-2.580.0\n"), 0);
    assert_int_equal(os_test_parse_str(&t, "portage/contents", FOLDER "CONTENTS",
                         "dir /usr\ndir /usr/lib64\nobj /usr/lib64/perl5/Getopt/Long.pm "
                         "0123456789abcdef0123456789abcdef 1717000000\n"
                         "obj /usr/share/a b.txt 0123456789abcdef0123456789abcdef 1717000000\n"
                         "sym /usr/lib/x -> ../y 1717000000\n"),
        0);
    assert_int_equal(
        os_test_parse_str(&t, "portage/license", FOLDER "LICENSE", "|| ( Artistic GPL-1+ )\n"), 0);
    const struct vl_package *p = os_test_find(&t, "Getopt-Long");
    assert_string_equal(p->version, "2.580.0");
    assert_string_equal(p->source_name, "dev-perl/Getopt-Long");
    assert_string_equal(os_test_owned(&t, "Getopt-Long")->paths,
        "usr/lib64/perl5/Getopt/Long.pm\nusr/share/a b.txt\nusr/lib/x");
    const struct vl_package_license *license = vl_vec_at(&t.sink.licenses, 0);
    assert_string_equal(license->package, "Getopt-Long");
    assert_string_equal(license->license, "Artistic OR GPL-1+");
    assert_true(os_test_parse_str(&t, "portage", FOLDER "PF", "") < 0);
    assert_true(os_test_parse_str(&t, "portage/contents", "var/db/pkg/a/b/CONTENTS", "") < 0);
    os_test_done(&t);
}

/* Package Manager Specification 8, 8.2: all of what stands side by side, any of a "||" group. What is no
 * specification is left as it is. */
static void test_license(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"MIT\n", "MIT"},
        {"LGPL-2.1+  ZLIB \n", "LGPL-2.1+ AND ZLIB"},
        {"|| ( MPL-2.0 ( GPL-2 BSD ) ) ISC", "(MPL-2.0 OR (GPL-2 AND BSD)) AND ISC"},
        {"( MIT ) ( ISC )", "(MIT) AND (ISC)"},
        {"|| ( || ( MIT ISC ) )", "(MIT OR ISC)"},
        {"MIT nls? ( GPL-3+ )", "MIT nls? ( GPL-3+ )"},
        {"|| ( MIT", "|| ( MIT"},
        {"MIT )", "MIT )"},
        {"|| MIT", "|| MIT"},
        {"MIT ||", "MIT ||"},
        {"|| ( )", "|| ( )"},
        {"( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( MIT ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) )",
            "( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( ( MIT ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) ) )"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct os_test t;
        os_test_init(&t);
        assert_int_equal(os_test_parse_str(&t, "portage/license", FOLDER "LICENSE", rows[i].text), 0);
        const struct vl_package_license *license = vl_vec_at(&t.sink.licenses, 0);
        assert_string_equal(license->license, rows[i].expected);
        os_test_done(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_license),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
