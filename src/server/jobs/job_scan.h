/* The jobs that find out what is in images, and match it anew. */
#ifndef VL_SERVER_JOB_SCAN_H
#define VL_SERVER_JOB_SCAN_H

#include "jobs/runner.h"

/* "scan": one manifest in one repository. Payload {"place":ID} (jobs/ask.h). */
#define VL_SCAN_TRIES    6
#define VL_SCAN_PAUSE_MS 10000
int vl_job_scan(struct vl_job_run *run, struct vl_err *err);
int vl_job_scan_failed(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms,
    const struct vl_err *why, struct vl_err *err);

#endif
