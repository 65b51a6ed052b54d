/* tests: repo_outbox.c (what vl_notify() puts where) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "respond/repo_outbox.h"
#include "test_server.h"

struct one {
    const struct vl_store_sql *sql;
    const char *text;
    int64_t number;
};

static int run_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct one *one = user;
    int r = vl_stmt_begin(conn, one->sql, &stmt, err);
    if (r >= 0 && one->text)
        vl_stmt_str(stmt, 1, one->text);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static void run(struct vl_test_server *s, const struct vl_store_sql *sql, const char *text)
{
    struct vl_err err = VL_ERR_INIT;
    struct one one = {.sql = sql, .text = text};
    if (vl_store_write(s->app.store, run_write, &one, &err) < 0)
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
    int64_t n = vl_stmt_get_int(stmt, 0);
    return n;
}

static int tell_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_notify(conn, 1, user, err);
}

static void tell(struct vl_test_server *s, const struct vl_notify_event *event)
{
    struct vl_notify_event copy = *event;
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, tell_write, &copy, &err) < 0)
        fail_msg("%s", err.msg);
}

static const struct vl_store_sql sql_all = {"SELECT count(*) FROM outbox", NULL};
static const struct vl_store_sql sql_hooks = {
    "SELECT count(*) FROM outbox o JOIN channel c ON c.id = o.channel_id WHERE c.kind = 'webhook'", NULL};
static const struct vl_store_sql sql_mails = {
    "SELECT count(DISTINCT address) FROM outbox WHERE address <> ''", NULL};
static const struct vl_store_sql sql_jobs = {"SELECT count(*) FROM job WHERE kind = 'notify'", NULL};
static const struct vl_store_sql sql_notices = {"SELECT count(*) FROM notice", NULL};
static const struct vl_store_sql sql_counted = {"SELECT max(count) FROM notice", NULL};
static const struct vl_store_sql sql_forget = {"DELETE FROM outbox", NULL};
static const struct vl_store_sql sql_channel = {
    "INSERT INTO channel (environment_id, name, kind, config, min_severity, topics, scope, created) VALUES "
    "(1, 'hook', 'webhook', '{\"url\":\"https://example.org/\"}', 4, '[\"finding\",\"alert\"]', "
    "'{\"registries\":[7],\"repositories\":[\"team/*\"]}', 1)",
    NULL};
static const struct vl_store_sql sql_mail = {
    "INSERT INTO channel (environment_id, name, kind, config, min_severity, topics, created) VALUES "
    "(1, 'mail', 'mail', '{\"contact\":\"default\"}', 2, '[\"finding\",\"digest\"]', 1)",
    NULL};
static const struct vl_store_sql sql_contact = {
    "INSERT INTO contact (environment_id, name, emails, min_severity, roles, notify_roles, changed) VALUES "
    "(1, 'default', 'a@example.org; b@example.org;A@example.org', 2, '[\"Owner\"]', 1, 1)",
    NULL};
static const struct vl_store_sql sql_owner = {
    "INSERT INTO principal (kind, name, created) VALUES (1, 'owner@example.org', 1)", NULL};
static const struct vl_store_sql sql_owner_role = {
    "INSERT INTO role_binding (principal_id, environment_id, role) SELECT id, 1, 3 FROM principal WHERE name "
    "= 'owner@example.org'",
    NULL};

static void who_is_told(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_notify_event e = {.topic = VL_NOTIFY_FINDING,
        .severity = VL_SEVERITY_CRITICAL,
        .title = "new",
        .object = "/images/x",
        .registry_id = 7,
        .repository = "team/web"};
    run(s, &sql_channel, NULL);
    tell(s, &e);
    assert_int_equal(number(s, &sql_hooks), 1);
    assert_int_equal(number(s, &sql_jobs), 1);
    e.repository = "other/web"; /* out of scope */
    tell(s, &e);
    e.repository = "team/web";
    e.registry_id = 8;
    tell(s, &e);
    e.registry_id = 7;
    e.severity = VL_SEVERITY_MEDIUM; /* under the least one */
    tell(s, &e);
    e.severity = VL_SEVERITY_HIGH;
    e.topic = VL_NOTIFY_SCAN_ERROR; /* not asked for */
    tell(s, &e);
    assert_int_equal(number(s, &sql_all), 1);
    /* The same thing within a day is one notice that counts: four findings, one scan error. */
    assert_int_equal(number(s, &sql_notices), 2);
    assert_int_equal(number(s, &sql_counted), 4);
}

/* Each address has its row, since limits are by address; and only once, whatever its case. */
static void mail_goes_to_contacts(void **state)
{
    struct vl_test_server *s = *state;
    run(s, &sql_forget, NULL);
    run(s, &sql_mail, NULL);
    tell(s, &(struct vl_notify_event){.topic = VL_NOTIFY_DIGEST, .title = "week"});
    assert_int_equal(number(s, &sql_all), 0); /* nobody is named yet */
    run(s, &sql_contact, NULL);
    run(s, &sql_owner, NULL);
    run(s, &sql_owner_role, NULL);
    int64_t notices = number(s, &sql_notices);
    tell(s, &(struct vl_notify_event){.topic = VL_NOTIFY_DIGEST, .title = "week"});
    assert_int_equal(number(s, &sql_all), 3);
    assert_int_equal(number(s, &sql_mails), 3);
    assert_int_equal(number(s, &sql_notices), notices);
}

static const struct vl_store_sql sql_damaged = {
    "INSERT INTO channel (environment_id, name, kind, config, min_severity, topics, created) VALUES "
    "(1, 'damaged', 'webhook', '{}', 1, '[\"finding', 1)",
    NULL};
static const struct vl_store_sql sql_shed = {
    "SELECT shed FROM channel WHERE name = 'damaged' AND last_error IS NOT NULL", NULL};

/* A damaged row costs its own messages, not the write of what happened. */
static void damaged_channel(void **state)
{
    struct vl_test_server *s = *state;
    run(s, &sql_damaged, NULL);
    tell(
        s, &(struct vl_notify_event){.topic = VL_NOTIFY_FINDING, .severity = VL_SEVERITY_HIGH, .title = "t"});
    assert_int_equal(number(s, &sql_shed), 1);
}

static int failing_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int r = vl_notify(conn, 1, user, err);
    return r < 0 ? r : vl_err_set(err, VL_ERR_CONFLICT, "on purpose");
}

/* What did not happen is not told. */
static void with_its_write(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_notify_event e = {.topic = VL_NOTIFY_DIGEST, .title = "never"};
    int64_t before = number(s, &sql_all);
    assert_true(vl_store_write(s->app.store, failing_write, &e, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    assert_int_equal(number(s, &sql_all), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_is_told), cmocka_unit_test(mail_goes_to_contacts),
        cmocka_unit_test(with_its_write), cmocka_unit_test(damaged_channel)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
