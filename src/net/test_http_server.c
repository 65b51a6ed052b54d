/* tests: http_server.c http_server_stream.c http_server_target.c http_server_tls.c
 *
 * Requests are written byte by byte where it matters, and sent by libcurl where TLS is spoken. What must come
 * back is said by RFC 9110, RFC 9112 and the limits of http_server.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "http_server_impl.h"
#include "net/http_client.h"

static struct vl_http_server *server;
static struct vl_http_stream *open_stream;
static unsigned slow_calls;

static void handle(const struct vl_http_call *call, struct vl_http_reply *reply, void *user)
{
    (void)user;
    const char *first = call->n_segments ? call->segments[0] : "";
    reply->status = 200;
    reply->content_type = "text/plain";
    if (strcmp(first, "echo") == 0) {
        vl_buf_printf(&reply->body, "%s %s", call->method, call->path);
        for (size_t i = 0; i < call->n_segments; i++)
            vl_buf_printf(&reply->body, " [%s]", call->segments[i]);
        for (size_t i = 0; i < call->n_params; i++)
            vl_buf_printf(&reply->body, " %s=%s", call->params[i].name, call->params[i].value);
        const char *cookie = vl_http_call_cookie(call, "session"),
                   *header = vl_http_call_header(call, "x-TEST");
        vl_buf_printf(&reply->body, " cookie=%s header=%s body=%.*s", cookie ? cookie : "-",
            header ? header : "-", VL_SPAN_FMT(call->body));
        vl_http_reply_header(reply, "X-Answer", "yes");
    } else if (strcmp(first, "slow") == 0) {
        __atomic_add_fetch(&slow_calls, 1, __ATOMIC_SEQ_CST);
        usleep(300000);
        vl_buf_append_str(&reply->body, "late");
    } else if (strcmp(first, "lent") == 0) {
        reply->lent = VL_SPAN_LIT("lent bytes");
    } else if (strcmp(first, "split") == 0) {
        vl_http_reply_header(reply, "X-Bad", "a\r\nSet-Cookie: b");
    } else if (strcmp(first, "stream") == 0) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_http_stream_new(&open_stream, &err) >= 0) {
            reply->content_type = "text/event-stream";
            reply->stream = open_stream;
        }
    } else if (strcmp(first, "who") == 0) {
        vl_buf_printf(&reply->body, "%s %s", call->peer, call->client_certificate ? "known" : "unknown");
    } else if (strcmp(first, "nothing") == 0) {
        reply->status = 0;
    } else {
        reply->status = 404;
    }
}

static void start(struct vl_http_server_options options)
{
    struct vl_err err = VL_ERR_INIT;
    options.address = options.address ? options.address : "127.0.0.1";
    options.handle = handle;
    if (vl_http_server_start(&options, &server, &err) < 0)
        fail_msg("%s", err.msg);
}

static int stop(void **state)
{
    (void)state;
    vl_http_server_stop(server, 2000);
    server = NULL;
    return 0;
}

static int connect_to(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(vl_http_server_port(server))};
    struct timeval limit = {.tv_sec = 20};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* All until the other end closes. */
static void receive(int fd, struct vl_buf *out)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        vl_buf_append(out, bytes, (size_t)n);
    close(fd);
}

static void answers(const char *request, const char *status, const char *contains)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    int fd = connect_to();
    send_text(fd, request);
    receive(fd, &out);
    if (strncmp(vl_buf_str(&out) + strlen("HTTP/1.1 "), status, 3) != 0 ||
        (contains && !strstr(vl_buf_str(&out), contains)))
        fail_msg("%s\nwas answered with\n%s\nand not with %s %s", request, vl_buf_str(&out), status,
            contains ? contains : "");
}

#define CLOSE "Host: x\r\nConnection: close\r\n"

static void test_requests(void **state)
{
    (void)state;
    start((struct vl_http_server_options){0});
    answers("GET /echo/a%2Fb/%C3%A9?x=1+2&y=%26&z HTTP/1.1\r\n" CLOSE "\r\n", "200",
        "GET /echo/a/b/\xc3\xa9 [echo] [a/b] [\xc3\xa9] x=1 2 y=& z= cookie=- header=- body=");
    answers("POST /echo HTTP/1.1\r\n" CLOSE
            "X-Test: h\r\nCookie: a=b; session=s1\r\nContent-Length: 5\r\n\r\nhello",
        "200", "cookie=s1 header=h body=hello");
    answers("POST /echo HTTP/1.1\r\n" CLOSE
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        "200", "body=abcde");
    answers("GET /echo HTTP/1.1\r\n" CLOSE "\r\n", "200", "X-Answer: yes");
    answers("GET /lent HTTP/1.1\r\n" CLOSE "\r\n", "200", "lent bytes");
    answers("HEAD /lent HTTP/1.1\r\n" CLOSE "\r\n", "200", "Content-Length: 10");
    answers("GET /who HTTP/1.1\r\n" CLOSE "\r\n", "200", "127.0.0.1 unknown");
    answers("GET /nowhere HTTP/1.1\r\n" CLOSE "\r\n", "404", NULL);
    answers("GET /nothing HTTP/1.1\r\n" CLOSE "\r\n", "500", NULL);
    answers("GET /split HTTP/1.1\r\n" CLOSE "\r\n", "500", NULL);
}

static void test_bad_requests(void **state)
{
    (void)state;
    start((struct vl_http_server_options){.body_max = 10});
    answers("GET /echo/../x HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("GET /echo/%2e%2E/x HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("GET /echo/%00 HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("GET /echo/%zz HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("GET /echo/% HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("GET http://elsewhere/echo HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
    answers("POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 11\r\n\r\n", "413", "problem+json");
    answers("POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 99999999999999999999\r\n\r\n", "413", NULL);
    answers("GET /echo HTTP/1.1\r\n\r\n", "400", NULL); /* no Host */

    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    int fd = connect_to(); /* a body of untold length is cut where it is too long */
    send_text(fd, "POST /echo HTTP/1.1\r\n" CLOSE
                  "Transfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
    receive(fd, &out);
    assert_null(strstr(vl_buf_str(&out), "200"));

    struct vl_buf long_head VL_CLEANUP(vl_buf_done);
    vl_buf_init(&long_head, 1 << 20);
    vl_buf_append_str(&long_head, "GET /echo HTTP/1.1\r\n" CLOSE "X-Long: ");
    for (unsigned i = 0; i < 200000; i++)
        vl_buf_append_char(&long_head, 'x');
    fd = connect_to();
    (void)!send(fd, long_head.ptr, long_head.len, MSG_NOSIGNAL);
    vl_buf_clear(&out);
    receive(fd, &out);
    assert_null(strstr(vl_buf_str(&out), "200"));
}

static void test_keeps_connections(void **state)
{
    (void)state;
    start((struct vl_http_server_options){0});
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    int fd = connect_to();
    /* Three in one go: they are answered in order. */
    send_text(fd, "GET /echo/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/2 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/3 "
                  "HTTP/1.1\r\n" CLOSE "\r\n");
    receive(fd, &out);
    const char *one = strstr(vl_buf_str(&out), "GET /echo/1"), *two = strstr(vl_buf_str(&out), "GET /echo/2"),
               *three = strstr(vl_buf_str(&out), "GET /echo/3");
    assert_true(one && two && three && one < two && two < three);
}

static void *call_slow(void *user)
{
    (void)user;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    int fd = connect_to();
    send_text(fd, "GET /slow HTTP/1.1\r\n" CLOSE "\r\n");
    receive(fd, &out);
    return strstr(vl_buf_str(&out), "late") ? NULL : (void *)(uintptr_t)1;
}

/* Slow handlers delay nobody else, and those under way are answered when the server stops. */
static void test_slow_handlers(void **state)
{
    (void)state;
    start((struct vl_http_server_options){.threads = 6});
    pthread_t threads[5];
    slow_calls = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_slow, NULL), 0);
    while (__atomic_load_n(&slow_calls, __ATOMIC_SEQ_CST) < VL_ARRAY_LEN(threads))
        usleep(1000);
    int64_t begun = vl_time_monotonic_us();
    answers("GET /lent HTTP/1.1\r\n" CLOSE "\r\n", "200", "lent");
    assert_true(vl_time_monotonic_us() - begun < 250000);
    vl_http_server_stop(server, 5000);
    server = NULL;
    for (size_t i = 0; i < VL_ARRAY_LEN(threads); i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

static void test_streams(void **state)
{
    (void)state;
    start((struct vl_http_server_options){0});
    char bytes[4096];
    int fd = connect_to();
    open_stream = NULL;
    send_text(fd, "GET /stream HTTP/1.1\r\n" CLOSE "\r\n");
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 1 << 20);
    while (!strstr(vl_buf_str(&out), "\r\n\r\n")) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        assert_true(n > 0);
        vl_buf_append(&out, bytes, (size_t)n);
    }
    for (unsigned i = 0; i < 3; i++) {
        char event[32];
        (void)snprintf(event, sizeof(event), "data: %u\n\n", i);
        assert_true(vl_http_stream_write(open_stream, vl_span_str(event)));
        while (!strstr(vl_buf_str(&out), event)) {
            ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
            assert_true(n > 0);
            vl_buf_append(&out, bytes, (size_t)n);
        }
    }
    vl_http_stream_close(open_stream);
    receive(fd, &out); /* ends */

    /* A reader that is gone is told at a later write; one that does not read is cut. */
    fd = connect_to();
    send_text(fd, "GET /stream HTTP/1.1\r\n" CLOSE "\r\n");
    assert_true(recv(fd, bytes, sizeof(bytes), 0) > 0);
    struct vl_span block = {bytes, sizeof(bytes)};
    unsigned written = 0;
    while (written < 100000 && vl_http_stream_write(open_stream, block))
        written++;
    assert_true(written < 100000);
    vl_http_stream_close(open_stream);
    close(fd);
}

/* --- TLS --- */

static char folder[64];

static bool run(const char *const *argv)
{
    pid_t pid = fork();
    int status = 1;
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)!freopen("/dev/null", "w", stdout);
        if (chdir(folder) == 0)
            execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool make_certificate(const char *name)
{
    char key[64], pem[64], subject[64];
    (void)snprintf(key, sizeof(key), "%s.key", name);
    (void)snprintf(pem, sizeof(pem), "%s.pem", name);
    (void)snprintf(subject, sizeof(subject), "/CN=%s", name);
    const char *const argv[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", subject, "-addext",
        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem, NULL};
    return run(argv);
}

static void read_file(const char *name, struct vl_buf *out)
{
    char path[256];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    vl_buf_init(out, 1 << 20);
    if (vl_file_read(path, 1 << 20, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)err;
    (void)response;
    vl_buf_append_span(user, bytes);
    return 0;
}

/* -1 where TLS fails. */
static long get_tls(const char *ca, const char *client, struct vl_buf *out)
{
    char url[64], ca_path[256], client_path[256];
    struct vl_err err = VL_ERR_INIT;
    struct vl_http_client *http VL_CLEANUP(vl_http_client_cleanup) = NULL;
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/who", vl_http_server_port(server));
    (void)snprintf(ca_path, sizeof(ca_path), "%s/%s", folder, ca);
    (void)snprintf(client_path, sizeof(client_path), "%s/%s", folder, client ? client : "");
    struct vl_http_options options = {.ca_file = ca_path, .client_cert = client ? client_path : NULL};
    assert_int_equal(vl_http_client_new(&options, &http, &err), 0);
    struct vl_http_request request = {.url = url};
    struct vl_http_response response = {0};
    int r = vl_http_perform(http, &request, take, out, NULL, &response, &err);
    long status = r < 0 ? -1 : response.status;
    vl_http_response_done(&response);
    return status;
}

static void test_tls(void **state)
{
    (void)state;
    struct vl_buf one VL_CLEANUP(vl_buf_done), one_key VL_CLEANUP(vl_buf_done), two VL_CLEANUP(vl_buf_done),
        two_key VL_CLEANUP(vl_buf_done), client VL_CLEANUP(vl_buf_done), out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    read_file("one.pem", &one);
    read_file("one.key", &one_key);
    read_file("two.pem", &two);
    read_file("two.key", &two_key);
    read_file("client.pem", &client);
    vl_buf_init(&out, 1 << 20);
    struct vl_http_server_options options = {.certificate_pem = vl_buf_span(&one),
        .key_pem = vl_buf_span(&two_key),
        .client_ca_pem = vl_buf_span(&client),
        .address = "127.0.0.1",
        .handle = handle};
    assert_true(vl_http_server_start(&options, &server, &err) < 0); /* the key of another */
    options.key_pem = vl_buf_span(&one_key);
    start(options);
    assert_int_equal(get_tls("one.pem", NULL, &out), 200);
    assert_string_equal(vl_buf_str(&out), "127.0.0.1 unknown");
    assert_int_equal(get_tls("two.pem", NULL, &out), -1);
    assert_true(vl_http_server_swap_certificate(server, vl_buf_span(&two), vl_buf_span(&one_key), &err) < 0);
    assert_int_equal(
        vl_http_server_swap_certificate(server, vl_buf_span(&two), vl_buf_span(&two_key), &err), 0);
    assert_int_equal(get_tls("two.pem", NULL, &out), 200);
    assert_int_equal(get_tls("one.pem", NULL, &out), -1);
    vl_buf_clear(&out);
    assert_int_equal(get_tls("two.pem", "client-both.pem", &out), 200);
    assert_string_equal(vl_buf_str(&out), "127.0.0.1 known");
    vl_buf_clear(&out);
    long stranger = get_tls("two.pem", "stranger-both.pem", &out);
    assert_true(stranger == -1 || strstr(vl_buf_str(&out), "unknown"));
}

static bool join(const char *name)
{
    char command[256];
    (void)snprintf(command, sizeof(command), "cat %s.pem %s.key > %s-both.pem", name, name, name);
    const char *const argv[] = {"sh", "-c", command, NULL};
    return run(argv);
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/vallum-http-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    return make_certificate("one") && make_certificate("two") && make_certificate("client") &&
                   make_certificate("stranger") && join("client") && join("stranger")
               ? 0
               : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    return run(argv) ? 0 : -1;
}

/* --- targets --- */

static void test_targets(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    static const struct {
        const char *target;
        size_t segments; /* SIZE_MAX: refused */
        const char *last;
    } rows[] = {{"/", 0, NULL}, {"/a", 1, "a"}, {"/a/", 1, "a"}, {"/a//b", 3, "b"}, {"/a%20b", 1, "a b"},
        {"/%2e", SIZE_MAX, NULL}, {"/a/.", SIZE_MAX, NULL}, {"/...", 1, "..."}, {"a", SIZE_MAX, NULL},
        {"", SIZE_MAX, NULL}, {"*", SIZE_MAX, NULL}, {"/a b", SIZE_MAX, NULL}, {"/a%0", SIZE_MAX, NULL},
        {"/a#b", SIZE_MAX, NULL}, {"/+", 1, "+"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_http_call call = {.arena = arena, .target = rows[i].target};
        bool good = vl_http_read_target(&call);
        if (good != (rows[i].segments != SIZE_MAX) || (good && call.n_segments != rows[i].segments))
            fail_msg("\"%s\": %zu segments", rows[i].target, call.n_segments);
        if (good && rows[i].last)
            assert_string_equal(call.segments[call.n_segments - 1], rows[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test_teardown(test_requests, stop),
        cmocka_unit_test_teardown(test_bad_requests, stop),
        cmocka_unit_test_teardown(test_keeps_connections, stop),
        cmocka_unit_test_teardown(test_slow_handlers, stop),
        cmocka_unit_test_teardown(test_streams, stop),
        cmocka_unit_test_teardown(test_tls, stop),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
