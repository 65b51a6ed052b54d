/* tests: namespace.c namespace_distro.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "namespace.h"

static void test_osv(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"npm", "npm"}, {"PyPI", "pypi"}, {"crates.io", "cargo"},
        {"Packagist", "composer"}, {"GitHub Actions", "githubactions"}, {"Debian:12", "debian:12"},
        {"Alpine:v3.18", "alpine:3.18"}, {"Alpine:edge", "alpine:edge"}, {"AlmaLinux:9", "almalinux:9"},
        {"Rocky Linux:8", "rocky:8"}, {"Ubuntu:22.04:LTS", "ubuntu:22.04"},
        {"Ubuntu:Pro:14.04:LTS", "ubuntu-pro:14.04"}, {"Ubuntu:Pro:FIPS-updates:18.04:LTS", NULL},
        {"Photon OS:4.0", "photon:4.0"}, {"Azure Linux:2", "azurelinux:2.0"}, {"Wolfi", "wolfi"},
        {"openEuler:22.03-LTS-SP1", "openeuler:22.03-LTS-SP1"},
        {"openSUSE:Tumbleweed", "opensuse-tumbleweed"}, {"SUSE:Linux Enterprise Server 15 SP4-LTSS", NULL},
        {"SUSE:Linux Enterprise Server 12", "sles:12"}, {"Red Hat:enterprise_linux:9::baseos", "rhel:9"},
        {"Red Hat:openshift:4.12::el8", NULL}, {"OSS-Fuzz", NULL}, {"Android", NULL},
        {"kubernetes", "kubernetes"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_buf out;
        vl_buf_init(&out, 256);
        bool ok = vl_space_from_osv(vl_span_str(rows[i][0]), &out);
        assert_int_equal(ok, rows[i][1] != NULL);
        if (ok)
            assert_string_equal(vl_buf_str(&out), rows[i][1]);
        vl_buf_done(&out);
    }
}

static struct vl_distro distro(const char *id, const char *version, const char *codename, const char *pretty)
{
    return (struct vl_distro){id, "", version, codename, pretty, "", "", VL_SUPPORT_UNKNOWN, 0, 0};
}

static void test_distros(void **state)
{
    (void)state;
    static const char *const rows[][5] = {{"debian", "12", "bookworm", "", "debian:12"},
        {"debian", "", "trixie", "", "debian:13"}, {"debian", "", "unknown", "", NULL},
        {"ubuntu", "22.04", "jammy", "", "ubuntu:22.04"}, {"alpine", "3.18.4", "", "", "alpine:3.18"},
        {"alpine", "3.19_alpha20230901", "", "", "alpine:edge"}, {"almalinux", "9.3", "", "", "almalinux:9"},
        {"rhel", "8.9", "", "", "rhel:8"}, {"centos", "7", "", "CentOS Linux 7 (Core)", "rhel:7"},
        {"centos", "8", "", "CentOS Stream 8", NULL}, {"centos", "9", "", "CentOS Stream 9", NULL},
        {"amzn", "2", "", "", "amazon:2"}, {"amzn", "2018.03", "", "", "amazon:1"},
        {"amzn", "2023", "", "", "amazon:2023"}, {"mariner", "2.0.20240117", "", "", "azurelinux:2.0"},
        {"azurelinux", "3.0", "", "", "azurelinux:3.0"}, {"sles", "15.5", "", "", "sles:15.5"},
        {"openEuler", "22.03", "", "openEuler 22.03 (LTS-SP1)", "openeuler:22.03-LTS-SP1"},
        {"wolfi", "20230201", "", "", "wolfi"}, {"ol", "8.7", "", "", "oracle:8"}, {"", "", "", "", NULL}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        char spaces[VL_SPACE_DISTRO_MAX][VL_SPACE_MAX];
        struct vl_distro d = distro(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        size_t n = vl_space_of_distro(&d, spaces);
        assert_int_equal(n > 0, rows[i][4] != NULL);
        if (n)
            assert_string_equal(spaces[0], rows[i][4]);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const rows[][3] = {{"pypi", "Foo__Bar.-baz", "foo-bar-baz"}, {"npm", "@A/B", "@A/B"},
        {"composer", "Vendor/Name", "vendor/name"}, {"nuget", "Newtonsoft.Json", "newtonsoft.json"},
        {"debian:12", "libX", "libX"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_buf out;
        vl_buf_init(&out, 256);
        vl_space_append_name(vl_span_str(rows[i][0]), vl_span_str(rows[i][1]), &out);
        assert_string_equal(vl_buf_str(&out), rows[i][2]);
        vl_buf_done(&out);
    }
    assert_string_equal(vl_space_scheme(VL_SPAN_LIT("debian:12")), "deb");
    assert_string_equal(vl_space_scheme(VL_SPAN_LIT("pypi")), "pep440");
    assert_string_equal(vl_space_scheme(VL_SPAN_LIT("go")), "golang");
}

static void test_foreign_and_kernel(void **state)
{
    (void)state;
    struct vl_distro alma = distro("almalinux", "9.3", "", "");
    struct vl_distro debian = distro("debian", "12", "", "");
    struct vl_package p = {.ecosystem = VL_ECO_RPM, .name = "docker-ce", .version = "1", .vendor = "Docker"};
    assert_true(vl_space_is_foreign(&p, &alma));
    p.vendor = "AlmaLinux";
    assert_false(vl_space_is_foreign(&p, &alma));
    p.vendor = NULL;
    assert_false(vl_space_is_foreign(&p, &alma));
    p = (struct vl_package){.ecosystem = VL_ECO_DEB, .name = "nodejs", .vendor = "Ivan <i@nodesource.com>"};
    assert_true(vl_space_is_foreign(&p, &debian));
    p.vendor = "Debian Javascript Maintainers <x@alioth-lists.debian.net>";
    assert_false(vl_space_is_foreign(&p, &debian));
    p = (struct vl_package){.ecosystem = VL_ECO_DEB, .name = "linux-libc-dev", .source_name = "linux"};
    assert_true(vl_space_is_kernel_headers(&p));
    p.name = "linux-image-6.1.0-13-amd64";
    assert_false(vl_space_is_kernel_headers(&p));
    p = (struct vl_package){.ecosystem = VL_ECO_NPM, .name = "linux-headers"};
    assert_false(vl_space_is_kernel_headers(&p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_osv),
        cmocka_unit_test(test_distros),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_foreign_and_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
