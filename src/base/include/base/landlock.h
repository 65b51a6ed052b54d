/* Which files a process may still open: rules of Landlock (man 7 landlock; bits that a kernel's ABI knows:
 * Documentation/userspace-api/landlock.rst). What no rule allows is refused with EACCES, to this process and
 * to those it starts, for good; what is open already stays so. On a kernel without Landlock nothing is
 * refused and all calls succeed. */
#ifndef VL_BASE_LANDLOCK_H
#define VL_BASE_LANDLOCK_H

#include <stdint.h>

#include "base/err.h"

/* Of a file, or of all that lies below a folder. */
enum vl_landlock_may {
    VL_LANDLOCK_READ = 1, /* files and folders */
    VL_LANDLOCK_RUN = 2,  /* read a file and start it as a program; folders are not listed */
    VL_LANDLOCK_WRITE =
        4, /* read, write and cut files that are there; none is made or removed but unnamed ones */
    VL_LANDLOCK_OWN = 8, /* all but to start programs */
};

struct vl_landlock {
    int ruleset;     /* -1: this kernel has no Landlock */
    uint64_t rights; /* all that it knows to refuse */
};

/* Begins a list of rules, which allows nothing. On failure there is nothing to be done with *ret. */
VL_MUST_CHECK int vl_landlock_init(struct vl_landlock *ret, struct vl_err *err);
void vl_landlock_done(struct vl_landlock *landlock);

/* `may`: any of the above together. The file is the one that bears the name now. What cannot be found or
 * reached needs no rule, nor do NULL and "". */
VL_MUST_CHECK int vl_landlock_allow(
    const struct vl_landlock *landlock, const char *path, unsigned may, struct vl_err *err);
VL_MUST_CHECK int vl_landlock_allow_fd(
    const struct vl_landlock *landlock, int fd, unsigned may, struct vl_err *err);

/* In force from here on: 1; 0 where the kernel has none. The process must have given up new privileges
 * (PR_SET_NO_NEW_PRIVS), or be root. */
VL_MUST_CHECK int vl_landlock_enter(const struct vl_landlock *landlock, struct vl_err *err);

#endif
