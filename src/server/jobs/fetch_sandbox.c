#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/watched.h"
#include "jobs/fetch_wire.h"

/* The process has the user id of the server, and so could read its database and its keys. Landlock takes that
 * away: it sees the system's files (programs, libraries, certificates, names of hosts), the program itself
 * and its cache. */
#define ABI1     ((1ULL << 13) - 1)
#define REFER    (1ULL << 13) /* ABI 2 */
#define TRUNCATE (1ULL << 14) /* ABI 3 */
#define VERSION  (1U << 0)
#define OF_FILES \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE)
#define READ     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
#define FILE_MAX (8ULL * 1024 * 1024 * 1024) /* bytes of one file in the cache */

static const char *const system_folders[] = {"/usr", "/lib", "/lib64", "/bin", "/etc", "/run", "/proc",
    "/dev", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/var/lib/ca-certificates"};

static int allow(int ruleset, const char *path, uint64_t rights, struct vl_err *err)
{
    struct stat st;
    VL_CLEANUP(vl_file_close) int fd = path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0; /* what is not there needs no right */
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "landlock: %s", path);
    if (!S_ISDIR(st.st_mode))
        rights &= OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) < 0)
        return vl_err_sys(err, errno, "landlock: %s", path);
    return 0;
}

/* What may be started: the program itself (the indexer is one), by the loader that it was started with. */
static int allow_programs(int ruleset, struct vl_err *err)
{
    uintptr_t base = getauxval(AT_BASE);
    Dl_info loader = {0};
    int r = allow(ruleset, "/proc/self/exe", RUN, err);
    if (r >= 0 && base && dladdr((const void *)base, &loader) && loader.dli_fname)
        r = allow(ruleset, loader.dli_fname, RUN, err);
    for (size_t i = 0; VL_ON_VALGRIND && i < VL_ARRAY_LEN(system_folders) && r >= 0; i++)
        r = allow(ruleset, system_folders[i], READ | LANDLOCK_ACCESS_FS_EXECUTE, err);
    return r;
}

/* "A:B:C" */
static int allow_list(int ruleset, const char *list, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(list ? list : ""), part;
    int r = 0;
    while (r >= 0 && vl_span_split(&rest, ':', &part)) {
        char path[PATH_MAX];
        if (part.len >= sizeof(path))
            continue;
        memcpy(path, part.ptr, part.len);
        path[part.len] = '\0';
        r = allow(ruleset, path, READ, err);
    }
    return r;
}

static int use_landlock(const char *cache_dir, struct vl_err *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, VERSION);
    if (abi < 1)
        return 0;
    const uint64_t all = ABI1 | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0);
    const struct landlock_ruleset_attr attr = {.handled_access_fs = all};
    VL_CLEANUP(vl_file_close)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0U);
    if (ruleset < 0)
        return vl_err_sys(err, errno, "landlock");
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(system_folders) && r >= 0; i++)
        r = allow(ruleset, system_folders[i], READ, err);
    if (r >= 0)
        r = allow_programs(ruleset, err);
    if (r >= 0)
        r = allow(ruleset, "/dev/null",
            (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE) & all, err);
    if (r >= 0)
        r = allow_list(ruleset, getenv("SSL_CERT_FILE"), err);
    if (r >= 0)
        r = allow_list(ruleset, getenv("SSL_CERT_DIR"), err);
    if (r >= 0)
        r = allow_list(ruleset, getenv("LD_LIBRARY_PATH"), err);
    if (r >= 0)
        r = allow(ruleset, cache_dir, all & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE, err);
    if (r >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0)
        r = vl_err_sys(err, errno, "landlock");
    return r;
}

static int limit(int what, rlim_t value, struct vl_err *err)
{
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) < 0)
        return vl_err_sys(err, errno, "limits of the fetcher");
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
        value = now.rlim_max;
    now = (struct rlimit){value, value};
    return setrlimit((__rlimit_resource_t)what, &now) < 0 ? vl_err_sys(err, errno, "limits of the fetcher")
                                                          : 0;
}

int vl_fetch_sandbox(const char *cache_dir, struct vl_err *err)
{
    /* Nothing that the server has open, should something have been left open. */
    (void)syscall(SYS_close_range, 3U, ~0U, 0U);
    (void)sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return vl_err_sys(err, errno, "no new privileges");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int r = limit(RLIMIT_CORE, 0, err);
    if (r >= 0)
        r = limit(RLIMIT_FSIZE, FILE_MAX, err);
    if (r >= 0)
        r = use_landlock(cache_dir, err);
    /* Valgrind makes calls of its own in the process: it is watched as it is. */
    return r < 0 || VL_ON_VALGRIND ? r : vl_fetch_filter(VL_SANITIZED, err);
}
