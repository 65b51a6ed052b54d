/* Challenges: RFC 9110 11.6.1, and what registries really send. Token servers: tests/servers/fake_registry.py
 * speaks the protocols of distribution's "token" and "oauth2" documents and of Azure's AAD-OAuth. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/text.h"
#include "test_support.h"

static struct support_server server;
static int port, other_port;
static char host[64];
static struct vl_arena *arena;

static struct vl_challenge parse(const char *one, const char *two)
{
    const struct vl_http_header headers[] = {{"www-authenticate", one}, {"x-other", "Bearer realm=\"no\""},
        {two ? "www-authenticate" : "server", two ? two : "x"}};
    const struct vl_http_response response = {.status = 401, .headers = headers, .n_headers = 3};
    struct vl_challenge c = {0};
    struct vl_err err = VL_ERR_INIT;
    assert_int_equal(vl_challenge_parse(&response, arena, &c, &err), 0);
    return c;
}

static void test_challenges(void **state)
{
    (void)state;
    static const struct {
        const char *one, *two;
        bool basic, bearer;
        const char *realm, *service, *scope;
    } rows[] = {
        /* Docker Hub, GitHub, Azure, as they answer */
        {"Bearer "
         "realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:library/"
         "debian:pull\"",
            NULL, false, true, "https://auth.docker.io/token", "registry.docker.io",
            "repository:library/debian:pull"},
        {"Bearer "
         "realm=\"https://r.azurecr.io/oauth2/"
         "token\",service=\"r.azurecr.io\",scope=\"repository:a:pull,push\"",
            "Basic realm=\"r.azurecr.io\"", true, true, "https://r.azurecr.io/oauth2/token", "r.azurecr.io",
            "repository:a:pull,push"},
        {"Basic realm=\"Registry Realm\"", NULL, true, false, NULL, NULL, NULL},
        {"basic", NULL, true, false, NULL, NULL, NULL},
        /* several in one line; commas, escapes and "=" inside quotes; spaces where they may be */
        {"Negotiate, Basic realm=\"a, b\", Bearer realm=\"http://h/t?x=1,2\" , service=\"s \\\"q\\\", \\\\\"",
            NULL, true, true, "http://h/t?x=1,2", "s \"q\", \\", NULL},
        {"Bearer realm=http://h/t,service=plain", NULL, false, true, "http://h/t", "plain", NULL},
        {"BEARER Realm=\"r\",SCOPE=\"s\"", NULL, false, true, "r", NULL, "s"},
        /* the first Bearer counts; parameters of others are not its */
        {"Bearer realm=\"one\", Bearer realm=\"two\"", NULL, false, true, "one", NULL, NULL},
        {"Bearer realm=\"one\"", "Digest realm=\"two\",service=\"d\"", false, true, "one", NULL, NULL},
        /* useless ones */
        {"Bearer service=\"s\"", NULL, false, false, NULL, "s", NULL},
        {"", NULL, false, false, NULL, NULL, NULL},
        {", ,", NULL, false, false, NULL, NULL, NULL},
        {"Bearer realm=\"unterminated", NULL, false, true, "unterminated", NULL, NULL},
        {"Bearer realm=\"cut\\", NULL, false, true, "cut\\", NULL, NULL},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_challenge c = parse(rows[i].one, rows[i].two);
        if (c.basic != rows[i].basic || c.bearer != rows[i].bearer)
            fail_msg("%s: basic %d, bearer %d", rows[i].one, c.basic, c.bearer);
        if (rows[i].realm)
            assert_string_equal(c.realm, rows[i].realm);
        if (rows[i].service)
            assert_string_equal(c.service, rows[i].service);
        if (rows[i].scope)
            assert_string_equal(c.scope, rows[i].scope);
        else
            assert_null(c.scope);
    }
}

static int append(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, piece);
    return 0;
}

/* What a client does: ask, be refused, answer the challenge, ask again. */
static long ask(struct vl_auth *auth, const char *repository, struct vl_err *err)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *client = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf body;
    char url[256], scope[256];
    vl_err_clear(err);
    assert_int_equal(vl_http_client_new(NULL, &client, err), 0);
    (void)snprintf(url, sizeof(url), "http://%s/v2/%s/manifests/1.0", host, repository);
    (void)snprintf(scope, sizeof(scope), "repository:%s:pull", repository);
    vl_buf_init(&body, 65536);
    for (int round = 0;; round++) {
        VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
        const char *header = NULL;
        assert_int_equal(vl_auth_header(auth, scope, arena, &header, err), 0);
        struct vl_http_request q = {.url = url, .body_fd = -1, .authorization = header};
        assert_int_equal(vl_http_perform(client, &q, append, &body, NULL, &response, err), 0);
        if (response.status != 401 || round == 3)
            return response.status;
        if (vl_auth_answer(auth, client, scope, header, &response, err) < 0)
            return -1;
    }
}

static long ask_as(
    const char *repository, const struct vl_credentials *c, const char *token, struct vl_err *err)
{
    static const struct vl_credentials nobody = {0};
    struct vl_auth *auth = vl_auth_new(host, c ? c : &nobody, token, true);
    assert_non_null(auth);
    long status = ask(auth, repository, err);
    vl_auth_free(auth);
    return status;
}

/* Whether the server has seen a request with all these words in one line. */
static bool server_saw(const char *a, const char *b, const char *c)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *client = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf log;
    struct vl_err err = VL_ERR_INIT;
    char url[128];
    vl_buf_init(&log, 16UL << 20);
    (void)snprintf(url, sizeof(url), "http://%s/log", host);
    assert_int_equal(vl_http_client_new(NULL, &client, &err), 0);
    assert_int_equal(vl_http_get(client, url, &log, &err), 0);
    struct vl_span rest = vl_buf_span(&log), line;
    while (vl_span_split_line(&rest, &line)) {
        if (vl_span_find(line, vl_span_str(a)) != SIZE_MAX &&
            vl_span_find(line, vl_span_str(b)) != SIZE_MAX && vl_span_find(line, vl_span_str(c)) != SIZE_MAX)
            return true;
    }
    return false;
}

#define BASIC "Basic YW5uYTpwYTpzcw=="
static const struct vl_credentials anna = {.username = "anna", .password = "pa:ss"};
static const struct vl_credentials wrong = {.username = "anna", .password = "no"};

static void test_bearer(void **state)
{
    (void)state;
    struct vl_err err;
    /* 404 behind the door: the server of this test has no image, which is all the same here. */
    assert_int_equal(ask_as("bearer", NULL, NULL, &err), 404);
    assert_true(
        server_saw("GET\t/token?service=fake%2C%20registry&scope=repository%3Abearer%3Apull", "\t-\t", ""));
    assert_true(server_saw("/v2/bearer/", "Bearer tok-repository:bearer:pull", ""));
    assert_int_equal(ask_as("bearer", &anna, NULL, &err), 404);
    assert_true(server_saw("/token?", "account=anna", BASIC));
    assert_false(server_saw("/v2/bearer/", BASIC, ""));
    assert_int_equal(ask_as("bearer", &wrong, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "token server"));
    assert_non_null(strstr(err.msg, "incorrect username or password"));
    assert_int_equal(ask_as("unscoped", NULL, NULL, &err), 404);
    assert_true(server_saw("/token?", "scope=repository%3Aunscoped%3Apull", ""));
}

static void test_token_life(void **state)
{
    (void)state;
    struct vl_err err;
    static const struct vl_credentials nobody = {0};
    struct vl_auth *auth = vl_auth_new(host, &nobody, NULL, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(auth, "kept/bearer", &err), 404);
    vl_auth_free(auth);
    /* More scopes than are kept: one goes, and is asked for again. */
    auth = vl_auth_new(host, &nobody, NULL, true);
    for (int i = 0; i < 40; i++) {
        char repository[32];
        (void)snprintf(repository, sizeof(repository), "s%d/bearer", i % 20);
        assert_int_equal(ask(auth, repository, &err), 404);
    }
    vl_auth_free(auth);
    /* expires_in below a minute counts as one, as the specification has it */
    assert_int_equal(ask_as("short", NULL, NULL, &err), 404);
}

static void test_wrong_token_servers(void **state)
{
    (void)state;
    struct vl_err err;
    assert_int_equal(ask_as("empty", NULL, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_non_null(strstr(err.msg, "without a token"));
    assert_int_equal(ask_as("page", NULL, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_int_equal(ask_as("tired", NULL, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    /* Not over plain http, where that was not allowed. */
    static const struct vl_credentials nobody = {0};
    struct vl_auth *auth = vl_auth_new("registry.example", &nobody, NULL, false);
    assert_int_equal(ask(auth, "bearer", &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "not https"));
    vl_auth_free(auth);
}

static void test_basic(void **state)
{
    (void)state;
    struct vl_err err;
    assert_int_equal(ask_as("basic", &anna, NULL, &err), 404);
    assert_true(server_saw("/v2/basic/", "\t-\t", "")); /* not before it was asked for */
    assert_int_equal(ask_as("basic", &wrong, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "refuses the credentials"));
    assert_int_equal(ask_as("basic", NULL, NULL, &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "docker login"));
    const struct vl_credentials hinted = {.hint = "docker-credential-x cannot be run"};
    assert_int_equal(ask_as("basic", &hinted, NULL, &err), -1);
    assert_non_null(strstr(err.msg, "docker-credential-x cannot be run"));
}

static const char *jwt(const char *claims, char ret[512])
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 512);
    vl_base64_encode(vl_span_str(claims), &text);
    while (text.len && text.ptr[text.len - 1] == '=')
        vl_buf_truncate(&text, text.len - 1);
    (void)snprintf(ret, 512, "eyJhbGciOiJub25lIn0.%s.x", vl_buf_str(&text));
    return ret;
}

static void test_azure(void **state)
{
    (void)state;
    struct vl_err err;
    char entra[512], refresh[512], text[640];
    jwt("{\"iss\":\"https://sts.windows.net/tenant/\",\"aud\":\"https://management.azure.com\"}", entra);
    jwt("{\"iss\":\"Azure Container Registry\",\"grant_type\":\"refresh_token\"}", refresh);
    /* Entra ID -> refresh token of the registry -> access token for the scope */
    assert_int_equal(ask_as("acr", NULL, entra, &err), 404);
    assert_true(server_saw("POST\t/oauth2/exchange", "grant_type=access_token", entra));
    assert_true(
        server_saw("POST\t/oauth2/token", "refresh_token=refresh-of-fake%2C%20registry", "client_id="));
    assert_true(server_saw("/v2/acr/", "Bearer acr-refresh-of-fake, registry-repository:acr:pull", ""));
    /* a refresh token, as `az acr login --expose-token` gives it */
    assert_int_equal(ask_as("acr", NULL, refresh, &err), 404);
    (void)snprintf(text, sizeof(text), "refresh_token=%s", refresh);
    assert_true(server_saw("POST\t/oauth2/token", text, "scope=repository%3Aacr%3Apull"));
    /* an identity token out of config.json */
    const struct vl_credentials identity = {.identity_token = "of-docker"};
    assert_int_equal(ask_as("acr", &identity, NULL, &err), 404);
    assert_true(server_saw("POST\t/oauth2/token", "refresh_token=of-docker", ""));
    /* neither goes anywhere else, whatever the registry wants */
    assert_int_equal(ask_as("acr-far", NULL, entra, &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_int_equal(ask_as("acr-far", NULL, refresh, &err), -1);
    (void)snprintf(text, sizeof(text), "%d\t", other_port);
    assert_false(server_saw(text, entra, ""));
    assert_false(server_saw(text, refresh, ""));
    /* nor does a form follow a redirect */
    assert_int_equal(ask_as("handed-on", &identity, NULL, &err), -1);
    assert_false(server_saw(text, "of-docker", ""));
    assert_int_equal(ask_as("bearer", NULL, entra, &err), -1);
    assert_non_null(strstr(err.msg, "does not exchange such tokens"));
}

static void test_own_tokens(void **state)
{
    (void)state;
    struct vl_err err;
    assert_int_equal(ask_as("bearer", NULL, "mine", &err), 404);
    assert_true(server_saw("/v2/bearer/", "Bearer mine", ""));
    assert_int_equal(ask_as("bearer", NULL, "not", &err), -1);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "refuses the token"));
    const struct vl_credentials registry_token = {.registry_token = "mine-too"};
    assert_int_equal(ask_as("bearer", &registry_token, NULL, &err), 404);
}

/* Credentials of the registry go to the token server it names, wherever that is (as to auth.docker.io). */
static void test_far_token_server(void **state)
{
    (void)state;
    struct vl_err err;
    char text[32];
    (void)snprintf(text, sizeof(text), "%d\tGET\t/token", other_port);
    assert_int_equal(ask_as("far", &anna, NULL, &err), 404);
    assert_true(server_saw(text, BASIC, ""));
}

int main(void)
{
    char script[1024];
    const char *const argv[] = {"python3", support_source("tests/servers/fake_registry.py", script), NULL};
    (void)signal(SIGPIPE, SIG_IGN);
    if (!support_server_start(&server, argv) || sscanf(server.line, "%d %d", &port, &other_port) != 2) {
        (void)printf("skipped: python3 cannot run tests/servers/fake_registry.py\n");
        return 77;
    }
    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", port);
    arena = vl_arena_new(64UL << 20);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_challenges),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_token_life),
        cmocka_unit_test(test_wrong_token_servers),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_azure),
        cmocka_unit_test(test_own_tokens),
        cmocka_unit_test(test_far_token_server),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vl_arena_free(arena);
    support_server_stop(&server);
    return failed;
}
