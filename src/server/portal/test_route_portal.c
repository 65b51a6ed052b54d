/* tests: route_portal.c
 *
 * Every file of portal/dist as the server sends it, against the file itself; headers by RFC 9110, RFC 9111
 * (Cache-Control), RFC 8246 (immutable) and Content Security Policy Level 3. A real browser sees the pages in
 * tests/functional/test_portal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/stream.h"
#include "net/http_client.h"
#include "portal/portal.h"
#include "test_server.h"

#define FILE_MAX (4UL * 1024 * 1024)

struct got {
    struct vl_http_response response;
    struct vl_buf body;
};

static int take(struct vl_span bytes, const struct vl_http_response *response, void *user, struct vl_err *err)
{
    (void)response;
    (void)err;
    vl_buf_append_span(user, bytes);
    return 0;
}

static void got_done(struct got *got)
{
    vl_http_response_done(&got->response);
    vl_buf_done(&got->body);
}

/* Nobody is logged in: the pages are for everybody, what they show is not. */
static long ask(const struct vl_test_server *s, const char *path, const char *encoding, struct got *ret)
{
    char url[512], ca[128];
    struct vl_err err = VL_ERR_INIT;
    struct vl_http_client *client VL_CLEANUP(vl_http_client_cleanup) = NULL;
    const struct vl_http_header accept = {"Accept-Encoding", encoding};
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u%s", vl_http_server_port(s->app.http), path);
    (void)snprintf(ca, sizeof(ca), "%s/ca.pem", s->folder);
    struct vl_http_options options = {.ca_file = ca};
    struct vl_http_request request = {.method = "GET",
        .url = url,
        .headers = &accept,
        .n_headers = encoding ? 1 : 0,
        .max_bytes = FILE_MAX,
        .body_fd = -1};
    *ret = (struct got){0};
    vl_buf_init(&ret->body, FILE_MAX);
    if (vl_http_client_new(&options, &client, &err) < 0 ||
        vl_http_perform(client, &request, take, &ret->body, NULL, &ret->response, &err) < 0)
        fail_msg("%s: %s", path, err.msg);
    return ret->response.status;
}

static void header_is(const struct got *got, const char *name, const char *want)
{
    const char *value = vl_http_response_header(&got->response, name);
    assert_string_equal(value ? value : "(absent)", want);
}

static void read_dist(const char *name, struct vl_buf *out)
{
    const char *source = getenv("VALLUM_CHECKOUT");
    char path[512];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(path, sizeof(path), "%s/portal/dist/%s", source ? source : ".", name);
    vl_buf_clear(out);
    if (vl_file_read(path, FILE_MAX, out, &err) < 0)
        fail_msg("%s", err.msg);
}

static void unpack(const struct vl_buf *packed, size_t want, char *out)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_stream *below = NULL, *plain VL_CLEANUP(vl_stream_cleanup) = NULL;
    if (vl_stream_new_span(vl_buf_span(packed), &below, &err) < 0 ||
        vl_stream_new_decompress(below, VL_COMPRESSION_GZIP, FILE_MAX, &plain, &err) < 0 ||
        vl_stream_read_all(plain, out, want, &err) < 0 || vl_stream_drain(plain, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(vl_stream_position(plain), want);
}

static void test_assets(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_buf want VL_CLEANUP(vl_buf_done);
    size_t scripts = 0;
    vl_buf_init(&want, FILE_MAX);
    for (const struct vl_portal_file *file = vl_portal_files; file->name; file++) {
        char path[256];
        struct got got VL_CLEANUP(got_done);
        if (strcmp(file->name, "index.html") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "/%s", file->name);
        read_dist(file->name, &want);
        assert_int_equal(ask(s, path, NULL, &got), 200);
        assert_int_equal(got.body.len, want.len);
        assert_memory_equal(got.body.ptr, want.ptr, want.len);
        header_is(&got, "cache-control", "public, max-age=31536000, immutable");
        header_is(&got, "x-content-type-options", "nosniff");
        header_is(&got, "content-encoding", "(absent)");
        header_is(&got, "vary", "Accept-Encoding");
        if (strstr(file->name, ".js")) {
            header_is(&got, "content-type", "text/javascript; charset=utf-8");
            scripts++;
        }
    }
    assert_true(scripts >= 1);
}

static void test_gzip(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_buf want VL_CLEANUP(vl_buf_done);
    static char plain[FILE_MAX];
    static const char *const refused[] = {"gzip;q=0", "gzip; q=0.000", "br, deflate", "x-gzipped", ""};
    vl_buf_init(&want, FILE_MAX);
    for (const struct vl_portal_file *file = vl_portal_files; file->name; file++) {
        char path[256];
        struct got got VL_CLEANUP(got_done);
        (void)snprintf(path, sizeof(path), "/%s", strcmp(file->name, "index.html") == 0 ? "" : file->name);
        read_dist(file->name, &want);
        assert_int_equal(ask(s, path, "br;q=1, GZIP ; q=0.5", &got), 200);
        header_is(&got, "content-encoding", "gzip");
        unpack(&got.body, want.len, plain);
        assert_memory_equal(plain, want.ptr, want.len);
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(refused); i++) {
        struct got got VL_CLEANUP(got_done);
        assert_int_equal(ask(s, "/", refused[i], &got), 200);
        header_is(&got, "content-encoding", "(absent)");
    }
}

static void test_pages(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const pages[] = {"/", "/ui", "/ui/", "/ui/images",
        "/ui/images/sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef?tab=layers",
        "/ui/vulnerabilities/CVE-2024-1234", "/ui/a/b/c/d", "/ui/openssl-1.1.1", "/ui/libc.so.6"};
    struct vl_buf want VL_CLEANUP(vl_buf_done);
    vl_buf_init(&want, FILE_MAX);
    read_dist("index.html", &want);
    for (size_t i = 0; i < VL_ARRAY_LEN(pages); i++) {
        struct got got VL_CLEANUP(got_done);
        assert_int_equal(ask(s, pages[i], NULL, &got), 200);
        assert_string_equal(vl_buf_str(&got.body), vl_buf_str(&want));
        header_is(&got, "content-type", "text/html; charset=utf-8");
        header_is(&got, "cache-control", "no-cache");
        header_is(&got, "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
            "'self'; base-uri "
            "'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'");
        header_is(&got, "x-frame-options", "DENY");
        header_is(&got, "referrer-policy", "no-referrer");
        header_is(&got, "cross-origin-opener-policy", "same-origin");
    }
}

static void test_nothing_else(void **state)
{
    struct vl_test_server *s = *state;
    static const char *const absent[] = {"/assets/app.js", "/assets/", "/assets", "/assets/index.html",
        "/ui/app.js", "/ui/favicon.ico", "/index.html", "/assets/..%2Findex.html", "/uix"};
    for (size_t i = 0; i < VL_ARRAY_LEN(absent); i++) {
        struct got got VL_CLEANUP(got_done);
        long status = ask(s, absent[i], NULL, &got);
        if (status != 404)
            fail_msg("%s: %ld", absent[i], status);
        header_is(&got, "cache-control", "no-store");
    }
    struct got other VL_CLEANUP(got_done);
    assert_int_equal(ask(s, "/assets/%2e%2e", NULL, &other), 400); /* is ".." */
    (void)vl_test_call(s, 0, "POST", "/ui/images", "{}", 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assets),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_nothing_else),
    };
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
