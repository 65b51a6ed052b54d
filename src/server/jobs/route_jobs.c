/* The queue: what waits, runs, and was given up; and another try. */
#include "api.h"
#include "jobs/repo_job.h"
#include "routes.h"
#include "store/queue.h"

static const char *const states[] = {"waiting", "running", "dead", NULL};

static int write_row(const struct vl_job_row *row, void *user, struct vl_err *err)
{
    struct vl_api_page *page = user;
    struct vl_json *json = &page->json;
    (void)err;
    if (!vl_api_item(page))
        return 1;
    vl_json_member_int(json, "id", row->id);
    vl_api_span(json, "kind", row->kind);
    vl_api_span(json, "key", row->key);
    vl_api_str(json, "state", row->state >= 0 && row->state <= VL_JOB_DEAD ? states[row->state] : NULL);
    vl_json_member_int(json, "priority", row->priority);
    vl_json_member_int(json, "attempt", row->attempt);
    vl_api_time(json, "notBefore", row->not_before);
    vl_api_time(json, "added", row->added);
    vl_api_span(json, "error", row->error);
    vl_api_item_end(page, &(struct vl_api_key){.number = row->id});
    return 0;
}

static int jobs_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_api_page page;
    int64_t total = 0;
    int state = VL_JOB_ANY;
    int r = vl_api_query_word(request, "state", states, VL_JOB_ANY, &state, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    const struct vl_job_filter filter = {
        .state = (enum vl_job_state)state, .after = page.keys[0].number, .limit = page.fetch};
    r = vl_repo_job_list(conn, &filter, write_row, &page, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_job_count(conn, &filter, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

static int jobs_summary(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_job_kind_counts *kinds = NULL;
    struct vl_json json;
    size_t n = 0;
    int64_t oldest = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_job_kinds(conn, request->arena, &kinds, &n, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    vl_api_object(&json, "byKind");
    for (size_t i = 0; i < n; i++) {
        vl_api_object(&json, kinds[i].kind);
        vl_json_member_int(&json, "waiting", kinds[i].waiting);
        vl_json_member_int(&json, "due", kinds[i].due);
        vl_json_member_int(&json, "running", kinds[i].running);
        vl_json_member_int(&json, "dead", kinds[i].dead);
        vl_json_object_end(&json);
        if (kinds[i].oldest_due > 0 && (oldest == 0 || kinds[i].oldest_due < oldest))
            oldest = kinds[i].oldest_due;
    }
    vl_json_object_end(&json);
    vl_api_time(&json, "oldestDue", oldest);
    return vl_request_json_end(&json, err);
}

struct change {
    struct vl_request *request;
    int64_t id;
};

static int retry_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    int r = vl_queue_retry(conn, c->id, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such job that was given up");
    return r < 0 ? r : vl_request_audit(conn, c->request, "job.retry", c->request->params[0], NULL, err);
}

static int job_retry(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_request_id(request, 0, "job", &c.id, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, retry_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

const struct vl_route vl_routes_jobs[] = {
    {"GET", "/api/v1/jobs", VL_ROLE_READER, VL_SCOPE_SERVER, VL_BODY_NONE, jobs_list},
    {"GET", "/api/v1/jobs/summary", VL_ROLE_READER, VL_SCOPE_SERVER, VL_BODY_NONE, jobs_summary},
    {"POST", "/api/v1/jobs/{}/retry", VL_ROLE_ADMIN, VL_SCOPE_SERVER, VL_BODY_NONE, job_retry},
    {0},
};
