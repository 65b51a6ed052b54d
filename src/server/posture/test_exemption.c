/* tests: repo_disable.c repo_exemption.c repo_expire.c route_disable.c route_exemption.c
 *
 * Two images: one has CVE-2026-1 in openssl (there is a fix) and CVE-2026-2 in zlib1g (there is none), two
 * has CVE-2026-1 alone. What exemptions leave of that is said beside each step. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "posture/repo_assess.h"
#include "posture/repo_expire.h"
#include "store/queue.h"
#include "test_rows.h"

#define KEY     "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"
#define LIST    "/api/v1/exemptions"
#define OPENSSL "pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"
#define ZLIB    "pkg:deb/debian/zlib1g@1.2.13?distro=debian-12"
#define WHY     "\"justification\":\"for the test\""
#define WAIT_S  120
#define HOUR_MS 3600000

static int64_t environment, registry;
static const char *one = "sha256:0a", *two = "sha256:0b";

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

static const char *get(struct vl_test_server *s, const char *path)
{
    return vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
}

static int assess(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    (void)user;
    return vl_assess_soon(conn, environment, vl_time_now_ms(), err);
}

static void finding(struct vl_test_server *s, int64_t image, bool first)
{
    const struct vl_rows_finding row = {.vulnerability = first ? "CVE-2026-1" : "CVE-2026-2",
        .purl = first ? OPENSSL : ZLIB,
        .name = first ? "openssl" : "zlib1g",
        .version = first ? "3.0.11-1" : "1.2.13",
        .fixed = first ? "3.0.11-2" : NULL,
        .severity = first ? VL_SEVERITY_HIGH : VL_SEVERITY_LOW};
    (void)vl_rows_finding(s, image, &row);
}

static int start(void **state)
{
    int r = vl_test_server_start(state);
    if (r < 0)
        return r;
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    environment = vl_rows_first_environment(s);
    registry = vl_rows_registry(s, environment, "main");
    const struct vl_rows_image first = {.digest = one, .repository = "team/app"},
                               second = {.digest = two, .repository = "team/app"};
    int64_t a = vl_rows_image(s, environment, registry, &first);
    int64_t b = vl_rows_image(s, environment, registry, &second);
    finding(s, a, true);
    finding(s, a, false);
    finding(s, b, true);
    return vl_store_write(s->app.store, assess, NULL, &err);
}

/* "Unhealthy 2 null" of an image: status, open findings, how it is exempt. */
static void image_is(struct vl_test_server *s, const char *digest, const char *want)
{
    const char *a = get(s, "/api/v1/recommendations/" KEY "/resources");
    for (int i = 0; i < 9; i++) {
        const char *path = vl_arena_printf(s->arena, "items.%d.", i);
        const char *name = vl_test_get(s, a, vl_arena_printf(s->arena, "%sname", path));
        if (!vl_span_ends_with(vl_span_str(name), digest))
            continue;
        const char *got = vl_arena_printf(s->arena, "%s %s %s",
            vl_test_get(s, a, vl_arena_printf(s->arena, "%sstatus", path)),
            vl_test_get(s, a, vl_arena_printf(s->arena, "%sfindings", path)),
            vl_test_get(s, a, vl_arena_printf(s->arena, "%sexempt", path)));
        if (strcmp(got, want) != 0)
            fail_msg("%s is \"%s\" instead of \"%s\"", digest, got, want);
        return;
    }
    fail_msg("no %s in %s", digest, a);
}

static const char *path_of(struct vl_test_server *s, const char *answer)
{
    return vl_arena_printf(s->arena, LIST "/%s", vl_test_get(s, answer, "id"));
}

static const char *add(struct vl_test_server *s, int role, const char *body)
{
    return vl_test_call(s, role, "POST", LIST, body, 201);
}

/* A reader asks, an admin decides; a waiver makes two not applicable, and one has one finding left. */
static void test_request(void **state)
{
    struct vl_test_server *s = *state;
    image_is(s, one, "Unhealthy 2 null");
    image_is(s, two, "Unhealthy 1 null");
    const char *a =
        add(s, VL_ROLE_READER, "{\"category\":\"waiver\",\"vulnerability\":\"cve-2026-1\"," WHY "}");
    const char *path = path_of(s, a);
    is(s, a, "state", "requested");
    is(s, a, "vulnerability", "CVE-2026-1");
    is(s, a, "requestedBy", "test-reader");
    is(s, a, "findings", "0");
    is(s, a, "active", "false");
    image_is(s, two, "Unhealthy 1 null");
    a = get(s, "/api/v1/exemptions?state=requested");
    is(s, a, "total.value", "1");
    (void)vl_test_call(s, VL_ROLE_READER, "PATCH", path, "{\"state\":\"approved\"}", 403);
    struct vl_test_answer tagged = vl_test_send(s, "GET", path, s->token[VL_ROLE_READER], NULL, NULL);
    assert_true(strlen(tagged.etag) > 2);
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"state\":\"approved\"}", 200);
    is(s, a, "state", "approved");
    is(s, a, "decidedBy", "test-admin");
    is(s, a, "findings", "2");
    is(s, a, "pending", "false");
    image_is(s, one, "Unhealthy 1 null");
    image_is(s, two, "NotApplicable 0 waiver");
    const char *old = vl_arena_printf(s->arena, "If-Match: %s", tagged.etag);
    assert_int_equal(
        vl_test_send(s, "PATCH", path, s->token[VL_ROLE_ADMIN], old, "{\"state\":\"revoked\"}").status, 412);
    /* the other one is mitigated: with what was waived nothing is left of one either, nor of the score */
    a = add(s, VL_ROLE_ADMIN, "{\"category\":\"mitigated\",\"package\":\"pkg:deb/debian/zlib1g\"," WHY "}");
    const char *second = path_of(s, a);
    is(s, a, "findings", "1");
    image_is(s, one, "NotApplicable 0 waiver");
    is(s, get(s, "/api/v1/secure-score"), "score.current", "null");
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"state\":\"revoked\"}", 200);
    is(s, a, "findings", "0");
    image_is(s, one, "Unhealthy 1 null");
    image_is(s, two, "Unhealthy 1 null");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"state\":\"rejected\"}", 409);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", second, NULL, 204);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", second, NULL, 404);
    image_is(s, one, "Unhealthy 2 null");
}

/* Where two exemptions take out the same, the end of one leaves it to the other. */
static void test_overlap(void **state)
{
    struct vl_test_server *s = *state;
    const char *first = path_of(
        s, add(s, VL_ROLE_ADMIN, "{\"category\":\"waiver\",\"vulnerability\":\"CVE-2026-1\"," WHY "}"));
    const char *second =
        path_of(s, add(s, VL_ROLE_ADMIN, "{\"category\":\"mitigated\",\"package\":\"" OPENSSL "\"," WHY "}"));
    is(s, get(s, first), "findings", "2");
    is(s, get(s, second), "findings", "0");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", first, NULL, 204);
    is(s, get(s, second), "findings", "2");
    image_is(s, two, "Healthy 0 mitigated");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", second, NULL, 204);
    image_is(s, two, "Unhealthy 1 null");
}

/* Whole resources: an image by its digest, all of a registry by its id. */
static void test_whole(void **state)
{
    struct vl_test_server *s = *state;
    const char *body =
        vl_arena_printf(s->arena, "{\"category\":\"mitigated\",\"digest\":\"%s\"," WHY "}", one);
    const char *a = add(s, VL_ROLE_ADMIN, body);
    is(s, a, "findings", "2");
    image_is(s, one, "Healthy 2 mitigated");
    image_is(s, two, "Unhealthy 1 null");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, a), NULL, 204);
    image_is(s, one, "Unhealthy 2 null");
    a = get(s, "/api/v1/recommendations/" KEY "/resources?kind=registry");
    body = vl_arena_printf(s->arena, "{\"category\":\"waiver\",\"resourceId\":\"%s\"," WHY "}",
        vl_test_get(s, a, "items.0.resourceId"));
    a = add(s, VL_ROLE_ADMIN, body);
    image_is(s, one, "NotApplicable 2 waiver");
    image_is(s, two, "NotApplicable 1 waiver");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, a), NULL, 204);
    image_is(s, two, "Unhealthy 1 null");
    /* the plan: it has no findings, but can be exempt */
    a = add(s, VL_ROLE_ADMIN,
        "{\"category\":\"waiver\",\"assessmentKey\":\"e599a9fe-30e3-47c6-a173-8b4b6d9d3255\"," WHY "}");
    is(s, get(s, "/api/v1/recommendations/e599a9fe-30e3-47c6-a173-8b4b6d9d3255"), "exempt", "1");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, a), NULL, 204);
}

/* "two" lies in another repository too: an exemption for team/… does not cover that one, so its findings
 * stay. */
static void test_places(void **state)
{
    struct vl_test_server *s = *state;
    const struct vl_rows_image again = {.digest = two, .repository = "other/app"};
    (void)vl_rows_image(s, environment, registry, &again);
    const char *a = add(s, VL_ROLE_ADMIN,
        "{\"category\":\"waiver\",\"vulnerability\":\"CVE-2026-1\",\"repository\":\"team/*\"," WHY "}");
    is(s, a, "findings", "1");
    image_is(s, one, "Unhealthy 1 null");
    image_is(s, two, "Unhealthy 1 null");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path_of(s, a), NULL, 204);
    static const struct vl_store_sql gone = {
        "DELETE FROM registry_image WHERE repository = 'other/app'", NULL};
    (void)vl_rows_sql(s, &gone, "");
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_store_write(s->app.store, assess, NULL, &err), 0);
}

static void test_rules(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/disable-rules",
        "{\"name\":\"no fix\",\"withoutFix\":true," WHY "}", 201);
    const char *path = vl_arena_printf(s->arena, "/api/v1/disable-rules/%s", vl_test_get(s, a, "id"));
    is(s, a, "findings", "1");
    is(s, a, "minSeverity", "null");
    image_is(s, one, "Unhealthy 1 null");
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path,
        "{\"withoutFix\":false,\"minSeverity\":\"critical\",\"name\":\"low\"}", 200);
    is(s, a, "findings", "3");          /* high and low are below critical */
    image_is(s, two, "Healthy 0 null"); /* nobody took a risk: it is as if they were not there */
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"enabled\":false}", 200);
    is(s, a, "findings", "0");
    image_is(s, two, "Unhealthy 1 null");
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path,
        "{\"enabled\":true,\"minSeverity\":null,\"vulnerabilities\":[\"cve-2026-1\",\"CVE-1\"]}", 200);
    is(s, a, "findings", "2");
    is(s, a, "vulnerabilities.0", "CVE-2026-1");
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"digests\":[\"sha256:0b\"]}", 200);
    is(s, a, "findings", "1");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"vulnerabilities\":[],\"digests\":null}", 400);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/disable-rules",
        "{\"name\":\"low\",\"withoutFix\":true," WHY "}", 409);
    (void)vl_test_call(s, VL_ROLE_READER, "DELETE", path, NULL, 403);
    is(s, get(s, "/api/v1/disable-rules"), "total.value", "1");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 204);
    image_is(s, two, "Unhealthy 1 null");
}

static int expire(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_repo_expire(conn, vl_time_now_ms(), user, err);
}

static const struct vl_store_sql sql_notice = {
    "UPDATE notice SET topic = topic WHERE title = 'The exemption of CVE-2026-1 has ended' RETURNING 1",
    NULL};

static const struct vl_store_sql sql_over = {"UPDATE exemption SET expires = 1000 WHERE expires > 0", NULL};

static void test_expiry(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    int64_t n = 7;
    char text[VL_TIME_TEXT_MAX];
    const char *body = vl_arena_printf(s->arena,
        "{\"category\":\"waiver\",\"vulnerability\":\"CVE-2026-1\",\"expires\":\"%s\"," WHY "}",
        vl_time_format(vl_time_now_ms() + HOUR_MS, text));
    const char *path = path_of(s, add(s, VL_ROLE_ADMIN, body));
    image_is(s, two, "NotApplicable 0 waiver");
    assert_int_equal(vl_store_write(s->app.store, expire, &n, &err), 0);
    assert_int_equal(n, 0);
    (void)vl_rows_sql(s, &sql_over, ""); /* an hour later */
    if (vl_store_write(s->app.store, expire, &n, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(n, 1);
    const char *a = get(s, path);
    is(s, a, "expired", "true");
    is(s, a, "active", "false");
    is(s, a, "findings", "0");
    image_is(s, two, "Unhealthy 1 null");
    assert_int_equal(vl_rows_sql(s, &sql_notice, ""), 1);
    assert_int_equal(vl_store_write(s->app.store, expire, &n, &err), 0);
    assert_int_equal(n, 0); /* once */
    a = vl_test_call(s, VL_ROLE_ADMIN, "PATCH", path, "{\"expires\":null}", 200);
    is(s, a, "active", "true");
    image_is(s, two, "NotApplicable 0 waiver");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "DELETE", path, NULL, 204);
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *body;
        long status;
        const char *field;
    } calls[] = {
        {"{}", 400, "/category"},
        {"{\"category\":\"other\"," WHY ",\"digest\":\"sha256:0a\"}", 400, "/category"},
        {"{\"category\":\"waiver\"," WHY "}", 400, "/vulnerability"},
        {"{\"category\":\"waiver\",\"vulnerability\":\"CVE-1\"}", 400, "/justification"},
        {"{\"category\":\"waiver\",\"vulnerability\":\"a b\"," WHY "}", 400, "/vulnerability"},
        {"{\"category\":\"waiver\",\"package\":\"openssl\"," WHY "}", 400, "/package"},
        {"{\"category\":\"waiver\",\"digest\":\"0a\"," WHY "}", 400, "/digest"},
        {"{\"category\":\"waiver\",\"registry\":99," WHY "}", 400, "/registry"},
        {"{\"category\":\"waiver\",\"resourceId\":\"x\"," WHY "}", 400, "/resourceId"},
        {"{\"category\":\"waiver\",\"resourceId\":\"/subscriptions/"
         "20ff7fc3-e762-44dd-bd96-b71116dcdc23\"," WHY "}",
            400, "/resourceId"},
        {"{\"category\":\"waiver\",\"assessmentKey\":\"x\"," WHY "}", 400, "/assessmentKey"},
        {"{\"category\":\"waiver\",\"assessmentKey\":\"5d90913f-a1c5-4429-ad54-2c6c17fb3c73\"," WHY "}", 409,
            "/assessmentKey"},
        {"{\"category\":\"waiver\",\"vulnerability\":\"CVE-1\",\"expires\":\"2001-01-01T00:00:00Z\"," WHY "}",
            400, "/expires"},
        {"{\"category\":\"waiver\",\"vulnerability\":\"CVE-1\",\"expires\":\"soon\"," WHY "}", 400,
            "/expires"},
        {"{\"category\":\"waiver\",\"vulnerability\":7," WHY "}", 400, "/vulnerability"},
        {"{\"category\":\"waiver\",\"vulnerability\":\"CVE-1\",\"more\":1," WHY "}", 400, "/more"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(calls); i++) {
        const char *a = vl_test_call(s, VL_ROLE_ADMIN, "POST", LIST, calls[i].body, calls[i].status);
        const char *detail = vl_test_get(s, a, "detail");
        if (strncmp(detail, calls[i].field, strlen(calls[i].field)) != 0)
            fail_msg("%s instead of %s", detail, calls[i].field);
    }
    (void)vl_test_call(s, VL_ROLE_NONE, "POST", LIST, "{}", 401);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", LIST "/nothing", NULL, 404);
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", "/api/v1/disable-rules", "{\"name\":\"x\"," WHY "}", 400);
    is(s, get(s, LIST), "total.value", "0");
}

/* Of another environment nothing is seen, and nothing there is taken out. */
static void test_other(void **state)
{
    struct vl_test_server *s = *state;
    int64_t other = vl_rows_environment(s, "other", NULL);
    int64_t second = vl_rows_registry(s, other, "main");
    const struct vl_rows_image row = {.digest = two, .repository = "team/app"};
    (void)vl_rows_image(s, other, second, &row);
    const char *token = vl_rows_caller(s, "narrow", other, VL_ROLE_ADMIN, 0), *a;
    assert_int_equal(vl_test_ask(s, "POST", LIST, token,
                         "{\"category\":\"waiver\",\"vulnerability\":\"CVE-2026-1\"," WHY "}", &a),
        201);
    is(s, a, "findings", "1");
    const char *path = vl_arena_printf(s->arena, LIST "/%s?environment=default", vl_test_get(s, a, "id"));
    (void)vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 404);
    a = get(s, "/api/v1/recommendations/" KEY "/resources?environment=default&status=Unhealthy");
    is(s, a, "total.value", "2");
}

#define MANY "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001) "
static const struct vl_store_sql sql_many_vulnerabilities = {
    "INSERT INTO vulnerability (name, severity) " MANY "SELECT 'CVE-3000-' || i, 4 FROM n", NULL};
static const struct vl_store_sql sql_many_matches = {
    "INSERT INTO package_vulnerability (package_id, vulnerability_id, severity, state, source, advisory) "
    "SELECT p.id, v.id, 4, 1, 'test', 'test' FROM package p, vulnerability v WHERE p.purl = $1 AND v.name "
    "LIKE 'CVE-3000-%'",
    NULL};
static const struct vl_store_sql sql_many_findings = {
    "INSERT INTO finding (image_id, match_id, status, day, layer) SELECT $1, pv.id, 0, 1, 0 FROM "
    "package_vulnerability pv JOIN vulnerability v ON v.id = pv.vulnerability_id WHERE v.name LIKE "
    "'CVE-3000-%'",
    NULL};

static const struct vl_store_sql sql_analyze = {"ANALYZE", NULL};

/* Three images with 10,001 findings each: two fit into one write (20,000 rows), the third is the job's. */
static void test_pending(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    static const char *const digests[] = {"sha256:e1", "sha256:e2", "sha256:e3"};
    vl_rows_sql(s, &sql_many_vulnerabilities, "");
    vl_rows_sql(s, &sql_many_matches, "s", OPENSSL);
    for (size_t i = 0; i < 3; i++) {
        const struct vl_rows_image row = {.digest = digests[i], .repository = "many"};
        int64_t image = vl_rows_image(s, environment, registry, &row);
        vl_rows_sql(s, &sql_many_findings, "i", image);
    }
    vl_rows_sql(s, &sql_analyze, ""); /* as any database has it after a while */
    const char *a = vl_test_call(s, VL_ROLE_ADMIN, "POST", LIST "?environment=default",
        "{\"category\":\"mitigated\",\"package\":\"pkg:deb/debian/openssl\",\"repository\":\"many\"," WHY "}",
        201);
    is(s, a, "pending", "true");
    const char *path = vl_arena_printf(s->arena, LIST "/%s?environment=default", vl_test_get(s, a, "id"));
    assert_int_equal(vl_server_app_work(&s->app, &err), 0);
    for (int i = 0; i < WAIT_S * 10; i++) {
        if (strcmp(vl_test_get(s, get(s, path), "findings"), "30003") == 0)
            return;
        (void)usleep(100000);
    }
    fail_msg("the job did not end: %s", get(s, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_other),
        cmocka_unit_test(test_pending),
    };
    return cmocka_run_group_tests(tests, start, vl_test_server_stop);
}
