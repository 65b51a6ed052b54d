/* SQL of the first page and of health: how far an environment is seen, what is new, what the jobs do. */
#ifndef VL_SERVER_REPO_WATCH_H
#define VL_SERVER_REPO_WATCH_H

#include "inventory/image_state.h"
#include "store/queue.h"

#define VL_WATCH_KINDS_MAX 64                   /* of jobs */
#define VL_WATCH_STALE_MS  (7 * 24 * 3600000LL) /* advisory data changes daily: older is stale */

/* How far an environment is seen. */
struct vl_sight {
    int64_t images, by_state[VL_IMAGE_COMPLETED + 1]; /* enum vl_image_state */
    int64_t not_assessed, partial;                    /* completed ones without data, or with some of it */
    int64_t registries, switched_off, failing;
    const char *failing_name, *failing_error; /* of one that fails; or NULL */
    const char *error_reason;                 /* of one image's scan; or NULL */
    int64_t data_ms; /* oldest date of the data that images were matched with; 0: none */
    bool plan_on;    /* Containers */
};
VL_MUST_CHECK int vl_repo_sight(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_sight *ret, struct vl_err *err);

/* What came since a time. */
struct vl_news {
    int64_t findings, critical, images, alerts;
};
VL_MUST_CHECK int vl_repo_news(
    struct vl_store_conn *conn, int64_t environment, int64_t since, struct vl_news *ret, struct vl_err *err);

struct vl_job_kind {
    const char *kind;
    struct vl_queue_counts counts;
};
VL_MUST_CHECK int vl_repo_job_kinds(struct vl_store_conn *conn, int64_t now, struct vl_arena *arena,
    struct vl_job_kind **ret, size_t *ret_n, struct vl_err *err);

/* A job of the queue; spans are lent until the callback returns. */
struct vl_job_row {
    int64_t id;
    struct vl_span kind, key, error;
    int64_t priority, not_before, added, attempt;
    int state; /* 0 waiting, 1 running, 2 dead */
};
typedef int vl_job_each(const struct vl_job_row *row, void *user, struct vl_err *err);
/* Newest first, with a smaller id than `before`; `state` -1: any; `kind` "": any. */
VL_MUST_CHECK int vl_repo_job_list(struct vl_store_conn *conn, int state, const char *kind, int64_t before,
    int64_t limit, vl_job_each *each, void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_job_count(
    struct vl_store_conn *conn, int state, const char *kind, int64_t max, int64_t *ret, struct vl_err *err);
/* A dead job waits again: 1; 0 where there is no such dead one. Where the same one waits already, the dead
 * one goes. */
VL_MUST_CHECK int vl_repo_job_retry(struct vl_store_conn *conn, int64_t id, int64_t now, struct vl_err *err);

/* Messages to people: waiting and dead. */
VL_MUST_CHECK int vl_repo_outbox_counts(
    struct vl_store_conn *conn, int64_t *ret_waiting, int64_t *ret_dead, struct vl_err *err);
/* Bytes of the database. */
VL_MUST_CHECK int vl_repo_database_size(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err);

#endif
