/* tests: advisories.c facts.c facts_cache.c repo_facts.c repo_facts_image.c
 * What is to be found stands in findings/test_advisory_db.h, by hand; what is stored is read by SQL of the
 * test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "findings/advisories.h"
#include "findings/repo_facts.h"
#include "findings/test_advisory_db.h"
#include "scan/inventory_codec.h"
#include "scan/remedy.h"
#include "test_server.h"

#define DIGEST "sha256:00000000000000000000000000000000000000000000000000000000000000aa"
#define OTHER  "sha256:00000000000000000000000000000000000000000000000000000000000000bb"
#define DAY    19000
#define NOW    (DAY * 86400000LL + 5)

static struct vl_advisories *advisories;
static struct vl_facts_cache *cache;
static char path[128];

struct stored {
    struct vl_facts *facts;
    const struct vl_facts_store *store;
    struct vl_facts_change change;
};

static int write_facts(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct stored *s = user;
    return vl_repo_facts_store(conn, s->facts, s->store, &s->change, err);
}

/* Matches and stores, as a scan (`why` "scan") or a rematch does. */
static struct vl_facts_change store(
    struct vl_test_server *t, struct vl_inventory *in, const char *digest, const char *why, int64_t now)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisories_hold hold;
    struct vl_scan_result *result = NULL;
    struct vl_facts_memo memo;
    struct vl_facts facts;
    struct vl_arena *arena = vl_arena_new(1UL << 24);
    struct vl_store_conn *conn = NULL;
    struct vl_buf encoded VL_CLEANUP(vl_buf_done), packed VL_CLEANUP(vl_buf_done);
    struct vl_facts_store how = {.digest = digest, .media_type = "m", .why = why, .now = now, .many = true};
    struct stored s = {.facts = &facts, .store = &how};
    vl_buf_init(&encoded, 1U << 24);
    vl_buf_init(&packed, 1U << 24);
    bool scan = strcmp(why, "scan") == 0;
    int r = vl_advisories_hold(advisories, &hold, &err);
    how.database_digest = hold.digest;
    if (r >= 0 && scan)
        r = vl_facts_list(in, arena, &how.list_hash, &encoded, &err);
    if (r >= 0 && scan)
        r = vl_inventory_pack(vl_buf_span(&encoded), &packed, &err);
    how.list = vl_buf_span(&packed);
    if (r >= 0)
        r = hold.matcher ? vl_scan_matcher_match(hold.matcher, in, NULL, &result, &err)
                         : vl_scan_match(in, NULL, NULL, &result, &err);
    if (r >= 0)
        r = vl_facts_memo_init(&memo, &err);
    if (r >= 0)
        r = vl_facts_make(result, &memo, scan, arena, &facts, &err);
    if (r >= 0)
        r = vl_store_read(t->app.store, &conn, &err);
    if (r >= 0)
        r = vl_repo_facts_resolve(conn, cache, &facts, scan, &err);
    vl_store_read_done(conn);
    if (r >= 0 && vl_facts_want_remedies(&facts))
        r = vl_scan_remedies(result, &err);
    if (r >= 0)
        r = vl_store_write(t->app.store, write_facts, &s, &err);
    if (r < 0)
        fail_msg("%s", err.msg);
    vl_facts_learn(cache, &facts);
    vl_facts_memo_done(&memo);
    vl_scan_result_free(result);
    vl_advisories_release(advisories, &hold);
    vl_arena_free(arena);
    return s.change;
}

/* All rows of a question, columns with blanks, rows with "; ". */
static const char *rows(struct vl_test_server *t, const struct vl_store_sql *sql)
{
    static char text[4096];
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn = NULL;
    struct vl_stmt *stmt = NULL;
    size_t len = 0;
    text[0] = '\0';
    assert_int_equal(vl_store_read(t->app.store, &conn, &err), 0);
    if (vl_stmt_begin(conn, sql, &stmt, &err) < 0)
        fail_msg("%s", err.msg);
    while (vl_stmt_step(stmt, &err) > 0)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", len ? "; " : "",
            VL_SPAN_FMT(vl_stmt_get_text(stmt, 0)));
    vl_stmt_done(stmt);
    vl_store_read_done(conn);
    return text;
}

static const struct vl_store_sql findings = {"SELECT i.digest || ' ' || v.name || ' ' || p.name || ' ' || "
                                             "f.status || ' ' || f.day || ' ' || f.layer || ' ' "
                                             "|| pv.severity || ' ' || coalesce(pv.fixed_version, '-') FROM "
                                             "finding f JOIN image i ON i.id = f.image_id JOIN "
                                             "package_vulnerability pv ON pv.id = f.match_id JOIN "
                                             "vulnerability v ON v.id = pv.vulnerability_id JOIN package "
                                             "p ON p.id = pv.package_id ORDER BY 1",
    NULL};
static const struct vl_store_sql images = {
    "SELECT digest || ' ' || assessed || ' ' || critical || ' ' || high || ' ' || medium || ' ' || low || ' "
    "' || fixable || ' ' || kev || ' ' || distro || ' ' || size FROM image ORDER BY digest",
    NULL};
static const struct vl_store_sql lists = {"SELECT packages || ' ' || (SELECT count(*) FROM list_set ls JOIN "
                                          "set_package p ON p.set_id = ls.set_id WHERE ls.list_id = l.id) "
                                          "FROM package_list l",
    NULL};
static const struct vl_store_sql history = {
    "SELECT added || ' ' || gone || ' ' || critical_added || ' ' || why FROM image_match_change ORDER BY id",
    NULL};
static const struct vl_store_sql worst = {
    "SELECT name || ' ' || severity || ' ' || (CASE WHEN kev_added > 0 THEN "
    "'kev' ELSE '-' END) FROM vulnerability ORDER BY name",
    NULL};
static const struct vl_store_sql remedies = {"SELECT count(*) || ' of ' || (SELECT count(*) FROM "
                                             "package_vulnerability) FROM package_vulnerability WHERE remedy "
                                             "IS NOT NULL",
    NULL};

#define ROW(digest, cve, package, layer, severity, fixed) \
    digest " " cve " " package " 0 19000 " layer " " severity " " fixed

static void test_without_a_database(void **state)
{
    struct vl_test_server *t = *state;
    struct vl_facts_change c = store(t, vl_test_inventory(DIGEST), DIGEST, "scan", NOW);
    assert_int_equal(c.added, 0);
    assert_string_equal(rows(t, &findings), "");
    /* 2: not assessed; never "no findings" */
    assert_string_equal(rows(t, &images), DIGEST " 2 0 0 0 0 0 0 debian:12 2000");
    assert_string_equal(rows(t, &lists), "3 3");
}

static void test_scan(void **state)
{
    struct vl_test_server *t = *state;
    vl_test_advisory_db(path, false);
    usleep(VL_ADVISORIES_CHECK_MS * 1000 + 100000);
    struct vl_facts_change c = store(t, vl_test_inventory(DIGEST), DIGEST, "scan", NOW);
    assert_int_equal(c.added, 3);
    assert_int_equal(c.gone, 0);
    assert_int_equal(c.critical_added, 1);
    static const char want[] = ROW(DIGEST, "CVE-2019-10744", "lodash", "1", "5", "4.17.12") "; " ROW(DIGEST,
        "CVE-2022-37434", "zlib1g", "0", "3",
        "1:1.2.13.dfsg-1") "; " ROW(DIGEST, "CVE-2023-0286", "libssl3", "0", "4", "3.0.13-1");
    assert_string_equal(rows(t, &findings), want);
    assert_string_equal(rows(t, &images), DIGEST " 0 1 1 1 0 3 0 debian:12 2000");
    assert_string_equal(rows(t, &history), "0 0 0 scan; 3 0 1 scan");
    assert_string_equal(rows(t, &worst), "CVE-2019-10744 5 -; CVE-2022-37434 3 -; CVE-2023-0286 4 -");
    assert_string_equal(rows(t, &remedies), "3 of 3");
    /* The same again writes no finding, and keeps the day. */
    c = store(t, vl_test_inventory(DIGEST), DIGEST, "scan", NOW + 5 * 86400000LL);
    assert_int_equal(c.added + c.gone + c.changed, 0);
    assert_string_equal(rows(t, &findings), want);
}

/* Another image of the same parts shares the list and the interned rows. */
static void test_shared(void **state)
{
    struct vl_test_server *t = *state;
    struct vl_facts_change c = store(t, vl_test_inventory(OTHER), OTHER, "scan", NOW);
    assert_int_equal(c.added, 3);
    assert_int_equal(c.changed, 3); /* the findings alone */
    assert_string_equal(rows(t, &lists), "3 3");
    static const struct vl_store_sql shared = {
        "SELECT count(DISTINCT list_id) || ' ' || count(*) FROM image", NULL};
    assert_string_equal(rows(t, &shared), "1 2");
}

/* Newer advisories: one more critical, one that is exploited now. */
static void test_rematch(void **state)
{
    struct vl_test_server *t = *state;
    vl_test_advisory_db(path, true);
    usleep(VL_ADVISORIES_CHECK_MS * 1000 + 100000);
    struct vl_facts_change c = store(t, vl_test_inventory(DIGEST), DIGEST, "advisories", NOW + 86400000);
    assert_int_equal(c.added, 1);
    assert_int_equal(c.critical_added, 1);
    assert_int_equal(c.gone, 0);
    assert_string_equal(
        rows(t, &images), DIGEST " 0 2 1 1 0 4 1 debian:12 2000; " OTHER " 0 1 1 1 0 3 0 debian:12 2000");
    assert_non_null(strstr(rows(t, &findings), DIGEST " CVE-2020-8203 lodash 0 19001 1 5 4.17.20"));
    assert_non_null(strstr(rows(t, &worst), "CVE-2022-37434 3 kev"));
    /* And taken back. */
    vl_test_advisory_db(path, false);
    usleep(VL_ADVISORIES_CHECK_MS * 1000 + 100000);
    c = store(t, vl_test_inventory(DIGEST), DIGEST, "advisories", NOW + 2 * 86400000LL);
    assert_int_equal(c.added, 0);
    assert_int_equal(c.gone, 1);
    assert_null(strstr(rows(t, &findings), "CVE-2020-8203"));
    assert_non_null(strstr(rows(t, &worst), "CVE-2022-37434 3 -"));
    assert_string_equal(rows(t, &history),
        "0 0 0 scan; 3 0 1 scan; 0 0 0 scan; 3 0 1 scan; 1 0 1 advisories; 0 1 0 "
        "advisories");
}

/* Texts that no database takes, a package twice, one without a purl. */
static void test_hostile_texts(void **state)
{
    struct vl_test_server *t = *state;
    static const char digest[] = "sha256:00000000000000000000000000000000000000000000000000000000000000cc";
    struct vl_inventory *in = vl_test_inventory(digest);
    struct vl_package *p = vl_vec_at(&in->packages, 0);
    struct vl_err err = VL_ERR_INIT;
    static char big[VL_FACTS_TEXT_MAX * 2];
    memset(big, 'x', sizeof(big) - 1);
    p[0].name = "zl\xff\x1b[31mib";
    p[0].purl = NULL;
    p[1].version = big;
    struct vl_layer *l = vl_vec_at(&in->layers, 0);
    l->created_by = "RUN '; DROP TABLE image; -- \x01";
    struct vl_secret *s = vl_vec_push(&in->secrets, "secrets", &err);
    *s = (struct vl_secret){.rule = "aws\xc3",
        .title = "t",
        .path = "root/\xe2\x82",
        .redacted = "r",
        .fingerprint = "f",
        .layer = VL_LAYER_NONE,
        .severity = VL_SEVERITY_HIGH};
    struct vl_package *again = vl_vec_push(&in->packages, "packages", &err);
    *again = *(struct vl_package *)vl_vec_at(&in->packages, 2);
    again->path = "srv/other/package.json";
    again->layer = 0;
    struct vl_facts_change c = store(t, in, digest, "scan", NOW);
    assert_true(c.added >= 1);
    static const struct vl_store_sql mine = {"SELECT v.name || ' ' || f.layer FROM finding f JOIN "
                                             "package_vulnerability pv ON pv.id = f.match_id JOIN "
                                             "vulnerability v ON v.id = pv.vulnerability_id JOIN package p "
                                             "ON p.id = pv.package_id JOIN image i ON i.id = "
                                             "f.image_id WHERE p.name = 'lodash' AND i.digest LIKE '%cc'",
        NULL};
    assert_string_equal(rows(t, &mine), "CVE-2019-10744 0"); /* once, where it came first */
    assert_non_null(strstr(rows(t, &images), digest));
}

static void test_list_comes_back(void **state)
{
    struct vl_test_server *t = *state;
    static const struct vl_store_sql get = {
        "SELECT bytes FROM package_list WHERE id = (SELECT min(list_id) FROM image)", NULL};
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn = NULL;
    struct vl_stmt *stmt = NULL;
    struct vl_inventory *in = NULL;
    assert_int_equal(vl_store_read(t->app.store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, &get, &stmt, &err), 0);
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    if (vl_inventory_unpack(vl_stmt_get_blob(stmt, 0), &in, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(in->packages.len, 3);
    assert_null(in->target.digest);
    assert_string_equal(in->target.arch, "amd64");
    vl_inventory_free(in);
    vl_stmt_done(stmt);
    vl_store_read_done(conn);
}

static int set_up(void **state)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *t = *state;
    (void)snprintf(path, sizeof(path), "%s/advisories-test.vadb", t->folder);
    return vl_advisories_new(path, &advisories, &err) < 0 || vl_facts_cache_new(&cache, &err) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    vl_advisories_free(advisories);
    vl_facts_cache_free(cache);
    return vl_test_server_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_database),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_rematch),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_list_comes_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
