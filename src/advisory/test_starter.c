/* The built-in starter set: facts of GitHub's advisories and of Debian's tracker about the demonstration
 * image. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advisory/feed.h"
#include "base/vec.h"

struct fixture {
    char path[64];
    struct vl_advisory_db *db;
    struct vl_arena *arena;
    struct vl_advisory_matcher *matcher;
};

static const struct vl_distro bookworm = {
    .id = "debian", .pretty_name = "", .version_id = "12", .codename = ""};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct vl_err err = VL_ERR_INIT;
    if (!f)
        return -1;
    (void)snprintf(f->path, sizeof(f->path), "/tmp/vallum-test-starter-%ld.vadb", (long)getpid());
    f->arena = vl_arena_new(64UL << 20);
    int r = vl_advisory_update_from_starter(f->path, 0, NULL, &err);
    if (r == 0)
        r = vl_advisory_db_open(f->path, &f->db, &err);
    if (r == 0)
        r = vl_advisory_matcher_new(f->db, &bookworm, &f->matcher, &err);
    if (r < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    *state = f;
    return r;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char lock[80];
    vl_advisory_matcher_free(f->matcher);
    vl_advisory_db_close(f->db);
    vl_arena_free(f->arena);
    unlink(f->path);
    (void)snprintf(lock, sizeof(lock), "%s.lock", f->path);
    unlink(lock);
    free(f);
    return 0;
}

/* "ID=FIXED" of each match, sorted as the database gives them. */
static const char *matches_of(struct fixture *f, const struct vl_package *package)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_vec matches;
    char *text = vl_arena_strdup(f->arena, "");
    vl_vec_init(&matches, sizeof(struct vl_advisory_match), 1000);
    assert_int_equal(vl_advisory_match(f->matcher, package, f->arena, &matches, &err), 0);
    for (size_t i = 0; i < matches.len; i++) {
        const struct vl_advisory_match *m = vl_vec_at(&matches, i);
        struct vl_finding d = {0};
        assert_int_equal(vl_advisory_describe(f->db, m->record, NULL, f->arena, &d, &err), 0);
        text = vl_arena_printf(f->arena, "%s%s=%s ", text, d.id,
            m->fixed_version ? m->fixed_version : vl_fix_state_name(m->state));
    }
    vl_vec_done(&matches);
    return text;
}

static void test_npm(void **state)
{
    struct fixture *f = *state;
    struct vl_package minimist = {.ecosystem = VL_ECO_NPM, .name = "minimist", .version = "0.0.8"};
    struct vl_package jwt = {.ecosystem = VL_ECO_NPM, .name = "jsonwebtoken", .version = "8.3.0"};
    struct vl_package lodash = {.ecosystem = VL_ECO_NPM, .name = "lodash", .version = "4.17.11"};
    struct vl_package ms = {.ecosystem = VL_ECO_NPM, .name = "ms", .version = "2.0.0"};
    assert_string_equal(matches_of(f, &minimist), "CVE-2020-7598=0.2.1 CVE-2021-44906=0.2.4 ");
    assert_string_equal(
        matches_of(f, &jwt), "CVE-2022-23539=9.0.0 CVE-2022-23541=9.0.0 CVE-2022-23540=9.0.0 ");
    assert_non_null(strstr(matches_of(f, &lodash), "CVE-2019-10744=4.17.12 "));
    assert_null(strstr(matches_of(f, &lodash), "CVE-2018-16487")); /* fixed in 4.17.11 itself */
    assert_string_equal(matches_of(f, &ms), "");
}

static void test_debian(void **state)
{
    struct fixture *f = *state;
    struct vl_package zlib = {
        .ecosystem = VL_ECO_DEB, .name = "zlib1g", .version = "1:1.2.13.dfsg-1", .source_name = "zlib"};
    struct vl_package old = {
        .ecosystem = VL_ECO_DEB, .name = "libc6", .version = "2.36-9+deb12u1", .source_name = "glibc"};
    struct vl_package base = {.ecosystem = VL_ECO_DEB, .name = "base-passwd", .version = "3.6.1"};
    assert_non_null(strstr(matches_of(f, &zlib), "CVE-2023-45853=will_not_fix "));
    assert_null(strstr(matches_of(f, &zlib), "CVE-2022-37434")); /* fixed in 1:1.2.11.dfsg-4.1 */
    assert_non_null(strstr(matches_of(f, &old), "CVE-2023-4911=2.36-9+deb12u3 ")); /* DSA 5514-1 */
    assert_string_equal(matches_of(f, &base), "");
}

static void test_coverage(void **state)
{
    struct fixture *f = *state;
    struct vl_err err = VL_ERR_INIT;
    static const struct vl_package covered[] = {
        {.ecosystem = VL_ECO_DEB, .name = "base-passwd", .version = "3.6.1"},
        {.ecosystem = VL_ECO_DEB, .name = "libssl3", .version = "3", .source_name = "openssl"},
        {.ecosystem = VL_ECO_DEB, .name = "libcrypt1", .version = "1", .source_name = "libxcrypt"},
        {.ecosystem = VL_ECO_DEB, .name = "libzstd1", .version = "1", .source_name = "libzstd"},
        {.ecosystem = VL_ECO_NPM, .name = "lodash.includes", .version = "4.3.0"},
        {.ecosystem = VL_ECO_NPM, .name = "yargs", .version = "3.10.0"},
    };
    bool yes;
    for (size_t i = 0; i < VL_ARRAY_LEN(covered); i++) {
        assert_int_equal(vl_advisory_covers(f->matcher, &covered[i], &yes, &err), 0);
        if (!yes)
            fail_msg("%s is not covered", covered[i].name);
    }
    struct vl_package other = {.ecosystem = VL_ECO_NPM, .name = "react", .version = "18.0.0"};
    const struct vl_coverage_row *row;
    assert_int_equal(vl_advisory_covers(f->matcher, &other, &yes, &err), 0);
    assert_false(yes);
    assert_int_equal(vl_advisory_coverage(f->matcher, &other, &row, &err), 0);
    assert_true(row->starter && row->has_data);
    /* the day of its head, though later advisories stand in it too */
    assert_int_equal(row->data_ms, 1764633600000LL);
    assert_string_equal(row->source, "starter set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npm), cmocka_unit_test(test_debian), cmocka_unit_test(test_coverage)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
