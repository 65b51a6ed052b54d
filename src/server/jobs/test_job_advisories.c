/* tests: advisories_main.c job_advisories.c
 * Feeds by file:// from the one folder that the process may see; the process is this program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/time.h"
#include "findings/advisories.h"
#include "jobs/handlers.h"
#include "jobs/job_advisories.h"
#include "test_rows.h"

static struct vl_runner *runner;
static char sources[256];

static const struct vl_store_sql sql_said = {
    "SELECT value FROM setting WHERE environment_id = 0 AND name = 'advisory_feeds' AND changed > $1", NULL};
static const struct vl_store_sql sql_jobs = {
    "SELECT count(*) FROM job WHERE kind = 'advisories' AND id > $1", NULL};
static const struct vl_store_sql sql_now = {"UPDATE job SET not_before = 0 WHERE kind = 'advisories'", NULL};

static const char *text_of(struct vl_test_server *s, const struct vl_store_sql *sql)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn = NULL;
    struct vl_stmt *stmt = NULL;
    const char *text = "";
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_stmt_begin(conn, sql, &stmt, &err), 0);
    vl_stmt_int(stmt, 1, 0);
    if (vl_stmt_step(stmt, &err) > 0)
        text = vl_stmt_copy(stmt, 0, s->arena);
    vl_stmt_done(stmt);
    vl_store_read_done(conn);
    return text;
}

static const char *wait_said(struct vl_test_server *s, const char *part)
{
    static const struct timespec pause = {.tv_nsec = 50000000};
    int64_t until = vl_time_monotonic_us() + 30000000;
    const char *text;
    while (!strstr(text = text_of(s, &sql_said), part) && vl_time_monotonic_us() < until)
        nanosleep(&pause, NULL);
    if (!strstr(text, part))
        fail_msg("%s", text);
    return text;
}

static void test_update(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_advisories_hold hold;
    char path[160];
    static const char tracker[] = "{\"zlib\":{\"CVE-2022-37434\":{\"releases\":{\"bookworm\":{\"status\":"
                                  "\"resolved\",\"fixed_version\":"
                                  "\"1:1.2.13.dfsg-1\",\"urgency\":\"medium\"}}}}}";
    (void)snprintf(path, sizeof(path), "%s/feeds", s->folder);
    assert_int_equal(vl_file_make_dirs(path, 0700, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/feeds/tracker.json", s->folder);
    assert_int_equal(vl_file_replace(path, 0600, vl_span_str(tracker), &err), 0);
    assert_int_equal(vl_advisories_hold(s->app.advisories, &hold, &err), 0);
    assert_null(hold.db);
    vl_advisories_release(s->app.advisories, &hold);
    if (vl_round_advisories(&s->app, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(text_of(s, &sql_jobs), "1");
    vl_rows_sql(s, &sql_now, "");
    const char *said = wait_said(s, "\"debian\"");
    assert_non_null(strstr(said, "\"state\":\"updated\""));
    assert_non_null(strstr(said, "\"error\":null"));
    static const struct timespec pause = {.tv_sec = 2, .tv_nsec = 200000000};
    nanosleep(&pause, NULL);
    assert_int_equal(vl_advisories_hold(s->app.advisories, &hold, &err), 0);
    assert_non_null(hold.db);
    assert_int_equal(vl_advisory_db_feed_count(hold.db), 1);
    vl_advisories_release(s->app.advisories, &hold);
    /* Fresh: nothing to do until tomorrow. */
    assert_int_equal(vl_round_advisories(&s->app, &err), 0);
    assert_string_equal(text_of(s, &sql_jobs), "0");
}

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_job_add(conn, "advisories", "update", "", VL_PRIORITY_ASKED, 0, VL_SPAN_LIT("{}"), err);
}

/* A file of the server's own is out of the process's sight, and what it says is shown; the old data stays. */
static void test_error_is_shown(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static char other[300];
    struct vl_advisories_hold hold;
    (void)snprintf(other, sizeof(other), "debian=file://%s/vallum.db", s->folder);
    s->config.advisory_sources = other;
    if (vl_store_write(s->app.store, add_write, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    const char *said = wait_said(s, "\"state\":\"kept\"");
    assert_non_null(strstr(said, "vallum.db"));
    assert_int_equal(vl_advisories_hold(s->app.advisories, &hold, &err), 0);
    assert_non_null(hold.db);
    vl_advisories_release(s->app.advisories, &hold);
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static const struct vl_store_sql forget = {"DELETE FROM setting WHERE name = 'advisory_feeds'", NULL};
    char path[160];
    vl_rows_sql(s, &forget, "");
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, VL_ADVISORIES_FILE);
    assert_int_equal(remove(path), 0);
    s->config.advisory_updates = 1;
    assert_int_equal(vl_round_advisories(&s->app, &err), 0);
    assert_string_equal(text_of(s, &sql_jobs), "0");
    s->config.advisory_updates = 0;
    assert_int_equal(vl_round_advisories(&s->app, &err), 0);
    assert_string_equal(text_of(s, &sql_jobs), "1");
}

static int set_up(void **state)
{
    static const struct vl_job_round no_rounds[] = {{0}};
    static const struct vl_runner_options options = {.workers = 1, .rounds = no_rounds};
    struct vl_err err = VL_ERR_INIT;
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    (void)snprintf(sources, sizeof(sources), "debian=file://%s/feeds/tracker.json", s->folder);
    s->config.advisory_sources = sources;
    return vl_runner_start(&s->app, &options, &runner, &err) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    vl_runner_stop(runner);
    return vl_test_server_stop(state);
}

int main(void)
{
    if (getenv("VALLUM_EMULATED")) {
        (void)printf("skipped: a program of a foreign architecture cannot start itself\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_error_is_shown),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
