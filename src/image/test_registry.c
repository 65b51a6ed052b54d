/* tests: registry.c registry_http.c registry_list.c registry_push.c credentials.c artifact.c
 * Against a real registry (docker-registry), filled by skopeo. test_registry_http.c has the servers that
 * misbehave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/doc.h"
#include "image/artifact.h"
#include "image/image.h"
#include "image/layer.h"
#include "image/registry_list.h"
#include "test_made.h"
#include "test_support.h"

/* htpasswd -nbB anna pa:ss */
#define HTPASSWD "anna:$2b$05$abcdefghijklmnopqrstuuZImxV28ixwKVAA3Ib6WvqJ3jaF2SHwO\n"

struct registry {
    pid_t pid;
    int port;
};

static struct made made;
static struct registry open_one, closed_one;
static const struct vl_image_options anonymous = {.auth_file = "/dev/null"};
static const struct vl_image_options anna = {.username = "anna", .password = "pa:ss"};

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    VL_CLEANUP(vl_file_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        return -1;
    return ntohs(a.sin_port);
}

static bool listens(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    VL_CLEANUP(vl_file_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool start_registry(struct registry *r, const char *name, const char *more)
{
    char path[256];
    const struct timespec pause = {.tv_nsec = 50000000};
    r->port = free_port();
    made_put_text(&made, name,
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        "storage: {filesystem: {rootdirectory: %s/%s.data}, delete: {enabled: true}}\n"
        "http: {addr: \"127.0.0.1:%d\"}\n%s",
        made.folder, name, r->port, more);
    (void)snprintf(path, sizeof(path), "%s/%s", made.folder, name);
    r->pid = fork();
    if (r->pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)!freopen("/dev/null", "w", stdout);
        execlp("docker-registry", "docker-registry", "serve", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        if (waitpid(r->pid, NULL, WNOHANG) == r->pid) {
            r->pid = 0;
            return false;
        }
        if (listens(r->port))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static void stop_registry(struct registry *r)
{
    if (r->pid > 0) {
        (void)kill(r->pid, SIGTERM);
        (void)waitpid(r->pid, NULL, 0);
    }
}

/* skopeo copy with these options from the layout to REPOSITORY:TAG. */
static void push(const char *const *options, const struct registry *r, const char *name)
{
    char from[256], to[256], policy[256];
    const char *argv[24] = {"skopeo", "--policy", policy, "copy", "-q", "--dest-tls-verify=false"};
    size_t n = 6;
    (void)snprintf(policy, sizeof(policy), "%s/policy.json", made.folder);
    made_put_text(&made, "policy.json", "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    (void)snprintf(from, sizeof(from), "oci:%s:1.0", made.folder);
    (void)snprintf(to, sizeof(to), "docker://127.0.0.1:%d/%s", r->port, name);
    for (; options && *options; options++)
        argv[n++] = *options;
    argv[n++] = from;
    argv[n++] = to;
    assert_int_equal(support_run(argv), 0);
}

static int open_name(const struct registry *r, const char *name, const struct vl_image_options *options,
    struct vl_image **ret, struct vl_err *err)
{
    char full[256];
    (void)snprintf(full, sizeof(full), "127.0.0.1:%d/%s", r->port, name);
    vl_err_clear(err);
    return vl_image_open(full, options, ret, err);
}

static bool wants_nothing(const struct vl_layer_file *file, void *user)
{
    (void)file;
    (void)user;
    return false;
}

/* Pulls, and decompresses: the bytes must have the diff id of the configuration. */
static void check_layer(struct vl_image *image, size_t index)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = -1;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    VL_CLEANUP(vl_layer_paths_done) struct vl_layer_paths paths;
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    const struct vl_layer_visitor visitor = {.wants = wants_nothing};
    struct vl_layer_walk walk;
    char text[VL_DIGEST_TEXT_MAX];
    vl_layer_paths_init(&paths, arena);
    vl_notes_init(&notes, arena);
    assert_int_equal(vl_file_temp(NULL, &fd, &err), 0);
    if (vl_image_layer_fetch(image, index, fd, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(vl_stream_new_fd(fd, "layer", UINT64_MAX, &stream, &err), 0);
    if (vl_layer_walk(stream, "layer", &visitor, &paths, &notes, &walk, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(vl_digest_format(&walk.diff_id, text), vl_image_layer_diff_id(image, index));
    assert_string_equal(text, made.diff_id[index]);
}

static void check_image(const char *name, const struct registry *r, const struct vl_image_options *options)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    if (open_name(r, name, options, &image, &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
    assert_int_equal(vl_image_describe(image, inv, &err), 0);
    assert_string_equal(inv->target.arch, "amd64");
    assert_non_null(inv->target.digest);
    assert_int_equal(inv->target.n_tags, 1);
    assert_int_equal(vl_image_layer_count(image), 2);
    for (size_t i = 0; i < 2; i++)
        check_layer(image, i);
}

/* What skopeo can make of one image: all of it is the same image to us. */
static void test_formats(void **state)
{
    (void)state;
    push(NULL, &open_one, "shop/oci:1.0");
    push((const char *const[]){"--format", "v2s2", NULL}, &open_one, "shop/schema2:1.0");
    push((const char *const[]){"--dest-compress-format", "zstd", "--dest-compress", NULL}, &open_one,
        "shop/zstd:1.0");
    push((const char *const[]){"--dest-compress-format", "gzip", "--dest-compress-level", "9", NULL},
        &open_one, "shop/gzip:1.0");
    check_image("shop/oci:1.0", &open_one, &anonymous);
    check_image("shop/schema2:1.0", &open_one, &anonymous);
    check_image("shop/zstd:1.0", &open_one, &anonymous);
    check_image("shop/gzip:1.0", &open_one, &anonymous);
}

static void test_not_there(void **state)
{
    (void)state;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    assert_true(open_name(&open_one, "shop/oci:2.0", &anonymous, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "shop/oci/manifests/2.0"));
    assert_true(open_name(&open_one, "nothing:1.0", &anonymous, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
}

/* The real registry's catalogue and tags, with and without a password. */
static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const struct registry *registry;
        const struct vl_image_options *options;
    } rows[] = {{&open_one, &anonymous}, {&closed_one, &anna}};
    static const char *const creds[] = {"--preserve-digests", "--dest-creds", "anna:pa:ss", NULL};
    push((const char *const[]){"--preserve-digests", NULL}, &open_one, "list/a:1.0");
    push((const char *const[]){"--preserve-digests", NULL}, &open_one, "list/a:2.0");
    push(creds, &closed_one, "list/a:1.0");
    push(creds, &closed_one, "list/a:2.0");
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        VL_CLEANUP(vl_registry_list_cleanup) struct vl_registry_list *list = NULL;
        VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
        struct vl_err err = VL_ERR_INIT;
        struct vl_registry_entry entry;
        const char *const *names;
        size_t n, found = 0;
        char host[64];
        (void)snprintf(host, sizeof(host), "127.0.0.1:%d", rows[i].registry->port);
        assert_int_equal(vl_registry_list_open(host, "list/a", rows[i].options, &list, &err), 0);
        if (vl_registry_list_catalogue(list, arena, &names, &n, &err) < 0)
            fail_msg("%s", err.msg);
        for (size_t k = 0; k < n; k++)
            found += strcmp(names[k], "list/a") == 0;
        assert_int_equal(found, 1);
        if (vl_registry_list_tags(list, arena, &names, &n, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(n, 2);
        assert_string_equal(names[1], "2.0");
        if (vl_registry_list_entry(list, "2.0", arena, &entry, &err) < 0)
            fail_msg("%s", err.msg);
        assert_true(entry.is_image);
        assert_string_equal(entry.digest, made.manifest_digest);
        assert_true(vl_registry_list_entry(list, "3.0", arena, &entry, &err) < 0);
        assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    }
    VL_CLEANUP(vl_registry_list_cleanup) struct vl_registry_list *list = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(1UL << 20);
    struct vl_err err = VL_ERR_INIT;
    const char *const *names;
    size_t n;
    char host[64];
    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", closed_one.port);
    assert_int_equal(vl_registry_list_open(host, NULL, &anonymous, &list, &err), 0);
    assert_true(vl_registry_list_catalogue(list, arena, &names, &n, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
}

/* An index of two platforms, pushed whole. */
static void test_platforms(void **state)
{
    (void)state;
    struct made other = made;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    char digest[VL_DIGEST_TEXT_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf index;
    vl_buf_init(&index, 65536);
    vl_buf_init(&other.config, MADE_TEXT_MAX);
    vl_buf_init(&other.manifest, MADE_TEXT_MAX);
    made_config(&other, "linux", "arm64");
    made_put_blob(&made, other.config_digest, vl_buf_span(&other.config));
    made_put_blob(&made, other.manifest_digest, vl_buf_span(&other.manifest));
    vl_buf_printf(&index,
        "{\"schemaVersion\":2,\"mediaType\":\"" VL_MEDIA_OCI_INDEX "\",\"manifests\":["
        "{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
        "{\"mediaType\":\"" VL_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
        "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}}]}",
        made.manifest_digest, made.manifest.len, other.manifest_digest, other.manifest.len);
    support_digest(vl_buf_span(&index), digest);
    made_put_blob(&made, digest, vl_buf_span(&index));
    made_put_text(&made, "index.json",
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" VL_MEDIA_OCI_INDEX
        "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\"}}]"
        "}",
        digest, index.len);
    push((const char *const[]){"--all", "--preserve-digests", NULL}, &open_one, "shop/multi:1.0");
    made_put_index(&made, "");

    static const struct {
        const char *platform, *arch;
    } rows[] = {{"linux/amd64", "amd64"}, {"linux/arm64", "arm64"}, {"arm64/v8", NULL},
        {"linux/arm64/v8", "arm64"}, {"windows/amd64", NULL}, {"linux/s390x", NULL}};
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        const struct vl_image_options options = {.auth_file = "/dev/null", .platform = rows[i].platform};
        int r = open_name(&open_one, "shop/multi:1.0", &options, &image, &err);
        if (!rows[i].arch) {
            assert_true(r < 0);
            assert_int_equal(err.code, VL_ERR_NOT_FOUND);
            assert_non_null(strstr(err.msg, "there is linux/amd64, linux/arm64/v8"));
            continue;
        }
        if (r < 0)
            fail_msg("%s: %s", rows[i].platform, err.msg);
        VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inv = vl_inventory_new();
        assert_int_equal(vl_image_describe(image, inv, &err), 0);
        assert_string_equal(inv->target.arch, rows[i].arch);
        assert_string_equal(
            inv->target.digest, rows[i].arch[1] == 'm' ? made.manifest_digest : other.manifest_digest);
        vl_image_cleanup(&image);
    }
    vl_buf_done(&other.config);
    vl_buf_done(&other.manifest);
}

static void test_basic(void **state)
{
    (void)state;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    struct vl_err err = VL_ERR_INIT;
    char file[256];
    push((const char *const[]){"--dest-creds", "anna:pa:ss", NULL}, &closed_one, "shop/orders:1.0");
    check_image("shop/orders:1.0", &closed_one, &anna);
    assert_true(open_name(&closed_one, "shop/orders:1.0", &anonymous, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    assert_non_null(strstr(err.msg, "docker login 127.0.0.1:"));
    const struct vl_image_options wrong = {.username = "anna", .password = "nope"};
    assert_true(open_name(&closed_one, "shop/orders:1.0", &wrong, &image, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    /* The file that skopeo writes when it logs in. */
    char where[64];
    (void)snprintf(file, sizeof(file), "%s/auth.json", made.folder);
    (void)snprintf(where, sizeof(where), "127.0.0.1:%d", closed_one.port);
    const char *const login[] = {"skopeo", "login", "--tls-verify=false", "--authfile", file, "-u", "anna",
        "-p", "pa:ss", where, NULL};
    assert_int_equal(support_run(login), 0);
    const struct vl_image_options from_file = {.auth_file = file};
    check_image("shop/orders:1.0", &closed_one, &from_file);
}

/* Debian's registry has no referrers API: the tag of the specification stands in. skopeo reads what was
 * attached. */
static void test_attach(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    const char *one = NULL, *two = NULL;
    push(NULL, &open_one, "shop/attached:1.0");
    assert_int_equal(open_name(&open_one, "shop/attached:1.0", &anonymous, &image, &err), 0);
    VL_CLEANUP(vl_vec_done) struct vl_vec none = {0};
    assert_int_equal(vl_image_referrers(image, arena, &none, &err), 0);
    assert_int_equal(none.len, 0);
    if (vl_image_attach(image, "application/vnd.vallum.report+json", "application/json",
            VL_SPAN_LIT("{\"findings\":[]}"), arena, &one, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(
        vl_image_attach(image, "application/vnd.cyclonedx+json", "application/vnd.cyclonedx+json",
            VL_SPAN_LIT("{\"bomFormat\":\"CycloneDX\"}"), arena, &two, &err),
        0);
    /* The same once more is the same referrer. */
    const char *again = NULL;
    assert_int_equal(vl_image_attach(image, "application/vnd.vallum.report+json", "application/json",
                         VL_SPAN_LIT("{\"findings\":[]}"), arena, &again, &err),
        0);
    assert_string_equal(again, one);
    VL_CLEANUP(vl_vec_done) struct vl_vec list = {0};
    assert_int_equal(vl_image_referrers(image, arena, &list, &err), 0);
    assert_int_equal(list.len, 2);
    bool seen = false;
    for (size_t i = 0; i < list.len; i++) {
        const struct vl_image_referrer *ref = vl_vec_at(&list, i);
        VL_CLEANUP(vl_buf_done) struct vl_buf content;
        vl_buf_init(&content, 1024);
        assert_int_equal(vl_image_referrer_read(image, ref->digest, &content, &err), 0);
        if (strcmp(ref->digest, one) == 0) {
            seen = true;
            assert_string_equal(ref->artifact_type, "application/vnd.vallum.report+json");
            assert_string_equal(ref->media_type, "application/json");
            assert_string_equal(vl_buf_str(&content), "{\"findings\":[]}");
        }
    }
    assert_true(seen);
    /* The image itself is as it was, and another program accepts what was stored. */
    check_image("shop/attached:1.0", &open_one, &anonymous);
    char name[256];
    (void)snprintf(name, sizeof(name), "docker://127.0.0.1:%d/shop/attached@%s", open_one.port, one);
    const char *const inspect[] = {"skopeo", "inspect", "--tls-verify=false", "--raw", name, NULL};
    assert_int_equal(support_run(inspect), 0);
}

/* Pushing wants another scope than pulling, and the credentials again. */
static void test_attach_with_credentials(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_vec_done) struct vl_vec list = {0};
    const char *digest = NULL;
    push((const char *const[]){"--dest-creds", "anna:pa:ss", NULL}, &closed_one, "shop/signed:1.0");
    assert_int_equal(open_name(&closed_one, "shop/signed:1.0", &anna, &image, &err), 0);
    assert_int_equal(vl_image_attach(image, "a/b", "text/plain", VL_SPAN_LIT("x"), arena, &digest, &err), 0);
    assert_int_equal(vl_image_referrers(image, arena, &list, &err), 0);
    assert_int_equal(list.len, 1);
}

static void test_artifact(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_image_artifact_cleanup) struct vl_image_artifact *artifact = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf got;
    static const char type[] = "application/vnd.vallum.test";
    const struct vl_image_artifact_part parts[] = {{"one.bin", "application/x-one", VL_SPAN_LIT("first")},
        {NULL, "application/x-two", VL_SPAN_LIT("second")}};
    char name[512];
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/shop/data:7", closed_one.port);
    vl_buf_init(&got, 1024);
    assert_int_equal(vl_image_artifact_push(name, &anna, type, parts, 2, &err), 0);
    assert_int_equal(vl_image_artifact_open(name, &anna, type, &artifact, &err), 0);
    assert_int_equal(vl_image_artifact_read(artifact, "application/x-two", &got, &err), 0);
    assert_string_equal(vl_buf_str(&got), "second");
    assert_int_equal(vl_image_artifact_read(artifact, "application/x-one", &got, &err), 0);
    assert_string_equal(vl_buf_str(&got), "secondfirst");
    assert_true(vl_image_artifact_read(artifact, "application/x-three", &got, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    struct vl_image_artifact *none = NULL;
    assert_true(vl_image_artifact_open(name, &anna, "application/other", &none, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
    assert_true(vl_image_artifact_open(name, &anonymous, type, &none, &err) < 0);
    assert_int_equal(err.code, VL_ERR_AUTH);
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/shop/signed:1.0", closed_one.port);
    assert_true(vl_image_artifact_open(name, &anna, type, &none, &err) < 0); /* an image is none */
    assert_int_equal(err.code, VL_ERR_INVALID);
    (void)snprintf(name, sizeof(name), "127.0.0.1:%d/shop/data@%s", closed_one.port, made.manifest_digest);
    assert_true(vl_image_artifact_push(name, &anna, type, parts, 2, &err) < 0);
    assert_int_equal(err.code, VL_ERR_USAGE);
}

/* A blob that was damaged on the registry's disk: same length, one bit. */
static void test_damaged(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_file_close) int out = -1;
    char path[1024], byte = 0;
    const char *hex = made.digest[1] + 7;
    push((const char *const[]){"--dest-creds", "anna:pa:ss", "--preserve-digests", NULL}, &closed_one,
        "shop/damaged:1.0");
    assert_int_equal(open_name(&closed_one, "shop/damaged:1.0", &anna, &image, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/closed.yml.data/docker/registry/v2/blobs/sha256/%.2s/%s/data",
        made.folder, hex, hex);
    VL_CLEANUP(vl_file_close) int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, 1000), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 1000), 1);
    assert_int_equal(vl_file_temp(NULL, &out, &err), 0);
    assert_true(vl_image_layer_fetch(image, 1, out, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    assert_non_null(strstr(err.msg, made.digest[1]));
}

int main(void)
{
    char more[512];
    static const char *const no_skopeo[] = {"skopeo", "--version", NULL};
    (void)signal(SIGPIPE, SIG_IGN);
    made_new(&made, 0);
    made_put_index(&made, "");
    made_put_text(&made, "htpasswd", "%s", HTPASSWD);
    (void)snprintf(more, sizeof(more), "auth: {htpasswd: {realm: shop, path: %s/htpasswd}}\n", made.folder);
    int status = 77;
    if (support_run(no_skopeo) != 0 || !start_registry(&open_one, "open.yml", "") ||
        !start_registry(&closed_one, "closed.yml", more)) {
        (void)printf("skipped: needs the programs docker-registry and skopeo\n");
    } else {
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_formats),
            cmocka_unit_test(test_not_there),
            cmocka_unit_test(test_lists),
            cmocka_unit_test(test_platforms),
            cmocka_unit_test(test_basic),
            cmocka_unit_test(test_attach),
            cmocka_unit_test(test_attach_with_credentials),
            cmocka_unit_test(test_artifact),
            cmocka_unit_test(test_damaged),
        };
        status = cmocka_run_group_tests(tests, NULL, NULL);
    }
    stop_registry(&open_one);
    stop_registry(&closed_one);
    made_done(&made);
    return status;
}
