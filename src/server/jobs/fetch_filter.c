/* tests: test_fetch.c
 *
 * The calls to the kernel that a process may make which talks with strangers: what a program needs that reads
 * and writes its files, has threads, starts the indexer and speaks TCP and UDP. Everything else is as if the
 * kernel had it not (ENOSYS): a library that tries this and that goes on without. Modules of the C library
 * that find hosts (nss-resolve, sssd, ldap …) come from elsewhere; they run in services of systemd under
 * @system-service, and nothing that is left out here is in that set, but for calls that no look-up makes.
 *
 * As a program for the kernel, without libseccomp: the list is the whole of it.
 * Form: Documentation/userspace-api/seccomp_filter.rst, linux/bpf_common.h. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "jobs/fetch_wire.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif
#define X32 0x40000000U /* calls of another interface under the same machine's name */

#define NAMESPACES                                                                                \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
        CLONE_NEWNET)

#ifdef MACHINE

static const int allowed[] = {
    /* files */
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_preadv2,
    SYS_pwritev2,
    SYS_openat,
    SYS_openat2,
    SYS_close,
    SYS_close_range,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_getdents64,
    SYS_readlinkat,
    SYS_getcwd,
    SYS_chdir,
    SYS_fchdir,
    SYS_fcntl,
    SYS_ioctl,
    SYS_flock,
    SYS_fsync,
    SYS_fdatasync,
    SYS_sync_file_range,
    SYS_ftruncate,
    SYS_truncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_readahead,
    SYS_renameat2,
    SYS_renameat,
    SYS_unlinkat,
    SYS_mkdirat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_umask,
    SYS_utimensat,
    SYS_copy_file_range,
    SYS_sendfile,
    SYS_splice,
    SYS_tee,
    SYS_pipe2,
    SYS_dup,
    SYS_dup3,
    SYS_memfd_create,
    SYS_getxattr,
    SYS_fgetxattr,
    SYS_lgetxattr,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    /* waiting */
    SYS_ppoll,
    SYS_pselect6,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_signalfd4,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_setitimer,
    SYS_getitimer,
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_gettime,
    SYS_timer_getoverrun,
    SYS_timer_delete,
    /* memory */
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_msync,
    SYS_mincore,
    SYS_mlock,
    SYS_mlock2,
    SYS_munlock,
    /* threads and the indexer */
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_getpriority,
    SYS_setpriority,
    SYS_membarrier,
    SYS_getcpu,
    SYS_exit,
    SYS_exit_group,
    SYS_execve,
    SYS_wait4,
    SYS_waitid,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigsuspend,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_rt_sigqueueinfo,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_prctl,
    SYS_setpgid,
    SYS_getpgid,
    SYS_getsid,
    SYS_setsid,
    SYS_getrlimit,
    SYS_setrlimit,
    SYS_prlimit64,
    SYS_getrusage,
    SYS_times,
    /* who and where */
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getgroups,
    SYS_getresuid,
    SYS_getresgid,
    SYS_capget,
    SYS_capset,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrandom,
    /* the net: clients alone, nothing listens */
    SYS_connect,
    SYS_bind,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_sendto,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_recvmmsg,
    SYS_shutdown,
    SYS_socketpair,
    /* what the indexer shuts itself in with */
    SYS_seccomp,
    SYS_landlock_create_ruleset,
    SYS_landlock_add_rule,
    SYS_landlock_restrict_self,
#ifdef SYS_open /* older names of the same, on machines that had them */
    SYS_open,
    SYS_creat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_getdents,
    SYS_rename,
    SYS_unlink,
    SYS_mkdir,
    SYS_rmdir,
    SYS_link,
    SYS_symlink,
    SYS_chmod,
    SYS_pipe,
    SYS_dup2,
    SYS_poll,
    SYS_select,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_eventfd,
    SYS_signalfd,
    SYS_inotify_init,
    SYS_time,
    SYS_alarm,
    SYS_pause,
    SYS_fork,
    SYS_vfork,
    SYS_getpgrp,
    SYS_utimes,
    SYS_arch_prctl,
#endif
};

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, member))
/* The low half of an argument: what is looked at here is 32 bits wide (the machines are little-endian). */
#define LOAD_ARG(n)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, args[n]))
#define EQUAL(k, t, f) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(k), t, f)
#define HAS(k, t, f)   BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(k), t, f)
#define LEAST(k, t, f) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(k), t, f)
#define ALLOW          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FAIL(error)    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define DIE            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define PROGRAM_MAX    1024

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned short len;
};

static void put(struct program *p, const struct sock_filter *code, size_t n)
{
    for (size_t i = 0; i < n && p->len < PROGRAM_MAX; i++)
        p->code[p->len++] = code[i];
}

static void build(struct program *p, bool watched)
{
    const struct sock_filter start[] = {
        LOAD(arch), EQUAL(MACHINE, 1, 0), DIE, LOAD(nr), LEAST(X32, 0, 1), DIE};
    /* Processes and threads, in the namespaces that there are. */
    const struct sock_filter clones[] = {
        EQUAL(SYS_clone, 0, 4), LOAD_ARG(0), HAS(NAMESPACES, 0, 1), FAIL(EPERM), ALLOW};
    /* Names are found over UNIX sockets and the kernel's own list of addresses. */
    const struct sock_filter sockets[] = {EQUAL(SYS_socket, 0, 7), LOAD_ARG(0), EQUAL(AF_INET, 4, 0),
        EQUAL(AF_INET6, 3, 0), EQUAL(AF_UNIX, 2, 0), EQUAL(AF_NETLINK, 1, 0), FAIL(EAFNOSUPPORT), ALLOW};
    const struct sock_filter traced[] = {EQUAL(SYS_ptrace, 0, 1), ALLOW};
    const struct sock_filter end[] = {FAIL(ENOSYS)};
    put(p, start, VL_ARRAY_LEN(start));
    for (size_t i = 0; i < VL_ARRAY_LEN(allowed); i++) {
        const struct sock_filter one[] = {EQUAL(allowed[i], 0, 1), ALLOW};
        put(p, one, VL_ARRAY_LEN(one));
    }
    put(p, clones, VL_ARRAY_LEN(clones));
    put(p, sockets, VL_ARRAY_LEN(sockets));
    if (watched)
        put(p, traced, VL_ARRAY_LEN(traced));
    put(p, end, VL_ARRAY_LEN(end));
}

_Static_assert(2 * VL_ARRAY_LEN(allowed) + 64 < PROGRAM_MAX, "the program has room for all calls");

int vl_fetch_filter(bool watched, struct vl_err *err)
{
    struct program p = {.len = 0};
    build(&p, watched);
    const struct sock_fprog program = {.len = p.len, .filter = p.code};
    /* A kernel without filters (an emulator) goes on without, as one without Landlock does. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 && errno != EINVAL && errno != ENOSYS)
        return vl_err_sys(err, errno, "the fetcher cannot shut itself in (seccomp)");
    return 0;
}

#else

int vl_fetch_filter(bool watched, struct vl_err *err)
{
    (void)watched;
    (void)err;
    return 0;
}

#endif
