#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/watched.h"
#include "codec/digest.h"
#include "sandbox.h"
#include "test_index_support.h"

#define FILTERED (!VL_SANITIZED)

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    index_test_folder(folder);
    index_test_run(folder, "mkdir in out; echo a >in/a; echo b >out/b; ln -s ../out/b in/link");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

/* Runs `act` shut in, in a process of its own. Returns its wait status. */
static int shut_in(int (*act)(int folder_fd), bool with_folder)
{
    int fd = with_folder ? index_test_open(folder, "in") : -1;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vl_err err = VL_ERR_INIT;
        const struct vl_sandbox sandbox = {.folder = fd};
        if (vl_sandbox_enter(&sandbox, &err) < 0) {
            fprintf(stderr, "%s\n", err.msg);
            _exit(99);
        }
        _exit(act(fd));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    vl_file_close(&fd);
    return status;
}

static void expect_exit(int (*act)(int folder_fd), bool with_folder, int code)
{
    int status = shut_in(act, with_folder);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("status %x, not exit %d", (unsigned)status, code);
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1U) >= 1;
}

static void *give_back(void *user)
{
    return user;
}

/* What an indexer does must work: memory, threads, digests, spools. Each number names what failed. */
static int work(int folder_fd)
{
    struct vl_err err = VL_ERR_INIT;
    pthread_t thread;
    struct vl_digest digest;
    void *got = NULL;
    int marker, spool = -1;
    (void)folder_fd;
    char *memory = malloc(64UL * 1024 * 1024);
    if (!memory)
        return 1;
    memset(memory, 1, 64UL * 1024 * 1024);
    free(memory);
    if (pthread_create(&thread, NULL, give_back, &marker) != 0 || pthread_join(thread, &got) != 0 ||
        got != &marker)
        return 2;
    vl_digest_compute(VL_DIGEST_SHA1, VL_SPAN_LIT("x"), &digest);
    struct vl_digester *digester = vl_digester_new(VL_DIGEST_SHA512);
    if (!digester)
        return 3;
    vl_digester_free(digester);
    if (vl_file_temp(NULL, &spool, &err) < 0 ||
        vl_file_write_fd(spool, "spool", VL_SPAN_LIT("spooled"), &err) < 0)
        return 4;
    char *map = mmap(NULL, 7, PROT_READ, MAP_PRIVATE, spool, 0);
    if (map == MAP_FAILED || memcmp(map, "spooled", 7) != 0)
        return 5;
    struct rlimit core;
    if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
        return 6;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 && errno != EPERM)
        return 7;
    return 0;
}

static void test_an_indexer_can_work(void **state)
{
    (void)state;
    expect_exit(work, false, 0);
    expect_exit(work, true, 0);
}

static int read_in_folder(int fd)
{
    char c;
    VL_CLEANUP(vl_file_close) int a = openat(fd, "a", O_RDONLY | O_CLOEXEC);
    if (a < 0 || read(a, &c, 1) != 1 || c != 'a')
        return 1;
    struct stat st;
    return fstatat(fd, "link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? 0 : 2;
}

static int write_in_folder(int fd)
{
    if (openat(fd, "a", O_WRONLY | O_CLOEXEC) >= 0)
        return 1;
    if (openat(fd, "new", O_RDWR | O_CREAT | O_CLOEXEC, 0600) >= 0)
        return 2;
    return unlinkat(fd, "a", 0) == 0 ? 3 : 0;
}

static int read_elsewhere(int fd)
{
    if (openat(fd, "../out/b", O_RDONLY | O_CLOEXEC) >= 0)
        return 1;
    if (openat(fd, "link", O_RDONLY | O_CLOEXEC) >= 0)
        return 2;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 3 : 0;
}

static void test_only_the_folder_is_read(void **state)
{
    (void)state;
    expect_exit(read_in_folder, true, 0);
    if (has_landlock() || FILTERED)
        expect_exit(write_in_folder, true, 0);
    if (has_landlock())
        expect_exit(read_elsewhere, true, 0);
}

static int open_anything(int fd)
{
    (void)fd;
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        return 1;
    if (open("/tmp/vallum-escaped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
        return 2;
    return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 ? 3 : 0;
}

static void test_a_layer_opens_nothing(void **state)
{
    (void)state;
    if (has_landlock() || FILTERED)
        expect_exit(open_anything, false, 0);
}

static int no_file_too_large(int fd)
{
    struct vl_err err = VL_ERR_INIT;
    int spool = -1;
    (void)fd;
    if (vl_file_temp(NULL, &spool, &err) < 0)
        return 1;
    if (pwrite(spool, "x", 1, (off_t)VL_SANDBOX_FILE_MAX) >= 0)
        return 2;
    return errno == EFBIG ? 0 : 3;
}

static void test_spool_has_a_limit(void **state)
{
    (void)state;
    expect_exit(no_file_too_large, false, 0);
}

#if FILTERED
static int use_socket(int fd)
{
    (void)fd;
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int use_exec(int fd)
{
    static char *const argv[] = {(char *)(uintptr_t)"/bin/true", NULL};
    (void)fd;
    return execve(argv[0], argv, argv + 1);
}

static int use_fork(int fd)
{
    (void)fd;
    return fork() < 0 ? 0 : 1;
}

static int use_executable_memory(int fd)
{
    (void)fd;
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
        MAP_FAILED)
        return 1;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? 2 : 0;
}

static int use_others(int fd)
{
    (void)fd;
    if (kill(getppid(), 0) == 0)
        return 1;
    if (kill(1, SIGTERM) == 0)
        return 2;
    if (linkat(AT_FDCWD, "/etc/passwd", AT_FDCWD, "/tmp/x", 0) == 0)
        return 3;
    struct rlimit limit = {0};
    return setrlimit(RLIMIT_CORE, &limit) == 0 ? 4 : 0;
}

/* A thread may choose its own processor, and nobody else's. */
static int use_processors(int fd)
{
    (void)fd;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0 || sched_setaffinity(0, sizeof(set), &set) != 0)
        return 1;
    return sched_setaffinity(getppid(), sizeof(set), &set) == 0 ? 2 : 0;
}

static int use_memory(int fd)
{
    (void)fd;
    return malloc(VL_SANDBOX_MEMORY_MAX) ? 1 : 0;
}

static void test_forbidden_calls(void **state)
{
    (void)state;
    for (int with_folder = 0; with_folder < 2; with_folder++) {
        int status = shut_in(use_socket, with_folder);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        status = shut_in(use_exec, with_folder);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        expect_exit(use_fork, with_folder, 0);
        expect_exit(use_executable_memory, with_folder, 0);
        expect_exit(use_others, with_folder, 0);
        expect_exit(use_processors, with_folder, 0);
        expect_exit(use_memory, with_folder, 0);
    }
}
#endif

int main(void)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) { /* an emulator of another machine's programs */
        printf("skipped: no seccomp here\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_indexer_can_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_folder_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_layer_opens_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spool_has_a_limit, set_up, tear_down),
#if FILTERED
        cmocka_unit_test_setup_teardown(test_forbidden_calls, set_up, tear_down),
#endif
    };
    if (!FILTERED)
        printf("built with a sanitizer: the filter of system calls is left out, and not tested\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
