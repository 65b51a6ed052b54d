/* tests: route_identity.c
 *
 * Tokens of one environment: what they may do is asked of other routes, and that they make none for others.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "identity/principal.h"
#include "test_server.h"

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static void test_environment(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer;
    (void)vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/environments", "{\"name\":\"mine\"}", 201);
    (void)vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/environments", "{\"name\":\"other\"}", 201);
    answer = vl_test_call(s, VL_ROLE_OWNER, "POST", "/api/v1/tokens",
        "{\"name\":\"bound\",\"role\":\"admin\",\"environment\":\"mine\"}", 201);
    const char *token = vl_test_get(s, answer, "token");

    /* There, and nowhere else. */
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/plans?environment=mine", token, NULL, &answer), 200);
    assert_int_not_equal(vl_test_ask(s, "GET", "/api/v1/plans?environment=other", token, NULL, &answer), 200);
    assert_int_not_equal(vl_test_ask(s, "GET", "/api/v1/users", token, NULL, &answer), 200);

    /* It makes tokens of its own environment, with at most its role. */
    assert_int_equal(
        vl_test_ask(s, "POST", "/api/v1/tokens", token, "{\"name\":\"child\",\"role\":\"reader\"}", &answer),
        201);
    const char *child = vl_test_get(s, answer, "token");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/plans?environment=mine", child, NULL, &answer), 200);
    assert_int_not_equal(vl_test_ask(s, "GET", "/api/v1/plans?environment=other", child, NULL, &answer), 200);
    assert_int_equal(vl_test_ask(s, "POST", "/api/v1/tokens", token,
                         "{\"name\":\"away\",\"role\":\"reader\",\"environment\":\"other\"}", &answer),
        400);
    assert_int_equal(
        vl_test_ask(s, "POST", "/api/v1/tokens", token, "{\"name\":\"up\",\"role\":\"owner\"}", &answer),
        400);

    (void)vl_test_call(
        s, VL_ROLE_OWNER, "POST", "/api/v1/tokens", "{\"name\":\"x\",\"environment\":\"nowhere\"}", 400);
}

static void test_role(void **state)
{
    struct vl_test_server *s = *state;
    is(s, vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"same\"}", 201), "role",
        "admin");
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"up\",\"role\":\"owner\"}", 400);
    (void)vl_test_call(
        s, VL_ROLE_READER, "POST", "/api/v1/tokens", "{\"name\":\"up\",\"role\":\"admin\"}", 400);
    (void)vl_test_call(
        s, VL_ROLE_READER, "POST", "/api/v1/tokens", "{\"name\":\"x\",\"rolle\":\"reader\"}", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_environment), cmocka_unit_test(test_role)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
