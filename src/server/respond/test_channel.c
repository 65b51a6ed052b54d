/* tests: channel.c deliver.c repo_channel.c repo_setting.c route_channel.c route_setting.c
 *
 * Real mail, syslog and chat bodies: tests/functional/test_notify, src/respond. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/doc.h"
#include "identity/principal.h"
#include "inventory/repo_environment.h"
#include "respond/channel.h"
#include "respond/webhook.h"
#include "test_server.h"

/* --- a receiver of webhooks --- */

struct receiver {
    int fd;
    uint16_t port;
    const char *reply;
    pthread_t thread;
    char got[65536];
    size_t len;
};

/* One request: its headers, and as many bytes as Content-Length says. */
static void *receive(void *user)
{
    struct receiver *r = user;
    int fd = accept(r->fd, NULL, NULL);
    ssize_t n;
    r->len = 0;
    while ((n = read(fd, r->got + r->len, sizeof(r->got) - 1 - r->len)) > 0) {
        r->len += (size_t)n;
        r->got[r->len] = '\0';
        const char *end = strstr(r->got, "\r\n\r\n"), *length = strcasestr(r->got, "\r\ncontent-length: ");
        if (end && length && strlen(end + 4) >= (size_t)strtoul(length + 18, NULL, 10))
            break;
    }
    (void)!write(fd, r->reply, strlen(r->reply));
    (void)close(fd);
    return NULL;
}

static void receiver_open(struct receiver *r)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(r->fd, 4), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &n), 0);
    r->port = ntohs(a.sin_port);
}

static const char *header(struct vl_test_server *s, const struct receiver *r, const char *name)
{
    const char *at = strcasestr(r->got, vl_arena_printf(s->arena, "\r\n%s: ", name));
    if (!at)
        return "";
    at += strlen(name) + 4;
    return vl_arena_printf(s->arena, "%.*s", (int)strcspn(at, "\r"), at);
}

/* --- tests --- */

#define WEBHOOK_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void webhook(void **state)
{
    struct vl_test_server *s = *state;
    static struct receiver r = {
        .reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthank"};
    char signature[VL_WEBHOOK_SIGNATURE_MAX];
    struct vl_err err = VL_ERR_INIT;
    receiver_open(&r);
    const char *body = vl_arena_printf(s->arena,
        "{\"name\":\"hook\",\"kind\":\"webhook\",\"config\":{\"url\":\"http://127.0.0.1:%u/"
        "in?token=t0p\"},\"secret\":\"%s\"}",
        r.port, WEBHOOK_SECRET);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", "/api/v1/channels", body, 403);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels", body, 201);
    assert_null(strstr(answer, "t0p"));
    assert_null(strstr(answer, "MfKQ9r8"));
    assert_string_equal(vl_test_get(s, answer, "hasSecret"), "true");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels", body, 409); /* the name is taken */
    const char *path = vl_arena_printf(s->arena, "/api/v1/channels/%s/test", vl_test_get(s, answer, "id"));
    assert_int_equal(pthread_create(&r.thread, NULL, receive, &r), 0);
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", path, NULL, 200);
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    assert_string_equal(vl_test_get(s, answer, "ok"), "true");
    assert_string_equal(vl_test_get(s, answer, "message"), "status 200 thank");
    assert_true(vl_span_starts_with(vl_span_str(r.got), "POST /in?token=t0p HTTP/1.1\r\n"));
    /* The signature is that of what came. */
    const char *sent = strstr(r.got, "\r\n\r\n");
    assert_non_null(sent);
    int64_t seconds = strtoll(header(s, &r, "webhook-timestamp"), NULL, 10);
    assert_true(seconds > 1700000000);
    assert_int_equal(vl_webhook_sign(VL_SPAN_LIT(WEBHOOK_SECRET), header(s, &r, "webhook-id"), seconds,
                         vl_span_str(sent + 4), signature, &err),
        0);
    assert_string_equal(header(s, &r, "webhook-signature"), signature);
    assert_string_equal(vl_test_get(s, sent + 4, "topic"), "test");
    /* A peer that says no. */
    r.reply = "HTTP/1.1 500 No\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops";
    assert_int_equal(pthread_create(&r.thread, NULL, receive, &r), 0);
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", path, NULL, 200);
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    assert_string_equal(vl_test_get(s, answer, "ok"), "false");
    assert_non_null(strstr(vl_test_get(s, answer, "message"), "oops"));
    assert_null(strstr(vl_test_get(s, answer, "message"), "t0p"));
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/channels", NULL, 200);
    assert_non_null(strstr(vl_test_get(s, answer, "items.0.lastError"), "oops"));
    (void)vl_test_call(s, VL_ROLE_READER, "POST", path, NULL, 403);
    (void)close(r.fd);
}

/* Of Slack's and Teams' URLs the path is the secret: it is nowhere shown, not in errors either. */
static void secret_urls(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const kind[] = {"slack", "teams"};
    for (size_t i = 0; i < VL_ARRAY_LEN(kind); i++) {
        const char *body = vl_arena_printf(s->arena,
            "{\"name\":\"%s\",\"kind\":\"%s\",\"config\":{\"url\":\"http://127.0.0.1:1/services/T00/B00/"
            "secretpath\"}}",
            kind[i], kind[i]);
        const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels", body, 201);
        assert_string_equal(vl_test_get(s, answer, "config.url"), "http://127.0.0.1:1/…");
        const char *path = vl_arena_printf(s->arena, "/api/v1/channels/%s", vl_test_get(s, answer, "id"));
        const char *test =
            vl_test_call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/test", path), NULL, 200);
        assert_string_equal(vl_test_get(s, test, "ok"), "false");
        assert_null(strstr(test, "secretpath"));
        /* What is shown can be sent back without harm. */
        answer = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path,
            "{\"config\":{\"url\":\"http://127.0.0.1:1/…\"},\"minSeverity\":\"low\"}", 200);
        assert_string_equal(vl_test_get(s, answer, "minSeverity"), "low");
        assert_string_equal(vl_test_get(s, answer, "hasSecret"), "true");
        (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 204);
        (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 404);
    }
}

static void made_secret(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels",
        "{\"name\":\"made\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://example.org/"
        "\"},\"topics\":[\"alert\"],"
        "\"scope\":{\"registries\":[1],\"repositories\":[\"team/*\"]}}",
        201);
    assert_true(vl_span_starts_with(vl_span_str(vl_test_get(s, answer, "secret")), "whsec_"));
    assert_string_equal(vl_test_get(s, answer, "scope.repositories.0"), "team/*");
    const char *path = vl_arena_printf(s->arena, "/api/v1/channels/%s", vl_test_get(s, answer, "id"));
    answer = vl_test_call(
        s, VL_ROLE_ADMIN, "PATCH", path, "{\"scope\":null,\"enabled\":false,\"name\":\"other\"}", 200);
    assert_string_equal(vl_test_get(s, answer, "secret"), ""); /* told once only */
    assert_string_equal(vl_test_get(s, answer, "enabled"), "false");
    assert_string_equal(vl_test_get(s, answer, "topics.0"), "alert");
    assert_string_equal(vl_test_get(s, answer, "name"), "other");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"name\":\"hook\"}", 409);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"kind\":\"mail\"}", 400);
}

static void wrong(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const bodies[] = {"{\"name\":\"x\",\"kind\":\"pigeon\",\"config\":{}}",
        "{\"name\":\"x\",\"kind\":\"webhook\"}", "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"http://example.org/\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"http://127.0.0.1.example.org/\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"file:///etc/passwd\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://me:word@example.org/\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://example.org/\\r\\nX: y\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://a/\"},\"secret\":\"short\"}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://example.org/\",\"retry\":1}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://example.org/\",\"caPem\":\"x\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://169.254.169.254/\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://0xa9fea9fe/\"}}",
        "{\"name\":\"x\",\"kind\":\"webhook\",\"config\":{\"url\":\"https://[fe80::1]/\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"169.254.169.254\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"fe80::1\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"0.0.0.0\"}}",
        "{\"name\":\"x\",\"kind\":\"mail\",\"config\":{\"to\":[]}}",
        "{\"name\":\"x\",\"kind\":\"mail\",\"config\":{\"to\":[\"a@b>\"]}}",
        "{\"name\":\"x\",\"kind\":\"mail\",\"config\":{\"contact\":\"default\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a b\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\",\"port\":70000}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\",\"transport\":\"smoke\"}}",
        "{\"name\":\"contact:x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\"}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\"},\"topics\":[\"test\"]}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\"},\"scope\":{\"clusters\":[]}}",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\"},\"minSeverity\":\"loud\"}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bodies); i++)
        (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels", bodies[i], 400);
    /* A secret that nothing would use is refused, not kept. */
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"a\"},\"secret\":\"1234567890123456\"}",
        409);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/channels",
        "{\"name\":\"x\",\"kind\":\"syslog\",\"config\":{\"host\":\"logs.example\"}}", 201);
    assert_string_equal(vl_test_get(s, answer, "config.port"), "6514"); /* RFC 5425 */
    assert_string_equal(vl_test_get(s, answer, "config.transport"), "tls");
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/channels/0", NULL, 404);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/channels/x", NULL, 404);
}

/* The channel of a contact is changed there. */
static void of_contacts(void **state)
{
    struct vl_test_server *s = *state;
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PUT", "/api/v1/contacts/default", "{\"emails\":[\"a@example.org\"]}", 200);
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/channels", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "items.0.name"), "contact:default");
    assert_string_equal(vl_test_get(s, answer, "items.0.ofContact"), "true");
    const char *path = vl_arena_printf(s->arena, "/api/v1/channels/%s", vl_test_get(s, answer, "items.0.id"));
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"enabled\":false}", 409);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 409);
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/test", path), NULL, 200);
    assert_non_null(strstr(vl_test_get(s, answer, "message"), "/api/v1/settings/mail"));
}

#define MAIL "/api/v1/settings/mail"

static void mail_settings(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] =
        "{\"host\":\"mail.example.org\",\"username\":\"me\",\"password\":\"pass-word\","
        "\"from\":\"vallum@example.org\"}";
    static const char *const bodies[] = {"{\"host\":\"a b\",\"from\":\"a@b\"}",
        "{\"host\":\"a\",\"from\":\"nobody\"}", "{\"host\":\"a\",\"from\":\"a@b\",\"password\":\"x\"}",
        "{\"host\":\"a\",\"from\":\"a@b\",\"port\":0}", "{\"host\":\"a\",\"from\":\"a@b\",\"caPem\":\"x\"}",
        "{\"host\":\"169.254.169.254\",\"from\":\"a@b\"}", "{\"from\":\"a@b\"}"};
    (void)vl_test_call(s, VL_ROLE_OWNER, "GET", MAIL, NULL, 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", MAIL, body, 403);
    for (size_t i = 0; i < VL_ARRAY_LEN(bodies); i++)
        (void)vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL, bodies[i], 400);
    (void)vl_test_call(
        s, VL_ROLE_OWNER, "PUT", MAIL, "{\"host\":\"a\",\"from\":\"a@b\",\"startTls\":\"never\"}", 409);
    const char *answer = vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL, body, 200);
    assert_string_equal(vl_test_get(s, answer, "port"), "587");
    assert_string_equal(vl_test_get(s, answer, "hasPassword"), "true");
    assert_string_equal(vl_test_get(s, answer, "startTls"), "required");
    assert_null(strstr(answer, "pass-word"));
    (void)vl_test_call(s, VL_ROLE_ADMIN, "GET", MAIL, NULL, 403);
    answer =
        vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL, answer, 200); /* as it was read: the password stays */
    assert_string_equal(vl_test_get(s, answer, "hasPassword"), "true");
    answer = vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL,
        "{\"host\":\"other.example.org\",\"username\":\"me\",\"from\":\"vallum@example.org\"}", 200);
    assert_string_equal(vl_test_get(s, answer, "hasPassword"), "false"); /* not for another host */
    /* Who does not speak of the authority leaves it as it is; null takes it away. */
    (void)vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL,
        "{\"host\":\"mail.example.org\",\"from\":\"v@example.org\",\"caPem\":\"-----BEGIN "
        "CERTIFICATE-----\"}",
        200);
    answer = vl_test_call(
        s, VL_ROLE_OWNER, "PUT", MAIL, "{\"host\":\"mail.example.org\",\"from\":\"w@example.org\"}", 200);
    assert_string_equal(vl_test_get(s, answer, "caPem"), "-----BEGIN CERTIFICATE-----");
    answer = vl_test_call(s, VL_ROLE_OWNER, "PUT", MAIL,
        "{\"host\":\"mail.example.org\",\"from\":\"w@example.org\",\"caPem\":null}", 200);
    assert_string_equal(vl_test_get(s, answer, "caPem"), "null");
}

static int second_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {
        "INSERT INTO outbox (environment_id, channel_id, topic, severity, subject, body, state, created) "
        "SELECT 1, id, 'finding', 5, 's', '{}', 3, 1 FROM channel WHERE name = 'x' RETURNING id",
        NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t id, *ret_message = user;
    int r = vl_repo_environment_add(conn, NULL, "second", &id, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret_message = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

/* What is one environment's is not there in another: channels, contacts, alerts, rules, messages, notices. */
static void environments_are_apart(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const lists[] = {
        "channels", "contacts", "alerts", "suppression-rules", "outbox", "notices"};
    struct vl_err err = VL_ERR_INIT;
    int64_t message = 0;
    if (vl_store_write(s->app.store, second_write, &message, &err) < 0)
        fail_msg("%s", err.msg);
    const char *first = vl_arena_printf(s->arena, "?environment=%s", s->environment);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST",
        vl_arena_printf(s->arena, "/api/v1/alerts/simulate%s", first), "{\"bundles\":[\"DNS\"]}", 202);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT",
        vl_arena_printf(s->arena, "/api/v1/suppression-rules/mine%s", first),
        "{\"alertType\":\"X\",\"reason\":\"Other\"}", 200);
    for (size_t i = 0; i < VL_ARRAY_LEN(lists); i++) {
        const char *own = vl_test_call(
            s, VL_ROLE_OWNER, "GET", vl_arena_printf(s->arena, "/api/v1/%s%s", lists[i], first), NULL, 200);
        const char *other = vl_test_call(s, VL_ROLE_OWNER, "GET",
            vl_arena_printf(s->arena, "/api/v1/%s?environment=second", lists[i]), NULL, 200);
        if (strcmp(vl_test_get(s, own, "total.value"), "0") == 0 ||
            strcmp(vl_test_get(s, other, "total.value"), "0") != 0)
            fail_msg("%s: %s; %s", lists[i], own, other);
    }
    const char *channels = vl_test_call(
        s, VL_ROLE_OWNER, "GET", vl_arena_printf(s->arena, "/api/v1/channels%s", first), NULL, 200);
    const char *alerts = vl_test_call(
        s, VL_ROLE_OWNER, "GET", vl_arena_printf(s->arena, "/api/v1/alerts%s", first), NULL, 200);
    const char *id = vl_test_get(s, channels, "items.1.id"), *guid = vl_test_get(s, alerts, "items.0.id");
    const struct {
        const char *method, *path, *body;
    } calls[] = {{"GET", vl_arena_printf(s->arena, "channels/%s", id), NULL},
        {"PATCH", vl_arena_printf(s->arena, "channels/%s", id), "{\"enabled\":false}"},
        {"DELETE", vl_arena_printf(s->arena, "channels/%s", id), NULL},
        {"POST", vl_arena_printf(s->arena, "channels/%s/test", id), NULL},
        {"GET", vl_arena_printf(s->arena, "alerts/%s", guid), NULL},
        {"PATCH", vl_arena_printf(s->arena, "alerts/%s", guid), "{\"status\":\"resolved\"}"},
        {"GET", "suppression-rules/mine", NULL}, {"DELETE", "suppression-rules/mine", NULL},
        {"GET", "contacts/default", NULL}, {"DELETE", "contacts/default", NULL},
        {"POST", vl_arena_printf(s->arena, "outbox/%lld/retry", (long long)message), NULL}};
    for (size_t i = 0; i < VL_ARRAY_LEN(calls); i++)
        (void)vl_test_call(s, VL_ROLE_OWNER, calls[i].method,
            vl_arena_printf(s->arena, "/api/v1/%s?environment=second", calls[i].path), calls[i].body, 404);
    (void)vl_test_call(s, VL_ROLE_OWNER, "POST",
        vl_arena_printf(s->arena, "/api/v1/outbox/%lld/retry%s", (long long)message, first), NULL, 202);
}

static void seal(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 16);
    struct vl_buf sealed VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    uint8_t key[VL_CRYPT_KEY_BYTES] = {1}, other[VL_CRYPT_KEY_BYTES] = {2};
    const struct vl_channel_secret secret = {.url = "https://example.org/x", .key = "k"};
    struct vl_channel_secret back;
    vl_buf_init(&sealed, 1 << 16);
    assert_int_equal(vl_channel_seal(key, &secret, &sealed, &err), 0);
    assert_int_equal(vl_span_find(vl_buf_span(&sealed), VL_SPAN_LIT("example")), SIZE_MAX);
    assert_int_equal(vl_channel_open(key, vl_buf_span(&sealed), arena, &back, &err), 0);
    assert_string_equal(back.url, secret.url);
    assert_string_equal(back.key, "k");
    assert_true(vl_channel_open(other, vl_buf_span(&sealed), arena, &back, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seal), cmocka_unit_test(webhook),
        cmocka_unit_test(secret_urls), cmocka_unit_test(made_secret), cmocka_unit_test(wrong),
        cmocka_unit_test(of_contacts), cmocka_unit_test(mail_settings),
        cmocka_unit_test(environments_are_apart)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
