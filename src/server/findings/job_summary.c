/* lint: no test: one call; test_route_vulnerability runs what it calls */
#include "findings/job_summary.h"

#include "findings/repo_summary.h"

static int done(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    return vl_job_done(conn, user, err);
}

int vl_job_summary(struct vl_job_run *run, struct vl_err *err)
{
    uint64_t environment;
    if (!vl_span_to_u64(vl_span_str(run->job->key), &environment) || environment > INT64_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "the summary of \"%s\"", run->job->key);
    return vl_repo_summary_compute(run->app->store, (int64_t)environment, done, run, err);
}
