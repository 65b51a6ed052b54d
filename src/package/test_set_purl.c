/* Expected texts are those of the tests in package-url/purl-spec, or follow their type definitions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "package/parser.h"

static const struct {
    enum vl_ecosystem eco;
    const char *distro, *release, *name, *version, *arch, *purl;
} rows[] = {
    {VL_ECO_DEB, "debian", "12", "curl", "7.50.3-1", "i386",
        "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-12"},
    {VL_ECO_DEB, "debian", "12", "attr", "1:2.4.47-2+b1", "amd64",
        "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12"},
    {VL_ECO_DEB, "ubuntu", "22.04", "dpkg", "1.19.0.4", "amd64",
        "pkg:deb/ubuntu/dpkg@1.19.0.4?arch=amd64&distro=ubuntu-22.04"},
    {VL_ECO_RPM, "fedora", "25", "centerim", "1:4.22.10-1.el6", "i686",
        "pkg:rpm/fedora/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1"},
    {VL_ECO_RPM, "rhel", "9.3", "bash", "5.1.8-6.el9_1", "x86_64",
        "pkg:rpm/redhat/bash@5.1.8-6.el9_1?arch=x86_64&distro=rhel-9.3"},
    {VL_ECO_RPM, "opensuse-leap", "15.6", "zypper", "1.14-1", "x86_64",
        "pkg:rpm/opensuse/zypper@1.14-1?arch=x86_64&distro=opensuse-leap-15.6"},
    {VL_ECO_APK, "alpine", "3.18.4", "curl", "7.83.0-r0", "x86",
        "pkg:apk/alpine/curl@7.83.0-r0?arch=x86&distro=alpine-3.18.4"},
    {VL_ECO_ALPM, "arch", "", "containers-common", "1:0.47.4-4", "x86_64",
        "pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64&distro=arch"},
    {VL_ECO_BITNAMI, "debian", "12", "wordpress", "6.2.0", "arm64",
        "pkg:bitnami/wordpress@6.2.0?arch=arm64&distro=debian-12"},
    {VL_ECO_NPM, "debian", "12", "@angular/animation", "12.3.1", NULL, "pkg:npm/%40angular/animation@12.3.1"},
    {VL_ECO_NPM, "", "", "foobar", "", NULL, "pkg:npm/foobar"},
    {VL_ECO_PYPI, "", "", "Django_allauth", "12.23", NULL, "pkg:pypi/django-allauth@12.23"},
    {VL_ECO_GO, "", "", "github.com/gorilla/context", "1.1.1", NULL,
        "pkg:golang/github.com/gorilla/context@v1.1.1"},
    {VL_ECO_GO, "", "", "github.com/gorilla/context", "v1.1.1", NULL,
        "pkg:golang/github.com/gorilla/context@v1.1.1"},
    {VL_ECO_GO, "", "", "stdlib", "1.22.1", NULL, "pkg:golang/stdlib@1.22.1"},
    {VL_ECO_MAVEN, "", "", "org.apache.commons:io", "1.3.4", NULL, "pkg:maven/org.apache.commons/io@1.3.4"},
    {VL_ECO_COMPOSER, "", "", "laravel/laravel", "5.5.0", NULL, "pkg:composer/laravel/laravel@5.5.0"},
    {VL_ECO_SWIFT, "", "", "github.com/Alamofire/Alamofire", "5.4.3", NULL,
        "pkg:swift/github.com/Alamofire/Alamofire@5.4.3"},
    {VL_ECO_COCOAPODS, "", "", "GoogleUtilities/NSData+zlib", "7.5.2", NULL,
        "pkg:cocoapods/GoogleUtilities@7.5.2#NSData%2Bzlib"},
    {VL_ECO_VSCODE, "", "", "redhat.java", "1.46.2025091308", NULL,
        "pkg:vscode-extension/redhat/java@1.46.2025091308"},
    {VL_ECO_NUGET, "", "", "EnterpriseLibrary.Common", "6.0.1304", NULL,
        "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"},
    {VL_ECO_CRAN, "", "", "rJava", "1.0-4", NULL, "pkg:cran/rJava@1.0-4"},
    {VL_ECO_HEX, "", "", "acme/foo", "2.3.", NULL, "pkg:hex/acme/foo@2.3."},
    {VL_ECO_GITHUB_ACTIONS, "", "", "github/codeql-action/init", "v3", NULL,
        "pkg:githubactions/github/codeql-action@v3#init"},
    {VL_ECO_GITHUB_ACTIONS, "", "", "actions/checkout", "v4", NULL, "pkg:githubactions/actions/checkout@v4"},
};

static void test_rows(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1U << 20);
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_distro distro = {.id = rows[i].distro, .version_id = rows[i].release};
        struct vl_package p = {
            .ecosystem = rows[i].eco, .name = rows[i].name, .version = rows[i].version, .arch = rows[i].arch};
        assert_int_equal(vl_package_set_purl(&p, &distro, arena, &err), 0);
        assert_non_null(p.purl);
        assert_string_equal(p.purl, rows[i].purl);
    }
}

static void test_special(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1U << 20);
    struct vl_package ebuild = {.ecosystem = VL_ECO_PORTAGE,
        .name = "Getopt-Long",
        .version = "2.580.0",
        .source_name = "dev-perl/Getopt-Long"};
    assert_int_equal(vl_package_set_purl(&ebuild, NULL, arena, &err), 0);
    assert_string_equal(ebuild.purl, "pkg:ebuild/dev-perl/Getopt-Long@2.580.0");
    struct vl_package range = {
        .ecosystem = VL_ECO_CARGO, .name = "rand", .version = ">=0.7", .flags = VL_PACKAGE_RANGE};
    assert_int_equal(vl_package_set_purl(&range, NULL, arena, &err), 0);
    assert_string_equal(range.purl, "pkg:cargo/rand");
    struct vl_package unnamed = {.ecosystem = VL_ECO_NPM, .name = "", .version = "1"};
    assert_int_equal(vl_package_set_purl(&unnamed, NULL, arena, &err), 0);
    assert_null(unnamed.purl);
    struct vl_package unknown = {.ecosystem = VL_ECO_DEB, .name = "a", .version = "1"};
    assert_int_equal(vl_package_set_purl(&unknown, NULL, arena, &err), 0);
    assert_string_equal(unknown.purl, "pkg:deb/a@1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_special),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
