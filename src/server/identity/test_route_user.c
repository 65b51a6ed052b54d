/* tests: repo_user.c route_user.c route_user_token.c
 *
 * What a user, locked, changed or removed, may then do is asked of the other routes, not of these. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/principal.h"
#include "test_server.h"

#define OWNER VL_ROLE_OWNER

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

#define text(s, ...) vl_arena_printf((s)->arena, __VA_ARGS__)

/* The token of a login, or "". */
static const char *login(struct vl_test_server *s, const char *name, const char *password, long want)
{
    const char *body = text(s, "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
    return vl_test_get(s, vl_test_call(s, 0, "POST", "/api/v1/login", body, want), "token");
}

static const char *add(struct vl_test_server *s, const char *body)
{
    return vl_test_get(s, vl_test_call(s, OWNER, "POST", "/api/v1/users", body, 201), "id");
}

/* An owner sees which tokens somebody has, never what they are, and ends one. */
static void test_tokens(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    const char *id = add(s, "{\"name\":\"tom\",\"password\":\"a long enough one\",\"role\":\"reader\"}");
    const char *session = login(s, "tom", "a long enough one", 200);
    assert_int_equal(
        vl_test_ask(s, "POST", "/api/v1/tokens", session, "{\"name\":\"pipe\",\"days\":3}", &answer), 201);
    const char *token = vl_test_get(s, answer, "token"), *token_id = vl_test_get(s, answer, "id");
    const char *path = text(s, "/api/v1/users/%s/tokens", id);
    answer = vl_test_call(s, OWNER, "GET", path, NULL, 200);
    assert_null(strstr(answer, "vlt_"));
    is(s, answer, "items.1.name", "pipe");
    is(s, answer, "items.1.role", "reader");
    is(s, answer, "items.1.environment", "null");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "GET", path, NULL, 403);
    (void)vl_test_call(s, OWNER, "GET", "/api/v1/users/999999/tokens", NULL, 404);
    /* of somebody else the same id is none */
    (void)vl_test_call(s, OWNER, "DELETE", text(s, "/api/v1/users/1/tokens/%s", token_id), NULL, 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 200);
    (void)vl_test_call(s, OWNER, "DELETE", text(s, "%s/%s", path, token_id), NULL, 204);
    (void)vl_test_call(s, OWNER, "DELETE", text(s, "%s/%s", path, token_id), NULL, 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 401);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", session, NULL, &answer), 200);
    answer = vl_test_call(s, OWNER, "GET", "/api/v1/audit?limit=1", NULL, 200);
    is(s, answer, "items.0.action", "token.remove");
    is(s, answer, "items.0.object", text(s, "tom: %s", token_id));
}

static void test_life(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer, *token;
    const char *id = add(s, "{\"name\":\"rita\",\"password\":\"a long enough one\",\"role\":\"reader\"}");
    const char *path = text(s, "/api/v1/users/%s", id);
    token = login(s, "rita", "a long enough one", 200);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 200);
    is(s, answer, "role", "reader");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/users", token, NULL, &answer), 403);

    answer = vl_test_call(s, OWNER, "PATCH", path, "{\"role\":\"admin\"}", 200);
    is(s, answer, "roles.0.role", "admin");
    is(s, answer, "roles.0.environment", "null");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 200);
    is(s, answer, "role", "admin");

    /* A new password ends the sessions of the old one. */
    (void)vl_test_call(s, OWNER, "PATCH", path, "{\"password\":\"another long one\"}", 200);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 401);
    (void)login(s, "rita", "a long enough one", 401);
    token = login(s, "rita", "another long one", 200);

    /* Locked: neither the token nor the password; unlocked both again. */
    answer = vl_test_call(s, OWNER, "PATCH", path, "{\"disabled\":true}", 200);
    is(s, answer, "disabled", "true");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 401);
    (void)login(s, "rita", "another long one", 401);
    (void)vl_test_call(s, OWNER, "PATCH", path, "{\"disabled\":false}", 200);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 200);

    (void)vl_test_call(s, OWNER, "DELETE", path, NULL, 204);
    (void)vl_test_call(s, OWNER, "DELETE", path, NULL, 404);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", token, NULL, &answer), 401);
    (void)vl_test_call(s, OWNER, "GET", path, NULL, 404);
}

static void test_environments(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    const char *id = add(s, text(s,
                                "{\"name\":\"eva\",\"password\":\"a long enough one\",\"role\":\"admin\","
                                "\"environment\":\"%s\"}",
                                s->environment));
    const char *path = text(s, "/api/v1/users/%s", id);
    is(s, vl_test_call(s, OWNER, "GET", path, NULL, 200), "roles.0.environment", s->environment);
    const char *token = login(s, "eva", "a long enough one", 200);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/plans", token, NULL, &answer), 200);
    answer = vl_test_call(
        s, OWNER, "PATCH", path, text(s, "{\"role\":\"none\",\"environment\":\"%s\"}", s->environment), 200);
    is(s, answer, "roles", "");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/plans", token, NULL, &answer), 403);
    (void)vl_test_call(s, OWNER, "PATCH", path, "{\"role\":\"reader\",\"environment\":\"nowhere\"}", 400);
    (void)vl_test_call(s, OWNER, "DELETE", path, NULL, 204);
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *body, *detail;
    } wrong[] = {
        {"{\"password\":\"a long enough one\",\"role\":\"reader\"}", "/name: is missing"},
        {"{\"name\":\"x\",\"password\":\"a long enough one\"}", "/role: is missing"},
        {"{\"name\":\"x\",\"role\":\"reader\"}", "/password: is missing"},
        {"{\"name\":\"x\",\"role\":\"reader\",\"password\":\"short\"}",
            "/password: must have at least 12 characters"},
        {"{\"name\":\"x\",\"role\":\"none\",\"password\":\"a long enough one\"}",
            "/role: is none of reader, admin, owner"},
        {"{\"name\":\" x\",\"role\":\"reader\",\"password\":\"a long enough one\"}",
            "/name: must have 1 to 256 bytes, without control characters or blanks around it"},
        {"{\"name\":\"x\\ny\",\"role\":\"reader\",\"password\":\"a long enough one\"}",
            "/name: must have 1 to 256 bytes, without control characters or blanks around it"},
        {"{\"name\":\"x\",\"kind\":\"robot\",\"role\":\"reader\"}", "/kind: is neither user nor client"},
        {"{\"name\":\"x\",\"kind\":\"client\",\"role\":\"reader\",\"password\":\"a long enough one\"}",
            "/password: a client has tokens, no password"},
        {"{\"name\":\"x\",\"role\":\"reader\",\"password\":\"a long enough one\",\"more\":1}",
            "/more: there is no such field"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        is(s, vl_test_call(s, OWNER, "POST", "/api/v1/users", wrong[i].body, 400), "detail", wrong[i].detail);
    (void)vl_test_call(s, OWNER, "POST", "/api/v1/users",
        "{\"name\":\"admin\",\"role\":\"reader\",\"password\":\"a long enough one\"}", 409);
    (void)vl_test_call(s, OWNER, "PATCH", "/api/v1/users/99999", "{\"disabled\":true}", 404);
    (void)vl_test_call(s, OWNER, "PATCH", "/api/v1/users/x", "{\"disabled\":true}", 404);
    static const char *const paths[] = {"/api/v1/users", "/api/v1/audit", "/api/v1/users/1"};
    for (size_t i = 0; i < VL_ARRAY_LEN(paths); i++) {
        (void)vl_test_call(s, 0, "GET", paths[i], NULL, 401);
        (void)vl_test_call(s, VL_ROLE_READER, "GET", paths[i], NULL, 403);
        (void)vl_test_call(s, VL_ROLE_ADMIN, "GET", paths[i], NULL, 403);
    }
}

/* Id of the user with that name; pages of one, so that the cursor is walked too. */
static const char *id_of(struct vl_test_server *s, const char *name)
{
    const char *path = "/api/v1/users?limit=1", *answer;
    for (int i = 0; i < 20; i++) {
        answer = vl_test_call(s, OWNER, "GET", path, NULL, 200);
        if (strcmp(vl_test_get(s, answer, "items.0.name"), name) == 0)
            return vl_test_get(s, answer, "items.0.id");
        const char *next = vl_test_get(s, answer, "next");
        if (strcmp(next, "null") == 0 || *next == '\0')
            break;
        path = text(s, "/api/v1/users?limit=1&cursor=%s", next);
    }
    fail_msg("no user %s", name);
    return "";
}

static void test_last_owner(void **state)
{
    struct vl_test_server *s = *state;
    const char *self = text(s, "/api/v1/users/%s", id_of(s, "test-owner"));
    const char *admin = text(s, "/api/v1/users/%s", id_of(s, "admin"));
    (void)vl_test_call(s, OWNER, "DELETE", self, NULL, 409);
    (void)vl_test_call(s, OWNER, "PATCH", admin, "{\"disabled\":true}", 200);
    (void)vl_test_call(s, OWNER, "PATCH", self, "{\"disabled\":true}", 409);
    (void)vl_test_call(s, OWNER, "PATCH", self, "{\"role\":\"reader\"}", 409);
    (void)vl_test_call(s, OWNER, "PATCH", self, "{\"role\":\"none\"}", 409);
    (void)vl_test_call(s, OWNER, "GET", "/api/v1/users", NULL, 200); /* nothing of it happened */
    (void)vl_test_call(s, OWNER, "PATCH", admin, "{\"disabled\":false}", 200);
}

static void test_audit(void **state)
{
    struct vl_test_server *s = *state;
    const char *id = add(s, "{\"name\":\"ida\",\"kind\":\"client\",\"role\":\"reader\"}");
    (void)vl_test_call(s, OWNER, "DELETE", text(s, "/api/v1/users/%s", id), NULL, 204);
    const char *answer = vl_test_call(s, OWNER, "GET", "/api/v1/audit?limit=1", NULL, 200);
    is(s, answer, "items.0.action", "user.remove");
    is(s, answer, "items.0.object", "ida");
    is(s, answer, "items.0.who", "test-owner");
    const char *next = text(s, "/api/v1/audit?limit=1&cursor=%s", vl_test_get(s, answer, "next"));
    is(s, vl_test_call(s, OWNER, "GET", next, NULL, 200), "items.0.action", "user.add");
    /* A password is nowhere in it. */
    assert_null(strstr(vl_test_call(s, OWNER, "GET", "/api/v1/audit?limit=1000", NULL, 200), "long enough"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_last_owner),
        cmocka_unit_test(test_audit),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
