/* Alerts and what suppresses them: /api/v1/alerts, /api/v1/suppression-rules. */
#include <string.h>

#include "api.h"
#include "respond/event.h"
#include "respond/repo_alert.h"
#include "routes.h"
#include "base/time.h"

#define BUNDLES_MAX 32
#define PIECE       256 /* alerts that are in memory at once */

/* --- alerts --- */

static void write_alert(struct vl_json *json, const struct vl_alert *a)
{
    vl_json_member_str(json, "id", a->guid);
    vl_json_member_str(json, "type", a->type);
    vl_json_member_str(json, "title", a->title);
    vl_json_member_str(json, "severity", vl_notify_severity_name(a->severity));
    vl_json_member_str(json, "status", vl_alert_status_name(a->status));
    vl_api_str(json, "resourceId", a->resource && a->resource[0] ? a->resource : NULL);
    vl_json_member_bool(json, "simulated", a->simulated);
    vl_api_str(json, "suppressedBy",
        a->suppressed_by && !a->suppressed_by_name ? "(a rule that is gone)" : a->suppressed_by_name);
    vl_api_time(json, "started", a->started);
    vl_api_time(json, "ended", a->ended);
    vl_api_time(json, "created", a->created);
    vl_api_time(json, "changed", a->changed);
}

static int read_filter(struct vl_request *request, struct vl_alert_filter *ret, struct vl_err *err)
{
    const char *status, *severity;
    int r = vl_api_query_text(request, "status", 32, &status, err);
    if (r >= 0)
        r = vl_api_query_text(request, "severity", 32, &severity, err);
    if (r >= 0)
        r = vl_api_query_text(request, "type", VL_ALERT_TYPE_MAX, &ret->type, err);
    if (r < 0)
        return r;
    if (status[0] && !vl_alert_status_parse(vl_span_str(status), &ret->status))
        return vl_err_set(
            err, VL_ERR_INVALID, "?status= is none of active, in_progress, resolved, dismissed");
    if (severity[0] && !vl_notify_severity_parse(vl_span_str(severity), &ret->severity))
        return vl_err_set(err, VL_ERR_INVALID, "?severity= is none of high, medium, low, informational");
    return 0;
}

/* A part of the page: 1 where more may follow it, in pieces, so that lines of all alerts need no memory for
 * all of them. */
static int list_piece(struct vl_request *request, struct vl_store_conn *conn, struct vl_alert_filter *filter,
    struct vl_api_page *page, int64_t *left, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(PIECE * (VL_ALERT_BODY_MAX + 8192));
    size_t n = 0, want = *left < PIECE ? (size_t)*left : PIECE;
    struct vl_alert *alerts = NULL;
    bool room = true;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_repo_alert_list(conn, request->environment.id, filter, want, arena, &alerts, &n, err);
    for (size_t i = 0; r >= 0 && i < n && (room = vl_api_item(page)); i++) {
        const struct vl_api_key key = {.number = alerts[i].id};
        write_alert(&page->json, &alerts[i]);
        vl_api_item_end(page, &key);
        filter->before = alerts[i].id;
    }
    *left -= (int64_t)n;
    return r < 0 ? r : room && n == want && *left > 0;
}

static int alerts_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_alert_filter filter = {0};
    struct vl_api_page page;
    int64_t count = 0;
    int r = read_filter(request, &filter, err);
    if (r >= 0)
        r = vl_api_list_begin(request, "", 1, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    int64_t left = page.fetch;
    filter.before = page.resumed ? page.keys[0].number : 0;
    do {
        r = list_piece(request, conn, &filter, &page, &left, err);
    } while (r > 0);
    if (r >= 0 && vl_api_wants_total(&page))
        r = vl_repo_alert_count(conn, request->environment.id, &filter, VL_API_COUNT_MAX + 1, &count, err);
    return r < 0 ? r : vl_api_list_end(&page, count, err);
}

static void body_member(struct vl_json *json, const struct vl_doc_node *body, const char *name)
{
    const struct vl_doc_node *node = vl_doc_get(body, name);
    if (!node) {
        vl_api_null(json, name);
        return;
    }
    vl_json_key(json, name);
    vl_api_node(json, node);
}

/* As the caller sees it. */
static int find_alert(struct vl_request *request, struct vl_alert *ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_alert_get(
            conn, request->environment.id, vl_span_str(request->params[0]), request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such alert") : r;
}

static int alert_get(struct vl_request *request, struct vl_err *err)
{
    static const char *const members[] = {"description", "intent", "compromisedEntity", "remediation",
        "resources", "entities", "techniques", "properties"};
    struct vl_doc *body VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_alert alert;
    struct vl_json json;
    int r = find_alert(request, &alert, err);
    if (r >= 0)
        r = vl_doc_parse(vl_span_str(alert.body), VL_DOC_JSON, "body of an alert", &body, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    write_alert(&json, &alert);
    for (size_t i = 0; i < VL_ARRAY_LEN(members); i++)
        body_member(&json, vl_doc_root(body), members[i]);
    r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

struct change {
    struct vl_request *request;
    enum vl_alert_status status;
    const char *const *bundles;
    size_t n_bundles, added;
    struct vl_suppression_rule rule;
    bool found;
};

static int status_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const char *guid = c->request->params[0];
    enum vl_alert_status before = VL_ALERT_ACTIVE;
    int r = vl_repo_alert_set_status(
        conn, c->request->environment.id, vl_span_str(guid), c->status, &before, err);
    if (r <= 0)
        return r;
    c->found = true;
    const char *detail = vl_arena_printf(
        c->request->arena, "%s -> %s", vl_alert_status_name(before), vl_alert_status_name(c->status));
    return vl_request_audit(conn, c->request, "alert.status", guid, detail, err);
}

static int alert_set(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"status", NULL};
    struct change c = {.request = request};
    struct vl_alert alert;
    const char *status;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "status", true, 32, &status, err);
    if (r < 0)
        return r;
    if (!vl_alert_status_parse(vl_span_str(status), &c.status))
        return vl_err_set(
            err, VL_ERR_INVALID, "/status: is none of active, in_progress, resolved, dismissed");
    r = find_alert(request, &alert, err); /* writes are not narrowed */
    if (r >= 0)
        r = vl_store_write(request->app->store, status_write, &c, err);
    if (r < 0)
        return r;
    return c.found ? alert_get(request, err) : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such alert");
}

static int simulate_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const struct vl_environment *e = &c->request->environment;
    int r = vl_repo_alert_simulate(conn, e->id, e->guid, c->bundles, c->n_bundles, &c->added, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "alert.simulate", e->guid, NULL, err);
}

static int read_bundles(struct vl_request *request, struct change *c, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "bundles");
    size_t n = vl_doc_size(list);
    if (!vl_doc_is(list, VL_DOC_ARRAY) || n == 0 || n > BUNDLES_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/bundles: must be a list of 1 to %d names", BUNDLES_MAX);
    const char **names = vl_arena_array(request->arena, n, sizeof(*names));
    for (const struct vl_doc_node *b = vl_doc_first(list); b && names; b = vl_doc_next(b)) {
        if (!vl_doc_is(b, VL_DOC_STRING))
            return vl_err_set(err, VL_ERR_INVALID, "/bundles/%zu: must be a text", c->n_bundles);
        names[c->n_bundles++] = vl_arena_dup_span(request->arena, vl_doc_span(b));
    }
    c->bundles = names;
    return vl_arena_check(request->arena, "the request", err);
}

static int alert_simulate(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"bundles", NULL};
    struct change c = {.request = request};
    struct vl_json json;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = read_bundles(request, &c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, simulate_write, &c, err);
    if (r < 0)
        return r;
    vl_request_json(request, 202, &json);
    vl_json_member_int(&json, "added", (int64_t)c.added);
    return vl_request_json_end(&json, err);
}

/* --- suppression rules --- */

static void write_rule(struct vl_json *json, const struct vl_suppression_rule *rule)
{
    vl_json_member_str(json, "name", rule->name);
    vl_json_member_str(json, "alertType", rule->alert_type);
    vl_json_member_str(json, "state", vl_suppression_state_name(rule->state));
    vl_json_member_str(json, "reason", rule->reason);
    vl_api_str(json, "comment", rule->comment);
    vl_api_time(json, "expires", rule->expires);
    vl_api_stored(json, "scope", vl_span_str(rule->scope));
    vl_api_time(json, "created", rule->created);
    vl_api_time(json, "changed", rule->changed);
}

static int rules_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_suppression_rule *rules = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_suppression_list(conn, request->environment.id, request->arena, &rules, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        write_rule(&page.json, &rules[i]);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

static int rule_get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_suppression_rule rule;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_suppression_get(
            conn, request->environment.id, vl_span_str(request->params[0]), request->arena, &rule, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such suppression rule");
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    write_rule(&json, &rule);
    r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

static int put_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_suppression_put(conn, c->request->environment.id, &c->rule, err);
    return r < 0
               ? r
               : vl_request_audit(conn, c->request, "suppression.set", c->rule.name, c->rule.alert_type, err);
}

static int read_scope(struct vl_request *request, struct vl_suppression_rule *rule, struct vl_err *err)
{
    const struct vl_doc_node *scope = vl_doc_get(request->body, "scope");
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&text, VL_ALERT_BODY_MAX);
    if (!scope || vl_doc_is(scope, VL_DOC_NULL))
        return 0;
    vl_json_init(&json, &text, false);
    vl_api_node(&json, scope);
    rule->scope = vl_arena_dup_span(request->arena, vl_buf_span(&text));
    int r = vl_json_check(&json, "/scope", err);
    return r < 0 ? r : vl_arena_check(request->arena, "the request", err);
}

static int read_rule(struct vl_request *request, struct vl_suppression_rule *rule, struct vl_err *err)
{
    static const char *const fields[] = {
        "name", "alertType", "state", "reason", "comment", "expires", "scope", NULL};
    const char *state = NULL, *expires = NULL, *name = NULL;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "name", false, VL_SUPPRESSION_NAME_MAX, &name, err);
    if (r >= 0)
        r = vl_request_text(request, "alertType", true, VL_ALERT_TYPE_MAX, &rule->alert_type, err);
    if (r >= 0)
        r = vl_request_text(request, "state", false, 32, &state, err);
    if (r >= 0)
        r = vl_request_text(request, "reason", true, VL_SUPPRESSION_TEXT_MAX, &rule->reason, err);
    if (r >= 0)
        r = vl_request_text(request, "comment", false, VL_SUPPRESSION_TEXT_MAX, &rule->comment, err);
    if (r >= 0)
        r = vl_request_text(request, "expires", false, VL_TIME_TEXT_MAX, &expires, err);
    if (r < 0)
        return r;
    rule->name = request->params[0];
    rule->state = VL_SUPPRESSION_ENABLED;
    if (name && strcmp(name, rule->name) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "/name: is not that of the path");
    if (state && !vl_suppression_state_parse(vl_span_str(state), &rule->state))
        return vl_err_set(err, VL_ERR_INVALID, "/state: is neither Enabled nor Disabled");
    if (expires && !vl_time_parse(vl_span_str(expires), &rule->expires))
        return vl_err_set(err, VL_ERR_INVALID, "/expires: is no time");
    return read_scope(request, rule, err);
}

static int rule_put(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = read_rule(request, &c.rule, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, put_write, &c, err);
    return r < 0 ? r : rule_get(request, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const char *name = c->request->params[0];
    int r = vl_repo_suppression_remove(conn, c->request->environment.id, vl_span_str(name), err);
    if (r <= 0)
        return r;
    c->found = true;
    return vl_request_audit(conn, c->request, "suppression.remove", name, NULL, err);
}

static int rule_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r < 0)
        return r;
    if (!c.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such suppression rule");
    request->reply->status = 204;
    return 0;
}

const struct vl_route vl_routes_alert[] = {
    {"GET", "/api/v1/alerts", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, alerts_list},
    {"POST", "/api/v1/alerts/simulate", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, alert_simulate},
    {"GET", "/api/v1/alerts/{}", VL_ROLE_READER, VL_SCOPE_QUERY_PART, VL_BODY_NONE, alert_get},
    {"PATCH", "/api/v1/alerts/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY_PART, VL_BODY_JSON, alert_set},
    {"GET", "/api/v1/suppression-rules", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, rules_list},
    {"GET", "/api/v1/suppression-rules/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, rule_get},
    {"PUT", "/api/v1/suppression-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, rule_put},
    {"DELETE", "/api/v1/suppression-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, rule_remove},
    {0},
};
