/* tests: route_arm_alert.c route_arm_suppression.c route_arm_task.c route_arm_setting.c
 *
 * Shapes and answers are those of the published descriptions: alerts 2022-01-01, suppression rules
 * 2019-01-01-preview, tasks 2015-06-01-preview, settings 2022-05-01. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "respond/repo_alert.h"
#include "test_rows.h"

#define V        "?api-version=2022-01-01"
#define RULE_V   "?api-version=2019-01-01-preview"
#define TASK_V   "?api-version=2015-06-01-preview"
#define LOCATION "locations/local/alerts"

static const char *call(
    struct vl_test_server *s, int role, const char *method, const char *tail, const char *body, long want)
{
    return vl_test_call(s, role, method,
        vl_arena_printf(s->arena, "/subscriptions/%s/providers/Microsoft.Security/%s", s->environment, tail),
        body, want);
}

/* Samples come by themselves only when somebody asks for them. */
static void test_simulate(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] = "{\"properties\":{\"kind\":\"Bundles\",\"bundles\":[\"KubernetesService\"]}}";
    const char *answer = call(s, VL_ROLE_READER, "GET", "alerts" V, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    (void)call(s, VL_ROLE_READER, "POST", LOCATION "/default/simulate" V, body, 403);
    answer = call(s, VL_ROLE_ADMIN, "POST", LOCATION "/default/simulate" V, body, 202);
    assert_string_equal(answer, "");
    answer = call(s, VL_ROLE_READER, "GET", "alerts" V, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.type"), "Microsoft.Security/Locations/alerts");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.status"), "Active");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.version"), "2022-01-01");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.isSample"), "true");
    assert_string_not_equal(vl_test_get(s, answer, "value.0.properties.alertDisplayName"), "");
    assert_string_not_equal(vl_test_get(s, answer, "value.0.properties.startTimeUtc"), "");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.resourceIdentifiers.0.type"), "AzureResource");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.systemAlertId"), vl_test_get(s, answer, "value.0.name"));
    static const char *const bad[] = {"{}", "{\"properties\":{\"kind\":\"Bundles\",\"bundles\":[]}}",
        "{\"properties\":{\"kind\":\"Other\",\"bundles\":[\"DNS\"]}}",
        "{\"properties\":{\"kind\":\"Bundles\",\"bundles\":[7]}}",
        "{\"properties\":{\"kind\":\"Bundles\",\"bundles\":[\"Nothing\"]}}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        (void)call(s, VL_ROLE_ADMIN, "POST", LOCATION "/default/simulate" V, bad[i], 400);
}

/* The words that az sends lead to the states that the next read has. */
static void test_states(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *word, *status;
    } rows[] = {{"dismiss", "Dismissed"}, {"activate", "Active"}, {"inProgress", "InProgress"},
        {"resolve", "Resolved"}};
    const char *answer = call(s, VL_ROLE_READER, "GET", LOCATION V, NULL, 200);
    const char *name = vl_test_get(s, answer, "value.0.name");
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const char *tail = vl_arena_printf(s->arena, LOCATION "/%s/%s" V, name, rows[i].word);
        (void)call(s, VL_ROLE_READER, "POST", tail, NULL, 403);
        answer = call(s, VL_ROLE_ADMIN, "POST", tail, NULL, 204);
        assert_string_equal(answer, "");
        answer = call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, LOCATION "/%s" V, name), NULL, 200);
        assert_string_equal(vl_test_get(s, answer, "properties.status"), rows[i].status);
    }
    answer = call(s, VL_ROLE_READER, "GET", LOCATION "/nothing" V, NULL, 404);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "AlertNotFound");
    (void)call(s, VL_ROLE_ADMIN, "POST", LOCATION "/nothing/dismiss" V, NULL, 404);
    (void)call(s, VL_ROLE_ADMIN, "POST",
        vl_arena_printf(s->arena, "locations/westeurope/alerts/%s/dismiss" V, name), NULL, 404);
    (void)call(s, VL_ROLE_READER, "GET", "alerts?api-version=2019-01-01", NULL, 400);
}

static int add_alert(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct vl_alert *alert = user;
    return vl_repo_alert_add(conn, 1, alert, NULL, err);
}

/* The group of an alert's resource is where its id lies, and where it is found. */
static void test_group(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_alert alert = {.type = "K8S.NODE_EICAR",
        .severity = VL_SEVERITY_HIGH,
        .title = "title",
        .body = "{\"description\":\"d\",\"intent\":\"Execution\",\"techniques\":[\"T1059\"]}",
        .resource = vl_arena_printf(s->arena,
            "/subscriptions/%s/resourceGroups/Prod/providers/Microsoft.ContainerService/managedClusters/c",
            s->environment),
        .started = 1767225600000,
        .ended = 1767225600000};
    assert_int_equal(vl_rows_first_environment(s), 1);
    assert_true(vl_store_write(s->app.store, add_alert, &alert, &err) >= 0);
    const char *group = vl_arena_printf(s->arena, "/subscriptions/%s/resourceGroups/prod", s->environment);
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena, "%s/providers/Microsoft.Security/alerts" V, group), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.alertType"), "K8S.NODE_EICAR");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.techniques.0"), "T1059");
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.severity"), "High");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.startTimeUtc"), "2026-01-01T00:00:00.0000000Z");
    assert_string_equal(vl_test_get(s, answer, "value.1.id"), "");
    const char *id = vl_test_get(s, answer, "value.0.id"), *name = vl_test_get(s, answer, "value.0.name");
    (void)vl_test_call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/resolve" V, id), NULL, 204);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" V, id), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.status"), "Resolved");
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena,
            "/subscriptions/%s/resourceGroups/other/providers/Microsoft.Security/" LOCATION "/%s" V,
            s->environment, name),
        NULL, 404);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "AlertNotFound");
}

static void test_rules(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] =
        "{\"properties\":{\"alertType\":\"K8S.NODE_EICAR\",\"state\":\"Enabled\",\"reason\":"
        "\"FalsePositive\","
        "\"comment\":\"a "
        "test\",\"expirationDateUtc\":\"2099-12-01T19:50:47.083633Z\",\"suppressionAlertsScope\":"
        "{\"allOf\":[{\"field\":\"entities.ip.address\",\"in\":[\"192.0.2.7\"]}]}}}";
    (void)call(s, VL_ROLE_READER, "PUT", "alertsSuppressionRules/quiet" RULE_V, body, 403);
    const char *answer = call(s, VL_ROLE_ADMIN, "PUT", "alertsSuppressionRules/quiet" RULE_V, body, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.alertType"), "K8S.NODE_EICAR");
    assert_string_equal(
        vl_test_get(s, answer, "properties.expirationDateUtc"), "2099-12-01T19:50:47.0830000Z");
    assert_string_equal(
        vl_test_get(s, answer, "properties.suppressionAlertsScope.allOf.0.in.0"), "192.0.2.7");
    answer = call(s, VL_ROLE_READER, "GET", "alertsSuppressionRules" RULE_V, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), "quiet");
    answer =
        call(s, VL_ROLE_READER, "GET", "alertsSuppressionRules" RULE_V "&AlertType=IpAnomaly", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), "");
    static const char soon[] =
        "{\"properties\":{\"alertType\":\"*\",\"state\":\"Enabled\",\"reason\":\"Other\","
        "\"expirationDateUtc\":\"soon\"}}";
    static const char *const bad[] = {"{}", "{\"properties\":{}}",
        "{\"properties\":{\"alertType\":\"*\",\"state\":\"Sometimes\",\"reason\":\"Other\"}}",
        "{\"properties\":{\"alertType\":\"*\",\"state\":\"Enabled\"}}",
        "{\"properties\":{\"alertType\":\"*\",\"state\":\"Enabled\",\"reason\":\"Other\",\"more\":1}}", soon};
    for (size_t i = 0; i < VL_ARRAY_LEN(bad); i++)
        (void)call(s, VL_ROLE_ADMIN, "PUT", "alertsSuppressionRules/other" RULE_V, bad[i], 400);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "alertsSuppressionRules/quiet" RULE_V, NULL, 204);
    (void)call(s, VL_ROLE_READER, "GET", "alertsSuppressionRules/quiet" RULE_V, NULL, 404);
}

static const struct vl_store_sql sql_task = {
    "INSERT INTO task (environment_id, guid, resource_id, assessment_key, state, details, created, changed) "
    "VALUES (1, $1, 0, 'c0b7cfc6-3172-465a-b378-53c7ff2cc0d5', 1, '{\"fixes\":3}', 1767225600000, "
    "1767225600000)",
    NULL};

static void test_tasks(void **state)
{
    struct vl_test_server *s = *state;
    static const char guid[] = "62609ee7-0000-4000-8000-000000000001";
    vl_rows_sql(s, &sql_task, "s", "62609ee7-0000-4000-8000-000000000002");
    vl_rows_sql(s, &sql_task, "s", guid);
    const char *answer = call(s, VL_ROLE_READER, "GET", "tasks" TASK_V, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), guid);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.state"), "Active");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.securityTaskParameters.details.fixes"), "3");
    const char *tail = vl_arena_printf(s->arena, "locations/local/tasks/%s", guid);
    (void)call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/Dismiss" TASK_V, tail), NULL, 204);
    answer = call(s, VL_ROLE_READER, "GET", vl_arena_printf(s->arena, "%s" TASK_V, tail), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.state"), "Dismissed");
    assert_string_not_equal(
        vl_test_get(s, answer, "properties.lastStateChangeTimeUtc"), "2026-01-01T00:00:00.0000000Z");
    answer =
        call(s, VL_ROLE_READER, "GET", "tasks" TASK_V "&$filter=properties/state%20eq%20'Active'", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), "62609ee7-0000-4000-8000-000000000002");
    assert_string_equal(vl_test_get(s, answer, "value.1.name"), "");
    (void)call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/Start" TASK_V, tail), NULL, 409);
    (void)call(s, VL_ROLE_ADMIN, "POST", vl_arena_printf(s->arena, "%s/Dance" TASK_V, tail), NULL, 404);
    (void)call(s, VL_ROLE_READER, "POST", vl_arena_printf(s->arena, "%s/Dismiss" TASK_V, tail), NULL, 403);
}

/* What is not built is off, and stays off. */
static void test_settings(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = call(s, VL_ROLE_READER, "GET", "settings/MCAS?api-version=2022-05-01", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.enabled"), "false");
    answer = call(s, VL_ROLE_ADMIN, "PUT", "settings/MCAS?api-version=2022-05-01",
        "{\"kind\":\"DataExportSettings\",\"properties\":{\"enabled\":true}}", 409);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "FeatureNotAvailable");
    (void)call(s, VL_ROLE_ADMIN, "PUT", "settings/MCAS?api-version=2022-05-01",
        "{\"kind\":\"DataExportSettings\",\"properties\":{\"enabled\":false}}", 200);
    answer = call(s, VL_ROLE_READER, "GET", "settings?api-version=2022-05-01", NULL, 200);
    assert_null(strstr(answer, "true"));
    answer =
        call(s, VL_ROLE_READER, "GET", "autoProvisioningSettings?api-version=2017-08-01-preview", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.autoProvision"), "Off");
    (void)call(s, VL_ROLE_ADMIN, "PUT", "autoProvisioningSettings/default?api-version=2017-08-01-preview",
        "{\"properties\":{\"autoProvision\":\"On\"}}", 409);
    (void)call(s, VL_ROLE_ADMIN, "PUT", "workspaceSettings/default?api-version=2017-08-01-preview",
        "{\"properties\":{\"scope\":\"x\",\"workspaceId\":\"y\"}}", 409);
    answer = call(s, VL_ROLE_READER, "GET", "workspaceSettings?api-version=2017-08-01-preview", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulate),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
