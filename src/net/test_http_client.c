#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "net/http_client.h"

/* The server is a Python program: tests/servers/misbehaving.py. */
static struct {
    pid_t pid;
    int in;
    int port, tls_port;
    char ca[512];
    char folder[64];
} server;

static bool start_server(void)
{
    int in[2], out[2];
    char script[4096];
    const char *source = getenv("VALLUM_CHECKOUT");
    (void)snprintf(server.folder, sizeof(server.folder), "/tmp/vallum-http-XXXXXX");
    if (!source || !mkdtemp(server.folder) || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return false;
    (void)snprintf(script, sizeof(script), "%s/tests/servers/misbehaving.py", source);
    server.pid = fork();
    if (server.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execlp("python3", "python3", script, "--tls", server.folder, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server.in = in[1];
    FILE *f = fdopen(out[0], "r");
    bool ok = f && fscanf(f, "%d %d %511s", &server.port, &server.tls_port, server.ca) == 3;
    if (f)
        fclose(f);
    return ok;
}

static void stop_server(void)
{
    close(server.in);
    if (server.pid > 0) {
        kill(server.pid, SIGTERM);
        waitpid(server.pid, NULL, 0);
    }
    static const char *const files[] = {
        "ca.key", "ca.pem", "ca.srl", "server.key", "server.csr", "server.pem", "ext"};
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s", server.folder, files[i]);
        unlink(path);
    }
    rmdir(server.folder);
}

/* Everything about one exchange. */
struct exchange {
    struct vl_http_client *client;
    struct vl_http_response response;
    struct vl_buf body;
    struct vl_buf error_body;
    struct vl_err err;
    char url[512];
    int heads;
};

static int collect(
    struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    struct exchange *x = user;
    assert_true(response->status < 400);
    assert_non_null(response->final_url);
    if (piece.len == 0)
        x->heads++;
    vl_buf_append_span(&x->body, piece);
    return vl_buf_check(&x->body, "body", err);
}

static void begin(struct exchange *x, const struct vl_http_options *options)
{
    *x = (struct exchange){0};
    vl_buf_init(&x->body, 8UL * 1024 * 1024);
    vl_buf_init(&x->error_body, 1UL * 1024 * 1024);
    assert_int_equal(vl_http_client_new(options, &x->client, &x->err), 0);
}

static void end(struct exchange *x)
{
    vl_http_response_done(&x->response);
    vl_buf_done(&x->body);
    vl_buf_done(&x->error_body);
    vl_http_client_free(x->client);
}

static const char *url_of(struct exchange *x, const char *path)
{
    (void)snprintf(x->url, sizeof(x->url), "http://127.0.0.1:%d/%s", server.port, path);
    return x->url;
}

static int perform(struct exchange *x, struct vl_http_request *q)
{
    vl_http_response_done(&x->response);
    vl_buf_clear(&x->body);
    vl_buf_clear(&x->error_body);
    vl_err_clear(&x->err);
    x->heads = 0;
    return vl_http_perform(x->client, q, collect, x, &x->error_body, &x->response, &x->err);
}

static int get(struct exchange *x, const char *path)
{
    struct vl_http_request q = {.url = url_of(x, path), .body_fd = -1};
    return perform(x, &q);
}

static bool said(const struct vl_buf *buf, const char *text)
{
    return strstr(vl_buf_str(buf), text) != NULL;
}

static void test_get(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    assert_int_equal(get(&x, "echo/a?b=c"), 0);
    assert_int_equal(x.response.status, 200);
    assert_int_equal(x.heads, 1);
    assert_true(said(&x.body, "\"method\": \"GET\""));
    assert_true(said(&x.body, "\"path\": \"/echo/a?b=c\""));
    assert_true(said(&x.body, "\"user-agent\": \"vallum/"));
    assert_string_equal(vl_http_response_header(&x.response, "x-echo"), "One");
    assert_string_equal(vl_http_response_header(&x.response, "x-echo-two"), "two");
    assert_null(vl_http_response_header(&x.response, "absent"));
    assert_string_equal(x.response.final_url, x.url);
    assert_int_equal(x.response.bytes, x.body.len);

    assert_int_equal(get(&x, "early"), 0);
    assert_int_equal(x.response.status, 200);
    assert_string_equal(vl_http_response_header(&x.response, "x-late"), "yes");
    assert_null(vl_http_response_header(&x.response, "link"));
    end(&x);
}

static void test_methods(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    static const char *const methods[] = {"POST", "PUT", "PATCH"};
    for (size_t i = 0; i < VL_ARRAY_LEN(methods); i++) {
        const struct vl_http_header h = {"Content-Type", "application/x-test"};
        struct vl_http_request q = {.method = methods[i], .url = url_of(&x, "echo"), .body_fd = -1};
        q.headers = &h;
        q.n_headers = 1;
        q.body = VL_SPAN_LIT("some text");
        assert_int_equal(perform(&x, &q), 0);
        assert_true(said(&x.body, methods[i]));
        assert_true(said(&x.body, "\"body\": \"some text\""));
        assert_true(said(&x.body, "\"content-type\": \"application/x-test\""));
        assert_false(said(&x.body, "\"expect\""));
        q.body = VL_SPAN_EMPTY;
        q.n_headers = 0;
        assert_int_equal(perform(&x, &q), 0);
        assert_true(said(&x.body, "\"content-length\": \"0\""));
        assert_false(said(&x.body, "content-type"));
    }
    struct vl_http_request del = {.method = "DELETE", .url = url_of(&x, "echo"), .body_fd = -1};
    assert_int_equal(perform(&x, &del), 0);
    assert_true(said(&x.body, "DELETE"));
    struct vl_http_request head = {.method = "HEAD", .url = url_of(&x, "endless"), .body_fd = -1};
    head.url = url_of(&x, "bytes");
    head.max_bytes = 5;
    assert_int_equal(perform(&x, &head), 0);
    assert_int_equal(x.body.len, 0);
    assert_string_equal(vl_http_response_header(&x.response, "content-length"), "102400");
    end(&x);
}

static void test_put_from_descriptor(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    VL_CLEANUP(vl_file_close) int fd = -1;
    assert_int_equal(vl_file_temp(NULL, &fd, &x.err), 0);
    assert_int_equal(write(fd, "skipped0123456789", 17), 17);
    assert_int_equal(lseek(fd, 7, SEEK_SET), 7);
    /* 307 keeps method and body, which is read again from its start */
    struct vl_http_request q = {.method = "PUT", .url = url_of(&x, "redirect/307/echo")};
    q.body_fd = fd;
    q.body_fd_length = 10;
    assert_int_equal(perform(&x, &q), 0);
    assert_true(said(&x.body, "\"body\": \"0123456789\""));
    q.body_fd_length = 11;
    q.url = url_of(&x, "echo");
    assert_true(perform(&x, &q) < 0);
    assert_non_null(strstr(x.err.msg, "ends early"));
    end(&x);
}

static void test_error_status(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    assert_int_equal(get(&x, "nothing"), 0);
    assert_int_equal(x.response.status, 404);
    assert_int_equal(x.heads, 0);
    assert_int_equal(x.body.len, 0);
    assert_true(said(&x.error_body, "no such thing"));
    assert_int_equal(vl_http_status_error(&x.response, vl_buf_span(&x.error_body), &x.err), -ENOENT);
    assert_int_equal(x.err.code, VL_ERR_NOT_FOUND);
    assert_null(strchr(x.err.msg, '\x1b'));

    /* an endless error body is cut, and the call comes back */
    assert_int_equal(get(&x, "endless/500"), 0);
    assert_int_equal(x.response.status, 500);
    assert_int_equal(x.error_body.len, 4096);

    static const struct {
        const char *path;
        enum vl_err_code code;
    } cases[] = {
        {"status/401", VL_ERR_AUTH},
        {"status/403", VL_ERR_AUTH},
        {"status/404", VL_ERR_NOT_FOUND},
        {"status/500", VL_ERR_UNREACHABLE},
        {"status/304", VL_ERR_UNREACHABLE},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        vl_err_clear(&x.err);
        assert_true(vl_http_get(x.client, url_of(&x, cases[i].path), &x.body, &x.err) < 0);
        assert_int_equal(x.err.code, cases[i].code);
        assert_non_null(strstr(x.err.msg, cases[i].path));
    }
    vl_buf_clear(&x.body);
    assert_int_equal(vl_http_get(x.client, url_of(&x, "bytes"), &x.body, &x.err), 0);
    assert_int_equal(x.body.len, 102400);
    end(&x);
}

static void test_redirects(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    assert_int_equal(get(&x, "chain/10"), 0);
    assert_string_equal(vl_buf_str(&x.body), "end of the chain");
    assert_non_null(strstr(x.response.final_url, "/chain/0"));
    assert_int_equal(x.heads, 1);
    assert_true(get(&x, "chain/11") < 0);
    assert_int_equal(x.err.code, VL_ERR_LIMIT);
    assert_true(get(&x, "loop/x") < 0);
    assert_int_equal(x.err.code, VL_ERR_LIMIT);
    assert_non_null(strstr(x.err.msg, "redirects more than"));

    struct vl_http_request q = {.url = url_of(&x, "chain/3"), .body_fd = -1, .no_redirects = true};
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 301);
    assert_string_equal(vl_http_response_header(&x.response, "location"), "2");

    static const char *const refused[] = {"where?file:///etc/passwd", "where?ftp://127.0.0.1/x",
        "where?gopher://x/", "where?http://", "where?scp://x/y"};
    for (size_t i = 0; i < VL_ARRAY_LEN(refused); i++) {
        assert_true(get(&x, refused[i]) < 0);
        assert_int_equal(x.err.code, VL_ERR_INVALID);
    }

    static const struct {
        const char *path, *method, *want;
    } methods[] = {
        {"redirect/303/echo", "POST", "\"method\": \"GET\""},
        {"redirect/302/echo", "POST", "\"method\": \"GET\""},
        {"redirect/303/echo", "PUT", "\"method\": \"GET\""},
        {"redirect/302/echo", "PUT", "\"method\": \"PUT\""},
        {"redirect/307/echo", "POST", "\"body\": \"b\""},
        {"redirect/308/echo", "POST", "\"body\": \"b\""},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(methods); i++) {
        struct vl_http_request m = {.method = methods[i].method, .url = url_of(&x, methods[i].path)};
        m.body = VL_SPAN_LIT("b");
        assert_int_equal(perform(&x, &m), 0);
        assert_true(said(&x.body, methods[i].want));
    }
    end(&x);
}

static void test_credentials_stay(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    const struct vl_http_header cookie = {"Cookie", "id=secret"};
    struct vl_http_request q = {.url = url_of(&x, "redirect/302/echo"), .authorization = "Bearer secret"};
    q.headers = &cookie;
    q.n_headers = 1;
    assert_int_equal(perform(&x, &q), 0);
    assert_true(said(&x.body, "Bearer secret")); /* same server */
    assert_true(said(&x.body, "id=secret"));

    q.url = url_of(&x, "away/http/localhost/echo"); /* same machine, another name */
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 200);
    assert_false(said(&x.body, "secret"));
    assert_false(said(&x.body, "authorization"));

    q.n_headers = 0;
    q.authorization = NULL;
    char url[256];
    (void)snprintf(url, sizeof(url), "http://user:pa%%3Ass@127.0.0.1:%d/redirect/302/auth", server.port);
    q.url = url;
    assert_int_equal(perform(&x, &q), 0);
    assert_string_equal(vl_buf_str(&x.body), "welcome user");
    assert_null(strstr(x.response.final_url, "user"));
    (void)snprintf(
        url, sizeof(url), "http://user:pa%%3Ass@127.0.0.1:%d/away/http/localhost/echo", server.port);
    assert_int_equal(perform(&x, &q), 0);
    assert_false(said(&x.body, "authorization"));
    /* userinfo that a server puts into Location is not sent either */
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/where?http://user:pa%%3Ass@127.0.0.1:%d/echo",
        server.port, server.port);
    assert_int_equal(perform(&x, &q), 0);
    assert_false(said(&x.body, "authorization"));

    q.url = url_of(&x, "auth");
    q.authorization = "Bearer secret";
    assert_int_equal(perform(&x, &q), 0);
    assert_string_equal(vl_buf_str(&x.body), "welcome");
    q.authorization = "Bearer a\r\nX-Injected: yes";
    assert_true(perform(&x, &q) < 0);
    end(&x);
}

static void test_limits(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    struct vl_http_request q = {.url = url_of(&x, "endless"), .max_bytes = 300000};
    assert_true(perform(&x, &q) < 0);
    assert_int_equal(x.err.code, VL_ERR_LIMIT);
    assert_true(x.body.len <= 300000);
    q.url = url_of(&x, "bytes");
    q.max_bytes = 102399;
    assert_true(perform(&x, &q) < 0);
    assert_int_equal(x.err.code, VL_ERR_LIMIT);
    assert_int_equal(x.body.len, 0); /* Content-Length told already */
    q.max_bytes = 102400;
    assert_int_equal(perform(&x, &q), 0);

    assert_int_equal(get(&x, "headers/50"), 0);
    assert_true(get(&x, "headers/100") < 0);
    assert_true(get(&x, "garbage") < 0);
    assert_true(get(&x, "short") < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_int_equal(get(&x, "long"), 0);
    assert_string_equal(vl_buf_str(&x.body), "0123456789");
    end(&x);
}

static void test_times(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, &(struct vl_http_options){.stall_timeout_ms = 1000});
    int64_t start = vl_time_monotonic_us();
    assert_true(get(&x, "slow") < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_true(vl_time_monotonic_us() - start < 10000000);
    end(&x);

    begin(&x, &(struct vl_http_options){.total_timeout_ms = 300});
    start = vl_time_monotonic_us();
    assert_true(get(&x, "silent") < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_non_null(strstr(x.err.msg, "/silent"));
    assert_true(vl_time_monotonic_us() - start < 5000000);
    end(&x);

    begin(&x, NULL);
    /* port 1 of loopback: nobody there */
    struct vl_http_request q = {.url = "http://127.0.0.1:1/a?token=secret"};
    assert_true(perform(&x, &q) < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_non_null(strstr(x.err.msg, "http://127.0.0.1:1/a"));
    assert_null(strstr(x.err.msg, "secret"));
    q.url = "ftp://127.0.0.1/x";
    assert_true(perform(&x, &q) < 0);
    q.url = "no url";
    assert_true(perform(&x, &q) < 0);
    end(&x);
}

static void test_resume(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    struct vl_http_request q = {.url = url_of(&x, "bytes"), .resume_from = 102390};
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 206);
    assert_int_equal(x.body.len, 10);
    assert_int_equal((unsigned char)x.body.ptr[0], 102390 % 256);
    q.url = url_of(&x, "bytes/norange");
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 200);
    assert_int_equal(x.body.len, 102400);
    q.url = url_of(&x, "bytes/wrongrange");
    assert_true(perform(&x, &q) < 0);
    assert_int_equal(x.err.code, VL_ERR_INVALID);
    q.url = url_of(&x, "bytes");
    q.resume_from = 200000;
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 416);
    assert_true(get(&x, "bytes/cut") < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_int_equal(x.body.len, 51200);
    end(&x);
}

static int stop(struct vl_span piece, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    int *calls = user;
    ++*calls;
    return piece.len ? vl_err_set(err, VL_ERR_CONFLICT, "stopped on purpose") : 0;
}

static void test_callback_ends(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL);
    int calls = 0;
    struct vl_http_request q = {.url = url_of(&x, "endless"), .max_bytes = UINT64_MAX};
    assert_true(vl_http_perform(x.client, &q, stop, &calls, NULL, &x.response, &x.err) < 0);
    assert_int_equal(calls, 2);
    assert_int_equal(x.err.code, VL_ERR_CONFLICT);
    assert_non_null(strstr(x.err.msg, "stopped on purpose"));
    end(&x);
}

static int get_tls(struct exchange *x, const char *host, const char *path)
{
    (void)snprintf(x->url, sizeof(x->url), "https://%s:%d/%s", host, server.tls_port, path);
    struct vl_http_request q = {.url = x->url, .authorization = "Bearer secret"};
    return perform(x, &q);
}

static void test_tls(void **state)
{
    (void)state;
    struct exchange x;
    begin(&x, NULL); /* the authority is not the system's */
    assert_true(get_tls(&x, "localhost", "echo") < 0);
    assert_int_equal(x.err.code, VL_ERR_UNREACHABLE);
    assert_int_equal(x.err.err, -EPROTO);
    end(&x);

    begin(&x, &(struct vl_http_options){.ca_file = server.ca});
    assert_int_equal(get_tls(&x, "localhost", "auth"), 0);
    assert_string_equal(vl_buf_str(&x.body), "welcome");
    assert_true(get_tls(&x, "127.0.0.1", "echo") < 0); /* not the name in the certificate */
    assert_int_equal(x.err.err, -EPROTO);
    assert_true(get_tls(&x, "localhost", "away/http/127.0.0.1/echo") < 0);
    assert_int_equal(x.err.code, VL_ERR_INVALID);
    assert_non_null(strstr(x.err.msg, "plain http"));
    assert_int_equal(get(&x, "away/https/localhost/echo"), 0); /* upwards is fine */
    assert_int_equal(x.response.status, 200);
    end(&x);

    begin(&x, &(struct vl_http_options){.insecure = true});
    assert_int_equal(get_tls(&x, "127.0.0.1", "auth"), 0);
    assert_string_equal(vl_buf_str(&x.body), "welcome");
    end(&x);

    struct vl_http_client *c = NULL;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/ext", server.folder);
    assert_true(vl_http_client_new(&(struct vl_http_options){.ca_file = path}, &c, &x.err) < 0);
    assert_int_equal(x.err.code, VL_ERR_USAGE);
    assert_true(vl_http_client_new(&(struct vl_http_options){.ca_file = "/nonexistent"}, &c, &x.err) < 0);
    assert_null(c);
}

static void test_proxy(void **state)
{
    (void)state;
    struct exchange x;
    char proxy[64];
    /* The server is asked as a proxy: it sees the absolute URL in the request line, and answers 404. */
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
    begin(&x, &(struct vl_http_options){.proxy = proxy});
    struct vl_http_request q = {.url = "http://registry.invalid/thing"};
    assert_int_equal(perform(&x, &q), 0);
    assert_int_equal(x.response.status, 404);
    assert_true(said(&x.error_body, "registry.invalid"));
    end(&x);

    setenv("http_proxy", proxy, 1);
    begin(&x, NULL);
    assert_int_equal(perform(&x, &q), 0);
    assert_true(said(&x.error_body, "registry.invalid"));
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(get(&x, "bytes"), 0); /* loopback goes straight */
    unsetenv("http_proxy");
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_put_from_descriptor),
        cmocka_unit_test(test_error_status),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_credentials_stay),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_callback_ends),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_proxy),
    };
    signal(SIGPIPE, SIG_IGN);
    if (!start_server()) {
        stop_server();
        printf("the test server does not start: it needs python3 and openssl\n");
        return 77;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_server();
    return failed;
}
