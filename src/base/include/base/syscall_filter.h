/* Which calls to the kernel a process may make: filters of seccomp, built by libseccomp, which is loaded when
 * it is needed. Names of calls and what they take: man 2 syscalls. How the kernel decides:
 * Documentation/userspace-api/seccomp_filter.rst.
 *
 * A list names calls in any order. What it does not name has the filter's answer to everything else. Of two
 * filters in force the stricter one decides, so that a filter never gives back what another took. */
#ifndef VL_BASE_SYSCALL_FILTER_H
#define VL_BASE_SYSCALL_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VL_SYSCALL_ALLOWED 0  /* instead of an errno */
#define VL_SYSCALL_KILLS   -1 /* ends the process with SIGSYS */

enum vl_syscall_compare {
    VL_SYSCALL_ANY = 0, /* no condition, and none follows */
    VL_SYSCALL_EQUALS,
    VL_SYSCALL_BITS, /* those of `mask` are exactly `value` */
};

/* A condition on one of the call's arguments, which are numbers of 64 bits; what a pointer points to is not
 * seen. The kernel takes an `int` from the low half: `is_int` compares that alone. */
struct vl_syscall_when {
    enum vl_syscall_compare how;
    unsigned argument; /* from 0 to 5 */
    bool is_int;
    uint64_t value;
    uint64_t mask;
};

#define VL_SYSCALL_WHENS_MAX 2

#define VL_SYSCALL_WHEN(n, wanted) {.how = VL_SYSCALL_EQUALS, .argument = (n), .value = (wanted)}
#define VL_SYSCALL_WHEN_BITS(n, bits, wanted) \
    {.how = VL_SYSCALL_BITS, .argument = (n), .mask = (bits), .value = (wanted)}

/* One rule: a call, under all conditions (each on another argument). Rules for one call that may hold at the
 * same time have the same answer; one without conditions replaces all others. */
struct vl_syscall_rule {
    const char *call; /* one that this machine or this libseccomp does not know is left out */
    int fails;        /* an errno, VL_SYSCALL_ALLOWED or VL_SYSCALL_KILLS */
    struct vl_syscall_when when[VL_SYSCALL_WHENS_MAX];
};

struct vl_syscall_filter;

/* Loads the library; for who is about to give up the right to open files. VL_ERR_UNSUPPORTED where there is
 * none. */
VL_MUST_CHECK int vl_syscall_filter_prepare(struct vl_err *err);

/* A filter under which every call fails with the errno `otherwise`, and a call of another machine's interface
 * ends the process. The caller owns it. */
VL_MUST_CHECK int vl_syscall_filter_new(
    int otherwise, struct vl_syscall_filter **ret_filter, struct vl_err *err);
void vl_syscall_filter_free(struct vl_syscall_filter *filter); /* NULL is fine */
static inline void vl_syscall_filter_cleanup(struct vl_syscall_filter **filter)
{
    vl_syscall_filter_free(*filter);
}

/* Names are lent for the time of the call. */
VL_MUST_CHECK int vl_syscall_filter_add(
    struct vl_syscall_filter *filter, const struct vl_syscall_rule *rules, size_t n, struct vl_err *err);
/* The same for names with one answer and no condition. */
VL_MUST_CHECK int vl_syscall_filter_add_names(
    struct vl_syscall_filter *filter, const char *const *calls, size_t n, int fails, struct vl_err *err);

/* In force for the calling thread and those it starts, for good; needs no privileges (it gives up gaining
 * any). -EINVAL or -ENOSYS: this kernel has no filters (an emulator). */
VL_MUST_CHECK int vl_syscall_filter_enter(const struct vl_syscall_filter *filter, struct vl_err *err);

#endif
