/* tests: arm.c repo_arm_server.c route_arm_login.c route_arm_server.c login.c client.c
 *
 * Logins as Azure's tools make them, and what they ask first. What must be answered is said by RFC 6749
 * (4.3, 4.4, 5.2, 6) and by the requests that azure-cli 2.45 was seen to send. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "identity/client.h"
#include "identity/repo_identity.h"
#include "test_server.h"

#define TOKEN "/adfs/oauth2/token"

static const char *client_id, *client_secret;

static long form(struct vl_test_server *s, const char *body, const char **ret)
{
    struct vl_test_answer answer =
        vl_test_send(s, "POST", TOKEN, NULL, "Content-Type: application/x-www-form-urlencoded", body);
    *ret = answer.body;
    return answer.status;
}

static void make_client(struct vl_test_server *s, enum vl_role role)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 4096);
    assert_true(vl_client_create(s->app.store, role, "test", &out, &err) >= 0);
    client_id = vl_test_get(s, vl_buf_str(&out), "clientId");
    client_secret = vl_test_get(s, vl_buf_str(&out), "clientSecret");
    assert_int_equal(strlen(client_id), 36);
    assert_string_equal(vl_test_get(s, vl_buf_str(&out), "tenant"), "adfs");
}

/* What the tools read before they log in leads to where the tokens are. */
static void test_discovery(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const paths[] = {
        "/adfs/.well-known/openid-configuration", "/adfs/adfs/.well-known/openid-configuration"};
    char want[128];
    (void)snprintf(want, sizeof(want), "https://127.0.0.1:%u" TOKEN, vl_http_server_port(s->app.http));
    for (size_t i = 0; i < VL_ARRAY_LEN(paths); i++) {
        const char *answer = vl_test_call(s, 0, "GET", paths[i], NULL, 200);
        assert_string_equal(vl_test_get(s, answer, "token_endpoint"), want);
        assert_string_not_equal(vl_test_get(s, answer, "authorization_endpoint"), "");
    }
    const char *answer = vl_test_call(s, 0, "GET", "/metadata/endpoints?api-version=2015-01-01", NULL, 200);
    (void)snprintf(want, sizeof(want), "https://127.0.0.1:%u/adfs", vl_http_server_port(s->app.http));
    assert_string_equal(vl_test_get(s, answer, "authentication.loginEndpoint"), want);
    assert_string_not_equal(vl_test_get(s, answer, "authentication.audiences.0"), "");
    assert_string_not_equal(vl_test_get(s, answer, "galleryEndpoint"), "");
}

static void test_client_credentials(void **state)
{
    struct vl_test_server *s = *state;
    char body[512];
    const char *answer, *list;
    make_client(s, VL_ROLE_READER);
    (void)snprintf(body, sizeof(body),
        "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=https%%3A%%2F%%2Flocalhost%%2F."
        "default",
        client_id, client_secret);
    assert_int_equal(form(s, body, &answer), 200);
    const char *token = vl_test_get(s, answer, "access_token");
    assert_string_equal(vl_test_get(s, answer, "token_type"), "bearer");
    assert_string_equal(vl_test_get(s, answer, "expires_in"), "3600");
    assert_string_equal(vl_test_get(s, answer, "refresh_token"), ""); /* RFC 6749, 4.4.3 */
    assert_int_equal(vl_test_ask(s, "GET", "/subscriptions?api-version=2019-11-01", token, NULL, &list), 200);
    assert_string_equal(vl_test_get(s, list, "value.0.subscriptionId"), s->environment);
    assert_string_equal(vl_test_get(s, list, "value.0.state"), "Enabled");
    assert_int_equal(vl_test_ask(s, "GET", "/tenants?api-version=2019-11-01", token, NULL, &answer), 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.tenantId"), vl_test_get(s, list, "value.0.tenantId"));
    assert_int_equal(strlen(vl_test_get(s, answer, "value.0.tenantId")), 36);
}

static void test_refusals(void **state)
{
    struct vl_test_server *s = *state;
    static const struct {
        const char *body;
        long status;
        const char *error;
    } rows[] = {
        {"", 400, "invalid_request"},
        {"grant_type=client_credentials", 400, "invalid_request"},
        {"grant_type=client_credentials&client_id=a&client_secret=%zz", 400, "invalid_request"},
        {"grant_type=client_credentials&client_id=nobody&client_secret=wrong", 401, "invalid_client"},
        {"grant_type=password&username=admin&password=wrong", 400, "invalid_grant"},
        {"grant_type=refresh_token&refresh_token=vlr_0", 400, "invalid_grant"},
        {"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", 400, "unsupported_grant_type"},
    };
    const char *answer;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        assert_int_equal(form(s, rows[i].body, &answer), rows[i].status);
        assert_string_equal(vl_test_get(s, answer, "error"), rows[i].error);
        assert_string_not_equal(vl_test_get(s, answer, "error_description"), "");
    }
    assert_int_equal(vl_test_ask(s, "POST", TOKEN, NULL, "{}", &answer), 400);
}

static const char *claim(struct vl_test_server *s, const char *id_token, const char *name)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_span rest = vl_span_str(id_token), part;
    vl_buf_init(&text, 65536);
    assert_true(vl_span_split(&rest, '.', &part) && vl_span_split(&rest, '.', &part));
    assert_true(vl_base64_decode(part, &text));
    return vl_test_get(s, vl_buf_str(&text), name);
}

static void test_password_and_refresh(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    char path[128], body[512];
    const char *answer, *second;
    vl_buf_init(&text, 256);
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, VL_SERVER_PASSWORD_FILE);
    assert_true(vl_file_read(path, 255, &text, &err) >= 0);
    (void)snprintf(body, sizeof(body), "grant_type=password&client_id=cli&username=admin&password=%.*s",
        VL_SPAN_FMT(vl_span_trim(vl_buf_span(&text))));
    assert_int_equal(form(s, body, &answer), 200);
    assert_string_equal(claim(s, vl_test_get(s, answer, "id_token"), "upn"), "admin");
    assert_string_equal(claim(s, vl_test_get(s, answer, "id_token"), "preferred_username"), "admin");
    assert_string_equal(claim(s, vl_test_get(s, answer, "id_token"), "aud"), "cli");
    assert_int_equal(strlen(claim(s, vl_test_get(s, answer, "id_token"), "sub")), 36);
    assert_int_equal(strlen(claim(s, vl_test_get(s, answer, "id_token"), "tid")), 36);
    const char *refresh = vl_test_get(s, answer, "refresh_token");
    const char *me;
    assert_int_equal(vl_test_ask(s, "GET", "/api/v1/me", refresh, NULL, &me), 401); /* it is no token */
    (void)snprintf(body, sizeof(body), "grant_type=refresh_token&client_id=cli&refresh_token=%s", refresh);
    assert_int_equal(form(s, body, &second), 200);
    assert_int_equal(
        vl_test_ask(s, "GET", "/api/v1/me", vl_test_get(s, second, "access_token"), NULL, &me), 200);
    assert_string_equal(vl_test_get(s, me, "name"), "admin");
    assert_int_equal(form(s, body, &second), 400); /* it was good for once */
    assert_string_equal(vl_test_get(s, second, "error"), "invalid_grant");
}

/* The lock-out is that of /api/v1/login: failures there count here. */
static void test_lock_out(void **state)
{
    struct vl_test_server *s = *state;
    char body[512];
    const char *answer;
    make_client(s, VL_ROLE_READER);
    (void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"password\":\"wrong\"}", client_id);
    for (unsigned i = 0; i < VL_LOGIN_TRIES; i++)
        (void)vl_test_call(s, 0, "POST", "/api/v1/login", body, 401);
    (void)snprintf(body, sizeof(body), "grant_type=client_credentials&client_id=%s&client_secret=%s",
        client_id, client_secret);
    assert_int_equal(form(s, body, &answer), 401);
    assert_non_null(strstr(vl_test_get(s, answer, "error_description"), "try again in"));
}

/* Errors have ARM's form and its words. */
static void test_errors(void **state)
{
    struct vl_test_server *s = *state;
    char path[256];
    const char *answer = vl_test_call(s, 0, "GET", "/subscriptions?api-version=2019-11-01", NULL, 401);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "AuthenticationFailed");
    answer = vl_test_call(s, VL_ROLE_READER, "GET", "/subscriptions", NULL, 400);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "MissingApiVersionParameter");
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Security/"
        "locations?api-version="
        "2015-06-01-preview",
        NULL, 404);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "SubscriptionNotFound");
    static const struct {
        const char *path;
        long status;
        const char *code;
    } rows[] = {
        {"locations?api-version=1999-01-01", 400, "InvalidApiVersionParameter"},
        {"locations/westeurope?api-version=2015-06-01-preview", 404, "LocationNotFound"},
        {"regulatoryComplianceStandards?api-version=2019-01-01-preview", 409, "FeatureNotAvailable"},
        {"locations/local/jitNetworkAccessPolicies?api-version=2020-01-01", 409, "FeatureNotAvailable"},
        {"nothingOfTheKind?api-version=2020-01-01", 404, "InvalidResourceType"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        (void)snprintf(path, sizeof(path), "/subscriptions/%s/providers/Microsoft.Security/%s",
            s->environment, rows[i].path);
        answer = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, rows[i].status);
        assert_string_equal(vl_test_get(s, answer, "error.code"), rows[i].code);
    }
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        "/providers/Microsoft.Compute/virtualMachines?api-version=2020-01-01", NULL, 404);
    assert_string_equal(vl_test_get(s, answer, "error.code"), "InvalidResourceNamespace");
}

/* Words of the path compare case-blind, and the location has the id that a client builds on. */
static void test_location(void **state)
{
    struct vl_test_server *s = *state;
    char path[256], want[256];
    (void)snprintf(path, sizeof(path),
        "/SUBSCRIPTIONS/%s/PROVIDERS/microsoft.SECURITY/Locations?api-version=2015-06-01-preview",
        s->environment);
    (void)snprintf(
        want, sizeof(want), "/subscriptions/%s/providers/Microsoft.Security/locations/local", s->environment);
    const char *answer = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.id"), want);
    assert_string_equal(vl_test_get(s, answer, "value.0.properties.homeRegionName"), "local");
    answer = vl_test_call(s, VL_ROLE_READER, "GET",
        "/providers/Microsoft.Security/operations?api-version=2015-06-01-preview", NULL, 200);
    assert_non_null(strstr(answer, "\"Microsoft.Security/pricings/write\""));
    (void)snprintf(path, sizeof(path), "/subscriptions/%s/providers?api-version=2021-04-01", s->environment);
    answer = vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
    assert_string_equal(vl_test_get(s, answer, "value.0.registrationState"), "Registered");
    (void)snprintf(
        path, sizeof(path), "/subscriptions/%s/resourcegroups?api-version=2021-04-01", s->environment);
    (void)vl_test_call(s, VL_ROLE_READER, "GET", path, NULL, 200);
}

/* What a client says of itself goes into links only where it can be a host, and paths are read once. */
static void test_hostile(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const hosts[] = {"Host: evil.example/x?", "Host: a\"b", "Host: a b", "Host: <script>"};
    char want[128], path[512];
    (void)snprintf(want, sizeof(want), "https://127.0.0.1:%u" TOKEN, vl_http_server_port(s->app.http));
    for (size_t i = 0; i < VL_ARRAY_LEN(hosts); i++) {
        struct vl_test_answer answer =
            vl_test_send(s, "GET", "/adfs/.well-known/openid-configuration", NULL, hosts[i], NULL);
        if (answer.status == 200) /* the HTTP library refuses some by itself */
            assert_string_equal(vl_test_get(s, answer.body, "token_endpoint"), want);
        else
            assert_int_equal(answer.status, 400);
    }
    static const char *const scopes[] = {"/resourceGroups/%2e%2e", "/resourceGroups/a%00b",
        "/resourceGroups//", "/resourceGroups/a%0ab", "/resourceGroups/'%20OR%20'1'%3D'1",
        "/resourceGroups/g/providers/P/t/n/t/n/t"};
    for (size_t i = 0; i < VL_ARRAY_LEN(scopes); i++) {
        const char *answer;
        (void)snprintf(path, sizeof(path),
            "/subscriptions/%s%s/providers/Microsoft.Security/assessments?api-version=2021-06-01",
            s->environment, scopes[i]);
        long status = vl_test_ask(s, "GET", path, s->token[VL_ROLE_READER], NULL, &answer);
        if (status == 200)
            assert_string_equal(vl_test_get(s, answer, "value.0.id"), "");
        else
            assert_true(status >= 400 && status < 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discovery),
        cmocka_unit_test(test_client_credentials),
        cmocka_unit_test(test_password_and_refresh),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_location),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lock_out),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
