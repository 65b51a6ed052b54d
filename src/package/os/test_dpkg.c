/* tests: dpkg.c dpkg_owned.c dpkg_copyright.c control.c owned.c license.c. The stanzas are as dpkg 1.21 of
 * Debian 12 writes them; states are those of dpkg-query(1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "os/test_os_support.h"

static void test_status(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    int r = os_test_parse_str(&t, "dpkg", "var/lib/dpkg/status",
        "Package: libc6\nStatus: install ok installed\nMaintainer: GNU Libc Maintainers <l@example.org>\n"
        "Architecture: amd64\nMulti-Arch: same\nSource: glibc\nVersion: 2.36-9+deb12u4\n"
        "Description: GNU C Library\n text\n .\n Version: 9\nHomepage: https://www.gnu.org/\n\n"
        "Package: bsdutils\nStatus: install ok installed\nSource: util-linux (2.38.1-5)\n"
        "Version: 1:2.38.1-5+b1\nArchitecture: amd64\nOrigin: Example\nMaintainer: x\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: half\nStatus: install reinstreq half-installed\nVersion: 1\n\n"
        "Package: waits\nStatus: install ok triggers-pending\nVersion: 1\n\n\n"
        "Package: kept\nStatus: hold ok installed\nVersion: 2");
    assert_int_equal(r, 0);
    assert_int_equal(t.sink.packages.len, 4);
    const struct vl_package *p = os_test_find(&t, "libc6");
    assert_non_null(p);
    assert_string_equal(p->version, "2.36-9+deb12u4");
    assert_string_equal(p->arch, "amd64");
    assert_string_equal(p->source_name, "glibc");
    assert_null(p->source_version);
    assert_string_equal(p->vendor, "GNU Libc Maintainers <l@example.org>");
    assert_int_equal(p->ecosystem, VL_ECO_DEB);
    p = os_test_find(&t, "bsdutils");
    assert_string_equal(p->source_name, "util-linux");
    assert_string_equal(p->source_version, "2.38.1-5");
    assert_string_equal(p->vendor, "Example");
    assert_non_null(os_test_find(&t, "waits"));
    assert_non_null(os_test_find(&t, "kept"));
    assert_int_equal(t.notes.len, 1); /* one half-installed */
    assert_false(t.notes.partial);
    os_test_done(&t);
}

static void test_damaged_status_keeps_what_was_read(void **state)
{
    (void)state;
    static const char text[] = "Package: a\nStatus: install ok installed\nVersion: 1\n\n\0\0\0\0";
    struct os_test t;
    os_test_init(&t);
    struct vl_span content = {text, sizeof(text) - 1};
    assert_true(os_test_parse(&t, "dpkg", "var/lib/dpkg/status", content) < 0);
    assert_non_null(strstr(t.err.msg, "var/lib/dpkg/status"));
    assert_int_equal(t.sink.packages.len, 1);
    os_test_done(&t);
}

static void test_status_d(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "dpkg/status.d", "var/lib/dpkg/status.d/libssl3",
            "Package: libssl3\nSource: openssl\nVersion: 3.0.11-1~deb12u2\nArchitecture: amd64\n"),
        0);
    const struct vl_package *p = os_test_find(&t, "libssl3");
    assert_non_null(p);
    assert_string_equal(p->source_name, "openssl");
    assert_string_equal(p->path, "var/lib/dpkg/status.d/libssl3");
    assert_int_equal(os_test_parse_str(&t, "dpkg/md5sums", "var/lib/dpkg/status.d/libssl3.md5sums",
                         "d41d8cd98f00b204e9800998ecf8427e  usr/lib/x86_64-linux-gnu/libssl.so.3\n"
                         "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/libssl3/a b\n"),
        0);
    const struct vl_package_owned *o = os_test_owned(&t, "libssl3");
    assert_non_null(o);
    assert_string_equal(o->paths, "usr/lib/x86_64-linux-gnu/libssl.so.3\nusr/share/doc/libssl3/a b");
    assert_int_equal(o->paths_len, strlen(o->paths));
    os_test_done(&t);
}

static void test_list(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "dpkg/list", "var/lib/dpkg/info/libc6:amd64.list",
                         "/.\n/etc\n/etc/ld.so.conf.d\n/etc/ld.so.conf.d/x86_64-linux-gnu.conf\n/lib\n"
                         "/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n/lib64\n"),
        0);
    const struct vl_package_owned *o = os_test_owned(&t, "libc6");
    assert_non_null(o);
    assert_string_equal(o->arch, "amd64");
    assert_string_equal(
        o->paths, "etc/ld.so.conf.d/x86_64-linux-gnu.conf\nlib/x86_64-linux-gnu/libc.so.6\nlib64");
    assert_int_equal(os_test_parse_str(&t, "dpkg/list", "usr/lib/opkg/info/busybox.list",
                         "/bin/busybox\n/bin/sh\t0777\t/bin/busybox\n"),
        0);
    assert_string_equal(os_test_owned(&t, "busybox")->paths, "bin/busybox\nbin/sh");
    assert_int_equal(os_test_parse_str(&t, "dpkg/list", "var/lib/dpkg/info/empty.list", "/.\n"), 0);
    assert_null(os_test_owned(&t, "empty"));
    os_test_done(&t);
}

static void test_opkg(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "opkg", "usr/lib/opkg/status",
                         "Package: dnsmasq\nVersion: 2.90-r3\nStatus: install user installed\n"
                         "Architecture: mips_24kc\n\nPackage: nothing\nVersion: 1\n"),
        0);
    assert_int_equal(t.sink.packages.len, 1);
    assert_int_equal(os_test_find(&t, "dnsmasq")->ecosystem, VL_ECO_OPKG);
    os_test_done(&t);
}

static const struct vl_package_license *license_at(struct os_test *t, size_t i)
{
    return vl_vec_at(&t->sink.licenses, i);
}

static void test_copyright(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(
        os_test_parse_str(&t, "dpkg/copyright", "usr/share/doc/bash/copyright",
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
            "Files: *\nCopyright: x\nLicense: GPL-3+\n\nFiles: y\nLicense: BSD-4-clause-UC\n text\n\n"
            "License: GPL-3+\n On Debian see /usr/share/common-licenses/GPL-3.\n\n"
            "License:\n Permission is granted to copy it, to whom it may concern, without fee or so.\n"),
        0);
    assert_int_equal(t.sink.licenses.len, 2);
    assert_string_equal(license_at(&t, 0)->package, "bash");
    assert_string_equal(license_at(&t, 0)->license, "GPL-3+");
    assert_string_equal(license_at(&t, 1)->license, "BSD-4-clause-UC");
    assert_int_equal(os_test_parse_str(&t, "dpkg/copyright", "usr/share/doc/base-files/copyright",
                         "Debian's files.\n\nIt can be found in `/usr/share/common-licenses/GPL-2'.\n"
                         "See /usr/share/common-licenses/LGPL-2.1. All of /usr/share/common-licenses/."),
        0);
    assert_int_equal(t.sink.licenses.len, 4);
    assert_string_equal(license_at(&t, 2)->license, "GPL-2");
    assert_string_equal(license_at(&t, 3)->license, "LGPL-2.1");
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_damaged_status_keeps_what_was_read),
        cmocka_unit_test(test_status_d),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_opkg),
        cmocka_unit_test(test_copyright),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
