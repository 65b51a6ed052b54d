/* tests: route_arm_finding.c repo_arm_finding.c
 *
 * The shape is that of the published description of sub-assessments (2019-01-01-preview) and of the container
 * registry's additional data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test_rows.h"

#define V "?api-version=2019-01-01-preview"

static int64_t environment, registry, image, match;

static const char *ask(struct vl_test_server *s, const char *scope, const char *tail, long want)
{
    if (!scope)
        scope = vl_arena_printf(s->arena, "/subscriptions/%s", s->environment);
    return vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "%s/providers/Microsoft.Security/%s", scope, tail), NULL, want);
}

#define P "value.0.properties."
#define A P "additionalData."

/* A scan's findings are there as soon as they are written. */
static void test_push_is_seen(void **state)
{
    struct vl_test_server *s = *state;
    environment = vl_rows_first_environment(s);
    const char *answer = ask(s, NULL, "subAssessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    registry = vl_rows_registry(s, environment, "Hub");
    struct vl_rows_image i = {.digest = "sha256:aaaa", .repository = "team/app", .tag = "v1"};
    image = vl_rows_image(s, environment, registry, &i);
    struct vl_rows_finding f = {.vulnerability = "CVE-2026-1001",
        .purl = "pkg:deb/debian/openssl@3.0.1",
        .name = "openssl",
        .version = "3.0.1",
        .fixed = "3.0.2",
        .severity = VL_SEVERITY_CRITICAL,
        .kev = true};
    match = vl_rows_finding(s, image, &f);
    answer = ask(s, NULL, "subAssessments" V, 200);
    assert_string_equal(
        vl_test_get(s, answer, "value.0.type"), "Microsoft.Security/assessments/subAssessments");
    assert_string_equal(vl_test_get(s, answer, P "id"), "CVE-2026-1001");
    assert_string_equal(vl_test_get(s, answer, P "status.code"), "Unhealthy");
    assert_string_equal(vl_test_get(s, answer, P "status.severity"), "High");
    assert_string_equal(vl_test_get(s, answer, A "vulnerabilityDetails.severity"), "Critical");
    assert_string_equal(vl_test_get(s, answer, A "vulnerabilityDetails.cveId"), "CVE-2026-1001");
    assert_string_equal(
        vl_test_get(s, answer, A "vulnerabilityDetails.exploitabilityAssessment.exploitStepsVerified"),
        "true");
    assert_string_equal(vl_test_get(s, answer, A "artifactDetails.repositoryName"), "team/app");
    assert_string_equal(vl_test_get(s, answer, A "artifactDetails.digest"), "sha256:aaaa");
    assert_string_equal(vl_test_get(s, answer, A "artifactDetails.tags.0"), "v1");
    assert_string_equal(vl_test_get(s, answer, A "softwareDetails.packageName"), "openssl");
    assert_string_equal(vl_test_get(s, answer, A "softwareDetails.fixedVersion"), "3.0.2");
    assert_string_equal(vl_test_get(s, answer, A "softwareDetails.fixStatus"), "FixAvailable");
    const char *want = vl_arena_printf(s->arena,
        "/subscriptions/%s/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/registries/Hub/"
        "repositories/"
        "team%%2Fapp/images/sha256:aaaa",
        s->environment);
    assert_string_equal(vl_test_get(s, answer, P "resourceDetails.id"), want);
    /* Its id leads to it, and to nothing else. */
    const char *id = vl_test_get(s, answer, "value.0.id");
    assert_true(vl_span_starts_with(vl_span_str(id), want));
    answer = vl_test_call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" V, id), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "id"), id);
    char *other = vl_arena_strdup(s->arena, id);
    other[strlen(other) - 1] = other[strlen(other) - 1] == 'f' ? 'e' : 'f';
    (void)vl_test_call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" V, other), NULL, 404);
    (void)ask(s, want, "assessments/none/subAssessments/nonsense" V, 404);
}

static void test_scopes_and_pages(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_rows_image i = {.digest = "sha256:bbbb", .repository = "other"};
    struct vl_rows_finding f = {.vulnerability = "CVE-2026-1002",
        .purl = "pkg:npm/left@1.0.0",
        .name = "left",
        .version = "1.0.0",
        .severity = VL_SEVERITY_LOW};
    int64_t second = vl_rows_image(s, environment, registry, &i);
    vl_rows_finding(s, second, &f);
    vl_rows_finding(s, image, &f);
    const char *answer = ask(s, NULL, "subAssessments" V "&$top=2", 200), *base = "https://127.0.0.1:";
    assert_string_equal(vl_test_get(s, answer, P "id"), "CVE-2026-1001");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.id"), "CVE-2026-1002");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.additionalData.softwareDetails.fixStatus"),
        "NoFixAvailable");
    assert_string_equal(vl_test_get(s, answer, "value.2.id"), "");
    const char *next = vl_test_get(s, answer, "nextLink");
    assert_true(vl_span_starts_with(vl_span_str(next), base));
    answer = vl_test_call(s, VL_ROLE_READER, "GET", strchr(next + strlen(base), '/'), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, A "artifactDetails.repositoryName"), "other");
    assert_string_equal(vl_test_get(s, answer, "value.1.id"), "");
    assert_string_equal(vl_test_get(s, answer, "nextLink"), "");
    const char *reg = vl_arena_printf(s->arena,
        "/subscriptions/%s/resourceGroups/vallum/providers/Microsoft.ContainerRegistry/registries/hub",
        s->environment);
    answer = ask(s, reg, "subAssessments" V, 200);
    assert_string_not_equal(vl_test_get(s, answer, "value.2.id"), "");
    answer = ask(s, vl_arena_printf(s->arena, "%s/repositories/other/images/sha256:bbbb", reg),
        "assessments/c0b7cfc6-3172-465a-b378-53c7ff2cc0d5/subAssessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, A "artifactDetails.digest"), "sha256:bbbb");
    assert_string_equal(vl_test_get(s, answer, "value.1.id"), "");
    answer = ask(s, vl_arena_printf(s->arena, "%s/repositories/other/images/sha256:aaaa", reg),
        "subAssessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    /* Amazon's registries have another assessment. */
    answer = ask(s, NULL, "assessments/c27441ae-775c-45be-8ffa-655de37362ce/subAssessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    (void)ask(s, NULL, "subAssessments" V "&$skiptoken=x", 400);
}

static void test_exempt(void **state)
{
    struct vl_test_server *s = *state;
    vl_rows_exempt(s, environment, image, match);
    const char *answer = ask(s, NULL, "subAssessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, P "status.code"), "NotApplicable");
    assert_string_equal(vl_test_get(s, answer, P "status.cause"), "Exempt");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.status.code"), "Unhealthy");
}

/* Facts of a digest are shared; who has not fetched it sees nothing of them. */
static void test_other_environment(void **state)
{
    struct vl_test_server *s = *state;
    const char *guid, *answer;
    int64_t other = vl_rows_environment(s, "elsewhere", &guid);
    int64_t theirs = vl_rows_registry(s, other, "Hub");
    struct vl_rows_image i = {.digest = "sha256:aaaa", .repository = "x", .unfetched = true};
    (void)vl_rows_image(s, other, theirs, &i);
    const char *token = vl_rows_caller(s, "only-elsewhere", other, VL_ROLE_OWNER, 0);
    const char *path =
        vl_arena_printf(s->arena, "/subscriptions/%s/providers/Microsoft.Security/subAssessments" V, guid);
    assert_int_equal(vl_test_ask(s, "GET", path, token, NULL, &answer), 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    path = vl_arena_printf(
        s->arena, "/subscriptions/%s/providers/Microsoft.Security/subAssessments" V, s->environment);
    assert_int_equal(vl_test_ask(s, "GET", path, token, NULL, &answer), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_is_seen),
        cmocka_unit_test(test_scopes_and_pages),
        cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_other_environment),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
