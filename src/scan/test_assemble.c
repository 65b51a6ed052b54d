/* tests: assemble.c assemble_owners.c assemble_packages.c assemble_repeated.c assemble_system.c history.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_layers_support.h"

#define STATUS "var/lib/dpkg/status"

static void assert_layer(const struct test_stack *s, const char *name, const char *version, uint32_t layer)
{
    const struct vl_package *p = test_find(s, name, NULL);
    assert_non_null(p);
    assert_string_equal(p->version, version);
    assert_int_equal(p->layer, layer);
}

/* OCI image-spec layer.md: whiteouts, opaque folders, replaced files. */
static void test_hidden_files_give_nothing(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *base =
        test_layer(&s, "a/package.json b/package.json c/x/package.json d/app.jar e!f.jar");
    test_package(base, VL_ECO_NPM, "gone", "1.0", "a/package.json");
    test_package(base, VL_ECO_NPM, "replaced", "1.0", "b/package.json");
    test_package(base, VL_ECO_NPM, "beneath", "1.0", "c/x/package.json");
    test_package(base, VL_ECO_MAVEN, "g:inner", "1.0", "d/app.jar!lib/inner.jar");
    test_package(base, VL_ECO_MAVEN, "g:bang", "1.0", "e!f.jar!lib/inner.jar");
    struct vl_layer_index *top = test_layer(&s, "-a/package.json b/package.json !c");
    test_package(top, VL_ECO_NPM, "replaced", "2.0", "b/package.json");
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 3);
    assert_null(test_find(&s, "gone", NULL));
    assert_null(test_find(&s, "beneath", NULL));
    assert_layer(&s, "replaced", "2.0", 1);
    assert_layer(&s, "g:inner", "1.0", 0);
    assert_layer(&s, "g:bang", "1.0", 0);
    assert_int_equal(s.inventory->files_seen, 20);
    assert_int_equal(s.inventory->bytes_read, 2000);
    assert_true(s.inventory->secrets_scanned);
    test_stack_done(&s);
}

static void test_nested_in_a_hidden_jar(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    test_package(test_layer(&s, "d/app.jar"), VL_ECO_MAVEN, "g:inner", "1.0", "d/app.jar!lib/inner.jar");
    test_layer(&s, "-d");
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 0);
    test_stack_done(&s);
}

/* Each apt-get writes the whole status file anew. */
static void test_layer_of_database_packages(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, STATUS);
    test_package(l, VL_ECO_DEB, "libc6", "2.36-9", STATUS);
    test_package(l, VL_ECO_DEB, "openssl", "3.0.1", STATUS);
    test_package(l, VL_ECO_DEB, "curl", "7.88", STATUS);
    test_layer(&s, "app/ app/x");
    l = test_layer(&s, STATUS); /* installs jq, upgrades openssl, removes curl */
    test_package(l, VL_ECO_DEB, "libc6", "2.36-9", STATUS);
    test_package(l, VL_ECO_DEB, "openssl", "3.0.2", STATUS);
    test_package(l, VL_ECO_DEB, "jq", "1.6", STATUS);
    s.layers[s.n++] = NULL;     /* nothing known */
    l = test_layer(&s, STATUS); /* installs curl again */
    test_package(l, VL_ECO_DEB, "libc6", "2.36-9", STATUS);
    test_package(l, VL_ECO_DEB, "openssl", "3.0.2", STATUS);
    test_package(l, VL_ECO_DEB, "jq", "1.6", STATUS);
    test_package(l, VL_ECO_DEB, "curl", "7.88", STATUS);
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 4);
    assert_layer(&s, "libc6", "2.36-9", 0);
    assert_layer(&s, "openssl", "3.0.2", 2);
    assert_layer(&s, "jq", "1.6", 2);
    assert_layer(&s, "curl", "7.88", 4);
    test_stack_done(&s);
}

static void test_gaps(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, STATUS " lib/apk/db/installed");
    test_package(l, VL_ECO_DEB, "wiped", "1", STATUS);
    test_package(l, VL_ECO_APK, "deleted", "1", "lib/apk/db/installed");
    test_layer(&s, STATUS " -lib/apk"); /* an empty status file, no apk at all */
    l = test_layer(&s, STATUS " lib/apk/db/installed");
    test_package(l, VL_ECO_DEB, "wiped", "1", STATUS);
    test_package(l, VL_ECO_APK, "deleted", "1", "lib/apk/db/installed");
    test_assemble(&s);
    assert_layer(&s, "wiped", "1", 2);
    assert_layer(&s, "deleted", "1", 2);
    test_stack_done(&s);
}

/* Packages do not go with the list of them. */
static void test_deleted_database(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct test_stack s;
        test_stack_init(&s);
        struct vl_layer_index *l = test_layer(&s, STATUS " usr/bin/jq");
        test_package(l, VL_ECO_DEB, "libc6", "2.36-9", STATUS);
        test_package(l, VL_ECO_DEB, "jq", "1.6", STATUS);
        test_layer(&s, "-var/lib/dpkg");
        if (again)
            test_package(test_layer(&s, STATUS), VL_ECO_DEB, "libc6", "2.36-9", STATUS);
        test_assemble(&s);
        assert_int_equal(s.inventory->packages.len, again);
        assert_int_equal(s.inventory->notes.len, again ? 0 : 1);
        assert_int_equal(s.inventory->notes.partial, !again);
        if (!again) {
            assert_string_equal(s.inventory->notes.items[0].object, STATUS);
            assert_non_null(strstr(s.inventory->notes.items[0].message, "2 packages"));
        }
        test_stack_done(&s);
    }
}

/* rpm moved its database and changed its form; architectures are packages of their own. */
static void test_database_under_another_name(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    static const char old[] = "var/lib/rpm/Packages", new[] = "usr/lib/sysimage/rpm/rpmdb.sqlite";
    struct vl_layer_index *l = test_layer(&s, old);
    test_package(l, VL_ECO_RPM, "glibc", "2.34-1", old)->arch = "x86_64";
    l = test_layer(&s, "usr/lib/sysimage/rpm/rpmdb.sqlite -var/lib/rpm");
    test_package(l, VL_ECO_RPM, "glibc", "2.34-1", new)->arch = "i686";
    test_package(l, VL_ECO_RPM, "glibc", "2.34-1", new)->arch = "x86_64";
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 2);
    const struct vl_package *p = s.inventory->packages.items;
    assert_string_equal(p[0].arch, "i686");
    assert_int_equal(p[0].layer, 1);
    assert_string_equal(p[1].arch, "x86_64");
    assert_string_equal(p[1].path, new);
    /* Deleted and written elsewhere in one layer is a move. */
    assert_int_equal(p[1].layer, 0);
    test_stack_done(&s);
}

/* "RUN chown -R" copies every file up. */
static void test_copied_up(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    static const char path[] = "app/node_modules/a/package.json";
    test_package(test_layer(&s, path), VL_ECO_NPM, "a", "1.0.0", path);
    test_package(test_layer(&s, path), VL_ECO_NPM, "a", "1.0.0", path);
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 1);
    assert_layer(&s, "a", "1.0.0", 0);
    test_stack_done(&s);
}

/* Debian bookworm: /lib is a link to usr/lib, while packages still list lib/…; node packages, python's
 * egg-info and a jar of the distribution beside ones that are not. */
static void test_owned_files(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s,
        "lib>usr/lib usr/ usr/lib/ usr/lib/hdparm/tool usr/share/nodejs/abbrev/package.json "
        "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO usr/share/java/a.jar usr/bin/dockerd "
        "usr/bin/own usr/bin/plain " STATUS);
    test_package(l, VL_ECO_DEB, "hdparm", "9.65", STATUS)->arch = "amd64";
    test_package(l, VL_ECO_DEB, "node-abbrev", "1.1.1", STATUS)->arch = "all";
    test_package(l, VL_ECO_DEB, "libc6", "2.36", STATUS)->arch = "amd64";
    test_package(l, VL_ECO_DEB, "libc6", "2.36", STATUS)->arch = "i386";
    test_package(l, VL_ECO_NPM, "abbrev", "1.1.1", "usr/share/nodejs/abbrev/package.json")->flags =
        VL_PACKAGE_MAIN;
    test_package(
        l, VL_ECO_PYPI, "six", "1.16.0", "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO");
    test_package(l, VL_ECO_MAVEN, "g:a", "1", "usr/share/java/a.jar!b.jar");
    test_package(l, VL_ECO_GO, "m", "1", "usr/bin/dockerd");
    test_package(l, VL_ECO_GO, "n", "1", "usr/bin/own");
    test_unidentified(l, "usr/lib/hdparm/tool");
    test_unidentified(l, "usr/bin/plain");
    test_owned(
        l, "node-abbrev", NULL, "usr/share/nodejs/abbrev/index.js\nusr/share/nodejs/abbrev/package.json");
    test_owned(l, "hdparm", NULL, "lib/hdparm/tool\nusr/bin/dockerd");
    test_owned(l, "libc6", "i386",
        "usr/share/java/a.jar\nusr/lib/python3/dist-packages/six-1.16.0.egg-info/top_level.txt");
    test_owned(l, "removed", NULL, "usr/bin/own\nusr/bin/plain"); /* its list stayed behind */
    l = test_layer(&s, "usr/bin/dockerd");                        /* COPY over a packaged file */
    test_package(l, VL_ECO_GO, "m", "2", "usr/bin/dockerd");
    test_assemble(&s);

    const struct vl_package *list = s.inventory->packages.items;
    const struct vl_package *abbrev = test_find(&s, "abbrev", NULL), *six = test_find(&s, "six", NULL),
                            *a = test_find(&s, "g:a", NULL);
    assert_int_equal(abbrev->flags, VL_PACKAGE_OS_OWNED);
    assert_string_equal(list[abbrev->owner].name, "node-abbrev");
    assert_true(six->flags & VL_PACKAGE_OS_OWNED);
    assert_string_equal(list[six->owner].arch, "i386");
    assert_true(a->flags & VL_PACKAGE_OS_OWNED);
    assert_int_equal(a->owner, six->owner);
    assert_int_equal(test_find(&s, "n", NULL)->owner, VL_PACKAGE_NONE);
    assert_false(test_find(&s, "n", NULL)->flags & VL_PACKAGE_OS_OWNED);
    assert_string_equal(test_find(&s, "m", NULL)->version, "2");
    assert_int_equal(test_find(&s, "m", NULL)->owner, VL_PACKAGE_NONE);
    assert_int_equal(test_find(&s, "hdparm", NULL)->owner, VL_PACKAGE_NONE);
    assert_int_equal(s.inventory->unidentified.len, 1);
    const struct vl_unidentified *u = s.inventory->unidentified.items;
    assert_string_equal(u->path, "usr/bin/plain");
    assert_int_equal(u->layer, 0);
    test_stack_done(&s);
}

/* The list of an older version of the package, in a lower layer, no longer speaks. */
static void test_older_lists(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, "usr/bin/tool " STATUS);
    test_package(l, VL_ECO_DEB, "tool", "1", STATUS);
    test_owned(l, "tool", NULL, "usr/bin/tool");
    test_package(l, VL_ECO_GO, "m", "1", "usr/bin/tool");
    l = test_layer(&s, STATUS);
    test_package(l, VL_ECO_DEB, "tool", "2", STATUS);
    test_owned(l, "tool", NULL, "usr/bin/other");
    test_assemble(&s);
    assert_int_equal(test_find(&s, "m", NULL)->owner, VL_PACKAGE_NONE);
    test_stack_done(&s);
}

static void test_licenses(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s,
        STATUS " usr/share/doc/libssl3/ usr/share/doc/libssl3/copyright usr/share/doc/libssl-dev>libssl3");
    test_package(l, VL_ECO_DEB, "libssl3", "3", STATUS);
    test_package(l, VL_ECO_DEB, "libssl-dev", "3", STATUS);
    test_package(l, VL_ECO_DEB, "none", "3", STATUS);
    test_license(l, "libssl3", "Apache-2.0");
    test_license(l, "libssl3", "GPL-2+");
    test_license(test_layer(&s, "x"), "libssl3", "MIT");
    test_assemble(&s);
    const struct vl_package *p = test_find(&s, "libssl3", NULL);
    assert_int_equal(p->n_licenses, 1); /* the uppermost file */
    assert_string_equal(p->licenses[0], "MIT");
    p = test_find(&s, "libssl-dev", NULL);
    assert_int_equal(p->n_licenses, 1);
    assert_string_equal(p->licenses[0], "MIT");
    assert_int_equal(test_find(&s, "none", NULL)->n_licenses, 0);
    test_stack_done(&s);
}

/* Debian 12's support dates: endoflife of the standard support 2026-06-10, LTS 2028-06-30. */
static void test_distribution(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    test_distro(
        test_layer(&s, "usr/lib/os-release etc/os-release>../usr/lib/os-release"), 90, "debian", "11");
    test_distro(test_layer(&s, "usr/lib/os-release"), 90, "debian", "12");
    test_distro(test_layer(&s, "etc/debian_version"), 10, "debian", "12.5");
    s.layers[0]->sink.distro.codename = "bullseye"; /* hidden: must not come through */
    struct vl_package *p = test_package(test_layer(&s, STATUS), VL_ECO_DEB, "jq", "1.6-2.1", STATUS);
    p->arch = "amd64";
    test_assemble(&s);
    assert_string_equal(s.inventory->distro.id, "debian");
    assert_string_equal(s.inventory->distro.version_id, "12");
    assert_string_equal(s.inventory->distro.codename, "");
    assert_int_not_equal(s.inventory->distro.support, VL_SUPPORT_UNKNOWN);
    assert_true(s.inventory->distro.extended_ends_ms > s.inventory->distro.support_ends_ms);
    /* purl-spec, type deb: arch and distro qualifiers */
    assert_string_equal(
        test_find(&s, "jq", NULL)->purl, "pkg:deb/debian/jq@1.6-2.1?arch=amd64&distro=debian-12");
    test_stack_done(&s);
}

static void test_no_distribution(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    test_layer(&s, "app");
    test_assemble(&s);
    assert_string_equal(s.inventory->distro.id, "");
    assert_string_equal(s.inventory->distro.pretty_name, "");
    assert_int_equal(s.inventory->distro.support, VL_SUPPORT_UNKNOWN);
    assert_int_equal(s.inventory->packages.len, 0);
    test_stack_done(&s);
}

static void add_update(struct vl_layer_index *layer, const char *kb)
{
    struct vl_err err = VL_ERR_INIT;
    const char **slot = vl_vec_push(&layer->sink.updates, "updates", &err);
    assert_non_null(slot);
    *slot = kb;
}

/* The base layers are foreign: only the configuration tells the build. */
static void test_windows_by_configuration(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    s.inventory->target.os = "windows";
    s.inventory->target.os_version = "10.0.20348.2113";
    s.layers[s.n++] = NULL;
    struct vl_layer_index *l = test_layer(&s, "Files/app.exe");
    test_package(l, VL_ECO_NPM, "a", "1", "Files/node_modules/a/package.json");
    add_update(l, "KB5034129");
    add_update(l, "KB5033914");
    add_update(test_layer(&s, "Files/x"), "KB5034129");
    test_assemble(&s);
    assert_string_equal(s.inventory->distro.id, "windows");
    const struct vl_package *p = s.inventory->packages.items;
    assert_int_equal(s.inventory->packages.len, 2);
    assert_int_equal(p[0].ecosystem, VL_ECO_WINDOWS);
    assert_string_equal(p[0].version, "10.0.20348.2113");
    assert_int_equal(p[0].layer, VL_LAYER_NONE);
    assert_int_equal(s.inventory->updates.len, 2);
    assert_string_equal(*(const char **)vl_vec_at(&s.inventory->updates, 0), "KB5033914");
    assert_string_equal(*(const char **)vl_vec_at(&s.inventory->updates, 1), "KB5034129");
    test_stack_done(&s);
}

static void test_secrets(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, "app/.env app/key app/rotated app/moved");
    test_secret(l, "app/key", 1, "sha256:01");
    test_secret(l, "app/.env", 2, "sha256:02");
    test_secret(l, "app/rotated", 3, "sha256:03");
    test_secret(l, "app/.env", 9, "sha256:04");
    l = test_layer(&s, "app/.env -app/key app/rotated");
    test_secret(l, "app/.env", 5, "sha256:02"); /* copied up, moved down three lines */
    test_secret(l, "app/rotated", 3, "sha256:05");
    test_assemble(&s);
    static const struct {
        const char *path, *fingerprint;
        uint32_t line, layer;
        bool deleted;
    } rows[] = {
        {"app/.env", "sha256:02", 5, 0, false},
        {"app/.env", "sha256:04", 9, 0, true},
        {"app/key", "sha256:01", 1, 0, true},
        {"app/rotated", "sha256:03", 3, 0, true},
        {"app/rotated", "sha256:05", 3, 1, false},
    };
    assert_int_equal(s.inventory->secrets.len, VL_ARRAY_LEN(rows));
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const struct vl_secret *secret = vl_vec_at(&s.inventory->secrets, i);
        assert_string_equal(secret->path, rows[i].path);
        assert_string_equal(secret->fingerprint, rows[i].fingerprint);
        assert_int_equal(secret->line, rows[i].line);
        assert_int_equal(secret->layer, rows[i].layer);
        assert_int_equal(secret->deleted, rows[i].deleted);
    }
    test_stack_done(&s);
}

/* PEP 503: Zope.Interface and zope-interface are one name. */
static void test_told_twice(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s,
        "sp/zope.interface-5.4.dist-info/METADATA sp/Zope_Interface-5.4.egg-info/PKG-INFO sp/x-1.egg-info "
        "other/zope.interface-5.4.dist-info/METADATA app/package-lock.json app/node_modules/a/package.json "
        "app/node_modules/b/node_modules/a/package.json");
    test_package(l, VL_ECO_PYPI, "zope.interface", "5.4", "sp/zope.interface-5.4.dist-info/METADATA");
    test_package(l, VL_ECO_PYPI, "Zope_Interface", "5.4", "sp/Zope_Interface-5.4.egg-info/PKG-INFO");
    test_package(l, VL_ECO_PYPI, "zope.interface", "5.4", "other/zope.interface-5.4.dist-info/METADATA");
    test_package(l, VL_ECO_PYPI, "x", "1", "sp/x-1.egg-info");
    test_package(l, VL_ECO_PYPI, "x", "1", "sp/x-1.egg-info");
    test_package(l, VL_ECO_NPM, "a", "1.0.0", "app/node_modules/a/package.json");
    test_package(l, VL_ECO_NPM, "a", "1.0.0", "app/node_modules/b/node_modules/a/package.json");
    test_package(l, VL_ECO_NPM, "a", "1.0.0", "app/package-lock.json")->flags =
        VL_PACKAGE_LOCKED | VL_PACKAGE_INDIRECT;
    test_package(l, VL_ECO_NPM, "c", "1.0.0", "app/package-lock.json")->flags = VL_PACKAGE_LOCKED;
    test_package(l, VL_ECO_NPM, "shop", "3.0.0", "app/package.json")->flags = VL_PACKAGE_MAIN;
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 7);
    assert_non_null(test_find(&s, "other", NULL) ? NULL : "");
    size_t zope = 0;
    for (size_t i = 0; i < s.inventory->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&s.inventory->packages, i);
        zope += p->ecosystem == VL_ECO_PYPI && strcmp(p->version, "5.4") == 0;
    }
    assert_int_equal(zope, 2);
    assert_null(test_find(&s, "a", "app/package-lock.json"));
    assert_int_equal(test_find(&s, "a", "app/node_modules/a/package.json")->flags, VL_PACKAGE_INDIRECT);
    assert_non_null(test_find(&s, "a", "app/node_modules/b/node_modules/a/package.json"));
    assert_non_null(test_find(&s, "c", "app/package-lock.json"));
    assert_int_equal(test_find(&s, "shop", NULL)->flags, VL_PACKAGE_MAIN);
    test_stack_done(&s);
}

/* An application's deps.json beside its assemblies; a folder with an assembly alone. */
static void test_dotnet_told_twice(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s,
        "app/Shop.deps.json app/Newtonsoft.Json.dll app/runtimes/win/lib/net8.0/Native.dll plug/Polly.dll");
    test_package(l, VL_ECO_NUGET, "Newtonsoft.Json", "13.0.1", "app/Newtonsoft.Json.dll");
    test_package(l, VL_ECO_NUGET, "Newtonsoft.Json", "13.0.2", "app/Shop.deps.json");
    test_package(l, VL_ECO_NUGET, "Native", "1.0.0", "app/Shop.deps.json");
    test_package(l, VL_ECO_NUGET, "native", "1.0.0", "app/runtimes/win/lib/net8.0/Native.dll");
    test_package(l, VL_ECO_NUGET, "Polly", "7.2.3", "plug/Polly.dll");
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 3);
    assert_string_equal(test_find(&s, "Newtonsoft.Json", NULL)->version, "13.0.2");
    assert_non_null(test_find(&s, "Native", "app/Shop.deps.json"));
    assert_non_null(test_find(&s, "Polly", "plug/Polly.dll"));
    test_stack_done(&s);
}

/* A PHP project with its lock file, and another lock file above. */
static void test_composer_told_twice(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l =
        test_layer(&s, "web/composer.lock web/vendor/composer/installed.json composer.lock");
    test_package(l, VL_ECO_COMPOSER, "symfony/yaml", "v6.0.0", "web/vendor/composer/installed.json");
    test_package(l, VL_ECO_COMPOSER, "symfony/yaml", "v6.0.0", "web/composer.lock")->flags =
        VL_PACKAGE_LOCKED | VL_PACKAGE_DEV;
    test_package(l, VL_ECO_COMPOSER, "symfony/yaml", "v6.0.0", "composer.lock")->flags = VL_PACKAGE_LOCKED;
    test_assemble(&s);
    assert_int_equal(s.inventory->packages.len, 2);
    assert_int_equal(
        test_find(&s, "symfony/yaml", "web/vendor/composer/installed.json")->flags, VL_PACKAGE_DEV);
    assert_null(test_find(&s, "symfony/yaml", "web/composer.lock"));
    assert_non_null(test_find(&s, "symfony/yaml", "composer.lock"));
    test_stack_done(&s);
}

static void test_notes(void **state)
{
    (void)state;
    struct test_stack s;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, "a.jar b.jar");
    vl_notes_add(&l->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "a.jar", "damaged");
    test_layer(&s, "-a.jar");
    test_assemble(&s);
    assert_int_equal(s.inventory->notes.len, 1);
    assert_int_equal(s.inventory->notes.items[0].kind, VL_NOTE_INFO);
    assert_false(s.inventory->notes.partial);
    test_stack_done(&s);

    test_stack_init(&s);
    l = test_layer(&s, "a.jar b.jar");
    vl_notes_add(&l->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "b.jar", "damaged");
    vl_notes_add(&l->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, "layer", "cut");
    test_layer(&s, "-a.jar");
    test_assemble(&s);
    assert_int_equal(s.inventory->notes.len, 2);
    assert_true(s.inventory->notes.partial);
    test_stack_done(&s);
}

static void test_folder(void **state)
{
    (void)state;
    struct test_stack s;
    struct vl_err err = VL_ERR_INIT;
    test_stack_init(&s);
    struct vl_layer_index *l = test_layer(&s, "lib>usr/lib usr/lib/ usr/lib/x.jar lib/apk/db/installed");
    test_package(l, VL_ECO_APK, "x", "1", "lib/apk/db/installed");
    test_package(l, VL_ECO_MAVEN, "g:x", "1", "usr/lib/x.jar");
    test_owned(l, "x", NULL, "lib/x.jar");
    test_distro(l, 100, "alpine", "3.18.4");
    assert_int_equal(vl_scan_assemble_folder(l, s.inventory, &err), 0);
    assert_int_equal(s.inventory->packages.len, 2);
    assert_layer(&s, "x", "1", VL_LAYER_NONE);
    assert_layer(&s, "g:x", "1", VL_LAYER_NONE);
    assert_int_equal(test_find(&s, "g:x", NULL)->owner, 0);
    assert_string_equal(s.inventory->distro.version_id, "3.18.4");
    test_stack_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_files_give_nothing),
        cmocka_unit_test(test_nested_in_a_hidden_jar),
        cmocka_unit_test(test_layer_of_database_packages),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_deleted_database),
        cmocka_unit_test(test_database_under_another_name),
        cmocka_unit_test(test_copied_up),
        cmocka_unit_test(test_owned_files),
        cmocka_unit_test(test_older_lists),
        cmocka_unit_test(test_licenses),
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_no_distribution),
        cmocka_unit_test(test_windows_by_configuration),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_told_twice),
        cmocka_unit_test(test_dotnet_told_twice),
        cmocka_unit_test(test_composer_told_twice),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
