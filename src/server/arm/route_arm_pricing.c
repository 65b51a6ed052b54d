/* Plans: pricings. What an older version of the API does not have is left out of its answers, but for what
 * says that a plan protects nothing: no client is to believe otherwise. */
#include <string.h>

#include "arm/arm.h"
#include "arm/groups.h"
#include "arm/scopes.h"
#include "inventory/repo_plan.h"
#include "routes.h"

#define WORD_MAX 128

/* Index of the version in groups.c. */
enum version { V2017 = 0, V2018, V2022, V2023, V2024 };

static void write_status(struct vl_json *json, const char *code, const char *message)
{
    if (!code)
        return;
    vl_api_object(json, "operationStatus");
    vl_json_member_str(json, "code", code);
    vl_json_member_str(json, "message", message);
    vl_json_object_end(json);
}

static void write_extensions(struct vl_json *json, const struct vl_plan *plan)
{
    vl_api_array(json, "extensions");
    for (size_t i = 0; i < plan->n_extensions; i++) {
        const struct vl_plan_setting *s = &plan->extensions[i];
        vl_json_object(json);
        vl_json_member_str(json, "name", s->name);
        vl_json_member_str(json, "isEnabled", s->enabled ? "True" : "False");
        if (s->properties)
            vl_api_stored(json, "additionalExtensionProperties", vl_span_str(s->properties));
        write_status(json, s->code, s->message);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
}

static void write_pricing(struct vl_json *json, const char *scope, int version, const struct vl_plan *plan)
{
    vl_arm_entry(json, scope, "pricings", "pricings", plan->kind->name);
    vl_json_member_str(json, "pricingTier", plan->standard ? "Standard" : "Free");
    if (version >= V2018)
        vl_json_member_str(json, "freeTrialRemainingTime", plan->trial);
    if (version >= V2022) {
        if (plan->standard)
            vl_json_member_str(json, "subPlan", plan->sub_plan);
        if (plan->kind->replaced_by) {
            vl_json_member_bool(json, "deprecated", true);
            vl_api_array(json, "replacedBy");
            vl_json_str(json, plan->kind->replaced_by);
            vl_json_array_end(json);
        }
        vl_json_member_str(json, "resourcesCoverageStatus", vl_plan_coverage_name(plan->coverage));
        write_status(json, plan->code, plan->message);
    }
    if (version >= V2023) {
        vl_arm_time(json, "enablementTime", plan->enabled_at);
        if (plan->n_extensions > 0)
            write_extensions(json, plan);
    }
    if (version >= V2024) {
        vl_json_member_str(json, "enforce", "False");
        vl_json_member_str(json, "inherited", "False");
    }
    vl_arm_entry_end(json);
}

static int list(struct vl_request *request, struct vl_err *err)
{
    static const char *const fields[] = {"name", "pricingTier", NULL};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_plan *plans = NULL;
    struct vl_arm_scope scope;
    struct vl_arm_list page;
    const char *last = NULL;
    size_t n = 0;
    int version = vl_arm_group_version(request, "pricings", err), r = version;
    if (r >= 0)
        r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_arm_list(request, fields, &page, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_plan_list(conn, request->environment.id, request->arena, &plans, &n, err);
    if (r < 0)
        return r;
    bool past = !page.skip;
    for (size_t i = 0; i < n; i++) {
        const char *name = plans[i].kind->name, *tier = plans[i].standard ? "Standard" : "Free";
        if (!past) {
            past = strcmp(name, page.skip) == 0;
            continue;
        }
        if (!vl_arm_list_takes(&page, (const char *const[]){name, tier}))
            continue;
        if (!vl_arm_list_room(&page, last))
            break;
        write_pricing(&page.json, scope.id, version, &plans[i]);
        last = name;
    }
    return vl_arm_list_end(&page, err);
}

static int answer(struct vl_request *request, int version, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_arm_scope scope;
    struct vl_plan plan;
    struct vl_json json;
    int r = vl_arm_scope(request, &scope, err);
    if (r >= 0)
        r = vl_request_read(request, &conn, err);
    if (r >= 0)
        r = vl_repo_plan_get(
            conn, request->environment.id, vl_span_str(vl_arm_tail(&scope, 1)), request->arena, &plan, err);
    if (r < 0)
        return r;
    vl_arm_answer(request, 200, &json);
    write_pricing(&json, scope.id, version, &plan);
    return vl_json_check(&json, "the answer", err);
}

static int get(struct vl_request *request, struct vl_err *err)
{
    int version = vl_arm_group_version(request, "pricings", err);
    return version < 0 ? version : answer(request, version, err);
}

/* --- writes --- */

struct change {
    struct vl_request *request;
    struct vl_plan_change plan;
    bool only_if_standard; /* a deletion: nothing to do where it is Free */
    bool done;
};

static int set_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct change *c = user;
    int64_t environment = c->request->environment.id;
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_plan before;
    if (!arena)
        return vl_err_nomem(err);
    c->done = false;
    int r = vl_repo_plan_get(conn, environment, vl_span_str(c->plan.kind->name), arena, &before, err);
    if (r < 0 || (c->only_if_standard && !before.standard))
        return r;
    r = vl_repo_plan_set(conn, environment, &c->plan, err);
    if (r >= 0)
        r = vl_request_audit(
            conn, c->request, "plan.set", c->plan.kind->name, c->plan.standard ? "Standard" : "Free", err);
    c->done = r >= 0;
    return r;
}

/* "True" and "False", or a truth value. */
static bool truth(const struct vl_doc_node *node, bool *ret)
{
    struct vl_span text = vl_doc_span(node);
    if (vl_doc_is(node, VL_DOC_BOOL))
        *ret = vl_doc_bool(node);
    else if (vl_span_eq_nocase(text, VL_SPAN_LIT("true")) || vl_span_eq_nocase(text, VL_SPAN_LIT("false")))
        *ret = text.len == 4;
    else
        return false;
    return true;
}

static int read_extension(struct vl_request *request, const struct vl_doc_node *node, size_t index,
    struct vl_plan_setting *ret, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(node, "name");
    const struct vl_doc_node *more = vl_doc_get(node, "additionalExtensionProperties");
    if (name.len == 0 || name.len > WORD_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/properties/extensions/%zu/name: is missing, or no short text", index);
    if (!truth(vl_doc_get(node, "isEnabled"), &ret->enabled))
        return vl_err_set(
            err, VL_ERR_INVALID, "/properties/extensions/%zu/isEnabled: must be True or False", index);
    if (more && !vl_doc_is(more, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "/properties/extensions/%zu/additionalExtensionProperties: nothing in this release reads them",
            index);
    ret->name = vl_arena_dup_span(request->arena, name);
    return vl_arena_check(request->arena, "the request", err);
}

static int read_extensions(struct vl_request *request, const struct vl_doc_node *properties,
    struct vl_plan_change *change, struct vl_err *err)
{
    const struct vl_doc_node *entries = vl_doc_get(properties, "extensions");
    size_t n = vl_doc_size(entries), i = 0;
    if (!entries || vl_doc_is(entries, VL_DOC_NULL))
        return 0;
    if (!vl_doc_is(entries, VL_DOC_ARRAY) || n > VL_PLAN_EXTENSIONS_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/properties/extensions: must be a list of at most %d",
            VL_PLAN_EXTENSIONS_MAX);
    struct vl_plan_setting *settings = vl_arena_array(request->arena, n + 1, sizeof(*settings));
    int r = settings ? 0 : vl_arena_check(request->arena, "the request", err);
    for (const struct vl_doc_node *e = vl_doc_first(entries); e && settings && r >= 0;
        e = vl_doc_next(e), i++)
        r = read_extension(request, e, i, &settings[i], err);
    change->extensions = settings;
    change->n_extensions = n;
    return r;
}

/* What a client may send back as it was read stands beside what is set; nothing else is passed over. */
static int check_members(const struct vl_doc_node *properties, struct vl_err *err)
{
    static const char *const known[] = {"pricingTier", "subPlan", "extensions", "enforce",
        "freeTrialRemainingTime", "enablementTime", "inherited", "inheritedFrom", "resourcesCoverageStatus",
        "operationStatus", "deprecated", "replacedBy"};
    bool enforce = false;
    for (const struct vl_doc_node *n = vl_doc_first(properties); n; n = vl_doc_next(n)) {
        bool found = false;
        for (size_t i = 0; i < VL_ARRAY_LEN(known); i++)
            found |= vl_span_eq_str(vl_doc_key(n), known[i]);
        if (!found)
            return vl_err_set(
                err, VL_ERR_INVALID, "/properties/%.*s: there is no such member", VL_SPAN_FMT(vl_doc_key(n)));
    }
    const struct vl_doc_node *node = vl_doc_get(properties, "enforce");
    if (node && !vl_doc_is(node, VL_DOC_NULL) && (!truth(node, &enforce) || enforce))
        return vl_err_set(err, VL_ERR_UNSUPPORTED,
            "/properties/enforce: plans of single resources are not built in this release");
    return 0;
}

static int read_change(struct vl_request *request, struct change *c, struct vl_err *err)
{
    const struct vl_doc_node *properties;
    const char *tier = NULL;
    int r = vl_arm_properties(request, &properties, err);
    if (r >= 0)
        r = check_members(properties, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, "/properties", "pricingTier", WORD_MAX, &tier, err);
    if (r >= 0)
        r = vl_arm_text(request, properties, "/properties", "subPlan", WORD_MAX, &c->plan.sub_plan, err);
    if (r >= 0)
        r = read_extensions(request, properties, &c->plan, err);
    if (r < 0)
        return r;
    c->plan.standard = tier && vl_span_eq_nocase(vl_span_str(tier), VL_SPAN_LIT("Standard"));
    if (!c->plan.standard && (!tier || !vl_span_eq_nocase(vl_span_str(tier), VL_SPAN_LIT("Free"))))
        return vl_err_set(err, VL_ERR_INVALID, "/properties/pricingTier: must be Free or Standard");
    return 0;
}

static int find_plan(struct vl_request *request, struct change *c, struct vl_err *err)
{
    struct vl_arm_scope scope;
    int r = vl_arm_scope(request, &scope, err);
    if (r < 0)
        return r;
    c->plan.kind = vl_plan_find(vl_span_str(vl_arm_tail(&scope, 1)));
    return c->plan.kind ? 0
                        : vl_arm_error(request, err, VL_ERR_NOT_FOUND, "ResourceNotFound",
                              "there is no plan '%s'", vl_arm_tail(&scope, 1));
}

static int put(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request};
    int version = vl_arm_group_version(request, "pricings", err), r = version;
    if (r >= 0)
        r = find_plan(request, &c, err);
    if (r >= 0)
        r = read_change(request, &c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, set_write, &c, err);
    return r < 0 ? r : answer(request, version, err);
}

/* Back to what a plan is without a setting: Free. */
static int delete(struct vl_request *request, struct vl_err *err)
{
    struct change c = {.request = request, .only_if_standard = true};
    int r = vl_arm_group_version(request, "pricings", err);
    if (r >= 0)
        r = find_plan(request, &c, err);
    if (r >= 0)
        r = vl_store_write(request->app->store, set_write, &c, err);
    if (r >= 0)
        request->reply->status = c.done ? 200 : 204;
    return r;
}

const struct vl_route vl_routes_arm_pricing[] = {
    {"GET", ARM_SUBSEC "/pricings", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, list},
    {"GET", ARM_SUBSEC "/pricings/{}", VL_ROLE_READER, VL_SCOPE_SEGMENT, VL_BODY_NONE, get},
    {"PUT", ARM_SUBSEC "/pricings/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_JSON, put},
    {"DELETE", ARM_SUBSEC "/pricings/{}", VL_ROLE_ADMIN, VL_SCOPE_SEGMENT, VL_BODY_NONE, delete},
    {0},
};
