/* What is still to be told, and what the portal tells: /api/v1/outbox, /api/v1/notices. */
#include "api.h"
#include "respond/repo_delivery.h"
#include "routes.h"

static void write_row(struct vl_json *json, const struct vl_outbox *o)
{
    vl_json_member_int(json, "id", o->id);
    vl_api_object(json, "channel");
    vl_json_member_int(json, "id", o->channel);
    vl_json_member_str(json, "name", o->channel_name);
    vl_json_object_end(json);
    vl_api_str(json, "address", o->address[0] ? o->address : NULL);
    vl_json_member_str(json, "topic", o->topic);
    vl_json_member_str(json, "severity", vl_notify_severity_name(o->severity));
    vl_json_member_str(json, "subject", o->subject);
    vl_json_member_str(json, "state", vl_outbox_state_name(o->state));
    vl_api_time(json, "created", o->created);
    vl_json_member_int(json, "attempts", o->attempts);
    vl_api_time(json, "nextTry", o->state == VL_OUTBOX_WAITING ? o->next_try : 0);
    vl_api_str(json, "error", o->error);
    vl_api_time(json, "delivered", o->delivered);
}

static int outbox_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    enum vl_outbox_state state = VL_OUTBOX_ANY;
    struct vl_outbox *rows = NULL;
    struct vl_api_page page;
    const char *text = NULL;
    size_t n = 0;
    int64_t count = 0;
    int r = vl_api_query_text(request, "state", 32, &text, err);
    if (r >= 0 && text[0] && !vl_outbox_state_parse(vl_span_str(text), &state))
        return vl_err_set(err, VL_ERR_INVALID, "?state= is none of waiting, delivered, dead, held, named");
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    r = vl_repo_outbox_list(conn, request->environment.id, state, page.resumed ? page.keys[0].number : 0,
        (size_t)page.fetch, request->arena, &rows, &n, err);
    for (size_t i = 0; r >= 0 && i < n && vl_api_item(&page); i++) {
        const struct vl_api_key key = {.number = rows[i].id};
        write_row(&page.json, &rows[i]);
        vl_api_item_end(&page, &key);
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_outbox_count(conn, request->environment.id, state, VL_API_COUNT_MAX + 1, &count, err);
    return r < 0 ? r : vl_api_list_end(&page, count, err);
}

struct again {
    struct vl_request *request;
    int64_t id;
    bool found;
};

static int retry_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct again *a = user;
    int r = vl_repo_outbox_retry(conn, a->request->environment.id, a->id, err);
    a->found = r > 0;
    return r <= 0 ? r : vl_request_audit(conn, a->request, "outbox.retry", a->request->params[0], NULL, err);
}

static int outbox_retry(struct vl_request *request, struct vl_err *err)
{
    struct again a = {.request = request};
    struct vl_json json;
    int r = vl_request_id(request, 0, "message", &a.id, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, retry_write, &a, err);
    if (r < 0)
        return r;
    if (!a.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such message that is dead or held back");
    vl_request_json(request, 202, &json);
    vl_json_member_int(&json, "id", a.id);
    vl_json_member_str(&json, "state", "waiting");
    return vl_request_json_end(&json, err);
}

static int notices_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_notice *rows = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int64_t count = 0;
    int r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    r = vl_repo_notice_list(conn, request->environment.id, page.resumed ? page.keys[0].number : 0,
        (size_t)page.fetch, request->arena, &rows, &n, err);
    for (size_t i = 0; r >= 0 && i < n && vl_api_item(&page); i++) {
        const struct vl_api_key key = {.number = rows[i].id};
        struct vl_json *json = &page.json;
        vl_json_member_int(json, "id", rows[i].id);
        vl_api_time(json, "at", rows[i].at);
        vl_json_member_str(json, "topic", rows[i].topic);
        vl_json_member_str(json, "severity", vl_notify_severity_name(rows[i].severity));
        vl_json_member_str(json, "title", rows[i].title);
        vl_api_str(json, "object", rows[i].object[0] ? rows[i].object : NULL);
        vl_json_member_int(json, "count", rows[i].count);
        vl_api_item_end(&page, &key);
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_notice_count(conn, request->environment.id, VL_API_COUNT_MAX + 1, &count, err);
    return r < 0 ? r : vl_api_list_end(&page, count, err);
}

const struct vl_route vl_routes_outbox[] = {
    {"GET", "/api/v1/outbox", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, outbox_list},
    {"POST", "/api/v1/outbox/{}/retry", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_OPTIONAL, outbox_retry},
    {"GET", "/api/v1/notices", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, notices_list},
    {0},
};
