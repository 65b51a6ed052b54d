/* tests: route_arm_contact.c
 *
 * The three published shapes of securityContacts: 2017-08-01-preview, 2020-01-01-preview,
 * 2023-12-01-preview. What one writes the others read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test_rows.h"

#define V17 "?api-version=2017-08-01-preview"
#define V20 "?api-version=2020-01-01-preview"
#define V23 "?api-version=2023-12-01-preview"

static const char *call(
    struct vl_test_server *s, int role, const char *method, const char *tail, const char *body, long want)
{
    return vl_test_call(s, role, method,
        vl_arena_printf(s->arena, "/subscriptions/%s/providers/Microsoft.Security/securityContacts%s",
            s->environment, tail),
        body, want);
}

static void test_first_shape(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = call(s, VL_ROLE_READER, "GET", V17, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
    /* as az 2.45 sends it */
    static const char body[] = "{\"properties\":{\"email\":\"a@example.org\",\"phone\":\"(214)275-4038\","
                               "\"alertNotifications\":\"On\",\"alertsToAdmins\":\"Off\"}}";
    (void)call(s, VL_ROLE_READER, "PUT", "/default1" V17, body, 403);
    answer = call(s, VL_ROLE_ADMIN, "PUT", "/default1" V17, body, 200);
    assert_string_equal(vl_test_get(s, answer, "type"), "Microsoft.Security/securityContacts");
    assert_string_equal(vl_test_get(s, answer, "properties.email"), "a@example.org");
    assert_string_equal(vl_test_get(s, answer, "properties.alertsToAdmins"), "Off");
    answer = call(
        s, VL_ROLE_ADMIN, "PATCH", "/default1" V17, "{\"properties\":{\"alertNotifications\":\"off\"}}", 200);
    assert_string_equal(vl_test_get(s, answer, "properties.email"), "a@example.org");
    assert_string_equal(vl_test_get(s, answer, "properties.alertNotifications"), "Off");
    answer = call(s, VL_ROLE_READER, "GET", "/default1" V20, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.emails"), "a@example.org");
    assert_string_equal(vl_test_get(s, answer, "properties.phone"), "(214)275-4038");
    assert_string_equal(vl_test_get(s, answer, "properties.alertNotifications.state"), "Off");
    assert_string_equal(vl_test_get(s, answer, "properties.notificationsByRole.state"), "Off");
    (void)call(s, VL_ROLE_ADMIN, "PATCH", "/nobody" V17, "{\"properties\":{}}", 404);
}

static void test_second_shape(void **state)
{
    struct vl_test_server *s = *state;
    static const char body[] = "{\"properties\":{\"emails\":\"a@example.org;b@example.org\",\"phone\":"
                               "\"123\",\"alertNotifications\":"
                               "{\"state\":\"On\",\"minimalSeverity\":\"Medium\"},\"notificationsByRole\":{"
                               "\"state\":\"On\",\"roles\":"
                               "[\"Owner\",\"Contributor\"]}}}";
    const char *answer = call(s, VL_ROLE_ADMIN, "PUT", "/default" V20, body, 201);
    assert_string_equal(vl_test_get(s, answer, "properties.alertNotifications.minimalSeverity"), "Medium");
    assert_string_equal(vl_test_get(s, answer, "properties.notificationsByRole.roles.1"), "Contributor");
    (void)call(s, VL_ROLE_ADMIN, "PUT", "/default" V20, body, 200);
    answer = call(s, VL_ROLE_READER, "GET", "/default" V23, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.isEnabled"), "true");
    assert_string_equal(vl_test_get(s, answer, "properties.notificationsSources.0.sourceType"), "Alert");
    assert_string_equal(
        vl_test_get(s, answer, "properties.notificationsSources.0.minimalSeverity"), "Medium");
}

static void test_third_shape(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = call(s, VL_ROLE_ADMIN, "PUT", "/default" V23,
        "{\"properties\":{\"isEnabled\":false,\"notificationsSources\":[{\"sourceType\":\"Alert\","
        "\"minimalSeverity\":\"Low\"}]}}",
        200);
    assert_string_equal(vl_test_get(s, answer, "properties.emails"), "a@example.org;b@example.org");
    answer = call(s, VL_ROLE_READER, "GET", V20, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.alertNotifications.state"), "Off");
    assert_string_equal(
        vl_test_get(s, answer, "value.0.properties.alertNotifications.minimalSeverity"), "Low");
    assert_string_equal(vl_test_get(s, answer, "value.1.name"), "default1");
    answer = call(s, VL_ROLE_ADMIN, "PUT", "/default" V23,
        "{\"properties\":{\"notificationsSources\":[{\"sourceType\":\"AttackPath\",\"minimalRiskLevel\":"
        "\"Critical\"}]}}",
        409);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "FeatureNotAvailable");
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *version, *body;
    } rows[] = {
        {V17, "{}"},
        {V17, "{\"properties\":{\"email\":\"nonsense\"}}"},
        {V17, "{\"properties\":{\"email\":\"a@example.org\",\"alertNotifications\":\"Maybe\"}}"},
        {V17, "{\"properties\":{\"emails\":\"a@example.org\"}}"},
        {V20, "{\"properties\":{\"emails\":\"a@example.org\",\"alertNotifications\":\"On\"}}"},
        {V20, "{\"properties\":{\"emails\":\"a@example.org\",\"alertNotifications\":{\"minimalSeverity\":"
              "\"x\"}}}"},
        {V20,
            "{\"properties\":{\"emails\":\"a@example.org\",\"notificationsByRole\":{\"roles\":[\"King\"]}}}"},
        {V23, "{\"properties\":{\"emails\":\"a@example.org\",\"isEnabled\":\"yes\"}}"},
        {V23, "{\"properties\":{\"emails\":\"a@example.org\",\"notificationsSources\":[]}}"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const char *answer = call(
            s, VL_ROLE_ADMIN, "PUT", vl_arena_printf(s->arena, "/bad%s", rows[i].version), rows[i].body, 400);
        assert_string_equal(vl_test_get(s, answer, "error.code"), "InvalidRequestContent");
    }
    (void)call(s, VL_ROLE_READER, "GET", "/bad" V17, NULL, 404); /* nothing was stored */
}

static void test_delete(void **state)
{
    struct vl_test_server *s = *state;
    (void)call(s, VL_ROLE_READER, "DELETE", "/default1" V17, NULL, 403);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/default1" V17, NULL, 204);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/default1" V17, NULL, 204);
    (void)call(s, VL_ROLE_READER, "GET", "/default1" V17, NULL, 404);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/default" V23, NULL, 200);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/default" V23, NULL, 204);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_shape),
        cmocka_unit_test(test_second_shape),
        cmocka_unit_test(test_third_shape),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_delete),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
