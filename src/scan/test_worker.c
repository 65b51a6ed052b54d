/* tests: worker.c worker_main.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "test_index_support.h"
#include "worker.h"

static char folder[64];
static const char *const self[] = {"/proc/self/exe", "indexer", NULL};

static int set_up(void **state)
{
    (void)state;
    index_test_folder(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    index_test_remove(folder);
    return 0;
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static struct vl_worker_job job_for(enum vl_worker_kind kind, int fd, const char *name)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return (struct vl_worker_job){.kind = kind,
        .name = name,
        .options = {VL_PACKAGE_SCOPE_INSTALLED, VL_SCAN_VULN | VL_SCAN_SECRET},
        .fd = fd,
        .length = (uint64_t)st.st_size,
        .blob_digest = kind == VL_WORKER_REGION};
}

static void feed(int from, int to)
{
    char buf[65536];
    ssize_t n;
    while ((n = read(from, buf, sizeof(buf))) > 0) {
        struct vl_err err = VL_ERR_INIT;
        if (vl_file_write_fd(to, "feed", (struct vl_span){buf, (size_t)n}, &err) < 0)
            return;
    }
}

static int run(const char *const *argv, const struct vl_worker_job *job, unsigned seconds,
    struct vl_worker_answer *answer, struct vl_err *err)
{
    struct vl_worker worker;
    int r = vl_worker_start(argv, job, seconds, &worker, err);
    if (r < 0)
        return r;
    if (worker.in >= 0) {
        feed(job->fd, worker.in);
        vl_file_close(&worker.in);
    }
    return vl_worker_finish(&worker, NULL, answer, err);
}

/* A process gives what the same code gives here, byte for byte. */
static void test_process_answers_as_here(void **state)
{
    (void)state;
    static const struct {
        enum vl_worker_kind kind;
        const char *name;
    } cases[] = {
        {VL_WORKER_STREAM, "a.tar.gz"},
        {VL_WORKER_STREAM, "a.tar"},
        {VL_WORKER_REGION, "a.tar.gz"},
        {VL_WORKER_REGION, "a.tar"},
        {VL_WORKER_FOLDER, "root"},
        {VL_WORKER_FOLDER, "root/app/node_modules/left-pad/package.json"},
    };
    index_test_root(folder);
    index_test_run(folder, "tar -C root -cf a.tar . && gzip -k a.tar");
    size_t before = open_files();
    for (size_t i = 0; i < VL_ARRAY_LEN(cases); i++) {
        VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer there = {0};
        VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer here = {0};
        VL_CLEANUP(vl_buf_done) struct vl_buf encoded;
        struct vl_err err = VL_ERR_INIT;
        VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, cases[i].name);
        struct vl_worker_job job = job_for(cases[i].kind, fd, cases[i].name);
        if (run(self, &job, 60, &there, &err) < 0)
            fail_msg("%s: %s", cases[i].name, err.msg);
        (void)lseek(fd, 0, SEEK_SET);
        if (vl_worker_here(&job, &here, &err) < 0)
            fail_msg("%s: %s", cases[i].name, err.msg);
        vl_buf_init(&encoded, 1UL << 20);
        assert_int_equal(vl_layer_index_encode(here.index, &encoded, &err), 0);
        assert_true(vl_span_eq(vl_buf_span(&encoded), vl_buf_span(&there.encoded)));
        assert_true(there.index->sink.packages.len >= 1);
        if (cases[i].kind == VL_WORKER_REGION) {
            char line[256], text[VL_DIGEST_TEXT_MAX], script[128];
            (void)snprintf(
                script, sizeof(script), "sha256sum %s | sed 's/^/sha256:/; s/ .*//'", cases[i].name);
            assert_true(there.has_blob_digest);
            assert_string_equal(
                vl_digest_format(&there.blob_digest, text), index_test_ask(folder, script, line));
        }
    }
    assert_int_equal(open_files(), before);
}

/* Also of a blob that cannot be read as a layer the digest is told. */
static void test_blob_digest_of_damage(void **state)
{
    (void)state;
    index_test_root(folder);
    index_test_run(
        folder, "tar -C root -cf - . | gzip -c | head -c 300 >cut.tar.gz; head -c 3000 /bin/sh >x");
    static const char *const names[] = {"cut.tar.gz", "x"};
    for (size_t i = 0; i < 2; i++) {
        char line[256], text[VL_DIGEST_TEXT_MAX], script[128];
        VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
        VL_CLEANUP(vl_file_close) int fd = index_test_open(folder, names[i]);
        struct vl_err err = VL_ERR_INIT;
        struct vl_worker_job job = job_for(VL_WORKER_REGION, fd, names[i]);
        assert_int_equal(run(self, &job, 60, &answer, &err), 0);
        assert_true(answer.index->notes.partial);
        assert_false(answer.index->has_diff_id);
        (void)snprintf(script, sizeof(script), "sha256sum %s | sed 's/^/sha256:/; s/ .*//'", names[i]);
        assert_true(answer.has_blob_digest);
        assert_string_equal(
            vl_digest_format(&answer.blob_digest, text), index_test_ask(folder, script, line));
    }
}

/* Runs `script` for an indexer; its error must hold `words`. */
static void expect_failure(const char *script, unsigned seconds, enum vl_err_code code, const char *words)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "indexer", NULL};
    VL_CLEANUP(vl_worker_answer_done) struct vl_worker_answer answer = {0};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct vl_worker_job job = job_for(VL_WORKER_REGION, fd, "layer sha256:0123");
    size_t before = open_files();
    int64_t start = vl_time_monotonic_us();
    assert_int_not_equal(run(argv, &job, seconds, &answer, &err), 0);
    if (!strstr(err.msg, words) || err.code != code)
        fail_msg("%s: %s, not %s", script, err.msg, words);
    assert_true(vl_time_monotonic_us() - start < 30 * 1000000);
    assert_int_equal(open_files(), before);
}

static void test_indexers_that_fail(void **state)
{
    (void)state;
    expect_failure("kill -9 $$", 60, VL_ERR_LIMIT,
        "the indexer of layer sha256:0123 was killed by signal 9 (out of memory?)");
    expect_failure("kill -SEGV $$", 60, VL_ERR_LIMIT, "was killed by signal 11");
    expect_failure("exit 3", 60, VL_ERR_CORRUPT, "gave no whole answer (exit status 3)");
    expect_failure("head -c 100000 /dev/urandom", 60, VL_ERR_CORRUPT, "gave no whole answer (exit status 0)");
    expect_failure("sleep 600", 1, VL_ERR_LIMIT, "did not finish in time");
    expect_failure("exec cat /dev/zero", 60, VL_ERR_LIMIT, "says more than");
    expect_failure("while :; do echo; sleep 0.01; done", 1, VL_ERR_LIMIT, "did not finish in time");
    expect_failure("exec >&-; sleep 600", 60, VL_ERR_LIMIT, "was killed by signal 9");
}

/* A whole answer around an index that is none; an error with escape sequences. */
static void test_indexers_that_lie(void **state)
{
    (void)state;
#define TRAILER(payload, code)                                            \
    "python3 -c \"import hashlib, struct, sys\n"                          \
    "p = " payload "\n"                                                   \
    "sys.stdout.buffer.write(p + b'VLIXDONE' + struct.pack('<IIQ', " code \
    ", 5, len(p)) + hashlib.sha256(p).digest() + bytes(33))\""
    expect_failure(TRAILER("b'VLLI' + bytes(500)", "0"), 60, VL_ERR_CORRUPT, "layer index: damaged");
    expect_failure(TRAILER("b'bad\\x1b[31mnews'", "2"), 60, VL_ERR_LIMIT, "bad?[31mnews");
    expect_failure(TRAILER("b'x'", "4711"), 60, VL_ERR_CORRUPT, "gave no whole answer");
}

static void test_no_such_program(void **state)
{
    (void)state;
    static const char *const argv[] = {"/nowhere/indexer", NULL};
    struct vl_worker_answer answer = {0};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct vl_worker_job job = job_for(VL_WORKER_STREAM, fd, "x");
    assert_int_not_equal(run(argv, &job, 5, &answer, &err), 0);
    assert_non_null(strstr(err.msg, "/nowhere/indexer"));
}

/* The worker gets its three or four files (4 is the folder that ls reads) and no secrets of ours. */
static void test_what_the_worker_gets(void **state)
{
    (void)state;
    char script[512], line[256];
    (void)snprintf(script, sizeof(script), "env >%s/env; exec ls /proc/self/fd >%s/fds", folder, folder);
    const char *const argv[] = {"/bin/sh", "-c", script, "indexer", NULL};
    struct vl_worker_answer answer = {0};
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int leaky = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    struct vl_worker_job job = job_for(VL_WORKER_REGION, fd, "x");
    assert_int_equal(setenv("VALLUM_PASSWORD", "hunter2", 1), 0);
    assert_int_not_equal(run(argv, &job, 60, &answer, &err), 0);
    unsetenv("VALLUM_PASSWORD");
    close(leaky);
    assert_string_equal(index_test_ask(folder, "tr '\\n' ' ' <fds", line), "0 1 2 3 4 ");
    assert_string_equal(index_test_ask(folder, "grep -c hunter2 env || true", line), "0");
}

/* The way in breaks: whoever feeds it gets EPIPE, not a signal, where it blocks the signal as it must. */
static void *feed_thread(void *user)
{
    sigset_t set;
    int *fds = user;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    feed(fds[0], fds[1]);
    vl_file_close(&fds[1]);
    return NULL;
}

static void test_worker_dies_while_fed(void **state)
{
    (void)state;
    static const char *const argv[] = {
        "/bin/sh", "-c", "head -c 1000 >/dev/null; kill -9 $$", "indexer", NULL};
    struct vl_worker_answer answer = {0};
    struct vl_worker worker;
    struct vl_err err = VL_ERR_INIT;
    pthread_t thread;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    struct vl_worker_job job = job_for(VL_WORKER_STREAM, fd, "x");
    assert_int_equal(vl_worker_start(argv, &job, 60, &worker, &err), 0);
    int fds[2] = {fd, worker.in};
    assert_int_equal(pthread_create(&thread, NULL, feed_thread, fds), 0);
    assert_int_not_equal(vl_worker_finish(&worker, NULL, &answer, &err), 0);
    assert_non_null(strstr(err.msg, "killed by signal 9"));
    pthread_join(thread, NULL);
}

/* An indexer without a job says so. */
static void test_wrong_arguments(void **state)
{
    (void)state;
    char line[256], script[256];
    char exe[200] = "";
    assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
    (void)snprintf(script, sizeof(script), "%s indexer | head -c 300 || true", exe);
    assert_non_null(strstr(index_test_ask(folder, script, line), "this command is for vallum itself"));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "indexer") == 0)
        return vl_scan_indexer_main(argc - 1, argv + 1);
    if (!index_test_starts_itself())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_process_answers_as_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blob_digest_of_damage, set_up, tear_down),
        cmocka_unit_test(test_indexers_that_fail),
        cmocka_unit_test(test_indexers_that_lie),
        cmocka_unit_test(test_no_such_program),
        cmocka_unit_test_setup_teardown(test_what_the_worker_gets, set_up, tear_down),
        cmocka_unit_test(test_worker_dies_while_fed),
        cmocka_unit_test_setup_teardown(test_wrong_arguments, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
