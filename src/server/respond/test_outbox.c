/* tests: job_notify.c repo_delivery.c repo_outbox_list.c route_outbox.c
 *
 * With workers, and a receiver of webhooks. Mail and syslog: tests/functional/test_notify. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "identity/principal.h"
#include "respond/job_notify.h"
#include "respond/repo_delivery.h"
#include "test_server.h"

#define WAIT_MS 15000
#define KEPT    16

/* --- a receiver --- */

static struct receiver {
    int fd;
    uint16_t port;
    pthread_t thread;
    atomic_int status; /* it answers with */
    atomic_int n;      /* requests */
    char id[KEPT][128];
    char body[KEPT][8192];
} receiver;

static void answer_one(int fd)
{
    char got[16384], reply[128];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof(got) - 1 && (n = read(fd, got + len, sizeof(got) - 1 - len)) > 0) {
        len += (size_t)n;
        got[len] = '\0';
        const char *end = strstr(got, "\r\n\r\n"), *length = strcasestr(got, "\r\ncontent-length: ");
        if (!end || !length || strlen(end + 4) < (size_t)strtoul(length + 18, NULL, 10))
            continue;
        const char *id = strcasestr(got, "\r\nwebhook-id: ");
        int at = receiver.n % KEPT;
        (void)snprintf(receiver.id[at], sizeof(receiver.id[at]), "%.*s", id ? (int)strcspn(id + 14, "\r") : 0,
            id ? id + 14 : "");
        (void)snprintf(receiver.body[at], sizeof(receiver.body[at]), "%s", end + 4);
        break;
    }
    (void)snprintf(reply, sizeof(reply), "HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        receiver.status);
    (void)!write(fd, reply, strlen(reply));
    receiver.n++;
}

static void *receive(void *user)
{
    (void)user;
    int fd;
    while ((fd = accept(receiver.fd, NULL, NULL)) >= 0) {
        answer_one(fd);
        (void)close(fd);
    }
    return NULL;
}

static void receiver_open(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    socklen_t n = sizeof(a);
    int yes = 1;
    receiver.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(receiver.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(receiver.fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(receiver.fd, 16), 0);
    assert_int_equal(getsockname(receiver.fd, (struct sockaddr *)&a, &n), 0);
    receiver.port = ntohs(a.sin_port);
    receiver.status = 200;
    assert_int_equal(pthread_create(&receiver.thread, NULL, receive, NULL), 0);
}

static void receiver_close(void)
{
    (void)shutdown(receiver.fd, SHUT_RDWR);
    assert_int_equal(pthread_join(receiver.thread, NULL), 0);
    (void)close(receiver.fd);
}

/* --- the tables --- */

struct one {
    const struct vl_store_sql *sql;
    int64_t channel;
};

static int run_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct one *one = user;
    int r = vl_stmt_begin(conn, one->sql, &stmt, err);
    if (r >= 0)
        r = vl_stmt_run(stmt, NULL, err);
    return r < 0 || !one->channel ? r : vl_outbox_job(conn, one->channel, 0, err);
}

static void run(struct vl_test_server *s, const struct vl_store_sql *sql, int64_t channel)
{
    struct vl_err err = VL_ERR_INIT;
    struct one one = {.sql = sql, .channel = channel};
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

static int tell_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct vl_notify_event event = {.topic = VL_NOTIFY_FINDING,
        .severity = VL_SEVERITY_CRITICAL,
        .title = user,
        .object = "/images/sha256:0"};
    return vl_notify(conn, 1, &event, err);
}

static void tell(struct vl_test_server *s, const char *title)
{
    struct vl_err err = VL_ERR_INIT;
    char text[64];
    (void)snprintf(text, sizeof(text), "%s", title);
    if (vl_store_write(s->app.store, tell_write, text, &err) < 0)
        fail_msg("%s", err.msg);
}

static const struct vl_store_sql sql_waiting = {"SELECT count(*) FROM outbox WHERE state = 1", NULL};
static const struct vl_store_sql sql_tried = {
    "SELECT count(*) FROM outbox WHERE state = 1 AND attempts = 1 AND error IS NOT NULL", NULL};
static const struct vl_store_sql sql_delivered = {"SELECT count(*) FROM outbox WHERE state = 2", NULL};
static const struct vl_store_sql sql_dead = {"SELECT count(*) FROM outbox WHERE state = 3", NULL};
static const struct vl_store_sql sql_due = {"UPDATE outbox SET next_try = 0 WHERE state = 1", NULL};
static const struct vl_store_sql sql_last = {
    "UPDATE outbox SET next_try = 0, attempts = 9 WHERE state = 1", NULL};
static const struct vl_store_sql sql_forget = {"DELETE FROM outbox", NULL};

static int64_t channel_id;

static int set_up(void **state)
{
    int r = vl_test_server_start(state);
    struct vl_err err = VL_ERR_INIT;
    if (r < 0)
        return r;
    struct vl_test_server *s = *state;
    receiver_open(0);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels",
        vl_arena_printf(s->arena,
            "{\"name\":\"hook\",\"kind\":\"webhook\",\"config\":{\"url\":\"http://127.0.0.1:%u/\"}}",
            receiver.port),
        201);
    channel_id = strtoll(vl_test_get(s, answer, "id"), NULL, 10);
    return vl_server_app_work(&s->app, &err);
}

static void delivered(void **state)
{
    struct vl_test_server *s = *state;
    tell(s, "first");
    wait_for(s, &sql_delivered, 1);
    assert_int_equal(receiver.n, 1);
    assert_string_equal(vl_test_get(s, receiver.body[0], "title"), "first");
    assert_string_equal(vl_test_get(s, receiver.body[0], "severity"), "critical");
    assert_string_equal(vl_test_get(s, receiver.body[0], "id"), receiver.id[0]);
    assert_true(vl_span_starts_with(vl_span_str(receiver.id[0]), s->environment));
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/outbox", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "items.0.state"), "delivered");
    assert_string_equal(vl_test_get(s, answer, "items.0.channel.name"), "hook");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/notices", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "items.0.title"), "first");
    assert_string_equal(vl_test_get(s, answer, "items.0.object"), "/images/sha256:0");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/channels", NULL, 200);
    assert_string_not_equal(vl_test_get(s, answer, "items.0.lastOk"), "null");
}

/* A peer that answers "no" is tried again for each message by itself, under the same id. */
static void refused_then_taken(void **state)
{
    struct vl_test_server *s = *state;
    run(s, &sql_forget, 0);
    int before = receiver.n;
    receiver.status = 503;
    tell(s, "second");
    wait_for(s, &sql_tried, 1);
    assert_int_equal(receiver.n, before + 1);
    receiver.status = 200;
    run(s, &sql_due, channel_id);
    wait_for(s, &sql_delivered, 1);
    assert_int_equal(receiver.n, before + 2);
    assert_string_equal(receiver.id[before], receiver.id[before + 1]);
    assert_string_equal(receiver.body[before], receiver.body[before + 1]);
}

/* Nobody listens: all wait together; after ten tries they are dead, are shown, and can be asked for again. */
static void dead_letters(void **state)
{
    struct vl_test_server *s = *state;
    uint16_t port = receiver.port;
    receiver_close();
    run(s, &sql_forget, 0);
    tell(s, "a");
    tell(s, "b");
    tell(s, "c");
    wait_for(s, &sql_tried, 3);
    assert_int_equal(number(s, &sql_delivered), 0);
    run(s, &sql_last, channel_id);
    wait_for(s, &sql_dead, 3);
    const char *answer =
        vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/outbox?state=dead&limit=2", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "total.value"), "3");
    assert_string_equal(vl_test_get(s, answer, "items.0.attempts"), "10");
    assert_string_not_equal(vl_test_get(s, answer, "items.0.error"), "null");
    const char *path =
        vl_arena_printf(s->arena, "/api/v1/outbox/%s/retry", vl_test_get(s, answer, "items.0.id"));
    receiver_open(port);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", path, NULL, 403);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", path, NULL, 202);
    wait_for(s, &sql_delivered, 1);
    assert_int_equal(number(s, &sql_dead), 2);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", path, NULL, 404); /* it is neither dead nor held */
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/outbox?state=lost", NULL, 400);
    receiver_close();
}

/* A channel that is switched off keeps what waits, and a job that got lost comes back with the round. */
static void rounds(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql sql_jobless = {
        "INSERT INTO outbox (environment_id, channel_id, topic, severity, subject, body, state, created, "
        "next_try) SELECT 1, id, 'finding', 5, 'lost', '{\"topic\":\"finding\",\"title\":\"lost\"}', 1, 1, 1 "
        "FROM channel",
        NULL};
    struct vl_err err = VL_ERR_INIT;
    run(s, &sql_forget, 0);
    receiver_open(receiver.port);
    run(s, &sql_jobless, 0);
    const char *path = vl_arena_printf(s->arena, "/api/v1/channels/%lld", (long long)channel_id);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"enabled\":false}", 200);
    assert_true(vl_round_notify(&s->app, &err) >= 0);
    assert_int_equal(number(s, &sql_waiting), 1);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"enabled\":true}", 200);
    wait_for(s, &sql_delivered, 1);
    run(s, &sql_jobless, 0);
    assert_true(vl_round_notify(&s->app, &err) >= 0);
    wait_for(s, &sql_delivered, 2);
    receiver_close();
}

/* High 4, medium 2, low 1 a day and address; what is over is held back and named in the next one. */
static void limits(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql sql_sent = {
        "INSERT INTO outbox (environment_id, channel_id, address, topic, severity, subject, body, state, "
        "created, delivered) SELECT 1, id, 'a@example.org', 'alert', 4, 'sent', '{}', 2, 1, 1000 FROM "
        "channel",
        NULL};
    static const struct vl_store_sql sql_held = {
        "INSERT INTO outbox (environment_id, channel_id, address, topic, severity, subject, body, state, "
        "created) SELECT 1, id, 'a@example.org', 'alert', 4, 'held', '{}', 4, 1 FROM channel",
        NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_outbox row = {
        .environment = 1, .address = "a@example.org", .topic = "alert", .severity = VL_SEVERITY_HIGH};
    struct vl_mail_held *held = NULL;
    size_t n = 0;
    uint64_t total = 0;
    bool allowed = false;
    run(s, &sql_forget, 0);
    for (int i = 0; i < 3; i++)
        run(s, &sql_sent, 0);
    run(s, &sql_held, 0);
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && allowed); /* the fourth */
    vl_store_read_done(conn);
    conn = NULL;
    run(s, &sql_sent, 0);
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && !allowed);
    assert_true(vl_repo_mail_allowed(conn, &row, 2000 + 24 * 3600 * 1000, &allowed, &err) >= 0 &&
                allowed);                /* a day later */
    row.severity = VL_SEVERITY_CRITICAL; /* counts with high */
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && !allowed);
    row.severity = VL_SEVERITY_MEDIUM; /* has a count of its own */
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && allowed);
    row.severity = VL_SEVERITY_HIGH;
    row.topic = "digest";
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && allowed);
    row.topic = "alert";
    row.address = "b@example.org"; /* another address */
    assert_true(vl_repo_mail_allowed(conn, &row, 2000, &allowed, &err) >= 0 && allowed);
    row.address = "a@example.org";
    assert_true(vl_repo_mail_held(conn, &row, s->arena, &held, &n, &total, &err) >= 0);
    assert_int_equal(n, 1);
    assert_int_equal(total, 1);
    assert_string_equal(held[0].subject, "held");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(delivered), cmocka_unit_test(refused_then_taken),
        cmocka_unit_test(dead_letters), cmocka_unit_test(rounds), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
