/* Delivers what waits in the outbox: jobs of kind "notify", one a channel ({"channel":ID}), so that a slow
 * peer holds nobody else up. */
#ifndef VL_SERVER_JOB_NOTIFY_H
#define VL_SERVER_JOB_NOTIFY_H

#include "jobs/runner.h"

#define VL_NOTIFY_TRIES    20 /* of the job itself, which fails only with the database */
#define VL_NOTIFY_PAUSE_MS 5000
#define VL_NOTIFY_BATCH    200    /* messages of one run */
#define VL_NOTIFY_ROUND_MS 600000 /* channels whose job got lost; and what is old goes */

VL_MUST_CHECK int vl_job_notify(struct vl_job_run *run, struct vl_err *err);
VL_MUST_CHECK int vl_round_notify(struct vl_server_app *app, struct vl_err *err);

#endif
