#include "base/syscall_filter.h"

#include <errno.h>
#include <seccomp.h>

#include "base/lazy.h"

#define FUNCTIONS(F)          \
    F(seccomp_init)           \
    F(seccomp_attr_set)       \
    F(seccomp_load)           \
    F(seccomp_release)        \
    F(seccomp_rule_add_array) \
    F(seccomp_syscall_resolve_name)
VL_LAZY_LIBRARY(libseccomp, FUNCTIONS, "libseccomp.so.2", "filters of system calls")

#define LOW_HALF 0xffffffffULL

/* The library's context is the filter: nothing else need be kept. */
static struct vl_syscall_filter *filter_of(scmp_filter_ctx context)
{
    return context;
}

static scmp_filter_ctx context_of(const struct vl_syscall_filter *filter)
{
    return (scmp_filter_ctx)(uintptr_t)filter;
}

int vl_syscall_filter_prepare(struct vl_err *err)
{
    return libseccomp_load(err);
}

static uint32_t action_of(int fails)
{
    if (fails == VL_SYSCALL_ALLOWED)
        return SCMP_ACT_ALLOW;
    return fails == VL_SYSCALL_KILLS ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO((uint32_t)fails);
}

int vl_syscall_filter_new(int otherwise, struct vl_syscall_filter **ret_filter, struct vl_err *err)
{
    int r = libseccomp_load(err);
    if (r < 0)
        return r;
    scmp_filter_ctx context = libseccomp.seccomp_init(action_of(otherwise));
    if (!context)
        return vl_err_sys(err, ENOMEM, "filter of system calls");
    r = libseccomp.seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (r == 0) /* what the kernel says, not one error for all */
        r = libseccomp.seccomp_attr_set(context, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (r < 0) {
        libseccomp.seccomp_release(context);
        return vl_err_sys(err, -r, "filter of system calls");
    }
    *ret_filter = filter_of(context);
    return 0;
}

void vl_syscall_filter_free(struct vl_syscall_filter *filter)
{
    if (filter)
        libseccomp.seccomp_release(context_of(filter));
}

/* The library compares all 64 bits, or those of a mask: an `int` has 32. */
static struct scmp_arg_cmp comparison(const struct vl_syscall_when *when)
{
    struct scmp_arg_cmp cmp = {.arg = when->argument, .op = SCMP_CMP_EQ, .datum_a = when->value};
    if (when->how == VL_SYSCALL_BITS || when->is_int) {
        cmp.op = SCMP_CMP_MASKED_EQ;
        cmp.datum_a = when->how == VL_SYSCALL_BITS ? when->mask : LOW_HALF;
        cmp.datum_b = when->value;
    }
    return cmp;
}

static int add(struct vl_syscall_filter *filter, const struct vl_syscall_rule *rule, struct vl_err *err)
{
    struct scmp_arg_cmp when[VL_SYSCALL_WHENS_MAX];
    unsigned n = 0;
    int call = libseccomp.seccomp_syscall_resolve_name(rule->call);
    if (call == __NR_SCMP_ERROR)
        return 0;
    while (n < VL_SYSCALL_WHENS_MAX && rule->when[n].how != VL_SYSCALL_ANY) {
        when[n] = comparison(&rule->when[n]);
        n++;
    }
    int r = libseccomp.seccomp_rule_add_array(context_of(filter), action_of(rule->fails), call, n, when);
    /* Not of this machine; or the same as the answer to everything else. */
    if (r == 0 || r == -EDOM || r == -EACCES)
        return 0;
    return vl_err_sys(err, -r, "filter of system calls: %s", rule->call);
}

int vl_syscall_filter_add(
    struct vl_syscall_filter *filter, const struct vl_syscall_rule *rules, size_t n, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = add(filter, &rules[i], err);
    return r;
}

int vl_syscall_filter_add_names(
    struct vl_syscall_filter *filter, const char *const *calls, size_t n, int fails, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = add(filter, &(struct vl_syscall_rule){.call = calls[i], .fails = fails}, err);
    return r;
}

int vl_syscall_filter_enter(const struct vl_syscall_filter *filter, struct vl_err *err)
{
    int r = libseccomp.seccomp_load(context_of(filter));
    return r < 0 ? vl_err_sys(err, -r, "filter of system calls") : 0;
}
