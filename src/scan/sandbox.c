#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/process.h"
#include "base/syscall_filter.h"
#include "base/watched.h"

/* Sanitizers map terabytes of shadow memory, read /proc/self/maps, start a symbolizer and, at the end, stop
 * all threads with ptrace to look for leaks: neither the memory limit nor the filter can stand. Everything
 * else is as it is elsewhere. Valgrind likewise makes calls of its own in the process it watches. */
static bool is_watched(void)
{
    return VL_SANITIZED || VL_ON_VALGRIND;
}

static int set_limits(struct vl_err *err)
{
    /* A spool that grows too large is a failed write, not the end. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
    int r = vl_process_limit(RLIMIT_CORE, 0, "core dumps", err);
    if (r == 0)
        r = vl_process_limit(RLIMIT_FSIZE, VL_SANDBOX_FILE_MAX, "file size", err);
    if (r == 0 && !is_watched())
        r = vl_process_limit(RLIMIT_NOFILE, VL_SANDBOX_FILES_MAX, "open files", err);
    if (r == 0)
        r = vl_process_limit(RLIMIT_CPU, VL_SANDBOX_CPU_SECONDS, "CPU time", err);
    if (r == 0 && !is_watched())
        r = vl_process_limit(RLIMIT_AS, VL_SANDBOX_MEMORY_MAX, "memory", err);
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

/* 1: in force; 0: this kernel has none. Layers spool to unnamed files in the temporary folder; the filter
 * lets nothing else be opened there. Who may open files of a folder has no such right, and spools to memory.
 */
static int use_landlock(const struct vl_sandbox *sandbox, struct vl_err *err)
{
    const char *temp = getenv("TMPDIR");
    struct vl_landlock landlock VL_CLEANUP(vl_landlock_done);
    int r = vl_landlock_init(&landlock, err);
    if (r >= 0 && sandbox->folder >= 0)
        r = vl_landlock_allow_fd(&landlock, sandbox->folder, VL_LANDLOCK_READ, err);
    if (r >= 0 && sandbox->folder < 0)
        r = vl_landlock_allow(&landlock, temp && *temp ? temp : "/tmp", VL_LANDLOCK_WRITE, err);
    if (r >= 0 && is_watched())
        r = vl_landlock_allow(&landlock, "/proc", VL_LANDLOCK_READ, err); /* the leak checker's */
    return r < 0 ? r : vl_landlock_enter(&landlock, err);
}

/* Reading and writing what is open, memory, threads, time: nothing that reaches another object of the system.
 */
static const char *const allowed[] = {
    "read",
    "pread64",
    "readv",
    "preadv",
    "write",
    "pwrite64",
    "writev",
    "close",
    "lseek",
    "fstat",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "memfd_create",
    "poll",
    "ppoll", /* on what is open */
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "futex",
    "set_robust_list",
    "rseq",
    "set_tid_address",
    "gettid",
    "sched_yield",
    "sched_getaffinity",
    "membarrier",
    "exit",
    "exit_group",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "getpid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrandom",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
};

/* Only who was taken over asks for these. All else that is not allowed fails with EPERM, which libraries that
 * try this and that can live with. */
static const char *const deadly[] = {
    "execve",
    "execveat",
    "fork",
    "vfork",
    "ptrace",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "mount",
    "unshare",
    "setns",
    "init_module",
    "finit_module",
    "kexec_load",
    "userfaultfd",
    "io_uring_setup",
};

/* For a folder. fdopendir() asks for flags. */
static const char *const allowed_in_folder[] = {
    "getdents64",
    "newfstatat",
    "statx",
    "readlinkat",
    "fcntl",
};

/* Calls that are harmless with some arguments only. Those that fail with ENOSYS have their flags in memory,
 * where a filter does not see them: libraries go on with the older call. */
#define THREAD   (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)
#define CHANGING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

static const struct vl_syscall_rule some[] = {
    /* Memory is never executable. */
    {.call = "mprotect", .when = {VL_SYSCALL_WHEN_BITS(2, PROT_EXEC, 0)}},
    {.call = "mmap", .when = {VL_SYSCALL_WHEN_BITS(2, PROT_EXEC, 0)}},
    /* Unnamed files for spools: no name can be given to them, linkat() is not allowed. */
    {.call = "openat", .when = {VL_SYSCALL_WHEN_BITS(2, O_TMPFILE, O_TMPFILE)}},
    /* Threads, no processes. */
    {.call = "clone", .when = {VL_SYSCALL_WHEN_BITS(0, THREAD, THREAD)}},
    {.call = "clone3", .fails = ENOSYS},
    /* Limits are read, not set. */
    {.call = "prlimit64", .when = {VL_SYSCALL_WHEN(2, 0)}},
    /* A thread lets others of its own go first. */
    {.call = "setpriority", .when = {VL_SYSCALL_WHEN(0, PRIO_PROCESS), VL_SYSCALL_WHEN(1, 0)}},
    /* A thread chooses its processor among its own. */
    {.call = "sched_setaffinity", .when = {VL_SYSCALL_WHEN(0, 0)}},
};

/* fstat() of newer C libraries: on what is open. */
static const struct vl_syscall_rule some_in_layer[] = {
    {.call = "newfstatat", .when = {VL_SYSCALL_WHEN_BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH)}},
};

static const struct vl_syscall_rule some_in_folder[] = {
    {.call = "openat", .when = {VL_SYSCALL_WHEN_BITS(2, CHANGING, O_RDONLY)}},
};

static int build_filter(struct vl_syscall_filter *filter, bool folder, bool landlocked, struct vl_err *err)
{
    const struct vl_syscall_rule own[] = {
        /* Signals to itself: abort(). */
        {.call = "tgkill", .when = {VL_SYSCALL_WHEN(0, (uint64_t)getpid())}},
        /* Only where Landlock sees to it that nothing is written. */
        {.call = "openat2", .fails = landlocked ? VL_SYSCALL_ALLOWED : ENOSYS},
    };
    int r = vl_syscall_filter_add_names(filter, allowed, VL_ARRAY_LEN(allowed), VL_SYSCALL_ALLOWED, err);
    if (r == 0)
        r = vl_syscall_filter_add_names(filter, deadly, VL_ARRAY_LEN(deadly), VL_SYSCALL_KILLS, err);
    if (r == 0)
        r = vl_syscall_filter_add(filter, some, VL_ARRAY_LEN(some), err);
    if (r == 0)
        r = vl_syscall_filter_add(filter, own, folder ? 2 : 1, err);
    if (r < 0 || !folder)
        return r < 0 ? r : vl_syscall_filter_add(filter, some_in_layer, VL_ARRAY_LEN(some_in_layer), err);
    r = vl_syscall_filter_add_names(
        filter, allowed_in_folder, VL_ARRAY_LEN(allowed_in_folder), VL_SYSCALL_ALLOWED, err);
    return r < 0 ? r : vl_syscall_filter_add(filter, some_in_folder, VL_ARRAY_LEN(some_in_folder), err);
}

static int load_filter(const struct vl_sandbox *sandbox, bool landlocked, struct vl_err *err)
{
    struct vl_syscall_filter *filter VL_CLEANUP(vl_syscall_filter_cleanup) = NULL;
    int r = vl_syscall_filter_new(EPERM, &filter, err);
    if (r == 0)
        r = build_filter(filter, sandbox->folder >= 0, landlocked, err);
    return r < 0 ? r : vl_syscall_filter_enter(filter, err);
}

static int use_seccomp(const struct vl_sandbox *sandbox, bool landlocked, struct vl_err *err)
{
    if (is_watched())
        return 0;
    const char *weaker = getenv(VL_SANDBOX_ENV);
    struct vl_err why = VL_ERR_INIT;
    int r = load_filter(sandbox, landlocked, &why);
    if (r == 0 || (weaker && strcmp(weaker, "weaker") == 0))
        return 0;
    *err = why;
    return vl_err_wrap(
        err, "the indexer cannot shut itself in (seccomp; " VL_SANDBOX_ENV "=weaker goes on without)");
}

int vl_sandbox_enter(const struct vl_sandbox *sandbox, struct vl_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        (!is_watched() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
        return vl_err_sys(err, errno, "no new privileges");
    int r = is_watched() ? 0 : vl_syscall_filter_prepare(err); /* no file can be opened later */
    if (r == 0)
        r = set_limits(err);
    if (r == 0)
        r = drop_capabilities(sandbox->folder >= 0, err);
    if (r < 0)
        return r;
    int landlocked = use_landlock(sandbox, err);
    return landlocked < 0 ? landlocked : use_seccomp(sandbox, landlocked == 1, err);
}
