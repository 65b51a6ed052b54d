#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang_analyzer__
#undef vl_err_set
#undef vl_err_sys
#undef vl_err_wrap
#endif

static const struct {
    const char *name;
    int errnum;
} codes[] = {
    [VL_ERR_NONE] = {"none", 0},
    [VL_ERR_INVALID] = {"invalid", EINVAL},
    [VL_ERR_LIMIT] = {"limit", E2BIG},
    [VL_ERR_CORRUPT] = {"corrupt", EBADMSG},
    [VL_ERR_UNSUPPORTED] = {"unsupported", EOPNOTSUPP},
    [VL_ERR_NOT_FOUND] = {"not_found", ENOENT},
    [VL_ERR_CONFLICT] = {"conflict", EBUSY},
    [VL_ERR_AUTH] = {"auth", EACCES},
    [VL_ERR_UNREACHABLE] = {"unreachable", EHOSTUNREACH},
    [VL_ERR_USAGE] = {"usage", EINVAL},
    [VL_ERR_SYSTEM] = {"system", EIO},
    [VL_ERR_MEMORY] = {"memory", ENOMEM},
};

/* Marks a message that did not fit, so that a cut one is never taken for whole; never inside of a character.
 */
static void mark_cut(struct vl_err *err, int needed)
{
    static const char ellipsis[] = "…";
    if (needed < 0 || (size_t)needed < sizeof(err->msg))
        return;
    size_t at = sizeof(err->msg) - sizeof(ellipsis);
    while (at > 0 && ((uint8_t)err->msg[at] & 0xc0) == 0x80)
        at--;
    memcpy(err->msg + at, ellipsis, sizeof(ellipsis));
}

int vl_err_set(struct vl_err *err, enum vl_err_code code, const char *fmt, ...)
{
    va_list args;
    err->code = code;
    err->err = -codes[code].errnum;
    va_start(args, fmt);
    mark_cut(err, vsnprintf(err->msg, sizeof(err->msg), fmt, args));
    va_end(args);
    return err->err;
}

int vl_err_sys(struct vl_err *err, int errnum, const char *fmt, ...)
{
    char context[VL_ERR_MSG_MAX / 2];
    char text[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);
    err->code = errnum == ENOMEM ? VL_ERR_MEMORY : errnum == ENOENT ? VL_ERR_NOT_FOUND : VL_ERR_SYSTEM;
    err->err = errnum > 0 ? -errnum : -EIO;
    mark_cut(
        err, snprintf(err->msg, sizeof(err->msg), "%s: %s", context, strerror_r(errnum, text, sizeof(text))));
    return err->err;
}

int vl_err_wrap(struct vl_err *err, const char *fmt, ...)
{
    char old[VL_ERR_MSG_MAX];
    char context[VL_ERR_MSG_MAX / 2];
    va_list args;
    memcpy(old, err->msg, sizeof(old));
    va_start(args, fmt);
    vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);
    mark_cut(err, snprintf(err->msg, sizeof(err->msg), "%s: %s", context, old));
    return err->err;
}

void vl_err_clear(struct vl_err *err)
{
    err->err = 0;
    err->code = VL_ERR_NONE;
    err->msg[0] = '\0';
}

const char *vl_err_code_name(enum vl_err_code code)
{
    return (size_t)code < VL_ARRAY_LEN(codes) ? codes[code].name : "unknown";
}
