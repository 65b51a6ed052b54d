/* tests: registry.c registry_http.c registry_push.c
 * Against tests/servers/fake_registry.py, which misbehaves in one way for each repository. What is expected:
 * the distribution-spec and the limits of registry.h. test_registry.c uses a real registry. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "image/image.h"
#include "net/http_client.h"
#include "test_made.h"
#include "test_support.h"

#define FILLER 300000

static struct support_server server;
static struct made made;
static int port, other_port;

static int open_repository(
    const char *repository, const struct vl_image_options *options, struct vl_image **ret, struct vl_err *err)
{
    char name[256];
    static const struct vl_image_options anonymous = {.auth_file = "/dev/null", .pause_ms = 20};
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/%s:1.0", port, repository);
    vl_err_clear(err);
    return vl_image_open(name, options ? options : &anonymous, ret, err);
}

static int fetch(struct vl_image *image, size_t layer, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = -1;
    assert_int_equal(vl_file_temp(NULL, &fd, err), 0);
    int r = vl_image_layer_fetch(image, layer, fd, err);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct vl_err ignored = VL_ERR_INIT;
    assert_int_equal(vl_file_read_fd(fd, "layer", out->max, out, &ignored), 0);
    return r;
}

/* Opens, pulls both layers, compares the bytes. */
static int pull(const char *repository, const struct vl_image_options *options, struct vl_err *err)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    int r = open_repository(repository, options, &image, err);
    for (size_t i = 0; r >= 0 && i < 2; i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf got;
        vl_buf_init(&got, 16UL << 20);
        assert_int_equal(vl_image_layer_count(image), 2);
        r = fetch(image, i, &got, err);
        if (r >= 0)
            assert_true(vl_span_eq(vl_buf_span(&got), vl_buf_span(&made.blob[i])));
    }
    return r;
}

static void get_log(struct vl_buf *log)
{
    VL_CLEANUP(vl_http_client_cleanup) struct vl_http_client *client = NULL;
    struct vl_err err = VL_ERR_INIT;
    char url[128];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/log", port);
    assert_int_equal(vl_http_client_new(NULL, &client, &err), 0);
    assert_int_equal(vl_http_get(client, url, log, &err), 0);
}

/* Requests with both texts in their line of the log. */
static size_t count_requests(const char *a, const char *b)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf log;
    size_t n = 0;
    vl_buf_init(&log, 16UL << 20);
    get_log(&log);
    struct vl_span rest = vl_buf_span(&log), line;
    while (vl_span_split_line(&rest, &line))
        n += vl_span_find(line, vl_span_str(a)) != SIZE_MAX && vl_span_find(line, vl_span_str(b)) != SIZE_MAX;
    return n;
}

static void test_good(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    static const char *const repositories[] = {
        "good", "cut", "cut-anew", "flaky", "bearer", "tired", "unscoped"};
    for (size_t i = 0; i < VL_ARRAY_LEN(repositories); i++) {
        if (pull(repositories[i], NULL, &err) < 0)
            fail_msg("%s: %s", repositories[i], err.msg);
    }
    /* What was delivered is not asked for again where ranges are known; each byte went over the wire once. */
    assert_true(count_requests("/v2/cut/blobs/", made.digest[1]) > 3);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *repository;
        enum vl_err_code code;
        const char *says;
    } rows[] = {
        {"wrong-manifest", VL_ERR_NONE, NULL}, /* by tag any bytes are the manifest: no promise is broken */
        {"lying-header", VL_ERR_CORRUPT, "sha256:0000"},
        {"wrong-layer", VL_ERR_CORRUPT, "its bytes have the digest sha256:"},
        {"long-layer", VL_ERR_LIMIT, "answers with more than"},
        {"small-layer", VL_ERR_CORRUPT, "instead of the"},
        {"no-layer", VL_ERR_NOT_FOUND, "BLOB_UNKNOWN"},
        {"loop", VL_ERR_LIMIT, "redirects more than"},
        {"endless", VL_ERR_LIMIT, "manifests/1.0"},
        {"busy", VL_ERR_UNREACHABLE, "a pause for 3600 s"},
        {"down", VL_ERR_UNREACHABLE, "disk on fire"},
        {"denied", VL_ERR_AUTH, "access is not allowed"},
        {"html", VL_ERR_INVALID, "HTML page"},
        {"schema1", VL_ERR_UNSUPPORTED, "schema 1"},
        {"basic", VL_ERR_AUTH, "docker login 127.0.0.1:"},
        {"empty", VL_ERR_INVALID, "without a token"},
        {"page", VL_ERR_INVALID, "token server"},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        struct vl_err err = VL_ERR_INIT;
        int64_t begin = vl_time_monotonic_us();
        int r = pull(rows[i].repository, NULL, &err);
        if ((r < 0) != (rows[i].code != VL_ERR_NONE) || (r < 0 && err.code != rows[i].code) ||
            (rows[i].says && !strstr(err.msg, rows[i].says)))
            fail_msg("%s: code %d, %s", rows[i].repository, err.code, err.msg);
        if (vl_time_monotonic_us() - begin > 20 * 1000000LL)
            fail_msg(
                "%s takes %lld s", rows[i].repository, (long long)(vl_time_monotonic_us() - begin) / 1000000);
        for (const char *p = err.msg; *p; p++) /* what a server says is shown on terminals */
            assert_true((unsigned char)*p >= 32);
    }
    /* Retry-After of an hour is no reason to wait, nor to ask at once again. */
    assert_int_equal(count_requests("/v2/busy/", "GET"), 1);
    assert_int_equal(count_requests("/v2/down/", "GET"), 5);
}

static void test_by_digest(void **state)
{
    (void)state;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_image_options options = {.auth_file = "/dev/null", .pause_ms = 20};
    char name[512];
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/wrong-manifest@%s", port, made.manifest_digest);
    assert_true(vl_image_open(name, &options, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/good@%s", port, made.manifest_digest);
    assert_int_equal(vl_image_open(name, &options, &image, &err), 0);
    vl_image_cleanup(&image);
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/good:2.0", port);
    assert_true(vl_image_open(name, &options, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "MANIFEST_UNKNOWN"));
}

/* A byte every 200 ms is no transfer. */
static void test_slow(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_image_options options = {.auth_file = "/dev/null", .stall_ms = 1000, .pause_ms = 20};
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    vl_buf_init(&got, 16UL << 20);
    assert_int_equal(open_repository("slow", &options, &image, &err), 0);
    int64_t begin = vl_time_monotonic_us();
    assert_true(fetch(image, 1, &got, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    assert_non_null(strstr(err.msg, made.digest[1]));
    assert_true(vl_time_monotonic_us() - begin < 90 * 1000000LL);
    assert_int_equal(count_requests("/v2/slow/blobs/", made.digest[1]), 5);
}

static void test_reader_gone(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    int ends[2];
    assert_int_equal(open_repository("good/reader/good", NULL, &image, &err), 0);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(vl_image_layer_fetch(image, 1, ends[1], &err), -EPIPE);
    close(ends[1]);
    assert_int_equal(count_requests("/v2/good/reader/good/blobs/", made.digest[1]), 1);
}

#define BASIC "Basic YW5uYTpwYTpzcw=="

static void test_credentials_stay(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    char to_other[32], mirror[64];
    const struct vl_image_options anna = {.username = "anna", .password = "pa:ss"};
    const struct vl_image_options stranger = {.username = "anna", .password = "no"};
    assert_int_equal(pull("basic", &anna, &err), 0);
    assert_true(pull("basic", &stranger, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_int_equal(pull("elsewhere", &anna, &err), 0);
    (void)snprintf(to_other, sizeof(to_other), "%d\tGET", other_port);
    assert_true(count_requests(to_other, "/v2/open/blobs/") >= 3);
    assert_int_equal(count_requests(to_other, BASIC), 0);
    /* Nor to a mirror, which lacks a layer here: that comes from the registry. */
    (void)snprintf(mirror, sizeof(mirror), "127.0.0.1:%d=127.0.0.1:%d/mirror", port, other_port);
    const char *const mirrors[] = {mirror};
    const struct vl_image_options mirrored = {
        .username = "anna", .password = "pa:ss", .mirrors = mirrors, .n_mirrors = 1};
    assert_int_equal(pull("no-layer", &mirrored, &err) < 0, 1);
    assert_int_equal(pull("basic", &mirrored, &err), 0);
    assert_true(count_requests(to_other, "/v2/mirror/basic/") > 0);
    assert_int_equal(count_requests(to_other, BASIC), 0);
    assert_true(count_requests("/v2/basic/", BASIC) > 0);
    const char *const wrong[] = {"no equals sign"};
    const struct vl_image_options badly = {.mirrors = wrong, .n_mirrors = 1};
    assert_true(pull("good", &badly, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

static int referrers_of(
    const char *repository, struct vl_vec *ret, struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    assert_int_equal(open_repository(repository, NULL, &image, err), 0);
    return vl_image_referrers(image, arena, ret, err);
}

static void test_referrers(void **state)
{
    (void)state;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    static const char *const paged[] = {"pages", "pages-whole"};
    for (size_t i = 0; i < VL_ARRAY_LEN(paged); i++) {
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_vec_done) struct vl_vec list = {0};
        if (referrers_of(paged[i], &list, arena, &err) < 0)
            fail_msg("%s: %s", paged[i], err.msg);
        assert_int_equal(list.len, 3);
        const struct vl_image_referrer *last = vl_vec_at(&list, 2);
        assert_string_equal(last->artifact_type, "application/vnd.test.2");
        assert_string_equal(last->media_type, "text/plain");
    }
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_vec_done) struct vl_vec list = {0};
    assert_true(referrers_of("pages-away", &list, arena, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_true(referrers_of("pages-endless", &list, arena, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_int_equal(referrers_of("gone", &list, arena, &err), 0);
    assert_int_equal(list.len, 1);
    const struct vl_image_referrer *gone = vl_vec_at(&list, 0);
    assert_string_equal(gone->artifact_type, "application/vnd.gone");
    VL_CLEANUP(vl_vec_done) struct vl_vec none = {0};
    assert_int_equal(referrers_of("good", &none, arena, &err), 0);
    assert_int_equal(none.len, 0);
}

static void test_attach(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    const char *digest = NULL;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *good = NULL;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *away = NULL;
    /* No OCI-Subject in the answer: listed under the tag too. */
    assert_int_equal(open_repository("attached/good", NULL, &good, &err), 0);
    assert_int_equal(vl_image_attach(good, "application/vnd.vallum.report+json", "application/json",
                         VL_SPAN_LIT("{\"a\":1}"), arena, &digest, &err),
        0);
    char tag[VL_DIGEST_TEXT_MAX + 64];
    (void)snprintf(tag, sizeof(tag), "PUT\t/v2/attached/good/manifests/sha256-%s", made.manifest_digest + 7);
    assert_int_equal(count_requests(tag, digest), 1);
    assert_true(count_requests("PUT\t/v2/attached/good/blobs/uploads/some?state=1&digest=sha256", "") == 2);
    /* A registry that answers OCI-Subject lists by itself. */
    VL_CLEANUP(vl_image_cleanup) struct vl_image *subjects = NULL;
    assert_int_equal(open_repository("subjects", NULL, &subjects, &err), 0);
    assert_int_equal(vl_image_attach(subjects, "application/vnd.vallum.report+json", "application/json",
                         VL_SPAN_LIT("{\"a\":1}"), arena, &digest, &err),
        0);
    assert_int_equal(count_requests("PUT\t/v2/subjects/manifests/sha256-", ""), 0);
    /* Uploads go nowhere else. */
    assert_int_equal(open_repository("upload-away", NULL, &away, &err), 0);
    assert_true(vl_image_attach(away, "a/b", "text/plain", VL_SPAN_LIT("x"), arena, &digest, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_int_equal(count_requests("PUT", "/v2/open/"), 0);
}

static void test_nobody_there(void **state)
{
    (void)state;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    const struct vl_image_options options = {.auth_file = "/dev/null", .pause_ms = 20};
    int64_t begin = vl_time_monotonic_us();
    assert_true(vl_image_open("127.0.0.1:1/a:1", &options, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    assert_non_null(strstr(err.msg, "127.0.0.1:1"));
    assert_true(vl_time_monotonic_us() - begin < 5 * 1000000LL);
    /* Plain http is for this machine; a name that begins like its address is another one. */
    assert_true(vl_http_is_loopback("127.0.0.1:5000") && vl_http_is_loopback("LOCALHOST") &&
                vl_http_is_loopback("[::1]:80") && vl_http_is_loopback("127.255.0.1"));
    assert_false(vl_http_is_loopback("127.0.0.1.example.org") || vl_http_is_loopback("127.evil:80") ||
                 vl_http_is_loopback("localhost.example") || vl_http_is_loopback("[::1].x") ||
                 vl_http_is_loopback("") || vl_http_is_loopback("128.0.0.1"));
}

int main(void)
{
    char script[1024];
    (void)signal(SIGPIPE, SIG_IGN);
    made_new(&made, FILLER);
    made_put_index(&made, "");
    const char *const argv[] = {
        "python3", support_source("tests/servers/fake_registry.py", script), made.folder, NULL};
    if (!support_server_start(&server, argv) || sscanf(server.line, "%d %d", &port, &other_port) != 2) {
        (void)printf("skipped: python3 cannot run tests/servers/fake_registry.py\n");
        made_done(&made);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_by_digest),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_reader_gone),
        cmocka_unit_test(test_credentials_stay),
        cmocka_unit_test(test_referrers),
        cmocka_unit_test(test_attach),
        cmocka_unit_test(test_nobody_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    support_server_stop(&server);
    made_done(&made);
    return failed;
}
