/* tests: repo_job.c route_jobs.c
 *
 * The queue as the API shows it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/time.h"
#include "identity/principal.h"
#include "store/queue.h"
#include "test_rows.h"

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static int64_t put(
    struct vl_test_server *s, const char *kind, const char *key, int64_t state, int64_t not_before)
{
#define INSERT                                                                                              \
    "INSERT INTO job (kind, key, grp, priority, not_before, added, attempt, state, error, payload) VALUES " \
    "($1, $2, '', 50, $3, $4, 3, $5, 'no such host', "
    static const struct vl_store_sql sql = {INSERT "x'') RETURNING id", INSERT "'') RETURNING id"};
    return vl_rows_sql(s, &sql, "ssiii", kind, key, not_before, (int64_t)1767261601000, state);
}

static void test_jobs(void **state)
{
    struct vl_test_server *s = *state;
    static const struct vl_store_sql clean = {"DELETE FROM job", NULL};
    (void)vl_rows_sql(s, &clean, "");
    (void)put(s, "scan", "1", 0, 0);
    (void)put(s, "scan", "2", 0, vl_time_now_ms() + 3600000);
    (void)put(s, "scan", "3", 1, 0);
    int64_t dead = put(s, "discover", "4", 2, 0);
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/jobs?limit=3", NULL, 200);
    is(s, answer, "total.value", "4");
    is(s, answer, "items.0.kind", "scan");
    is(s, answer, "items.0.state", "waiting");
    is(s, answer, "items.0.added", "2026-01-01T10:00:01.000Z");
    is(s, answer, "items.2.state", "running");
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "/api/v1/jobs?limit=3&cursor=%s", vl_test_get(s, answer, "next")), NULL,
        200);
    is(s, answer, "items.0.state", "dead");
    is(s, answer, "items.0.error", "no such host");
    is(s, answer, "items.1.kind", "");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/jobs?state=dead", NULL, 200);
    is(s, answer, "total.value", "1");
    is(s, answer, "items.0.key", "4");
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/jobs?state=lost", NULL, 400);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/jobs/summary", NULL, 200);
    is(s, answer, "byKind.scan.waiting", "2");
    is(s, answer, "byKind.scan.due", "1");
    is(s, answer, "byKind.scan.running", "1");
    is(s, answer, "byKind.scan.dead", "0");
    is(s, answer, "byKind.discover.dead", "1");
    is(s, answer, "oldestDue", "2026-01-01T10:00:01.000Z");

    const char *retry = vl_arena_printf(s->arena, "/api/v1/jobs/%lld/retry", (long long)dead);
    (void)vl_test_call(s, VL_ROLE_READER, "POST", retry, NULL, 403);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", retry, NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", retry, NULL, 404); /* it waits now */
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/jobs/summary", NULL, 200);
    is(s, answer, "byKind.discover.waiting", "1");
    is(s, answer, "byKind.discover.dead", "0");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/jobs/0/retry", NULL, 404);
    /* One environment's people do not see what others' registries hold. */
    const char *token = vl_rows_caller(s, "of-one", vl_rows_first_environment(s), VL_ROLE_OWNER, 0);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/jobs", token, NULL, &answer), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jobs)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
