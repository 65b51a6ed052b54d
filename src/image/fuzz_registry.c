/* A registry whose answers are the input: each begins with its status and its headers, one a line, and an
 * empty line; a line "=" ends it. The first line says what is asked: "list", "entry", "image" (with its
 * layers and what lies beside it), "artifact"; "token", "entra" and "refresh" are "image" with a token of the
 * user's. After the last answer everything is 404. A small server on the loopback gives them, so that all
 * between the socket and the caller is in it. "@HOST@" stands for its address. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "image/artifact.h"
#include "image/image.h"
#include "image/registry_list.h"

#define REQUEST_MAX 65536
#define LAYERS_MAX  4
#define HOST        "@HOST@"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int X509_STORE_load_file(void *store, const char *file);
int X509_STORE_load_path(void *store, const char *path);

/* In place of libcrypto's, for libcurl: no greeting of TLS is answered here, so that no authority is asked;
 * reading them all anew for each input took nearly all of the time. */
int X509_STORE_load_file(void *store, const char *file)
{
    return store && file;
}

int X509_STORE_load_path(void *store, const char *path)
{
    return store && path;
}

static struct {
    pthread_mutex_t lock;
    struct vl_span rest; /* answers that were not given yet */
    int fd;              /* listens */
    unsigned port;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static struct vl_span next_answer(void)
{
    struct vl_span all = server.rest;
    size_t end = vl_span_find(all, VL_SPAN_LIT("\n=\n"));
    server.rest = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(all, end + 3, all.len);
    return vl_span_slice(all, 0, end == SIZE_MAX ? all.len : end);
}

/* False for a greeting of TLS, which is not answered. */
static bool hear_request(int fd)
{
    char bytes[REQUEST_MAX];
    size_t n = 0;
    while (n < sizeof(bytes)) {
        ssize_t got = read(fd, bytes + n, sizeof(bytes) - n);
        if (got <= 0 || (n == 0 && bytes[0] == 0x16))
            return false;
        n += (size_t)got;
        if (vl_span_find((struct vl_span){bytes, n}, VL_SPAN_LIT("\r\n\r\n")) != SIZE_MAX)
            return true;
    }
    return false;
}

static void answer(int fd)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_span said, line;
    uint64_t status = 404;
    vl_buf_init(&out, 1UL << 24);
    pthread_mutex_lock(&server.lock);
    said = next_answer();
    if (vl_span_split_line(&said, &line) &&
        (!vl_span_to_u64(vl_span_trim(line), &status) || status < 200 || status > 599))
        status = 500;
    vl_buf_printf(&out, "HTTP/1.1 %u X\r\nConnection: close\r\n", (unsigned)status);
    while (vl_span_split_line(&said, &line) && line.len) {
        size_t host = vl_span_find(line, VL_SPAN_LIT(HOST));
        vl_buf_append_span(&out, vl_span_slice(line, 0, host));
        if (host != SIZE_MAX) {
            vl_buf_printf(&out, "http://127.0.0.1:%u", server.port);
            vl_buf_append_span(&out, vl_span_slice(line, host + strlen(HOST), line.len));
        }
        vl_buf_append_str(&out, "\r\n");
    }
    vl_buf_printf(&out, "Content-Length: %zu\r\n\r\n", said.len);
    vl_buf_append_span(&out, said);
    pthread_mutex_unlock(&server.lock);
    (void)!vl_file_write_fd(fd, "answer", vl_buf_span(&out), &ignored);
}

static void *serve(void *unused)
{
    for (;;) {
        int fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return unused;
        if (hear_request(fd))
            answer(fd);
        (void)shutdown(fd, SHUT_WR);
        close(fd);
    }
}

static bool start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    pthread_t thread;
    if (server.fd >= 0)
        return true;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return false;
    server.fd = fd;
    server.port = ntohs(at.sin_port);
    return pthread_create(&thread, NULL, serve, NULL) == 0 && pthread_detach(thread) == 0;
}

static void must_say_why(int r, struct vl_err *err)
{
    if (r < 0 && err->msg[0] == '\0')
        abort();
    vl_err_clear(err);
}

static void ask_list(
    const char *host, const struct vl_image_options *options, bool entry, struct vl_arena *arena)
{
    VL_CLEANUP(vl_registry_list_cleanup) struct vl_registry_list *list = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_registry_entry e;
    const char *const *names = NULL;
    size_t n = 0;
    if (vl_registry_list_open(host, "shop/a", options, &list, &err) < 0)
        abort();
    if (entry) {
        must_say_why(vl_registry_list_entry(list, "latest", arena, &e, &err), &err);
        return;
    }
    for (int i = 0; i < 2; i++) {
        int r = i ? vl_registry_list_tags(list, arena, &names, &n, &err)
                  : vl_registry_list_catalogue(list, arena, &names, &n, &err);
        for (size_t k = 0; r >= 0 && k < n; k++)
            if (names[k][0] == '\0' || names[k][0] == '/' || strstr(names[k], ".."))
                if (i == 0 || strchr(names[k], '/'))
                    abort();
        must_say_why(r, &err);
    }
}

static void ask_image(const char *name, const struct vl_image_options *options, struct vl_arena *arena)
{
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_vec_done) struct vl_vec referrers = {0};
    VL_CLEANUP(vl_file_close) int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    struct vl_err err = VL_ERR_INIT;
    const char *digest = NULL;
    vl_buf_init(&out, 1UL << 20);
    int r = vl_image_open(name, options, &image, &err);
    must_say_why(r, &err);
    if (r < 0)
        return;
    for (size_t i = 0; i < vl_image_layer_count(image) && i < LAYERS_MAX; i++)
        must_say_why(vl_image_layer_fetch(image, i, sink, &err), &err);
    must_say_why(vl_image_referrers(image, arena, &referrers, &err), &err);
    for (size_t i = 0; i < referrers.len && i < LAYERS_MAX; i++) {
        const struct vl_image_referrer *f = vl_vec_at(&referrers, i);
        vl_buf_clear(&out);
        must_say_why(vl_image_referrer_read(image, f->digest, &out, &err), &err);
    }
    must_say_why(
        vl_image_attach(image, "application/x", "text/plain", VL_SPAN_LIT("x"), arena, &digest, &err), &err);
}

static void ask_artifact(const char *name, const struct vl_image_options *options)
{
    VL_CLEANUP(vl_image_artifact_cleanup) struct vl_image_artifact *artifact = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    const struct vl_image_artifact_part part = {"text/plain", "x", VL_SPAN_LIT("x")};
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&out, 1UL << 20);
    int r = vl_image_artifact_open(name, options, "application/x", &artifact, &err);
    must_say_why(r, &err);
    if (r >= 0)
        must_say_why(vl_image_artifact_read(artifact, "text/plain", &out, &err), &err);
    must_say_why(vl_image_artifact_push(name, options, "application/x", &part, 1, &err), &err);
}

static size_t count(struct vl_span text, const char *word)
{
    size_t n = 0, len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++)
        n += vl_span_eq_nocase(vl_span_slice(text, i, i + len), vl_span_str(word));
    return n;
}

/* "Retry-After" would make it wait, and an address elsewhere lead elsewhere. */
static bool stays_here(struct vl_span text)
{
    static const char *const never[] = {"etry", "//", "\\", "ttp"};
    for (size_t i = 0; i < VL_ARRAY_LEN(never); i++)
        if (count(text, never[i]))
            return false;
    return count(text, "ealm") == count(text, "ealm=\"" HOST) &&
           count(text, "ocation") == count(text, "ocation: " HOST "/") + count(text, "ocation: /v2/");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL << 20);
    struct vl_span rest = {(const char *)data, size}, what = VL_SPAN_EMPTY;
    char host[32], name[64];
    if (!arena || !start() || !stays_here(rest))
        return 0;
    (void)vl_span_split_line(&rest, &what);
    pthread_mutex_lock(&server.lock);
    server.rest = rest;
    pthread_mutex_unlock(&server.lock);
    struct vl_image_options options = {
        .username = "u", .password = "p", .platform = "linux/amd64", .pause_ms = 1, .stall_ms = 1000};
    /* the middle of the second: {"iss":"sts.windows.net"}, of the third: {"grant_type":"refresh_token"} */
    static const char *const tokens[][2] = {{"token", "a-token"},
        {"entra", "a.eyJpc3MiOiJzdHMud2luZG93cy5uZXQifQ.c"},
        {"refresh", "a.eyJncmFudF90eXBlIjoicmVmcmVzaF90b2tlbiJ9.c"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(tokens); i++)
        if (vl_span_eq_str(what, tokens[i][0]))
            options = (struct vl_image_options){.token = tokens[i][1], .pause_ms = 1, .stall_ms = 1000};
    char mirror[80];
    const char *const mirrors[] = {"docker.io=none", mirror};
    (void)snprintf(mirror, sizeof(mirror), "127.0.0.1:%u=127.0.0.1:%u/hub", server.port, server.port);
    if (vl_span_eq_str(what, "mirror")) {
        options.mirrors = mirrors;
        options.n_mirrors = VL_ARRAY_LEN(mirrors);
    }
    (void)snprintf(host, sizeof(host), "127.0.0.1:%u", server.port);
    (void)snprintf(name, sizeof(name), "registry:%s/shop/a:latest", host);
    if (vl_span_eq_str(what, "list") || vl_span_eq_str(what, "entry"))
        ask_list(host, &options, vl_span_eq_str(what, "entry"), arena);
    else if (vl_span_eq_str(what, "artifact"))
        ask_artifact(name + strlen("registry:"), &options);
    else
        ask_image(name, &options, arena);
    pthread_mutex_lock(&server.lock);
    server.rest = VL_SPAN_EMPTY; /* the input is gone after this */
    pthread_mutex_unlock(&server.lock);
    return 0;
}
