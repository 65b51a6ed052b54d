/* tests: repo_registry.c jobs/ask.c
 *
 * Registries in a server's database: secrets are sealed for their row, groups of jobs follow the registry's
 * number, and jobs are asked for once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/time.h"
#include "inventory/repo_environment.h"
#include "inventory/repo_plan.h"
#include "inventory/repo_registry.h"
#include "jobs/ask.h"
#include "jobs/runner.h"
#include "test_server.h"

struct work {
    struct vl_test_server *s;
    struct vl_registry registry;
    struct vl_registry_secrets secrets;
    int64_t id;
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct work *w = user;
    return vl_repo_registry_add(conn, &w->registry, &w->secrets, &w->id, err);
}

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct work *w = user;
    return vl_repo_registry_change(conn, &w->registry, &w->secrets, err);
}

static struct vl_registry example(struct vl_test_server *s, const char *name)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment e = {0};
    if (vl_store_read(s->app.store, &conn, &err) < 0 ||
        vl_repo_environment_find(conn, vl_span_str(s->environment), s->arena, &e, &err) < 1)
        fail_msg("%s", err.msg);
    return (struct vl_registry){.environment = e.id,
        .name = name,
        .host = "registry.example:5000",
        .kind = "generic",
        .username = "robot",
        .include = "",
        .enabled = true,
        .poll_seconds = 300,
        .concurrency = 3};
}

static int64_t add(struct vl_test_server *s, const char *name, const char *secret)
{
    struct vl_err err = VL_ERR_INIT;
    struct work w = {.s = s,
        .registry = example(s, name),
        .secrets = {.seal_key = s->app.data.seal_key, .secret = secret, .webhook = "hook"}};
    if (vl_store_write(s->app.store, add_write, &w, &err) < 0)
        fail_msg("%s", err.msg);
    return w.id;
}

static int64_t number(struct vl_test_server *s, const struct vl_store_sql *sql, int64_t id)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (vl_store_read(s->app.store, &conn, &err) < 0 || vl_stmt_begin(conn, sql, &stmt, &err) < 0)
        fail_msg("%s", err.msg);
    vl_stmt_int(stmt, 1, id);
    assert_int_equal(vl_stmt_step(stmt, &err), 1);
    return vl_stmt_get_int(stmt, 0);
}

static int open_of(struct vl_test_server *s, const uint8_t *key, int64_t id, struct vl_fetch_registry *ret,
    struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(s->app.store, &conn, err);
    return r < 0 ? r : vl_repo_registry_open(conn, key, id, s->arena, ret, err);
}

static int swap_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {
        "UPDATE registry SET secret = (SELECT o.secret FROM registry o WHERE o.id = $1) WHERE id = $2", NULL};
    const int64_t *ids = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, ids[0]);
    vl_stmt_int(stmt, 2, ids[1]);
    return vl_stmt_run(stmt, NULL, err);
}

static void test_secrets(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_fetch_registry f = {0};
    int64_t one = add(s, "one", "correct horse"), two = add(s, "two", NULL);
    assert_int_equal(open_of(s, s->app.data.seal_key, one, &f, &err), 1);
    assert_string_equal(f.host, "registry.example:5000");
    assert_string_equal(f.username, "robot");
    assert_string_equal(f.password, "correct horse");
    assert_int_equal(open_of(s, s->app.data.seal_key, two, &f, &err), 1);
    assert_null(f.password);
    assert_int_equal(open_of(s, s->app.data.seal_key, 999, &f, &err), 0);

    /* Sealed for its row, with this server's key. */
    uint8_t other[VL_CRYPT_KEY_BYTES] = {1};
    assert_true(open_of(s, other, one, &f, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    int64_t ids[] = {one, two};
    assert_true(vl_store_write(s->app.store, swap_write, ids, &err) >= 0);
    assert_true(open_of(s, s->app.data.seal_key, two, &f, &err) < 0);
    static const struct vl_store_sql clear = {
        "SELECT count(*) FROM registry WHERE id = $1 AND CAST(secret AS TEXT) LIKE '%horse%'",
        "SELECT count(*) FROM registry WHERE id = $1 AND encode(secret, 'escape') LIKE '%horse%'"};
    assert_int_equal(number(s, &clear, one), 0);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct work *w = user;
    return vl_repo_registry_remove(conn, w->registry.environment, w->registry.id, err);
}

static void test_names_and_groups(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static const struct vl_store_sql most = {
        "SELECT most FROM job_group WHERE name = 'registry:' || CAST($1 AS TEXT)",
        "SELECT most FROM job_group WHERE name = 'registry:' || CAST($1::bigint AS TEXT)"};
    int64_t id = add(s, "three", NULL);
    assert_int_equal(number(s, &most, id), 3);
    struct work w = {.s = s, .registry = example(s, "three"), .secrets = {.seal_key = s->app.data.seal_key}};
    assert_true(vl_store_write(s->app.store, add_write, &w, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    (void)add(s, "four", NULL);
    w.registry.name = "four";
    w.registry.id = id;
    assert_true(vl_store_write(s->app.store, change_write, &w, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    w.registry.name = "five";
    w.registry.concurrency = 7;
    if (vl_store_write(s->app.store, change_write, &w, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(number(s, &most, id), 7);
    static const struct vl_store_sql groups = {
        "SELECT count(*) FROM job_group WHERE name = 'registry:' || CAST($1 AS TEXT)",
        "SELECT count(*) FROM job_group WHERE name = 'registry:' || CAST($1::bigint AS TEXT)"};
    int64_t gone = add(s, "six", NULL);
    assert_int_equal(number(s, &groups, gone), 1);
    struct work away = {.s = s, .registry = example(s, "six")};
    away.registry.id = gone;
    assert_true(vl_store_write(s->app.store, remove_write, &away, &err) >= 0);
    assert_int_equal(number(s, &groups, gone), 0); /* nothing of it is left */
    w.registry.environment++;                      /* another's */
    assert_true(vl_store_write(s->app.store, change_write, &w, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
}

static int ask_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const int64_t *id = user;
    int64_t job = 0, again = 0;
    int r = vl_ask_discover(conn, *id, VL_PRIORITY_PERIODIC, &job, err);
    if (r >= 0)
        r = vl_ask_discover(conn, *id, VL_PRIORITY_ASKED, &again, err);
    if (r >= 0)
        r = vl_ask_scan(conn, 1234, *id, VL_PRIORITY_NEW, NULL, err);
    return r < 0 ? r : job == again;
}

static size_t due(struct vl_test_server *s, int64_t now, int64_t want)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t *ids = NULL;
    size_t n = 0, found = 0;
    if (vl_store_read(s->app.store, &conn, &err) < 0 ||
        vl_repo_registry_due(conn, now, 100, s->arena, &ids, &n, &err) < 0)
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < n; i++)
        found += ids[i] == want;
    return found;
}

struct ending {
    int64_t id, at;
    const char *why;
};

static int end_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct ending *e = user;
    return vl_repo_registry_discovered(conn, e->id, e->at, e->why, err);
}

static int plan_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const int64_t *environment = user;
    return vl_repo_plan_first(conn, *environment, err);
}

static void test_due(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    int64_t id = add(s, "six", NULL), now = vl_time_now_ms();
    int64_t environment = example(s, "x").environment;
    assert_true(vl_store_write(s->app.store, plan_write, &environment, &err) >= 0);
    assert_int_equal(due(s, now, id), 1);
    struct ending e = {id, now, NULL};
    assert_true(vl_store_write(s->app.store, end_write, &e, &err) >= 0);
    assert_int_equal(due(s, now + 299999, id), 0);
    assert_int_equal(due(s, now + 300000, id), 1);
    e.why = "no such host";
    assert_true(vl_store_write(s->app.store, end_write, &e, &err) >= 0);
    assert_int_equal(due(s, now + 59999, id), 0);
    assert_int_equal(due(s, now + 60000, id), 1);
    assert_int_equal(vl_store_write(s->app.store, ask_write, &id, &err), 1); /* one job */
    assert_int_equal(due(s, now + 60000, id), 0);                            /* one waits */
    static const struct vl_store_sql priority = {
        "SELECT priority FROM job WHERE kind = 'discover' AND key = CAST($1 AS TEXT)",
        "SELECT priority FROM job WHERE kind = 'discover' AND key = CAST($1::bigint AS TEXT)"};
    assert_int_equal(number(s, &priority, id), VL_PRIORITY_ASKED);
    static const struct vl_store_sql scan = {"SELECT count(*) FROM job WHERE kind = 'scan' AND key = '1234' "
                                             "AND grp = 'registry:' || CAST($1 AS TEXT)",
        "SELECT count(*) FROM job WHERE kind = 'scan' AND key = '1234' AND grp = 'registry:' || "
        "CAST($1::bigint AS TEXT)"};
    assert_int_equal(number(s, &scan, id), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_names_and_groups),
        cmocka_unit_test(test_due),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
