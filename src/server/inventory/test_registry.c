/* tests: route_registry.c registry_form.c route_webhook.c
 *
 * The contract of /api/v1/registries, and events that come from outside: what counts is the registry's own
 * secret; nothing is acknowledged before it is durable; twice and in the wrong order is as good as once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "identity/principal.h"
#include "inventory/image_state.h"
#include "jobs/fetcher.h"
#include "jobs/runner.h"
#include "net/http_client.h"
#include "test_rows.h"

#define SECRET "correct-horse-battery"
#define IMAGE  "application/vnd.oci.image.manifest.v1+json"
#define INDEX  "application/vnd.oci.image.index.v1+json"

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static const char *path_of(struct vl_test_server *s, const char *id, const char *rest)
{
    return vl_arena_printf(s->arena, "/api/v1/registries/%s%s", id, rest);
}

/* The new one's id, as text. */
static const char *add(struct vl_test_server *s, const char *name, const char *more)
{
    const char *body = vl_arena_printf(s->arena,
        "{\"name\":\"%s\",\"host\":\"registry.example:5000\",\"webhookSecret\":\"" SECRET "\"%s}", name,
        more);
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/registries", body, 201);
    return vl_test_get(s, answer, "id");
}

static void test_life(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/registries",
        "{\"name\":\"main\",\"host\":\"shop.azurecr.io\",\"username\":\"robot\",\"password\":\"hunter2\","
        "\"include\":["
        "\"shop/*\",\"base\"]}",
        201);
    const char *id = vl_test_get(s, answer, "id");
    is(s, answer, "kind", "acr"); /* its name tells */
    is(s, answer, "username", "robot");
    is(s, answer, "hasSecret", "true");
    is(s, answer, "include.1", "base");
    is(s, answer, "pollSeconds", "300");
    is(s, answer, "concurrency", "2");
    is(s, answer, "counts.images", "0");
    assert_int_equal(strlen(vl_test_get(s, answer, "webhookSecret")), 40); /* once */
    assert_non_null(strstr(vl_test_get(s, answer, "webhook.url"),
        vl_arena_printf(s->arena, "/api/v1/registries/%s/events", id)));
    assert_null(strstr(answer, "hunter2"));
    answer = vl_test_call(s, VL_ROLE_READER, "GET", path_of(s, id, ""), NULL, 200);
    is(s, answer, "webhookSecret", "");
    assert_null(strstr(answer, "hunter2"));
    is(s, answer, "webhook.hasSecret", "true");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/registries", NULL, 200);
    is(s, answer, "items.0.name", "main");
    is(s, answer, "total.value", "1");

    static const struct vl_store_sql discover = {
        "SELECT count(*) FROM job WHERE kind = 'discover' AND key = $1", NULL};
    assert_int_equal(vl_rows_sql(s, &discover, "s", id), 1); /* at once */
    answer = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""),
        "{\"name\":\"other\",\"concurrency\":5,\"include\":[],\"pollSeconds\":60}", 200);
    is(s, answer, "name", "other");
    is(s, answer, "concurrency", "5");
    is(s, answer, "include.0", "");
    is(s, answer, "hasSecret", "true");
    is(s, answer, "username", "robot");
    answer = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"password\":\"\"}", 200);
    is(s, answer, "hasSecret", "false");
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", path_of(s, id, "/discover"), NULL, 202);
    assert_true(strlen(vl_test_get(s, answer, "job")) > 0);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, id, ""), NULL, 204);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", path_of(s, id, ""), NULL, 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, id, ""), NULL, 404);
    static const struct vl_store_sql audit = {"SELECT count(*) FROM audit WHERE action IN ('registry.add', "
                                              "'registry.change', 'registry.discover', 'registry.remove')",
        NULL};
    assert_int_equal(vl_rows_sql(s, &audit, ""), 5);
}

/* Who changed what another has changed meanwhile is told; counts that move do not count. */
static void test_if_match(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST",
        vl_arena_printf(s->arena, "/api/v1/registries?environment=%s", s->environment),
        "{\"name\":\"matched\",\"host\":\"matched.example\"}", 201);
    const char *path = vl_arena_printf(
        s->arena, "/api/v1/registries/%s?environment=%s", vl_test_get(s, answer, "id"), s->environment);
    const char *admin = s->token[VL_ROLE_ADMIN];
    struct vl_test_answer read = vl_test_send(s, "GET", path, admin, NULL, NULL);
    assert_true(strlen(read.etag) > 2);
    const char *match = vl_arena_printf(s->arena, "If-Match: %s", read.etag);
    (void)vl_rows_image(s, vl_rows_first_environment(s), strtoll(vl_test_get(s, answer, "id"), NULL, 10),
        &(struct vl_rows_image){.digest = "sha256:"
                                          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            .repository = "r"});
    struct vl_test_answer changed = vl_test_send(s, "PATCH", path, admin, match, "{\"pollSeconds\":120}");
    assert_int_equal(changed.status, 200);
    assert_string_not_equal(changed.etag, read.etag);
    assert_int_equal(vl_test_send(s, "PATCH", path, admin, match, "{\"pollSeconds\":90}").status, 412);
    assert_int_equal(vl_test_send(s, "DELETE", path, admin, match, NULL).status, 412);
    match = vl_arena_printf(s->arena, "If-Match: %s", changed.etag);
    assert_int_equal(vl_test_send(s, "DELETE", path, admin, match, NULL).status, 204);
}

static void test_wrong_bodies(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *body, *field;
    } rows[] = {
        {"{}", "/name"},
        {"{\"name\":\"x\"}", "/host"},
        {"{\"name\":7,\"host\":\"a\"}", "/name"},
        {"{\"name\":\" x\",\"host\":\"a\"}", "/name"},
        {"{\"name\":\"a\\nb\",\"host\":\"a\"}", "/name"},
        {"{\"name\":\"x\",\"host\":\"https://a\"}", "/host"},
        {"{\"name\":\"x\",\"host\":\"a/b\"}", "/host"},
        {"{\"name\":\"x\",\"host\":\"169.254.169.254\"}", "/host"},
        {"{\"name\":\"x\",\"host\":\"a\",\"kind\":\"quay\"}", "/kind"},
        {"{\"name\":\"x\",\"host\":\"a\",\"insecure\":\"yes\"}", "/insecure"},
        {"{\"name\":\"x\",\"host\":\"a\",\"pollSeconds\":1}", "/pollSeconds"},
        {"{\"name\":\"x\",\"host\":\"a\",\"pollSeconds\":600}", "/pollSeconds"},
        {"{\"name\":\"x\",\"host\":\"a\",\"concurrency\":0}", "/concurrency"},
        {"{\"name\":\"x\",\"host\":\"a\",\"include\":\"b\"}", "/include"},
        {"{\"name\":\"x\",\"host\":\"a\",\"include\":[\"b\",7]}", "/include/1"},
        {"{\"name\":\"x\",\"host\":\"a\",\"include\":[\"' OR 1=1\"]}", "/include/0"},
        {"{\"name\":\"x\",\"host\":\"a\",\"username\":\"a:b\"}", "/username"},
        {"{\"name\":\"x\",\"host\":\"a\",\"caPem\":\"no\"}", "/caPem"},
        {"{\"name\":\"x\",\"host\":\"a\",\"webhookSecret\":\"short\"}", "/webhookSecret"},
        {"{\"name\":\"x\",\"host\":\"a\",\"secret\":\"x\"}", "/secret"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/registries", rows[i].body, 400);
        const char *detail = vl_test_get(s, answer, "detail");
        if (strncmp(detail, rows[i].field, strlen(rows[i].field)) != 0)
            fail_msg("%s: %s", rows[i].body, detail);
    }
    const char *id = add(s, "wrong", "");
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "POST", "/api/v1/registries", "{\"name\":\"wrong\",\"host\":\"b\"}", 409);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"host\":null}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"id\":7}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, "0", ""), "{}", 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, "x", ""), "{}", 404);
    /* Where there is no webhook, the pause may be longer. */
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"webhookSecret\":\"\",\"pollSeconds\":3600}", 200);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"webhookSecret\":\"" SECRET "\"}", 400);
}

/* Whoever may change a registry must not get its password sent to a host of his own. */
static void test_moved_secret(void **state)
{
    struct vl_test_server *s = *state;
    const char *id = add(s, "moved", ",\"password\":\"hunter2\"");
    const char *answer =
        vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"host\":\"evil.example\"}", 400);
    assert_int_equal(strncmp(vl_test_get(s, answer, "detail"), "/password", 9), 0);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""), "{\"insecure\":true}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, id, ""),
        "{\"host\":\"new.example\",\"password\":\"hunter3\"}", 200);
}

static void test_roles_and_environments(void **state)
{
    struct vl_test_server *s = *state;
    const char *id = add(s, "roles", ""), *guid = NULL, *answer;
    (void)vl_test_call(
        s, VL_ROLE_READER, "POST", "/api/v1/registries", "{\"name\":\"r\",\"host\":\"a\"}", 403);
    (void)vl_test_call(s, VL_ROLE_READER, "PATCH", path_of(s, id, ""), "{}", 403);
    (void)vl_test_call(s, VL_ROLE_READER, "DELETE", path_of(s, id, ""), NULL, 403);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", path_of(s, id, "/test"), NULL, 403);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", path_of(s, id, "/discover"), NULL, 403);
    (void)vl_test_call(s, 0, "GET", "/api/v1/registries", NULL, 401);
    int64_t other = vl_rows_environment(s, "other", &guid);
    const char *token = vl_rows_caller(s, "of-other", other, VL_ROLE_OWNER, 0);
    assert_int_equal(vl_test_ask(s, "GET", path_of(s, id, ""), token, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "DELETE", path_of(s, id, ""), token, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "PATCH", path_of(s, id, ""), token, "{}", &answer), 404);
    assert_int_equal(vl_test_ask(s, "GET", path_of(s, id, "/repositories"), token, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/registries", token, NULL, &answer), 200);
    is(s, answer, "total.value", "0");
    static const struct vl_store_sql end = {"DELETE FROM environment WHERE id = $1", NULL};
    (void)vl_rows_sql(s, &end, "i", other);
}

/* --- trying --- */

static enum vl_err_code try_error;

static int catalogue(const struct vl_fetch_registry *registry, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    static const char *const names[] = {"a", "b"};
    (void)registry;
    (void)arena;
    if (try_error)
        return vl_err_set(err, try_error, "401 of registry.example");
    *ret_names = names;
    *ret_n = 2;
    return 0;
}
static const struct vl_fetcher stand_in = {.catalogue = catalogue};

static void test_try(void **state)
{
    struct vl_test_server *s = *state;
    const char *id = add(s, "try", "");
    s->app.fetcher = &stand_in;
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", path_of(s, id, "/test"), NULL, 200);
    is(s, answer, "ok", "true");
    is(s, answer, "message", "2 of its 2 repositories are included");
    try_error = VL_ERR_AUTH;
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", path_of(s, id, "/test"), NULL, 200);
    is(s, answer, "ok", "false");
    assert_non_null(strstr(answer, "check the user name and password"));
    s->app.fetcher = NULL;
}

/* --- events --- */

static const char *hook_id;

static const char *hook_answer;

static long hook(struct vl_test_server *s, const char *header, const char *body)
{
    struct vl_test_answer answer =
        vl_test_send(s, "POST", path_of(s, hook_id, "/events"), NULL, header, body);
    hook_answer = answer.body;
    return answer.status;
}

static const char *event(struct vl_test_server *s, const char *action, const char *type,
    const char *repository, unsigned digest, const char *tag, const char *time)
{
    return vl_arena_printf(s->arena,
        "{\"events\":[{\"id\":\"1\",\"timestamp\":\"%s\",\"action\":\"%s\",\"target\":{\"mediaType\":\"%s\","
        "\"digest\":\"sha256:%064x\",\"repository\":\"%s\"%s%s%s}}]}",
        time, action, type, digest, repository, *tag ? ",\"tag\":\"" : "", tag, *tag ? "\"" : "");
}

static void send_event(struct vl_test_server *s, const char *action, const char *type, const char *repository,
    unsigned digest, const char *tag, const char *time)
{
    const char *body = event(s, action, type, repository, digest, tag, time);
    if (hook(s, "Authorization: Bearer " SECRET, body) != 202)
        fail_msg("%s for %s", hook_answer, body);
}

static int64_t there(struct vl_test_server *s, const char *repository, unsigned digest)
{
    static const struct vl_store_sql sql = {"SELECT count(*) FROM registry_image WHERE registry_id = $1 AND "
                                            "repository = $2 AND digest = $3 AND deleted_at = 0",
        NULL};
    uint64_t id = 0;
    assert_true(vl_span_to_u64(vl_span_str(hook_id), &id));
    return vl_rows_sql(
        s, &sql, "iss", (int64_t)id, repository, vl_arena_printf(s->arena, "sha256:%064x", digest));
}

static int64_t jobs(struct vl_test_server *s, const char *kind)
{
    static const struct vl_store_sql sql = {
        "SELECT count(*) FROM job WHERE kind = $1 AND priority = $2", NULL};
    return vl_rows_sql(s, &sql, "si", kind, (int64_t)VL_PRIORITY_PUSHED);
}

static void test_secrets_of_senders(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_buf pair VL_CLEANUP(vl_buf_done), basic VL_CLEANUP(vl_buf_done);
    static const char *const wrong[] = {"Authorization: Bearer correct-horse-batterx",
        "Authorization: Bearer ", "Authorization: Basic x",
        "Authorization: Basic Y29ycmVjdA==", "Authorization: correct", "X: y",
        "Authorization: Bearer " SECRET "x"};
    const char *ping = "{\"events\":[]}";
    vl_buf_init(&pair, 256);
    vl_buf_init(&basic, 256);
    vl_buf_append_str(&pair, "anybody:" SECRET);
    vl_base64_encode(vl_buf_span(&pair), &basic);
    hook_id = add(s, "senders", "");
    assert_int_equal(hook(s, "Authorization: Bearer " SECRET, ping), 202);
    assert_int_equal(hook(s, "Authorization: " SECRET, ping), 202); /* as Harbor sends it */
    assert_int_equal(
        hook(s, vl_arena_printf(s->arena, "Authorization: Basic %s", vl_buf_str(&basic)), ping), 202);
    static const struct vl_store_sql audit = {
        "SELECT count(*) FROM audit WHERE action = 'webhook.refused'", NULL};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_int_equal(hook(s, wrong[i], ping), 401);
    assert_int_equal(s->app.forged.all, VL_ARRAY_LEN(wrong));
    assert_int_equal(vl_rows_sql(s, &audit, ""), 1); /* not one a call */
    const char *answer;
    assert_int_equal(vl_test_ask(s, "POST", "/api/v1/registries/999999/events", SECRET, ping, &answer), 401);
    assert_int_equal(vl_test_ask(s, "POST", "/api/v1/registries/x/events", SECRET, ping, &answer), 401);
    /* Only Docker Hub, which can send no header, has the secret in the address. */
    const char *query = "/events?secret=" SECRET;
    assert_int_equal(vl_test_send(s, "POST", path_of(s, hook_id, query), NULL, NULL, ping).status, 401);
    const char *hub = add(s, "hub", ",\"kind\":\"dockerhub\"");
    assert_int_equal(vl_test_send(s, "POST", path_of(s, hub, query), NULL, NULL, ping).status, 202);
    assert_int_equal(
        vl_test_send(s, "POST", path_of(s, hub, "/events?secret=x"), NULL, NULL, ping).status, 401);
    /* Pub/Sub signs with a token of Google's, beside which the secret stands in the address. */
    const char *gar = add(s, "gar", ",\"kind\":\"gar\"");
    const char *token = "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    assert_int_equal(vl_test_send(s, "POST", path_of(s, gar, query), NULL, token, ping).status, 202);
    assert_int_equal(vl_test_send(s, "POST", path_of(s, gar, query), NULL, NULL, ping).status, 202);
    assert_int_equal(vl_test_send(s, "POST", path_of(s, gar, "/events"), NULL, token, ping).status, 401);
    assert_int_equal(
        vl_test_send(s, "POST", path_of(s, gar, "/events?secret=x"), NULL, token, ping).status, 401);
    /* Strange bodies, of the right sender. */
    static const char *const strange[] = {"", "{", "[]", "{}", "{\"events\":7}", "\xff"};
    for (size_t i = 0; i < VL_ARRAY_LEN(strange); i++)
        assert_int_equal(hook(s, "Authorization: Bearer " SECRET, strange[i]), 400);
}

static void test_pushes(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql clean = {"DELETE FROM job", NULL};
    hook_id = add(s, "pushes", "");
    (void)vl_rows_sql(s, &clean, "");
    send_event(s, "push", "application/octet-stream", "shop/a", 100, "", "2026-01-01T10:00:00Z"); /* a blob */
    assert_int_equal(there(s, "shop/a", 100), 0);
    send_event(s, "push", IMAGE, "shop/a", 1, "1.0", "2026-01-01T10:00:01Z");
    send_event(s, "push", IMAGE, "shop/a", 1, "1.0", "2026-01-01T10:00:01Z"); /* again */
    assert_int_equal(there(s, "shop/a", 1), 1);
    assert_int_equal(jobs(s, "scan"), 1);
    static const struct vl_store_sql row = {"SELECT count(*) FROM registry_image i JOIN tag t ON "
                                            "t.registry_id = i.registry_id AND t.repository = "
                                            "i.repository AND t.digest = i.digest WHERE i.repository = "
                                            "'shop/a' AND t.name = '1.0' AND i.state = 0 AND "
                                            "i.pushed_at = $1",
        NULL};
    assert_int_equal(vl_rows_sql(s, &row, "i", (int64_t)1767261601000), 1);
    send_event(s, "push", INDEX, "shop/a", 2, "2.0", "2026-01-01T10:00:02Z");
    assert_int_equal(there(s, "shop/a", 2), 1);
    assert_int_equal(jobs(s, "scan"), 1);
    assert_int_equal(jobs(s, "resolve"), 1); /* its platforms */
    const char *harbor =
        "{\"type\":\"PUSH_ARTIFACT\",\"occur_at\":1767261603,\"event_data\":{\"resources\":[{\"digest\":"
        "\"sha256:0000000000000000000000000000000000000000000000000000000000000003\",\"tag\":\"3\"}],"
        "\"repository\":{\"repo_full_name\":\"shop/h\"}}}";
    assert_int_equal(hook(s, "Authorization: " SECRET, harbor), 202);
    assert_int_equal(jobs(s, "resolve"), 2); /* it does not say what it is */
    static const struct vl_store_sql at = {
        "SELECT count(*) FROM registry WHERE name = 'pushes' AND event_at > 0", NULL};
    assert_int_equal(vl_rows_sql(s, &at, ""), 1);
}

/* One bus and one topic tell of many registries: what is about another one is left alone. */
static void test_pushes_of_clouds(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql clean = {"DELETE FROM job", NULL};
    static const char text[] = "{\"name\":\"%s\",\"host\":\"%s\",\"webhookSecret\":\"" SECRET "\"}";
    const char *answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/registries",
        vl_arena_printf(s->arena, text, "ecr", "123456789012.dkr.ecr.us-west-2.amazonaws.com"), 201);
    hook_id = vl_test_get(s, answer, "id");
    is(s, answer, "kind", "ecr");
    (void)vl_rows_sql(s, &clean, "");
    static const char form[] =
        "{\"source\":\"aws.ecr\",\"detail-type\":\"ECR Image Action\",\"account\":\"123456789012\","
        "\"time\":\"2026-01-01T10:00:00Z\",\"region\":\"%s\",\"detail\":{\"result\":\"SUCCESS\","
        "\"repository-name\":\"a\",\"image-digest\":\"sha256:%064x\",\"action-type\":\"PUSH\","
        "\"image-tag\":\"1\",\"manifest-media-type\":\"" IMAGE "\"}}";
    assert_int_equal(
        hook(s, "Authorization: Bearer " SECRET, vl_arena_printf(s->arena, form, "us-west-2", 1)), 202);
    is(s, hook_answer, "accepted", "1");
    assert_int_equal(there(s, "a", 1), 1);
    assert_int_equal(jobs(s, "scan"), 1);
    assert_int_equal(
        hook(s, "Authorization: Bearer " SECRET, vl_arena_printf(s->arena, form, "eu-west-1", 2)), 202);
    is(s, hook_answer, "accepted", "0");
    is(s, hook_answer, "ignored", "1");
    assert_int_equal(there(s, "a", 2), 0);
    answer = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/registries",
        vl_arena_printf(s->arena, text, "gar-host", "us-east1-docker.pkg.dev"), 201);
    hook_id = vl_test_get(s, answer, "id");
    is(s, answer, "kind", "gar");
    (void)vl_rows_sql(s, &clean, "");
    static const char insert[] = "{\"action\":\"INSERT\",\"tag\":\"%s-docker.pkg.dev/p/r/i:1\"}";
    assert_int_equal(
        hook(s, "Authorization: Bearer " SECRET, vl_arena_printf(s->arena, insert, "us-east1")), 202);
    is(s, hook_answer, "accepted", "1");
    assert_int_equal(jobs(s, "resolve"), 1);
    assert_int_equal(
        hook(s, "Authorization: Bearer " SECRET, vl_arena_printf(s->arena, insert, "us-east4")), 202);
    is(s, hook_answer, "accepted", "0");
}

static void test_order(void **state)
{
    struct vl_test_server *s = *state;
    hook_id = add(s, "order", "");
    send_event(s, "push", IMAGE, "o", 1, "x", "2026-01-01T10:00:00Z");
    send_event(s, "delete", "application/octet-stream", "o", 1, "", "2026-01-01T10:00:05Z");
    assert_int_equal(there(s, "o", 1), 1); /* that was a blob */
    const char *gone = vl_arena_printf(s->arena,
        "{\"events\":[{\"timestamp\":\"2026-01-01T10:00:05Z\",\"action\":\"delete\",\"target\":{\"digest\":"
        "\"sha256:%064x\",\"repository\":\"o\"}}]}",
        1);
    assert_int_equal(hook(s, "Authorization: Bearer " SECRET, gone), 202);
    assert_int_equal(there(s, "o", 1), 0);
    send_event(s, "push", IMAGE, "o", 1, "x", "2026-01-01T10:00:00Z"); /* the first one once more, late */
    assert_int_equal(there(s, "o", 1), 0);
    send_event(s, "push", IMAGE, "o", 1, "x", "2026-01-01T10:00:09Z"); /* pushed anew */
    assert_int_equal(there(s, "o", 1), 1);
    assert_int_equal(hook(s, "Authorization: Bearer " SECRET, gone), 202); /* the deletion once more, late */
    assert_int_equal(there(s, "o", 1), 1);
    /* A pull marks the image, and nothing else. */
    send_event(s, "pull", IMAGE, "o", 1, "", "2026-01-01T11:00:00Z");
    static const struct vl_store_sql pulled = {
        "SELECT count(*) FROM registry_image WHERE repository = 'o' AND pulled_at = $1", NULL};
    assert_int_equal(vl_rows_sql(s, &pulled, "i", (int64_t)1767265200000), 1);
    send_event(s, "pull", IMAGE, "o", 2, "", "2026-01-01T11:00:00Z");
    assert_int_equal(there(s, "o", 2), 0);
}

static void test_switched_off(void **state)
{
    struct vl_test_server *s = *state;
    hook_id = add(s, "off", ",\"include\":[\"in/*\"]");
    send_event(s, "push", IMAGE, "out/a", 1, "", "2026-01-01T10:00:00Z");
    assert_int_equal(there(s, "out/a", 1), 0); /* not included */
    send_event(s, "push", IMAGE, "in/a", 1, "", "2026-01-01T10:00:00Z");
    assert_int_equal(there(s, "in/a", 1), 1);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, hook_id, ""), "{\"enabled\":false}", 200);
    send_event(s, "push", IMAGE, "in/b", 1, "", "2026-01-01T10:00:00Z");
    assert_int_equal(there(s, "in/b", 1), 0);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path_of(s, hook_id, ""), "{\"enabled\":true}", 200);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Containers", "{\"pricingTier\":\"Free\"}", 200);
    send_event(s, "push", IMAGE, "in/c", 1, "", "2026-01-01T10:00:00Z");
    assert_int_equal(there(s, "in/c", 1), 0);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Containers", "{\"pricingTier\":\"Standard\"}", 200);
}

/* Several senders at the same time: every push that was acknowledged is there once, with its job. */
struct sender {
    struct vl_test_server *s;
    pthread_t thread;
    unsigned from;
    bool good;
};

static void *send_some(void *user)
{
    struct sender *x = user;
    struct vl_test_server own = *x->s; /* the arena of answers is one thread's */
    own.arena = vl_arena_new(64UL * 1024 * 1024);
    atomic_init(&own.idle, NULL);
    x->good = own.arena != NULL;
    for (unsigned i = 0; i < 25 && x->good; i++)
        x->good = hook(&own, "Authorization: Bearer " SECRET,
                      event(&own, "push", IMAGE, "storm", x->from + i, "", "2026-01-01T10:00:00Z")) == 202;
    vl_arena_free(own.arena);
    vl_http_client_free(atomic_exchange(&own.idle, NULL));
    return NULL;
}

static void test_storm(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql rows = {
        "SELECT count(DISTINCT digest) FROM registry_image WHERE repository = 'storm'", NULL};
    static const struct vl_store_sql scans = {"SELECT count(*) FROM job j JOIN registry_image i ON j.kind = "
                                              "'scan' AND j.key = CAST(i.id AS TEXT) WHERE "
                                              "i.repository = 'storm'",
        NULL};
    struct sender senders[8];
    hook_id = add(s, "storm", "");
    for (unsigned i = 0; i < VL_ARRAY_LEN(senders); i++) {
        senders[i] = (struct sender){.s = s, .from = 1000 + i * 25};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_some, &senders[i]), 0);
    }
    for (unsigned i = 0; i < VL_ARRAY_LEN(senders); i++) {
        pthread_join(senders[i].thread, NULL);
        assert_true(senders[i].good);
    }
    assert_int_equal(vl_rows_sql(s, &rows, ""), 200);
    assert_int_equal(vl_rows_sql(s, &scans, ""), 200);
}

static void test_repositories(void **state)
{
    struct vl_test_server *s = *state;
    hook_id = add(s, "repositories", "");
    send_event(s, "push", IMAGE, "b", 1, "", "2026-01-01T10:00:00Z");
    send_event(s, "push", IMAGE, "a", 1, "", "2026-01-01T10:00:00Z");
    send_event(s, "push", IMAGE, "a", 2, "", "2026-01-01T10:00:00Z");
    send_event(s, "push", INDEX, "c", 3, "", "2026-01-01T10:00:00Z");
    const char *answer =
        vl_test_call(s, VL_ROLE_READER, "GET", path_of(s, hook_id, "/repositories?limit=2"), NULL, 200);
    is(s, answer, "items.0.name", "a");
    is(s, answer, "items.0.images", "2");
    is(s, answer, "items.1.name", "b");
    is(s, answer, "items.2.name", "");
    is(s, answer, "total.value", "3");
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        path_of(s, hook_id,
            vl_arena_printf(s->arena, "/repositories?limit=2&cursor=%s", vl_test_get(s, answer, "next"))),
        NULL, 200);
    is(s, answer, "items.0.name", "c");
    is(s, answer, "items.0.images", "0");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", path_of(s, hook_id, ""), NULL, 200);
    is(s, answer, "counts.repositories", "3");
    is(s, answer, "counts.images", "3");
    is(s, answer, "counts.unscanned", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_if_match),
        cmocka_unit_test(test_wrong_bodies),
        cmocka_unit_test(test_moved_secret),
        cmocka_unit_test(test_roles_and_environments),
        cmocka_unit_test(test_try),
        cmocka_unit_test(test_secrets_of_senders),
        cmocka_unit_test(test_pushes),
        cmocka_unit_test(test_pushes_of_clouds),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_repositories),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
