/* Other programs: started with arguments (no shell), fed, heard, and never waited for without end; and what
 * this one may use up. */
#ifndef VL_BASE_PROCESS_H
#define VL_BASE_PROCESS_H

#include "base/buf.h"

#define VL_PROCESS_SAID_MAX 4096 /* bytes of standard error that are kept */

struct vl_process_options {
    const char *const *argv; /* NULL-terminated; argv[0] without a slash is looked for in PATH */
    const char *const *env;  /* NULL: the caller's own */
    struct vl_span input;    /* for its standard input; empty: it reads end of file */
    int output_fd;           /* its standard output; -1: into `out` of vl_process_run() */
    unsigned seconds;        /* then it is killed, with its children: VL_ERR_LIMIT */
    /* Called after it said more (all of it so far is in `out`), and at least once a second; a negative answer
     * ends it and is the result. Or NULL. */
    int (*heard)(struct vl_buf *out, void *user, struct vl_err *err);
    void *user;
};

/* Runs it to its end. `out` (its maximum limits what it may say: VL_ERR_LIMIT, and it is killed) may be NULL
 * with an output_fd. `said`, or NULL, gets the beginning of its standard error, at most VL_PROCESS_SAID_MAX
 * bytes. *ret_status: its exit status, or 128 and the signal that ended it. No such program:
 * VL_ERR_NOT_FOUND. */
VL_MUST_CHECK int vl_process_run(const struct vl_process_options *options, struct vl_buf *out,
    struct vl_buf *said, int *ret_status, struct vl_err *err);

/* The most that this process, and those it starts, may have of a resource (RLIMIT_…, man 2 getrlimit, and its
 * unit), for good: `value`, or less where the limit is lower already. `name` is for the error. */
VL_MUST_CHECK int vl_process_limit(int resource, uint64_t value, const char *name, struct vl_err *err);

#endif
