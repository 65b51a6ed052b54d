/* tests: plan.c repo_plan.c route_plan.c
 *
 * Names and aliases are those of the guides and of the published pricings; durations are ISO 8601. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "identity/principal.h"
#include "inventory/repo_plan.h"
#include "store/queue.h"
#include "test_server.h"

#define DAY  86400000LL
#define HOUR 3600000LL

static void is(struct vl_test_server *s, const char *answer, const char *path, const char *want)
{
    const char *got = vl_test_get(s, answer, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s is \"%s\" instead of \"%s\" in %s", path, got, want, answer);
}

/* The trial began with the server, less than a minute ago. */
static void begun(struct vl_test_server *s, const char *answer)
{
    const char *left = vl_test_get(s, answer, "freeTrialRemainingTime");
    if (strcmp(left, "P30D") != 0 && strncmp(left, "P29DT23H59M", 11) != 0)
        fail_msg("%s is left", left);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *said, *name;
    } names[] = {{"Servers", "VirtualMachines"}, {"appservice", "AppServices"},
        {"Storage", "StorageAccounts"}, {"SQL", "SqlServers"}, {"KeyVault", "KeyVaults"}, {"APIs", "Api"},
        {"api", "Api"}, {"containers", "Containers"}, {"CloudPosture", "CloudPosture"}, {"Arm", "Arm"},
        {"ServiceBus", "ServiceBus"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++)
        assert_string_equal(vl_plan_find(vl_span_str(names[i].said))->name, names[i].name);
    assert_null(vl_plan_find(VL_SPAN_LIT("Nothing")));
    assert_null(vl_plan_find(VL_SPAN_LIT("")));
}

static void test_trial(void **state)
{
    (void)state;
    char text[VL_PLAN_TRIAL_TEXT];
    const int64_t from = 1000 * DAY;
    assert_string_equal(vl_plan_trial(0, from, text), "P30D");
    assert_string_equal(vl_plan_trial(from, from, text), "P30D");
    assert_string_equal(vl_plan_trial(from, from + HOUR + 1000, text), "P29DT22H59M59S");
    assert_string_equal(vl_plan_trial(from, from + 2 * DAY, text), "P28D");
    assert_string_equal(vl_plan_trial(from, from + 29 * DAY + 12 * HOUR, text), "PT12H0M0S");
    assert_string_equal(vl_plan_trial(from, from + 30 * DAY, text), "PT0S");
    assert_string_equal(vl_plan_trial(from, from + 300 * DAY, text), "PT0S");
}

static void test_first(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/plans/Containers", NULL, 200);
    is(s, a, "pricingTier", "Standard");
    is(s, a, "built", "true");
    is(s, a, "resourcesCoverageStatus", "PartiallyCovered"); /* nodes and clusters are not */
    is(s, a, "extensions.0.name", "ContainerRegistriesVulnerabilityAssessments");
    is(s, a, "extensions.0.operationStatus.code", "Succeeded");
    is(s, a, "extensions.1.isEnabled", "false");
    begun(s, a);
    a = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/plans", NULL, 200);
    is(s, a, "items.0.name", "CloudPosture");
    is(s, a, "items.0.pricingTier", "Standard");
    is(s, a, "items.2.name", "VirtualMachines");
    is(s, a, "items.2.pricingTier", "Free");
    is(s, a, "items.2.resourcesCoverageStatus", "NotCovered");
    is(s, a, "items.2.enablementTime", "null");
}

/* Nothing protects machines here, and the answer says so. */
static void test_no_detector(void **state)
{
    struct vl_test_server *s = *state;
    const char *a = vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Servers",
        "{\"pricingTier\":\"Standard\",\"subPlan\":\"p2\",\"extensions\":[{\"name\":\"AgentlessVmScanning\","
        "\"isEnabled\":\"True\"}]}",
        200);
    is(s, a, "name", "VirtualMachines");
    is(s, a, "pricingTier", "Standard");
    is(s, a, "subPlan", "P2");
    is(s, a, "resourcesCoverageStatus", "NotCovered");
    is(s, a, "operationStatus.code", "Failed");
    is(s, a, "operationStatus.message", "no detector for this plan in this release");
    is(s, a, "extensions.0.isEnabled", "true");
    is(s, a, "extensions.0.operationStatus.code", "Failed");
    is(s, a, "note", "accepted, protects nothing yet");
    a = vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/plans/VirtualMachines", NULL, 200);
    is(s, a, "pricingTier", "Standard");
    a = vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Servers", "{\"pricingTier\":\"Free\"}", 200);
    is(s, a, "subPlan", "null");
    is(s, a, "operationStatus", "null");
    is(s, a, "extensions.0.isEnabled", "false");
}

static uint64_t waiting(struct vl_test_server *s, const char *kind)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts counts;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_queue_count(conn, kind, &counts, &err), 0);
    return counts.waiting;
}

static int add_registry(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql sql = {"INSERT INTO registry (environment_id, name, host, kind, "
                                            "created) VALUES (1, 'main', 'r.example', 'generic', 1)",
        NULL};
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    (void)user;
    int r = vl_stmt_begin(conn, &sql, &stmt, err);
    return r < 0 ? r : vl_stmt_run(stmt, NULL, err);
}

static bool enabled(struct vl_test_server *s)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    bool on = false;
    assert_int_equal(vl_store_read(s->app.store, &conn, &err), 0);
    assert_int_equal(vl_repo_plan_enabled(conn, 1, "Containers", &on, &err), 0);
    return on;
}

/* Off: scanning stops; on: all registries are looked at again; the trial goes on from where it began. */
static void test_switch(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_store_write(s->app.store, add_registry, NULL, &err), 0);
    assert_true(enabled(s));
    const char *a =
        vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/containers", "{\"pricingTier\":\"Free\"}", 200);
    is(s, a, "resourcesCoverageStatus", "NotCovered");
    is(s, a, "enablementTime", "null");
    begun(s, a);
    assert_false(enabled(s));
    assert_int_equal(waiting(s, "discover"), 0);
    assert_int_equal(waiting(s, "score"), 1);
    (void)vl_test_call(
        s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Containers", "{\"pricingTier\":\"standard\"}", 200);
    assert_true(enabled(s));
    assert_int_equal(waiting(s, "discover"), 1);
    a = vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Containers",
        "{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":"
        "\"ContainerRegistriesVulnerabilityAssessments\",\"isEnabled\":false}]}",
        200);
    is(s, a, "resourcesCoverageStatus", "NotCovered");
    assert_false(enabled(s));
    (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", "/api/v1/plans/Containers",
        "{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":"
        "\"ContainerRegistriesVulnerabilityAssessments\",\"isEnabled\":true}]}",
        200);
    assert_true(enabled(s));
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *plan, *body;
        long status;
    } calls[] = {
        {"Nothing", "{\"pricingTier\":\"Free\"}", 404},
        {"Containers", "{}", 400},
        {"Containers", "{\"pricingTier\":\"Premium\"}", 400},
        {"Containers", "{\"pricingTier\":7}", 400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"more\":1}", 400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"subPlan\":\"P1\"}", 400},
        {"VirtualMachines", "{\"pricingTier\":\"Standard\",\"subPlan\":\"P3\"}", 400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"extensions\":{}}", 400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"extensions\":[7]}", 400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":\"X\",\"isEnabled\":true}]}",
            400},
        {"Containers", "{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":\"ContainerSensor\"}]}", 400},
        {"VirtualMachines",
            "{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":\"AgentlessVmScanning\",\"isEnabled\":"
            "true,\"additionalExtensionProperties\":{\"ExclusionTags\":\"[]\"}}]}",
            409},
        {"Dns", "{\"pricingTier\":\"Standard\"}", 409},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(calls); i++) {
        const char *path = vl_arena_printf(s->arena, "/api/v1/plans/%s", calls[i].plan);
        (void)vl_test_call(s, VL_ROLE_ADMIN, "PUT", path, calls[i].body, calls[i].status);
    }
    (void)vl_test_call(
        s, VL_ROLE_READER, "PUT", "/api/v1/plans/Containers", "{\"pricingTier\":\"Free\"}", 403);
    (void)vl_test_call(s, VL_ROLE_NONE, "GET", "/api/v1/plans", NULL, 401);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", "/api/v1/plans/Nothing", NULL, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_trial),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_no_detector),
        cmocka_unit_test(test_switch),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
