/* tests: repo_task.c route_task.c
 *
 * A task is made of a recommendation, and resolves itself once the resource is healthy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "posture/repo_assess.h"
#include "test_rows.h"

#define KEY   "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"
#define TASKS "/api/v1/tasks"

static int64_t environment;

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static int assess(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static void assessed(struct vl_test_server *s)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, assess, NULL, &err) < 0)
        fail_msg("%s", err.msg);
}

static const struct vl_store_sql sql_mend = {"DELETE FROM finding", NULL};

static void test_life(void **state)
{
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    const struct vl_rows_image image = {.digest = "sha256:0a", .repository = "team/app"};
    const struct vl_rows_finding finding = {.vulnerability = "CVE-2026-1",
        .purl = "pkg:deb/debian/openssl@3.0.11-1",
        .name = "openssl",
        .version = "3.0.11-1",
        .severity = VL_SEVERITY_HIGH};
    int64_t registry = vl_rows_registry(s, environment, "main");
    (void)vl_rows_finding(s, vl_rows_image(s, environment, registry, &image), &finding);
    assessed(s);
    const char *a =
        vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/recommendations/" KEY "/resources", NULL, 200);
    const char *resource = vl_test_get(s, a, "items.0.resourceId");
    const char *body =
        vl_arena_printf(s->arena, "{\"recommendation\":\"" KEY "\",\"resourceId\":\"%s\"}", resource);
    a = vl_test_call(s, VL_ROLE_ADMIN, "POST", TASKS, body, 201);
    is(s, a, "state", "active");
    is(s, a, "recommendation.key", KEY);
    is(s, a, "resourceId", resource);
    const char *path = vl_arena_printf(s->arena, TASKS "/%s", vl_test_get(s, a, "id"));
    const char *again = vl_test_call(s, VL_ROLE_ADMIN, "POST", TASKS, body, 200); /* the same one */
    is(s, again, "id", vl_test_get(s, a, "id"));
    /* by its title, as the guides have it, and for all images */
    a = vl_test_call(s, VL_ROLE_ADMIN, "POST", TASKS,
        "{\"recommendation\":\"Container registry images should have vulnerability findings resolved\"}",
        201);
    is(s, a, "recommendation.key", KEY);
    is(s, a, "resourceId", "null");
    (void)vl_test_call(s, VL_ROLE_READER, "PATCH", path, "{\"state\":\"dismissed\"}", 403);
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"state\":\"dismissed\"}", 200);
    is(s, a, "state", "dismissed");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"state\":\"active\"}", 200);
    assessed(s);
    a = vl_test_call(s, VL_ROLE_READER, "GET", TASKS "?state=active", NULL, 200);
    is(s, a, "total.value", "2");
    (void)vl_rows_sql(s, &sql_mend, "");
    assessed(s);
    a = vl_test_call(s, VL_ROLE_READER, "GET", TASKS "?state=resolved", NULL, 200);
    is(s, a, "total.value", "2");
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", TASKS, "{}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", TASKS, "{\"recommendation\":\"x\"}", 400);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "POST", TASKS, "{\"recommendation\":\"" KEY "\",\"resourceId\":\"x\"}", 400);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", TASKS, "{\"recommendation\":\"" KEY "\"}", 403);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", TASKS "/none", NULL, 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", TASKS "/none", "{\"state\":\"active\"}", 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", TASKS "/none", "{\"state\":\"done\"}", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
