/* tests: router.c reply.c request.c inventory/repo_environment.c
 *
 * Sessions of pages: the cookie is out of reach of scripts and of other sites (RFC 6265bis), and changes
 * nothing without its header. Environments: found by GUID and name, never the same name twice. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "inventory/repo_environment.h"
#include "net/crypt.h"
#include "net/http_client.h"
#include "router.h"
#include "test_server.h"

#define PASSWORD "correct horse battery staple"

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, bytes);
    return 0;
}

/* With headers of the test's own; the answer and its Set-Cookie go into the server's arena. */
static long ask(struct vl_test_server *s, const char *method, const char *path,
    const struct vl_http_header *headers, size_t n, const char *body, const char **ret_answer,
    const char **ret_cookie)
{
    char url[256], ca[128];
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response = {0};
    vl_buf_init(&out, 1 << 20);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", vl_http_server_port(s->app.http), path);
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", s->folder);
    struct vl_http_options options = {.ca_file = ca};
    struct vl_http_request request = {.method = method,
        .url = url,
        .headers = headers,
        .n_headers = n,
        .body = vl_span_str(body),
        .body_fd = -1};
    if (vl_http_client_new(&options, &client, &err) < 0 ||
        vl_http_perform(client, &request, take, &out, &out, &response, &err) < 0)
        fail_msg("%s", err.msg);
    *ret_answer = vl_arena_dup_span(s->arena, vl_buf_span(&out));
    if (ret_cookie)
        *ret_cookie = vl_arena_strdup(s->arena, vl_http_response_header(&response, "set-cookie"));
    long status = response.status;
    vl_http_response_done(&response);
    return status;
}

static int add_user(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int64_t id;
    int r = vl_repo_principal_add(conn, VL_PRINCIPAL_USER, "ada", user, &id, err);
    return r < 0 ? r : vl_repo_role_set(conn, id, 0, VL_ROLE_READER, err);
}

static void test_session(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    char hash[VL_CRYPT_HASH_TEXT];
    const char *answer, *cookie = NULL;
    assert_int_equal(vl_crypt_password_hash(vl_span_str(PASSWORD), hash, &err), 0);
    assert_int_equal(vl_store_write(s->app.store, add_user, hash, &err), 0);
    const struct vl_http_header json = {"Content-Type", "application/json"};
    assert_int_equal(
        ask(s, "POST", "/api/v1/login", &json, 1,
            "{\"name\":\"ada\",\"password\":\"" PASSWORD "\",\"session\":true}", &answer, &cookie),
        200);
    assert_string_equal(vl_test_get(s, answer, "token"), "");
    assert_non_null(cookie);
    static const char *const wanted[] = {"; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wanted); i++)
        assert_non_null(strstr(cookie, wanted[i]));
    const char *end = strchr(cookie, ';');
    const char *sent = vl_arena_dup_span(s->arena, (struct vl_span){cookie, (size_t)(end - cookie)});
    const char *csrf = vl_test_get(s, answer, "csrf");
    assert_int_equal(strlen(csrf), 32);

    struct vl_http_header headers[] = {{"Cookie", sent}, {VL_CSRF_HEADER, csrf}, json};
    assert_int_equal(ask(s, "GET", "/api/v1/me", headers, 1, NULL, &answer, NULL), 200);
    assert_string_equal(vl_test_get(s, answer, "name"), "ada");
    assert_string_equal(vl_test_get(s, answer, "csrf"), csrf);
    /* What another site can make a browser send: the cookie alone. */
    assert_int_equal(ask(s, "POST", "/api/v1/logout", headers, 1, NULL, &answer, NULL), 403);
    headers[1].value = "00000000000000000000000000000000";
    assert_int_equal(ask(s, "POST", "/api/v1/logout", headers, 2, NULL, &answer, NULL), 403);
    headers[1].value = csrf;
    assert_int_equal(ask(s, "POST", "/api/v1/logout", headers, 2, NULL, &answer, &cookie), 204);
    assert_non_null(strstr(cookie, "Max-Age=0"));
    assert_int_equal(ask(s, "GET", "/api/v1/me", headers, 1, NULL, &answer, NULL), 401);
}

static int environments(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_test_server *s = user;
    static const char guid[] = "12345678-9abc-4def-8123-456789abcdef";
    struct vl_environment found = {0}, *list = NULL;
    size_t n = 0;
    int64_t id = 0, other = 0;
    assert_int_equal(vl_repo_environment_add(conn, guid, "shop", &id, err), 0);
    assert_int_equal(vl_repo_environment_find(
                         conn, VL_SPAN_LIT("12345678-9ABC-4DEF-8123-456789ABCDEF"), s->arena, &found, err),
        1);
    assert_int_equal(found.id, id);
    assert_int_equal(vl_repo_environment_find(conn, VL_SPAN_LIT("shop"), s->arena, &found, err), 1);
    assert_string_equal(found.guid, guid);
    assert_int_equal(vl_repo_environment_find(conn, VL_SPAN_LIT("Shop"), s->arena, &found, err), 0);
    assert_int_equal(vl_repo_environment_get(conn, id, s->arena, &found, err), 1);
    assert_string_equal(found.name, "shop");
    assert_true(vl_repo_environment_add(conn, NULL, "shop", &other, err) < 0);
    assert_int_equal(err->code, VL_ERR_CONFLICT);
    vl_err_clear(err);
    assert_int_equal(vl_repo_environment_list(conn, s->arena, &list, &n, err), 0);
    assert_int_equal(n, 2); /* and the one of the first start */
    return 0;
}

static void test_environments(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    char guid[VL_GUID_TEXT];
    if (vl_store_write(s->app.store, environments, s, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_guid_new(guid, &err), 0);
    assert_true(vl_guid_is(vl_span_str(guid)));
    assert_int_equal(guid[14], '4'); /* RFC 9562 §5.4: version 4, variant 10x */
    assert_non_null(strchr("89ab", guid[19]));
    assert_true(vl_guid_is(vl_span_str(s->environment)));
    static const char *const wrong[] = {"", "12345678-9abc-4def-8123-456789abcde",
        "12345678-9abc-4def-8123-456789abcdeg", "12345678x9abc-4def-8123-456789abcdef"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++)
        assert_false(vl_guid_is(vl_span_str(wrong[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_environments),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
