/* Collects the files of one package and hands them to the sink as one record. */
#ifndef VL_PACKAGE_OS_OWNED_H
#define VL_PACKAGE_OS_OWNED_H

#include "base/buf.h"
#include "package/parser.h"

#define OS_OWNED_BYTES_MAX (64UL * 1024 * 1024) /* paths of one package */
#define OS_OWNED_PATH_MAX  4096U                /* a longer path is none: PATH_MAX */

struct os_owned {
    struct vl_buf paths; /* '\n'-separated */
};

void os_owned_init(struct os_owned *owned);
void os_owned_done(struct os_owned *owned);
void os_owned_clear(struct os_owned *owned); /* forgets what was collected */

/* Leading "/" and "./" are cut off; empty ones, those with a newline and those over OS_OWNED_PATH_MAX are
 * left out. */
void os_owned_add(struct os_owned *owned, struct vl_span path);
void os_owned_add_joined(struct os_owned *owned, struct vl_span folder, struct vl_span name);

/* Writes the record unless there is no path, and begins anew. `what` names the file in errors. */
VL_MUST_CHECK int os_owned_flush(struct os_owned *owned, struct vl_span package, struct vl_span arch,
    struct vl_package_sink *sink, const char *what, struct vl_err *err);

#endif
