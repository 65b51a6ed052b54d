/* Work that must be done at least once: jobs with priority, not-before time, lease and retries, in the
 * database, so that neither a kill nor a second server loses or doubles one. The queue's table is part of
 * every schema (vl_queue_table, vl_queue_group_table).
 *
 * PostgreSQL: FOR UPDATE SKIP LOCKED; SQLite: the one writer. */
#ifndef VL_STORE_QUEUE_H
#define VL_STORE_QUEUE_H

#include "store/schema.h"

#define VL_QUEUE_PAYLOAD_MAX (1024UL * 1024)
#define VL_QUEUE_ERROR_MAX   1024

extern const struct vl_table vl_queue_table;       /* "job" */
extern const struct vl_table vl_queue_group_table; /* "job_group" */

struct vl_job {
    int64_t id;
    const char *kind;   /* "scan", "discover", "rematch" … */
    const char *key;    /* one waiting job a kind and key: adding it again raises its priority and brings its
                           time forward */
    const char *group;  /* for limits: at most n running jobs a group ("registry:3"); "" for none */
    int priority;       /* larger first */
    int64_t not_before; /* ms */
    int64_t added;      /* ms */
    unsigned attempt;   /* from 1 while running */
    struct vl_span payload;
};

/* Inside of a write: the job is there if and only if the write commits. `*ret_id` may be NULL. */
VL_MUST_CHECK int vl_queue_add(
    struct vl_store_conn *conn, const struct vl_job *job, int64_t *ret_id, struct vl_err *err);

struct vl_queue_claim_options {
    const char *worker;       /* who takes it */
    const char *const *kinds; /* NULL-terminated; NULL: any */
    int64_t lease_ms;         /* another may take it after this long without vl_queue_renew() */
    unsigned group_max;       /* running jobs of a group without a limit of its own; 0: no limit */
};

/* The next job, leased: 1 with *ret (texts in the arena), 0 where none is due; then *ret_next_ms is when the
 * next one is, or INT64_MAX. */
VL_MUST_CHECK int vl_queue_claim(struct vl_store *store, const struct vl_queue_claim_options *options,
    struct vl_arena *arena, struct vl_job *ret, int64_t *ret_next_ms, struct vl_err *err);

/* Whether a claim would find a job: 1; or 0 with *ret_next_ms as there. Without a write, so that it may be
 * asked as often as the queue changes. */
VL_MUST_CHECK int vl_queue_look(struct vl_store_conn *conn, const struct vl_queue_claim_options *options,
    int64_t *ret_next_ms, struct vl_err *err);

/* Holds a lease for longer. VL_ERR_CONFLICT where another has taken it: stop. */
VL_MUST_CHECK int vl_queue_renew(struct vl_store *store, const struct vl_job *job, const char *worker,
    int64_t lease_ms, struct vl_err *err);

/* Inside of the write that stores the result: done exactly once. VL_ERR_CONFLICT where the lease was lost:
 * the write is then to be given up. */
VL_MUST_CHECK int vl_queue_finish(
    struct vl_store_conn *conn, const struct vl_job *job, const char *worker, struct vl_err *err);

/* Failed: due again at `not_before`, of which the feed tells, or, with INT64_MAX, dead (kept and shown). */
VL_MUST_CHECK int vl_queue_fail(struct vl_store_conn *conn, const struct vl_job *job, const char *worker,
    int64_t not_before, const char *why, struct vl_err *err);

/* The same for a cause that is not the job's (no room on the disk): this attempt does not count. */
VL_MUST_CHECK int vl_queue_postpone(struct vl_store_conn *conn, const struct vl_job *job, const char *worker,
    int64_t not_before, const char *why, struct vl_err *err);

/* Given back as if it had not been taken (the program stops): due at once, and this attempt does not count.
 */
VL_MUST_CHECK int vl_queue_release(
    struct vl_store_conn *conn, const struct vl_job *job, const char *worker, struct vl_err *err);

/* At a program's start: where only one process can have the database (SQLite), leases of the one before it
 * end now. */
VL_MUST_CHECK int vl_queue_recover(struct vl_store *store, struct vl_err *err);

/* How many jobs of a group run at a time, from the next claim on; 0: none. */
VL_MUST_CHECK int vl_queue_group_max(
    struct vl_store_conn *conn, const char *group, unsigned most, struct vl_err *err);

/* The group has no limit of its own any more. */
VL_MUST_CHECK int vl_queue_group_remove(struct vl_store_conn *conn, const char *group, struct vl_err *err);

/* A dead job is due again, from its first attempt: 1, or 0 where there is no such dead one. */
VL_MUST_CHECK int vl_queue_retry(struct vl_store_conn *conn, int64_t id, struct vl_err *err);

struct vl_queue_counts {
    uint64_t waiting, due, running, dead;
    int64_t oldest_due_ms; /* added time of the oldest due one; 0 none */
};
VL_MUST_CHECK int vl_queue_count(
    struct vl_store_conn *conn, const char *kind, struct vl_queue_counts *ret, struct vl_err *err);

#endif
