/* tests: fetch.c fetch_answer.c fetch_filter.c fetch_main.c fetch_task.c fetch_sandbox.c
 * Against Debian's docker-registry; what is in the image was written by hand (test_registry.h). The process
 * is this program itself, started again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "base/watched.h"
#include "jobs/fetch_wire.h"
#include "scan/inventory_codec.h"
#include "test_registry.h"

static struct vl_test_registry registry;

static struct vl_fetch_registry here(void)
{
    return (struct vl_fetch_registry){.host = registry.host, .kind = "generic"};
}

static void test_lists(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1UL << 20);
    struct vl_fetch_registry r = here();
    struct vl_err err = VL_ERR_INIT;
    const char *const *names;
    size_t n;
    if (vl_fetch_catalogue(&r, arena, &names, &n, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "shop/a");
    assert_string_equal(names[1], "shop/b");
    assert_int_equal(vl_fetch_tags(&r, "shop/a", arena, &names, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "1.0");
    assert_true(vl_fetch_tags(&r, "shop/none", arena, &names, &n, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    r.kind = "ecr";
    vl_err_clear(&err);
    assert_true(vl_fetch_catalogue(&r, arena, &names, &n, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "`include`"));
}

static void test_manifests(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1UL << 20);
    struct vl_fetch_registry r = here();
    struct vl_err err = VL_ERR_INIT;
    const char *const references[] = {"1.0", "nothing", registry.digest};
    struct vl_fetch_manifest m[3], one;
    if (vl_fetch_manifests(&r, "shop/a", references, 3, arena, m, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(m[0].digest, registry.digest);
    assert_true(m[0].is_image);
    assert_null(m[1].digest);
    assert_string_equal(m[2].digest, registry.digest);
    assert_true(vl_fetch_manifest(&r, "shop/a", "nothing", arena, &one, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
}

struct stages {
    unsigned n, limit;
    char last[64];
};

static int count(const char *stage, void *user)
{
    struct stages *s = user;
    if (*stage) {
        s->n++;
        (void)snprintf(s->last, sizeof(s->last), "%s", stage);
    }
    return s->limit && s->n >= s->limit ? -1 : 0;
}

static void test_scan(void **state)
{
    (void)state;
    struct vl_fetch_registry r = here();
    char cache[128];
    (void)snprintf(cache, sizeof(cache), "%s/cache", registry.folder);
    for (int round = 0; round < 2; round++) { /* the second one from the cache */
        struct stages stages = {0};
        struct vl_err err = VL_ERR_INIT;
        struct vl_inventory *in VL_CLEANUP(vl_inventory_cleanup) = NULL;
        struct vl_buf bytes VL_CLEANUP(vl_buf_done);
        const struct vl_fetch_scan_options options = {
            .cache_dir = cache, .progress = count, .user = &stages, .seconds = 60};
        vl_buf_init(&bytes, VL_INVENTORY_ENCODED_MAX);
        if (vl_fetch_scan(&r, "shop/a", registry.digest, &options, &in, &bytes, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(stages.n, 2);
        assert_string_equal(stages.last, "layer 2 of 2");
        assert_int_equal(in->packages.len, 3);
        assert_string_equal(in->distro.version_id, "12");
        assert_int_equal(in->layers.len, 2);
        assert_string_equal(in->target.digest, registry.digest);
        assert_true(bytes.len > 100);
        unsigned found = 0;
        for (size_t i = 0; i < in->packages.len; i++) {
            const struct vl_package *p = vl_vec_at(&in->packages, i);
            found |= strcmp(p->name, "lodash") == 0 && strcmp(p->version, "4.17.11") == 0 && p->layer == 1
                         ? 1U
                         : 0;
            found |=
                strcmp(p->name, "libssl3") == 0 && p->source_name && strcmp(p->source_name, "openssl") == 0
                    ? 2U
                    : 0;
        }
        assert_int_equal(found, 3);
    }
}

static void test_errors(void **state)
{
    (void)state;
    struct vl_fetch_registry r = here();
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *in = NULL;
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    static const char none[] = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    struct stages stages = {.limit = 1};
    const struct vl_fetch_scan_options stop = {.progress = count, .user = &stages};
    vl_buf_init(&bytes, VL_INVENTORY_ENCODED_MAX);
    assert_true(vl_fetch_scan(&r, "shop/a", none, NULL, &in, &bytes, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    vl_err_clear(&err);
    assert_true(vl_fetch_scan(&r, "shop/a", registry.digest, &stop, &in, &bytes, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    r.host = "127.0.0.1:1";
    vl_err_clear(&err);
    assert_true(vl_fetch_scan(&r, "shop/a", registry.digest, NULL, &in, &bytes, &err) < 0);
    assert_int_equal(err.code, VL_ERR_UNREACHABLE);
    r.host = "shop";
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1UL << 20);
    const char *const *names;
    size_t n;
    vl_err_clear(&err);
    assert_true(vl_fetch_catalogue(&r, arena, &names, &n, &err) < 0);
    assert_int_equal(err.code, VL_ERR_INVALID);
}

/* A damaged layer ends its scan with the layer's name; nothing else ends. */
static void test_damaged_layer(void **state)
{
    (void)state;
    struct vl_fetch_registry r = here();
    struct vl_err err = VL_ERR_INIT;
    struct vl_inventory *in = NULL;
    struct vl_buf bytes VL_CLEANUP(vl_buf_done);
    vl_buf_init(&bytes, VL_INVENTORY_ENCODED_MAX);
    vl_test_registry_shell(&registry,
        "cd \"$WORK\" && cp -r data kept && l=$(python3 -c 'import json; "
        "i=json.load(open(\"layout/index.json\")); "
        "m=json.load(open(\"layout/blobs/sha256/\"+i[\"manifests\"][0][\"digest\"][7:])); "
        "print(m[\"layers\"][1][\"digest\"][7:])') && f=data/docker/registry/v2/blobs/sha256/$(echo $l | cut "
        "-c1-2)/$l/data && printf x | dd of=$f bs=1 seek=30 conv=notrunc 2>/dev/null");
    assert_true(vl_fetch_scan(&r, "shop/b", registry.digest, NULL, &in, &bytes, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CORRUPT);
    if (!strstr(err.msg, "layer sha256:"))
        fail_msg("%s", err.msg);
    vl_test_registry_shell(&registry, "cd \"$WORK\" && rm -rf data && mv kept data");
}

/* What the process says is a stranger's word. */
static void test_task_form(void **state)
{
    (void)state;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1UL << 20);
    struct vl_buf json VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    const char *const references[] = {"a", "b\"c"};
    struct vl_fetch_task back, task = {.task = "manifests",
                                   .registry = {"h:1", "acr", "anna", "pa\"ss\n", "PEM", true},
                                   .repository = "shop/a",
                                   .references = references,
                                   .n_references = 2};
    vl_buf_init(&json, 65536);
    assert_int_equal(vl_fetch_task_write(&task, &json, &err), 0);
    assert_int_equal(vl_fetch_task_read(vl_buf_span(&json), arena, &back, &err), 0);
    assert_string_equal(back.registry.password, "pa\"ss\n");
    assert_string_equal(back.registry.ca_pem, "PEM");
    assert_true(back.registry.insecure);
    assert_null(back.digest);
    assert_int_equal(back.n_references, 2);
    assert_string_equal(back.references[1], "b\"c");
    static const char *const wrong[] = {"", "{}", "[]", "{\"task\":\"scan\",\"host\":\"h\",\"kind\":\"acr\"}",
        "{\"task\":\"scan\",\"host\":\"h\",\"kind\":\"acr\",\"repository\":\"a\"}", "{\"task\":1}"};
    for (size_t i = 0; i < VL_ARRAY_LEN(wrong); i++) {
        vl_err_clear(&err);
        assert_true(vl_fetch_task_read(vl_span_str(wrong[i]), arena, &back, &err) < 0);
        assert_true(err.msg[0] != 0);
    }
}

/* The server's files are out of reach, its own cache and the system's are not. */
static void test_sandbox(void **state)
{
    (void)state;
    char cache[128], keys[128];
    struct vl_err err = VL_ERR_INIT;
    (void)snprintf(cache, sizeof(cache), "%s/cache", registry.folder);
    (void)snprintf(keys, sizeof(keys), "%s/registry.yml", registry.folder);
    pid_t pid = fork();
    if (pid == 0) {
        if (vl_fetch_sandbox(cache, &err) < 0)
            _exit(9);
        char own[160];
        (void)snprintf(own, sizeof(own), "%s/new", cache);
        int a = open("/etc/passwd", O_RDONLY | O_CLOEXEC), b = open(own, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        int c = open(keys, O_RDONLY | O_CLOEXEC);
        _exit(a < 0 ? 1 : b < 0 ? 2 : c >= 0 ? 3 : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 3) {
        print_message("this kernel has no Landlock\n");
        skip();
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What each of these calls gives to one who is shut in: an errno, or 0. */
static const struct {
    const char *name;
    long call, a, b, c;
    int wanted;
} calls[] = {
    {"getpid", SYS_getpid, 0, 0, 0, 0},
    {"socket", SYS_socket, AF_INET, SOCK_STREAM, 0, 0},
    {"socket (names)", SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0},
    {"socket (addresses)", SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0},
    {"socket (packets)", SYS_socket, AF_PACKET, SOCK_RAW, 0, EAFNOSUPPORT},
    {"socket (kernel's ciphers)", SYS_socket, AF_ALG, SOCK_SEQPACKET, 0, EAFNOSUPPORT},
    {"socket (machines)", SYS_socket, AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT},
    {"listen", SYS_listen, 0, 1, 0, ENOSYS},
    {"accept4", SYS_accept4, 0, 0, 0, ENOSYS},
    {"mount", SYS_mount, 0, 0, 0, ENOSYS},
    {"bpf", SYS_bpf, 0, 0, 0, ENOSYS},
    {"keyctl", SYS_keyctl, 0, 0, 0, ENOSYS},
    {"add_key", SYS_add_key, 0, 0, 0, ENOSYS},
    {"init_module", SYS_init_module, 0, 0, 0, ENOSYS},
    {"finit_module", SYS_finit_module, -1, 0, 0, ENOSYS},
    {"unshare", SYS_unshare, CLONE_NEWUSER, 0, 0, ENOSYS},
    {"setns", SYS_setns, -1, 0, 0, ENOSYS},
    {"clone (user namespace)", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, EPERM},
    {"clone3", SYS_clone3, 0, 0, 0, ENOSYS},
    {"process_vm_readv", SYS_process_vm_readv, 1, 0, 0, ENOSYS},
    {"pidfd_getfd", SYS_pidfd_getfd, -1, 0, 0, ENOSYS},
    {"perf_event_open", SYS_perf_event_open, 0, 0, 0, ENOSYS},
    {"userfaultfd", SYS_userfaultfd, 0, 0, 0, ENOSYS},
    {"io_uring_setup", SYS_io_uring_setup, 1, 0, 0, ENOSYS},
    {"open_by_handle_at", SYS_open_by_handle_at, -1, 0, 0, ENOSYS},
    {"execveat", SYS_execveat, -1, 0, 0, ENOSYS},
    {"chroot", SYS_chroot, 0, 0, 0, ENOSYS},
    {"pivot_root", SYS_pivot_root, 0, 0, 0, ENOSYS},
    {"setuid", SYS_setuid, 0, 0, 0, ENOSYS},
    {"personality", SYS_personality, 0xffffffff, 0, 0, ENOSYS},
    {"kexec_load", SYS_kexec_load, 0, 0, 0, ENOSYS},
    {"reboot", SYS_reboot, 0, 0, 0, ENOSYS},
    {"a call of tomorrow", 999, 0, 0, 0, ENOSYS},
};

/* The status of one who is shut in and does this. */
static int shut_in(void (*what)(size_t), size_t index)
{
    char cache[128];
    struct vl_err err = VL_ERR_INIT;
    int status = 0;
    (void)snprintf(cache, sizeof(cache), "%s/cache", registry.folder);
    pid_t pid = fork();
    if (pid == 0) {
        if (vl_fetch_sandbox(cache, &err) < 0)
            _exit(200);
        what(index);
        _exit(201);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void call_it(size_t i)
{
    long r = syscall(calls[i].call, calls[i].a, calls[i].b, calls[i].c, 0, 0, 0);
    _exit(r < 0 ? errno : 0);
}

static void start_shell(size_t i)
{
    (void)i;
    char *const shell[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exit 0"}, NULL};
    (void)execv("/bin/sh", shell);
    _exit(errno);
}

static void trace_parent(size_t i)
{
    (void)i;
    _exit(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) < 0 ? errno : 0);
}

static void look_up(size_t i)
{
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
    (void)i;
    int r = getaddrinfo("localhost", "443", &hints, &found);
    _exit(r == 0 && found ? 0 : 1);
}

/* Scans and lists above were done by processes that were shut in so. */
static void test_filter(void **state)
{
    (void)state;
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
        print_message("this kernel has no seccomp\n");
        skip();
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(calls); i++) {
        int got = shut_in(call_it, i);
        if (got != calls[i].wanted)
            fail_msg("%s: %d instead of %d", calls[i].name, got, calls[i].wanted);
    }
    assert_int_equal(shut_in(look_up, 0), 0);
    int traced = shut_in(trace_parent, 0);
    if (VL_SANITIZED) /* it traces its own process */
        assert_true(traced == 0 || traced == EPERM);
    else
        assert_int_equal(traced, ENOSYS);
    int shell = shut_in(start_shell, 0);
    if (shell == 0) {
        print_message("this kernel has no Landlock: other programs can be started\n");
        skip();
    }
    assert_int_equal(shell, EACCES);
}

static void *stop_soon(void *user)
{
    (void)usleep(300000);
    *(atomic_bool *)user = true;
    return NULL;
}

/* A registry that takes a connection and says nothing: whoever stops does not wait for it. */
static void test_stop(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    atomic_bool stop = false;
    char host[32];
    pthread_t thread;
    const char *const *names = NULL;
    size_t n = 0;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 5) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(host, sizeof(host), "127.0.0.1:%u", ntohs(address.sin_port));
    struct vl_fetch_registry silent = {.host = host, .kind = "generic", .insecure = true, .stop = &stop};
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    int64_t began = vl_time_monotonic_us();
    assert_true(vl_fetch_catalogue(&silent, arena, &names, &n, &err) < 0);
    assert_int_equal(err.code, VL_ERR_CONFLICT);
    assert_true(vl_time_monotonic_us() - began < 10000000);
    pthread_join(thread, NULL);
    (void)close(fd);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (getenv("VALLUM_EMULATED")) {
        (void)printf("skipped: a program of a foreign architecture cannot start itself\n");
        return 77;
    }
    if (!vl_test_registry_start(&registry)) {
        (void)printf("skipped: needs the programs docker-registry, skopeo and python3\n");
        return 77;
    }
    vl_test_registry_push(&registry, "shop/a:1.0");
    vl_test_registry_push(&registry, "shop/b:1.0");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_manifests),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_damaged_layer),
        cmocka_unit_test(test_task_form),
        cmocka_unit_test(test_sandbox),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_stop),
    };
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    vl_test_registry_stop(&registry);
    return status;
}
