/* Suppression rules: alertsSuppressionRules. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "base/time.h"
#include "respond/repo_alert.h"
#include "routes.h"

#define SCOPE_MAX (16UL * 1024)
#define WORD_MAX  64

static void write_rule(struct vl_json *json, const char *scope, const struct vl_suppression_rule *rule)
{
    vl_arm_entry(json, scope, "alertsSuppressionRules", "alertsSuppressionRules", rule->name);
    vl_json_member_str(json, "alertType", rule->alert_type);
    vl_arm_time(json, "lastModifiedUtc", rule->changed);
    vl_arm_time(json, "expirationDateUtc", rule->expires);
    vl_json_member_str(json, "state", vl_suppression_state_name(rule->state));
    vl_json_member_str(json, "reason", rule->reason);
    vl_json_member_str(json, "comment", rule->comment);
    if (rule->scope)
        vl_api_stored(json, "suppressionAlertsScope", vl_span_str(rule->scope));
    vl_arm_entry_end(json);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_suppression_rule *rules = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL, *type = vl_arm_param(request, "AlertType");
    size_t n = 0;
    int r = vl_arm_group_version(request, "alertsSuppressionRules", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, NULL, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_suppression_list(conn, request->environment.id, request->arena, &rules, &n, err);
    if (r < 0)
        return r;
    bool past = !page.skip;
    for (size_t i = 0; i < n; i++) {
        if (!past) {
            past = strcmp(rules[i].name, page.skip) == 0;
            continue;
        }
        if (type && !vl_span_eq_nocase(vl_span_str(type), vl_span_str(rules[i].alert_type)))
            continue;
        if (!vl_arm_list_room(&page, last))
            break;
        write_rule(&page.json, scope.id, &rules[i]);
        last = rules[i].name;
    }
    return vl_arm_list_end(&page, err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_suppression_rule rule;
    struct vl_arm_scope scope;
    struct vl_json json;
    int r = vl_arm_group_version(request, "alertsSuppressionRules", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r < 0)
        return r;
    const char *name = vl_arm_tail(&scope, 1);
    r = vl_repo_suppression_get(conn, request->environment.id, vl_span_str(name), request->arena, &rule, err);
    if (r == 0)
        return vl_arm_error(
            request, err, VL_ERR_NOT_FOUND, "ResourceNotFound", "there is no suppression rule '%s'", name);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    write_rule(&json, scope.id, &rule);
    return vl_json_check(&json, "the answer", err);
}

/* --- writes --- */

struct change {
    struct vl_request *request;
    struct vl_suppression_rule rule;
    bool found;
};

static int put_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    int r = vl_repo_suppression_put(conn, c->request->environment.id, &c->rule, err);
    return r < 0
               ? r
               : vl_request_audit(conn, c->request, "suppression.put", c->rule.name, c->rule.alert_type, err);
}

static int read_scope(struct vl_request *request, const struct vl_doc_node *properties,
    struct vl_suppression_rule *rule, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(properties, "suppressionAlertsScope");
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&text, SCOPE_MAX);
    if (!node || vl_doc_is(node, VL_DOC_NULL))
        return 0;
    vl_json_init(&json, &text, false);
    vl_api_node(&json, node);
    int r = vl_json_check(&json, "/properties/suppressionAlertsScope", err);
    if (r < 0)
        return r;
    rule->scope = vl_arena_strdup(request->arena, vl_buf_str(&text));
    return vl_arena_check(request->arena, "the request", err);
}

static int read_words(struct vl_request *request, const struct vl_doc_node *properties,
    struct vl_suppression_rule *rule, struct vl_err *err)
{
    static const char where[] = "/properties";
    const char *state = NULL, *expires = NULL;
    int r = vl_arm_text(request, properties, where, "alertType", VL_ALERT_TYPE_MAX, &rule->alert_type, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, where, "reason", VL_SUPPRESSION_TEXT_MAX, &rule->reason, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, where, "comment", VL_SUPPRESSION_TEXT_MAX, &rule->comment, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, where, "state", WORD_MAX, &state, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, where, "expirationDateUtc", WORD_MAX, &expires, err);
    if (r < 0)
        return r;
    if (!rule->alert_type || !*rule->alert_type)
        return vl_err_set(err, VL_ERR_INVALID, "/properties/alertType: is missing");
    if (!rule->reason || !*rule->reason)
        return vl_err_set(err, VL_ERR_INVALID, "/properties/reason: is missing");
    if (!state || !vl_suppression_state_parse(vl_span_str(state), &rule->state))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/state: must be Enabled or Disabled");
    if (expires && !vl_time_parse(vl_span_str(expires), &rule->expires))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/expirationDateUtc: is no time");
    return 0;
}

static int check_members(const struct vl_doc_node *properties, struct vl_err *err)
{
    static const char *const known[] = {"alertType", "expirationDateUtc", "state", "reason", "comment",
        "suppressionAlertsScope", "lastModifiedUtc"};
    for (const struct vl_doc_node *n = vl_doc_first(properties); n; n = vl_doc_next(n)) {
        bool found = false;
        for (size_t i = 0; i < VL_ARRAY_LEN(known); i++)
            found |= vl_span_eq_str(vl_doc_key(n), known[i]);
        if (!found)
            return vl_err_set(
                err, VL_ERR_INVALID, "/properties/%.*s: there is no such member", VL_SPAN_FMT(vl_doc_key(n)));
    }
    return 0;
}

static int put(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    const struct vl_doc_node *properties;
    struct vl_arm_scope scope;
    int r = vl_arm_group_version(request, "alertsSuppressionRules", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_properties(request, &properties, err);
    if (r >= 0)
        r = check_members(properties, err);
    if (r >= 0)
        r = read_words(request, properties, &c.rule, err);
    if (r >= 0)
        r = read_scope(request, properties, &c.rule, err);
    if (r < 0)
        return r;
    c.rule.name = vl_arm_tail(&scope, 1);
    r = vl_store_write(request->app->store, put_write, &c, err);
    return r < 0 ? r : get(request, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_suppression_remove(conn, c->request->environment.id, vl_span_str(c->rule.name), err);
    return r <= 0 ? r : vl_request_audit(conn, c->request, "suppression.remove", c->rule.name, NULL, err);
}

/* 204 also where there was none. */
static int delete(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    struct vl_arm_scope scope;
    int r = vl_arm_group_version(request, "alertsSuppressionRules", err);
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    c.rule.name = vl_arm_tail(&scope, 1);
    r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

#define RULES ARM_SUBSEC "/alertsSuppressionRules"

const struct vl_route vl_routes_arm_suppression[] = {
    {"GET", RULES, VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, list},
    {"GET", RULES "/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, get},
    {"PUT", RULES "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_JSON, put},
    {"DELETE", RULES "/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, delete},
    {0},
};
