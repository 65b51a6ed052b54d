#include "router.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "repo_identity.h"

#define BEARER "Bearer "

/* --- answers --- */

void vl_request_json(struct vl_request *request, unsigned status, struct vl_json *ret)
{
    request->reply->status = status;
    request->reply->content_type = "application/json";
    vl_json_init(ret, &request->reply->body, false);
    vl_json_object(ret);
}

int vl_request_json_end(struct vl_json *json, struct vl_err *err)
{
    vl_json_object_end(json);
    vl_buf_append_char(json->out, '\n');
    return vl_json_check(json, "the answer", err);
}

static unsigned status_of(const struct vl_err *err)
{
    switch (err->code) {
    case VL_ERR_INVALID:
    case VL_ERR_USAGE:
        return 400;
    case VL_ERR_AUTH:
        return 401;
    case VL_ERR_NOT_FOUND:
        return 404;
    case VL_ERR_CONFLICT:
        return 409;
    case VL_ERR_LIMIT:
        return 422;
    case VL_ERR_UNSUPPORTED:
        return 409;
    case VL_ERR_UNREACHABLE:
        return 503;
    case VL_ERR_NONE:
    case VL_ERR_CORRUPT:
    case VL_ERR_SYSTEM:
    case VL_ERR_MEMORY:
    default:
        return 500;
    }
}

static const char *title_of(unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

/* What went wrong inside is not the caller's to read: the message stays in the log. */
static void problem(struct vl_http_reply *reply, unsigned status, const char *code, const char *detail)
{
    struct vl_json json;
    vl_buf_clear(&reply->body);
    reply->n_headers = 0;
    reply->status = status;
    reply->content_type = "application/problem+json";
    vl_json_init(&json, &reply->body, false);
    vl_json_object(&json);
    vl_json_member_str(&json, "type", "about:blank");
    vl_json_member_str(&json, "title", title_of(status));
    vl_json_member_int(&json, "status", status);
    vl_json_member_str(&json, "code", code);
    vl_json_member_str(&json, "detail", status == 500 ? "see the log of vallumd" : detail);
    vl_json_object_end(&json);
    vl_buf_append_char(&reply->body, '\n');
    if (status == 401)
        vl_http_reply_header(reply, "WWW-Authenticate", "Bearer");
}

static void problem_err(
    const struct vl_http_call *call, struct vl_http_reply *reply, const struct vl_err *err)
{
    unsigned status = err->code == VL_ERR_AUTH && err->err == -EPERM ? 403 : status_of(err);
    if (status == 500)
        (void)fprintf(stderr, "error: %s %s: %s\n", call->method, call->path, err->msg);
    problem(reply, status, vl_err_code_name(err->code), err->msg);
}

/* --- bodies --- */

int vl_request_text(struct vl_request *request, const char *field, bool required, size_t max,
    const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    if (!node || vl_doc_is(node, VL_DOC_NULL)) {
        *ret = NULL;
        return required ? vl_err_set(err, VL_ERR_INVALID, "/%s: is missing", field) : 0;
    }
    if (!vl_doc_is(node, VL_DOC_STRING))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must be a text", field);
    struct vl_span text = vl_doc_span(node);
    if (text.len > max || (required && text.len == 0))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must have 1 to %zu bytes", field, max);
    if (vl_span_find_char(text, '\0') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/%s: holds a NUL", field);
    *ret = vl_arena_dup_span(request->arena, text);
    return vl_arena_check(request->arena, "the request", err);
}

int vl_request_int(struct vl_request *request, const char *field, int64_t absent, int64_t min, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    int64_t value = absent;
    if (node && (!vl_doc_int(node, &value) || value < min || value > max))
        return vl_err_set(err, VL_ERR_INVALID, "/%s: must be a whole number from %lld to %lld", field,
            (long long)min, (long long)max);
    *ret = value;
    return 0;
}

int vl_request_only(struct vl_request *request, const char *const *fields, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(request->body); n; n = vl_doc_next(n)) {
        bool known = false;
        for (const char *const *f = fields; *f; f++)
            known |= vl_span_eq_str(vl_doc_key(n), *f);
        if (!known)
            return vl_err_set(
                err, VL_ERR_INVALID, "/%.*s: there is no such field", VL_SPAN_FMT(vl_doc_key(n)));
    }
    return 0;
}

static int read_body(struct vl_request *request, struct vl_doc **ret_doc, struct vl_err *err)
{
    const char *type = vl_http_call_header(request->call, "Content-Type");
    if (!type || !vl_span_starts_with(vl_span_str(type), "application/json"))
        return vl_err_set(err, VL_ERR_INVALID, "the body must be application/json");
    int r = vl_doc_parse(request->call->body, VL_DOC_JSON, "body", ret_doc, err);
    if (r < 0) {
        err->code = VL_ERR_INVALID; /* whatever is wrong with it, it is the caller's */
        return r;
    }
    request->body = vl_doc_root(*ret_doc);
    if (!vl_doc_is(request->body, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "the body must be a JSON object");
    return 0;
}

/* --- routes --- */

static bool matches(const struct vl_route *route, const struct vl_http_call *call, const char **params)
{
    struct vl_span rest = vl_span_str(route->pattern + 1), part;
    size_t at = 0, n = 0;
    while (vl_span_split(&rest, '/', &part)) {
        if (at == call->n_segments)
            return false;
        const char *segment = call->segments[at++];
        if (vl_span_eq_str(part, "{}")) {
            if (*segment == '\0' || n == VL_ROUTE_SEGMENTS_MAX)
                return false;
            params[n++] = segment;
        } else if (!vl_span_eq_str(part, segment)) {
            return false;
        }
    }
    return at == call->n_segments;
}

/* NULL with *ret_other: the path is there, for another method. */
static const struct vl_route *find(struct vl_request *request, bool *ret_other)
{
    *ret_other = false;
    for (const struct vl_route *route = vl_server_routes; route->method; route++) {
        if (!matches(route, request->call, request->params))
            continue;
        if (strcmp(route->method, request->call->method) == 0 ||
            (strcmp(route->method, "GET") == 0 && strcmp(request->call->method, "HEAD") == 0))
            return route;
        *ret_other = true;
    }
    return NULL;
}

static int authenticate(struct vl_request *request, enum vl_role wanted, struct vl_err *err)
{
    const char *header = vl_http_call_header(request->call, "Authorization");
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_span text = vl_span_str(header);
    if (!vl_span_starts_with(text, BEARER))
        return vl_err_set(err, VL_ERR_AUTH, "a token is needed (Authorization: Bearer …)");
    int r = vl_store_read(request->app->store, &conn, err);
    if (r >= 0)
        r = vl_repo_token_find(conn, vl_span_slice(text, strlen(BEARER), text.len), vl_time_now_ms(),
            request->arena, &request->who, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_AUTH, "the token is not known, or has ended");
    if (r > 0)
        r = vl_repo_role_get(conn, &request->who, request->environment, &request->role, err);
    if (r < 0)
        return r;
    if (request->role >= wanted)
        return 0;
    r = vl_err_set(err, VL_ERR_AUTH, "this needs the role %s", vl_role_name(wanted));
    err->err = -EPERM; /* known, and not allowed */
    return r;
}

void vl_server_handle(const struct vl_http_call *call, struct vl_http_reply *reply, void *app)
{
    struct vl_request request = {.app = app, .call = call, .reply = reply, .arena = call->arena};
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    bool other;
    const struct vl_route *route = find(&request, &other);
    if (!route) {
        problem(reply, other ? 405 : 404, other ? "usage" : "not_found",
            other ? "this path has other methods" : "there is nothing at this path");
        return;
    }
    int r = route->role == VL_ROLE_NONE ? 0 : authenticate(&request, route->role, &err);
    if (r >= 0 && route->takes_body)
        r = read_body(&request, &doc, &err);
    if (r >= 0)
        r = route->handle(&request, &err);
    if (r < 0)
        problem_err(call, reply, &err);
    vl_http_reply_header(reply, "Cache-Control", "no-store");
    vl_http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    vl_http_reply_header(reply, "Strict-Transport-Security", "max-age=31536000");
}
