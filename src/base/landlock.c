#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* Rights that the running kernel may know and older headers do not. */
#define RIGHTS_ABI1    ((1ULL << 13) - 1)
#define RIGHT_REFER    (1ULL << 13) /* ABI 2 */
#define RIGHT_TRUNCATE (1ULL << 14) /* ABI 3 */
#define RIGHT_IOCTL    (1ULL << 15) /* ABI 5: on devices */
#define ASK_VERSION    (1U << 0)

/* What a rule on something other than a folder may name. */
#define OF_FILES                                                                                 \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | \
        RIGHT_TRUNCATE | RIGHT_IOCTL)

static uint64_t rights_of(long abi)
{
    return RIGHTS_ABI1 | (abi >= 2 ? RIGHT_REFER : 0) | (abi >= 3 ? RIGHT_TRUNCATE : 0) |
           (abi >= 5 ? RIGHT_IOCTL : 0);
}

static uint64_t rights_for(unsigned may)
{
    uint64_t rights = 0;
    if (may & VL_LANDLOCK_READ)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    if (may & VL_LANDLOCK_RUN)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    if (may & VL_LANDLOCK_WRITE)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE;
    if (may & VL_LANDLOCK_OWN)
        rights |= UINT64_MAX & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
    return rights;
}

int vl_landlock_init(struct vl_landlock *ret, struct vl_err *err)
{
    *ret = (struct vl_landlock){.ruleset = -1};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
    if (abi < 1)
        return 0; /* not built in, or not among those that the machine was started with */
    ret->rights = rights_of(abi);
    const struct landlock_ruleset_attr attr = {.handled_access_fs = ret->rights};
    ret->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0U);
    return ret->ruleset < 0 ? vl_err_sys(err, errno, "landlock") : 0;
}

void vl_landlock_done(struct vl_landlock *landlock)
{
    vl_file_close(&landlock->ruleset);
}

static int allow(
    const struct vl_landlock *landlock, int fd, const char *name, unsigned may, struct vl_err *err)
{
    struct stat st;
    uint64_t rights = rights_for(may) & landlock->rights;
    if (fstat(fd, &st) < 0)
        return vl_err_sys(err, errno, "landlock: %s", name);
    if (!S_ISDIR(st.st_mode))
        rights &= OF_FILES;
    const struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, landlock->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) < 0)
        return vl_err_sys(err, errno, "landlock: %s", name);
    return 0;
}

int vl_landlock_allow(const struct vl_landlock *landlock, const char *path, unsigned may, struct vl_err *err)
{
    if (landlock->ruleset < 0 || !path || !*path)
        return 0;
    VL_CLEANUP(vl_file_close) int fd = open(path, O_PATH | O_CLOEXEC);
    return fd < 0 ? 0 : allow(landlock, fd, path, may, err);
}

int vl_landlock_allow_fd(const struct vl_landlock *landlock, int fd, unsigned may, struct vl_err *err)
{
    return landlock->ruleset < 0 ? 0 : allow(landlock, fd, "a folder", may, err);
}

int vl_landlock_enter(const struct vl_landlock *landlock, struct vl_err *err)
{
    if (landlock->ruleset < 0)
        return 0;
    if (syscall(SYS_landlock_restrict_self, landlock->ruleset, 0U) < 0)
        return vl_err_sys(err, errno, "landlock");
    return 1;
}
