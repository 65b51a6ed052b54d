/* tests: rpm.c rpm_bdb.c rpm_ndb.c rpm_sqlite.c rpm_header.c rpm_source.c rpm_manifest.c. The databases in
 * corpus/rpm hold two packages built by rpmbuild 4.18 (the SQLite one was filled by rpm itself, the Berkeley
 * ones by libdb 5.3 in both byte orders), an old header with whole paths, and a key; what is expected is `rpm
 * -qa`. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "os/rpm_db.h"
#include "os/rpm_header.h"
#include "os/rpm_source.h"
#include "os/test_os_support.h"

static void load_seed(const char *name, struct vl_buf *out)
{
    char path[64];
    int n = snprintf(path, sizeof(path), "rpm/%s", name);
    assert_in_range(n, 1, sizeof(path) - 1);
    os_test_load(path, out);
}

static void check_packages(struct os_test *t)
{
    assert_int_equal(t->sink.packages.len, 3);
    const struct vl_package *p = os_test_find(t, "sample");
    assert_non_null(p);
    assert_int_equal(p->ecosystem, VL_ECO_RPM);
    assert_string_equal(p->version, "2:1.2-3.el9");
    assert_string_equal(p->arch, "noarch");
    assert_string_equal(p->vendor, "Example Vendor");
    assert_string_equal(p->module, "tools:1:2023:abcd");
    assert_string_equal(p->licenses[0], "MIT AND Zlib");
    assert_null(p->source_name);
    assert_null(p->source_version);
    p = os_test_find(t, "sample-libs");
    assert_string_equal(p->version, "1.2.1-3.el9"); /* epoch 0 is no epoch */
    assert_string_equal(p->source_name, "sample");
    assert_string_equal(p->source_version, "1.2-3.el9");
    p = os_test_find(t, "old");
    assert_null(p->vendor);
    assert_string_equal(p->source_name, "old-src");
    assert_null(p->source_version);
    assert_null(os_test_find(t, "gpg-pubkey"));
    /* neither the folder nor the ghost */
    assert_string_equal(os_test_owned(t, "sample")->paths, "etc/sample.d/a.conf\nusr/bin/sample");
    assert_string_equal(os_test_owned(t, "old")->paths, "usr/bin/old\netc/old.conf");
    assert_null(os_test_owned(t, "sample-libs"));
}

static void test_databases(void **state)
{
    (void)state;
    static const struct {
        const char *file, *path;
        size_t notes;
    } rows[] = {
        {"bdb_little", "var/lib/rpm/Packages", 1}, /* a value that is no header */
        {"bdb_big", "usr/share/rpm/Packages", 1},
        {"ndb", "usr/lib/sysimage/rpm/Packages.db", 1},
        {"sqlite", "var/lib/rpm/rpmdb.sqlite", 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct os_test t;
        VL_CLEANUP(vl_buf_done) struct vl_buf buf;
        load_seed(rows[i].file, &buf);
        os_test_init(&t);
        assert_int_equal(os_test_parse(&t, "rpm", rows[i].path, os_test_body(&buf)), 0);
        check_packages(&t);
        assert_int_equal(t.notes.len, rows[i].notes);
        os_test_done(&t);
    }
}

static void test_damage(void **state)
{
    (void)state;
    static const char *const files[] = {"bdb_little", "bdb_big", "ndb", "sqlite"};
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        struct os_test t;
        VL_CLEANUP(vl_buf_done) struct vl_buf buf;
        load_seed(files[i], &buf);
        os_test_init(&t);
        struct vl_span half = vl_span_slice(os_test_body(&buf), 0, buf.len * 2 / 3);
        assert_true(os_test_parse(&t, "rpm", "var/lib/rpm/Packages", half) < 0 || t.notes.partial);
        assert_non_null(strstr(t.err.msg, "var/lib/rpm/Packages"));
        os_test_done(&t);
    }
    struct os_test t;
    os_test_init(&t);
    assert_true(os_test_parse_str(&t, "rpm", "var/lib/rpm/Packages", "") < 0);
    assert_true(os_test_parse_str(&t, "rpm", "var/lib/rpm/Packages", "SQLite format 3") < 0);
    os_test_done(&t);
}

static void test_checksum_of_ndb(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    load_seed("ndb", &buf);
    buf.ptr[1 + 4096 + 40] ^= 1; /* inside the first blob */
    os_test_init(&t);
    assert_true(os_test_parse(&t, "rpm", "var/lib/rpm/Packages.db", os_test_body(&buf)) < 0);
    assert_int_equal(t.sink.packages.len, 2);
    os_test_done(&t);
}

static void test_hostile_sqlite(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    load_seed("sqlite", &buf);
    os_test_init(&t);
    /* the table under another name */
    for (size_t at; (at = vl_span_find(vl_buf_span(&buf), VL_SPAN_LIT("Packages"))) != SIZE_MAX;)
        buf.ptr[at] = 'Q';
    assert_true(os_test_parse(&t, "rpm", "var/lib/rpm/rpmdb.sqlite", os_test_body(&buf)) < 0);
    assert_non_null(strstr(t.err.msg, "SQLite"));
    os_test_done(&t);
}

static void test_header_limits(void **state)
{
    (void)state;
    static const char many[] = "\x00\x01\x00\x00\x00\x00\x00\x01";
    struct os_rpm_header h;
    struct vl_err err = VL_ERR_INIT;
    assert_true(os_rpm_header_parse((struct vl_span){many, 8}, &h, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    static const char nothing[] = "\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_true(os_rpm_header_parse((struct vl_span){nothing, 8}, &h, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_true(os_rpm_header_parse((struct vl_span){nothing, 5}, &h, &err) < 0);
}

static void test_source(void **state)
{
    (void)state;
    struct vl_span name, version;
    assert_true(
        os_rpm_source_split(VL_SPAN_LIT("java-17-openjdk-17.0.9.0.9-2.el9.src.rpm"), &name, &version));
    assert_true(vl_span_eq_str(name, "java-17-openjdk"));
    assert_true(vl_span_eq_str(version, "17.0.9.0.9-2.el9"));
    assert_true(os_rpm_source_split(VL_SPAN_LIT("kernel-1-2.nosrc.rpm"), &name, &version));
    assert_false(os_rpm_source_split(VL_SPAN_LIT("(none)"), &name, &version));
    assert_false(os_rpm_source_split(VL_SPAN_LIT("a-1.src.rpm"), &name, &version));
    assert_false(os_rpm_source_split(VL_SPAN_LIT("-1-1.src.rpm"), &name, &version));
}

static void test_manifest(void **state)
{
    (void)state;
    struct os_test t;
    VL_CLEANUP(vl_buf_done) struct vl_buf buf;
    load_seed("manifest", &buf);
    os_test_init(&t);
    assert_int_equal(
        os_test_parse(&t, "rpm/manifest", "var/lib/rpmmanifest/container-manifest-2", os_test_body(&buf)), 0);
    assert_int_equal(t.sink.packages.len, 2);
    const struct vl_package *p = os_test_find(&t, "openssl-libs");
    assert_string_equal(p->version, "1:3.3.2-1.azl3");
    assert_string_equal(p->source_name, "openssl");
    assert_string_equal(p->arch, "x86_64");
    assert_true(
        os_test_parse_str(&t, "rpm/manifest", "var/lib/rpmmanifest/container-manifest-2", "bash-5\n") < 0);
    os_test_done(&t);
}

static void test_wal(void **state)
{
    (void)state;
    struct os_test t;
    os_test_init(&t);
    assert_int_equal(os_test_parse_str(&t, "rpm/wal", "var/lib/rpm/rpmdb.sqlite-wal", ""), 0);
    assert_int_equal(t.notes.len, 0);
    static const char frames[64] = {0x37, 0x7f, 0x06};
    struct vl_span content = {frames, sizeof(frames)};
    assert_int_equal(os_test_parse(&t, "rpm/wal", "var/lib/rpm/rpmdb.sqlite-wal", content), 0);
    assert_true(t.notes.partial);
    os_test_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_databases),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_checksum_of_ndb),
        cmocka_unit_test(test_hostile_sqlite),
        cmocka_unit_test(test_header_limits),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_wal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
