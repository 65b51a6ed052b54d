#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static char root[] = "/tmp/vallum-test-file-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[4][512];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", root, name);
    return p;
}

static void assert_content(const char *path, struct vl_span want)
{
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1 << 20);
    assert_int_equal(vl_file_read(path, 1 << 20, &out, &err), 0);
    assert_true(vl_span_eq(vl_buf_span(&out), want));
}

static size_t count_entries(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void test_replace_and_read(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct stat st;
    const char *path = path_of("file");
    assert_int_equal(vl_file_replace(path, 0640, VL_SPAN_LIT("one\0"), &err), 0);
    assert_content(path, VL_SPAN_LIT("one\0"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(vl_file_replace(path, 0600, VL_SPAN_EMPTY, &err), 0);
    assert_content(path, VL_SPAN_EMPTY);
    assert_int_equal(count_entries(root), 1);
    assert_int_equal(vl_file_replace_unsynced(path, 0644, VL_SPAN_LIT("two"), &err), 0);
    assert_content(path, VL_SPAN_LIT("two"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(count_entries(root), 1);
    unlink(path);
}

static void test_empty_file_is_the_empty_string(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 100);
    assert_int_equal(vl_file_read("/dev/null", 100, &out, &err), 0);
    assert_int_equal(out.len, 0);
    assert_string_equal(vl_buf_str(&out), "");
}

/* The file is as large as allowed, and one byte larger, by either of the two limits. */
static void test_read_limits(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 100, 65535, 65536, 65537, 200000};
    static char data[200001];
    memset(data, 'd', sizeof(data));
    for (size_t i = 0; i < VL_ARRAY_LEN(sizes); i++) {
        size_t n = sizes[i];
        struct vl_err err = VL_ERR_INIT;
        const char *path = path_of("sized");
        assert_int_equal(vl_file_replace(path, 0600, (struct vl_span){data, n}, &err), 0);
        for (int by_buffer = 0; by_buffer < 2; by_buffer++) {
            for (size_t less = 0; less < 2; less++) {
                VL_CLEANUP(vl_buf_done) struct vl_buf out;
                vl_buf_init(&out, by_buffer ? n - less : 1 << 20);
                int r = vl_file_read(path, by_buffer ? 1 << 20 : n - less, &out, &err);
                assert_int_equal(r, less ? -E2BIG : 0);
                if (less)
                    assert_int_equal(err.code, VL_ERR_LIMIT);
                else
                    assert_true(vl_span_eq(vl_buf_span(&out), (struct vl_span){data, n}));
            }
        }
        unlink(path);
    }
}

static void test_read_appends(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 6);
    const char *path = path_of("three");
    assert_int_equal(vl_file_replace(path, 0600, VL_SPAN_LIT("abc"), &err), 0);
    assert_int_equal(vl_file_read(path, 3, &out, &err), 0);
    assert_int_equal(vl_file_read(path, 3, &out, &err), 0);
    assert_string_equal(vl_buf_str(&out), "abcabc");
    assert_int_equal(vl_file_read(path, 3, &out, &err), -E2BIG);
    /* a buffer that has failed before stays so */
    vl_buf_append_char(&out, 'x');
    assert_true(vl_file_read(path, 3, &out, &err) < 0);
    unlink(path);
}

static void test_errors_name_the_file(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 100);
    assert_int_equal(vl_file_read(path_of("absent"), 100, &out, &err), -ENOENT);
    assert_int_equal(err.code, VL_ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "absent: No such file"));
    assert_int_equal(vl_file_read(root, 100, &out, &err), -EISDIR);
    assert_int_equal(vl_file_replace(path_of("no/folder"), 0600, VL_SPAN_LIT("x"), &err), -ENOENT);
    static char longer[5000];
    memset(longer, 'a', sizeof(longer) - 1);
    assert_int_equal(vl_file_replace(longer, 0600, VL_SPAN_LIT("x"), &err), -ENAMETOOLONG);
    int closed = -1;
    assert_int_equal(vl_file_write_fd(closed, "closed", VL_SPAN_LIT("x"), &err), -EBADF);
    assert_int_equal(vl_file_read_fd(closed, "closed", 10, &out, &err), -EBADF);
}

static void test_failed_replace_keeps_the_old(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    const char *folder = path_of("taken");
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(vl_file_replace(folder, 0600, VL_SPAN_LIT("x"), &err), -EISDIR);
    assert_int_equal(count_entries(root), 1); /* no temporary file is left */
    rmdir(folder);
}

/* As on a full disk: a write that stops in the middle. In a child, since the limit is the process's. */
static void test_full_disk_keeps_the_old(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    const char *path = path_of("kept");
    assert_int_equal(vl_file_replace(path, 0600, VL_SPAN_LIT("old"), &err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        static char data[1 << 20];
        const struct rlimit limit = {100000, 100000};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
            _exit(2);
        int r = vl_file_replace(path, 0600, (struct vl_span){data, sizeof(data)}, &err);
        _exit(r == -EFBIG && err.code == VL_ERR_SYSTEM && strstr(err.msg, "write: File too large") ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_content(path, VL_SPAN_LIT("old"));
    assert_int_equal(count_entries(root), 1);
    unlink(path);
}

/* /dev/full says "no space" to every write. */
static void test_no_space(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_file_close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(vl_file_write_fd(fd, "/dev/full", VL_SPAN_LIT("x"), &err), -ENOSPC);
    assert_int_equal(vl_file_write_fd(fd, "/dev/full", VL_SPAN_EMPTY, &err), 0);
}

/* A pipe takes and gives less than was asked for. */
static void test_pipe(void **state)
{
    (void)state;
    static char data[1 << 20];
    struct vl_err err = VL_ERR_INIT;
    int ends[2];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i % 251);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(vl_file_write_fd(ends[1], "pipe", (struct vl_span){data, sizeof(data)}, &err) != 0);
    }
    close(ends[1]);
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, sizeof(data));
    assert_int_equal(vl_file_read_fd(ends[0], "pipe", sizeof(data), &out, &err), 0);
    close(ends[0]);
    assert_true(vl_span_eq(vl_buf_span(&out), (struct vl_span){data, sizeof(data)}));
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_make_dirs(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    struct stat st;
    assert_int_equal(vl_file_make_dirs(path_of("a//b/c/"), 0700, &err), 0);
    assert_int_equal(stat(path_of("a/b/c"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(path_of("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(vl_file_make_dirs(path_of("a/b/c"), 0700, &err), 0);
    assert_int_equal(vl_file_make_dirs("/", 0700, &err), 0);
    assert_int_equal(vl_file_make_dirs("", 0700, &err), -ENOENT);
    assert_int_equal(vl_file_replace(path_of("a/file"), 0600, VL_SPAN_LIT("x"), &err), 0);
    assert_int_equal(vl_file_make_dirs(path_of("a/file"), 0700, &err), -ENOTDIR);
    assert_int_equal(vl_file_make_dirs(path_of("a/file/x"), 0700, &err), -ENOTDIR);
    unlink(path_of("a/file"));
    rmdir(path_of("a/b/c"));
    rmdir(path_of("a/b"));
    rmdir(path_of("a"));
}

static void test_temporary_file_has_no_name(void **state)
{
    (void)state;
    struct vl_err err = VL_ERR_INIT;
    for (int round = 0; round < 2; round++) {
        int fd = -1;
        /* where the folder cannot hold it, memory does */
        assert_int_equal(vl_file_temp(round ? "/proc" : root, &fd, &err), 0);
        assert_int_equal(vl_file_write_fd(fd, "temp", VL_SPAN_LIT("spool"), &err), 0);
        assert_int_equal(count_entries(root), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        VL_CLEANUP(vl_buf_done) struct vl_buf out;
        vl_buf_init(&out, 100);
        assert_int_equal(vl_file_read_fd(fd, "temp", 100, &out, &err), 0);
        assert_string_equal(vl_buf_str(&out), "spool");
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        errno = 77;
        vl_file_close(&fd);
        assert_int_equal(fd, -1);
        vl_file_close(&fd);
        assert_int_equal(errno, 77);
    }
}

int main(void)
{
    umask(022);
    if (!mkdtemp(root)) {
        perror(root);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_and_read),
        cmocka_unit_test(test_empty_file_is_the_empty_string),
        cmocka_unit_test(test_read_limits),
        cmocka_unit_test(test_read_appends),
        cmocka_unit_test(test_errors_name_the_file),
        cmocka_unit_test(test_failed_replace_keeps_the_old),
        cmocka_unit_test(test_full_disk_keeps_the_old),
        cmocka_unit_test(test_no_space),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_make_dirs),
        cmocka_unit_test(test_temporary_file_has_no_name),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(root);
    return failed;
}
