/* Whether it lives, whether it can work, and figures (Prometheus text format 0.0.4). */
#include "base/time.h"
#include "disk.h"
#include "routes.h"
#include "store/queue.h"

static int healthz(struct vl_request *request, struct vl_err *err)
{
    (void)err;
    request->reply->status = 200;
    request->reply->content_type = "text/plain";
    request->reply->lent = VL_SPAN_LIT("ok\n");
    return 0;
}

static int readyz(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts counts;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_queue_count(conn, NULL, &counts, err);
    if (r < 0)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database does not answer");
    if (vl_disk_look(request->app) == VL_DISK_FULL)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the disk of the database is full: nothing can be stored");
    if (!request->app->ready)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "starting");
    return healthz(request, err);
}

static void metric(struct vl_buf *out, const char *name, const char *type, const char *help, double value)
{
    vl_buf_printf(out, "# HELP vallum_%s %s\n# TYPE vallum_%s %s\nvallum_%s %.15g\n", name, help, name, type,
        name, value);
}

static int metrics(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_queue_counts jobs;
    struct vl_http_server_counts http;
    struct vl_buf *out = &request->reply->body;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_queue_count(conn, NULL, &jobs, err);
    if (r < 0)
        return r;
    vl_http_server_count(request->app->http, &http);
    request->reply->status = 200;
    request->reply->content_type = "text/plain; version=0.0.4";
    metric(out, "uptime_seconds", "gauge", "Since the start.",
        (double)(vl_time_now_ms() - request->app->started_ms) / 1000);
    metric(out, "http_connections_total", "counter", "Connections taken.", (double)http.connections);
    metric(out, "http_requests_total", "counter", "Requests answered.", (double)http.calls);
    metric(
        out, "http_cut_total", "counter", "Slow clients and full streams that were cut.", (double)http.cut);
    metric(out, "webhooks_refused_total", "counter", "Events of registries without the right secret.",
        (double)request->app->forged.all);
    metric(out, "jobs_waiting", "gauge", "Jobs in the queue.", (double)jobs.waiting);
    metric(out, "jobs_due", "gauge", "Jobs that could run now.", (double)jobs.due);
    metric(out, "jobs_running", "gauge", "Jobs under way.", (double)jobs.running);
    metric(out, "jobs_dead", "gauge", "Jobs that were given up.", (double)jobs.dead);
    struct vl_disk_room room = vl_disk_room(request->app);
    if (room.known)
        metric(out, "data_free_bytes", "gauge", "Free on the disk of the data folder.", (double)room.bytes);
    metric(out, "database_full", "gauge", "1 while nothing can be stored, for want of room.",
        vl_disk_look(request->app) == VL_DISK_FULL);
    return vl_buf_check(out, "metrics", err);
}

const struct vl_route vl_routes_health[] = {
    {"GET", "/healthz", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, healthz},
    {"GET", "/readyz", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, readyz},
    {"GET", "/metrics", VL_ROLE_READER, VL_SCOPE_SERVER, VL_BODY_NONE, metrics},
    {0},
};
