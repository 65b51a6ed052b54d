/* tests: route_environment.c repo_environment.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "identity/principal.h"
#include "test_rows.h"

#define GUID "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static void test_environments(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/environments", NULL, 200);
    is(s, answer, "total.value", "1");
    is(s, answer, "items.0.id", s->environment);
    is(s, answer, "items.0.role", "reader");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/environments", "{\"name\":\"x\"}", 403);
    answer = vl_test_call(
        s, VL_ROLE_OWNER, "POST", "/api/v1/environments", "{\"name\":\"site two\",\"id\":\"" GUID "\"}", 201);
    is(s, answer, "id", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
    is(s, answer, "name", "site two");
    is(s, answer, "role", "owner");
    (void)vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/environments", "{\"name\":\"site two\"}", 409);
    (void)vl_test_call(
        s, VL_ROLE_OWNER, "POST", "/api/v1/environments", "{\"name\":\"y\",\"id\":\"" GUID "\"}", 409);
    static const char *const wrong[] = {"{}", "{\"name\":\"\"}", "{\"name\":\"a\\u0007\"}",
        "{\"name\":\"" GUID "\"}", "{\"name\":\"a\",\"id\":\"7\"}", "{\"name\":\"a\",\"more\":1}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        (void)vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/environments", wrong[i], 400);
    /* What is built is on from its first day. */
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/plans/Containers?environment=" GUID, NULL, 200);
    is(s, answer, "pricingTier", "Standard");

    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", "/api/v1/environments/" GUID, "{\"name\":\"z\"}", 403);
    answer =
        vl_test_call(s, VL_ROLE_OWNER, "PATCH", "/api/v1/environments/" GUID, "{\"name\":\"site 2\"}", 200);
    is(s, answer, "name", "site 2");
    (void)vl_test_call(
        s, VL_ROLE_OWNER, "PATCH", "/api/v1/environments/" GUID, "{\"name\":\"default\"}", 409);
    (void)vl_test_call(s, VL_ROLE_OWNER, "PATCH", "/api/v1/environments/nowhere", "{\"name\":\"q\"}", 404);

    /* Somebody of one environment sees that one. */
    const char *token = vl_rows_caller(s, "of-one", vl_rows_first_environment(s), VL_ROLE_ADMIN, 0);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/environments", token, NULL, &answer), 200);
    is(s, answer, "total.value", "1");
    is(s, answer, "items.0.id", s->environment);
    is(s, answer, "items.0.role", "admin");
    (void)vl_test_call(s, 0, "GET", "/api/v1/environments", NULL, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_environments)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
