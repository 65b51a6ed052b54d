#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lazy.h"
#include "base/watched.h"

#define FUNCTIONS(F)   \
    F(seccomp_init)    \
    F(seccomp_load)    \
    F(seccomp_release) \
    F(seccomp_rule_add)
VL_LAZY_LIBRARY(libseccomp, FUNCTIONS, "libseccomp.so.2", "the sandbox of the indexer")

/* Sanitizers map terabytes of shadow memory, read /proc/self/maps, start a symbolizer and, at the end, stop
 * all threads with ptrace to look for leaks: neither the memory limit nor the filter can stand. Everything
 * else is as it is elsewhere. Valgrind likewise makes calls of its own in the process it watches. */
static bool is_watched(void)
{
    return VL_SANITIZED || VL_ON_VALGRIND;
}

static int limit(int what, rlim_t value, const char *name, struct vl_err *err)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) < 0)
        return vl_err_sys(err, errno, "limit of %s", name);
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
        value = now.rlim_max;
    now = (struct rlimit){value, value};
    if (setrlimit((__rlimit_resource_t)what, &now) < 0)
        return vl_err_sys(err, errno, "limit of %s", name);
    return 0;
}

static int set_limits(struct vl_err *err)
{
    /* A spool that grows too large is a failed write, not the end. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
    int r = limit(RLIMIT_CORE, 0, "core dumps", err);
    if (r == 0)
        r = limit(RLIMIT_FSIZE, VL_SANDBOX_FILE_MAX, "file size", err);
    if (r == 0 && !is_watched())
        r = limit(RLIMIT_NOFILE, VL_SANDBOX_FILES_MAX, "open files", err);
    if (r == 0)
        r = limit(RLIMIT_CPU, VL_SANDBOX_CPU_SECONDS, "CPU time", err);
    if (r == 0 && !is_watched())
        r = limit(RLIMIT_AS, VL_SANDBOX_MEMORY_MAX, "memory", err);
    return r;
}

/* Root without capabilities: for a folder only the right to read all of it stays. */
static int drop_capabilities(bool folder, struct vl_err *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct had[2], keep[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, had) < 0)
        return vl_err_sys(err, errno, "capabilities");
    if (folder) {
        const uint32_t read_all = 1U << CAP_DAC_READ_SEARCH;
        keep[0].effective = keep[0].permitted = had[0].permitted & read_all;
    }
    if (syscall(SYS_capset, &header, keep) < 0)
        return vl_err_sys(err, errno, "capabilities");
    return 0;
}

#define READ_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Rights that the running kernel may know and older headers do not. */
#define RIGHTS_ABI1     ((1ULL << 13) - 1)
#define RIGHT_REFER     (1ULL << 13) /* ABI 2 */
#define RIGHT_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define RIGHT_IOCTL     (1ULL << 15) /* ABI 5 */
#define RULESET_VERSION (1U << 0)
#define RULE_PATH       LANDLOCK_RULE_PATH_BENEATH

static uint64_t rights_of(long abi)
{
    uint64_t rights = RIGHTS_ABI1;
    if (abi >= 2)
        rights |= RIGHT_REFER;
    if (abi >= 3)
        rights |= RIGHT_TRUNCATE;
    if (abi >= 5)
        rights |= RIGHT_IOCTL;
    return rights;
}

static int allow_beneath(int ruleset, int fd, uint64_t rights, struct vl_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "landlock");
    if (!S_ISDIR(st.st_mode))
        rights &= LANDLOCK_ACCESS_FS_READ_FILE;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0) < 0)
        return vl_err_sys(err, errno, "landlock");
    return 0;
}

static int allow_path(int ruleset, const char *path, uint64_t rights, struct vl_err *err)
{
    VL_CLEANUP(vl_file_close) int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? 0 : allow_beneath(ruleset, fd, rights, err);
}

/* Layers spool to unnamed files in the temporary folder; the filter lets nothing else be opened there. Who
 * may open files of a folder has no such right, and spools to memory. */
static int allow_spool(int ruleset, uint64_t rights, struct vl_err *err)
{
    const char *temp = getenv("TMPDIR");
    return allow_path(ruleset, temp && *temp ? temp : "/tmp",
        rights & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE), err);
}

/* 1: in force; 0: this kernel has none. */
static int use_landlock(const struct vl_sandbox *sandbox, struct vl_err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, RULESET_VERSION);
    if (abi < 1)
        return 0;
    const uint64_t rights = rights_of(abi);
    const struct landlock_ruleset_attr attr = {.handled_access_fs = rights};
    VL_CLEANUP(vl_file_close)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0U);
    if (ruleset < 0)
        return vl_err_sys(err, errno, "landlock");
    int r = sandbox->folder >= 0 ? allow_beneath(ruleset, sandbox->folder, READ_ACCESS, err)
                                 : allow_spool(ruleset, rights, err);
    if (r == 0 && is_watched())
        r = allow_path(ruleset, "/proc", READ_ACCESS, err); /* the leak checker's */
    if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0)
        r = vl_err_sys(err, errno, "landlock");
    return r < 0 ? r : 1;
}

/* Reading and writing what is open, memory, threads, time: nothing that reaches another object of the system.
 */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(memfd_create),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll), /* on what is open */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrlimit),
};

/* Only who was taken over asks for these. All else that is not allowed fails with EPERM, which libraries that
 * try this and that can live with. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
};

/* For a folder. fdopendir() asks for flags. */
static const int allowed_in_folder[] = {
    SCMP_SYS(getdents64),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(readlinkat),
    SCMP_SYS(fcntl),
};

static int allow_each(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = libseccomp.seccomp_rule_add(ctx, action, calls[i], 0);
        if (r == -EDOM || r == -EACCES) /* not on this machine; or the same as the default */
            r = 0;
    }
    return r;
}

/* Calls that are harmless with some arguments only. */
static int allow_some(scmp_filter_ctx ctx, bool folder, bool landlocked)
{
    const scmp_datum_t temp = O_TMPFILE;
    const scmp_datum_t changing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
    const scmp_datum_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
    /* Memory is never executable. */
    const struct scmp_arg_cmp plain = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int r = libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, plain);
    if (r == 0)
        r = libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, plain);
    /* Unnamed files for spools: no name can be given to them, linkat() is not allowed. */
    if (r == 0)
        r = libseccomp.seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, temp, temp));
    /* Threads, no processes. clone3() has its flags in memory, where a filter does not see them. */
    if (r == 0)
        r = libseccomp.seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
    if (r == 0)
        r = libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (r == 0) /* limits are read, not set */
        r = libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    if (r == 0) /* a thread lets others of its own go first */
        r = libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setpriority), 2,
            SCMP_A0(SCMP_CMP_EQ, PRIO_PROCESS), SCMP_A1(SCMP_CMP_EQ, 0));
    if (r == 0) /* a thread chooses its processor among its own */
        r = libseccomp.seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, SCMP_SYS(sched_setaffinity), 1, SCMP_A0(SCMP_CMP_EQ, 0));
    if (r == 0) /* signals to itself: abort() */
        r = libseccomp.seccomp_rule_add(
            ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    if (r < 0)
        return r;
    if (!folder) /* fstat() of newer C libraries: AT_EMPTY_PATH on what is open */
        return libseccomp.seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
            SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
    r = libseccomp.seccomp_rule_add(
        ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, changing, O_RDONLY));
    /* openat2() has its flags in memory too: only where Landlock sees to it that nothing is written. */
    if (r == 0)
        r = libseccomp.seccomp_rule_add(
            ctx, landlocked ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0);
    return r;
}

static int load_filter(const struct vl_sandbox *sandbox, bool landlocked)
{
    bool folder = sandbox->folder >= 0;
    scmp_filter_ctx ctx = libseccomp.seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!ctx)
        return -ENOMEM;
    int r = allow_each(ctx, SCMP_ACT_ALLOW, allowed, VL_ARRAY_LEN(allowed));
    if (r == 0)
        r = allow_each(ctx, SCMP_ACT_KILL_PROCESS, deadly, VL_ARRAY_LEN(deadly));
    if (r == 0 && folder)
        r = allow_each(ctx, SCMP_ACT_ALLOW, allowed_in_folder, VL_ARRAY_LEN(allowed_in_folder));
    if (r == 0)
        r = allow_some(ctx, folder, landlocked);
    if (r == 0)
        r = libseccomp.seccomp_load(ctx);
    libseccomp.seccomp_release(ctx);
    return r;
}

static int use_seccomp(const struct vl_sandbox *sandbox, bool landlocked, struct vl_err *err)
{
    if (is_watched())
        return 0;
    const char *weaker = getenv(VL_SANDBOX_ENV);
    int r = load_filter(sandbox, landlocked);
    if (r < 0 && !(weaker && strcmp(weaker, "weaker") == 0))
        return vl_err_sys(err, -r,
            "the indexer cannot shut itself in (seccomp; " VL_SANDBOX_ENV "=weaker goes on without)");
    return 0;
}

int vl_sandbox_enter(const struct vl_sandbox *sandbox, struct vl_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        (!is_watched() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
        return vl_err_sys(err, errno, "no new privileges");
    int r = is_watched() ? 0 : libseccomp_load(err); /* no file can be opened later */
    if (r == 0)
        r = set_limits(err);
    if (r == 0)
        r = drop_capabilities(sandbox->folder >= 0, err);
    if (r < 0)
        return r;
    int landlocked = use_landlock(sandbox, err);
    return landlocked < 0 ? landlocked : use_seccomp(sandbox, landlocked == 1, err);
}
