/* SQL of the first page and of health: how far an environment is seen, what is new. */
#ifndef VL_SERVER_REPO_WATCH_H
#define VL_SERVER_REPO_WATCH_H

#include "inventory/image_state.h"
#include "store/store.h"

#define VL_WATCH_STALE_MS (7 * 24 * 3600000LL) /* advisory data changes daily: older is stale */

/* How far an environment is seen. */
struct vl_sight {
    int64_t images, by_state[VL_IMAGE_COMPLETED + 1]; /* enum vl_image_state */
    int64_t fresh;                                    /* first seen after the time that was asked for */
    int64_t not_assessed, partial;                    /* completed ones without data, or with some of it */
    int64_t registries, switched_off, failing;
    const char *failing_name, *failing_error; /* of one that fails; or NULL */
    const char *error_reason;                 /* of one image's scan; or NULL */
    int64_t data_ms; /* oldest date of the data that images were matched with; 0: none */
    bool plan_on;    /* Containers */
};
VL_MUST_CHECK int vl_repo_sight(struct vl_store_conn *conn, int64_t environment, int64_t since,
    struct vl_arena *arena, struct vl_sight *ret, struct vl_err *err);

/* What else came since a time. */
struct vl_news {
    int64_t findings, critical, alerts;
};
VL_MUST_CHECK int vl_repo_news(
    struct vl_store_conn *conn, int64_t environment, int64_t since, struct vl_news *ret, struct vl_err *err);

/* Messages to people: waiting and dead. */
VL_MUST_CHECK int vl_repo_outbox_counts(
    struct vl_store_conn *conn, int64_t *ret_waiting, int64_t *ret_dead, struct vl_err *err);
/* Bytes of the database. */
VL_MUST_CHECK int vl_repo_database_size(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err);

#endif
