/* Programs of every Debian: cat, sh. What they do is said by POSIX. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "base/time.h"

static int run(const char *const *argv, struct vl_span input, unsigned seconds, struct vl_buf *out,
    struct vl_buf *said, int *ret_status, struct vl_err *err)
{
    struct vl_process_options options = {.argv = argv, .input = input, .output_fd = -1, .seconds = seconds};
    vl_err_clear(err);
    return vl_process_run(&options, out, said, ret_status, err);
}

/* More than a pipe holds, in both directions at once. */
static void test_through(void **state)
{
    (void)state;
    static const char *const argv[] = {"cat", NULL};
    static char big[1 << 20];
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    int status = -1;
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)('a' + i % 26);
    vl_buf_init(&out, 2 << 20);
    assert_int_equal(run(argv, (struct vl_span){big, sizeof(big)}, 30, &out, NULL, &status, &err), 0);
    assert_int_equal(status, 0);
    assert_int_equal(out.len, sizeof(big));
    assert_memory_equal(out.ptr, big, sizeof(big));
}

static void test_ends(void **state)
{
    (void)state;
    static const char *const three[] = {"sh", "-c", "echo why >&2; exit 3", NULL};
    static const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    static const char *const deaf[] = {"sh", "-c", "exec <&-; exit 0", NULL};
    static char big[1 << 20];
    struct vl_buf out VL_CLEANUP(vl_buf_done), said VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    int status = -1;
    vl_buf_init(&out, 4096);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    assert_int_equal(run(three, (struct vl_span){0}, 30, &out, &said, &status, &err), 0);
    assert_int_equal(status, 3);
    assert_true(vl_span_eq_str(vl_buf_span(&said), "why\n"));
    assert_int_equal(run(killed, (struct vl_span){0}, 30, &out, &said, &status, &err), 0);
    assert_int_equal(status, 128 + SIGKILL);
    assert_int_equal(run(deaf, (struct vl_span){big, sizeof(big)}, 30, &out, &said, &status, &err), 0);
    assert_int_equal(status, 0);
}

static void test_limits(void **state)
{
    (void)state;
    static const char *const forever[] = {"sh", "-c", "sleep 600 & sleep 600", NULL};
    static const char *const much[] = {"sh", "-c", "while :; do echo 0123456789; done", NULL};
    static const char *const loud[] = {
        "sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo 0123456789 >&2; i=$((i+1)); done", NULL};
    static const char *const nothing[] = {"vallum-there-is-no-such-program", NULL};
    struct vl_buf out VL_CLEANUP(vl_buf_done), said VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    int status = -1;
    vl_buf_init(&out, 4096);
    vl_buf_init(&said, VL_PROCESS_SAID_MAX);
    int64_t before = vl_time_monotonic_us();
    assert_true(run(forever, (struct vl_span){0}, 1, &out, &said, &status, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    assert_true(vl_time_monotonic_us() - before < 60 * 1000000LL); /* its child does not hold us up either */
    assert_true(run(much, (struct vl_span){0}, 30, &out, &said, &status, &err) < 0);
    assert_int_equal(err.code, VL_ERR_LIMIT);
    vl_buf_clear(&out);
    vl_buf_clear(&said);
    assert_int_equal(run(loud, (struct vl_span){0}, 30, &out, &said, &status, &err), 0);
    assert_int_equal(said.len, VL_PROCESS_SAID_MAX);
    assert_true(run(nothing, (struct vl_span){0}, 30, &out, &said, &status, &err) < 0);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
}

struct ear {
    unsigned calls;
    size_t most;
};

static int heard(struct vl_buf *out, void *user, struct vl_err *err)
{
    struct ear *e = user;
    e->calls++;
    e->most = out->len;
    return out->len >= 4 ? vl_err_set(err, VL_ERR_CONFLICT, "enough") : 0;
}

/* Heard as it goes on, and ended, with the child that would have lived on. */
static void test_heard(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "printf ab; sleep 2; printf cd; sleep 100 & wait", NULL};
    struct ear ear = {0};
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct vl_process_options options = {
        .argv = argv, .output_fd = -1, .seconds = 30, .heard = heard, .user = &ear};
    int status = -1;
    vl_buf_init(&out, 4096);
    int64_t start = vl_time_monotonic_us();
    assert_int_not_equal(vl_process_run(&options, &out, NULL, &status, &err), 0);
    assert_string_equal(err.msg, "enough");
    assert_true(ear.calls >= 3); /* two words, and a second in between */
    assert_int_equal(ear.most, 4);
    assert_true(vl_time_monotonic_us() - start < 20000000);
}

/* In a process of its own: limits are for good. */
static int limited(void)
{
    struct vl_err err = VL_ERR_INIT;
    struct rlimit files, core;
    if (vl_process_limit(RLIMIT_NOFILE, 40, "open files", &err) < 0 ||
        vl_process_limit(RLIMIT_NOFILE, 4000, "open files", &err) < 0 || /* not raised again */
        vl_process_limit(RLIMIT_CORE, 0, "core dumps", &err) < 0)
        return 1;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur != 40 || files.rlim_max != 40)
        return 2;
    if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return 3;
    return vl_process_limit(1000, 1, "nothing", &err) < 0 && strstr(err.msg, "limit of nothing") ? 0 : 4;
}

static void test_own_limits(void **state)
{
    int status = 0;
    (void)state;
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(limited());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_heard),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_own_limits),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
