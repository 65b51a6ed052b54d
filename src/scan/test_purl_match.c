#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scan/purl_match.h"

/* What purl-spec's type definitions say of equality, and the matching rules of OpenVEX: absent parts of the
 * pattern match anything, present ones must be equal. */
static const struct {
    enum vl_ecosystem ecosystem;
    const char *purl;
    const char *pattern;
    bool matches;
} rows[] = {
    {VL_ECO_NPM, "pkg:npm/lodash@4.17.20", "pkg:npm/lodash", true},
    {VL_ECO_NPM, "pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.20", true},
    {VL_ECO_NPM, "pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.21", false},
    {VL_ECO_NPM, "pkg:npm/lodash@4.17.20", "pkg:npm/lodash.merge", false},
    {VL_ECO_NPM, "pkg:npm/lodash@4.17.20", "pkg:pypi/lodash", false},
    {VL_ECO_NPM, "pkg:npm/%40angular/core@1.0.0", "pkg:npm/%40angular/core", true},
    {VL_ECO_NPM, "pkg:npm/%40angular/core@1.0.0", "pkg:npm/@angular/core@1.0.0", true},
    {VL_ECO_NPM, "pkg:npm/%40angular/core@1.0.0", "pkg:npm/core", false},
    {VL_ECO_PYPI, "pkg:pypi/zope-interface@5.4", "pkg:pypi/Zope.Interface", true},
    {VL_ECO_PYPI, "pkg:pypi/zope-interface@5.4", "pkg:pypi/zope_interface@5.4.0", true}, /* PEP 440 */
    {VL_ECO_PYPI, "pkg:pypi/zope-interface@5.4", "pkg:pypi/zope_interface@5.4.1", false},
    {VL_ECO_NUGET, "pkg:nuget/Newtonsoft.Json@12.0.3", "pkg:nuget/newtonsoft.json", true},
    {VL_ECO_GO, "pkg:golang/golang.org/x/net@v0.7.0", "pkg:golang/golang.org/x/net@0.7.0", true},
    {VL_ECO_GO, "pkg:golang/golang.org/x/net@v0.7.0", "pkg:golang/golang.org/x/net@v0.7.0#html", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12", "pkg:deb/debian/libssl3",
        true},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64", true},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3?arch=arm64", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3?distro=debian-12.5", true},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3?distro=debian-1", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3?distro=debian-11", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12", "pkg:deb/ubuntu/libssl3",
        false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/libssl3?vcs_url=x", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64", "pkg:deb/debian/openssl", false},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64", "pkg:deb/debian/openssl?arch=source", true},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64", "pkg:deb/debian/openssl@3.0.11-1?arch=source",
        true},
    {VL_ECO_DEB, "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64", "pkg:deb/debian/openssl@3.0.12-1?arch=source",
        false},
    {VL_ECO_RPM, "pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64&distro=rhel-9.3&epoch=1",
        "pkg:rpm/rhel/openssl@3.0.7-1.el9", true},
    {VL_ECO_RPM, "pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64&distro=rhel-9.3&epoch=1",
        "pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64&epoch=1&distro=redhat-9", true},
    {VL_ECO_RPM, "pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64&distro=rhel-9.3&epoch=1",
        "pkg:rpm/redhat/openssl?epoch=0", false},
    {VL_ECO_RPM, "pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64", "pkg:rpm/redhat/openssl?epoch=0", true},
    {VL_ECO_RPM, "pkg:rpm/fedora/x@1-1", "pkg:rpm/redhat/x", false},
    {VL_ECO_MAVEN, "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", true},
    {VL_ECO_MAVEN, "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "pkg:maven/org.apache.logging.log4j/Log4j-Core", false},
    {VL_ECO_GENERIC, "pkg:generic/x", "pkg:generic/x@1", false},
    {VL_ECO_GENERIC, "pkg:generic/x", "pkg:generic/x", true},
    {VL_ECO_GENERIC, "pkg:generic/x@1", "generic/x", false}, /* no package URL */
    {VL_ECO_GENERIC, "pkg:generic/x@1", "", false},
    {VL_ECO_GENERIC, NULL, "pkg:generic/x", false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_package p = {.ecosystem = rows[i].ecosystem, .purl = rows[i].purl};
        if (p.ecosystem == VL_ECO_DEB) {
            p.source_name = "openssl";
            p.version = "3.0.11-1";
        }
        if (vl_scan_purl_matches(rows[i].pattern, &p) != rows[i].matches)
            fail_msg("%s, %s: not %d", rows[i].pattern, rows[i].purl ? rows[i].purl : "-", rows[i].matches);
    }
}

/* CSAF documents of Red Hat name source packages so. */
static void test_source_rpm(void **state)
{
    (void)state;
    const struct vl_package p = {.ecosystem = VL_ECO_RPM,
        .purl = "pkg:rpm/redhat/openssl-libs@3.0.7-1.el9?arch=x86_64&epoch=1",
        .name = "openssl-libs",
        .version = "1:3.0.7-1.el9",
        .source_name = "openssl"};
    assert_true(vl_scan_purl_matches("pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=src&epoch=1", &p));
    assert_true(vl_scan_purl_matches("pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=src", &p));
    assert_false(vl_scan_purl_matches("pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=src&epoch=2", &p));
    assert_false(vl_scan_purl_matches("pkg:rpm/redhat/openssl@3.0.8-1.el9?arch=src", &p));
    assert_true(vl_scan_purl_matches("pkg:rpm/redhat/openssl?arch=src", &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_source_rpm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
