/* tests: runner.c round_feed.c
 *
 * Workers with handlers of this test's own: what jobs/runner.h and store/queue.h promise, on a server's
 * database. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "jobs/handlers.h"
#include "store/feed.h"
#include "test_server.h"

#define WAIT_MS 20000
#define SOON_US 3000000 /* the queue is looked at every 5 s, whatever is heard */

static atomic_int runs, failures, given_up, started, ended, most, conflicts, rounds;
static atomic_bool let_go;

static void nap(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static bool wait_for(const atomic_int *what, int want)
{
    for (int i = 0; i < WAIT_MS / 5 && *what < want; i++)
        nap(5);
    return *what >= want;
}

static int run_good(struct vl_job_run *run, struct vl_err *err)
{
    (void)err;
    int64_t n = 0;
    (void)vl_doc_int(vl_doc_get(run->payload, "n"), &n);
    runs += (int)n;
    return 0;
}

/* Fails twice, then is well. */
static int run_flaky(struct vl_job_run *run, struct vl_err *err)
{
    runs++;
    return run->job->attempt < 3 ? vl_err_set(err, VL_ERR_UNREACHABLE, "no such host") : 0;
}

static int run_bad(struct vl_job_run *run, struct vl_err *err)
{
    (void)run;
    runs++;
    return vl_err_set(err, VL_ERR_INVALID, "never good");
}

static int on_failed(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms,
    const struct vl_err *why, struct vl_err *err)
{
    (void)conn;
    (void)err;
    (void)run;
    failures++;
    if (next_ms == INT64_MAX)
        given_up++;
    return why->msg[0] ? 0 : -EINVAL;
}

/* Runs until it is let go, or told to stop. */
static int run_long(struct vl_job_run *run, struct vl_err *err)
{
    int now = ++started - ended;
    if (now > most)
        most = now;
    while (!let_go && !vl_job_stopping(run))
        nap(2);
    ended++;
    return let_go ? 0 : vl_err_set(err, VL_ERR_CONFLICT, "it was stopped");
}

static int steal_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {
        "UPDATE job SET worker = 'another', attempt = attempt + 1, lease_until = $1 WHERE kind = 'lost'",
        NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    (void)user;
    int r = vl_stmt_begin(conn, &sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, vl_time_now_ms() + 3600000);
    return vl_stmt_run(stmt, NULL, err);
}

static int done_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_job_done(conn, user, err);
}

/* Another takes the job: this one is told, and can no longer store a result. */
static int run_lost(struct vl_job_run *run, struct vl_err *err)
{
    int r = vl_job_write(run, steal_write, NULL, err);
    for (int i = 0; i < WAIT_MS / 5 && r >= 0 && !vl_job_stopping(run); i++)
        nap(5);
    if (r >= 0 && vl_job_stopping(run))
        r = vl_job_write(run, done_write, run, err);
    if (r < 0 && err->code == VL_ERR_CONFLICT)
        conflicts++;
    return r;
}

static const struct vl_job_handler handlers[] = {
    {.kind = "good", .tries = 3, .first_pause_ms = 10, .run = run_good},
    {.kind = "flaky", .tries = 5, .first_pause_ms = 10, .run = run_flaky, .failed = on_failed},
    {.kind = "bad", .tries = 3, .first_pause_ms = 10, .run = run_bad, .failed = on_failed},
    {.kind = "long", .tries = 3, .first_pause_ms = 10, .run = run_long, .failed = on_failed},
    {.kind = "lost", .tries = 3, .first_pause_ms = 10, .run = run_lost, .failed = on_failed},
    {0},
};

static int round_add(struct vl_server_app *app, struct vl_err *err)
{
    (void)app;
    rounds++;
    return rounds == 1 ? vl_err_set(err, VL_ERR_SYSTEM, "the first time does not work") : 0;
}
static const struct vl_job_round round_list[] = {{"test", 10, round_add}, {0}};

struct adding {
    const char *kind, *key, *group, *payload;
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct adding *a = user;
    return vl_job_add(conn, a->kind, a->key, a->group, 10, 0, vl_span_str(a->payload), err);
}

static void add(
    struct vl_test_server *s, const char *kind, const char *key, const char *group, const char *payload)
{
    struct vl_err err = VL_ERR_INIT;
    struct adding a = {kind, key, group, payload};
    if (vl_store_write(s->app.store, add_write, &a, &err) < 0)
        fail_msg("%s", err.msg);
}

static struct vl_queue_counts count(struct vl_test_server *s, const char *kind)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts counts = {0};
    if (vl_store_read(s->app.store, &conn, &err) < 0 || vl_queue_count(conn, kind, &counts, &err) < 0)
        fail_msg("%s", err.msg);
    return counts;
}

/* Until no job of the kind waits or runs. */
static struct vl_queue_counts drain(struct vl_test_server *s, const char *kind)
{
    struct vl_queue_counts counts = count(s, kind);
    for (int i = 0; i < WAIT_MS / 10 && counts.waiting + counts.running > 0; i++) {
        nap(10);
        counts = count(s, kind);
    }
    assert_int_equal(counts.waiting + counts.running, 0);
    return counts;
}

static struct vl_runner *start(struct vl_test_server *s, int64_t lease_ms)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_runner *runner = NULL;
    const struct vl_runner_options options = {
        .workers = 4, .handlers = handlers, .rounds = round_list, .lease_ms = lease_ms};
    runs = failures = given_up = started = ended = most = conflicts = 0;
    let_go = false;
    if (vl_runner_start(&s->app, &options, &runner, &err) < 0)
        fail_msg("%s", err.msg);
    return runner;
}

/* Each job once, those that were there before and those that come. */
static void test_all_run(void **state)
{
    struct vl_test_server *s = *state;
    char key[16];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof(key), "before-%d", i);
        add(s, "good", key, "", "{\"n\":1}");
    }
    struct vl_runner *runner = start(s, 0);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof(key), "after-%d", i);
        add(s, "good", key, "", "{\"n\":1}");
    }
    (void)drain(s, "good");
    assert_int_equal(runs, 40);
    /* One that comes when all is quiet is not left lying until the next look. */
    int64_t before = vl_time_monotonic_us();
    add(s, "good", "quiet", "", "{\"n\":1}");
    assert_true(wait_for(&runs, 41));
    assert_true(vl_time_monotonic_us() - before < 2000000);
    add(s, "good", "no json", "", "{");
    assert_int_equal(drain(s, "good").dead, 0 + 1);
    assert_int_equal(runs, 41);
    vl_runner_stop(runner);
}

static void test_retries(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_runner *runner = start(s, 0);
    int64_t before = vl_time_monotonic_us();
    add(s, "flaky", "1", "", "");
    assert_int_equal(drain(s, "flaky").dead, 0);
    assert_int_equal(runs, 3);
    assert_int_equal(failures, 2);
    assert_int_equal(given_up, 0);
    int64_t took = vl_time_monotonic_us() - before;
    assert_true(took >= (10 + 20) * 1000); /* the pause doubles */
    assert_true(took < SOON_US);           /* the workers that had nothing to do know of it */
    add(s, "bad", "1", "", "");
    assert_int_equal(drain(s, "bad").dead, 1);
    assert_int_equal(runs, 3 + 3);
    assert_int_equal(failures, 2 + 3);
    assert_int_equal(given_up, 1);
    assert_true(rounds > 1);
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_leader_try(s->app.store, "rounds", "another", 1000, &err), 0);
    vl_runner_stop(runner);
    assert_int_equal(vl_leader_try(s->app.store, "rounds", "another", -1, &err), 1); /* it was given up */
}

/* Two of a group at a time, and another group beside them. */
static void test_groups(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const keys[] = {"a", "b", "c", "d"};
    struct vl_runner *runner = start(s, 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++)
        add(s, "long", keys[i], "registry:1", "");
    assert_true(wait_for(&started, 2));
    add(s, "good", "beside", "registry:2", "{\"n\":1}");
    assert_true(wait_for(&runs, 1));
    assert_int_equal(started, 2);
    nap(300); /* the two that are left have looked, found the group full, and wait */
    int64_t before = vl_time_monotonic_us();
    let_go = true;
    (void)drain(s, "long");
    assert_true(vl_time_monotonic_us() - before < SOON_US);
    assert_int_equal(started, 4);
    assert_int_equal(most, 2);
    vl_runner_stop(runner);
}

/* What runs when the program stops runs again after its next start, and no attempt was counted. */
static void test_stop(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_runner *runner = start(s, 0);
    add(s, "long", "stopped", "", "");
    assert_true(wait_for(&started, 1));
    int64_t before = vl_time_monotonic_us();
    vl_runner_stop(runner);
    assert_true(vl_time_monotonic_us() - before < 5000000);
    assert_int_equal(ended, 1);
    assert_int_equal(failures, 0);
    assert_int_equal(count(s, "long").waiting, 1);
    assert_int_equal(count(s, "long").running, 0);
    runner = start(s, 0);
    let_go = true;
    assert_int_equal(drain(s, "long").dead, 0);
    assert_int_equal(started, 1);
    vl_runner_stop(runner);
}

static void test_lost_lease(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_runner *runner = start(s, 300);
    add(s, "lost", "1", "", "");
    assert_true(wait_for(&conflicts, 1));
    vl_runner_stop(runner);
    assert_int_equal(failures, 0);                 /* it is not this one's to fail */
    assert_int_equal(count(s, "lost").running, 1); /* the other has it */

    /* The other never comes back. On SQLite a start knows that; else the lease ends. It is taken again, and
     * after as many tries as it has, it is given up. */
    if (vl_store_kind(s->app.store) != VL_STORE_SQLITE)
        return;
    runner = start(s, 300);
    assert_true(wait_for(&conflicts, 1));
    vl_runner_stop(runner);
    runner = start(s, 300);
    assert_int_equal(drain(s, "lost").dead, 1);
    assert_int_equal(given_up, 1);
    vl_runner_stop(runner);
}

/* A lease is held as long as the handler runs, however long that is. The lease is longer than a busy machine
 * keeps a thread or a write waiting, and the handler runs longer than the lease. */
static void test_renewal(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_runner *runner = start(s, 3000);
    add(s, "long", "held", "", "");
    assert_true(wait_for(&started, 1));
    for (int i = 0; i < 10; i++) { /* each look for work would take it away */
        nap(400);
        add(s, "good", "look", "", "{\"n\":1}");
    }
    assert_int_equal(started, 1);
    let_go = true;
    (void)drain(s, "long");
    assert_int_equal(started, 1);
    vl_runner_stop(runner);
}

static int tell_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    int r = vl_feed_add(conn, 0, "old", "", err);
    return r < 0 ? r : vl_feed_add(conn, 0, "new", "", err);
}

static int old_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {"UPDATE change SET at = at - 90000000 WHERE topic = 'old'", NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    (void)user;
    int r = vl_stmt_begin(conn, &sql, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static int64_t changes(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (vl_store_read(s->app.store, &conn, &err) < 0 || vl_stmt_begin(conn, sql, &stmt, &err) < 0 ||
        vl_stmt_step(stmt, &err) < 1)
        fail_msg("%s", err.msg);
    return vl_stmt_get_int(stmt, 0);
}

/* 25 hours old, and of now. */
static void test_feed(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static const struct vl_store_sql olds = {"SELECT count(*) FROM change WHERE topic = 'old'", NULL};
    static const struct vl_store_sql news = {"SELECT count(*) FROM change WHERE topic = 'new'", NULL};
    assert_true(vl_store_write(s->app.store, tell_write, NULL, &err) >= 0);
    assert_true(vl_store_write(s->app.store, old_write, NULL, &err) >= 0);
    assert_int_equal(changes(s, &olds), 1);
    assert_true(vl_round_feed(&s->app, &err) >= 0);
    assert_int_equal(changes(s, &olds), 0);
    assert_int_equal(changes(s, &news), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_run),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_lost_lease),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_feed),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
