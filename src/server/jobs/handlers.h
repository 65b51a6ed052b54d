/* The handlers of the kinds of jobs, and what comes round; each stands at the end of its job_*.c. */
#ifndef VL_SERVER_HANDLERS_H
#define VL_SERVER_HANDLERS_H

#include "jobs/runner.h"

extern const struct vl_job_handler vl_job_handlers[]; /* ends with a NULL kind */
extern const struct vl_job_round vl_job_rounds[];     /* ends with a NULL name */

/* Old changes of the feed go. */
int vl_round_feed(struct vl_server_app *app, struct vl_err *err);

#endif
