/* The queue as people see it. */
#ifndef VL_SERVER_REPO_JOB_H
#define VL_SERVER_REPO_JOB_H

#include "store/store.h"

enum vl_job_state {
    VL_JOB_ANY = -1,
    VL_JOB_WAITING = 0,
    VL_JOB_RUNNING = 1,
    VL_JOB_DEAD = 2,
};

struct vl_job_filter {
    enum vl_job_state state;
    int64_t after; /* id, from the last page; 0: from the first */
    int64_t limit;
};

struct vl_job_row {
    int64_t id, priority, not_before, added, attempt;
    int state;
    struct vl_span kind, key, error; /* lent until the next */
};

/* Calls `row` for each, by id, newest last; 1 from it ends. */
VL_MUST_CHECK int vl_repo_job_list(struct vl_store_conn *conn, const struct vl_job_filter *filter,
    int (*row)(const struct vl_job_row *row, void *user, struct vl_err *err), void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_job_count(struct vl_store_conn *conn, const struct vl_job_filter *filter,
    int64_t max, int64_t *ret, struct vl_err *err);

struct vl_job_kind_counts {
    const char *kind;
    int64_t waiting, due, running, dead, oldest_due; /* oldest_due: ms, 0 none */
};
VL_MUST_CHECK int vl_repo_job_kinds(struct vl_store_conn *conn, struct vl_arena *arena,
    struct vl_job_kind_counts **ret, size_t *ret_n, struct vl_err *err);

#endif
