/* The jobs that keep findings up to date without pulling anything. */
#ifndef VL_SERVER_JOB_REMATCH_H
#define VL_SERVER_JOB_REMATCH_H

#include "jobs/runner.h"

/* "rematch": images of a range of ids that were matched with another advisory database than the present one.
 * Key: the number of the range. Payload {"range":N}. */
#define VL_REMATCH_RANGE    200 /* ids */
#define VL_REMATCH_TRIES    5
#define VL_REMATCH_PAUSE_MS 5000
#define VL_REMATCH_ROUND_MS 5000
int vl_job_rematch(struct vl_job_run *run, struct vl_err *err);
/* Adds jobs for the ranges that hold such images; the newest images first. */
int vl_round_rematch(struct vl_server_app *app, struct vl_err *err);

/* Images that an older indexer took apart are scanned again, the last pushed first. */
#define VL_REINDEX_ROUND_MS 60000
#define VL_REINDEX_MAX      200 /* asked for in one round */
int vl_round_reindex(struct vl_server_app *app, struct vl_err *err);

#endif
