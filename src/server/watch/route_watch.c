/* The events that pages follow. */
#include "api.h"
#include "routes.h"
#include "watch/stream.h"

static int events(struct vl_request *request, struct vl_err *err)
{
    const char *last = vl_http_call_header(request->call, "Last-Event-ID");
    struct vl_watch_caller caller = {.principal = request->who.id,
        .token = request->who.token_id,
        .environment = request->environment.id,
        .guid = request->environment.guid,
        .narrow = request->narrow};
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

const struct vl_route vl_routes_watch[] = {
    {"GET", "/api/v1/events", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, events},
    {0},
};
