/* tests: routes.c
 *
 * Every route of both faces, asked by everybody: without a token, with one that has ended, by reader, admin
 * and owner, by one without any role, by the owner of another environment, and by reader and admin of a
 * registry, of registries with a label, of a cluster, and of a namespace alone. What each may is said by the
 * table of routes itself: less than its role is 403, another's environment is 404 as one that is not there,
 * and nobody ever sees a 500. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "router.h"
#include "test_rows.h"

#define PATH_MAX_BYTES 1024

#define KINDS 4

static const char *expired, *nobody, *other_owner, *part[KINDS][VL_ROLE_OWNER];
static char second[VL_GUID_TEXT];

static int set_up(void **state)
{
    static const struct vl_store_sql label = {
        "UPDATE registry SET labels = ',team=own,' WHERE id = $1", NULL};
    const char *guid = NULL;
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    int64_t two = vl_rows_environment(s, "second", &guid);
    (void)snprintf(second, sizeof(second), "%s", guid);
    expired = vl_rows_caller(s, "late", 0, VL_ROLE_OWNER, 1);
    nobody = vl_rows_caller(s, "nobody", 0, VL_ROLE_NONE, 0);
    other_owner = vl_rows_caller(s, "other-owner", two, VL_ROLE_OWNER, 0);
    int64_t one = vl_rows_first_environment(s), registry = vl_rows_registry(s, one, "own");
    vl_rows_sql(s, &label, "i", registry);
    const struct vl_role_scope scopes[KINDS] = {
        {.environment = one, .kind = VL_ROLE_REGISTRY, .registry = registry},
        {.environment = one, .kind = VL_ROLE_LABEL, .label = "team=own"},
        {.environment = one, .kind = VL_ROLE_CLUSTER, .cluster = "prod"},
        {.environment = one, .kind = VL_ROLE_CLUSTER, .cluster = "prod", .name_space = "shop"}};
    for (size_t i = 0; i < KINDS; i++) {
        for (int role = VL_ROLE_READER; role <= VL_ROLE_ADMIN; role++)
            part[i][role] =
                vl_rows_scope_caller(s, vl_arena_printf(s->arena, "part-%zu-%d", i, role), &scopes[i], role);
    }
    return 0;
}

static bool of_segment(const struct vl_route *route)
{
    return route->scope == VL_SCOPE_SEGMENT || route->scope == VL_SCOPE_SEGMENT_PART;
}

static bool of_part(const struct vl_route *route)
{
    return route->scope == VL_SCOPE_QUERY_PART || route->scope == VL_SCOPE_SEGMENT_PART;
}

/* The pattern with something in its places that is nowhere, and the first environment where it asks for one.
 */
static const char *path_of(struct vl_test_server *s, const struct vl_route *route, enum vl_route_face face)
{
    char path[PATH_MAX_BYTES];
    size_t at = 0;
    bool first = true;
    for (const char *p = route->pattern; *p && at < sizeof(path) - 64; p++) {
        if (p[0] == '{' && p[1] == '}') {
            const char *value = first && of_segment(route) ? s->environment : "999999";
            at += (size_t)snprintf(path + at, sizeof(path) - at, "%s", value);
            first = false;
            p++;
        } else {
            path[at++] = *p;
        }
    }
    path[at] = '\0';
    return vl_arena_printf(s->arena, "%s?environment=%s%s", path, s->environment,
        face == VL_FACE_ARM ? "&api-version=2020-01-01" : "");
}

static long ask(struct vl_test_server *s, const struct vl_route *route, const char *path, const char *token)
{
    const char *answer;
    return vl_test_ask(s, route->method, path, token, route->body == VL_BODY_NONE ? NULL : "{}", &answer);
}

static void expect(const struct vl_route *route, const char *who, long status, bool good)
{
    if (!good || status >= 500)
        fail_msg("%s %s by %s: %ld", route->method, route->pattern, who, status);
}

static bool is(const struct vl_route *route, const char *method, const char *pattern)
{
    return strcmp(route->method, method) == 0 && strcmp(route->pattern, pattern) == 0;
}

/* Calls that would change the callers of this test, or never end. */
static bool left_out(const struct vl_route *route)
{
    return is(route, "POST", "/api/v1/logout") || is(route, "GET", "/api/v1/events");
}

/* Whoever has no role in the environment, asked about it. */
static bool is_outside(const struct vl_route *route, long status)
{
    if (route->scope == VL_SCOPE_SERVER)
        return status == 403;
    return route->scope == VL_SCOPE_ANY ? status != 401 : status == 404;
}

/* Whoever has a role in a part of the environment. */
static void in_a_part(struct vl_test_server *s, const struct vl_route *route, const char *path, size_t kind)
{
    static const char *const names[] = {"", "a part's reader", "a part's admin"};
    for (int role = VL_ROLE_READER; role <= VL_ROLE_ADMIN; role++) {
        long status = ask(s, route, path, part[kind][role]);
        bool good = is_outside(route, status);
        if (of_part(route))
            good = role < (int)route->role ? status == 403 : status != 401 && status != 403;
        expect(route, names[role], status, good);
    }
}

static void one_route(struct vl_test_server *s, const struct vl_route *route, enum vl_route_face face)
{
    static const char *const names[] = {"", "reader", "admin", "owner"};
    const char *path = path_of(s, route, face);
    long status = ask(s, route, path, NULL);
    if (route->role == VL_ROLE_NONE) {
        expect(route, "anybody", status, status != 403);
        return;
    }
    expect(route, "nobody in particular", status, status == 401);
    status = ask(s, route, path, expired);
    expect(route, "one whose token has ended", status, status == 401);
    if (left_out(route))
        return;
    for (int role = VL_ROLE_READER; role <= VL_ROLE_OWNER; role++) {
        status = ask(s, route, path, s->token[role]);
        if (route->scope == VL_SCOPE_ANY)
            expect(route, names[role], status, status != 401);
        else if (role < (int)route->role)
            expect(route, names[role], status, status == 403);
        else
            expect(route, names[role], status, status != 401 && status != 403);
    }
    for (size_t kind = 0; kind < KINDS; kind++)
        in_a_part(s, route, path, kind);
    status = ask(s, route, path, nobody);
    expect(route, "one without a role", status, is_outside(route, status));
    status = ask(s, route, path, other_owner);
    expect(route, "another environment's owner", status, is_outside(route, status));
}

static void test_every_route(void **state)
{
    struct vl_test_server *s = *state;
    size_t n = 0;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            one_route(s, route, group->face);
            n++;
        }
    }
    assert_true(n > 50);
}

/* A route that stands twice is answered by whichever comes first. */
static void test_no_route_twice(void **state)
{
    (void)state;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            size_t found = 0;
            for (const struct vl_route_group *g = vl_server_routes; g->routes; g++) {
                for (const struct vl_route *r = g->routes; r->method; r++)
                    found += is(r, route->method, route->pattern);
            }
            if (found != 1)
                fail_msg("%s %s stands %zu times", route->method, route->pattern, found);
        }
    }
}

/* What is public is meant to be. */
static void test_public_routes(void **state)
{
    static const char *const known[] = {"/healthz", "/readyz", "/api/v1/login", "/api/v1/openapi.json",
        "/api/v1/authority.pem", "/api/v1/oidc", "/api/v1/oidc/login", "/api/v1/oidc/callback",
        "/api/v1/registries/{}/events"};
    (void)state;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        if (group->face != VL_FACE_API)
            continue;
        for (const struct vl_route *route = group->routes; route->method; route++) {
            bool listed = strncmp(route->pattern, "/api/", 5) != 0 && strcmp(route->pattern, "/metrics") != 0;
            for (size_t i = 0; i < VL_ARRAY_LEN(known); i++)
                listed |= strcmp(route->pattern, known[i]) == 0;
            if (route->role == VL_ROLE_NONE && !listed)
                fail_msg("%s %s asks nobody for a token", route->method, route->pattern);
        }
    }
}

/* Every change needs more than a reader, but for what is his own: his tokens, his requests. */
static void test_readers_change_nothing(void **state)
{
    static const char *const own[] = {"/api/v1/logout", "/api/v1/tokens", "/api/v1/tokens/{}",
        "/api/v1/exemptions", "/api/v1/exemptions/{}"};
    (void)state;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        if (group->face != VL_FACE_API)
            continue;
        for (const struct vl_route *route = group->routes; route->method; route++) {
            bool listed = false;
            for (size_t i = 0; i < VL_ARRAY_LEN(own); i++)
                listed |= strcmp(route->pattern, own[i]) == 0;
            if (strcmp(route->method, "GET") != 0 && route->role == VL_ROLE_READER && !listed)
                fail_msg("%s %s is a reader's", route->method, route->pattern);
        }
    }
}

/* A bond that this release does not keep is refused, not stored. */
static void test_unbuilt_bonds(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/users",
        "{\"name\":\"x\",\"password\":\"correct horse battery\",\"role\":\"reader\",\"repository\":\"y\"}",
        409);
    assert_string_equal(vl_test_get(s, answer, "code"), "unsupported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_route_twice),
        cmocka_unit_test(test_public_routes), cmocka_unit_test(test_readers_change_nothing),
        cmocka_unit_test(test_every_route), cmocka_unit_test(test_unbuilt_bonds)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
