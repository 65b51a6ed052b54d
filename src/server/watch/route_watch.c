/* The events that pages follow, and the jobs of the queue. */
#include "api.h"
#include "base/time.h"
#include "routes.h"
#include "watch/jobs_json.h"
#include "watch/stream.h"

/* --- events --- */

static int events(struct vl_request *request, struct vl_err *err)
{
    const char *last = vl_http_call_header(request->call, "Last-Event-ID");
    struct vl_watch_caller caller = {.principal = request->who.id,
        .token = request->who.token_id,
        .environment = request->environment.id,
        .guid = request->environment.guid};
    uint64_t number = 0;
    if (!last)
        last = vl_http_call_param(request->call, "lastEventId"); /* an EventSource cannot send the header */
    if (last && *last && (!vl_span_to_u64(vl_span_str(last), &number) || number > INT64_MAX))
        return vl_err_set(err, VL_ERR_INVALID, "Last-Event-ID is none of ours");
    caller.after = (int64_t)number;
    int r = vl_watch_open(request->app->watch, &caller, &request->reply->stream, err);
    if (r < 0)
        return r;
    request->reply->status = 200;
    request->reply->content_type = "text/event-stream";
    return 0;
}

/* --- jobs --- */

static const char *const job_states[] = {"waiting", "running", "dead", NULL};

static int job_row(const struct vl_job_row *row, void *user, struct vl_err *err)
{
    struct vl_api_page *page = user;
    (void)err;
    if (!vl_api_item(page))
        return 1;
    struct vl_json *json = &page->json;
    vl_json_member_int(json, "id", row->id);
    vl_api_span(json, "kind", row->kind);
    vl_api_span(json, "key", row->key);
    vl_api_str(json, "state", row->state >= 0 && row->state <= 2 ? job_states[row->state] : NULL);
    vl_json_member_int(json, "priority", row->priority);
    vl_json_member_int(json, "attempt", row->attempt);
    vl_api_time(json, "notBefore", row->not_before);
    vl_api_time(json, "added", row->added);
    vl_api_span(json, "error", row->error);
    const struct vl_api_key keys[] = {{.number = row->id}};
    vl_api_item_end(page, keys);
    return 0;
}

static int jobs(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_api_page page;
    const char *kind;
    int64_t total = 0;
    int state;
    int r = vl_api_query_word(request, "state", job_states, -1, &state, err);
    if (r >= 0)
        r = vl_api_query_text(request, "kind", 64, &kind, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_store_read(request->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_job_list(conn, state, kind, page.resumed ? page.keys[0].number : INT64_MAX, page.fetch,
            job_row, &page, err);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_job_count(conn, state, kind, VL_API_COUNT_MAX + 1, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

int vl_jobs_json_summary(struct vl_request *request, struct vl_store_conn *conn, struct vl_json *json,
    uint64_t *ret_dead, struct vl_err *err)
{
    struct vl_job_kind *kinds = NULL;
    size_t n = 0;
    int64_t oldest = 0;
    uint64_t dead = 0;
    int r = vl_repo_job_kinds(conn, vl_time_now_ms(), request->arena, &kinds, &n, err);
    if (r < 0)
        return r;
    vl_api_object(json, "byKind");
    for (size_t i = 0; i < n; i++) {
        const struct vl_queue_counts *c = &kinds[i].counts;
        vl_api_object(json, kinds[i].kind);
        vl_json_member_int(json, "waiting", (int64_t)c->waiting);
        vl_json_member_int(json, "due", (int64_t)c->due);
        vl_json_member_int(json, "running", (int64_t)c->running);
        vl_json_member_int(json, "dead", (int64_t)c->dead);
        vl_json_object_end(json);
        dead += c->dead;
        if (c->oldest_due_ms && (!oldest || c->oldest_due_ms < oldest))
            oldest = c->oldest_due_ms;
    }
    vl_json_object_end(json);
    vl_api_time(json, "oldestDue", oldest);
    if (ret_dead)
        *ret_dead = dead;
    return 0;
}

static int jobs_summary(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_json json;
    int r = vl_store_read(request->app->store, &conn, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    r = vl_jobs_json_summary(request, conn, &json, NULL, err);
    return r < 0 ? r : vl_request_json_end(&json, err);
}

struct retry {
    struct vl_request *request;
    int64_t id;
    bool found;
};

static int retry_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct retry *retry = user;
    int r = vl_repo_job_retry(conn, retry->id, vl_time_now_ms(), err);
    retry->found = r > 0;
    return r <= 0 ? r
                  : vl_request_audit(conn, retry->request, "job.retry", retry->request->params[0], NULL, err);
}

static int job_retry(struct vl_request *request, struct vl_err *err)
{
    struct retry retry = {.request = request};
    int r = vl_request_id(request, 0, "dead job", &retry.id, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, retry_write, &retry, err);
    if (r < 0)
        return r;
    if (!retry.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such dead job");
    request->reply->status = 204;
    return 0;
}

const struct vl_route vl_routes_watch[] = {
    {"GET", "/api/v1/events", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, events},
    {"GET", "/api/v1/jobs", VL_ROLE_READER, VL_SCOPE_SERVER, VL_BODY_NONE, jobs},
    {"GET", "/api/v1/jobs/summary", VL_ROLE_READER, VL_SCOPE_ANY, VL_BODY_NONE, jobs_summary},
    {"POST", "/api/v1/jobs/{}/retry", VL_ROLE_ADMIN, VL_SCOPE_SERVER, VL_BODY_NONE, job_retry},
    {0},
};
