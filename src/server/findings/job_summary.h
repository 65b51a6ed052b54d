/* The job that works out a summary where it takes long (repo_summary.h). */
#ifndef VL_SERVER_JOB_SUMMARY_H
#define VL_SERVER_JOB_SUMMARY_H

#include "jobs/runner.h"

/* Kind "summary"; its key is the environment's id. */
int vl_job_summary(struct vl_job_run *run, struct vl_err *err);

#endif
