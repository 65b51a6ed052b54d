#include "test_server.h"

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

#include "base/time.h"
#include "codec/doc.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "inventory/repo_environment.h"
#include "net/http_client.h"

#define ANSWER_MAX (16UL * 1024 * 1024)
#define HOUR_MS    3600000

static int callers(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_test_server *s = user;
    int r = 0;
    for (int role = VL_ROLE_READER; role <= VL_ROLE_OWNER && r >= 0; role++) {
        struct vl_token token = {
            .name = "test", .role = (enum vl_role)role, .expires = vl_time_now_ms() + HOUR_MS};
        char name[32];
        int64_t id = 0, token_id;
        (void)snprintf(name, sizeof(name), "test-%s", vl_role_name((enum vl_role)role));
        r = vl_repo_principal_add(conn, VL_PRINCIPAL_CLIENT, name, NULL, &id, err);
        if (r >= 0)
            r = vl_repo_role_set(conn, id, 0, (enum vl_role)role, err);
        if (r >= 0)
            r = vl_repo_token_add(conn, id, &token, s->token[role], &token_id, err);
    }
    return r;
}

static int environment_of(struct vl_test_server *s, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_environment *list = NULL;
    size_t n = 0;
    int r = vl_store_read(s->app.store, &conn, err);
    if (r >= 0)
        r = vl_repo_environment_list(conn, s->arena, &list, &n, err);
    if (r >= 0 && n > 0)
        (void)snprintf(s->environment, sizeof(s->environment), "%s", list[0].guid);
    return r;
}

int vl_test_server_start(void **state)
{
    struct vl_test_server *s = calloc(1, sizeof(*s));
    struct vl_err err = VL_ERR_INIT;
    bool first;
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    if (!s)
        return -1;
    *state = s;
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/vallum-server-XXXXXX");
    s->arena = vl_arena_new(256UL * 1024 * 1024);
    if (!s->arena || !mkdtemp(s->folder))
        return -1;
    s->config = (struct vl_server_config){
        .data = s->folder, .address = "127.0.0.1", .database = getenv("VALLUM_TEST_DATABASE")};
    int r = vl_server_app_open(&s->app, &s->config, s->arena, &first, &err);
    if (r >= 0)
        r = vl_server_app_listen(&s->app, &err);
    if (r >= 0)
        r = vl_store_write(s->app.store, callers, s, &err);
    if (r >= 0)
        r = environment_of(s, &err);
    if (r < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    return r < 0 ? -1 : 0;
}

int vl_test_server_stop(void **state)
{
    struct vl_test_server *s = *state;
    vl_http_client_free(atomic_exchange(&s->idle, NULL));
    vl_server_app_close(&s->app, 1000);
    vl_arena_free(s->arena);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", s->folder, (char *)NULL);
        _exit(127);
    }
    free(s);
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, bytes);
    return 0;
}

static const char *header_of(
    struct vl_test_server *s, const struct vl_http_response *response, const char *name)
{
    const char *value = vl_http_response_header(response, name);
    return value ? vl_arena_strdup(s->arena, value) : "";
}

struct vl_test_answer vl_test_send(struct vl_test_server *s, const char *method, const char *path,
    const char *bearer, const char *header, const char *body)
{
    char url[4096], ca[128], authorization[160], name[64] = "";
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = atomic_exchange(&s->idle, NULL);
    struct vl_http_response response = {0};
    struct vl_http_header headers[2];
    size_t n = 0;
    vl_buf_init(&out, ANSWER_MAX);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", vl_http_server_port(s->app.http), path);
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", s->folder);
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", bearer ? bearer : "");
    struct vl_http_options options = {.ca_file = ca};
    if (!client && vl_http_client_new(&options, &client, &err) < 0)
        fail_msg("%s", err.msg);
    if (body && !vl_span_starts_with(vl_span_str(header), "Content-Type:"))
        headers[n++] = (struct vl_http_header){"Content-Type", "application/json"};
    const char *colon = header ? strchr(header, ':') : NULL;
    if (colon) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)(colon - header), header);
        headers[n++] = (struct vl_http_header){name, colon + 2};
    }
    struct vl_http_request request = {.method = method,
        .url = url,
        .headers = headers,
        .n_headers = n,
        .body = vl_span_str(body),
        .authorization = bearer ? authorization : NULL,
        .max_bytes = ANSWER_MAX,
        .body_fd = -1};
    if (vl_http_perform(client, &request, take, &out, &out, &response, &err) < 0)
        fail_msg("%s %s: %s", method, path, err.msg);
    struct vl_test_answer answer = {.status = response.status,
        .type = header_of(s, &response, "content-type"),
        .etag = header_of(s, &response, "etag")};
    vl_http_response_done(&response);
    answer.body = vl_arena_dup_span(s->arena, vl_buf_span(&out));
    client = atomic_exchange(&s->idle, client); /* another thread may have left its own */
    return answer;
}

long vl_test_ask(struct vl_test_server *s, const char *method, const char *path, const char *bearer,
    const char *body, const char **ret_answer)
{
    struct vl_test_answer answer = vl_test_send(s, method, path, bearer, NULL, body);
    *ret_answer = answer.body;
    return answer.status;
}

const char *vl_test_call(
    struct vl_test_server *s, int role, const char *method, const char *path, const char *body, long want)
{
    const char *answer;
    long status = vl_test_ask(s, method, path, role > 0 ? s->token[role] : NULL, body, &answer);
    if (status != want)
        fail_msg("%s %s: %ld, expected %ld: %s", method, path, status, want, answer);
    return answer;
}

const char *vl_test_get(struct vl_test_server *s, const char *answer, const char *path)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_span rest = vl_span_str(path), part;
    uint64_t index;
    if (vl_doc_parse(vl_span_str(answer), VL_DOC_JSON, "answer", &doc, &err) < 0)
        fail_msg("%s in %s", err.msg, answer);
    const struct vl_doc_node *node = vl_doc_root(doc);
    while (vl_span_split(&rest, '.', &part)) {
        if (vl_doc_is(node, VL_DOC_ARRAY) && vl_span_to_u64(part, &index))
            node = vl_doc_at(node, (size_t)index);
        else
            node = vl_doc_get_span(node, part);
    }
    const char *text = vl_arena_dup_span(s->arena, vl_doc_text(node));
    return text ? text : "";
}
