#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/syscall_filter.h"

#define REFUSED EXDEV /* an errno that none of these calls has of its own */

/* What a process needs that ends, watched by a sanitizer or not. */
static const char *const needed[] = {"exit_group", "exit", "write", "mmap", "munmap", "madvise", "futex",
    "rt_sigprocmask", "sigaltstack", "gettid", "getpid", "no_such_call_anywhere"};

static const struct vl_syscall_rule rules[] = {
    {.call = "fcntl", .when = {VL_SYSCALL_WHEN(1, 1 /* F_GETFD */)}},
    {.call = "fcntl", .fails = ERANGE, .when = {VL_SYSCALL_WHEN(1, 3 /* F_GETFL */)}},
    {.call = "getpriority", .when = {VL_SYSCALL_WHEN(0, 0), VL_SYSCALL_WHEN(1, 0)}},
    {.call = "umask", .when = {{.how = VL_SYSCALL_EQUALS, .argument = 0, .is_int = true, .value = 022}}},
    {.call = "dup3", .when = {{.how = VL_SYSCALL_BITS, .argument = 2, .mask = 0xf, .value = 5}}},
    {.call = "getppid", .fails = ERANGE},
    {.call = "ptrace", .fails = VL_SYSCALL_KILLS},
};

static const struct {
    const char *name;
    long call, a, b, c;
    int wanted; /* errno, or 0 */
} calls[] = {
    {"allowed", SYS_getpid, 0, 0, 0, 0},
    {"not named", SYS_getuid, 0, 0, 0, REFUSED},
    {"not known to anybody", 999, 0, 0, 0, REFUSED},
    {"named with an errno", SYS_getppid, 0, 0, 0, ERANGE},
    {"an argument that is allowed", SYS_fcntl, 1, 1, 0, 0},
    {"an argument that fails", SYS_fcntl, 1, 3, 0, ERANGE},
    {"an argument without a rule", SYS_fcntl, 1, 2, 0, REFUSED},
    {"two arguments", SYS_getpriority, 0, 0, 0, 0},
    {"the second is another", SYS_getpriority, 0, 1, 0, REFUSED},
    {"the first is another", SYS_getpriority, 1, 0, 0, REFUSED},
    {"the low half of an int", SYS_umask, 022, 0, 0, 0},
    {"what stands above an int", SYS_umask, 022 | (1L << 32), 0, 0, 0},
    {"another int", SYS_umask, 077, 0, 0, REFUSED},
    {"bits, reached and refused by the kernel", SYS_dup3, 1, 1, 0xf5, EINVAL},
    {"bits that are others", SYS_dup3, 1, 1, 0xf7, REFUSED},
};

/* How a process ends that is shut in and makes the call. */
static int status_of(long call, long a, long b, long c)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_syscall_filter *filter = NULL;
        if (vl_syscall_filter_new(REFUSED, &filter, &err) < 0 ||
            vl_syscall_filter_add_names(filter, needed, VL_ARRAY_LEN(needed), VL_SYSCALL_ALLOWED, &err) < 0 ||
            vl_syscall_filter_add(filter, rules, VL_ARRAY_LEN(rules), &err) < 0 ||
            vl_syscall_filter_enter(filter, &err) < 0) {
            (void)fprintf(stderr, "%s\n", err.msg);
            _exit(200);
        }
        vl_syscall_filter_free(filter);
        _exit(syscall(call, a, b, c, 0, 0, 0) < 0 ? errno : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(calls); i++) {
        int status = status_of(calls[i].call, calls[i].a, calls[i].b, calls[i].c);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != calls[i].wanted)
            fail_msg("%s: status %x instead of errno %d", calls[i].name, (unsigned)status, calls[i].wanted);
    }
}

static void test_a_deadly_call(void **state)
{
    (void)state;
    int status = status_of(SYS_ptrace, 0, 0, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

#if defined(__x86_64__)
/* Calls of the x32 interface come to the same kernel with a bit set. */
static void test_another_interface(void **state)
{
    (void)state;
    int status = status_of(SYS_getpid | 0x40000000L, 0, 0, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

/* A second filter takes more away, and gives nothing back. */
static void test_two_filters(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static const char *const getppid_[] = {"getppid"};
        struct vl_err err = VL_ERR_INIT;
        struct vl_syscall_filter *first = NULL, *second = NULL;
        static const char *const for_second[] = {"prctl", "seccomp"};
        if (vl_syscall_filter_new(REFUSED, &first, &err) < 0 ||
            vl_syscall_filter_new(ERANGE, &second, &err) < 0 ||
            vl_syscall_filter_add_names(first, needed, VL_ARRAY_LEN(needed), VL_SYSCALL_ALLOWED, &err) < 0 ||
            vl_syscall_filter_add_names(first, for_second, 2, VL_SYSCALL_ALLOWED, &err) < 0 ||
            vl_syscall_filter_add_names(second, needed, VL_ARRAY_LEN(needed), VL_SYSCALL_ALLOWED, &err) < 0 ||
            vl_syscall_filter_add_names(second, getppid_, 1, VL_SYSCALL_ALLOWED, &err) < 0 ||
            vl_syscall_filter_enter(first, &err) < 0 || vl_syscall_filter_enter(second, &err) < 0)
            _exit(200);
        vl_syscall_filter_free(first);
        vl_syscall_filter_free(second);
        if (syscall(SYS_getppid) >= 0 || errno != REFUSED)
            _exit(1);
        _exit(syscall(SYS_getpid) > 0 ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) { /* an emulator of another machine's programs */
        printf("skipped: no seccomp here\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_a_deadly_call),
#if defined(__x86_64__)
        cmocka_unit_test(test_another_interface),
#endif
        cmocka_unit_test(test_two_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
