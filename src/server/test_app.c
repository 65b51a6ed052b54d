/* tests: app.c data_dir.c seal.c repo_identity.c router.c route_health.c route_identity.c schema.c main.c
 *
 * A server on a free port of loopback, asked over TLS by libcurl. What it must answer is said by RFC 9110,
 * RFC 9457 and the headers; tests/functional/test_vallumd runs the program itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "base/file.h"
#include "base/time.h"
#include "codec/doc.h"
#include "net/http_client.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "schema.h"

static char folder[64];
static struct vl_arena *arena;
static struct vl_server_config config;
static struct vl_server_app app;
static char password[64], token[VL_TOKEN_TEXT];

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, bytes);
    return 0;
}

/* The status; the body goes into `out`. */
static long ask(
    const char *method, const char *path, const char *bearer, const char *body, struct vl_buf *out)
{
    char url[256], ca[128], authorization[128];
    struct vl_err err = VL_ERR_INIT;
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    struct vl_http_response response = {0};
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", vl_http_server_port(app.http), path);
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", bearer ? bearer : "");
    struct vl_http_options options = {.ca_file = ca};
    if (vl_http_client_new(&options, &client, &err) < 0)
        fail_msg("%s", err.msg);
    const struct vl_http_header json = {"Content-Type", "application/json"};
    struct vl_http_request request = {.method = method,
        .url = url,
        .headers = &json,
        .n_headers = body ? 1 : 0,
        .body = vl_span_str(body),
        .authorization = bearer ? authorization : NULL,
        .body_fd = -1};
    vl_buf_clear(out);
    if (vl_http_perform(client, &request, take, out, out, &response, &err) < 0)
        fail_msg("%s %s: %s", method, path, err.msg);
    long status = response.status;
    vl_http_response_done(&response);
    return status;
}

static const char *member(const struct vl_buf *body, const char *name)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    if (vl_doc_parse(vl_buf_span(body), VL_DOC_JSON, "answer", &doc, &err) < 0)
        fail_msg("%s in %s", err.msg, vl_buf_str(body));
    const char *text = vl_arena_dup_span(arena, vl_doc_text(vl_doc_get(vl_doc_root(doc), name)));
    return text ? text : "";
}

static void test_first_start(void **state)
{
    (void)state;
    struct stat st;
    char path[128];
    static const char *const secrets[] = {
        "ca.key", "server.key", "seal.key", "vallum.db", VL_SERVER_PASSWORD_FILE};
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    for (size_t i = 0; i < VL_ARRAY_LEN(secrets); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, secrets[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
    assert_int_equal(strlen(password), 20);
}

static void test_health(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(ask("GET", "/healthz", NULL, NULL, &out), 200);
    assert_int_equal(ask("GET", "/readyz", NULL, NULL, &out), 200);
    assert_int_equal(ask("GET", "/metrics", NULL, NULL, &out), 401);
    assert_int_equal(ask("GET", "/nowhere", NULL, NULL, &out), 404);
    assert_string_equal(member(&out, "status"), "404");
    assert_int_equal(ask("DELETE", "/healthz", NULL, NULL, &out), 405);
}

static void test_login(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done), body VL_CLEANUP(vl_buf_done);
    struct stat st;
    char path[128];
    vl_buf_init(&out, 1 << 20);
    vl_buf_init(&body, 4096);
    assert_int_equal(
        ask("POST", "/api/v1/login", NULL, "{\"name\":\"admin\",\"password\":\"wrong\"}", &out), 401);
    assert_int_equal(
        ask("POST", "/api/v1/login", NULL, "{\"name\":\"nobody\",\"password\":\"wrong\"}", &out), 401);
    assert_int_equal(ask("POST", "/api/v1/login", NULL, "{\"name\":\"admin\"}", &out), 400);
    assert_string_equal(member(&out, "detail"), "/password: is missing");
    assert_int_equal(
        ask("POST", "/api/v1/login", NULL, "{\"name\":\"admin\",\"password\":\"a\",\"more\":1}", &out), 400);
    assert_string_equal(member(&out, "detail"), "/more: there is no such field");
    assert_int_equal(ask("POST", "/api/v1/login", NULL, "{\"name\":7,\"password\":\"a\"}", &out), 400);
    assert_int_equal(ask("POST", "/api/v1/login", NULL, "[", &out), 400);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, VL_SERVER_PASSWORD_FILE);
    assert_int_equal(stat(path, &st), 0); /* still there */
    vl_buf_printf(&body, "{\"name\":\"admin\",\"password\":\"%s\"}", password);
    assert_int_equal(ask("POST", "/api/v1/login", NULL, vl_buf_str(&body), &out), 200);
    (void)snprintf(token, sizeof(token), "%s", member(&out, "token"));
    assert_true(stat(path, &st) < 0); /* gone with the first login */
    assert_int_equal(ask("GET", "/api/v1/me", token, NULL, &out), 200);
    assert_string_equal(member(&out, "role"), "owner");
    assert_int_equal(ask("GET", "/metrics", token, NULL, &out), 200);
    assert_non_null(strstr(vl_buf_str(&out), "\nvallum_jobs_waiting 0\n"));
}

static void test_tokens(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    char reader[VL_TOKEN_TEXT], path[64], last[VL_TOKEN_TEXT];
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(
        ask("POST", "/api/v1/tokens", token, "{\"name\":\"ci\",\"role\":\"reader\",\"days\":1}", &out), 201);
    (void)snprintf(reader, sizeof(reader), "%s", member(&out, "token"));
    (void)snprintf(path, sizeof(path), "/api/v1/tokens/%s", member(&out, "id"));
    assert_int_equal(ask("GET", "/api/v1/me", reader, NULL, &out), 200);
    assert_string_equal(member(&out, "role"), "reader");
    /* A token makes no token that can do more than it. */
    assert_int_equal(ask("POST", "/api/v1/tokens", reader, "{\"name\":\"x\",\"role\":\"owner\"}", &out), 400);
    assert_int_equal(ask("POST", "/api/v1/tokens", token, "{\"name\":\"x\",\"days\":0}", &out), 400);
    assert_int_equal(ask("POST", "/api/v1/tokens", token, "{\"name\":\"x\",\"role\":\"root\"}", &out), 400);
    memcpy(last, reader, sizeof(last));
    last[43] = last[43] == 'a' ? 'b' : 'a';
    assert_int_equal(ask("GET", "/api/v1/me", last, NULL, &out), 401);
    assert_int_equal(ask("GET", "/api/v1/me", "vlt_", NULL, &out), 401);
    assert_int_equal(ask("DELETE", path, token, NULL, &out), 204);
    assert_int_equal(ask("DELETE", path, token, NULL, &out), 404);
    assert_int_equal(ask("GET", "/api/v1/me", reader, NULL, &out), 401);
    assert_int_equal(ask("DELETE", "/api/v1/tokens/1x", token, NULL, &out), 404);
}

/* After five failures in a row even the right password has to wait. */
static void test_lock_out(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done), body VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    vl_buf_init(&body, 4096);
    for (unsigned i = 0; i < VL_LOGIN_TRIES; i++)
        assert_int_equal(
            ask("POST", "/api/v1/login", NULL, "{\"name\":\"admin\",\"password\":\"wrong\"}", &out), 401);
    vl_buf_printf(&body, "{\"name\":\"admin\",\"password\":\"%s\"}", password);
    assert_int_equal(ask("POST", "/api/v1/login", NULL, vl_buf_str(&body), &out), 401);
    assert_non_null(strstr(member(&out, "detail"), "too many failures"));
    assert_int_equal(ask("GET", "/api/v1/me", token, NULL, &out), 200); /* tokens go on */
}

static int start(void)
{
    struct vl_err err = VL_ERR_INIT;
    bool first;
    if (vl_server_app_open(&app, &config, arena, &first, &err) < 0 || vl_server_app_listen(&app, &err) < 0)
        fail_msg("%s", err.msg);
    return first;
}

/* A second start finds everything as it was: keys, tokens, no new administrator. */
static void test_second_start(void **state)
{
    (void)state;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    uint8_t key[VL_CRYPT_KEY_BYTES];
    char fingerprint[VL_CRYPT_FINGERPRINT_MAX], path[128];
    vl_buf_init(&out, 1 << 20);
    memcpy(key, app.data.seal_key, sizeof(key));
    (void)snprintf(fingerprint, sizeof(fingerprint), "%s", app.data.fingerprint);
    vl_server_app_close(&app, 1000);
    assert_false(start());
    assert_memory_equal(key, app.data.seal_key, sizeof(key));
    assert_string_equal(fingerprint, app.data.fingerprint);
    assert_int_equal(ask("GET", "/api/v1/me", token, NULL, &out), 200);

    /* A key that others can read is refused. */
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_app other;
    bool first;
    (void)snprintf(path, sizeof(path), "%s/seal.key", folder);
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(vl_server_app_open(&other, &config, arena, &first, &err) < 0);
    assert_non_null(strstr(err.msg, "others can read it"));
    vl_server_app_close(&other, 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* A folder with another key than the database's secrets are sealed with: nothing would be readable. */
static void test_other_key(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_server_app other;
    struct vl_server_config elsewhere = config;
    char apart[96], path[128];
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    bool first;
    vl_buf_init(&out, 1 << 20);
    vl_server_app_close(&app, 1000);
    (void)snprintf(apart, sizeof(apart), "%s/apart", folder);
    assert_int_equal(mkdir(apart, 0700), 0);
    elsewhere.data = apart;
    elsewhere.database = vl_arena_printf(arena, "sqlite:%s/vallum.db", folder);
    assert_true(vl_server_app_open(&other, &elsewhere, arena, &first, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
    assert_non_null(strstr(err.msg, "sealed with another key"));
    vl_server_app_close(&other, 0);
    /* with the key of the folder that made it all is there */
    (void)snprintf(path, sizeof(path), "%s/seal.key", folder);
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, VL_CRYPT_KEY_BYTES);
    err = VL_ERR_INIT;
    assert_true(vl_file_read(path, VL_CRYPT_KEY_BYTES, &bytes, &err) >= 0);
    (void)snprintf(path, sizeof(path), "%s/seal.key", apart);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
    assert_true(vl_server_app_open(&other, &elsewhere, arena, &first, &err) >= 0);
    assert_false(first);
    vl_server_app_close(&other, 0);
    assert_false(start());
    assert_int_equal(ask("GET", "/api/v1/me", token, NULL, &out), 200);
}

static int64_t number(struct vl_store_conn *conn, const struct vl_store_sql *sql, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    if (vl_stmt_begin(conn, sql, &stmt, err) < 0 || vl_stmt_step(stmt, err) <= 0)
        fail_msg("%s", err->msg);
    return vl_stmt_get_int(stmt, 0);
}

static int before_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    static const struct vl_store_sql rows[] = {
        {"INSERT INTO environment (guid, name, created) VALUES ('12345678-1234-1234-1234-123456789abc', 'e', "
         "1)",
            NULL},
        {"INSERT INTO principal (kind, name, created) VALUES (2, 'old', 1)", NULL},
        {"INSERT INTO registry (environment_id, name, host, kind, created) VALUES (1, 'r', 'h', 'generic', "
         "1)",
            NULL},
        {"INSERT INTO role_binding (principal_id, environment_id, registry_id, role) VALUES (1, 1, 1, 1)",
            NULL},
    };
    int r = 0;
    (void)user;
    for (size_t i = 0; i < VL_ARRAY_LEN(rows) && r >= 0; i++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(conn, &rows[i], &stmt, err);
        if (r >= 0)
            r = vl_stmt_run(stmt, NULL, err);
    }
    return r;
}

/* A database of the schema before goes on with what it has. */
static void test_upgrade(void **state)
{
    static const struct vl_store_sql labels = {"SELECT count(*) FROM registry WHERE labels = ''", NULL},
                                     parts = {"SELECT count(*) FROM role_part", NULL};
    (void)state;
    const struct vl_schema before = {vl_server_schema.migrations, 5};
    struct vl_store_options options = {.url = vl_arena_printf(arena, "sqlite:%s/before.db", folder)};
    struct vl_store *store = NULL;
    struct vl_store_conn *conn = NULL;
    struct vl_err err = VL_ERR_INIT;
    enum vl_role role = VL_ROLE_NONE;
    struct vl_role_part *list = NULL;
    size_t n = 0;
    if (vl_store_open(&options, &before, &store, &err) < 0 ||
        vl_store_write(store, before_write, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    vl_store_close(store);
    if (vl_store_open(&options, &vl_server_schema, &store, &err) < 0 || vl_store_read(store, &conn, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(number(conn, &labels, &err), 1);
    assert_int_equal(number(conn, &parts, &err), 0);
    const struct vl_principal old = {.id = 1};
    assert_true(vl_repo_role_get(conn, &old, 1, &role, &err) >= 0);
    assert_int_equal(role, VL_ROLE_NONE);
    assert_true(vl_repo_role_parts(conn, &old, 1, arena, &list, &n, &err) >= 0);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].id, 1);
    vl_store_read_done(conn);
    vl_store_close(store);
}

static int set_up(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    char path[128];
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    (void)snprintf(folder, sizeof(folder), "/tmp/vallum-server-XXXXXX");
    arena = vl_arena_new(1 << 22);
    if (!arena || !mkdtemp(folder))
        return -1;
    config = (struct vl_server_config){.data = folder, .address = "127.0.0.1"};
    if (!start())
        return -1;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, VL_SERVER_PASSWORD_FILE);
    vl_buf_init(&text, sizeof(password));
    if (vl_file_read(path, sizeof(password) - 1, &text, &err) < 0)
        return -1;
    (void)snprintf(password, sizeof(password), "%.*s", VL_SPAN_FMT(vl_span_trim(vl_buf_span(&text))));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vl_server_app_close(&app, 1000);
    vl_arena_free(arena);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_start),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_second_start),
        cmocka_unit_test(test_other_key),
        cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_lock_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
