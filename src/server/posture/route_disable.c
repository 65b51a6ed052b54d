/* Disable rules: /api/v1/disable-rules. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "posture/catalogue.h"
#include "posture/repo_disable.h"
#include "routes.h"

#define ENTRY_MAX 256
#define TEXT_MAX  4096

static void write_rule(struct vl_json *json, const struct vl_disable_rule *rule)
{
    vl_json_member_int(json, "id", rule->id);
    vl_json_member_str(json, "name", rule->name);
    vl_api_str(json, "assessmentKey", rule->assessment_key);
    vl_api_stored(json, "vulnerabilities", vl_span_str(rule->vulnerabilities));
    vl_api_stored(json, "digests", vl_span_str(rule->digests));
    vl_api_str(json, "minSeverity", rule->min_severity ? vl_severity_name(rule->min_severity) : NULL);
    vl_json_member_bool(json, "withoutFix", rule->without_fix);
    vl_json_member_str(json, "justification", rule->justification);
    vl_json_member_bool(json, "enabled", rule->enabled);
    vl_api_time(json, "expires", rule->expires);
    vl_json_member_bool(json, "expired", rule->expires > 0 && rule->expires <= vl_time_now_ms());
    vl_api_time(json, "created", rule->created);
    vl_json_member_int(json, "findings", rule->findings);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_disable_rule *rules = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_disable_list(conn, request->environment.id, request->arena, &rules, &n, err);
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

static int read_one(struct vl_request *request, struct vl_store_conn *conn, int64_t id,
    struct vl_disable_rule *ret, struct vl_err *err)
{
    int r = vl_repo_disable_get(conn, request->environment.id, id, request->arena, ret, err);
    return r == 0 ? vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such disable rule") : r;
}

static int answer(struct vl_request *request, unsigned status, int64_t id, bool pending, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_disable_rule rule;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = read_one(request, conn, id, &rule, err);
    if (r < 0)
        return r;
    vl_request_json(request, status, &json);
    write_rule(&json, &rule);
    vl_json_member_bool(&json, "pending", pending);
    return vl_request_json_end(&json, err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    int64_t id = 0;
    int r = vl_request_id(request, 0, "disable rule", &id, err);
    return r < 0 ? r : answer(request, 200, id, false, err);
}

/* --- what comes in; what is absent stays as it is --- */

static int read_list(struct vl_request *request, const char *field, const char **ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, field);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&text, VL_DISABLE_ENTRIES_MAX * (ENTRY_MAX * 6UL + 3));
    if (!node)
        return 0;
    if (vl_doc_is(node, VL_DOC_NULL) || (vl_doc_is(node, VL_DOC_ARRAY) && vl_doc_size(node) == 0)) {
        *ret = NULL;
        return 0;
    }
    if (!vl_doc_is(node, VL_DOC_ARRAY) || vl_doc_size(node) > VL_DISABLE_ENTRIES_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/%s: must be a list of at most %d texts", field, VL_DISABLE_ENTRIES_MAX);
    vl_json_init(&json, &text, false);
    vl_json_array(&json);
    for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n)) {
        struct vl_span entry = vl_doc_span(n);
        if (!vl_doc_is(n, VL_DOC_STRING) || entry.len == 0 || entry.len > ENTRY_MAX ||
            vl_span_find_char(entry, '\0') != SIZE_MAX)
            return vl_err_set(err, VL_ERR_INVALID, "/%s: must be texts of 1 to %d bytes", field, ENTRY_MAX);
        /* CVE ids are written in capitals by everybody. */
        if (vl_span_eq_nocase(vl_span_slice(entry, 0, 4), VL_SPAN_LIT("CVE-"))) {
            char *copy = vl_arena_dup_span(request->arena, entry);
            if (copy)
                memcpy(copy, "CVE-", 4);
            entry = vl_span_str(copy);
        }
        vl_json_span(&json, entry);
    }
    vl_json_array_end(&json);
    int r = vl_json_check(&json, field, err);
    if (r >= 0)
        *ret = vl_arena_dup_span(request->arena, vl_buf_span(&text));
    return r < 0 ? r : vl_arena_check(request->arena, "the request", err);
}

static int read_severity(struct vl_request *request, enum vl_severity *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, "minSeverity");
    if (!node)
        return 0;
    *ret = VL_SEVERITY_UNKNOWN;
    if (vl_doc_is(node, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(node, VL_DOC_STRING) || !vl_severity_parse(vl_doc_span(node), ret) ||
        *ret < VL_SEVERITY_LOW)
        return vl_err_set(err, VL_ERR_INVALID, "/minSeverity: is none of low, medium, high, critical");
    return 0;
}

static int read_key(struct vl_request *request, const char **ret, struct vl_err *err)
{
    const char *text = *ret;
    if (!vl_doc_get(request->body, "assessmentKey"))
        return 0;
    int r = vl_request_text(request, "assessmentKey", false, ENTRY_MAX, &text, err);
    const struct vl_posture_assessment *what =
        r >= 0 && text ? vl_posture_assessment_find(vl_span_str(text)) : NULL;
    if (r >= 0 && text && !what)
        return vl_err_set(err, VL_ERR_INVALID, "/assessmentKey: there is no such assessment");
    if (what && what->detector != VL_DETECTOR_IMAGE)
        return vl_err_set(
            err, VL_ERR_UNSUPPORTED, "/assessmentKey: no findings are made for it in this release");
    *ret = what ? what->key : NULL;
    return r;
}

static int read_time(struct vl_request *request, int64_t *ret, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(request->body, "expires");
    if (!node)
        return 0;
    *ret = 0;
    if (vl_doc_is(node, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(node, VL_DOC_STRING) || !vl_time_parse(vl_doc_span(node), ret))
        return vl_err_set(err, VL_ERR_INVALID, "/expires: is no time (2027-01-31T00:00:00Z)");
    return *ret > vl_time_now_ms() ? 0 : vl_err_set(err, VL_ERR_INVALID, "/expires: is over already");
}

static int read_body(struct vl_request *request, bool fresh, struct vl_disable_rule *rule, struct vl_err *err)
{
    const char *name = NULL, *why = NULL;
    int r = vl_request_text(request, "name", fresh, VL_DISABLE_NAME_MAX, &name, err);
    if (r >= 0)
        r = vl_request_text(request, "justification", fresh, TEXT_MAX, &why, err);
    if (r >= 0)
        r = read_key(request, &rule->assessment_key, err);
    if (r >= 0)
        r = read_list(request, "vulnerabilities", &rule->vulnerabilities, err);
    if (r >= 0)
        r = read_list(request, "digests", &rule->digests, err);
    if (r >= 0)
        r = read_severity(request, &rule->min_severity, err);
    if (r >= 0)
        r = vl_request_bool(request, "withoutFix", rule->without_fix, &rule->without_fix, err);
    if (r >= 0)
        r = vl_request_bool(request, "enabled", rule->enabled, &rule->enabled, err);
    if (r >= 0)
        r = read_time(request, &rule->expires, err);
    if (r < 0)
        return r;
    if (name && *name)
        rule->name = name;
    if (why && *why)
        rule->justification = why;
    if (!rule->vulnerabilities && !rule->digests && !rule->min_severity && !rule->without_fix)
        return vl_err_set(err, VL_ERR_INVALID,
            "/vulnerabilities: a rule must have a condition: vulnerabilities, digests, minSeverity or "
            "withoutFix");
    return 0;
}

struct change {
    struct vl_request *request;
    struct vl_disable_rule rule;
    int64_t id;
    bool pending;
};

static int add_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = vl_repo_disable_add(conn, c->request->environment.id, &c->rule, &c->pending, err);
    return r < 0 ? r
                 : vl_request_audit(
                       conn, c->request, "disable-rule.add", c->rule.name, c->rule.justification, err);
}

static const char *const fields[] = {"name", "assessmentKey", "vulnerabilities", "digests", "minSeverity",
    "withoutFix", "justification", "enabled", "expires", NULL};

static int add(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request, .rule = {.enabled = true, .created = vl_time_now_ms()}};
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = read_body(request, true, &c.rule, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, add_write, &c, err);
    return r < 0 ? r : answer(request, 201, c.rule.id, c.pending, err);
}

static int change_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = read_one(c->request, conn, c->id, &c->rule, err);
    if (r >= 0)
        r = read_body(c->request, false, &c->rule, err);
    if (r >= 0)
        r = vl_repo_disable_change(conn, c->request->environment.id, &c->rule, &c->pending, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "disable-rule.change", c->rule.name, NULL, err);
}

static int change(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_request_id(request, 0, "disable rule", &c.id, err);
    if (r >= 0)
        r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, change_write, &c, err);
    return r < 0 ? r : answer(request, 200, c.id, c.pending, err);
}

static int remove_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int r = read_one(c->request, conn, c->id, &c->rule, err);
    if (r >= 0)
        r = vl_repo_disable_remove(conn, c->request->environment.id, &c->rule, &c->pending, err);
    return r < 0 ? r : vl_request_audit(conn, c->request, "disable-rule.remove", c->rule.name, NULL, err);
}

static int take_away(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int r = vl_request_id(request, 0, "disable rule", &c.id, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, remove_write, &c, err);
    if (r >= 0)
        request->reply->status = 204;
    return r;
}

const struct vl_route vl_routes_disable[] = {
    {"GET", "/api/v1/disable-rules", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, list},
    {"POST", "/api/v1/disable-rules", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, add},
    {"GET", "/api/v1/disable-rules/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, get},
    {"PATCH", "/api/v1/disable-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, change},
    {"DELETE", "/api/v1/disable-rules/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_NONE, take_away},
    {0},
};
