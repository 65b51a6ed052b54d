/* Workers: threads that take jobs from the store's queue and run their handlers; and the clock that adds the
 * jobs which come round by themselves (on one server at a time: vl_leader_try).
 *
 * A job runs at least once, and its result is stored exactly once: the handler's last write calls
 * vl_job_done() and stores what it found, or neither happens. Fails it, it comes again after a pause that
 * doubles (first_pause_ms up to VL_JOB_PAUSE_MAX_MS); after `tries` it is dead, which is shown. */
#ifndef VL_SERVER_RUNNER_H
#define VL_SERVER_RUNNER_H

#include <stdatomic.h>

#include "app.h"
#include "codec/doc.h"
#include "store/queue.h"

#define VL_JOB_PAUSE_MAX_MS (60LL * 60 * 1000)
#define VL_JOB_ARENA_MAX    (256UL * 1024 * 1024)
#define VL_JOB_LEASE_MS     60000 /* renewed by the runner while the handler runs */

/* Priorities; larger first. */
#define VL_PRIORITY_PUSHED   100 /* somebody waits for it */
#define VL_PRIORITY_ASKED    90  /* a person pressed a button */
#define VL_PRIORITY_DERIVED  80  /* score, notification: short */
#define VL_PRIORITY_NEW      50  /* found by a reconciliation */
#define VL_PRIORITY_PERIODIC 10

struct vl_job_run {
    struct vl_server_app *app;
    const struct vl_job *job;
    const struct vl_doc_node *payload; /* the job's payload as JSON; an empty object where it has none */
    struct vl_arena *arena;            /* of this run */
    const char *worker;
    bool done;               /* set by vl_job_done() */
    const atomic_bool *stop; /* the program stops: vl_job_stopping() */
    const atomic_bool *lost; /* another worker has the job now */
};

struct vl_job_handler {
    const char *kind; /* "discover", "scan", "rematch", "score", "notify" … */
    unsigned tries;
    int64_t first_pause_ms;
    int (*run)(struct vl_job_run *run, struct vl_err *err);
    /* In the write that records a failure: `next_ms` is when it runs again, INT64_MAX where it is given up;
     * or NULL. */
    int (*failed)(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms,
        const struct vl_err *why, struct vl_err *err);
};

/* What comes round: called by the leader, adds its jobs (and does nothing long), first when it has just begun
 * to lead. */
struct vl_job_round {
    const char *name;
    int64_t every_ms;
    int (*add)(struct vl_server_app *app, struct vl_err *err);
};

/* Inside of the write that stores the result. VL_ERR_CONFLICT where the lease was lost: return it. */
VL_MUST_CHECK int vl_job_done(struct vl_store_conn *conn, struct vl_job_run *run, struct vl_err *err);

/* vl_store_write() that waits and tries again while the writer is busy: no reason for a job to fail. */
VL_MUST_CHECK int vl_job_write(struct vl_job_run *run,
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err);

/* True once the program stops, or the lease was lost: a handler that takes long asks now and then, ends its
 * children and returns an error. A job that was stopped so runs again, and the run is not counted. */
bool vl_job_stopping(const struct vl_job_run *run);

/* Adds a job whose payload is JSON text; a worker wakes once the write is durable. */
VL_MUST_CHECK int vl_job_add(struct vl_store_conn *conn, const char *kind, const char *key, const char *group,
    int priority, int64_t not_before_ms, struct vl_span payload, struct vl_err *err);

struct vl_runner;
struct vl_runner_options {
    unsigned workers;                      /* 0: 2 + processors */
    const struct vl_job_handler *handlers; /* NULL: vl_job_handlers */
    const struct vl_job_round *rounds;     /* NULL: vl_job_rounds */
    int64_t lease_ms;                      /* 0: VL_JOB_LEASE_MS */
};
VL_MUST_CHECK int vl_runner_start(struct vl_server_app *app, const struct vl_runner_options *options,
    struct vl_runner **ret, struct vl_err *err);
/* Waits for what runs (it is told to stop). Accepts NULL. */
void vl_runner_stop(struct vl_runner *runner);
bool vl_runner_stopping(const struct vl_runner *runner);

#endif
