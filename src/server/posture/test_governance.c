/* tests: repo_governance.c route_governance.c
 *
 * Four images, two with findings: of 6 points 3. What an owner, a day and a grace period do to the score is
 * said by Defender's documentation: what is in its grace period is left out of it until it is due. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "posture/repo_assess.h"
#include "posture/repo_expire.h"
#include "test_rows.h"

#define KEY    "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"
#define DAY_MS 86400000LL
#define A      "sha256:aa"
#define B      "sha256:bb"

static int64_t environment, one, two, images[4];

static int assess_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static int expire_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_repo_expire(conn, vl_time_now_ms(), user, err);
}

static void assess(struct vl_test_server *s)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, assess_write, NULL, &err) < 0)
        fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
    static const char *const digests[] = {A, B, "sha256:cc", "sha256:dd"};
    if (vl_test_server_start(state) < 0)
        return -1;
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    one = vl_rows_registry(s, environment, "one");
    two = vl_rows_registry(s, environment, "two");
    const struct vl_rows_finding finding = {"CVE-2026-0001", "pkg:deb/debian/openssl@3.0.11-1", "openssl",
        "3.0.11-1", "3.0.12-1", VL_SEVERITY_HIGH, false, 0, 0};
    for (size_t i = 0; i < VL_ARRAY_LEN(digests); i++) {
        const struct vl_rows_image image = {.digest = digests[i], .repository = "app"};
        images[i] = vl_rows_image(s, environment, i == 1 ? two : one, &image);
        if (i < 2)
            (void)vl_rows_finding(s, images[i], &finding);
    }
    assess(s);
    return 0;
}

static const char *here(struct vl_test_server *s, const char *path)
{
    return vl_arena_printf(
        s->arena, "/api/v1%s%cenvironment=%s", path, strchr(path, '?') ? '&' : '?', s->environment);
}

static const char *get(struct vl_test_server *s, const char *path)
{
    return vl_test_call(s, VL_ROLE_READER, "GET", here(s, path), NULL, 200);
}

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static void put(struct vl_test_server *s, const char *name, const char *body, long want)
{
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT",
        here(s, vl_arena_printf(s->arena, "/governance-rules/%s", name)), body, want);
}

/* The member of the resource whose id ends with the digest. */
static const char *of(struct vl_test_server *s, const char *digest, const char *member)
{
    const char *list = get(s, "/recommendations/" KEY "/resources");
    for (int i = 0; i < 8; i++) {
        const char *id = vl_test_get(s, list, vl_arena_printf(s->arena, "items.%d.resourceId", i));
        if (*id && vl_span_ends_with(vl_span_str(id), digest))
            return vl_test_get(s, list, vl_arena_printf(s->arena, "items.%d.%s", i, member));
    }
    fail_msg("no resource %s in %s", digest, list);
    return "";
}

static void score_is(struct vl_test_server *s, const char *current, const char *max)
{
    const char *answer = get(s, "/secure-score");
    is(s, answer, "score.current", current);
    is(s, answer, "score.max", max);
}

static void test_given(void **state)
{
    struct vl_test_server *s = *state;
    score_is(s, "3", "6"); /* 6 / 4 * 2 */
    assert_string_equal(of(s, A, "owner"), "null");
    put(s, "first", "{\"owner\":\"ada@shop.example\",\"days\":7,\"priority\":5,\"severities\":[\"high\"]}",
        200);
    put(s, "later", "{\"owner\":\"bob@shop.example\",\"days\":30,\"priority\":9}", 200);
    assert_string_equal(of(s, A, "owner"), "ada@shop.example");
    assert_string_equal(of(s, B, "owner"), "ada@shop.example");
    assert_string_equal(of(s, "sha256:cc", "owner"), "null"); /* healthy */
    assert_string_equal(of(s, A, "overdue"), "false");
    assert_string_equal(of(s, A, "gracePeriod"), "false");
    int64_t due = 0;
    assert_true(vl_time_parse(vl_span_str(of(s, A, "due")), &due));
    assert_true(llabs(due - vl_time_now_ms() - 7 * DAY_MS) < 60000);
    score_is(s, "3", "6"); /* an owner alone changes nothing */
    const char *rule = get(s, "/governance-rules/first");
    is(s, rule, "given", "2");
    is(s, rule, "severities.0", "high");
    is(s, get(s, "/governance-rules/later"), "given", "0");
    const char *item = get(s, "/recommendations/" KEY);
    is(s, item, "assigned", "2");
    is(s, item, "overdue", "0");
    /* A rule that is changed takes what it gave along. */
    put(s, "first", "{\"owner\":\"eve@shop.example\",\"days\":14,\"priority\":5,\"severities\":[\"high\"]}",
        200);
    assert_string_equal(of(s, A, "owner"), "eve@shop.example");
}

/* In grace: neither healthy nor unhealthy; of two that are left both are healthy. */
static void test_grace(void **state)
{
    static const struct vl_store_sql late = {"UPDATE assessment SET due = $1 WHERE image_id = $2", NULL};
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    put(s, "first", "{\"owner\":\"eve@shop.example\",\"days\":14,\"priority\":5,\"gracePeriod\":true}", 200);
    assert_string_equal(of(s, A, "gracePeriod"), "true");
    assert_string_equal(of(s, A, "status"), "Unhealthy");
    score_is(s, "6", "6");
    const char *item = get(s, "/recommendations/" KEY);
    is(s, item, "unhealthy", "2");
    is(s, item, "inGracePeriod", "2");
    is(s, item, "potentialIncrease", "0");
    assess(s); /* a new verdict keeps owner and day */
    assert_string_equal(of(s, A, "gracePeriod"), "true");
    score_is(s, "6", "6");
    /* One of them is over: 6 / 3 * 2 = 4, by the round that looks for what has ended. */
    vl_rows_sql(s, &late, "ii", vl_time_now_ms() - 1000, images[0]);
    struct vl_store_conn *conn = NULL;
    int64_t n = 0;
    assert_true(vl_store_read(s->app.store, &conn, &err) >= 0);
    assert_true(vl_repo_expire_due(conn, vl_time_now_ms(), &n, &err) >= 0);
    vl_store_read_done(conn);
    assert_int_equal(n, 1);
    assert_true(vl_store_write(s->app.store, expire_write, &n, &err) >= 0);
    assert_int_equal(n, 1);
    score_is(s, "4", "6");
    assert_string_equal(of(s, A, "overdue"), "true");
    assert_string_equal(of(s, A, "gracePeriod"), "false");
    is(s, get(s, "/recommendations/" KEY), "overdue", "1");
    const char *audit = vl_test_call(s, VL_ROLE_OWNER, "GET", "/api/v1/audit?limit=1", NULL, 200);
    is(s, audit, "items.0.action", "governance.overdue");
}

/* What is mended loses its owner; a rule of a registry is about nothing else; a removed rule's stay. */
static void test_taken(void **state)
{
    static const struct vl_store_sql mended = {"UPDATE finding SET status = 1 WHERE image_id = $1", NULL};
    static const struct vl_store_sql broken = {"UPDATE finding SET status = 0 WHERE image_id = $1", NULL};
    struct vl_test_server *s = *state;
    vl_rows_sql(s, &mended, "i", images[0]);
    assess(s);
    assert_string_equal(of(s, A, "status"), "Healthy");
    assert_string_equal(of(s, A, "owner"), "null");
    assert_string_equal(of(s, A, "due"), "null");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", here(s, "/governance-rules/first"), NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", here(s, "/governance-rules/first"), NULL, 404);
    assert_string_equal(of(s, B, "owner"), "eve@shop.example");
    put(s, "later",
        vl_arena_printf(
            s->arena, "{\"owner\":\"bob@shop.example\",\"days\":30,\"registry\":%lld}", (long long)two),
        200);
    vl_rows_sql(s, &broken, "i", images[0]);
    assess(s);
    assert_string_equal(of(s, A, "status"), "Unhealthy");
    assert_string_equal(of(s, A, "owner"), "null");
    put(s, "later", "{\"owner\":\"bob@shop.example\",\"days\":30,\"enabled\":false}", 200);
    assert_string_equal(of(s, A, "owner"), "null");
    put(s, "later", "{\"owner\":\"bob@shop.example\",\"days\":30}", 200);
    assert_string_equal(of(s, A, "owner"), "bob@shop.example");
}

static void test_wrong(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *body;
        long status;
    } wrong[] = {{"{}", 400}, {"{\"owner\":\"\"}", 400}, {"{\"owner\":\"a\",\"days\":8}", 400},
        {"{\"owner\":\"a\",\"priority\":0}", 400}, {"{\"owner\":\"a\",\"priority\":1001}", 400},
        {"{\"owner\":\"a\",\"severities\":[\"critical\"]}", 400},
        {"{\"owner\":\"a\",\"severities\":\"high\"}", 400},
        {"{\"owner\":\"a\",\"recommendations\":[\"nowhere\"]}", 400},
        {"{\"owner\":\"a\",\"registry\":999}", 400}, {"{\"owner\":\"a\",\"manager\":\"b\"}", 400},
        {"{\"owner\":\"a\",\"name\":\"other\"}", 400}};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        put(s, "wrong", wrong[i].body, wrong[i].status);
    (void)vl_test_call(s, VL_ROLE_READER, "PUT", here(s, "/governance-rules/x"), "{\"owner\":\"a\"}", 403);
    is(s, get(s, "/governance-rules"), "total.value", "1");
    is(s, get(s, "/governance-rules"), "items.0.name", "later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_given), cmocka_unit_test(test_grace),
        cmocka_unit_test(test_taken), cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, set_up, vl_test_server_stop);
}
