/* Governance rules: /api/v1/governance-rules. Who is to mend what, and until when. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "inventory/repo_registry.h"
#include "posture/repo_governance.h"
#include "posture/repo_score.h"
#include "routes.h"

#define KEYS_TEXT_MAX 8192

static const enum vl_severity severities[] = {VL_SEVERITY_HIGH, VL_SEVERITY_MEDIUM, VL_SEVERITY_LOW};

static void write_rule(struct vl_json *json, const struct vl_governance_rule *rule)
{
    vl_json_member_str(json, "name", rule->name);
    vl_api_str(json, "description", rule->description);
    vl_json_member_bool(json, "enabled", rule->enabled);
    vl_json_member_int(json, "priority", rule->priority);
    vl_api_array(json, "severities");
    for (size_t i = 0; i < VL_ARRAY_LEN(severities); i++) {
        if (rule->severities & 1U << severities[i])
            vl_json_str(json, vl_severity_name(severities[i]));
    }
    vl_json_array_end(json);
    vl_api_stored(json, "recommendations", vl_span_str(rule->keys ? rule->keys : "[]"));
    if (rule->registry) {
        vl_api_object(json, "registry");
        vl_json_member_int(json, "id", rule->registry);
        vl_api_str(json, "name", rule->registry_name);
        vl_json_object_end(json);
    } else {
        vl_api_null(json, "registry");
    }
    vl_json_member_str(json, "owner", rule->owner);
    vl_json_member_int(json, "days", rule->days);
    vl_json_member_bool(json, "gracePeriod", rule->grace);
    vl_json_member_int(json, "given", rule->given);
    vl_api_time(json, "created", rule->created);
}

static int rules_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_governance_rule *rules = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_governance_list(conn, request->environment.id, request->arena, &rules, &n, err);
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
    struct vl_governance_rule rule;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_governance_get(
            conn, request->environment.id, request->params[0], request->arena, &rule, err);
    if (r <= 0)
        return r < 0 ? r : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such governance rule");
    vl_request_json(request, 200, &json);
    write_rule(&json, &rule);
    return vl_request_json_end(&json, err);
}

/* --- changes --- */

struct change {
    struct vl_request *request;
    struct vl_governance_rule rule;
    int64_t registry;
    bool found;
};

static int read_severities(struct vl_request *request, unsigned *ret, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "severities");
    enum vl_severity severity;
    if (!list || vl_doc_is(list, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "/severities: must be a list");
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        if (!vl_doc_is(n, VL_DOC_STRING) || !vl_severity_parse(vl_doc_span(n), &severity) ||
            severity < VL_SEVERITY_LOW || severity > VL_SEVERITY_HIGH)
            return vl_err_set(err, VL_ERR_INVALID, "/severities: each is one of low, medium, high");
        *ret |= 1U << severity;
    }
    return 0;
}

/* Keys or titles; kept as keys. What nothing evaluates has no owner to tell. */
static int read_keys(struct vl_request *request, const char **ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    const struct vl_doc_node *list = vl_doc_get(request->body, "recommendations");
    size_t count = 0;
    vl_buf_init(&text, KEYS_TEXT_MAX);
    if (!list || vl_doc_is(list, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "/recommendations: must be a list");
    vl_json_init(&json, &text, false);
    vl_json_array(&json);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        const struct vl_posture_assessment *what =
            vl_doc_is(n, VL_DOC_STRING) ? vl_posture_assessment_find(vl_doc_span(n)) : NULL;
        if (!what || ++count > VL_GOVERNANCE_KEYS_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "/recommendations: there is no such recommendation");
        if (what->detector == VL_DETECTOR_NONE)
            return vl_err_set(err, VL_ERR_UNSUPPORTED,
                "/recommendations: nothing evaluates \"%.100s\" in this release", what->name);
        vl_json_str(&json, what->key);
    }
    vl_json_array_end(&json);
    int r = vl_json_check(&json, "/recommendations", err);
    if (r < 0 || count == 0)
        return r;
    *ret = vl_arena_dup_span(request->arena, vl_buf_span(&text));
    return vl_arena_check(request->arena, "the request", err);
}

static int read_rule(struct change *c, struct vl_err *err)
{
    static const char *const fields[] = {"name", "description", "enabled", "priority", "severities",
        "recommendations", "registry", "owner", "days", "gracePeriod", NULL};
    struct vl_request *request = c->request;
    struct vl_governance_rule *rule = &c->rule;
    const char *name = NULL;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "name", false, VL_GOVERNANCE_NAME_MAX, &name, err);
    if (r >= 0)
        r = vl_request_text(request, "description", false, VL_GOVERNANCE_TEXT_MAX, &rule->description, err);
    if (r >= 0)
        r = vl_request_bool(request, "enabled", true, &rule->enabled, err);
    if (r >= 0)
        r = vl_request_int(request, "priority", 100, 1, VL_GOVERNANCE_PRIORITY_MAX, &rule->priority, err);
    if (r >= 0)
        r = read_severities(request, &rule->severities, err);
    if (r >= 0)
        r = read_keys(request, &rule->keys, err);
    if (r >= 0)
        r = vl_request_int(request, "registry", 0, 0, INT64_MAX, &rule->registry, err);
    if (r >= 0)
        r = vl_request_name(request, "owner", true, VL_GOVERNANCE_OWNER_MAX, &rule->owner, err);
    if (r >= 0)
        r = vl_request_int(request, "days", 30, 1, 90, &rule->days, err);
    if (r >= 0)
        r = vl_request_bool(request, "gracePeriod", false, &rule->grace, err);
    if (r < 0)
        return r;
    rule->name = request->params[0];
    if (strlen(rule->name) > VL_GOVERNANCE_NAME_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/name: has %d bytes at most", VL_GOVERNANCE_NAME_MAX);
    if (name && strcmp(name, rule->name) != 0)
        return vl_err_set(err, VL_ERR_INVALID, "/name: is not that of the path");
    if (rule->days != 7 && rule->days != 14 && rule->days != 30 && rule->days != 90)
        return vl_err_set(err, VL_ERR_INVALID, "/days: is none of 7, 14, 30, 90");
    return 0;
}

/* At once: owners, and the score that grace periods change. */
static int settle(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    int64_t now = vl_time_now_ms();
    int r = vl_repo_govern(conn, environment, now, err);
    return r < 0 ? r : vl_repo_score_compute(conn, environment, now, err);
}

static int put_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    struct vl_registry registry;
    int64_t environment = c->request->environment.id;
    int r = c->rule.registry
                ? vl_repo_registry_get(conn, environment, c->rule.registry, c->request->arena, &registry, err)
                : 1;
    if (r == 0)
        return vl_err_set(err, VL_ERR_INVALID, "/registry: there is no such registry");
    if (r >= 0)
        r = vl_repo_governance_put(conn, environment, &c->rule, vl_time_now_ms(), err);
    if (r >= 0)
        r = settle(conn, environment, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "governance.set", c->rule.name,
                       vl_arena_printf(c->request->arena, "%s, %lld days%s%s", c->rule.owner,
                           (long long)c->rule.days, c->rule.grace ? ", grace" : "",
                           c->rule.enabled ? "" : ", off"),
                       err);
}

static int rule_put(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = read_rule(&c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, put_write, &c, err);
    return r < 0 ? r : rule_get(request, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    const char *name = c->request->params[0];
    int r = vl_repo_governance_remove(conn, c->request->environment.id, name, err);
    if (r <= 0)
        return r;
    c->found = true;
    return vl_request_audit(conn, c->request, "governance.remove", name, NULL, err);
}

static int rule_remove(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0 && !c.found)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such governance rule");
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

const struct vl_route vl_routes_governance[] = {
    {"GET", "/api/v1/governance-rules", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, rules_list},
    {"GET", "/api/v1/governance-rules/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, rule_get},
    {"PUT", "/api/v1/governance-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, rule_put},
    {"DELETE", "/api/v1/governance-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, rule_remove},
    {0},
};
