#include "test_support.h"

#include <string.h>

#define NOVEMBER_24 INT64_C(1795507200000) /* 2026-11-24T08:00:00Z */
#define NOVEMBER_21 INT64_C(1795219200000) /* 2026-11-21T00:00:00Z */
#define DECEMBER_3  INT64_C(1796256000000) /* 2026-12-03T00:00:00Z */

#define BASE_DIFF "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define APP_DIFF  "sha256:2222222222222222222222222222222222222222222222222222222222222222"

const struct vl_report_options plain = {.width = 100, .version = "1.2.3"};
const struct vl_report_options hidden = {.width = 100, .version = "1.2.3", .show_hidden = true};

static struct vl_scan_result *empty(void)
{
    struct vl_scan_result *r = vl_scan_result_new();
    assert_non_null(r);
    r->inventory = vl_inventory_new();
    assert_non_null(r->inventory);
    r->scanned_ms = NOVEMBER_24;
    r->took_us = 1234567;
    return r;
}

static void *push(struct vl_vec *vec)
{
    struct vl_err err = VL_ERR_INIT;
    void *item = vl_vec_push(vec, "sample", &err);
    assert_non_null(item);
    return item;
}

static uint32_t add_package(struct vl_scan_result *r, struct vl_package p)
{
    struct vl_package *new = push(&r->inventory->packages);
    *new = p;
    return (uint32_t)(r->inventory->packages.len - 1);
}

static const struct vl_package *package(const struct vl_scan_result *r, uint32_t index)
{
    return vl_vec_at(&r->inventory->packages, index);
}

static struct vl_finding *add_finding(struct vl_scan_result *r, struct vl_finding f)
{
    struct vl_finding *new = push(&r->findings);
    *new = f;
    return new;
}

static void debian_target(struct vl_scan_result *r)
{
    struct vl_inventory *inv = r->inventory;
    static const char *const tags[] = {"registry.example.com/shop/orders:1.0"};
    inv->target = (struct vl_target){.kind = VL_TARGET_IMAGE,
        .name = "registry.example.com/shop/orders:1.0",
        .reference = "registry.example.com/shop/orders:1.0",
        .digest = "sha256:4444444444444444444444444444444444444444444444444444444444444444",
        .image_id = "sha256:5555555555555555555555555555555555555555555555555555555555555555",
        .os = "linux",
        .arch = "amd64",
        .created_ms = NOVEMBER_21,
        .tags = tags,
        .n_tags = 1,
        .base_name = "docker.io/library/debian:12-slim"};
    inv->distro = (struct vl_distro){.id = "debian",
        .id_like = "",
        .version_id = "12",
        .codename = "bookworm",
        .pretty_name = "Debian GNU/Linux 12 (bookworm)",
        .variant_id = "",
        .cpe_name = "",
        .support = VL_SUPPORT_EXTENDED,
        .support_ends_ms = INT64_C(1781049600000),
        .extended_ends_ms = INT64_C(1846108800000)};
    struct vl_layer *l = push(&inv->layers);
    *l = (struct vl_layer){.diff_id = BASE_DIFF,
        .digest = "sha256:6666666666666666666666666666666666666666666666666666666666666666",
        .created_by = "ADD rootfs.tar.xz / # buildkit",
        .size = 28000000,
        .base = true};
    l = push(&inv->layers);
    *l =
        (struct vl_layer){.diff_id = APP_DIFF, .created_by = "COPY orders /app # buildkit", .size = 12000000};
}

enum { LIBSSL, ZLIB, PERL, BASH, LODASH, LOG4J, SPRING, REQUESTS, BAD_NPM, STDLIB };

static void rich_packages(struct vl_scan_result *r)
{
    static const char *const ssl[] = {"Apache-2.0"};
    static const char *const gpl[] = {"GPL-1.0-or-later OR Artistic-1.0-Perl"};
    static const char *const several[] = {"GPL-3.0-or-later", "some words of a copyright file"};
    static const char *const mit[] = {"mit"};
    const char *status = "var/lib/dpkg/status";
    add_package(r, (struct vl_package){VL_ECO_DEB, .name = "libssl3", .version = "3.0.11-1~deb12u1",
                       .arch = "amd64", .source_name = "openssl", .vendor = "Debian",
                       .purl = "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?arch=amd64&distro=debian-12",
                       .path = status, .owner = VL_PACKAGE_NONE, .licenses = ssl, .n_licenses = 1});
    add_package(
        r, (struct vl_package){VL_ECO_DEB, .name = "zlib1g", .version = "1:1.2.13.dfsg-1", .arch = "amd64",
               .source_name = "zlib", .purl = "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1", .path = status,
               .owner = VL_PACKAGE_NONE});
    add_package(r,
        (struct vl_package){VL_ECO_DEB, .name = "perl-base", .version = "5.36.0-7", .arch = "amd64",
            .source_name = "perl", .source_version = "5.36.0-7", .purl = "pkg:deb/debian/perl-base@5.36.0-7",
            .path = status, .layer = 1, .owner = VL_PACKAGE_NONE, .licenses = gpl, .n_licenses = 1});
    add_package(r, (struct vl_package){VL_ECO_DEB, .name = "bash", .version = "5.2.15-2+b2", .arch = "amd64",
                       .source_version = "5.2.15-2", .purl = "pkg:deb/debian/bash@5.2.15-2%2Bb2",
                       .path = status, .owner = VL_PACKAGE_NONE, .licenses = several, .n_licenses = 2});
    add_package(
        r, (struct vl_package){VL_ECO_NPM, .flags = VL_PACKAGE_LOCKED | VL_PACKAGE_INDIRECT, .name = "lodash",
               .version = "4.17.15", .purl = "pkg:npm/lodash@4.17.15", .path = "app/package-lock.json",
               .line = 42, .layer = 1, .owner = VL_PACKAGE_NONE, .licenses = mit, .n_licenses = 1});
    add_package(r, (struct vl_package){VL_ECO_MAVEN, .flags = VL_PACKAGE_BUNDLED,
                       .name = "org.apache.logging.log4j:log4j-core", .version = "2.14.1",
                       .purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
                       .path = "app/orders.jar!BOOT-INF/lib/log4j-core-2.14.1.jar", .layer = 1,
                       .owner = VL_PACKAGE_NONE, .digest = "sha1:9141212b8507ab50a45525b545b39d224614528b"});
    add_package(r, (struct vl_package){VL_ECO_MAVEN, .flags = VL_PACKAGE_BUNDLED,
                       .name = "org.springframework:spring-core", .version = "5.3.17",
                       .purl = "pkg:maven/org.springframework/spring-core@5.3.17",
                       .path = "app/orders.jar!BOOT-INF/lib/spring-core-5.3.17.jar", .layer = 1,
                       .owner = VL_PACKAGE_NONE});
    add_package(
        r, (struct vl_package){VL_ECO_PYPI, .flags = VL_PACKAGE_OS_OWNED, .name = "requests",
               .version = "2.28.1", .purl = "pkg:pypi/requests@2.28.1",
               .path = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO", .owner = BASH});
    add_package(
        r, (struct vl_package){VL_ECO_NPM, .name = "shop-telemetry", .version = "9.9.9",
               .purl = "pkg:npm/shop-telemetry@9.9.9", .path = "app/node_modules/shop-telemetry/package.json",
               .layer = 1, .owner = VL_PACKAGE_NONE});
    add_package(r, (struct vl_package){VL_ECO_GO, .flags = VL_PACKAGE_BUNDLED, .name = "stdlib",
                       .version = "1.20.1", .purl = "pkg:golang/stdlib@1.20.1",
                       .path = "usr/local/bin/courier", .layer = VL_LAYER_NONE, .owner = VL_PACKAGE_NONE});
}

static void urgent_findings(struct vl_scan_result *r)
{
    static const char *const log4shell[] = {"GHSA-jfh8-c2jp-5v3q"};
    static const struct vl_rating log4shell_ratings[] = {
        {"nvd", VL_SEVERITY_CRITICAL}, {"redhat", VL_SEVERITY_HIGH}};
    static const struct vl_cvss log4shell_cvss[] = {
        {"nvd", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 31, 10.0, VL_SEVERITY_CRITICAL},
        {"nvd", "AV:N/AC:M/Au:N/C:C/I:C/A:C", 20, 9.3, VL_SEVERITY_HIGH}};
    static const struct vl_kev log4shell_kev = {INT64_C(1639094400000), DECEMBER_3, true};
    static const char *const cwes[] = {"CWE-20", "CWE-502", "CWE-noinfo"};
    static const char *const links[] = {
        "https://logging.apache.org/log4j/2.x/security.html", "javascript:alert(1)"};
    add_finding(
        r, (struct vl_finding){.id = "CVE-2021-44228",
               .aliases = log4shell,
               .n_aliases = 1,
               .advisory = "GHSA-jfh8-c2jp-5v3q",
               .source = "osv/maven",
               .title = "Remote code injection in Log4j",
               .severity = VL_SEVERITY_CRITICAL,
               .severity_source = "ghsa",
               .ratings = log4shell_ratings,
               .n_ratings = 2,
               .cvss = log4shell_cvss,
               .n_cvss = 2,
               .has_epss = true,
               .epss = 0.97565,
               .epss_percentile = 0.99996,
               .kev = &log4shell_kev,
               .exploitation = "active",
               .cwes = cwes,
               .n_cwes = 3,
               .package = package(r, LOG4J),
               .fixed_version = "2.15.0",
               .state = VL_FIX_FIXED,
               .published_ms = INT64_C(1639094400000),
               .modified_ms = INT64_C(1700000000000),
               .references = links,
               .n_references = 2,
               .remedy = {VL_REMEDY_REPLACE_FILE,
                   "Build app/orders.jar again with org.apache.logging.log4j:log4j-core 2.15.0 or later.",
                   NULL}});
    add_finding(
        r, (struct vl_finding){.id = "MAL-2026-1234",
               .advisory = "MAL-2026-1234",
               .source = "osv/npm",
               .title = "Malicious code in shop-telemetry",
               .severity = VL_SEVERITY_CRITICAL,
               .severity_source = "osv",
               .package = package(r, BAD_NPM),
               .malicious = true,
               .remedy = {VL_REMEDY_MANIFEST, "Remove shop-telemetry and change every secret it could read.",
                   "npm uninstall shop-telemetry"}});
    add_finding(r, (struct vl_finding){.id = "CVE-2023-45853",
                       .source = "debian",
                       .advisory = "CVE-2023-45853",
                       .title = "Integer overflow in MiniZip",
                       .severity = VL_SEVERITY_CRITICAL,
                       .severity_source = "nvd",
                       .package = package(r, ZLIB),
                       .state = VL_FIX_WONT,
                       .remedy = {VL_REMEDY_NONE,
                           "Debian will not fix this: MiniZip is not in the binary package.", NULL}});
    static const struct vl_cvss ssl[] = {
        {"cisa-adp", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 30, 7.5, VL_SEVERITY_HIGH}};
    add_finding(r, (struct vl_finding){.id = "CVE-2024-6119",
                       .source = "debian",
                       .advisory = "DSA-5764-1",
                       .title = "Possible denial of service in X.509 name checks",
                       .severity = VL_SEVERITY_HIGH,
                       .severity_source = "cisa-adp",
                       .cvss = ssl,
                       .n_cvss = 1,
                       .has_epss = true,
                       .epss = 0.00312,
                       .epss_percentile = 0.7,
                       .package = package(r, LIBSSL),
                       .fixed_version = "3.0.14-1~deb12u2",
                       .state = VL_FIX_FIXED,
                       .remedy = {VL_REMEDY_DOCKERFILE, "Update libssl3 to 3.0.14-1~deb12u2.",
                           "RUN apt-get update && apt-get install -y --only-upgrade libssl3"}});
}

static void other_findings(struct vl_scan_result *r)
{
    static const char *const lodash[] = {"GHSA-35jh-r3h4-6jhm"};
    static const struct vl_cvss v4[] = {{"ghsa",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 40, 6.9, VL_SEVERITY_MEDIUM}};
    static const struct {
        const char *id;
        uint32_t package;
        enum vl_severity severity;
        enum vl_fix_state state;
        const char *fixed;
        enum vl_finding_status status;
        const char *reason;
    } rows[] = {
        {"CVE-2022-22965", SPRING, VL_SEVERITY_MEDIUM, VL_FIX_FIXED, "5.3.18", VL_FINDING_OPEN, NULL},
        {"CVE-2023-31484", PERL, VL_SEVERITY_HIGH, VL_FIX_NONE, NULL, VL_FINDING_OPEN, NULL},
        {"CVE-2023-31486", PERL, VL_SEVERITY_MEDIUM, VL_FIX_DEFERRED, NULL, VL_FINDING_OPEN, NULL},
        {"CVE-2011-4116", PERL, VL_SEVERITY_NEGLIGIBLE, VL_FIX_INVESTIGATING, NULL, VL_FINDING_OPEN, NULL},
        {"CVE-2022-3715", BASH, VL_SEVERITY_LOW, VL_FIX_END_OF_LIFE, NULL, VL_FINDING_OPEN, NULL},
        {"CVE-2019-18276", BASH, VL_SEVERITY_UNKNOWN, VL_FIX_UNKNOWN, NULL, VL_FINDING_OPEN, NULL},
        {"CVE-2023-0286", LIBSSL, VL_SEVERITY_HIGH, VL_FIX_PAID, "3.0.11-1~deb12u1+els1", VL_FINDING_OPEN,
            NULL},
        {"CVE-2023-24532", STDLIB, VL_SEVERITY_MEDIUM, VL_FIX_FIXED, "1.20.2", VL_FINDING_IGNORED,
            "not reachable: no P-256 (vallum-ignore.yaml:3)"},
        {"CVE-2023-24534", STDLIB, VL_SEVERITY_HIGH, VL_FIX_FIXED, "1.20.3", VL_FINDING_VEX,
            "vulnerable_code_not_in_execute_path"},
        {"CVE-2023-32681", REQUESTS, VL_SEVERITY_MEDIUM, VL_FIX_FIXED, "2.31.0", VL_FINDING_OS_JUDGED,
            "the file belongs to bash"},
        {"CVE-2023-24537", STDLIB, VL_SEVERITY_LOW, VL_FIX_FIXED, "1.20.3", VL_FINDING_FILTERED,
            "below --severity medium"},
        /* The same id, open in another package. */
        {"CVE-2023-24534", LODASH, VL_SEVERITY_HIGH, VL_FIX_FIXED, "4.17.20", VL_FINDING_OPEN, NULL},
    };
    struct vl_finding *f =
        add_finding(r, (struct vl_finding){.id = "CVE-2021-23337",
                           .aliases = lodash,
                           .n_aliases = 1,
                           .advisory = "GHSA-35jh-r3h4-6jhm",
                           .source = "osv/npm",
                           .title = "Command injection in lodash",
                           .details = "The template function takes\nunchecked options.",
                           .severity = VL_SEVERITY_HIGH,
                           .severity_source = "ghsa",
                           .cvss = v4,
                           .n_cvss = 1,
                           .package = package(r, LODASH),
                           .fixed_version = "4.17.21",
                           .state = VL_FIX_FIXED,
                           .remedy = {VL_REMEDY_MANIFEST, "Raise lodash to 4.17.21 in app/package-lock.json.",
                               "npm install lodash@4.17.21"}});
    f->in_baseline = true;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++)
        add_finding(r, (struct vl_finding){.id = rows[i].id,
                           .advisory = rows[i].id,
                           .source = "debian",
                           .severity = rows[i].severity,
                           .severity_source = "debian",
                           .package = package(r, rows[i].package),
                           .fixed_version = rows[i].fixed,
                           .state = rows[i].state,
                           .status = rows[i].status,
                           .status_reason = rows[i].reason});
}

static void rich_rest(struct vl_scan_result *r)
{
    struct vl_inventory *inv = r->inventory;
    inv->secrets_scanned = true;
    *(struct vl_secret *)push(&inv->secrets) = (struct vl_secret){"aws-access-key", "AWS access key",
        "app/.env", 3, 1, "AWS_SECRET=****", "sha256:0123456789abcdef", VL_SEVERITY_HIGH, false};
    *(struct vl_secret *)push(&inv->secrets) = (struct vl_secret){"private-key", "Private key",
        "root/.ssh/id_rsa", 1, 0, "-----BEGIN ****", "sha256:fedcba9876543210", VL_SEVERITY_CRITICAL, true};
    *(struct vl_unidentified *)push(&inv->unidentified) = (struct vl_unidentified){"opt/tool", 1, "elf"};
    *(struct vl_unidentified *)push(&inv->unidentified) =
        (struct vl_unidentified){"app/vendor.jar", 1, "jar without coordinates"};
    vl_notes_add(
        &inv->notes, VL_NOTE_PARTIAL, VL_ERR_CORRUPT, "app/broken.jar", "the central directory is cut");
    vl_notes_add(&inv->notes, VL_NOTE_INFO, VL_ERR_NONE, "opt/tool", "no build information");
    static const struct vl_coverage_row rows[] = {
        {"debian:12", 4, true, "debian security tracker", NOVEMBER_21, 42000, false},
        {"npm", 2, true, "OSV npm", NOVEMBER_24, 180000, false},
        {"maven", 2, true, "OSV Maven", NOVEMBER_24, 5000, false},
        {"pypi", 1, true, "OSV PyPI", NOVEMBER_24, 15000, false},
        {"go", 1, false, NULL, 0, 0, false},
    };
    r->coverage = (struct vl_coverage){.assessed = VL_ASSESSED_PARTIAL,
        .why_not = "app/broken.jar could not be read",
        .rows = rows,
        .n_rows = VL_ARRAY_LEN(rows),
        .packages = 10,
        .os_owned = 1,
        .unidentified = 2,
        .ranges = 3,
        .database_ms = NOVEMBER_21,
        .database = "/var/lib/vallum/advisories.db",
        .database_digest = "sha256:7777777777777777777777777777777777777777777777777777777777777777"};
    *(struct vl_ignore_report *)push(&r->ignores) =
        (struct vl_ignore_report){"CVE-2020-0001", "vallum-ignore.yaml:7", "until the move", true, false};
    *(struct vl_ignore_report *)push(&r->ignores) =
        (struct vl_ignore_report){"pkg:npm/left-pad", "vallum-ignore.yaml:12", NULL, false, true};
    *(struct vl_attestation *)push(&r->attestations) =
        (struct vl_attestation){"sha256:ab", "provenance", "application/vnd.in-toto+json",
            "https://slsa.dev/provenance/v1", "built by https://ci.example.com/1"};
    *(struct vl_gate_verdict *)push(&r->gates) = (struct vl_gate_verdict){"severity>=high", 5};
    *(struct vl_gate_verdict *)push(&r->gates) = (struct vl_gate_verdict){"epss>=0.99", 0};
    r->baseline = "main.json";
    r->passed = false;
}

struct vl_scan_result *sample_rich(void)
{
    struct vl_scan_result *r = empty();
    debian_target(r);
    rich_packages(r);
    urgent_findings(r);
    other_findings(r);
    rich_rest(r);
    return r;
}

struct vl_scan_result *sample_hostile(void)
{
    static const char evil[] =
        "<script>alert('x')</script>\033[31m\"quoted\", a\nnew\r\nline\x01\x7f\xff\xfe ]]> --> &amp; "
        "\xe2\x80\xae\xf0\x9f\x92\xa5 \xe6\xbc\xa2\xe5\xad\x97 | ${7*7} %s%n";
    static const char *const formulas[] = {
        "=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=\"x\"&1"};
    static const char *const evils[] = {evil, "", "javascript:alert(1)", "https://x/\"onclick=\"alert(1)"};
    struct vl_scan_result *r = empty();
    debian_target(r);
    r->inventory->target.name = r->inventory->target.reference = evil;
    r->inventory->target.base_name = evil;
    r->inventory->distro.pretty_name = evil;
    for (size_t i = 0; i < VL_ARRAY_LEN(formulas); i++)
        add_package(
            r, (struct vl_package){VL_ECO_NPM, .name = formulas[i], .version = evil, .purl = evil,
                   .path = evil, .layer = 1, .owner = VL_PACKAGE_NONE, .licenses = evils, .n_licenses = 1});
    add_package(r, (struct vl_package){VL_ECO_GENERIC, .name = "", .version = "", .path = "", .layer = 99,
                       .owner = VL_PACKAGE_NONE});
    for (uint32_t i = 0; i <= VL_ARRAY_LEN(formulas); i++)
        add_finding(r, (struct vl_finding){.id = i % 2 ? evil : "CVE-2026-1\"><img src=x onerror=alert(1)>",
                           .aliases = evils,
                           .n_aliases = 1,
                           .title = evil,
                           .details = evil,
                           .severity = VL_SEVERITY_HIGH,
                           .severity_source = evil,
                           .package = package(r, i),
                           .fixed_version = formulas[0],
                           .references = evils,
                           .n_references = 4,
                           .remedy = {VL_REMEDY_MANIFEST, evil, evil},
                           .status_reason = evil});
    r->inventory->secrets_scanned = true;
    *(struct vl_secret *)push(&r->inventory->secrets) =
        (struct vl_secret){evil, evil, evil, 1, 7, evil, evil, VL_SEVERITY_HIGH, false};
    *(struct vl_secret *)push(&r->inventory->secrets) = (struct vl_secret){.rule = evil,
        .title = evil,
        .path = evil,
        .layer = 1,
        .redacted = evil,
        .fingerprint = evil,
        .severity = VL_SEVERITY_LOW,
        .ignored = evil};
    *(struct vl_unidentified *)push(&r->inventory->unidentified) = (struct vl_unidentified){evil, 1, evil};
    vl_notes_add(&r->inventory->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, evil, "%s", evil);
    *(struct vl_ignore_report *)push(&r->ignores) = (struct vl_ignore_report){evil, evil, evil, true, true};
    *(struct vl_attestation *)push(&r->attestations) = (struct vl_attestation){evil, evil, evil, evil, evil};
    *(struct vl_gate_verdict *)push(&r->gates) = (struct vl_gate_verdict){evil, 1};
    static const struct vl_coverage_row rows[] = {{evil, 9, true, evil, NOVEMBER_21, 1, true}};
    r->coverage = (struct vl_coverage){.assessed = VL_ASSESSED_PARTIAL,
        .why_not = evil,
        .rows = rows,
        .n_rows = 1,
        .packages = 9,
        .unidentified = 1};
    return r;
}

struct vl_scan_result *sample_many(size_t n, size_t ids)
{
    static const struct vl_coverage_row rows[] = {{"debian:12", 1, true, "debian", NOVEMBER_21, 1, false}};
    struct vl_scan_result *r = empty();
    struct vl_arena *arena = r->inventory->arena;
    debian_target(r);
    for (size_t i = 0; i <= n / 10; i++)
        add_package(
            r, (struct vl_package){i % 2 ? VL_ECO_DEB : VL_ECO_NPM,
                   .name = vl_arena_printf(arena, "package-%zu", i), .flags = i % 2 ? 0 : VL_PACKAGE_LOCKED,
                   .version = "1.0", .purl = vl_arena_printf(arena, "pkg:npm/package-%zu@1.0", i),
                   .path = vl_arena_printf(arena, "app/%zu/package-lock.json", i), .owner = VL_PACKAGE_NONE});
    for (size_t i = 0; i < n; i++)
        add_finding(r, (struct vl_finding){.id = vl_arena_printf(arena, "CVE-2026-%zu", 1000 + i % ids),
                           .source = "debian",
                           .advisory = "x",
                           .severity = (enum vl_severity)(i % VL_SEVERITY_COUNT),
                           .severity_source = "debian",
                           .package = package(r, (uint32_t)(i / 10)),
                           .fixed_version = i % 3 ? "2.0" : NULL,
                           .state = i % 3 ? VL_FIX_FIXED : VL_FIX_NONE});
    r->coverage =
        (struct vl_coverage){.rows = rows, .n_rows = 1, .packages = n / 10 + 1, .database_ms = NOVEMBER_21};
    return r;
}

struct vl_scan_result *sample_unassessed(void)
{
    static const struct vl_coverage_row rows[] = {{"debian:7", 1, false, NULL, 0, 0, false}};
    struct vl_scan_result *r = empty();
    debian_target(r);
    add_package(r, (struct vl_package){VL_ECO_DEB, .name = "bash", .version = "4.2",
                       .path = "var/lib/dpkg/status", .owner = VL_PACKAGE_NONE});
    r->coverage = (struct vl_coverage){.assessed = VL_ASSESSED_NOT,
        .why_not = "there are no advisories for debian:7",
        .rows = rows,
        .n_rows = 1,
        .packages = 1};
    return r;
}

struct vl_scan_result *sample_clean(void)
{
    static const struct vl_coverage_row rows[] = {
        {"debian:12", 1, true, "debian security tracker", NOVEMBER_21, 42000, false}};
    struct vl_scan_result *r = empty();
    debian_target(r);
    add_package(r, (struct vl_package){VL_ECO_DEB, .name = "bash", .version = "5.2.15-2+b2",
                       .path = "var/lib/dpkg/status", .purl = "pkg:deb/debian/bash@5.2.15-2%2Bb2",
                       .owner = VL_PACKAGE_NONE});
    r->coverage = (struct vl_coverage){.rows = rows, .n_rows = 1, .packages = 1, .database_ms = NOVEMBER_21};
    return r;
}

void render(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out)
{
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(out, VL_REPORT_MAX);
    if (vl_report_write(result, format, options, out, &err) < 0)
        fail_msg("%s", err.msg);
    assert_true(vl_utf8_valid(vl_buf_span(out)));
}

struct vl_doc *render_json(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc = NULL;
    render(result, format, options, &out);
    if (vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, vl_report_format_name(format), &doc, &err) < 0)
        fail_msg("%s", err.msg);
    return doc;
}

const struct vl_doc_node *at(const struct vl_doc_node *node, const char *path)
{
    struct vl_span rest = vl_span_str(path), part;
    uint64_t index;
    while (node && vl_span_split(&rest, '.', &part)) {
        if (vl_doc_type(node) == VL_DOC_ARRAY && vl_span_to_u64(part, &index))
            node = vl_doc_at(node, (size_t)index);
        else
            node = vl_doc_get_span(node, part);
    }
    return node;
}

void assert_text_(
    const struct vl_doc_node *node, const char *path, const char *text, const char *file, int line)
{
    struct vl_span got = vl_doc_span(at(node, path));
    if (!vl_span_eq(got, vl_span_str(text))) {
        print_error("%s is '%.*s', expected '%s'\n", path, VL_SPAN_FMT(got), text);
        _fail(file, line);
    }
}

int64_t int_at(const struct vl_doc_node *node, const char *path)
{
    int64_t v = INT64_MIN;
    assert_true(vl_doc_int(at(node, path), &v));
    return v;
}

const struct vl_doc_node *find(const struct vl_doc_node *array, const char *key, const char *text)
{
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n)) {
        if (vl_span_eq(vl_doc_span(at(n, key)), vl_span_str(text)))
            return n;
    }
    return NULL;
}

size_t count(const struct vl_buf *text, const char *part)
{
    struct vl_span s = vl_buf_span(text), needle = vl_span_str(part);
    size_t n = 0;
    for (size_t i = vl_span_find(s, needle); i != SIZE_MAX; i = vl_span_find(s, needle)) {
        n++;
        s = vl_span_slice(s, i + needle.len, s.len);
    }
    return n;
}

bool has(const struct vl_buf *text, const char *part)
{
    return count(text, part) > 0;
}
