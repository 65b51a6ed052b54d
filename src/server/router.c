#include "router.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "disk.h"
#include "identity/repo_identity.h"
#include "identity/repo_role.h"
#include "net/crypt.h"
#include "reply.h"

#define BEARER "Bearer "

static int read_body(struct vl_request *request, struct vl_doc **ret_doc, struct vl_err *err)
{
    const char *type = vl_http_call_header(request->call, "Content-Type");
    if (request->route->body == VL_BODY_OPTIONAL && request->call->body.len == 0)
        return 0;
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

static bool matches(const struct vl_route *route, enum vl_route_face face, const struct vl_http_call *call,
    const char **params)
{
    struct vl_span rest = vl_span_str(route->pattern + 1), part;
    size_t at = 0, n = 0;
    while (vl_span_split(&rest, '/', &part)) {
        if (vl_span_eq_str(part, "{*}"))
            return true;
        if (at == call->n_segments)
            return false;
        const char *segment = call->segments[at++];
        if (vl_span_eq_str(part, "{}")) {
            if (*segment == '\0' || n == VL_ROUTE_SEGMENTS_MAX)
                return false;
            params[n++] = segment;
        } else if (face == VL_FACE_ARM ? !vl_span_eq_nocase(part, vl_span_str(segment))
                                       : !vl_span_eq_str(part, segment)) {
            return false;
        }
    }
    return at == call->n_segments;
}

/* NULL with *ret_other: the path is there, for another method. */
static const struct vl_route *find(struct vl_request *request, enum vl_route_face *ret_face, bool *ret_other)
{
    const char *method = strcmp(request->call->method, "HEAD") == 0 ? "GET" : request->call->method;
    *ret_other = false;
    for (const struct vl_route_group *group = vl_server_routes; group->routes; group++) {
        for (const struct vl_route *route = group->routes; route->method; route++) {
            if (!matches(route, group->face, request->call, request->params))
                continue;
            *ret_face = group->face;
            if (strcmp(route->method, method) == 0)
                return route;
            *ret_other = true;
        }
    }
    return NULL;
}

/* The form of an answer where no route is found: what begins like Azure's paths is answered like Azure. */
static enum vl_route_face face_of(const struct vl_http_call *call)
{
    static const char *const firsts[] = {"subscriptions", "providers", "tenants", "adfs", "metadata"};
    for (size_t i = 0; i < VL_ARRAY_LEN(firsts) && call->n_segments > 0; i++) {
        if (vl_span_eq_nocase(vl_span_str(call->segments[0]), vl_span_str(firsts[i])))
            return VL_FACE_ARM;
    }
    return VL_FACE_API;
}

/* --- who calls --- */

/* A page's cookie counts for changes only beside the header that no other site can send. */
static int token_of(struct vl_request *request, struct vl_span *ret, struct vl_err *err)
{
    const char *header = vl_http_call_header(request->call, "Authorization");
    const char *cookie = vl_http_call_cookie(request->call, VL_SESSION_COOKIE);
    struct vl_span text = vl_span_str(header);
    if (vl_span_starts_with(text, BEARER)) {
        *ret = vl_span_slice(text, strlen(BEARER), text.len);
        return 0;
    }
    if (header || !cookie)
        return vl_err_set(err, VL_ERR_AUTH, "a token is needed (Authorization: Bearer …)");
    if (strcmp(request->route->method, "GET") != 0) {
        char csrf[VL_CSRF_TEXT];
        const char *sent = vl_http_call_header(request->call, VL_CSRF_HEADER);
        vl_session_csrf(cookie, csrf);
        if (!sent || csrf[0] == '\0' || !vl_crypt_equal(vl_span_str(sent), vl_span_str(csrf)))
            return vl_request_forbidden(err, "with a session cookie this needs the header " VL_CSRF_HEADER);
    }
    request->session = cookie;
    *ret = vl_span_str(cookie);
    return 0;
}

static bool is_of_query(const struct vl_route *route)
{
    return route->scope == VL_SCOPE_QUERY || route->scope == VL_SCOPE_QUERY_PART;
}

static bool is_of_segment(const struct vl_route *route)
{
    return route->scope == VL_SCOPE_SEGMENT || route->scope == VL_SCOPE_SEGMENT_PART;
}

/* Whether the caller may know that the environment is there, by this route: one that shows parts is there for
 * whoever has a part. */
static int is_there(struct vl_request *request, struct vl_store_conn *conn, int64_t environment,
    bool *ret_there, struct vl_err *err)
{
    enum vl_role role = VL_ROLE_NONE;
    bool parts =
        request->route->scope == VL_SCOPE_QUERY_PART || request->route->scope == VL_SCOPE_SEGMENT_PART;
    int r = parts ? vl_request_role_somewhere(request, conn, environment, &role, err)
                  : vl_repo_role_get(conn, &request->who, environment, &role, err);
    *ret_there = role > VL_ROLE_NONE;
    return r;
}

/* The only environment that the caller has a role in. */
static int only_environment(struct vl_request *request, struct vl_store_conn *conn, struct vl_err *err)
{
    struct vl_environment *all = NULL;
    size_t n = 0, open = 0;
    int r = vl_repo_environment_list(conn, request->arena, &all, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++) {
        bool there = false;
        r = is_there(request, conn, all[i].id, &there, err);
        if (r >= 0 && there) {
            open++;
            request->environment = all[i];
        }
    }
    if (r < 0 || open == 1)
        return r;
    request->environment = (struct vl_environment){0};
    return open == 0 ? vl_request_forbidden(err, "there is no environment that you have a role in")
                     : vl_err_set(err, VL_ERR_INVALID, "?environment= is missing: there are several");
}

/* An environment without a role of the caller's is not told from one that is not there. */
static int find_environment(struct vl_request *request, struct vl_store_conn *conn, struct vl_err *err)
{
    const char *which = NULL;
    bool there = false;
    if (is_of_query(request->route)) {
        which = vl_http_call_param(request->call, "environment");
        if (!which)
            return only_environment(request, conn, err);
    } else if (is_of_segment(request->route)) {
        which = request->params[0];
    } else {
        return 0;
    }
    int r = vl_repo_environment_find(conn, vl_span_str(which), request->arena, &request->environment, err);
    if (r > 0)
        r = is_there(request, conn, request->environment.id, &there, err);
    if (r >= 0 && !there) {
        request->environment = (struct vl_environment){0};
        request->arm_code = "SubscriptionNotFound";
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no environment \"%s\"", which);
    }
    return r;
}

/* The parts in which he has the role that the route wants, where he has it nowhere else. */
static int take_parts(
    struct vl_request *request, struct vl_store_conn *conn, enum vl_role wanted, struct vl_err *err)
{
    struct vl_role_part *parts = NULL;
    size_t n = 0, kept = 0;
    if (request->route->scope != VL_SCOPE_QUERY_PART && request->route->scope != VL_SCOPE_SEGMENT_PART)
        return 0;
    int r = vl_repo_role_parts(conn, &request->who, request->environment.id, request->arena, &parts, &n, err);
    int64_t *ids = r >= 0 && n ? vl_arena_array(request->arena, n, sizeof(*ids)) : NULL;
    if (r < 0 || !ids)
        return r < 0 ? r : vl_arena_check(request->arena, "roles", err);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].role >= wanted)
            ids[kept++] = parts[i].id;
    }
    if (kept == 0)
        return 0;
    request->role = wanted;
    request->narrow = true;
    request->parts = ids;
    request->n_parts = kept;
    return 0;
}

static int authenticate(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    enum vl_role wanted = request->route->role;
    struct vl_span text = VL_SPAN_EMPTY;
    int r = token_of(request, &text, err);
    if (r >= 0)
        r = vl_store_read(request->app->store, &conn, err);
    if (r < 0)
        return r;
    r = vl_repo_token_find(conn, text, vl_time_now_ms(), request->arena, &request->who, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_AUTH, "the token is not known, or has ended");
    if (r > 0)
        r = find_environment(request, conn, err);
    if (r >= 0)
        r = vl_repo_role_get(conn, &request->who, request->environment.id, &request->role, err);
    if (r >= 0 && request->role < wanted)
        r = take_parts(request, conn, wanted, err);
    if (r < 0 || request->role >= wanted || request->route->scope == VL_SCOPE_ANY)
        return r;
    char why[64];
    (void)snprintf(why, sizeof(why), "this needs the role %s", vl_role_name(wanted));
    return vl_request_forbidden(err, why);
}

static int run(
    struct vl_request *request, enum vl_route_face face, struct vl_doc **ret_doc, struct vl_err *err)
{
    const struct vl_route *route = request->route;
    int r = route->role == VL_ROLE_NONE ? 0 : authenticate(request, err);
    if (r >= 0 && face == VL_FACE_ARM && route->role != VL_ROLE_NONE &&
        !vl_http_call_param(request->call, "api-version")) {
        request->arm_code = "MissingApiVersionParameter";
        r = vl_err_set(err, VL_ERR_INVALID, "the api-version query parameter (?api-version=) is missing");
    }
    if (r >= 0 && (route->body == VL_BODY_JSON || route->body == VL_BODY_OPTIONAL))
        r = read_body(request, ret_doc, err);
    return r < 0 ? r : route->handle(request, err);
}

void vl_server_handle(const struct vl_http_call *call, struct vl_http_reply *reply, void *app)
{
    struct vl_request request = {.app = app, .call = call, .reply = reply, .arena = call->arena};
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_err err = VL_ERR_INIT;
    enum vl_route_face face = VL_FACE_API;
    bool other;
    request.route = find(&request, &face, &other);
    if (!request.route)
        vl_reply_problem(reply, face_of(call), other ? 405 : 404, other ? "usage" : "not_found",
            other ? "this path has other methods" : "there is nothing at this path");
    else if (run(&request, face, &doc, &err) < 0) {
        if (vl_disk_is_why(&err))
            (void)vl_disk_look(app); /* which logs it, once */
        vl_reply_error(call, reply, face, request.arm_code, &err);
    }
    vl_reply_headers(reply);
}
