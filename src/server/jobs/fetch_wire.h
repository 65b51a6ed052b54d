/* What `vallumd fetch` says on its standard output: frames of u8 kind, u32 length (little-endian), bytes.
 * Any number of 'p' (progress, a short text), then one of
 *   'j'  the answer as JSON
 *   'i'  the answer as an encoded inventory (scan/inventory_codec.h)
 *   'e'  u8 enum vl_err_code, then the message
 * and nothing after it. */
#ifndef VL_SERVER_FETCH_WIRE_H
#define VL_SERVER_FETCH_WIRE_H

#include "jobs/fetch.h"

#define VL_FETCH_PROGRESS  'p'
#define VL_FETCH_JSON      'j'
#define VL_FETCH_INVENTORY 'i'
#define VL_FETCH_ERROR     'e'

#define VL_FETCH_FRAME_HEAD   5
#define VL_FETCH_PROGRESS_MAX 200
#define VL_FETCH_TASK_MAX     (16UL * 1024 * 1024) /* names of 100,000 tags */

/* Takes from itself what a talk with registries does not need: files but the system's and `cache_dir` (made
 * already; or NULL), new privileges, core dumps; it ends with its parent. Where the kernel has no Landlock
 * the rest holds. */
VL_MUST_CHECK int vl_fetch_sandbox(const char *cache_dir, struct vl_err *err);
/* The part of it that leaves few calls to the kernel, for good, also for what is started (the indexer).
 * `watched`: a sanitizer or valgrind looks at the process, and may trace it. */
VL_MUST_CHECK int vl_fetch_filter(bool watched, struct vl_err *err);

/* What was heard so far. */
struct vl_fetch_talk {
    const struct vl_fetch_scan_options *options; /* or NULL */
    const atomic_bool *stop;                     /* or NULL */
    size_t at;                                   /* frames before it are dealt with */
    char kind;                                   /* of the last frame; 0: not there yet */
    size_t from, len;                            /* its bytes */
};

/* For vl_process_run(): takes the frames that are whole, tells progress. `talk`: struct vl_fetch_talk. */
VL_MUST_CHECK int vl_fetch_heard(struct vl_buf *out, void *talk, struct vl_err *err);
/* The error that an 'e' frame holds. */
VL_MUST_CHECK int vl_fetch_said_error(struct vl_span bytes, struct vl_err *err);
/* Answers; VL_ERR_CORRUPT where they are none. */
VL_MUST_CHECK int vl_fetch_names_read(struct vl_span json, size_t max, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err);
VL_MUST_CHECK int vl_fetch_manifests_read(
    struct vl_span json, size_t n, struct vl_arena *arena, struct vl_fetch_manifest *ret, struct vl_err *err);

/* The environment of our own processes: how to reach the network, nothing else. NULL where the arena is full.
 */
const char *const *vl_fetch_environment(struct vl_arena *arena);

/* The task, on the process's side. `frames` writes to standard output. */
struct vl_fetch_task {
    const char *task; /* "catalogue", "tags", "manifests", "scan" */
    struct vl_fetch_registry registry;
    const char *repository;
    const char *const *references;
    size_t n_references;
    const char *digest;
    const char *cache_dir; /* or NULL */
};

/* Appends it as JSON. */
VL_MUST_CHECK int vl_fetch_task_write(
    const struct vl_fetch_task *task, struct vl_buf *out, struct vl_err *err);
/* Texts in the arena. */
VL_MUST_CHECK int vl_fetch_task_read(
    struct vl_span json, struct vl_arena *arena, struct vl_fetch_task *ret, struct vl_err *err);

#endif
