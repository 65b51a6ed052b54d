/* The job that refreshes the advisory database: `vallumd update-advisories`, a process of its own that
 * fetches and reads the public feeds without sight of the server's files. */
#ifndef VL_SERVER_JOB_ADVISORIES_H
#define VL_SERVER_JOB_ADVISORIES_H

#include "jobs/runner.h"

#define VL_ADVISORY_SETTING                                                   \
    "advisory_feeds" /* of environment 0: what the last update said, as JSON: \
{"at":"…","error":null or                                                   \
text,"feeds":[{"name","state":"updated|unchanged|kept|missing","message","bytes"}]} */
#define VL_ADVISORY_TRIES    4
#define VL_ADVISORY_PAUSE_MS (5LL * 60 * 1000)
#define VL_ADVISORY_ROUND_MS 30000

int vl_job_advisories(struct vl_job_run *run, struct vl_err *err);
int vl_job_advisories_failed(struct vl_store_conn *conn, struct vl_job_run *run, int64_t next_ms,
    const struct vl_err *why, struct vl_err *err);
/* Adds it daily, unless the configuration says advisory_updates: off or names a file of its own; within half
 * a minute of the start where there is no database yet. */
int vl_round_advisories(struct vl_server_app *app, struct vl_err *err);

/* main() of that process. Standard input: {"path":FILE,"sources":[{"name","url"}]}; standard output the
 * answer:
 * {"error","feeds"} as above. */
int vl_advisories_main(int argc, char **argv);

#endif
