/* tests: route_overview.c route_watch.c route_status.c repo_watch.c stream.c repo_visit.c
 *
 * Streams are read as WHATWG HTML says a client does; the rest is said by the rows that were written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "net/http_client.h"
#include "store/feed.h"
#include "store/queue.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define BAD       DIGEST("aaaa")
#define NO_DATA   DIGEST("bbbb")
#define DAY_MS    (24 * 3600000LL)

static int64_t environment, two;
static const char *guid_two, *reader_of_two;

static int set_up(void **state)
{
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    two = vl_rows_environment(s, "second", &guid_two);
    reader_of_two = vl_rows_caller(s, "second-reader", two, VL_ROLE_READER, 0);
    return 0;
}

static const char *get(struct vl_test_server *s, const char *rest)
{
    return vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "/api/v1/%s?environment=%s", rest, s->environment), NULL, 200);
}

/* Index of the item whose `member` begins with `start`; -1: none. */
static int find(
    struct vl_test_server *s, const char *answer, const char *list, const char *member, const char *start)
{
    for (int i = 0; i < 16; i++) {
        const char *text = vl_test_get(s, answer, vl_arena_printf(s->arena, "%s.%d.%s", list, i, member));
        if (strncmp(text, start, strlen(start)) == 0 && *text)
            return i;
    }
    return -1;
}

static void test_blind(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "overview");
    int at = find(s, a, "cannotSee", "why", "no registry is connected");
    assert_true(at >= 0);
    assert_string_equal(vl_test_get(s, a, vl_arena_printf(s->arena, "cannotSee.%d.cure", at)),
        "vallum registry add NAME HOST");
    assert_true(find(s, a, "cannotSee", "what", "running workloads") >= 0);
    assert_true(find(s, a, "cannotSee", "what", "nodes") >= 0);
    assert_string_equal(vl_test_get(s, a, "doNext.0"), "");
    assert_string_equal(vl_test_get(s, a, "score.percentage"), "null"); /* nothing is assessed: no number */
    assert_string_equal(vl_test_get(s, a, "images.total"), "0");
}

static void test_overview(void **state)
{
    static const struct vl_store_sql failing = {
        "UPDATE registry SET error = 'it is down' WHERE id = $1", NULL};
    static const struct vl_store_sql broken = {
        "UPDATE registry_image SET state = 2, error = 'layer 2 is damaged' WHERE digest = $1", NULL};
    static const struct vl_store_sql history = {"INSERT INTO image_match_change (image_id, at, added, gone, "
                                                "critical_added, why) VALUES ($1, $2, 3, 0, 1, "
                                                "'scan')",
        NULL};
    struct vl_test_server *s = *state;
    int64_t registry = vl_rows_registry(s, environment, "one");
    int64_t bad = vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){.digest = BAD, .repository = "app/web", .tag = "1.1"});
    vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){.digest = NO_DATA, .repository = "app/odd", .not_assessed = true});
    vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){.digest = DIGEST("cccc"), .repository = "app/new", .unfetched = true});
    vl_rows_image(s, environment, registry,
        &(struct vl_rows_image){.digest = DIGEST("dddd"), .repository = "app/torn", .unfetched = true});
    vl_rows_finding(s, bad,
        &(struct vl_rows_finding){"CVE-2026-0001", "pkg:deb/debian/libssl@1", "libssl", "1", "2",
            VL_SEVERITY_CRITICAL, true, 0.5, 0});
    vl_rows_finding(s, bad,
        &(struct vl_rows_finding){
            "CVE-2026-0002", "pkg:deb/debian/zlib@1", "zlib", "1", "1.1", VL_SEVERITY_LOW, false, 0, 0});
    vl_rows_sql(s, &failing, "i", registry);
    vl_rows_sql(s, &broken, "s", DIGEST("dddd"));
    vl_rows_sql(s, &history, "ii", bad, vl_time_now_ms());
    vl_rows_sql(s, &history, "ii", bad, vl_time_now_ms() - 30 * DAY_MS); /* before what is new */
    const char *a = get(s, "overview");
    assert_string_equal(vl_test_get(s, a, "doNext.0.kind"), "image");
    assert_string_equal(vl_test_get(s, a, "doNext.0.title"), "one.example:5000/app/web:1.1");
    assert_string_equal(vl_test_get(s, a, "doNext.0.image.repository"), "app/web");
    assert_string_equal(vl_test_get(s, a, "doNext.0.image.registry"), "one");
    assert_string_equal(vl_test_get(s, a, "doNext.0.image.tags.0"), "1.1");
    assert_string_equal(vl_test_get(s, a, "doNext.0.image.tagCount"), "1");
    assert_string_equal(vl_test_get(s, a, "doNext.0.fix"), "update libssl 1 to 2, and 1 other package");
    assert_string_equal(vl_test_get(s, a, "doNext.0.link"), "/images/" BAD);
    assert_string_equal(vl_test_get(s, a, "doNext.0.why.0"), "1 vulnerability that is exploited (CISA KEV)");
    assert_string_equal(vl_test_get(s, a, "doNext.0.running"), "null");
    assert_string_equal(vl_test_get(s, a, "doNext.1"), "");
    assert_true(find(s, a, "cannotSee", "why", "1 of 1 registries cannot be read; one: it is down") >= 0);
    assert_true(find(s, a, "cannotSee", "why", "1 image could not be scanned: layer 2 is damaged") >= 0);
    assert_true(find(s, a, "cannotSee", "why", "1 image is not assessed") >= 0);
    assert_true(find(s, a, "cannotSee", "why", "no registry") < 0);
    assert_string_equal(vl_test_get(s, a, "images.total"), "4");
    assert_string_equal(vl_test_get(s, a, "images.unscanned"), "1");
    assert_string_equal(vl_test_get(s, a, "images.error"), "1");
    assert_string_equal(vl_test_get(s, a, "images.completed"), "2");
    assert_string_equal(vl_test_get(s, a, "newSince.findings"), "3");
    assert_string_equal(vl_test_get(s, a, "newSince.critical"), "1");
    assert_string_equal(vl_test_get(s, a, "newSince.images"), "4");
    const char *theirs;
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/overview", reader_of_two, NULL, &theirs), 200);
    assert_null(strstr(theirs, "app/web"));
    assert_string_equal(vl_test_get(s, theirs, "images.total"), "0");
    for (int i = 0; i < 60; i++) { /* more than are looked at: a number that is not known is not given */
        const char *name = vl_arena_printf(s->arena, "lib%d", i);
        vl_rows_finding(s, bad,
            &(struct vl_rows_finding){vl_arena_printf(s->arena, "CVE-2025-%04d", i),
                vl_arena_printf(s->arena, "pkg:deb/debian/%s@1", name), name, "1", "2", VL_SEVERITY_LOW,
                false, 0, 0});
    }
    assert_string_equal(vl_test_get(s, get(s, "overview"), "doNext.0.fix"),
        "update libssl 1 to 2, and at least 49 other packages");
}

static void test_me(void **state)
{
    static const struct vl_store_sql before = {
        "UPDATE principal SET visit_at = 1764288000000 WHERE name = 'second-reader'", NULL};
    struct vl_test_server *s = *state;
    const char *a;
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", reader_of_two, NULL, &a), 200);
    assert_string_equal(vl_test_get(s, a, "lastVisit"), "null"); /* he was never here */
    assert_string_equal(vl_test_get(s, a, "environments.0.id"), guid_two);
    assert_string_equal(vl_test_get(s, a, "environments.0.role"), "reader");
    assert_string_equal(vl_test_get(s, a, "environments.1.id"), "");
    vl_rows_sql(s, &before, "");
    for (int i = 0; i < 2; i++) { /* the second call is of the same visit */
        assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", reader_of_two, NULL, &a), 200);
        assert_string_equal(vl_test_get(s, a, "lastVisit"), "2025-11-28T00:00:00.000Z");
    }
    a = vl_test_call(s, VL_ROLE_OWNER, "GET", "/api/v1/me", NULL, 200);
    assert_true(find(s, a, "environments", "id", s->environment) >= 0);
    assert_true(find(s, a, "environments", "id", guid_two) >= 0);
}

/* --- streams --- */

struct change {
    int64_t environment;
    const char *topic, *key;
};

static int add_change(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    return vl_feed_add(conn, c->environment, c->topic, c->key, err);
}

static void change(struct vl_test_server *s, int64_t of, const char *topic, const char *key)
{
    struct change c = {of, topic, key};
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, add_change, &c, &err) < 0)
        fail_msg("%s", err.msg);
}

static int64_t last_number(struct vl_test_server *s)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    int64_t n = 0;
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    assert_true(vl_feed_last(conn, &n, &err) >= 0);
    return n;
}

struct listening {
    struct vl_buf *out;
    const char *until;
};

static int hear(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    struct listening *l = user;
    (void)response;
    vl_buf_append_span(l->out, bytes);
    return strstr(vl_buf_str(l->out), l->until) ? vl_err_set(err, VL_ERR_CONFLICT, "heard") : 0;
}

/* What a stream says up to and with `until`. */
static const char *listen_until(
    struct vl_test_server *s, const char *query, const char *token, const char *last, const char *until)
{
    char url[512], ca[128], authorization[128];
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response VL_CLEANUP(vl_http_response_done) = {0};
    struct listening l = {&out, until};
    vl_buf_init(&out, 4UL * 1024 * 1024);
    (void)snprintf(
        url, sizeof(url), "https://127.0.0.1:%u/api/v1/events%s", vl_http_server_port(s->app.http), query);
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", s->folder);
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    struct vl_http_options options = {.ca_file = ca, .total_timeout_ms = 20000};
    assert_true(vl_http_client_new(&options, &client, &err) >= 0);
    struct vl_http_header header = {"Last-Event-ID", last};
    struct vl_http_request request = {.url = url,
        .authorization = authorization,
        .headers = &header,
        .n_headers = last ? 1 : 0,
        .max_bytes = 4UL * 1024 * 1024,
        .body_fd = -1};
    if (vl_http_perform(client, &request, hear, &l, NULL, &response, &err) >= 0 ||
        err.code != VL_ERR_CONFLICT)
        fail_msg("%s: %s: %s", query, err.msg, vl_buf_str(&out));
    return vl_arena_dup_span(s->arena, vl_buf_span(&out));
}

static void test_resume(void **state)
{
    struct vl_test_server *s = *state;
    change(s, environment, "image", "before");
    int64_t from = last_number(s);
    change(s, environment, "image", BAD);
    change(s, two, "image", "theirs");
    change(s, environment, "score", "s\"\n<script>");
    const char *text = listen_until(s, vl_arena_printf(s->arena, "?environment=%s", s->environment),
        s->token[VL_ROLE_READER], vl_arena_printf(s->arena, "%lld", (long long)from), "script");
    const char *wanted = vl_arena_printf(s->arena,
        "id: %lld\nevent: image\ndata: {\"key\":\"" BAD "\",\"environment\":\"%s\"}\n\n", (long long)from + 1,
        s->environment);
    assert_non_null(strstr(text, wanted));
    assert_null(strstr(text, "before"));
    assert_null(strstr(text, "theirs"));
    assert_non_null(strstr(text, "{\"key\":\"s\\\"\\n<script>\"")); /* one line, whatever is in it */
    text = listen_until(s, "", reader_of_two, vl_arena_printf(s->arena, "%lld", (long long)from), "theirs");
    assert_null(strstr(text, BAD));
}

/* One with a registry alone hears of it and of its images, and of nothing else in the environment. */
static void test_part(void **state)
{
    struct vl_test_server *s = *state;
    int64_t own = vl_rows_registry(s, environment, "part"), other = vl_rows_registry(s, environment, "rest");
    const struct vl_rows_image image = {.digest = DIGEST("1234"), .repository = "p"},
                               hidden = {.digest = DIGEST("5678"), .repository = "h"};
    vl_rows_image(s, environment, own, &image);
    vl_rows_image(s, environment, other, &hidden);
    const char *token = vl_rows_part_caller(s, "part-reader", environment, own, VL_ROLE_READER);
    int64_t from = last_number(s);
    change(s, environment, "image", hidden.digest);
    change(s, environment, "registry", vl_arena_printf(s->arena, "%lld", (long long)other));
    change(s, environment, "alert", "1");
    change(s, environment, "score", "");
    change(s, 0, "health", "h");
    change(s, environment, "registry", vl_arena_printf(s->arena, "%lld", (long long)own));
    change(s, environment, "image", image.digest);
    const char *text = listen_until(s, vl_arena_printf(s->arena, "?environment=%s", s->environment), token,
        vl_arena_printf(s->arena, "%lld", (long long)from), image.digest);
    assert_null(strstr(text, hidden.digest));
    const char *first = strstr(text, "event: ");
    assert_true(first && strncmp(first, "event: registry\n", 16) == 0);
    assert_true(strncmp(strstr(first + 7, "event: "), "event: image\n", 13) == 0);
}

/* One who has a registry by its label hears of it; one with a namespace hears of the alerts in it. */
static void test_other_parts(void **state)
{
    static const struct vl_store_sql label = {
        "UPDATE registry SET labels = ',team=loud,' WHERE id = $1", NULL};
    static const struct vl_store_sql alert = {
        "INSERT INTO alert (environment_id, guid, type, severity, status, title, body, started, ended, "
        "created, changed, cluster, namespace) VALUES ($1, $2, 'T', 4, 1, 't', '{}', 1, 1, 1, 1, 'prod', $3)",
        NULL};
    struct vl_test_server *s = *state;
    const struct vl_role_scope by_label = {
        .environment = environment, .kind = VL_ROLE_LABEL, .label = "team=loud"};
    const struct vl_role_scope by_namespace = {
        .environment = environment, .kind = VL_ROLE_CLUSTER, .cluster = "Prod", .name_space = "shop"};
    int64_t own = vl_rows_registry(s, environment, "labelled"),
            other = vl_rows_registry(s, environment, "plain");
    const struct vl_rows_image image = {.digest = DIGEST("1235"), .repository = "p"};
    vl_rows_image(s, environment, own, &image);
    vl_rows_sql(s, &label, "i", own);
    vl_rows_sql(s, &alert, "iss", environment, "shop-alert", "shop");
    vl_rows_sql(s, &alert, "iss", environment, "bank-alert", "bank");
    const char *labelled = vl_rows_scope_caller(s, "label-reader", &by_label, VL_ROLE_READER);
    const char *namespaced = vl_rows_scope_caller(s, "namespace-reader", &by_namespace, VL_ROLE_READER);
    const char *from = vl_arena_printf(s->arena, "%lld", (long long)last_number(s));
    const char *query = vl_arena_printf(s->arena, "?environment=%s", s->environment);
    change(s, environment, "registry", vl_arena_printf(s->arena, "%lld", (long long)other));
    change(s, environment, "alert", "bank-alert");
    change(s, environment, "alert", "shop-alert");
    change(s, environment, "image", image.digest);
    const char *text = listen_until(s, query, labelled, from, image.digest);
    assert_true(strncmp(strstr(text, "event: "), "event: image\n", 13) == 0);
    text = listen_until(s, query, namespaced, from, "shop-alert");
    assert_true(strncmp(strstr(text, "event: "), "event: alert\n", 13) == 0);
    assert_null(strstr(text, "bank-alert"));
}

static void test_gap(void **state)
{
    static const struct vl_store_sql trim = {
        "DELETE FROM change WHERE number < (SELECT max(number) FROM change)", NULL};
    struct vl_test_server *s = *state;
    const char *query = vl_arena_printf(s->arena, "?environment=%s", s->environment);
    change(s, environment, "image", "x");
    change(s, environment, "image", "y");
    vl_rows_sql(s, &trim, "");
    const char *text = listen_until(s, query, s->token[VL_ROLE_READER], "1", "event: reset");
    assert_non_null(
        strstr(text, vl_arena_printf(s->arena, "id: %lld\nevent: reset", (long long)last_number(s))));
    /* A number from the future is another feed's. */
    listen_until(s, query, s->token[VL_ROLE_READER], "999999999", "event: reset");
    vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "/api/v1/events?environment=%s&lastEventId=x", s->environment), NULL, 400);
}

static atomic_bool heard;

/* Again and again: on a slow machine the first may come before the stream is there. */
static void *later(void *user)
{
    for (int i = 0; i < 30 && !heard; i++) {
        (void)nanosleep(&(struct timespec){0, 500 * 1000000}, NULL);
        change(user, environment, "finding", "live");
    }
    return NULL;
}

static void test_live(void **state)
{
    struct vl_test_server *s = *state;
    pthread_t thread;
    heard = false;
    assert_int_equal(pthread_create(&thread, NULL, later, s), 0);
    const char *text = listen_until(s, vl_arena_printf(s->arena, "?environment=%s", s->environment),
        s->token[VL_ROLE_READER], NULL, "live");
    heard = true;
    pthread_join(thread, NULL);
    assert_non_null(strstr(text, "retry: 3000"));
    assert_null(strstr(text, BAD));
}

/* --- health --- */

static int dead_job(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql kill = {
        "UPDATE job SET state = 2, error = 'it was in vain', attempt = 3 WHERE id = $1", NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const struct vl_job job = {.kind = "scan", .key = "7", .group = "", .priority = 50};
    int r = vl_queue_add(conn, &job, user, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &kill, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, *(int64_t *)user);
    return vl_stmt_run(stmt, NULL, err);
}

static void test_health(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    int64_t id = 0;
    assert_true(vl_store_write(s->app.store, dead_job, &id, &err) >= 0);
    const char *a = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/health", NULL, 200);
    assert_string_equal(vl_test_get(s, a, "status"), "degraded");
    int at = find(s, a, "checks", "name", "jobs");
    assert_string_equal(vl_test_get(s, a, vl_arena_printf(s->arena, "checks.%d.ok", at)), "false");
    assert_string_equal(vl_test_get(s, a, "jobs.byKind.scan.dead"), "1");
    assert_true(*vl_test_get(s, a, "database.size") >= '1');
    assert_string_equal(vl_test_get(s, a, "advisories"), "null");
    at = find(s, a, "checks", "name", "advisories");
    assert_string_equal(vl_test_get(s, a, vl_arena_printf(s->arena, "checks.%d.ok", at)), "false");
    assert_non_null(
        strstr(vl_test_get(s, a, vl_arena_printf(s->arena, "checks.%d.cure", at)), "vallum db update"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blind), cmocka_unit_test(test_overview),
        cmocka_unit_test(test_me), cmocka_unit_test(test_resume), cmocka_unit_test(test_part),
        cmocka_unit_test(test_other_parts), cmocka_unit_test(test_gap), cmocka_unit_test(test_live),
        cmocka_unit_test(test_health)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
