#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/process.h"
#include "base/watched.h"
#include "jobs/fetch_wire.h"

/* The process has the user id of the server, and so could read its database and its keys. Landlock takes that
 * away: it sees the system's files (programs, libraries, certificates, names of hosts), the program itself
 * and its cache. */
#define FILE_MAX (8ULL * 1024 * 1024 * 1024) /* bytes of one file in the cache */

static const char *const system_folders[] = {"/usr", "/lib", "/lib64", "/bin", "/etc", "/run", "/proc",
    "/dev", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/var/lib/ca-certificates"};

/* What may be started: the program itself (the indexer is one), by the loader that it was started with. */
static int allow_programs(const struct vl_landlock *landlock, struct vl_err *err)
{
    uintptr_t base = getauxval(AT_BASE);
    Dl_info loader = {0};
    int r = vl_landlock_allow(landlock, "/proc/self/exe", VL_LANDLOCK_RUN, err);
    if (r >= 0 && base && dladdr((const void *)base, &loader) && loader.dli_fname)
        r = vl_landlock_allow(landlock, loader.dli_fname, VL_LANDLOCK_RUN, err);
    for (size_t i = 0; VL_ON_VALGRIND && i < VL_ARRAY_LEN(system_folders) && r >= 0; i++)
        r = vl_landlock_allow(landlock, system_folders[i], VL_LANDLOCK_READ | VL_LANDLOCK_RUN, err);
    return r;
}

/* "A:B:C" */
static int allow_list(const struct vl_landlock *landlock, const char *list, struct vl_err *err)
{
    struct vl_span rest = vl_span_str(list ? list : ""), part;
    int r = 0;
    while (r >= 0 && vl_span_split(&rest, ':', &part)) {
        char path[PATH_MAX];
        if (part.len >= sizeof(path))
            continue;
        memcpy(path, part.ptr, part.len);
        path[part.len] = '\0';
        r = vl_landlock_allow(landlock, path, VL_LANDLOCK_READ, err);
    }
    return r;
}

static int use_landlock(const char *cache_dir, struct vl_err *err)
{
    struct vl_landlock landlock VL_CLEANUP(vl_landlock_done);
    int r = vl_landlock_init(&landlock, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(system_folders) && r >= 0; i++)
        r = vl_landlock_allow(&landlock, system_folders[i], VL_LANDLOCK_READ, err);
    if (r >= 0)
        r = allow_programs(&landlock, err);
    if (r >= 0)
        r = vl_landlock_allow(&landlock, "/dev/null", VL_LANDLOCK_WRITE, err);
    if (r >= 0)
        r = allow_list(&landlock, getenv("SSL_CERT_FILE"), err);
    if (r >= 0)
        r = allow_list(&landlock, getenv("SSL_CERT_DIR"), err);
    if (r >= 0)
        r = allow_list(&landlock, getenv("LD_LIBRARY_PATH"), err);
    if (r >= 0)
        r = vl_landlock_allow(&landlock, cache_dir, VL_LANDLOCK_OWN, err);
    if (r >= 0)
        r = vl_landlock_enter(&landlock, err);
    return r < 0 ? r : 0;
}

int vl_fetch_sandbox(const char *cache_dir, struct vl_err *err)
{
    /* Nothing that the server has open, should something have been left open. */
    (void)syscall(SYS_close_range, 3U, ~0U, 0U);
    (void)sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return vl_err_sys(err, errno, "no new privileges");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int r = vl_process_limit(RLIMIT_CORE, 0, "core dumps", err);
    if (r >= 0)
        r = vl_process_limit(RLIMIT_FSIZE, FILE_MAX, "file size", err);
    if (r >= 0)
        r = use_landlock(cache_dir, err);
    /* Valgrind makes calls of its own in the process: it is watched as it is. */
    return r < 0 || VL_ON_VALGRIND ? r : vl_fetch_filter(VL_SANITIZED, err);
}
