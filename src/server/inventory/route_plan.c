/* Plans of an environment: /api/v1/plans. */
#include <string.h>

#include "api.h"
#include "inventory/repo_plan.h"
#include "routes.h"

#define TIER_MAX       32
#define NAME_MAX_BYTES 128

static void status_of(struct vl_json *json, const char *code, const char *message)
{
    if (!code) {
        vl_api_null(json, "operationStatus");
        return;
    }
    vl_api_object(json, "operationStatus");
    vl_json_member_str(json, "code", code);
    vl_json_member_str(json, "message", message);
    vl_json_object_end(json);
}

static void write_plan(struct vl_json *json, const struct vl_plan *plan)
{
    vl_json_member_str(json, "name", plan->kind->name);
    vl_json_member_str(json, "displayName", plan->kind->title);
    vl_json_member_str(json, "pricingTier", plan->standard ? "Standard" : "Free");
    vl_api_str(json, "subPlan", plan->sub_plan);
    vl_api_array(json, "extensions");
    for (size_t i = 0; i < plan->n_extensions; i++) {
        const struct vl_plan_setting *s = &plan->extensions[i];
        vl_json_object(json);
        vl_json_member_str(json, "name", s->name);
        vl_json_member_bool(json, "isEnabled", s->enabled);
        vl_json_member_bool(json, "built", plan->kind->extensions[i].built);
        if (s->properties)
            vl_api_stored(json, "additionalExtensionProperties", vl_span_str(s->properties));
        status_of(json, s->code, s->message);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
    vl_json_member_str(json, "resourcesCoverageStatus", vl_plan_coverage_name(plan->coverage));
    status_of(json, plan->code, plan->message);
    vl_json_member_str(json, "freeTrialRemainingTime", plan->trial);
    vl_api_time(json, "enablementTime", plan->enabled_at);
    vl_json_member_bool(json, "built", plan->kind->built);
    vl_json_member_bool(json, "deprecated", plan->kind->replaced_by != NULL);
    vl_api_str(json, "replacedBy", plan->kind->replaced_by);
    vl_json_member_str(json, "note", plan->kind->note);
}

static int plans_list(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_plan *plans = NULL;
    struct vl_api_page page;
    size_t n = 0;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_plan_list(conn, request->environment.id, request->arena, &plans, &n, err);
    if (r >= 0)
        r = vl_api_all_begin(request, &page, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n && vl_api_item(&page); i++) {
        write_plan(&page.json, &plans[i]);
        vl_api_item_end(&page, NULL);
    }
    return vl_api_list_end(&page, (int64_t)n, err);
}

static int answer(struct vl_request *request, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_plan plan;
    struct vl_json json;
    int r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_plan_get(
            conn, request->environment.id, vl_span_str(request->params[0]), request->arena, &plan, err);
    if (r < 0)
        return r;
    vl_request_json(request, 200, &json);
    write_plan(&json, &plan);
    r = vl_request_json_end(&json, err);
    if (r >= 0)
        vl_api_etag(request);
    return r;
}

struct change {
    struct vl_request *request;
    struct vl_plan_change plan;
};

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct change *c = user;
    int r = vl_repo_plan_set(conn, c->request->environment.id, &c->plan, err);
    return r < 0 ? r
                 : vl_request_audit(conn, c->request, "plan.set", c->plan.kind->name,
                       c->plan.standard ? "Standard" : "Free", err);
}

/* "True" and "False" as Azure writes them, or a JSON truth value. */
static bool truth(const struct vl_doc_node *node, bool *ret)
{
    struct vl_span text = vl_doc_span(node);
    if (vl_doc_is(node, VL_DOC_BOOL))
        *ret = vl_doc_bool(node);
    else if (vl_span_eq_nocase(text, VL_SPAN_LIT("true")))
        *ret = true;
    else if (vl_span_eq_nocase(text, VL_SPAN_LIT("false")))
        *ret = false;
    else
        return false;
    return true;
}

static int read_extension(struct vl_request *request, const struct vl_doc_node *node, size_t index,
    struct vl_plan_setting *ret, struct vl_err *err)
{
    const struct vl_doc_node *properties = vl_doc_get(node, "additionalExtensionProperties");
    struct vl_span name = vl_doc_get_str(node, "name");
    if (!vl_doc_is(node, VL_DOC_OBJECT) || name.len == 0 || name.len > NAME_MAX_BYTES)
        return vl_err_set(err, VL_ERR_INVALID, "/extensions/%zu/name: is missing, or no short text", index);
    if (!truth(vl_doc_get(node, "isEnabled"), &ret->enabled))
        return vl_err_set(err, VL_ERR_INVALID, "/extensions/%zu/isEnabled: must be true or false", index);
    ret->name = vl_arena_dup_span(request->arena, name);
    if (properties && !vl_doc_is(properties, VL_DOC_NULL)) {
        /* They configure what is not built. */
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "/extensions/%zu/additionalExtensionProperties: nothing in this release reads them", index);
    }
    return vl_arena_check(request->arena, "the request", err);
}

static int read_extensions(struct vl_request *request, struct vl_plan_change *change, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "extensions");
    size_t n = vl_doc_size(list), i = 0;
    if (!list || vl_doc_is(list, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY) || n > VL_PLAN_EXTENSIONS_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/extensions: must be a list of at most %d", VL_PLAN_EXTENSIONS_MAX);
    struct vl_plan_setting *settings = vl_arena_array(request->arena, n + 1, sizeof(*settings));
    int r = settings ? 0 : vl_arena_failed(request->arena, "the request", err);
    for (const struct vl_doc_node *e = vl_doc_first(list); e && r >= 0; e = vl_doc_next(e), i++)
        r = read_extension(request, e, i, &settings[i], err);
    change->extensions = settings;
    change->n_extensions = n;
    return r;
}

static int plan_set(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"pricingTier", "subPlan", "extensions", NULL};
    struct change c = {.request = request, .plan.kind = vl_plan_find(vl_span_str(request->params[0]))};
    const char *tier = NULL;
    if (!c.plan.kind)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "there is no such plan");
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = vl_request_text(request, "pricingTier", true, TIER_MAX, &tier, err);
    if (r >= 0)
        r = vl_request_text(request, "subPlan", false, NAME_MAX_BYTES, &c.plan.sub_plan, err);
    if (r >= 0)
        r = read_extensions(request, &c.plan, err);
    if (r < 0)
        return r;
    c.plan.standard = vl_span_eq_nocase(vl_span_str(tier), VL_SPAN_LIT("Standard"));
    if (!c.plan.standard && !vl_span_eq_nocase(vl_span_str(tier), VL_SPAN_LIT("Free")))
        return vl_err_set(err, VL_ERR_INVALID, "/pricingTier: is neither Free nor Standard");
    r = vl_store_write(request->app->store, set_write, &c, err);
    return r < 0 ? r : answer(request, err);
}

const struct vl_route vl_routes_plan[] = {
    {"GET", "/api/v1/plans", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, plans_list},
    {"GET", "/api/v1/plans/{}", VL_ROLE_READER, VL_SCOPE_QUERY, VL_BODY_NONE, answer},
    {"PUT", "/api/v1/plans/{}", VL_ROLE_ADMIN, VL_SCOPE_QUERY, VL_BODY_JSON, plan_set},
    {0},
};
