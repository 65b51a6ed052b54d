/* What to do about findings: words, and commands that can work in the target.
 * tests: remedy.c remedy_os.c remedy_language.c */
#include "test_match_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/remedy.h"

/* A result with one open finding for each package added last. */
static struct vl_scan_result *result_of(struct vl_inventory *inv)
{
    struct vl_scan_result *result = vl_scan_result_new();
    assert_non_null(result);
    result->inventory = inv;
    return result;
}

static struct vl_finding *add(struct vl_scan_result *result, size_t package, const char *fixed)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_finding *f = vl_vec_push(&result->findings, "findings", &err);
    assert_non_null(f);
    f->id = "CVE-2024-1";
    f->package = vl_vec_at(&result->inventory->packages, package);
    assert_non_null(f->package);
    f->fixed_version = fixed;
    f->state = fixed ? VL_FIX_FIXED : VL_FIX_NONE;
    return f;
}

static const struct vl_remedy *remedies(struct vl_scan_result *result)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_scan_remedies(result, &err) < 0)
        fail_msg("%s", err.msg);
    return &((struct vl_finding *)result->findings.items)->remedy;
}

/* The shell takes every command that we print: nothing in it is cut or left open. */
static void expect_shell(const char *command)
{
    char line[4096];
    const char *path = test_file("command.sh", strncmp(command, "RUN ", 4) == 0 ? command + 4 : command);
    snprintf(line, sizeof(line), "sh -n '%s'", path);
    assert_int_equal(system(line), 0);
}

static void expect(
    struct vl_scan_result *result, enum vl_remedy_kind kind, const char *text, const char *command)
{
    const struct vl_remedy *r = remedies(result);
    size_t n = strlen(text); /* a sentence: its full stop is not in the tables here */
    if (r->kind != kind || strncmp(r->text, text, n) != 0 || strcmp(r->text + n, ".") != 0 ||
        (command == NULL) != (r->command == NULL) || (command && strcmp(command, r->command) != 0))
        fail_msg("kind %d: %s: %s", r->kind, r->text, r->command ? r->command : "(none)");
    if (command)
        expect_shell(command);
    vl_scan_result_free(result);
}

/* --- distributions --- */

static void line_for_each_manager(void **state)
{
    (void)state;
    static const struct {
        enum vl_ecosystem eco;
        const char *manager;
        const char *command;
    } rows[] = {
        {VL_ECO_DEB, "apt",
            "RUN apt-get update && apt-get install -y --only-upgrade libssl3 openssl && rm -rf "
            "/var/lib/apt/lists/*"},
        {VL_ECO_APK, "apk-tools", "RUN apk add --no-cache --upgrade libssl3 openssl"},
        {VL_ECO_RPM, "dnf", "RUN dnf -y upgrade libssl3 openssl && dnf clean all"},
        {VL_ECO_RPM, "microdnf", "RUN microdnf -y update libssl3 openssl && microdnf clean all"},
        {VL_ECO_RPM, "yum", "RUN yum -y update libssl3 openssl && yum clean all"},
        {VL_ECO_RPM, "tdnf", "RUN tdnf -y update libssl3 openssl && tdnf clean all"},
        {VL_ECO_RPM, "zypper", "RUN zypper --non-interactive update libssl3 openssl && zypper clean --all"},
        {VL_ECO_ALPM, "pacman", "RUN pacman -Syu --noconfirm && pacman -Scc --noconfirm"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "x", "1", VL_SUPPORT_STANDARD);
        test_add(inv, rows[i].eco, "openssl", "3.0.1-1", NULL, 0);
        test_add(inv, rows[i].eco, "libssl3", "3.0.1-1", NULL, 0)->source_name = "openssl";
        test_add(inv, rows[i].eco, rows[i].manager, "1", NULL, 0);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "3.0.8-1");
        expect(
            result, VL_REMEDY_DOCKERFILE, "Upgrade libssl3 and openssl to 3.0.8-1 or later", rows[i].command);
    }
}

static void no_package_manager(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "libssl3", "3.0.1-1", "var/lib/dpkg/status.d/libssl3", 0);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "3.0.8-1");
    expect(result, VL_REMEDY_BASE_IMAGE,
        "Upgrade libssl3 to 3.0.8-1 or later: there is no package manager in this image, so take it from a "
        "newer build of the base image",
        NULL);
}

static void without_fix(void **state)
{
    (void)state;
    static const struct {
        enum vl_fix_state state;
        const char *text;
    } rows[] = {
        {VL_FIX_NONE, "Known since 2024-03-01, no fix yet"},
        {VL_FIX_WONT, "Debian GNU/Linux 12 (bookworm) will not fix it in this release"},
        {VL_FIX_DEFERRED,
            "Debian GNU/Linux 12 (bookworm) has put off the fix: known since 2024-03-01, no fix yet"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
        inv->distro.pretty_name = "Debian GNU/Linux 12 (bookworm)";
        test_add(inv, VL_ECO_DEB, "apt", "2.6.1", NULL, 0);
        struct vl_scan_result *result = result_of(inv);
        struct vl_finding *f = add(result, 0, NULL);
        f->state = rows[i].state;
        f->published_ms = 1709251200000; /* 2024-03-01 */
        expect(result, VL_REMEDY_NONE, rows[i].text, NULL);
    }
}

static void ended_release(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "9", VL_SUPPORT_ENDED);
    inv->distro.pretty_name = "Debian GNU/Linux 9 (stretch)";
    inv->distro.support_ends_ms = 1594944000000;  /* 2020-07-17 */
    inv->distro.extended_ends_ms = 1656547200000; /* 2022-06-30 */
    test_add(inv, VL_ECO_DEB, "apt", "1.4.9", NULL, 0);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "1.4.11");
    expect(result, VL_REMEDY_UPGRADE_OS,
        "Debian GNU/Linux 9 (stretch) gets no security fixes any more (support ended 2022-06-30): move to a "
        "release that is supported; the last fix for apt was 1.4.11",
        NULL);
}

static void windows_image(void **state)
{
    (void)state;
    struct vl_inventory *inv =
        test_inventory(VL_TARGET_IMAGE, "windows", "10.0.20348.1", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_WINDOWS, "Windows Server 2022", "10.0.20348.1", NULL, 0);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "KB5034129");
    expect(result, VL_REMEDY_UPDATE,
        "Take a newer base image of this Windows release: one built with KB5034129 or a later cumulative "
        "update; Windows containers take no updates themselves",
        NULL);
}

static void machine_not_image(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_ROOTFS, "debian", "12", VL_SUPPORT_STANDARD);
    test_add(inv, VL_ECO_DEB, "apt", "2.6.1", NULL, 0);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "2.6.2");
    expect(result, VL_REMEDY_DOCKERFILE, "Upgrade apt to 2.6.2 or later",
        "apt-get update && apt-get install -y --only-upgrade apt && rm -rf /var/lib/apt/lists/*");
}

/* --- languages --- */

static void lock_files(void **state)
{
    (void)state;
    static const struct {
        enum vl_ecosystem eco;
        const char *name, *path;
        unsigned flags;
        const char *command;
    } rows[] = {
        {VL_ECO_NPM, "@a/b", "web/package-lock.json", 0, "npm install @a/b@2.1.0"},
        {VL_ECO_NPM, "b", "package-lock.json", VL_PACKAGE_DEV, "npm install --save-dev b@2.1.0"},
        {VL_ECO_NPM, "b", "package-lock.json", VL_PACKAGE_INDIRECT, "npm update b"},
        {VL_ECO_NPM, "b", "yarn.lock", 0, "yarn install"},
        {VL_ECO_NPM, "b", "pnpm-lock.yaml", 0, "pnpm install"},
        {VL_ECO_NPM, "b", "app/node_modules/b/package.json", 0, "npm install b@2.1.0"},
        {VL_ECO_NPM, "b", "app/node_modules/a/node_modules/b/package.json", 0, NULL},
        {VL_ECO_NPM, "b", "usr/local/lib/node_modules/npm/node_modules/b/package.json", 0, NULL},
        {VL_ECO_PYPI, "b", "requirements.txt", 0, "pip install b==2.1.0"},
        {VL_ECO_PYPI, "b", "Pipfile.lock", 0, "pipenv install b==2.1.0"},
        {VL_ECO_PYPI, "b", "poetry.lock", 0, "poetry update b"},
        {VL_ECO_PYPI, "b", "uv.lock", 0, "uv lock --upgrade-package b==2.1.0"},
        {VL_ECO_PYPI, "b", "pylock.toml", 0, NULL},
        {VL_ECO_GO, "golang.org/x/net", "go.mod", 0, "go get golang.org/x/net@v2.1.0 && go mod tidy"},
        {VL_ECO_GO, "stdlib", "go.mod", 0, "go get toolchain@go2.1.0"},
        {VL_ECO_MAVEN, "g:a", "pom.xml", 0,
            "mvn versions:use-dep-version -DforceVersion=true -Dincludes=g:a -DdepVersion=2.1.0"},
        {VL_ECO_MAVEN, "g:a", "gradle.lockfile", 0, "gradle dependencies --update-locks g:a"},
        {VL_ECO_CARGO, "b", "Cargo.lock", 0, "cargo update -p b --precise 2.1.0"},
        {VL_ECO_GEM, "b", "Gemfile.lock", 0, "bundle update b --conservative"},
        {VL_ECO_COMPOSER, "a/b", "composer.lock", 0, "composer update a/b --with a/b:2.1.0"},
        {VL_ECO_NUGET, "B.C", "packages.lock.json", 0, "dotnet add package B.C --version 2.1.0"},
        {VL_ECO_NUGET, "B.C", "packages.Shop.lock.json", 0, "dotnet add package B.C --version 2.1.0"},
        {VL_ECO_NUGET, "B", "usr/share/dotnet/shared/M/8.0.0/M.deps.json", 0, NULL},
        {VL_ECO_PUB, "b", "pubspec.lock", 0, "dart pub upgrade b"},
        {VL_ECO_HEX, "b", "mix.lock", 0, "mix deps.update b"},
        {VL_ECO_JULIA, "b", "Manifest.toml", 0, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
        test_add(inv, rows[i].eco, rows[i].name, "1.0.0", rows[i].path, rows[i].flags);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "2.1.0");
        const struct vl_remedy *r = remedies(result);
        if (r->kind != VL_REMEDY_MANIFEST || (r->command == NULL) != (rows[i].command == NULL) ||
            (r->command && strcmp(r->command, rows[i].command) != 0))
            fail_msg("%s: %d %s", rows[i].path, r->kind, r->command ? r->command : "(none)");
        if (r->command)
            expect_shell(r->command);
        assert_non_null(strstr(r->text, rows[i].path));
        vl_scan_result_free(result);
    }
}

/* One upgrade settles all findings of a package: the highest version is named in every one. */
static void highest_version(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "lodash", "4.17.9", "package-lock.json", 0)->line = 12;
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "4.17.12");
    add(result, 0, "4.17.20");
    add(result, 0, "4.17.19");
    expect(result, VL_REMEDY_MANIFEST, "Upgrade lodash to 4.17.20 or later in package-lock.json line 12",
        "npm install lodash@4.17.20");
}

static void built_in(void **state)
{
    (void)state;
    static const struct {
        enum vl_ecosystem eco;
        const char *name, *path, *text;
        unsigned flags;
    } rows[] = {
        {VL_ECO_GO, "k8s.io/kubernetes", "usr/bin/kubectl",
            "Replace usr/bin/kubectl by version 2.1.0 or later of k8s.io/kubernetes", VL_PACKAGE_MAIN},
        {VL_ECO_GO, "golang.org/x/net", "usr/bin/kubectl",
            "Build usr/bin/kubectl with golang.org/x/net v2.1.0 or later, or replace it by a release that "
            "is"},
        {VL_ECO_GO, "stdlib", "usr/bin/kubectl",
            "Build usr/bin/kubectl with Go 2.1.0 or later, or replace it by a release that is", 0},
        {VL_ECO_CARGO, "b", "usr/bin/rg",
            "Build usr/bin/rg with b 2.1.0 or later, or replace it by a release that is", 0},
        {VL_ECO_MAVEN, "g:a", "app/a-1.0.jar", "Replace app/a-1.0.jar by version 2.1.0 or later of g:a", 0},
        {VL_ECO_MAVEN, "g:a", "app/shop.jar!BOOT-INF/lib/a-1.0.jar",
            "Replace app/shop.jar by one that holds g:a 2.1.0 or later", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "", "", VL_SUPPORT_UNKNOWN);
        test_add(inv, rows[i].eco, rows[i].name, "1.0.0", rows[i].path, rows[i].flags);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "2.1.0");
        expect(result, VL_REMEDY_REPLACE_FILE, rows[i].text, NULL);
    }
}

static void pip_of_the_same_place(void **state)
{
    (void)state;
    static const struct {
        const char *package, *pip, *command;
    } rows[] = {
        {"usr/local/lib/python3.11/site-packages/b-1.dist-info/METADATA",
            "usr/local/lib/python3.11/site-packages/pip-23.dist-info/METADATA",
            "RUN pip install --no-cache-dir 'b>=2.1.0'"},
        {"opt/venv/lib/python3.11/site-packages/b-1.dist-info/METADATA",
            "opt/venv/lib/python3.11/site-packages/pip-23.dist-info/METADATA",
            "RUN /opt/venv/bin/pip install --no-cache-dir 'b>=2.1.0'"},
        {"opt/venv/lib/python3.11/site-packages/b-1.dist-info/METADATA",
            "usr/local/lib/python3.11/site-packages/pip-23.dist-info/METADATA", NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
        test_add(inv, VL_ECO_PYPI, "b", "1", rows[i].package, 0);
        test_add(inv, VL_ECO_PYPI, "pip", "23", rows[i].pip, 0);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "2.1.0");
        const struct vl_remedy *r = remedies(result);
        assert_int_equal(r->kind, rows[i].command ? VL_REMEDY_DOCKERFILE : VL_REMEDY_MANIFEST);
        if (rows[i].command)
            assert_string_equal(r->command, rows[i].command);
        else
            assert_null(r->command);
        vl_scan_result_free(result);
    }
}

/* PEP 668: from Debian 12 on pip wants to be told. */
static void pip_of_debian(void **state)
{
    (void)state;
    static const char *const versions[] = {"11", "12"};
    for (size_t i = 0; i < 2; i++) {
        struct vl_inventory *inv =
            test_inventory(VL_TARGET_IMAGE, "debian", versions[i], VL_SUPPORT_STANDARD);
        test_add(inv, VL_ECO_PYPI, "Django", "2.2.0",
            "usr/local/lib/python3.11/dist-packages/Django-2.2.0.dist-info/METADATA", 0);
        test_add(inv, VL_ECO_DEB, "python3-pip", "23.0.1", "var/lib/dpkg/status", 0);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "3.2.24");
        const struct vl_remedy *r = remedies(result);
        assert_int_equal(r->kind, VL_REMEDY_DOCKERFILE);
        assert_string_equal(
            r->command, i ? "RUN pip install --no-cache-dir --break-system-packages 'Django>=3.2.24'"
                          : "RUN pip install --no-cache-dir 'Django>=3.2.24'");
        expect_shell(r->command);
        vl_scan_result_free(result);
    }
}

/* Names and versions come from feeds and images: they must not write commands. */
static void no_injection(void **state)
{
    (void)state;
    static const char *const bad[] = {"1.0; rm -rf /", "$(id)", "`id`", "1'2", "1\"2", "a\nb",
        "--index-url=x", "1|2", "1&2", "1\\2", "1 2", "*", "{a,b}", "1#2", ""};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++) {
        for (int as_name = 0; as_name < 2; as_name++) {
            struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
            test_add(inv, VL_ECO_CARGO, as_name ? bad[i] : "b", "1", "Cargo.lock", 0);
            struct vl_scan_result *result = result_of(inv);
            add(result, 0, as_name ? "2.1.0" : bad[i]);
            const struct vl_remedy *r = remedies(result);
            if (r->command)
                fail_msg("%s", r->command);
            assert_non_null(r->text);
            vl_scan_result_free(result);
        }
    }
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_CARGO, "b", "1", "Cargo.lock", 0);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, "2.1.0~rc1>x<y!");
    const struct vl_remedy *r = remedies(result);
    assert_string_equal(r->command, "cargo update -p b --precise '2.1.0~rc1>x<y!'");
    vl_scan_result_free(result);
}

/* An SBOM that lies in the image speaks of things elsewhere. */
static void in_a_document(void **state)
{
    (void)state;
    static const struct {
        enum vl_ecosystem eco;
        enum vl_remedy_kind kind;
        const char *path, *text;
    } rows[] = {
        {VL_ECO_DEB, VL_REMEDY_MANIFEST, "opt/x.spdx.json",
            "Upgrade b to 2 or later where opt/x.spdx.json comes from"},
        {VL_ECO_CARGO, VL_REMEDY_MANIFEST, "opt/x.cdx.json", "Upgrade b to 2 or later in opt/x.cdx.json"},
        {VL_ECO_PYPI, VL_REMEDY_MANIFEST, "usr/lib/python3/dist-packages/b-1.egg-info/PKG-INFO",
            "Upgrade b to 2 or later in usr/lib/python3/dist-packages/b-1.egg-info/PKG-INFO, which a package "
            "of the distribution brought: upgrade that"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_inventory *inv = test_inventory(VL_TARGET_IMAGE, "debian", "12", VL_SUPPORT_STANDARD);
        test_add(inv, rows[i].eco, "b", "1", rows[i].path, 0);
        test_add(inv, VL_ECO_DEB, "apt", "2.6.1", "var/lib/dpkg/status", 0);
        test_add(inv, VL_ECO_PYPI, "pip", "23", "usr/lib/python3/dist-packages/pip-23.egg-info/PKG-INFO", 0);
        struct vl_scan_result *result = result_of(inv);
        add(result, 0, "2");
        expect(result, rows[i].kind, rows[i].text, NULL);
    }
}

static void malware(void **state)
{
    (void)state;
    struct vl_inventory *inv = test_inventory(VL_TARGET_FS, "", "", VL_SUPPORT_UNKNOWN);
    test_add(inv, VL_ECO_NPM, "evil", "1.0.0", "package-lock.json", VL_PACKAGE_LOCKED);
    struct vl_scan_result *result = result_of(inv);
    add(result, 0, NULL)->malicious = true;
    expect(result, VL_REMEDY_MANIFEST,
        "evil 1.0.0 is malware: remove it and replace every secret that it could read", "npm uninstall evil");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_for_each_manager),
        cmocka_unit_test(no_package_manager),
        cmocka_unit_test(without_fix),
        cmocka_unit_test(ended_release),
        cmocka_unit_test(windows_image),
        cmocka_unit_test(machine_not_image),
        cmocka_unit_test(lock_files),
        cmocka_unit_test(highest_version),
        cmocka_unit_test(built_in),
        cmocka_unit_test(pip_of_the_same_place),
        cmocka_unit_test(pip_of_debian),
        cmocka_unit_test(no_injection),
        cmocka_unit_test(in_a_document),
        cmocka_unit_test(malware),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_files_done();
    return failed;
}
