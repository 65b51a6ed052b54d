/* tests: snap.c cos.c flatpak.c chocolatey.c homebrew.c. Documents after the formats' own documentation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static void test_snap(void **state)
{
    (void)state;
    static const char path[] = "snap/core22/1621/meta/snap.yaml";
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "snap", path,
            "name: core22\nversion: 20240904\nsummary: x\narchitectures:\n- amd64\nlicense: GPL-3.0\n"),
        0);
    const struct vl_package *p = os_test_find(&t, "core22");
    assert_non_null(p);
    assert_string_equal(p->version, "20240904");
    assert_string_equal(p->arch, "amd64");
    assert_string_equal(p->licenses[0], "GPL-3.0");
    assert_true(os_test_parse_str(&t, "snap", path, "name: x\n") < 0);
    assert_true(os_test_parse_str(&t, "snap", path, "a\nb\n") < 0);
    os_test_done(&t);
}

static void test_cos(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "cos", "etc/cos-package-info.json",
                         "{\"installedPackages\": [{\"category\": \"sys-libs\", \"name\": \"zlib\", "
                         "\"version\": \"17162.336.17\", \"ebuild_version\": \"1.2.11-r5\"}], "
                         "\"buildTimePackages\": [{\"name\": \"unzip\", \"version\": \"1\"}]}"),
        0);
    assert_int_equal(t.sink.packages.len, 1);
    const struct vl_package *p = os_test_find(&t, "zlib");
    assert_string_equal(p->version, "17162.336.17");
    assert_string_equal(p->source_name, "sys-libs/zlib");
    assert_string_equal(p->source_version, "1.2.11-r5");
    assert_true(os_test_parse_str(&t, "cos", "etc/cos-package-info.json", "[]") < 0);
    os_test_done(&t);
}

static void test_flatpak(void **state)
{
    (void)state;
    static const char path[] =
        "var/lib/flatpak/app/org.gimp.GIMP/x86_64/stable/1a/export/share/metainfo/org.gimp.GIMP.metainfo.xml";
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "flatpak", path,
            "<component type=\"desktop\"><id>org.gimp.GIMP</id><project_license>GPL-3.0+</project_license>"
            "<releases><release version=\"2.10.38\"/><release version=\"2.10.36\"/></releases></component>"),
        0);
    const struct vl_package *p = os_test_find(&t, "org.gimp.GIMP");
    assert_string_equal(p->version, "2.10.38");
    assert_string_equal(p->licenses[0], "GPL-3.0+");
    assert_true(os_test_parse_str(&t, "flatpak", path, "<component><id>x</id></component>") < 0);
    os_test_done(&t);
}

static void test_chocolatey(void **state)
{
    (void)state;
    static const char path[] = "Files/ProgramData/chocolatey/lib/git/git.nuspec";
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "chocolatey", path,
            "<?xml version=\"1.0\"?><package xmlns=\"http://schemas.microsoft.com/packaging/2011/08/"
            "nuspec.xsd\"><metadata><id>git</id><version>2.43.0</version><authors>A</authors></metadata>"
            "</package>"),
        0);
    const struct vl_package *p = os_test_find(&t, "git");
    assert_string_equal(p->version, "2.43.0");
    assert_string_equal(p->vendor, "A");
    assert_int_equal(os_test_parse_str(&t, "chocolatey", path, "<package><metadata/></package>"), 0);
    assert_int_equal(t.sink.packages.len, 1);
    assert_true(os_test_parse_str(&t, "chocolatey", path, "<other/>") < 0);
    os_test_done(&t);
}

static void test_homebrew(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "homebrew",
                         "home/linuxbrew/.linuxbrew/Cellar/openssl@3/3.3.1/INSTALL_RECEIPT.json", "{}"),
        0);
    assert_string_equal(os_test_find(&t, "openssl@3")->version, "3.3.1");
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snap),
        cmocka_unit_test(test_cos),
        cmocka_unit_test(test_flatpak),
        cmocka_unit_test(test_chocolatey),
        cmocka_unit_test(test_homebrew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
