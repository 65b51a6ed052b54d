/* Handlers of the jobs "score", "exempt" and "expire", and what comes round for them. */
#ifndef VL_SERVER_JOB_SCORE_H
#define VL_SERVER_JOB_SCORE_H

#include "jobs/runner.h"

#define VL_ROUND_SCORE_MS  3600000 /* every day has its score, and what was missed is caught up with */
#define VL_ROUND_EXPIRE_MS 60000   /* exemptions end to the minute */

VL_MUST_CHECK int vl_job_score(struct vl_job_run *run, struct vl_err *err);
VL_MUST_CHECK int vl_job_exempt(struct vl_job_run *run, struct vl_err *err);
VL_MUST_CHECK int vl_job_expire(struct vl_job_run *run, struct vl_err *err);
VL_MUST_CHECK int vl_round_expire(struct vl_server_app *app, struct vl_err *err);
VL_MUST_CHECK int vl_round_score(struct vl_server_app *app, struct vl_err *err);

#endif
