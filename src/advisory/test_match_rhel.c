/* tests: match.c. Red Hat's platforms: an extended channel and its release, modules, sources without
 * binaries; Oracle's builds of another flavour. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisory/build.h"
#include "base/vec.h"
#include "feed/parse.h"
#include "record.h"

struct fixture {
    char path[64];
    struct vl_advisory_db *db;
    struct vl_arena *arena;
    struct vl_advisory_matcher *matcher;
};

static const struct vl_distro rhel9 = {.id = "rhel", .pretty_name = "", .version_id = "9.2", .codename = ""};

#define AFFECTED(in, name, fix, how)                                          \
    {.space = VL_SPAN_LIT(in),                                                \
        .package = VL_SPAN_LIT(name),                                         \
        .state = (how),                                                       \
        .ranges = &(const struct vl_record_range){.fixed = VL_SPAN_LIT(fix)}, \
        .n_ranges = 1}

static void put(
    struct vl_record_sink *sink, const char *id, const struct vl_record_affected *affected, size_t n)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_record record = {.id = vl_span_str(id), .affected = affected, .n_affected = n};
    assert_int_equal(vl_record_emit(sink, &record, &err), 0);
}

static void put_records(struct vl_record_sink *sink)
{
    /* fixed for both; the channel's fix is the lower one */
    const struct vl_record_affected both[] = {AFFECTED("rhel:9", "curl", "7.76.1-26.el9_3.2", VL_FIX_FIXED),
        AFFECTED("rhel-eus:9.2", "curl", "7.76.1-23.el9_2.4", VL_FIX_FIXED)};
    /* the release alone is spoken of */
    const struct vl_record_affected release[] = {AFFECTED("rhel:9", "curl", "", VL_FIX_DEFERRED)};
    const struct vl_record_affected source[] = {AFFECTED("rhel:9", "src:curl", "", VL_FIX_WONT)};
    struct vl_record_affected module[] = {AFFECTED("rhel:9", "nodejs", "1:18.17.1-1", VL_FIX_FIXED)};
    module[0].module = VL_SPAN_LIT("nodejs:18");
    /* the form of Oracle's versions */
    const struct vl_record_affected gnutls[] = {
        AFFECTED("oracle:8", "gnutls", "3.6.16-6.el8_7", VL_FIX_FIXED),
        AFFECTED("oracle-fips:8", "gnutls", "10:3.6.16-6.0.1.el8_fips", VL_FIX_FIXED)};
    const struct vl_record_affected glibc[] = {
        AFFECTED("oracle-ksplice:8", "glibc", "2:2.28-225.0.4.ksplice1.el8_8.6", VL_FIX_FIXED)};
    put(sink, "CVE-2023-0361", gnutls, 2);
    put(sink, "CVE-2023-4911", glibc, 1);
    put(sink, "CVE-2023-38545", both, 2);
    put(sink, "CVE-2024-0001", release, 1);
    put(sink, "CVE-2024-0002", source, 1);
    put(sink, "CVE-2023-0001", module, 1);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_builder *b;
    struct vl_advisory_feed feed = {.name = "redhat", .title = "Red Hat", .url = ""};
    if (!f)
        return -1;
    (void)snprintf(f->path, sizeof(f->path), "/tmp/vallum-test-rhel-%ld.vadb", (long)getpid());
    f->arena = vl_arena_new(16UL << 20);
    assert_int_equal(vl_advisory_builder_new(NULL, &b, &err), 0);
    assert_int_equal(vl_advisory_builder_begin(b, &feed, &err), 0);
    put_records(vl_advisory_builder_sink(b));
    vl_advisory_builder_end(b, 1);
    int r = vl_advisory_builder_finish(b, f->path, NULL, &err);
    vl_advisory_builder_free(b);
    if (r == 0)
        r = vl_advisory_db_open(f->path, &f->db, &err);
    if (r == 0)
        r = vl_advisory_matcher_new(f->db, &rhel9, &f->matcher, &err);
    if (r < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    *state = f;
    return r;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    vl_advisory_matcher_free(f->matcher);
    vl_advisory_db_close(f->db);
    vl_arena_free(f->arena);
    unlink(f->path);
    free(f);
    return 0;
}

static void assert_matches(struct fixture *f, const struct vl_package *package, const char *expected)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_vec matches;
    char *text = vl_arena_strdup(f->arena, "");
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 100);
    assert_int_equal(vl_advisory_match(f->matcher, package, f->arena, &matches, &err), 0);
    for (size_t i = 0; i < matches.len; i++) {
        const struct vl_advisory_match *m = vl_vec_at(&matches, i);
        struct vl_finding d = {0};
        assert_int_equal(vl_advisory_describe(f->db, m->record, NULL, f->arena, &d, &err), 0);
        text = vl_arena_printf(f->arena, "%s%s%s=%s", text, i ? " " : "", d.id,
            m->fixed_version ? m->fixed_version : vl_fix_state_name(m->state));
    }
    vl_vec_done(&matches);
    assert_string_equal(text, expected);
}

static struct vl_package rpm(const char *name, const char *version, const char *source)
{
    return (struct vl_package){.ecosystem = VL_ECO_RPM,
        .name = name,
        .version = version,
        .source_name = source,
        .vendor = "Red Hat, Inc."};
}

static void test_channel_and_release(void **state)
{
    struct fixture *f = *state;
    struct vl_package old = rpm("curl", "7.76.1-23.el9_2.3", "curl");
    struct vl_package fixed = rpm("curl", "7.76.1-23.el9_2.4", "curl");
    struct vl_package release = rpm("curl", "7.76.1-26.el9", "curl");
    assert_matches(
        f, &old, "CVE-2023-38545=7.76.1-23.el9_2.4 CVE-2024-0001=deferred CVE-2024-0002=will_not_fix");
    assert_matches(f, &fixed, "CVE-2024-0001=deferred CVE-2024-0002=will_not_fix");
    assert_matches(
        f, &release, "CVE-2023-38545=7.76.1-26.el9_3.2 CVE-2024-0001=deferred CVE-2024-0002=will_not_fix");
}

static void test_source(void **state)
{
    struct fixture *f = *state;
    struct vl_package lib = rpm("libcurl-minimal", "7.76.1-26.el9_3.2", "curl");
    struct vl_package other = rpm("zlib", "1.2.11-40.el9", "zlib");
    assert_matches(f, &lib, "CVE-2024-0002=will_not_fix");
    assert_matches(f, &other, "");
}

static void test_module(void **state)
{
    struct fixture *f = *state;
    struct vl_package node = rpm("nodejs", "1:18.16.1-1.module+el9.2.0", "nodejs");
    node.module = "nodejs:18:9020020230825081254";
    assert_matches(f, &node, "CVE-2023-0001=1:18.17.1-1");
    node.module = "nodejs:16:9020020230825081254";
    assert_matches(f, &node, "");
    struct vl_package plain =
        rpm("nodejs", "1:16.20.1-1.el9_2", "nodejs"); /* of no module that anybody knows */
    assert_matches(f, &plain, "CVE-2023-0001=1:18.17.1-1");
}

/* Their epochs put all other builds below their fixes, and themselves above all others'. */
static void test_oracle_flavours(void **state)
{
    struct fixture *f = *state;
    static const struct vl_distro ol8 = {.id = "ol", .pretty_name = "", .version_id = "8.8", .codename = ""};
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_matcher *rhel = f->matcher;
    assert_int_equal(vl_advisory_matcher_new(f->db, &ol8, &f->matcher, &err), 0);
    struct vl_package gnutls = rpm("gnutls", "3.6.16-4.el8", "gnutls");
    gnutls.vendor = "Oracle America";
    assert_matches(f, &gnutls, "CVE-2023-0361=3.6.16-6.el8_7");
    gnutls.version = "3.6.16-6.el8_7";
    assert_matches(f, &gnutls, "");
    gnutls.version = "10:3.6.16-4.0.1.el8_fips";
    assert_matches(f, &gnutls, "CVE-2023-0361=10:3.6.16-6.0.1.el8_fips");
    gnutls.version = "10:3.6.16-6.0.1.el8_fips";
    assert_matches(f, &gnutls, "");
    struct vl_package glibc = rpm("glibc", "2.28-225.0.4.el8", "glibc");
    glibc.vendor = "Oracle America";
    assert_matches(f, &glibc, "");
    glibc.version = "2:2.28-211.0.1.ksplice1.el8";
    assert_matches(f, &glibc, "CVE-2023-4911=2:2.28-225.0.4.ksplice1.el8_8.6");
    vl_advisory_matcher_free(f->matcher);
    f->matcher = rhel;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_channel_and_release),
        cmocka_unit_test(test_source), cmocka_unit_test(test_module), cmocka_unit_test(test_oracle_flavours)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
