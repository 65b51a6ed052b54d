/* The week's review: what an environment has to look at, from what the tables say. */
#ifndef VL_SERVER_DIGEST_H
#define VL_SERVER_DIGEST_H

#include "jobs/runner.h"
#include "respond/event.h"

#define VL_DIGEST_EVERY_MS  (7LL * 24 * 3600 * 1000)
#define VL_DIGEST_ROUND_MS  3600000
#define VL_DIGEST_TRIES     5
#define VL_DIGEST_PAUSE_MS  60000
#define VL_DIGEST_NAMED     5  /* recommendations */
#define VL_DIGEST_ENDS_DAYS 14 /* exemptions that end so soon are counted */

/* The event (texts in the arena) of the time since `since`: 1; 0 where there is nothing to say. */
VL_MUST_CHECK int vl_digest_make(struct vl_store_conn *conn, int64_t environment, int64_t since, int64_t now,
    struct vl_arena *arena, struct vl_notify_event *ret, struct vl_err *err);

/* Jobs of kind "digest": every environment whose last one is a week ago. A new environment waits a week. */
VL_MUST_CHECK int vl_job_digest(struct vl_job_run *run, struct vl_err *err);
VL_MUST_CHECK int vl_round_digest(struct vl_server_app *app, struct vl_err *err);

#endif
