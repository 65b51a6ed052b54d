#include "test_registry.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "jobs/job_advisories.h"
#include "scan/scan.h"

/* Before main(): a test program that a test starts as its fetcher is a fetcher. */
__attribute__((constructor)) static void be_what_is_asked(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "fetch") == 0)
        exit(vl_fetch_main(argc, argv));
    if (argc > 1 && strcmp(argv[1], "update-advisories") == 0)
        exit(vl_advisories_main(argc, argv));
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        exit(vl_scan_indexer_main(argc - 1, argv + 1));
}

static const char make_image[] =
    "set -e; cd \"$WORK\"; mkdir -p base/etc base/var/lib/dpkg app/srv/node_modules/lodash\n"
    "printf 'ID=debian\\nVERSION_ID=\"12\"\\nVERSION_CODENAME=bookworm\\n' >base/etc/os-release\n"
    "s() { printf 'Package: %s\\nStatus: install ok installed\\nArchitecture: amd64\\nVersion: %s\\n' \"$1\" "
    "\"$2\"; "
    "printf 'Source: %s\\nDescription: x\\n\\n' \"$3\"; }\n"
    "{ s zlib1g 1:1.2.11.dfsg-4 zlib; s libssl3 3.0.11-1~deb12u2 openssl; } >base/var/lib/dpkg/status\n"
    "echo '{\"name\":\"lodash\",\"version\":\"4.17.11\",\"license\":\"MIT\"}' "
    ">app/srv/node_modules/lodash/package.json\n"
    "python3 \"$VALLUM_CHECKOUT/tests/functional/make_image.py\" layout 1.0 base app\n"
    "echo '{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}' >policy.json\n";

static int shell(struct vl_test_registry *r, const char *line, struct vl_buf *out)
{
    char work[128], host[128];
    const char *const argv[] = {"sh", "-c", line, NULL};
    struct vl_buf said VL_CLEANUP(vl_buf_done), own VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    int status = -1;
    (void)snprintf(work, sizeof(work), "%s", r->folder);
    (void)snprintf(host, sizeof(host), "%s", r->host);
    (void)setenv("WORK", work, 1);
    (void)setenv("HOST", host, 1);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    vl_buf_init(&own, 1U << 20);
    const struct vl_process_options options = {.argv = argv, .output_fd = -1, .seconds = 60};
    if (vl_process_run(&options, out ? out : &own, &said, &status, &err) < 0 || status != 0)
        (void)fprintf(stderr, "%s%s\n", err.msg, vl_buf_str(&said));
    return status;
}

void vl_test_registry_shell(struct vl_test_registry *r, const char *line)
{
    assert_int_equal(shell(r, line, NULL), 0);
}

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

static bool serve(struct vl_test_registry *r)
{
    static const struct timespec pause = {.tv_nsec = 50000000};
    char config[256], text[512];
    struct vl_err err = VL_ERR_INIT;
    int port = free_port();
    (void)snprintf(r->host, sizeof(r->host), "127.0.0.1:%d", port);
    (void)snprintf(config, sizeof(config), "%s/registry.yml", r->folder);
    (void)snprintf(text, sizeof(text),
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        "storage: {filesystem: {rootdirectory: %s/data}, delete: {enabled: true}}\nhttp: {addr: \"%s\"}\n",
        r->folder, r->host);
    if (vl_file_replace(config, 0600, vl_span_str(text), &err) < 0)
        return false;
    r->pid = fork();
    if (r->pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        (void)!freopen("/dev/null", "w", stdout);
        execlp("docker-registry", "docker-registry", "serve", config, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200 && r->pid > 0 && waitpid(r->pid, NULL, WNOHANG) == 0; i++) {
        if (listens(port))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

bool vl_test_registry_start(struct vl_test_registry *r)
{
    static const char programs[] = "command -v docker-registry >/dev/null && command -v skopeo >/dev/null && "
                                   "command -v python3 >/dev/null";
    *r = (struct vl_test_registry){.folder = "/tmp/vallum-registry-XXXXXX"};
    if (shell(r, programs, NULL) != 0 || !mkdtemp(r->folder))
        return false;
    if (!serve(r) || shell(r, make_image, NULL) != 0) {
        vl_test_registry_stop(r);
        return false;
    }
    return true;
}

void vl_test_registry_push(struct vl_test_registry *r, const char *name)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    char line[1024];
    vl_buf_init(&out, 65536);
    (void)snprintf(line, sizeof(line),
        "cd \"$WORK\" && skopeo --policy policy.json copy -q --preserve-digests --dest-tls-verify=false "
        "oci:layout:1.0 docker://$HOST/%s >&2 && skopeo --policy policy.json inspect --tls-verify=false "
        "--format '{{.Digest}}' docker://$HOST/%s",
        name, name);
    assert_int_equal(shell(r, line, &out), 0);
    (void)snprintf(r->digest, sizeof(r->digest), "%.71s", vl_buf_str(&out));
}

void vl_test_registry_stop(struct vl_test_registry *r)
{
    if (r->pid > 0) {
        (void)kill(r->pid, SIGKILL);
        (void)waitpid(r->pid, NULL, 0);
    }
    r->pid = 0;
    if (strchr(r->folder, 'X') == NULL || access(r->folder, F_OK) == 0)
        (void)shell(r, "rm -rf \"$WORK\"", NULL);
}
