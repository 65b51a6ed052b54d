/* tests: route_arm_pricing.c
 *
 * Names, tiers and members are those of the published versions of pricings (2022-03-01, 2024-01-01); and what
 * a plan says of itself: one without a detector never claims to cover anything. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test_rows.h"

#define V22 "?api-version=2022-03-01"
#define V24 "?api-version=2024-01-01"

static const char *call(
    struct vl_test_server *s, int role, const char *method, const char *tail, const char *body, long want)
{
    return vl_test_call(s, role, method,
        vl_arena_printf(
            s->arena, "/subscriptions/%s/providers/Microsoft.Security/pricings%s", s->environment, tail),
        body, want);
}

static void test_put_is_read(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = call(s, VL_ROLE_READER, "GET", "/AppServices" V22, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.pricingTier"), "Free");
    answer = call(s, VL_ROLE_ADMIN, "PUT", "/appservices" V22,
        "{\"properties\":{\"pricingTier\":\"Standard\"}}", 200); /* as az sends it */
    assert_string_equal(vl_test_get(s, answer, "name"), "AppServices");
    assert_string_equal(vl_test_get(s, answer, "type"), "Microsoft.Security/pricings");
    answer = call(s, VL_ROLE_READER, "GET", "/AppServices" V24, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.pricingTier"), "Standard");
    assert_string_equal(vl_test_get(s, answer, "properties.resourcesCoverageStatus"), "NotCovered");
    assert_string_equal(vl_test_get(s, answer, "properties.operationStatus.code"), "Failed");
    assert_string_not_equal(vl_test_get(s, answer, "properties.enablementTime"), "");
    assert_true(
        vl_span_starts_with(vl_span_str(vl_test_get(s, answer, "properties.freeTrialRemainingTime")), "P"));
    answer = call(s, VL_ROLE_READER, "GET", V22, NULL, 200);
    assert_non_null(strstr(answer, "\"VirtualMachines\""));
    assert_non_null(strstr(answer, "\"ServiceBus\""));
    answer = call(s, VL_ROLE_READER, "GET", "?api-version=2018-06-01", NULL, 200);
    assert_null(strstr(answer, "extensions")); /* came later */
}

static void test_filter(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer =
        call(s, VL_ROLE_READER, "GET", V24 "&$Filter=name%20in%20(VirtualMachines,KeyVaults)", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.name"), "VirtualMachines");
    assert_string_equal(vl_test_get(s, answer, "value.1.name"), "KeyVaults");
    assert_string_equal(vl_test_get(s, answer, "value.2.name"), "");
    answer = call(
        s, VL_ROLE_READER, "GET", V24 "&$filter=properties/pricingTier%20eq%20'Standard'&$top=1", NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.pricingTier"), "Standard");
    const char *next = vl_test_get(s, answer, "nextLink");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", strchr(next + strlen("https://"), '/'), NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.pricingTier"), "Standard");
    answer = call(s, VL_ROLE_READER, "GET", V24 "&$filter=price%20eq%201", NULL, 400);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "InvalidFilterInQueryString");
}

static void test_extensions(void **state)
{
    struct vl_test_server *s = *state;
    const char *answer = call(s, VL_ROLE_ADMIN, "PUT", "/Containers" V24,
        "{\"properties\":{\"pricingTier\":\"Standard\",\"extensions\":["
        "{\"name\":\"ContainerRegistriesVulnerabilityAssessments\",\"isEnabled\":\"True\"},"
        "{\"name\":\"ContainerSensor\",\"isEnabled\":\"True\"}]}}",
        200);
    assert_string_equal(vl_test_get(s, answer, "properties.extensions.0.name"),
        "ContainerRegistriesVulnerabilityAssessments");
    assert_string_equal(vl_test_get(s, answer, "properties.extensions.0.isEnabled"), "True");
    assert_string_equal(vl_test_get(s, answer, "properties.extensions.0.operationStatus.code"), "Succeeded");
    assert_string_equal(vl_test_get(s, answer, "properties.extensions.3.name"), "ContainerSensor");
    assert_string_equal(vl_test_get(s, answer, "properties.extensions.3.operationStatus.code"), "Failed");
}

static void test_refused(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *name, *body;
        long status;
        const char *code;
    } rows[] = {
        {"Nothing", "{\"properties\":{\"pricingTier\":\"Free\"}}", 404, "ResourceNotFound"},
        {"Arm", "{}", 400, "InvalidRequestContent"},
        {"Arm", "{\"properties\":{}}", 400, "InvalidRequestContent"},
        {"Arm", "{\"properties\":{\"pricingTier\":\"Gold\"}}", 400, "InvalidRequestContent"},
        {"Arm", "{\"properties\":{\"pricingTier\":7}}", 400, "InvalidRequestContent"},
        {"Arm", "{\"properties\":{\"pricingTier\":\"Free\",\"more\":1}}", 400, "InvalidRequestContent"},
        {"Arm", "{\"properties\":{\"pricingTier\":\"Standard\",\"enforce\":\"True\"}}", 409,
            "FeatureNotAvailable"},
        {"VirtualMachines", "{\"properties\":{\"pricingTier\":\"Standard\",\"subPlan\":\"P9\"}}", 400,
            "InvalidRequestContent"},
        {"Dns", "{\"properties\":{\"pricingTier\":\"Standard\"}}", 409, "FeatureNotAvailable"},
        {"Containers",
            "{\"properties\":{\"pricingTier\":\"Standard\",\"extensions\":[{\"name\":\"ContainerSensor\","
            "\"isEnabled\":\"True\",\"additionalExtensionProperties\":{\"a\":\"b\"}}]}}",
            409, "FeatureNotAvailable"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const char *answer = call(s, VL_ROLE_OWNER, "PUT", vl_arena_printf(s->arena, "/%s" V24, rows[i].name),
            rows[i].body, rows[i].status);
        assert_string_equal(vl_test_get(s, answer, "error.code"), rows[i].code);
        assert_string_not_equal(vl_test_get(s, answer, "error.message"), "");
    }
    const char *answer = call(s, VL_ROLE_READER, "GET", "/Arm" V24, NULL, 200); /* nothing was stored */
    assert_string_equal(vl_test_get(s, answer, "properties.pricingTier"), "Free");
    answer =
        call(s, VL_ROLE_READER, "PUT", "/Arm" V24, "{\"properties\":{\"pricingTier\":\"Standard\"}}", 403);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "AuthorizationFailed");
    /* Plans of single resources. */
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        vl_arena_printf(s->arena,
            "/subscriptions/%s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v/providers/"
            "Microsoft.Security/pricings/VirtualMachines" V24,
            s->environment),
        NULL, 409);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "FeatureNotAvailable");
}

static void test_delete(void **state)
{
    struct vl_test_server *s = *state;
    (void)call(
        s, VL_ROLE_ADMIN, "PUT", "/KeyVaults" V24, "{\"properties\":{\"pricingTier\":\"Standard\"}}", 200);
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/KeyVaults" V24, NULL, 200);
    const char *answer = call(s, VL_ROLE_READER, "GET", "/KeyVaults" V24, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "properties.pricingTier"), "Free");
    (void)call(s, VL_ROLE_ADMIN, "DELETE", "/KeyVaults" V24, NULL, 204);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_is_read),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_delete),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
