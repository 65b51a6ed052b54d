/* Packages of an inventory to findings and coverage.
 * tests: match.c assess.c order.c */
#include "test_match_support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/time.h"

static struct vl_advisory_db *db;

static int set_up(void **state)
{
    (void)state;
    db = test_db_usual();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_db_close(db);
    return 0;
}

static void findings_of_an_image(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    struct vl_package *zlib =
        test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", 0);
    zlib->source_name = "zlib";
    test_add(inv, VL_ECO_MAVEN, "org.apache.logging.log4j:log4j-core", "2.14.1", "app/a.jar", 0);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.11", "app/node_modules/lodash/package.json", 0);
    test_add(inv, VL_ECO_NPM, "evil", "1.0.0", "app/node_modules/evil/package.json", 0);
    struct vl_scan_result *result = test_match(inv, db, NULL);
    /* exploited first, then malicious, then by severity; lodash's first is CVSS 9.1, and log4j's 10.0 */
    assert_string_equal(test_findings(result),
        "CVE-2021-44228 org.apache.logging.log4j:log4j-core 2.14.1 2.15.0 fixed open; "
        "MAL-2024-1 evil 1.0.0 - not_fixed open; "
        "CVE-2019-10744 lodash 4.17.11 4.17.12 fixed open; "
        "CVE-2022-37434 zlib1g 1:1.2.11.dfsg-4 1:1.2.13.dfsg-1 fixed open; "
        "CVE-2023-45853 zlib1g 1:1.2.11.dfsg-4 - not_fixed open; "
        "CVE-2020-8203 lodash 4.17.11 4.17.20 fixed open");
    const struct vl_finding *f = test_finding(result, "CVE-2021-44228");
    assert_int_equal(f->severity, VL_SEVERITY_CRITICAL);
    assert_int_equal(f->n_aliases, 1);
    assert_string_equal(f->aliases[0], "GHSA-jfh8-c2jp-5v3q");
    assert_non_null(f->kev);
    assert_true(f->kev->ransomware);
    assert_true(f->has_epss && f->epss > 0.94 && f->epss < 0.95);
    assert_true(test_finding(result, "MAL-2024-1")->malicious);
    f = test_finding(result, "CVE-2022-37434");
    assert_int_equal(f->severity, VL_SEVERITY_MEDIUM); /* Debian's urgency for bookworm */
    assert_string_equal(f->severity_source, "debian");
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    assert_null(result->coverage.why_not);
    assert_int_equal(result->coverage.packages, 4);
    assert_int_equal(result->coverage.n_rows, 3);
    assert_string_equal(result->coverage.rows[0].ecosystem, "npm");
    assert_int_equal(result->coverage.rows[0].packages, 2);
    assert_non_null(result->coverage.rows[0].source);
    assert_non_null(result->coverage.database_digest);
    vl_scan_result_free(result);
}

static void os_owned_development_ranges(void **state)
{
    (void)state;
    struct vl_scan_options options = {.scanners = VL_SCAN_VULN};
    for (int asked = 0; asked < 2; asked++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
        test_add(inv, VL_ECO_DEB, "python3-urllib3", "1.26.12-1", "var/lib/dpkg/status", 0);
        struct vl_package *p = test_add(inv, VL_ECO_PYPI, "urllib3", "1.26.12",
            "usr/lib/python3/dist-packages/urllib3-1.26.12.egg-info", VL_PACKAGE_OS_OWNED);
        p->owner = 0;
        test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "app/package-lock.json",
            VL_PACKAGE_DEV | VL_PACKAGE_LOCKED);
        test_add(inv, VL_ECO_NPM, "lodash", "^4.17.10", "app/package.json", VL_PACKAGE_RANGE);
        test_add(inv, VL_ECO_NPM, "shop", "1.0.0", "app/package.json", VL_PACKAGE_MAIN);
        options.judge_os_owned = options.include_dev = asked;
        struct vl_scan_result *result = test_match(inv, db, &options);
        assert_string_equal(test_findings(result), asked
                                                       ? "CVE-2024-1111 urllib3 1.26.12 1.26.18 fixed open; "
                                                         "CVE-2020-8203 lodash 4.17.15 4.17.20 fixed open"
                                                       : "CVE-2024-1111 urllib3 1.26.12 1.26.18 fixed os");
        assert_int_equal(result->coverage.os_owned, asked ? 0 : 1);
        assert_int_equal(result->coverage.ranges, 1);
        assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
        if (!asked) {
            assert_string_equal(test_finding(result, "CVE-2024-1111")->status_reason,
                "its files belong to python3-urllib3 1.26.12-1: the distribution's data alone judges them");
            assert_int_equal(result->inventory->notes.len, 1); /* the development dependency is told */
            assert_false(result->inventory->notes.partial);
        }
        vl_scan_result_free(result);
    }
}

static void expect_reach(
    struct vl_inventory *inv, struct vl_advisory_db *with, enum vl_assessed assessed, const char *why)
{
    struct vl_scan_result *result = test_match(inv, with, NULL);
    if (result->coverage.assessed != assessed || !result->coverage.why_not ||
        strcmp(result->coverage.why_not, why) != 0)
        fail_msg("assessed %d: %s", result->coverage.assessed,
            result->coverage.why_not ? result->coverage.why_not : "(no reason)");
    vl_scan_result_free(result);
}

/* Docker's own package for Debian, with a Go binary in it: Debian knows nothing of either. */
static void brought_by_a_third_party(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
        test_add(inv, VL_ECO_DEB, "docker-ce-cli", "5:24.0.7-1~debian.12~bookworm", "var/lib/dpkg/status", 0)
            ->vendor =
            own ? "Debian Go Packaging Team <team+pkg-go@tracker.debian.org>" : "Docker <support@docker.com>";
        test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "usr/lib/x/node_modules/lodash/package.json",
            VL_PACKAGE_OS_OWNED)
            ->owner = 0;
        struct vl_scan_result *result = test_match(inv, db, NULL);
        assert_string_equal(test_findings(result), own ? "CVE-2020-8203 lodash 4.17.15 4.17.20 fixed os"
                                                       : "CVE-2020-8203 lodash 4.17.15 4.17.20 fixed open");
        assert_int_equal(result->coverage.os_owned, own);
        vl_scan_result_free(result);
    }
}

/* What belongs to packages of the distribution needs no data of its own. */
static void left_to_the_distribution(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "busybox", "1:1.35.0-4", "var/lib/dpkg/status", 0);
    test_add(inv, VL_ECO_GENERIC, "busybox", "1.35.0", "usr/bin/busybox", VL_PACKAGE_OS_OWNED)->owner = 0;
    struct vl_scan_result *result = test_match(inv, db, NULL);
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    assert_int_equal(result->coverage.n_rows, 2);
    assert_true(result->coverage.rows[0].has_data && result->coverage.rows[1].has_data);
    assert_string_equal(result->coverage.rows[0].source, result->coverage.rows[1].source);
    vl_scan_result_free(result);
    inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "busybox", "1:1.35.0-4", "var/lib/dpkg/status", 0);
    test_add(inv, VL_ECO_GENERIC, "busybox", "1.35.0", "opt/busybox", 0);
    expect_reach(inv, db, VL_ASSESSED_PARTIAL, "no advisory data for generic (1 package)");
}

/* An installed Go program is a module that somebody published; one in a go.mod is being written. */
static void go_programs(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_GO, "golang.org/x/net", "0.7.0", "usr/bin/tool", VL_PACKAGE_MAIN);
    test_add(inv, VL_ECO_GO, "golang.org/x/net", "0.7.0", "go.mod", VL_PACKAGE_MAIN | VL_PACKAGE_LOCKED);
    test_add(inv, VL_ECO_GO, "golang.org/x/net", "", "usr/bin/devel", VL_PACKAGE_MAIN);
    struct vl_scan_result *result = test_match(inv, db, NULL);
    assert_int_equal(result->findings.len, 1);
    const struct vl_finding *f = result->findings.items;
    assert_string_equal(f[0].id, "CVE-2023-3978");
    assert_string_equal(f[0].package->path, "usr/bin/tool");
    vl_scan_result_free(result);
}

static void one_finding_a_place(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "a/package-lock.json", VL_PACKAGE_LOCKED);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "a/package-lock.json", VL_PACKAGE_LOCKED);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "b/package-lock.json", VL_PACKAGE_LOCKED);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.19", "b/package-lock.json", VL_PACKAGE_LOCKED);
    struct vl_scan_result *result = test_match(inv, db, NULL);
    assert_int_equal(result->findings.len, 3);
    const struct vl_finding *f = result->findings.items;
    assert_string_equal(f[0].package->path, "a/package-lock.json");
    assert_string_equal(f[1].package->version, "4.17.15");
    assert_string_equal(f[2].package->version, "4.17.19");
    vl_scan_result_free(result);
}

static void ended_release(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "8", VL_SUPPORT_ENDED);
    struct vl_package *p = test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.8.dfsg-2", "var/lib/dpkg/status", 0);
    p->source_name = "zlib";
    struct vl_scan_result *result = test_match(inv, db, NULL);
    assert_string_equal(test_findings(result), "CVE-2023-45853 zlib1g 1:1.2.8.dfsg-2 - end_of_life open");
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    vl_scan_result_free(result);
}

static void not_assessed(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "", "", VL_SUPPORT_UNKNOWN);
    expect_reach(
        inv, db, VL_ASSESSED_NOT, "no package was found: there is nothing that advisories could speak of");
    inv = test_inventory(VL_TARGET_IMAGE, "", "", VL_SUPPORT_UNKNOWN);
    assert_non_null(vl_vec_push(&inv->unidentified, "u", &err));
    expect_reach(inv, db, VL_ASSESSED_NOT, "no package was found, only 1 binary of unknown origin");
    inv = test_inventory(VL_TARGET_IMAGE, "debian", "7", VL_SUPPORT_ENDED);
    inv->distro.pretty_name = "Debian GNU/Linux 7 (wheezy)";
    test_add(inv, VL_ECO_DEB, "bash", "4.2", "var/lib/dpkg/status", 0);
    expect_reach(inv, db, VL_ASSESSED_NOT,
        "no advisory data for debian:7 (1 package); Debian GNU/Linux 7 (wheezy) has reached its end of "
        "support");
    inv = test_inventory(VL_TARGET_IMAGE, "slackware", "15.0", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_RPM, "bash", "5.1", "var/lib/rpm/rpmdb.sqlite", 0);
    expect_reach(inv, db, VL_ASSESSED_NOT, "no advisory data for slackware:15.0 (1 package)");
    inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_PYPI, "urllib3", ">=1.2", "requirements.txt", VL_PACKAGE_RANGE);
    expect_reach(inv, db, VL_ASSESSED_NOT, "1 requirement names no single version and could not be matched");
    inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "lodash", "1.0.0", "package-lock.json", 0);
    expect_reach(inv, NULL, VL_ASSESSED_NOT, "there is no advisory database");
}

static void partly_assessed(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "bash", "5.2.15-2", "var/lib/dpkg/status", 0);
    test_add(inv, VL_ECO_CARGO, "serde", "1.0.0", "app/Cargo.lock", 0);
    expect_reach(inv, db, VL_ASSESSED_PARTIAL, "no advisory data for cargo (1 package)");
    inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    inv->distro.pretty_name = "Debian GNU/Linux 12 (bookworm)";
    test_add(inv, VL_ECO_NPM, "left-pad", "1.0.0", "app/package.json", 0);
    expect_reach(
        inv, db, VL_ASSESSED_PARTIAL, "the package list of Debian GNU/Linux 12 (bookworm) was not found");
    inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "left-pad", "1.0.0", "package-lock.json", 0);
    vl_notes_add(
        &inv->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "lib/a.jar", "lib/a.jar: no end of central directory");
    vl_notes_add(&inv->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "lib/b.jar", "no end of central directory");
    expect_reach(inv, db, VL_ASSESSED_PARTIAL,
        "lib/a.jar could not be read whole: no end of central directory (and 1 more)");
}

/* The built-in set speaks of the packages it was made for, and of nothing else. */
static void starter_set(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char path[64];
    struct vl_advisory_db *starter = NULL;
    snprintf(path, sizeof(path), "/tmp/vallum-test-starter-%ld.vadb", (long)getpid());
    if (vl_advisory_update_from_starter(path, 0, NULL, &err) < 0 ||
        vl_advisory_db_open(path, &starter, &err) < 0)
        fail_msg("%s", err.msg);
    /* of the demonstration image: one with advisories, one without any */
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "libc6", "2.36-9", "var/lib/dpkg/status", 0)->source_name = "glibc";
    test_add(inv, VL_ECO_DEB, "base-files", "12.4", "var/lib/dpkg/status", 0);
    struct vl_scan_result *result = test_match(inv, starter, NULL);
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    assert_true(result->coverage.rows[0].starter);
    assert_true(result->findings.len > 0);
    vl_scan_result_free(result);
    inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "base-files", "12.4", "var/lib/dpkg/status", 0);
    test_add(inv, VL_ECO_DEB, "emacs", "1:28.2", "var/lib/dpkg/status", 0);
    expect_reach(inv, starter, VL_ASSESSED_PARTIAL, "starter set: 1 of 2 packages are covered");
    inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "emacs", "1:28.2", "var/lib/dpkg/status", 0);
    expect_reach(inv, starter, VL_ASSESSED_NOT, "starter set: 0 of 1 packages are covered");
    vl_advisory_db_close(starter);
    unlink(path);
}

static void packages_only(void **state)
{
    (void)state;
    struct vl_scan_options options = {.scanners = VL_SCAN_VULN, .packages_only = true};
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "package-lock.json", 0);
    struct vl_scan_result *result = test_match(inv, NULL, &options);
    assert_int_equal(result->findings.len, 0);
    assert_int_equal(result->coverage.packages, 1);
    assert_int_equal(result->coverage.assessed, VL_ASSESSED_FULL);
    vl_scan_result_free(result);
}

/* What one matcher says of a second target is what a fresh one says. */
static void reused_matcher(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_scan_matcher_cleanup) struct vl_scan_matcher *matcher = NULL;
    assert_int_equal(vl_scan_matcher_new(db, &matcher, &err), 0);
    for (int i = 0; i < 3; i++) {
        bool debian = i != 1;
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, debian ? "debian" : "", debian ? "12" : "",
            debian ? VL_SUPPORT_STANDARD : VL_SUPPORT_UNKNOWN);
        struct vl_package *p =
            test_add(inv, VL_ECO_DEB, "zlib1g", "1:1.2.11.dfsg-4", "var/lib/dpkg/status", 0);
        p->source_name = "zlib";
        test_add(inv, VL_ECO_NPM, "lodash", "4.17.15", "app/package.json", 0);
        struct vl_scan_result *result = NULL;
        assert_int_equal(vl_scan_matcher_match(matcher, inv, NULL, &result, &err), 0);
        assert_int_equal(result->findings.len, debian ? 3 : 1);
        assert_int_equal(result->coverage.assessed, debian ? VL_ASSESSED_FULL : VL_ASSESSED_PARTIAL);
        vl_scan_result_free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_of_an_image),
        cmocka_unit_test(os_owned_development_ranges),
        cmocka_unit_test(left_to_the_distribution),
        cmocka_unit_test(brought_by_a_third_party),
        cmocka_unit_test(go_programs),
        cmocka_unit_test(one_finding_a_place),
        cmocka_unit_test(ended_release),
        cmocka_unit_test(not_assessed),
        cmocka_unit_test(partly_assessed),
        cmocka_unit_test(starter_set),
        cmocka_unit_test(packages_only),
        cmocka_unit_test(reused_matcher),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
