/* tests: route_arm_assessment.c route_arm_score.c repo_arm_posture.c metadata.c
 *
 * Shapes are those of the published descriptions of Microsoft.Security (2021-06-01, 2020-01-01); the score's
 * figures those of the published example of secureScores. Rows are written as the posture's job leaves them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "posture/resource.h"
#include "test_rows.h"

#define KEY     "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5" /* registry images should have … resolved */
#define CONTROL "34a42fb3-e6db-409c-b56b-7b1db6b8aee0"
#define V       "?api-version=2021-06-01"
#define SCORE_V "?api-version=2020-01-01"

static const struct vl_store_sql sql_resource = {"INSERT INTO resource (environment_id, arm_id, arm_key, "
                                                 "kind, name) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    NULL};
static const struct vl_store_sql sql_assessment = {
    "INSERT INTO assessment (environment_id, key, resource_id, status, cause, evaluated_first, changed, "
    "evaluated, findings) VALUES ($1, $2, $3, $4, $5, 1767225600000, 1767225600500, 1767225600500, $6)",
    NULL};
static const struct vl_store_sql sql_change = {
    "UPDATE assessment SET status = $1, cause = $2 WHERE resource_id = $3", NULL};
static const struct vl_store_sql sql_control = {"INSERT INTO score_control (environment_id, control, "
                                                "current, maximum, healthy, unhealthy, not_applicable, "
                                                "computed) VALUES ($1, $2, $3, $4, $5, $6, 0, 1)",
    NULL};

/* The image's own id, as it stands in paths. */
static const char *image_id(struct vl_test_server *s, const char *digest)
{
    struct vl_resource_id id;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 4096);
    vl_resource_image(s->environment, "Hub", "team/app", digest, &id);
    vl_resource_format(&id, &text);
    return vl_arena_strdup(s->arena, vl_buf_str(&text));
}

static int64_t add_resource(struct vl_test_server *s, const char *text, const char *kind)
{
    struct vl_resource_id id;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf key VL_CLEANUP(vl_buf_done);
    vl_buf_init(&key, 4096);
    assert_true(vl_resource_parse(vl_span_str(text), s->arena, &id, &err) >= 0);
    vl_resource_key(&id, &key);
    return vl_rows_sql(
        s, &sql_resource, "issss", vl_rows_first_environment(s), text, vl_buf_str(&key), kind, kind);
}

static const char *path(struct vl_test_server *s, const char *scope, const char *tail)
{
    if (!scope)
        scope = vl_arena_printf(s->arena, "/subscriptions/%s", s->environment);
    return vl_arena_printf(s->arena, "%s/providers/Microsoft.Security/%s", scope, tail);
}

static const char *get(struct vl_test_server *s, const char *scope, const char *tail, long want)
{
    return vl_test_call(s, VL_ROLE_READER, "GET", path(s, scope, tail), NULL, want);
}

static void test_assessments(void **state)
{
    struct vl_test_server *s = *state;
    int64_t environment = vl_rows_first_environment(s);
    const char *first = image_id(s, "sha256:aa"), *second = image_id(s, "sha256:bb");
    const char *answer = get(s, NULL, "assessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    int64_t a = add_resource(s, first, "image"), b = add_resource(s, second, "image");
    vl_rows_sql(s, &sql_assessment, "isiisi", environment, KEY, a, (int64_t)2, NULL, (int64_t)7);
    vl_rows_sql(s, &sql_assessment, "isiisi", environment, KEY, b, (int64_t)3, "no data", (int64_t)0);
    answer = get(s, NULL, "assessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.status.code"), "Unhealthy");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.resourceDetails.id"), first);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.status.firstEvaluationDate"),
        "2026-01-01T00:00:00.0000000Z");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.status.statusChangeDate"), "2026-01-01T00:00:00.5000000Z");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.status.code"), "NotApplicable");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.status.cause"), "no data");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.metadata.severity"), "");
    /* The id that the list gives is the path of the one. */
    const char *id = vl_test_get(s, answer, "value.0.id");
    answer = vl_test_call(
        s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" V "&$expand=metadata,links", id), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "id"), id);
    assert_string_equal(vl_test_get(s, answer, "properties.metadata.severity"), "High");
    assert_string_not_equal(vl_test_get(s, answer, "properties.links.azurePortal"), "");
    /* By scope: the image, its registry (whose name compares case-blind), another one. */
    answer = get(s, second, "assessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.resourceDetails.id"), second);
    assert_string_equal(vl_test_get(s, answer, "value.1.id"), "");
    const char *registry = vl_arena_printf(s->arena,
        "/subscriptions/%s/resourceGroups/VALLUM/providers/Microsoft.ContainerRegistry/registries/hub",
        s->environment);
    answer = get(s, registry, "assessments" V, 200);
    assert_string_not_equal(vl_test_get(s, answer, "value.1.id"), "");
    answer = get(s, vl_arena_printf(s->arena, "%s2", registry), "assessments" V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    (void)get(s, registry, "assessments/" KEY V, 404); /* not assessed itself */
    /* A change in the table is the next answer. */
    vl_rows_sql(s, &sql_change, "isi", (int64_t)1, NULL, a);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" V, id), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.status.code"), "Healthy");
}

static void test_pages(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = get(s, NULL, "assessments" V "&$top=1", 200);
    const char *next = vl_test_get(s, answer, "nextLink"), *id = vl_test_get(s, answer, "value.0.id");
    assert_string_equal(vl_test_get(s, answer, "value.1.id"), "");
    char base[64];
    (void)snprintf(base, sizeof(base), "https://127.0.0.1:%u/", vl_http_server_port(s->app.http));
    assert_true(vl_span_starts_with(vl_span_str(next), base));
    answer = vl_test_call(s, VL_ROLE_READER, "GET", next + strlen(base) - 1, NULL, 200);
    assert_string_not_equal(vl_test_get(s, answer, "value.0.id"), "");
    assert_string_not_equal(vl_test_get(s, answer, "value.0.id"), id);
    assert_string_equal(vl_test_get(s, answer, "nextLink"), "");
    (void)get(s, NULL, "assessments" V "&$top=0", 400);
    (void)get(s, NULL, "assessments" V "&$skiptoken=nonsense", 400);
    answer = get(s, NULL, "assessments" V "&$filter=name%20eq%20%27a%27", 400);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "InvalidFilterInQueryString");
}

/* Nobody may write what is assessed, and nobody who reads is told that he might. */
static void test_no_writes(void **state)
{
    struct vl_test_server *s = *state;
    const char *p = path(s, image_id(s, "sha256:aa"), "assessments/" KEY V);
    const char *answer = vl_test_call(s, VL_ROLE_OWNER, "PUT", p, "{\"properties\":{}}", 409);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "FeatureNotAvailable");
    (void)vl_test_call(s, VL_ROLE_READER, "PUT", p, "{\"properties\":{}}", 403);
    (void)vl_test_call(s, VL_ROLE_OWNER, "PUT", path(s, NULL, "assessmentMetadata/" KEY V), "{}", 409);
}

static void test_metadata(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = get(s, "", "assessmentMetadata/" KEY V, 200);
    assert_string_equal(
        vl_test_get(s, answer, "id"), "/providers/Microsoft.Security/assessmentMetadata/" KEY);
    assert_string_equal(vl_test_get(s, answer, "properties.assessmentType"), "BuiltIn");
    assert_string_equal(vl_test_get(s, answer, "properties.categories.0"), "Compute");
    assert_string_not_equal(vl_test_get(s, answer, "properties.displayName"), "");
    answer = get(s, NULL, "assessmentMetadata" V, 200);
    assert_non_null(strstr(answer, KEY));
    answer = get(s, NULL, "assessmentMetadata/00000000-0000-0000-0000-000000000000" V, 404);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "AssessmentMetadataNotFound");
}

/* Of the published example: 10 of 10, and 1 of 5 resources healthy where 1 point is to be had. */
static void test_score(void **state)
{
    struct vl_test_server *s = *state;
    int64_t environment = vl_rows_first_environment(s);
    const char *answer = get(s, NULL, "secureScores" SCORE_V, 200);
    assert_string_equal(
        vl_test_get(s, answer, "value.0.name"), ""); /* nothing assessed: no score, not zero */
    (void)get(s, NULL, "secureScores/ascScore" SCORE_V, 404);
    vl_rows_sql(s, &sql_control, "isddii", environment, CONTROL, 10.0, 10.0, (int64_t)1, (int64_t)0);
    answer = get(s, NULL, "secureScores/ascScore" SCORE_V, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.score.percentage"), "1");
    vl_rows_sql(s, &sql_control, "isddii", environment, "27b24961-75ba-4fe4-8909-97286d5dd5ee", 0.2, 1.0,
        (int64_t)1, (int64_t)4);
    answer = get(s, NULL, "secureScores" SCORE_V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), "ascScore");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.score.max"), "11");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.score.current"), "10.2");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.score.percentage"), "0.9273");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.weight"), "6");
    (void)get(s, NULL, "secureScores/other" SCORE_V, 404);
}

static void test_controls(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = get(s, NULL, "secureScores/ascScore/secureScoreControls" SCORE_V, 200);
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.unhealthyResourceCount"), "4");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.score.percentage"), "0.2");
    assert_string_equal(vl_test_get(s, answer, "value.1.properties.weight"), "5");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.displayName"), "Enable MFA");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.definition.properties.maxScore"), "");
    answer = get(s, NULL, "secureScoreControls" SCORE_V "&$expand=definition", 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.definition.properties.maxScore"), "10");
    answer = get(s, "", "secureScoreControlDefinitions" SCORE_V, 200);
    assert_non_null(strstr(answer, "/providers/Microsoft.Security/assessmentMetadata/" KEY));
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.source.sourceType"), "BuiltIn");
    (void)get(s, NULL, "secureScoreControlDefinitions" SCORE_V, 200);
}

/* Another environment's rows are not seen, and a caller of another one is told of no such subscription. */
static void test_scoped(void **state)
{
    struct vl_test_server *s = *state;
    const char *guid, *answer;
    int64_t other = vl_rows_environment(s, "elsewhere", &guid);
    const char *token = vl_rows_caller(s, "only-elsewhere", other, VL_ROLE_OWNER, 0);
    assert_int_equal(vl_test_ask(s, "GET", path(s, NULL, "assessments" V), token, NULL, &answer), 404);
    const char *scope = vl_arena_printf(s->arena, "/subscriptions/%s", guid);
    assert_int_equal(vl_test_ask(s, "GET", path(s, scope, "assessments" V), token, NULL, &answer), 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    assert_int_equal(
        vl_test_ask(s, "GET", path(s, scope, "secureScores" SCORE_V), token, NULL, &answer), 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    assert_int_equal(
        vl_test_ask(s, "GET", "/subscriptions?api-version=2019-11-01", token, NULL, &answer), 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.displayName"), "elsewhere");
    assert_string_equal(vl_test_get(s, answer, "value.1.displayName"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assessments),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_no_writes),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_scoped),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
