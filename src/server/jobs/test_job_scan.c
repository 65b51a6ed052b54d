/* tests: assess.c job_scan.c job_rematch.c
 * With workers, and a stand-in for the registry that counts what is asked of it; findings stand in
 * findings/test_advisory_db.h. tests/functional/test_server_scan has a real registry. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "findings/advisories.h"
#include "findings/test_advisory_db.h"
#include "jobs/ask.h"
#include "jobs/fetcher.h"
#include "jobs/handlers.h"
#include "jobs/job_rematch.h"
#include "jobs/job_scan.h"
#include "scan/inventory_codec.h"
#include "test_rows.h"

#define DIGEST(n) "sha256:00000000000000000000000000000000000000000000000000000000000000" n
#define WAIT_MS   20000

static char path[128];
static int64_t registry;
static struct vl_runner *runner;

static struct {
    atomic_uint scans, manifests;
    atomic_int fail; /* enum vl_err_code of the next scans; 0: they succeed */
    atomic_bool gone, no_image;
} there;

static int manifest(const struct vl_fetch_registry *r, const char *repository, const char *reference,
    struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err)
{
    there.manifests++;
    if (there.gone)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s/%s: not there", r->host, repository);
    *ret = (struct vl_fetch_manifest){.digest = vl_arena_strdup(arena, reference),
        .media_type = "application/vnd.oci.image.manifest.v1+json",
        .is_image = !there.no_image};
    return 0;
}

static int scan(const struct vl_fetch_registry *r, const char *repository, const char *digest,
    const struct vl_fetch_scan_options *options, struct vl_inventory **ret, struct vl_buf *ret_encoded,
    struct vl_err *err)
{
    there.scans++;
    if (options->progress("layer 1 of 2", options->user) < 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "stopped");
    if (there.fail)
        return vl_err_set(err, (enum vl_err_code)there.fail, "%s/%s: the registry died", r->host, repository);
    *ret = vl_test_inventory(digest);
    return vl_inventory_encode(*ret, ret_encoded, err);
}

static const struct vl_fetcher stand_in = {.manifest = manifest, .scan = scan};

struct asking {
    int64_t place;
    int priority;
};

static int ask_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct asking *a = user;
    return vl_ask_scan(conn, a->place, registry, a->priority, NULL, err);
}

static int64_t add_place(struct vl_test_server *s, const char *repository, const char *digest)
{
    static const struct vl_store_sql add = {
        "INSERT INTO registry_image (environment_id, registry_id, repository, digest, first_seen, last_seen, "
        "pushed_at) VALUES ($1, $2, $3, $4, 1, 1, 1) RETURNING id",
        NULL};
    return vl_rows_sql(s, &add, "iiss", vl_rows_first_environment(s), registry, repository, digest);
}

static const char *text_of(struct vl_test_server *s, const struct vl_store_sql *sql, int64_t id)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn = NULL;
    struct vl_stmt *stmt = NULL;
    const char *text = "";
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    if (vl_stmt_begin(conn, sql, &stmt, &err) < 0)
        fail_msg("%s", err.msg);
    vl_stmt_int(stmt, 1, id);
    if (vl_stmt_step(stmt, &err) > 0)
        text = vl_stmt_copy(stmt, 0, s->arena);
    vl_stmt_done(stmt);
    vl_store_read_done(conn);
    return text ? text : "";
}

static const struct vl_store_sql sql_state = {
    "SELECT state || ' ' || coalesce(error_code, '-') || ' ' || attempts || (CASE WHEN next_try > 0 THEN ' "
    "again' ELSE '' END) || (CASE WHEN fetched_at > 0 THEN ' seen' ELSE '' END) || (CASE WHEN deleted_at > 0 "
    "THEN ' gone' ELSE '' END) || ' ' || coalesce(stage, '-') FROM registry_image WHERE id = $1",
    NULL};
static const struct vl_store_sql sql_counts = {"SELECT i.assessed || ' ' || i.critical || ' ' || i.high || ' "
                                               "' || i.medium || ' ' || i.fixable || ' ' || i.kev || "
                                               "' ' || (SELECT count(*) FROM finding f WHERE f.image_id = "
                                               "i.id) FROM image i JOIN registry_image ri ON ri.image_id "
                                               "= i.id WHERE ri.id = $1",
    NULL};
static const struct vl_store_sql sql_why = {
    "SELECT why_not FROM image i JOIN registry_image ri ON ri.image_id = i.id WHERE ri.id = $1", NULL};
static const struct vl_store_sql sql_error = {"SELECT error FROM registry_image WHERE id = $1", NULL};
static const struct vl_store_sql sql_jobs = {
    "SELECT count(*) FROM job WHERE kind = 'scan' AND id > $1", NULL};
static const struct vl_store_sql sql_notices = {
    "SELECT count(*) || ' ' || coalesce(max(title), '-') FROM notice WHERE topic = 'finding' AND id > $1",
    NULL};

/* Waits until the text is as wanted. */
static void wait_for(struct vl_test_server *s, const struct vl_store_sql *sql, int64_t id, const char *want)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    int64_t until = vl_time_monotonic_us() + WAIT_MS * 1000LL;
    const char *text;
    while (strcmp(text = text_of(s, sql, id), want) != 0 && vl_time_monotonic_us() < until)
        nanosleep(&pause, NULL);
    assert_string_equal(text, want);
}

static int64_t ask(struct vl_test_server *s, const char *repository, const char *digest, int priority)
{
    struct vl_err err = VL_ERR_INIT;
    struct asking a = {add_place(s, repository, digest), priority};
    if (vl_store_write(s->app.store, ask_write, &a, &err) < 0)
        fail_msg("%s", err.msg);
    return a.place;
}

static void test_without_advisories(void **state)
{
    struct vl_test_server *s = *state;
    int64_t place = ask(s, "shop/a", DIGEST("a1"), VL_PRIORITY_PUSHED);
    wait_for(s, &sql_state, place, "3 - 0 seen -");
    assert_string_equal(text_of(s, &sql_counts, place), "2 0 0 0 0 0 0");
    assert_non_null(strstr(text_of(s, &sql_why, place), "there is no advisory database"));
    assert_string_equal(text_of(s, &sql_jobs, 0), "0");
}

/* Advisories come: the image is matched anew, and nothing is pulled. */
static void test_advisories_come(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    unsigned scans = there.scans, manifests = there.manifests;
    vl_test_advisory_db(path, false);
    usleep(VL_ADVISORIES_CHECK_MS * 1000 + 100000);
    if (vl_round_rematch(&s->app, &err) < 0)
        fail_msg("%s", err.msg);
    wait_for(s, &sql_counts, 1, "0 1 1 1 3 0 3");
    assert_string_equal(
        text_of(s, &sql_notices, 0), "1 1 new critical finding in shop/a@sha256:000000000000");
    assert_int_equal(there.scans, scans);
    assert_int_equal(there.manifests, manifests);
}

/* The same digest in another repository: its manifest is fetched, its layers are not. */
static void test_known_digest(void **state)
{
    struct vl_test_server *s = *state;
    unsigned scans = there.scans, manifests = there.manifests;
    int64_t place = ask(s, "shop/b", DIGEST("a1"), VL_PRIORITY_PUSHED);
    wait_for(s, &sql_state, place, "3 - 0 seen -");
    assert_int_equal(there.scans, scans);
    assert_int_equal(there.manifests, manifests + 1);
    assert_string_equal(text_of(s, &sql_counts, place), "0 1 1 1 3 0 3");
}

static void test_scan(void **state)
{
    struct vl_test_server *s = *state;
    int64_t place = ask(s, "shop/c", DIGEST("a2"), VL_PRIORITY_NEW);
    wait_for(s, &sql_state, place, "3 - 0 seen -");
    assert_string_equal(text_of(s, &sql_counts, place), "0 1 1 1 3 0 3");
    assert_non_null(strstr(text_of(s, &sql_notices, 0), "1 ")); /* a first look tells nobody */
}

static void test_newer_advisories(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    unsigned scans = there.scans;
    static const struct vl_store_sql history = {"SELECT added || ' ' || gone || ' ' || critical_added || ' ' "
                                                "|| why FROM image_match_change WHERE id > $1 "
                                                "ORDER BY id DESC LIMIT 1",
        NULL};
    vl_test_advisory_db(path, true);
    usleep(VL_ADVISORIES_CHECK_MS * 1000 + 100000);
    if (vl_round_rematch(&s->app, &err) < 0)
        fail_msg("%s", err.msg);
    wait_for(s, &sql_counts, 1, "0 2 1 1 4 1 4");
    wait_for(s, &sql_counts, 3, "0 2 1 1 4 1 4");
    assert_string_equal(text_of(s, &history, 0), "1 0 1 advisories");
    assert_int_equal(there.scans, scans);
    /* Everything is of this database now. */
    static const struct vl_store_sql jobs = {
        "SELECT count(*) FROM job WHERE kind = 'rematch' AND id > $1", NULL};
    wait_for(s, &jobs, 0, "0");
    if (vl_round_rematch(&s->app, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(text_of(s, &jobs, 0), "0");
}

static void test_errors(void **state)
{
    struct vl_test_server *s = *state;
    there.fail = VL_ERR_UNREACHABLE;
    int64_t place = ask(s, "shop/d", DIGEST("a3"), VL_PRIORITY_PUSHED);
    wait_for(s, &sql_state, place, "2 unreachable 1 again -");
    assert_non_null(strstr(text_of(s, &sql_error, place), "the registry died"));
    there.fail = 0;
    there.no_image = true;
    place = ask(s, "shop/e", DIGEST("a4"), VL_PRIORITY_PUSHED);
    wait_for(s, &sql_state, place, "2 unsupported 1 again -");
    there.no_image = false;
    there.gone = true;
    place = ask(s, "shop/f", DIGEST("a5"), VL_PRIORITY_PUSHED);
    wait_for(s, &sql_state, place, "1 - 1 gone -");
    there.gone = false;
}

/* Lists of another indexer are made anew, by a scan. */
static void test_reindex(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    unsigned scans = there.scans;
    static const struct vl_store_sql old = {"UPDATE image SET indexer_version = 0 WHERE digest = $1", NULL};
    static const struct vl_store_sql version = {
        "SELECT indexer_version FROM image i JOIN registry_image ri ON ri.image_id = i.id WHERE ri.id = $1",
        NULL};
    char now[16];
    (void)snprintf(now, sizeof(now), "%d", VL_INDEXER_VERSION);
    vl_rows_sql(s, &old, "s", DIGEST("a2"));
    if (vl_round_reindex(&s->app, &err) < 0)
        fail_msg("%s", err.msg);
    wait_for(s, &version, 3, now);
    assert_int_equal(there.scans, scans + 1);
}

static int set_up(void **state)
{
    static const struct vl_job_round no_rounds[] = {{0}};
    static const struct vl_runner_options options = {.workers = 2, .rounds = no_rounds};
    static const struct vl_store_sql add = {
        "INSERT INTO registry (environment_id, name, host, kind, created) VALUES "
        "($1, 'one', 'registry.example', 'generic', 1) RETURNING id",
        NULL};
    struct vl_err err = VL_ERR_INIT;
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, VL_ADVISORIES_FILE);
    s->app.fetcher = &stand_in;
    registry = vl_rows_sql(s, &add, "i", vl_rows_first_environment(s));
    return vl_runner_start(&s->app, &options, &runner, &err) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    vl_runner_stop(runner);
    return vl_test_server_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_advisories),
        cmocka_unit_test(test_advisories_come),
        cmocka_unit_test(test_known_digest),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_newer_advisories),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_reindex),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
