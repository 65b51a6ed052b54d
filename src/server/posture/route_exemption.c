/* Exemptions: /api/v1/exemptions. A reader asks, an admin decides. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "posture/repo_exemption.h"
#include "posture/repo_resource.h"
#include "respond/notify.h"
#include "routes.h"

#define WORD_MAX 64

/* --- writing them --- */

static void write_exemption(struct vl_json *json, const struct vl_exemption *e)
{
    vl_json_member_str(json, "id", e->guid);
    vl_json_member_str(json, "category", vl_exempt_name((int)e->category));
    vl_json_member_str(json, "state", vl_exemption_state_name((int)e->state));
    vl_api_str(json, "assessmentKey", e->assessment_key);
    vl_api_str(json, "vulnerability", e->vulnerability);
    vl_api_str(json, "package", e->package);
    vl_api_str(json, "digest", e->digest);
    if (e->registry) {
        vl_api_object(json, "registry");
        vl_json_member_int(json, "id", e->registry);
        vl_api_str(json, "name", e->registry_name);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "registry");
    }
    vl_api_str(json, "repository", e->repository);
    vl_api_str(json, "resourceId", e->resource_id);
    vl_json_member_str(json, "justification", e->justification);
    vl_json_member_str(json, "requestedBy", e->requested_by);
    vl_api_str(json, "decidedBy", e->decided_by);
    vl_api_time(json, "created", e->created);
    vl_api_time(json, "decided", e->decided);
    vl_api_time(json, "expires", e->expires);
    vl_json_member_bool(json, "expired", e->expires > 0 && e->expires <= vl_time_now_ms());
    vl_json_member_bool(json, "active", vl_exemption_active(e, vl_time_now_ms()));
    vl_json_member_int(json, "findings", e->findings);
}

static void etag_of(const struct vl_exemption *e, struct vl_arena *arena, char ret[VL_API_ETAG_TEXT])
{
    const char *text = vl_arena_printf(arena, "%s %d %lld %lld %s", e->guid, e->state, (long long)e->decided,
        (long long)e->expires, e->justification);
    vl_api_etag_of(vl_span_str(text), ret);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    static const char *const words[] = {"", "requested", "approved", "rejected", "revoked", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_exemption *rows = NULL;
    struct vl_api_page page = {0};
    int64_t total = 0;
    size_t n = 0;
    int state = 0;
    int r = vl_api_query_word(request, "state", words, 0, &state, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_exemption_list(conn, request->environment.id, state, page.keys[0].number, page.fetch,
            request->arena, &rows, &n, err);
    for (size_t i = 0; i < n && r >= 0 && vl_api_item(&page); i++) {
        const struct vl_api_key key = {.number = rows[i].id};
        write_exemption(&page.json, &rows[i]);
        vl_api_item_end(&page, &key);
    }
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_exemption_count(conn, request->environment.id, state, &total, err);
    return r < 0 ? r : vl_api_list_end(&page, total, err);
}

static int read_one(struct vl_request *request, struct vl_store_conn *conn, const char *guid,
    struct vl_exemption *ret, struct vl_err *err)
{
    int r = vl_repo_exemption_get(conn, request->environment.id, guid, request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such exemption") : r;
}

static int answer(
    struct vl_request *request, unsigned status, const char *guid, bool pending, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_exemption e;
    struct vl_json json;
    char etag[VL_API_ETAG_TEXT];
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = read_one(request, conn, guid, &e, err);
    if (r < 0)
        return r;
    etag_of(&e, request->arena, etag);
    vl_http_reply_header(request->reply, "ETag", vl_arena_strdup(request->arena, etag));
    vl_request_json(request, status, &json);
    write_exemption(&json, &e);
    vl_json_member_bool(&json, "pending", pending); /* a job works the rest out */
    return vl_request_json_end(&json, err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    return answer(request, 200, request->params[0], false, err);
}

/* --- reading what comes in --- */

static int read_expires(struct vl_request *request, int64_t absent, int64_t *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, "expires");
    *ret = absent;
    if (!node)
        return 0;
    *ret = 0;
    if (vl_doc_is(node, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(node, VL_DOC_STRING) || !vl_time_parse(vl_doc_span(node), ret))
        return vl_err_set(err, VL_ERR_INVALID, "/expires: is no time (2027-01-31T00:00:00Z)");
    return *ret > vl_time_now_ms() ? 0 : vl_err_set(err, VL_ERR_INVALID, "/expires: is over already");
}

static int read_category(struct vl_request *request, enum vl_exempt *ret, struct vl_err *err)
{
    const char *text = NULL;
    int r = vl_request_text(request, "category", true, WORD_MAX, &text, err);
    if (r < 0)
        return r;
    for (int i = VL_EXEMPT_WAIVER; i <= VL_EXEMPT_MITIGATED; i++) {
        if (vl_span_eq_nocase(vl_span_str(text), vl_span_str(vl_exempt_name(i)))) {
            *ret = (enum vl_exempt)i;
            return 0;
        }
    }
    return vl_err_set(err, VL_ERR_INVALID, "/category: is neither waiver nor mitigated");
}

static int read_body(
    struct vl_request *request, struct vl_exemption *e, const char **ret_resource, struct vl_err *err)
{
    static const char *const fields[] = {"category", "assessmentKey", "vulnerability", "package", "digest",
        "registry", "repository", "resourceId", "justification", "expires", NULL};
    const struct {
        const char *field;
        const char **ret;
        size_t max;
    } texts[] = {{"assessmentKey", &e->assessment_key, VL_EXEMPTION_NAME_MAX},
        {"vulnerability", &e->vulnerability, VL_EXEMPTION_NAME_MAX}, {"package", &e->package, 2048},
        {"digest", &e->digest, VL_EXEMPTION_NAME_MAX}, {"repository", &e->repository, VL_EXEMPTION_NAME_MAX},
        {"resourceId", ret_resource, VL_RESOURCE_ID_MAX}};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = read_category(request, &e->category, err);
    for (size_t i = 0; i < VL_ARRAY_LEN(texts) && r >= 0; i++) {
        r = vl_request_text(request, texts[i].field, false, texts[i].max, texts[i].ret, err);
        if (r >= 0 && *texts[i].ret && !**texts[i].ret)
            *texts[i].ret = NULL; /* "" asks for nothing */
    }
    if (r >= 0)
        r = vl_request_int(request, "registry", 0, 0, INT64_MAX, &e->registry, err);
    if (r >= 0)
        r = vl_request_text(request, "justification", true, VL_EXEMPTION_TEXT_MAX, &e->justification, err);
    return r < 0 ? r : read_expires(request, 0, &e->expires, err);
}

/* --- asking --- */

struct change {
    struct vl_request *request;
    struct vl_exemption exemption;
    const char *resource;
    bool pending;
};

static int find_resource(struct vl_store_conn *conn, struct change *c, struct vl_err *err)
{
    struct vl_resource found;
    if (!c->resource)
        return 0;
    int r = vl_repo_resource_find(
        conn, c->request->environment.id, vl_span_str(c->resource), c->request->arena, &found, err);
    if (r < 0)
        return vl_err_wrap(err, "/resourceId");
    if (r == 0)
        return vl_err_set(err, VL_ERR_INVALID, "/resourceId: there is no such resource");
    c->exemption.resource = found.id;
    return 0;
}

static int tell_admins(struct vl_store_conn *conn, const struct change *c, struct vl_err *err)
{
    const struct vl_exemption *e = &c->exemption;
    const char *about = e->vulnerability ? e->vulnerability
                        : e->package     ? e->package
                        : e->digest      ? e->digest
                                         : "a resource";
    const struct vl_notify_event event = {.topic = VL_NOTIFY_EXEMPTION,
        .severity = VL_SEVERITY_LOW,
        .title = vl_arena_printf(c->request->arena, "%s asks for an exemption of %s", e->requested_by, about),
        .text = e->justification,
        .object = "/settings?tab=exemptions"};
    int r = vl_arena_check(c->request->arena, "a notice", err);
    return r < 0 ? r : vl_notify(conn, c->request->environment.id, &event, err);
}

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_exemption *e = &c->exemption;
    int64_t environment = c->request->environment.id;
    e->guid = NULL; /* a write may run again */
    int r = find_resource(conn, c, err);
    if (r >= 0)
        r = vl_exemption_check(conn, environment, e, c->request->arena, err);
    if (r >= 0)
        r = vl_repo_exemption_add(conn, environment, e, c->request->arena, &c->pending, err);
    if (r >= 0 && e->state == VL_EXEMPTION_REQUESTED)
        r = tell_admins(conn, c, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request,
                       e->state == VL_EXEMPTION_REQUESTED ? "exemption.request" : "exemption.add", e->guid,
                       e->justification, err);
}

static int add(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int64_t now = vl_time_now_ms();
    bool decides = request->role >= VL_ROLE_ADMIN;
    int r = read_body(request, &c.exemption, &c.resource, err);
    if (r < 0)
        return r;
    c.exemption.requested_by = request->who.name;
    c.exemption.created = now;
    c.exemption.state = decides ? VL_EXEMPTION_APPROVED : VL_EXEMPTION_REQUESTED;
    c.exemption.decided_by = decides ? request->who.name : NULL;
    c.exemption.decided = decides ? now : 0;
    r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, 201, c.exemption.guid, c.pending, err);
}

/* --- deciding --- */

/* From (row) to (column): requested, approved, rejected, revoked. */
static bool may_become(enum vl_exemption_state from, enum vl_exemption_state to)
{
    static const bool allowed[4][4] = {{true, true, true, false}, {false, true, false, true},
        {false, true, true, false}, {false, true, false, true}};
    return allowed[from - 1][to - 1];
}

static int read_change(struct vl_request *request, struct vl_exemption *e, struct vl_err *err)
{
    enum vl_exemption_state state = e->state;
    const char *text = NULL, *why = NULL;
    int r = vl_request_text(request, "state", false, WORD_MAX, &text, err);
    if (r >= 0 && text && !vl_exemption_state_parse(vl_span_str(text), &state))
        return vl_err_set(err, VL_ERR_INVALID, "/state: is none of requested, approved, rejected, revoked");
    if (r >= 0 && !may_become(e->state, state))
        return vl_err_set(err, VL_ERR_CONFLICT, "/state: what is %s cannot become %s",
            vl_exemption_state_name((int)e->state), vl_exemption_state_name((int)state));
    if (r >= 0)
        r = vl_request_text(request, "justification", false, VL_EXEMPTION_TEXT_MAX, &why, err);
    if (r >= 0)
        r = read_expires(request, e->expires, &e->expires, err);
    if (r < 0)
        return r;
    if (why && *why)
        e->justification = why;
    if (state != e->state) {
        e->decided_by = request->who.name;
        e->decided = vl_time_now_ms();
    }
    e->state = state;
    return 0;
}

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_exemption was;
    char etag[VL_API_ETAG_TEXT];
    int r = read_one(c->request, conn, c->request->params[0], &was, err);
    if (r < 0)
        return r;
    etag_of(&was, c->request->arena, etag);
    r = vl_api_if_match(c->request, etag, err);
    c->exemption = was;
    if (r >= 0)
        r = read_change(c->request, &c->exemption, err);
    if (r >= 0)
        r = vl_repo_exemption_change(conn, c->request->environment.id, &was, &c->exemption, &c->pending, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "exemption.change", was.guid,
                       vl_exemption_state_name((int)c->exemption.state), err);
}

static int change(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"state", "expires", "justification", NULL};
    struct change c = {.request = request};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, change_write, &c, err);
    return r < 0 ? r : answer(request, 200, request->params[0], c.pending, err);
}

/* Who asked may take back what nobody decided on yet. */
static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_exemption *e = &c->exemption;
    char etag[VL_API_ETAG_TEXT];
    int r = read_one(c->request, conn, c->request->params[0], e, err);
    if (r < 0)
        return r;
    bool own = e->state == VL_EXEMPTION_REQUESTED && strcmp(e->requested_by, c->request->who.name) == 0;
    if (c->request->role < VL_ROLE_ADMIN && !own)
        return vl_request_forbidden(err, "this needs the role admin");
    etag_of(e, c->request->arena, etag);
    r = vl_api_if_match(c->request, etag, err);
    if (r >= 0)
        r = vl_repo_exemption_remove(conn, c->request->environment.id, e, &c->pending, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "exemption.remove", e->guid, NULL, err);
}

static int take_away(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

const struct vl_route vl_routes_exemption[] = {
    {"GET", "/api/v1/exemptions", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, list},
    {"POST", "/api/v1/exemptions", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_JSON, add},
    {"GET", "/api/v1/exemptions/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, get},
    {"PATCH", "/api/v1/exemptions/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, change},
    {"DELETE", "/api/v1/exemptions/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, take_away},
    {0},
};
