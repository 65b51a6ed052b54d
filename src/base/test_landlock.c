#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/landlock.h"
#include "base/span.h"

/* A folder of each right, with a file and a program in it. */
static const struct {
    const char *name;
    unsigned may;
} folders[] = {{"none", 0}, {"read", VL_LANDLOCK_READ}, {"run", VL_LANDLOCK_READ | VL_LANDLOCK_RUN},
    {"write", VL_LANDLOCK_WRITE}, {"own", VL_LANDLOCK_OWN}};

static char root[] = "/tmp/vallum-landlock-XXXXXX";

static const char *in(const char *folder, const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
    return path;
}

static int set_up(void **state)
{
    struct vl_err err = VL_ERR_INIT;
    (void)state;
    if (!mkdtemp(root))
        return -1;
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        if (mkdir(in(folders[i].name, ""), 0755) < 0 ||
            vl_file_replace(in(folders[i].name, "file"), 0644, VL_SPAN_LIT("text"), &err) < 0 ||
            vl_file_replace(in(folders[i].name, "program"), 0755, VL_SPAN_LIT("#!/no/such\n"), &err) < 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        (void)unlink(in(folders[i].name, "file"));
        (void)unlink(in(folders[i].name, "program"));
        (void)unlink(in(folders[i].name, "new"));
        (void)rmdir(in(folders[i].name, ""));
    }
    return rmdir(root);
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1U) >= 1;
}

/* Runs `act` behind rules for the folders, in a process of its own; its exit status. */
static int behind_rules(int (*act)(const char *folder), const char *folder)
{
    int status = 0;
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct vl_err err = VL_ERR_INIT;
        struct vl_landlock landlock;
        int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : vl_landlock_init(&landlock, &err);
        for (size_t i = 0; i < VL_ARRAY_LEN(folders) && r >= 0; i++) {
            if (folders[i].may)
                r = vl_landlock_allow(&landlock, in(folders[i].name, ""), folders[i].may, &err);
        }
        if (r >= 0)
            r = vl_landlock_allow(&landlock, in("no", "such"), VL_LANDLOCK_OWN, &err);
        if (r >= 0)
            r = vl_landlock_allow(&landlock, NULL, VL_LANDLOCK_OWN, &err);
        if (r < 0 || vl_landlock_enter(&landlock, &err) != has_landlock())
            _exit(99);
        vl_landlock_done(&landlock);
        _exit(act(folder));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* 0, or errno. */
static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    vl_file_close(&fd);
    return 0;
}

static int list(const char *folder)
{
    return opened(in(folder, ""), O_RDONLY | O_DIRECTORY);
}

static int read_file(const char *folder)
{
    return opened(in(folder, "file"), O_RDONLY);
}

static int write_file(const char *folder)
{
    return opened(in(folder, "file"), O_WRONLY);
}

static int cut_file(const char *folder)
{
    return opened(in(folder, "file"), O_WRONLY | O_TRUNC);
}

static int make_file(const char *folder)
{
    return opened(in(folder, "new"), O_WRONLY | O_CREAT | O_EXCL);
}

static int remove_file(const char *folder)
{
    return unlink(in(folder, "file")) < 0 ? errno : 0;
}

/* Its interpreter is nowhere: the kernel says so to those who may start it, and to nobody else. */
static int start(const char *folder)
{
    char name[] = "program";
    char *const argv[] = {name, NULL}, *const env[] = {NULL};
    execve(in(folder, "program"), argv, env);
    return errno;
}

/* What is asked, and who of none, read, run, write, own may. */
static const struct {
    const char *what;
    int (*act)(const char *folder);
    bool may[VL_ARRAY_LEN(folders)];
} asked[] = {
    {"list", list, {false, true, true, false, true}},
    {"read", read_file, {false, true, true, true, true}},
    {"write", write_file, {false, false, false, true, true}},
    {"cut", cut_file, {false, false, false, true, true}},
    {"make", make_file, {false, false, false, false, true}},
    {"remove", remove_file, {false, false, false, false, true}},
};

/* Where the kernel has none, all are allowed all; what `remove` removes is there again for the next. */
static void test_rights(void **state)
{
    const bool refuses = has_landlock();
    struct vl_err err = VL_ERR_INIT;
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(asked); i++) {
        for (size_t k = 0; k < VL_ARRAY_LEN(folders); k++) {
            int got = behind_rules(asked[i].act, folders[k].name);
            if (got != (asked[i].may[k] || !refuses ? 0 : EACCES))
                fail_msg("%s in %s: %d", asked[i].what, folders[k].name, got);
            assert_int_equal(
                vl_file_replace(in(folders[k].name, "file"), 0644, VL_SPAN_LIT("text"), &err), 0);
        }
    }
}

/* A rule for a folder that is open already, and one for a file alone. */
static int with_a_file(const char *folder)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_landlock landlock;
    int fd = open(in(folder, ""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || vl_landlock_init(&landlock, &err) < 0 ||
        vl_landlock_allow_fd(&landlock, fd, VL_LANDLOCK_READ, &err) < 0 ||
        vl_landlock_allow(&landlock, in("own", "file"), VL_LANDLOCK_OWN, &err) < 0 ||
        vl_landlock_enter(&landlock, &err) < 0)
        return 99;
    vl_landlock_done(&landlock);
    vl_file_close(&fd);
    if (opened(in(folder, "file"), O_RDONLY) != 0 || opened(in("own", "file"), O_RDWR) != 0)
        return 98;
    /* Rules behind rules only take away. */
    return opened(in("own", "new"), O_WRONLY | O_CREAT) == (has_landlock() ? EACCES : 0) &&
                   opened(in("none", "file"), O_RDONLY) == (has_landlock() ? EACCES : 0)
               ? 0
               : 97;
}

static void test_single(void **state)
{
    (void)state;
    assert_int_equal(behind_rules(with_a_file, "read"), 0);
}

static void test_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < VL_ARRAY_LEN(folders); i++) {
        int got = behind_rules(start, folders[i].name);
        bool may = (folders[i].may & VL_LANDLOCK_RUN) != 0 || !has_landlock();
        if (got != (may ? ENOENT : EACCES))
            fail_msg("a program in %s: %d", folders[i].name, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
