/* tests: job_digest.c repo_digest.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "respond/digest.h"
#include "test_server.h"

#define WAIT_MS 15000
#define DAY_MS  (24LL * 3600 * 1000)

static int run_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, user, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static void run(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, run_write, (void *)(uintptr_t)sql, &err) < 0)
        fail_msg("%s", err.msg);
}

static int64_t number(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    int r = vl_store_read(s->app.store, &conn, &err);
    if (r >= 0)
        r = vl_stmt_begin(conn, sql, &stmt, &err);
    if (r >= 0)
        r = vl_stmt_step(stmt, &err);
    if (r <= 0)
        fail_msg("%s", err.msg);
    return vl_stmt_get_int(stmt, 0);
}

static void wait_for(struct vl_test_server *s, const struct vl_store_sql *sql, int64_t want)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int64_t until = vl_time_monotonic_us() + WAIT_MS * 1000LL, now;
    while ((now = number(s, sql)) != want) {
        if (vl_time_monotonic_us() > until)
            fail_msg("%s: %lld, expected %lld", sql->text, (long long)now, (long long)want);
        (void)nanosleep(&pause, NULL);
    }
}

static const struct vl_store_sql sql_digests = {"SELECT count(*) FROM outbox WHERE topic = 'digest'", NULL};
static const struct vl_store_sql sql_jobs = {"SELECT count(*) FROM job WHERE kind = 'digest'", NULL};
static const struct vl_store_sql sql_setting = {"SELECT count(*) FROM setting WHERE name = 'digest'", NULL};
static const struct vl_store_sql sql_recent = {
    "SELECT count(*) FROM setting WHERE name = 'digest' AND value <> '{\"at\":1000}'", NULL};
static const struct vl_store_sql sql_long_ago = {
    "UPDATE setting SET value = '{\"at\":1000}' WHERE name = 'digest'", NULL};
static const struct vl_store_sql sql_channel = {
    "INSERT INTO channel (environment_id, name, kind, config, min_severity, topics, created) VALUES (1, "
    "'log', 'syslog', '{\"host\":\"127.0.0.1\",\"port\":1,\"transport\":\"tcp\"}', 5, '[\"digest\"]', 1)",
    NULL};
static const struct vl_store_sql sql_exemption = {"INSERT INTO exemption (environment_id, guid, category, "
                                                  "state, justification, requested_by, created) VALUES "
                                                  "(1, 'g', 1, 1, 'because', 'somebody', 1)",
    NULL};

static void round_trip(struct vl_test_server *s)
{
    struct vl_err err = VL_ERR_INIT;
    assert_true(vl_round_digest(&s->app, &err) >= 0);
    wait_for(s, &sql_jobs, 0);
}

/* Where there is nothing to say, nothing is said; and nothing in the first week. */
static void nothing_to_say(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    run(s, &sql_channel);
    assert_true(vl_server_app_work(&s->app, &err) >= 0);
    wait_for(s, &sql_setting, 1); /* the round at the start: a week begins */
    wait_for(s, &sql_jobs, 0);
    assert_int_equal(number(s, &sql_digests), 0);
    run(s, &sql_long_ago);
    round_trip(s);
    assert_int_equal(number(s, &sql_recent), 1);
    assert_int_equal(number(s, &sql_digests), 0);
}

static void something_to_say(void **state)
{
    struct vl_test_server *s = *state;
    run(s, &sql_exemption);
    round_trip(s);
    assert_int_equal(number(s, &sql_digests), 0); /* not yet a week */
    run(s, &sql_long_ago);
    round_trip(s);
    assert_int_equal(number(s, &sql_digests), 1); /* whatever least severity the channel has */
    round_trip(s);
    assert_int_equal(number(s, &sql_digests), 1); /* once */
}

static const char *value(const struct vl_notify_event *e, const char *name)
{
    for (size_t i = 0; i < e->n_facts; i++)
        if (strcmp(e->facts[i].name, name) == 0)
            return e->facts[i].value;
    return "";
}

static void what_it_says(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notify_event e;
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    int r = vl_digest_make(conn, 1, 0, 100 * DAY_MS, s->arena, &e, &err);
    if (r <= 0)
        fail_msg("%s", err.msg);
    assert_true(vl_span_starts_with(vl_span_str(e.title), "Review recommendations: "));
    assert_string_equal(value(&e, "Exemptions asked for"), "1 wait for approval");
    assert_non_null(strstr(value(&e, "Secure score"), "assessed"));
    assert_string_equal(e.object, "/recommendations");
    assert_true(
        vl_digest_make(conn, 99, 0, 100 * DAY_MS, s->arena, &e, &err) == 0); /* another environment's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_say), cmocka_unit_test(something_to_say), cmocka_unit_test(what_it_says)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
