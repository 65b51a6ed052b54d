/* tests: route_recommendation.c route_score.c
 *
 * A few images, and what the API says of them; numbers are worked out beside. */
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
#include "test_rows.h"

#define KEY "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5"

static int64_t environment;

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

/* Numbers may be written in several ways. */
static void near(struct vl_test_server *s, const char *answer, const char *path, double want)
{
    const char *got = vl_test_get(s, answer, path);
    double value = strtod(got, NULL);
    if (!*got || value - want > 1e-9 || want - value > 1e-9)
        fail_msg("%s is %s instead of %f in %s", path, got, want, answer);
}

static const char *get(struct vl_test_server *s, const char *path)
{
    return vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
}

static int assess(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_assess_soon(conn, *(int64_t *)user, vl_time_now_ms(), err);
}

static void assessed(struct vl_test_server *s, int64_t which)
{
    struct vl_err err = VL_ERR_INIT;
    if (vl_store_write(s->app.store, assess, &which, &err) < 0)
        fail_msg("%s", err.msg);
}

/* Nothing is known: null, never 0. */
static void test_nothing(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "/api/v1/secure-score");
    is(s, a, "score.current", "null");
    is(s, a, "score.percentage", "null");
    is(s, a, "computedAt", "null");
    is(s, a, "assessed.points", "0");
    is(s, a, "assessed.text", "nothing is assessed; 58 of 58 points not assessed");
    a = get(s, "/api/v1/recommendations");
    is(s, a, "total.value", "60");
    is(s, a, "items.0.assessed", "false");
    is(s, a, "items.0.unhealthy", "null");
    a = get(s, "/api/v1/recommendations?assessed=true");
    is(s, a, "total.value", "0");
    a = get(s, "/api/v1/secure-score/history");
    is(s, a, "total.value", "0");
}

static void add_image(struct vl_test_server *s, int64_t registry, const char *digest, bool kev)
{
    const struct vl_rows_image row = {.digest = digest, .repository = "team/app"};
    const struct vl_rows_finding finding = {.vulnerability = kev ? "CVE-2026-7" : "CVE-2026-8",
        .purl = "pkg:deb/debian/zlib1g@1.2.13?distro=debian-12",
        .name = "zlib1g",
        .version = "1.2.13",
        .fixed = "1.2.14",
        .severity = VL_SEVERITY_CRITICAL,
        .kev = kev,
        .epss = 0.25};
    int64_t id = vl_rows_image(s, environment, registry, &row);
    if (strcmp(digest, "sha256:c1") != 0)
        (void)vl_rows_finding(s, id, &finding);
}

/* In "main" c1 is clean, c2 and c3 are not: 6 / 3 * 1 = 2 of 6 points, 0.3333; the two would bring 4. The
 * plan is on: a control without points. In all 6 of 58 points, two controls. */
static void test_score(void **state)
{
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    int64_t registry = vl_rows_registry(s, environment, "main");
    add_image(s, registry, "sha256:c1", false);
    add_image(s, registry, "sha256:c2", false);
    add_image(s, registry, "sha256:c3", true);
    assessed(s, environment);
    const char *a = get(s, "/api/v1/secure-score");
    near(s, a, "score.current", 2);
    near(s, a, "score.max", 6);
    near(s, a, "score.percentage", 0.3333);
    is(s, a, "controls", "2");
    is(s, a, "assessed.points", "6");
    is(s, a, "assessed.of", "58");
    is(s, a, "assessed.text", "33 % of the 6 points assessed; 52 of 58 not assessed");
    is(s, a, "assessed.images.assessed", "3");
    a = get(s, "/api/v1/secure-score/controls");
    is(s, a, "total.value", "15");
    is(s, a, "items.0.name", "Enable MFA");
    is(s, a, "items.0.assessed", "false");
    is(s, a, "items.0.current", "null");
    is(s, a, "items.3.name", "Remediate vulnerabilities");
    is(s, a, "items.3.healthy", "1");
    is(s, a, "items.3.unhealthy", "2");
    near(s, a, "items.3.potentialIncrease", 4);
    a = get(s, "/api/v1/secure-score/controls?by=category");
    is(s, a, "total.value", "4");
    is(s, a, "items.1.name", "Compute");
    is(s, a, "items.1.maxPossible", "22");
    near(s, a, "items.1.weight", 37.9); /* 22 / 58 */
    near(s, a, "items.1.current", 2);
    near(s, a, "items.1.max", 6);
    is(s, a, "items.0.name", "Identity");
    is(s, a, "items.0.assessed", "false");
    a = get(s, "/api/v1/secure-score/history?days=7");
    char today[VL_TIME_TEXT_MAX];
    is(s, a, "total.value", "1");
    is(s, a, "items.0.day", vl_time_format_date(vl_time_now_ms(), today));
    near(s, a, "items.0.percentage", 0.3333);
}

static void test_recommendations(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "/api/v1/recommendations?assessed=true");
    is(s, a, "total.value", "2"); /* images, and the plan */
    is(s, a, "items.0.key", KEY);
    is(s, a, "items.0.severity", "high");
    is(s, a, "items.0.control.name", "Remediate vulnerabilities");
    is(s, a, "items.0.healthy", "1");
    is(s, a, "items.0.unhealthy", "2");
    is(s, a, "items.0.findings", "2");
    is(s, a, "items.0.kev", "1");
    near(s, a, "items.0.epss", 0.25);
    near(s, a, "items.0.potentialIncrease", 4);
    is(s, a, "items.0.running", "null");
    is(s, a, "items.1.title", "Microsoft Defender for Containers should be enabled");
    is(s, a, "items.1.unhealthy", "0");
    a = get(s, "/api/v1/recommendations/" KEY);
    is(s, a, "key", KEY);
    is(s, a, "implementationEffort", "Moderate");
    assert_true(strlen(vl_test_get(s, a, "remediation")) > 20);
    a = get(s, "/api/v1/recommendations/Privileged%20containers%20should%20be%20avoided");
    is(s, a, "assessed", "false");
    is(s, a, "built", "false");
    is(s, a, "note", "nothing in this release evaluates it");
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/recommendations/none", NULL, 404);
    (void)vl_test_call(s, VL_ROLE_NONE, "GET", "/api/v1/recommendations", NULL, 401);
}

static void test_resources(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = get(s, "/api/v1/recommendations/" KEY "/resources?limit=2");
    is(s, a, "items.1.kind", "image");
    is(s, a, "items.2", "");
    is(s, a, "total.value", "3");
    const char *path = vl_arena_printf(
        s->arena, "/api/v1/recommendations/" KEY "/resources?limit=2&cursor=%s", vl_test_get(s, a, "next"));
    a = get(s, path);
    is(s, a, "items.0.name", "team/app@sha256:c3");
    is(s, a, "items.0.status", "Unhealthy");
    is(s, a, "items.0.findings", "1");
    is(s, a, "next", "null");
    a = get(s, "/api/v1/recommendations/" KEY "/resources?status=healthy");
    is(s, a, "total.value", "1");
    is(s, a, "items.0.name", "team/app@sha256:c1");
    a = get(s, "/api/v1/recommendations/" KEY "/resources?kind=registry");
    is(s, a, "items.0.name", "main");
    is(s, a, "items.0.findings", "2");
    (void)vl_test_call(
        s, VL_ROLE_READER, "GET", "/api/v1/recommendations/" KEY "/resources?status=fine", NULL, 400);
    struct vl_test_answer lines = vl_test_send(s, "GET", "/api/v1/recommendations/" KEY "/resources",
        s->token[VL_ROLE_READER], "Accept: application/x-ndjson", NULL);
    size_t n = 0;
    for (const char *c = lines.body; *c; c++)
        n += *c == '\n';
    assert_int_equal(n, 3);
}

/* A second environment with one image, which is clean: 6 of 6 points; its plan is off: one unhealthy more.
 * 0.3333 weighs 3 images and the plan; 1.0 weighs 1 and the plan: (0.3333 * 4 + 1 * 2) / 6 = 0.5555. */
static void test_environments(void **state)
{
    struct vl_test_server *s = *state;
    int64_t first = environment;
    environment = vl_rows_environment(s, "other", NULL);
    int64_t registry = vl_rows_registry(s, environment, "main");
    add_image(s, registry, "sha256:c1", false);
    assessed(s, environment);
    const char *a = get(s, "/api/v1/secure-score/environments");
    near(s, a, "percentage", 0.5555);
    is(s, a, "items.1.name", "other");
    near(s, a, "items.1.score.percentage", 1);
    const char *token = vl_rows_caller(s, "narrow", first, VL_ROLE_READER, 0);
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/secure-score/environments", token, NULL, &a), 200);
    near(s, a, "percentage", 0.3333);
    is(s, a, "items.1", "");
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/secure-score?environment=other", token, NULL, &a), 404);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/secure-score", NULL, 400); /* which one? */
    a = get(s, "/api/v1/secure-score?environment=other");
    near(s, a, "score.current", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_recommendations),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_environments),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
