/* tests: test_fetch.c
 *
 * The calls to the kernel that a process may make which talks with strangers: what a program needs that reads
 * and writes its files, has threads, starts the indexer and speaks TCP and UDP. Everything else is as if the
 * kernel had it not (ENOSYS): a library that tries this and that goes on without. Modules of the C library
 * that find hosts (nss-resolve, sssd, ldap …) come from elsewhere; they run in services of systemd under
 * @system-service, and nothing that is left out here is in that set, but for calls that no look-up makes. */
#include <errno.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/syscall_filter.h"
#include "jobs/fetch_wire.h"

static const char *const allowed[] = {
    /* files */
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "openat",
    "openat2",
    "close",
    "close_range",
    "lseek",
    "fstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "faccessat",
    "faccessat2",
    "getdents64",
    "readlinkat",
    "getcwd",
    "chdir",
    "fchdir",
    "fcntl",
    "ioctl",
    "flock",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "ftruncate",
    "truncate",
    "fallocate",
    "fadvise64",
    "readahead",
    "renameat2",
    "renameat",
    "unlinkat",
    "mkdirat",
    "linkat",
    "symlinkat",
    "fchmod",
    "fchmodat",
    "fchown",
    "umask",
    "utimensat",
    "copy_file_range",
    "sendfile",
    "splice",
    "tee",
    "pipe2",
    "dup",
    "dup3",
    "memfd_create",
    "getxattr",
    "fgetxattr",
    "lgetxattr",
    "inotify_init1",
    "inotify_add_watch",
    "inotify_rm_watch",
    /* waiting */
    "ppoll",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "signalfd4",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "nanosleep",
    "clock_nanosleep",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "setitimer",
    "getitimer",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_getoverrun",
    "timer_delete",
    /* memory */
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    "msync",
    "mincore",
    "mlock",
    "mlock2",
    "munlock",
    /* threads and the indexer */
    "futex",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "gettid",
    "getpid",
    "getppid",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getpriority",
    "setpriority",
    "membarrier",
    "getcpu",
    "exit",
    "exit_group",
    "execve",
    "wait4",
    "waitid",
    "pidfd_open",
    "pidfd_send_signal",
    "kill",
    "tkill",
    "tgkill",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigqueueinfo",
    "sigaltstack",
    "restart_syscall",
    "prctl",
    "setpgid",
    "getpgid",
    "getsid",
    "setsid",
    "getrlimit",
    "setrlimit",
    "prlimit64",
    "getrusage",
    "times",
    /* who and where */
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getgroups",
    "getresuid",
    "getresgid",
    "capget",
    "capset",
    "uname",
    "sysinfo",
    "getrandom",
    /* the net: clients alone, nothing listens */
    "connect",
    "bind",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "shutdown",
    "socketpair",
    /* what the indexer shuts itself in with */
    "seccomp",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
    /* older names of the same, on machines that have them */
    "open",
    "creat",
    "stat",
    "lstat",
    "access",
    "readlink",
    "getdents",
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "link",
    "symlink",
    "chmod",
    "pipe",
    "dup2",
    "poll",
    "select",
    "epoll_create",
    "epoll_wait",
    "eventfd",
    "signalfd",
    "inotify_init",
    "time",
    "alarm",
    "pause",
    "fork",
    "vfork",
    "getpgrp",
    "utimes",
    "arch_prctl",
};

/* Processes and threads, in the namespaces that there are. */
static const uint64_t namespaces[] = {
    CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET};

static int allow_clone(struct vl_syscall_filter *filter, struct vl_err *err)
{
    uint64_t all = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(namespaces); i++) {
        const struct vl_syscall_rule refused = {
            .call = "clone", .fails = EPERM, .when = {VL_SYSCALL_WHEN_BITS(0, namespaces[i], namespaces[i])}};
        int r = vl_syscall_filter_add(filter, &refused, 1, err);
        if (r < 0)
            return r;
        all |= namespaces[i];
    }
    const struct vl_syscall_rule plain = {.call = "clone", .when = {VL_SYSCALL_WHEN_BITS(0, all, 0)}};
    return vl_syscall_filter_add(filter, &plain, 1, err);
}

/* Names are found over UNIX sockets and the kernel's own list of addresses. Who tries another family goes on
 * without where the kernel does not have it. */
static int allow_sockets(struct vl_syscall_filter *filter, struct vl_err *err)
{
    int r = 0;
    for (uint64_t family = 0; family < AF_MAX && r == 0; family++) {
        bool spoken = family == AF_INET || family == AF_INET6 || family == AF_UNIX || family == AF_NETLINK;
        const struct vl_syscall_rule rule = {.call = "socket",
            .fails = spoken ? VL_SYSCALL_ALLOWED : EAFNOSUPPORT,
            .when = {{.how = VL_SYSCALL_EQUALS, .argument = 0, .is_int = true, .value = family}}};
        r = vl_syscall_filter_add(filter, &rule, 1, err);
    }
    return r;
}

int vl_fetch_filter(bool watched, struct vl_err *err)
{
    static const char *const traced[] = {"ptrace"};
    struct vl_syscall_filter *filter VL_CLEANUP(vl_syscall_filter_cleanup) = NULL;
    int r = vl_syscall_filter_new(ENOSYS, &filter, err);
    if (r == 0)
        r = vl_syscall_filter_add_names(filter, allowed, VL_ARRAY_LEN(allowed), VL_SYSCALL_ALLOWED, err);
    if (r == 0)
        r = allow_clone(filter, err);
    if (r == 0)
        r = allow_sockets(filter, err);
    if (r == 0 && watched)
        r = vl_syscall_filter_add_names(filter, traced, 1, VL_SYSCALL_ALLOWED, err);
    if (r < 0)
        return vl_err_wrap(err, "the fetcher cannot shut itself in");
    struct vl_err why = VL_ERR_INIT;
    r = vl_syscall_filter_enter(filter, &why);
    /* A kernel without filters (an emulator) goes on without, as one without Landlock does. */
    if (r == 0 || r == -EINVAL || r == -ENOSYS)
        return 0;
    *err = why;
    return vl_err_wrap(err, "the fetcher cannot shut itself in");
}
