/* Which packages the data can speak about: whole feeds, and the starter set that names its packages. */
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
};

static void put(
    struct vl_advisory_builder *b, const char *name, bool starter, vl_feed_parse_fn *parse, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_arena *arena = vl_arena_new(16UL << 20);
    struct vl_advisory_feed feed = {.name = name, .title = name, .url = "", .starter = starter};
    struct vl_feed_context context = {name, NULL, arena};
    assert_int_equal(vl_advisory_builder_begin(b, &feed, &err), 0);
    if (parse(vl_span_str(text), name, &context, vl_advisory_builder_sink(b), &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    vl_advisory_builder_end(b, 1);
    vl_arena_free(arena);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_builder *b;
    if (!f)
        return -1;
    (void)snprintf(f->path, sizeof(f->path), "/tmp/vallum-test-coverage-%ld.vadb", (long)getpid());
    assert_int_equal(vl_advisory_builder_new(NULL, &b, &err), 0);
    put(b, "starter", true, vl_feed_parse_starter,
        "@date\t2026-08-22\n"
        "CVE-2019-10744\tGHSA-jf85-cpcp-j695\tnpm\tlodash\t-\t4.17.12\t-\t-\tcritical\t-\t2019-07-10\t-\t-\n"
        "-\t-\tnpm\tms\n"
        "CVE-2022-37434\t-\tdebian:12\tzlib\t-\t1:1.2.13-1\t-\t-\t-\t-\t-\t-\t-\n"
        "-\t-\tdebian:12\tbase-passwd\n"
        "-\t-\tdebian:13\tbase-passwd\n");
    put(b, "osv/PyPI", false, vl_feed_parse_osv,
        "{\"id\":\"PYSEC-1\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"a\"},\"versions\":"
        "[\"1\"]}]}");
    int r = vl_advisory_builder_finish(b, f->path, NULL, &err);
    vl_advisory_builder_free(b);
    if (r == 0)
        r = vl_advisory_db_open(f->path, &f->db, &err);
    if (r == 0)
        r = vl_advisory_db_verify(f->db, &err);
    if (r < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    *state = f;
    return r;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    vl_advisory_db_close(f->db);
    unlink(f->path);
    free(f);
    return 0;
}

static bool covers(struct vl_advisory_matcher *m, const struct vl_package *package)
{
    struct vl_err err = VL_ERR_INIT;
    bool yes;
    if (vl_advisory_covers(m, package, &yes, &err) < 0)
        fail_msg("%s", err.msg);
    return yes;
}

static void test_starter(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_matcher *m;
    struct vl_distro bookworm = {.id = "debian", .pretty_name = "", .version_id = "12", .codename = ""};
    struct vl_distro trixie = {.id = "debian", .pretty_name = "", .version_id = "13", .codename = ""};
    struct vl_package lib = {
        .ecosystem = VL_ECO_DEB, .name = "zlib1g", .version = "1:1.2.13", .source_name = "zlib"};
    struct vl_package passwd = {.ecosystem = VL_ECO_DEB, .name = "base-passwd", .version = "3.6"};
    struct vl_package vim = {.ecosystem = VL_ECO_DEB, .name = "vim", .version = "9", .source_name = "vim"};
    struct vl_package lodash = {.ecosystem = VL_ECO_NPM, .name = "lodash", .version = "4.17.21"};
    struct vl_package ms = {.ecosystem = VL_ECO_NPM, .name = "ms", .version = "2.0.0"};
    struct vl_package left = {.ecosystem = VL_ECO_NPM, .name = "left-pad", .version = "1.0.0"};
    assert_int_equal(vl_advisory_matcher_new(f->db, &bookworm, &m, &err), 0);
    assert_true(covers(m, &lib));
    assert_true(covers(m, &passwd));
    assert_false(covers(m, &vim));
    assert_true(covers(m, &lodash));
    assert_true(covers(m, &ms));
    assert_false(covers(m, &left));
    /* what is no package to be matched has no verdict, whatever its name */
    ms.flags = VL_PACKAGE_RANGE;
    assert_false(covers(m, &ms));
    passwd.vendor = "Docker <support@docker.com>";
    assert_false(covers(m, &passwd));
    passwd.vendor = NULL;
    /* of another release the set knows what it says of that release alone */
    assert_int_equal(vl_advisory_matcher_reset(m, &trixie, &err), 0);
    assert_true(covers(m, &passwd));
    assert_false(covers(m, &lib));
    vl_advisory_matcher_free(m);
}

static void test_whole_feed(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_matcher *m;
    struct vl_package any = {.ecosystem = VL_ECO_PYPI, .name = "Anything", .version = "1"};
    struct vl_package gem = {.ecosystem = VL_ECO_GEM, .name = "rack", .version = "1"};
    struct vl_package deb = {.ecosystem = VL_ECO_DEB, .name = "zlib1g", .version = "1"};
    assert_int_equal(vl_advisory_matcher_new(f->db, NULL, &m, &err), 0);
    assert_true(covers(m, &any));
    assert_false(covers(m, &gem));
    assert_false(covers(m, &deb)); /* of no distribution */
    struct vl_package rpm = {.ecosystem = VL_ECO_RPM, .name = "zlib", .version = "1", .vendor = "CentOS"};
    assert_false(covers(m, &rpm));
    vl_advisory_matcher_free(m);
}

/* A package without advisories matches nothing and is in no count of advisories. */
static void test_names(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisory_matcher *m;
    struct vl_advisory_counts counts;
    const struct vl_coverage_row *row;
    struct vl_package ms = {.ecosystem = VL_ECO_NPM, .name = "ms", .version = "2.0.0"};
    struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_vec matches;
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 10);
    assert_int_equal(vl_advisory_matcher_new(f->db, NULL, &m, &err), 0);
    assert_int_equal(vl_advisory_match(m, &ms, arena, &matches, &err), 0);
    assert_int_equal(matches.len, 0);
    assert_int_equal(vl_advisory_coverage(m, &ms, &row, &err), 0);
    assert_true(row->starter && row->has_data && row->records == 1);
    assert_int_equal(row->data_ms, 1787356800000); /* 2026-08-22 */
    vl_advisory_db_counts(f->db, &counts);
    assert_int_equal(counts.advisories, 3);
    assert_int_equal(counts.packages, 6);
    assert_int_equal(counts.rows, 3);
    vl_vec_done(&matches);
    vl_advisory_matcher_free(m);
    vl_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starter), cmocka_unit_test(test_whole_feed), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
