/* What an indexer process takes from itself before it reads the first byte of a stranger. See
 * docs/design/0002-indexer-process.md. */
#ifndef VL_SCAN_SANDBOX_H
#define VL_SCAN_SANDBOX_H

#include "base/err.h"

#define VL_SANDBOX_MEMORY_MAX                                                                           \
    (2ULL * 1024 * 1024 * 1024)                        /* bytes of address space; not under a sanitizer \
                                                        */
#define VL_SANDBOX_FILE_MAX    (1024ULL * 1024 * 1024) /* bytes of a spool */
#define VL_SANDBOX_FILES_MAX   64                      /* open at once */
#define VL_SANDBOX_CPU_SECONDS 1800

/* In the environment: "weaker" goes on where the kernel has no seccomp. Nothing else lifts the filter. */
#define VL_SANDBOX_ENV "VALLUM_INDEXER_SANDBOX"

struct vl_sandbox {
    int folder; /* the one place that may be read (a folder or a file), or -1: no file may be opened */
};

/* For good, for the calling process; before it has threads. Works without privileges. A kernel without
 * Landlock is fine, one without seccomp is an error (see VL_SANDBOX_ENV). */
VL_MUST_CHECK int vl_sandbox_enter(const struct vl_sandbox *sandbox, struct vl_err *err);

#endif
