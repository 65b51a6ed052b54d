/* tests: sight.c request.c
 *
 * Two registries of one environment with images of their own, one that both have, and findings of each. A
 * caller with a role in the first is asked about everything of the second, by every route that he may call:
 * no answer tells of it, and what is counted is the first registry's alone. Parts of other kinds:
 * test_part.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "posture/repo_assess.h"
#include "router.h"
#include "test_rows.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define MINE      DIGEST("aaaa")
#define SHARED    DIGEST("bbbb")
#define THEIRS    DIGEST("cccc")
#define BASE      DIGEST("dddd") /* theirs; MINE is built on it */
#define L0        DIGEST("0000")
#define L1        DIGEST("1111")
#define L2        DIGEST("2222")

static const char *reader, *admin, *both;
static int64_t mine, theirs, base_id;

static int assess_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_assess_soon(conn, *(const int64_t *)user, vl_time_now_ms(), err);
}

static int set_up(void **state)
{
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    int64_t one = vl_rows_first_environment(s);
    mine = vl_rows_registry(s, one, "mine");
    theirs = vl_rows_registry(s, one, "hiddenreg");
    const struct vl_rows_image images[] = {
        {.digest = MINE, .repository = "app", .tag = "1", .layers = {"+" L0, "+" L1, L2}},
        {.digest = SHARED, .repository = "shared", .tag = "1", .layers = {L0, L2}},
        {.digest = SHARED, .repository = "hiddencopy", .tag = "hiddentag", .layers = {L0, L2}},
        {.digest = THEIRS, .repository = "hiddenrepo", .tag = "2", .layers = {"+" L0, "+" L1}},
        {.digest = BASE, .repository = "hiddenbase", .tag = "3", .layers = {L0, L1}},
    };
    int64_t ids[VL_ARRAY_LEN(images)];
    for (size_t i = 0; i < VL_ARRAY_LEN(images); i++)
        ids[i] = vl_rows_image(s, one, i < 2 ? mine : theirs, &images[i]);
    base_id = ids[4];
    const struct vl_rows_finding known = {"CVE-2026-0001", "pkg:deb/debian/libssl3@3.0.11-1", "libssl3",
        "3.0.11-1", "3.0.12-1", VL_SEVERITY_HIGH, false, 0.5, 0};
    const struct vl_rows_finding secret = {"CVE-2026-6666", "pkg:deb/debian/hiddenpkg@1", "hiddenpkg", "1",
        "2", VL_SEVERITY_CRITICAL, true, 0.99, 0};
    vl_rows_finding(s, ids[0], &known);
    vl_rows_finding(s, ids[3], &known);
    vl_rows_finding(s, ids[3], &secret);
    vl_rows_finding(s, ids[4], &secret);
    reader = vl_rows_part_caller(s, "part-reader", one, mine, VL_ROLE_READER);
    admin = vl_rows_part_caller(s, "part-admin", one, mine, VL_ROLE_ADMIN);
    both = vl_rows_part_caller(s, "part-both", one, theirs, VL_ROLE_READER);
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, assess_write, &one, &err) < 0)
        fail_msg("%s", err.msg);
    return 0;
}

static const char *ask(struct vl_test_server *s, const char *token, const char *path, long want)
{
    const char *answer = NULL;
    long status = vl_test_ask(s, "GET", path, token, NULL, &answer);
    if (status != want)
        fail_msg("%s: %ld instead of %ld: %s", path, status, want, answer);
    return answer;
}

static void tells_nothing(const char *path, const char *answer)
{
    static const char *const theirs_alone[] = {
        "hidden", "CVE-2026-6666", THEIRS, BASE, "\"critical\":1", "\"kev\":1", "\"kev\":2"};
    for (size_t i = 0; i < VL_ARRAY_LEN(theirs_alone); i++) {
        if (strstr(answer, theirs_alone[i]))
            fail_msg("%s tells of %s: %s", path, theirs_alone[i], answer);
    }
}

/* The pattern with the environment and one value in all its other places. */
static const char *path_of(struct vl_test_server *s, const struct vl_route *route, const char *value)
{
    char path[2048];
    size_t at = 0;
    bool first = route->scope == VL_SCOPE_SEGMENT_PART;
    for (const char *p = route->pattern; *p && at < sizeof(path) - 256; p++) {
        if (p[0] == '{' && p[1] == '}') {
            at += (size_t)snprintf(path + at, sizeof(path) - at, "%s", first ? s->environment : value);
            first = false;
            p++;
        } else {
            path[at++] = *p;
        }
    }
    path[at] = '\0';
    return vl_arena_printf(
        s->arena, "%s?environment=%s&api-version=2020-01-01&target=%s", path, s->environment, value);
}

/* Everything that is theirs, asked for by every name of it. */
static void test_no_route_leaks(void **state)
{
    struct vl_test_server *s = *state;
    const char *const values[] = {THEIRS, BASE, SHARED, MINE, "hiddenreg", "hiddenrepo", "CVE-2026-6666",
        "pkg:deb/debian/hiddenpkg@1", L0, vl_arena_printf(s->arena, "%lld", (long long)theirs),
        vl_arena_printf(s->arena, "%lld", (long long)base_id)};
    size_t asked = 0, answered = 0, told = 0;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            bool part = route->scope == VL_SCOPE_QUERY_PART || route->scope == VL_SCOPE_SEGMENT_PART;
            if (!part || strcmp(route->method, "GET") != 0 || strcmp(route->pattern, "/api/v1/events") == 0)
                continue;
            for (size_t i = 0; i < VL_ARRAY_LEN(values); i++) {
                const char *path = path_of(s, route, values[i]), *answer = NULL;
                long status = vl_test_ask(s, "GET", path, reader, NULL, &answer);
                if (status == 401 || status == 403 || status >= 500)
                    fail_msg("%s: %ld: %s", path, status, answer);
                asked++;
                if (status == 200 && !strstr(route->pattern, "affected-by"))
                    tells_nothing(path, answer);
                answered += status == 200;
                (void)vl_test_ask(s, "GET", path, s->token[VL_ROLE_READER], NULL, &answer);
                told += strstr(answer, "hidden") != NULL;
            }
        }
    }
    assert_true(asked > 100 && answered > 50);
    assert_true(told > 50); /* one who may see it is told of it by the same calls */
}

static const char *here(struct vl_test_server *s, const char *path)
{
    return vl_arena_printf(
        s->arena, "/api/v1%s%cenvironment=%s", path, strchr(path, '?') ? '&' : '?', s->environment);
}

static void total(struct vl_test_server *s, const char *token, const char *path, const char *want)
{
    const char *answer = ask(s, token, here(s, path), 200);
    const char *value = vl_test_get(s, answer, "total.value");
    if (strcmp(value, want) != 0)
        fail_msg("%s: %s instead of %s: %s", path, value, want, answer);
}

static void test_counts(void **state)
{
    struct vl_test_server *s = *state;
    total(s, reader, "/registries", "1");
    total(s, reader, "/images", "2");
    total(s, s->token[VL_ROLE_READER], "/images", "5");
    total(s, both, "/images", "3");
    total(s, reader, "/vulnerabilities", "1");
    total(s, both, "/vulnerabilities", "2");
    total(s, reader, "/images/affected-by?target=CVE-2026-0001", "1");
    total(s, reader, "/images/affected-by?target=CVE-2026-6666", "0");
    total(s, reader, "/images/affected-by?target=pkg:deb/debian/hiddenpkg", "0");
    total(s, reader, "/images/" MINE "/lineage", "0");
    total(s, s->token[VL_ROLE_READER], "/images/" MINE "/lineage", "2");
    const char *vulnerability = ask(s, reader, here(s, "/vulnerabilities"), 200);
    assert_string_equal(vl_test_get(s, vulnerability, "items.0.id"), "CVE-2026-0001");
    assert_string_equal(vl_test_get(s, vulnerability, "items.0.images"), "1");
    assert_string_equal(vl_test_get(s, vulnerability, "items.0.severity"), "high");
    /* the base of his image is known by what his image says, and by nothing of theirs */
    const char *bases = ask(s, reader, here(s, "/base-images"), 200);
    assert_string_equal(vl_test_get(s, bases, "items.0.images"), "1");
    assert_string_equal(vl_test_get(s, bases, "items.0.findings"), "1");
    assert_string_equal(vl_test_get(s, bases, "items.0.digest"), "null");
    const char *overview = ask(s, reader, here(s, "/overview"), 200);
    assert_string_equal(vl_test_get(s, overview, "registries"), "1");
    assert_string_equal(vl_test_get(s, overview, "images.total"), "2");
}

/* One image with a finding, one without: half of the points, whatever the others have. */
static void test_score(void **state)
{
    struct vl_test_server *s = *state;
    const char *own = ask(s, reader, here(s, "/secure-score"), 200);
    assert_string_equal(vl_test_get(s, own, "assessed.images.assessed"), "2");
    assert_string_equal(vl_test_get(s, own, "score.current"), "3");
    const char *all = ask(s, s->token[VL_ROLE_READER], here(s, "/secure-score"), 200);
    assert_string_not_equal(vl_test_get(s, all, "score.current"), "3");
    const char *list = ask(s, reader, here(s, "/recommendations?assessed=true"), 200);
    assert_string_equal(vl_test_get(s, list, "items.0.unhealthy"), "1");
    assert_string_equal(vl_test_get(s, list, "items.0.healthy"), "1");
    assert_string_equal(vl_test_get(s, list, "items.0.kev"), "0");
}

static void test_what_is_not_his(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    static const char *const closed[] = {"/plans", "/contacts", "/channels", "/exemptions", "/disable-rules",
        "/suppression-rules", "/outbox", "/notices", "/secure-score/history"};
    for (size_t i = 0; i < VL_ARRAY_LEN(closed); i++)
        ask(s, admin, here(s, closed[i]), 404);
    total(s, admin, "/alerts", "0");
    ask(s, reader, here(s, "/images/" THEIRS), 404);
    ask(s, reader, here(s, "/images/" THEIRS "/sbom?format=cyclonedx"), 404);
    /* the image that both have: its other place is not his */
    answer = ask(s, reader, here(s, "/images/" SHARED), 200);
    assert_string_equal(vl_test_get(s, answer, "places.0.repository"), "shared");
    assert_string_equal(vl_test_get(s, answer, "places.1.repository"), "");
    /* changes of the other registry are of one that is not there; of his own they need the role */
    const char *other = here(s, vl_arena_printf(s->arena, "/registries/%lld", (long long)theirs));
    const char *own = here(s, vl_arena_printf(s->arena, "/registries/%lld", (long long)mine));
    assert_int_equal(vl_test_ask(s, "PATCH", other, admin, "{\"pollSeconds\":120}", &answer), 404);
    assert_int_equal(vl_test_ask(s, "PATCH", own, reader, "{\"pollSeconds\":120}", &answer), 403);
    assert_int_equal(vl_test_ask(s, "PATCH", own, admin, "{\"name\":\"hiddenreg\"}", &answer), 403);
    assert_int_equal(vl_test_ask(s, "PATCH", own, admin, "{\"pollSeconds\":120}", &answer), 200);
    assert_int_equal(vl_test_ask(s, "DELETE", own, admin, NULL, &answer), 404);
    assert_int_equal(vl_test_ask(s, "POST", here(s, "/images/" THEIRS "/scan"), admin, "{}", &answer), 404);
    assert_int_equal(vl_test_ask(s, "POST", here(s, "/images/" MINE "/scan"), admin, "{}", &answer), 202);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/health", reader, NULL, &answer), 403);
}

static void test_me(void **state)
{
    struct vl_test_server *s = *state;
    const char *me = ask(s, reader, "/api/v1/me", 200);
    assert_string_equal(vl_test_get(s, me, "environments.0.id"), s->environment);
    assert_string_equal(vl_test_get(s, me, "environments.0.role"), "none");
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.0.name"), "mine");
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.0.role"), "reader");
    assert_string_equal(vl_test_get(s, me, "environments.0.registries.1.name"), "");
    /* his only environment needs not be named */
    const char *images = ask(s, reader, "/api/v1/images", 200);
    assert_string_equal(vl_test_get(s, images, "total.value"), "2");
}

/* A role that is taken away, and one that goes with its registry. */
static void test_given_and_taken(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/users",
        vl_arena_printf(s->arena,
            "{\"name\":\"rob\",\"kind\":\"client\",\"role\":\"reader\",\"environment\":\"%s\",\"registry\":"
            "\"mine\"}",
            s->environment),
        201);
    assert_string_equal(vl_test_get(s, answer, "roles.0.registry"), "mine");
    assert_string_equal(vl_test_get(s, answer, "roles.0.role"), "reader");
    const char *path = vl_arena_printf(s->arena, "/api/v1/users/%s", vl_test_get(s, answer, "id"));
    static const struct {
        const char *member;
        long status;
    } wrong[] = {{"\"registry\":\"nowhere\",\"role\":\"reader\"", 400},
        {"\"registry\":\"mine\",\"role\":\"owner\"", 400}, {"\"registry\":\"mine\"", 400}};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        vl_test_call(s, VL_ROLE_OWNER, "PATCH", path,
            vl_arena_printf(s->arena, "{%s,\"environment\":\"%s\"}", wrong[i].member, s->environment),
            wrong[i].status);
    vl_test_call(s, VL_ROLE_OWNER, "PATCH", path, "{\"registry\":\"mine\",\"role\":\"reader\"}", 400);
    answer = vl_test_call(s, VL_ROLE_OWNER, "PATCH", path,
        vl_arena_printf(s->arena, "{\"registry\":\"hiddenreg\",\"role\":\"admin\",\"environment\":\"%s\"}",
            s->environment),
        200);
    assert_string_equal(vl_test_get(s, answer, "roles.1.registry"), "hiddenreg");
    vl_test_call(s, VL_ROLE_OWNER, "DELETE",
        here(s, vl_arena_printf(s->arena, "/registries/%lld", (long long)theirs)), NULL, 204);
    answer = vl_test_call(s, VL_ROLE_OWNER, "PATCH", path,
        vl_arena_printf(
            s->arena, "{\"registry\":\"mine\",\"role\":\"none\",\"environment\":\"%s\"}", s->environment),
        200);
    assert_string_equal(vl_test_get(s, answer, "roles.0.role"), "");
    ask(s, both, here(s, "/images"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_route_leaks), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_score), cmocka_unit_test(test_what_is_not_his), cmocka_unit_test(test_me),
        cmocka_unit_test(test_given_and_taken)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
