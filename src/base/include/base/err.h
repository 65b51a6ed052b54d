/* Errors: one message chain with a stable code.
 *
 * A function that can fail returns int: >= 0 on success, -errno on failure, and then has filled `err` once,
 * at the place that knows what went wrong; callers on the way up add the object they were working on with
 * vl_err_wrap(). The struct lives on the caller's stack: no allocation, nothing to free, so that reporting
 * "out of memory" works. */
#ifndef VL_BASE_ERR_H
#define VL_BASE_ERR_H

#include <errno.h>

#include "base/compiler.h"

/* Longest message incl. the terminating NUL; a longer one is cut with "…" at the end. */
#define VL_ERR_MSG_MAX 1024

/* Stable: the numbers never change meaning, and vl_err_code_name() is shown to users and by the API. */
enum vl_err_code {
    VL_ERR_NONE = 0,
    VL_ERR_INVALID,     /* the input breaks the rules of its format */
    VL_ERR_LIMIT,       /* the input is over a named limit of ours */
    VL_ERR_CORRUPT,     /* a digest, checksum or signature does not match; a file of ours is damaged */
    VL_ERR_UNSUPPORTED, /* valid, but this release does not read it */
    VL_ERR_NOT_FOUND,
    VL_ERR_CONFLICT,    /* held by another process, or changed under us */
    VL_ERR_AUTH,        /* the peer wants (other) credentials */
    VL_ERR_UNREACHABLE, /* the peer did not answer, or not in time */
    VL_ERR_USAGE,       /* wrong command line or configuration */
    VL_ERR_SYSTEM,      /* the operating system refused: errno tells */
    VL_ERR_MEMORY,
};

struct vl_err {
    int err; /* negative errno, 0 when nothing is set */
    enum vl_err_code code;
    char msg[VL_ERR_MSG_MAX];
};

#define VL_ERR_INIT ((struct vl_err){0})

/* Sets code, a default errno for it, and the message. Returns the negative errno, so `return vl_err_set(…)`
 * works. */
VL_MUST_CHECK VL_PRINTF(3, 4) int vl_err_set(struct vl_err *err, enum vl_err_code code, const char *fmt, ...);

/* As vl_err_set() with VL_ERR_SYSTEM; `errnum` > 0 is errno as the failed call left it; its text is appended.
 */
VL_MUST_CHECK VL_PRINTF(3, 4) int vl_err_sys(struct vl_err *err, int errnum, const char *fmt, ...);

/* Puts "context: " before the message. Keeps code and errno, and returns the errno. */
VL_MUST_CHECK VL_PRINTF(2, 3) int vl_err_wrap(struct vl_err *err, const char *fmt, ...);

/* "out of memory". Inline, so that compilers and analyzers see that what follows a failed allocation is
 * negative. */
VL_MUST_CHECK static inline int vl_err_nomem(struct vl_err *err)
{
    int r = vl_err_set(err, VL_ERR_MEMORY, "out of memory");
    return r < 0 ? r : -ENOMEM;
}

void vl_err_clear(struct vl_err *err);

/* "invalid", "limit" …; never NULL. */
const char *vl_err_code_name(enum vl_err_code code);

#ifdef __clang_analyzer__
/* Its view ends at the file it looks at, and some calls deep, but what a failed call did not set matters only
 * where it could seem to have succeeded. err.c itself takes these back. */
#define VL_ERR_IS_NEGATIVE(call)     \
    ({                               \
        int negative_ = (call);      \
        if (negative_ >= 0)          \
            __builtin_unreachable(); \
        negative_;                   \
    })
#define vl_err_set(...)  VL_ERR_IS_NEGATIVE(vl_err_set(__VA_ARGS__))
#define vl_err_sys(...)  VL_ERR_IS_NEGATIVE(vl_err_sys(__VA_ARGS__))
#define vl_err_wrap(...) VL_ERR_IS_NEGATIVE(vl_err_wrap(__VA_ARGS__))
#endif

#endif
