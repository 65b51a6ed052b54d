#include "inventory/repo_plan.h"

#include <string.h>

#include "base/time.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "jobs/ask.h"
#include "jobs/runner.h"
#include "posture/posture.h"
#include "store/feed.h"

#define SETTINGS_MAX       (64UL * 1024) /* bytes of all settings of a plan, as JSON */
#define REGISTRY_EXTENSION "ContainerRegistriesVulnerabilityAssessments"

static const struct vl_store_sql sql_first = {
    "INSERT INTO plan (environment_id, name, tier, extensions, enabled_at, trial_at, changed) "
    "VALUES ($1, $2, 1, $3, $4, $4, $4) ON CONFLICT DO NOTHING",
    NULL};
static const struct vl_store_sql sql_get = {"SELECT tier, sub_plan, extensions, enabled_at, trial_at FROM "
                                            "plan WHERE environment_id = $1 AND name = $2",
    NULL};
static const struct vl_store_sql sql_set = {
    "INSERT INTO plan (environment_id, name, tier, sub_plan, extensions, enabled_at, trial_at, changed) "
    "VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (environment_id, name) DO UPDATE SET "
    "tier = excluded.tier, sub_plan = excluded.sub_plan, extensions = excluded.extensions, "
    "enabled_at = CASE WHEN excluded.tier = 0 THEN 0 WHEN plan.tier = 1 THEN plan.enabled_at "
    "ELSE excluded.enabled_at END, "
    "trial_at = CASE WHEN plan.trial_at > 0 THEN plan.trial_at ELSE excluded.trial_at END, "
    "changed = excluded.changed",
    NULL};
static const struct vl_store_sql sql_registries = {
    "SELECT id FROM registry WHERE environment_id = $1 AND enabled = 1 ORDER BY id", NULL};

/* --- reading --- */

static int read_settings(
    struct vl_plan *plan, struct vl_span json, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r = vl_doc_parse(json.len ? json : VL_SPAN_LIT("[]"), VL_DOC_JSON, "extensions", &doc, err);
    if (r < 0)
        return r;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n; n = vl_doc_next(n)) {
        for (size_t i = 0; i < plan->n_extensions; i++) {
            struct vl_plan_setting *s = &plan->extensions[i];
            if (!vl_span_eq_str(vl_doc_get_str(n, "name"), s->name))
                continue;
            struct vl_span properties = vl_doc_get_str(n, "properties");
            s->enabled = vl_doc_bool(vl_doc_get(n, "isEnabled"));
            s->properties = properties.len ? vl_arena_dup_span(arena, properties) : NULL;
        }
    }
    return vl_arena_check(arena, "a plan", err);
}

/* What is on, and what that means in this release. */
static void judge(struct vl_plan *plan)
{
    size_t working = 0;
    for (size_t i = 0; i < plan->n_extensions; i++) {
        struct vl_plan_setting *s = &plan->extensions[i];
        bool built = plan->kind->extensions[i].built;
        s->enabled = s->enabled && plan->standard;
        working += s->enabled && built;
        if (!s->enabled)
            continue;
        s->code = built ? "Succeeded" : "Failed";
        s->message = built ? "the extension is on" : VL_PLAN_NO_EXTENSION;
        if (!plan->kind->built)
            s->message = VL_PLAN_NO_DETECTOR;
    }
    if (!plan->standard)
        return;
    plan->code = plan->kind->built ? "Succeeded" : "Failed";
    plan->message = plan->kind->built ? plan->kind->note : VL_PLAN_NO_DETECTOR;
    if (working > 0)
        plan->coverage = working == plan->n_extensions ? VL_PLAN_FULLY_COVERED : VL_PLAN_PARTIALLY_COVERED;
}

static int get(struct vl_store_conn *conn, int64_t environment, const struct vl_plan_kind *kind,
    struct vl_arena *arena, struct vl_plan *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t trial = 0;
    *ret = (struct vl_plan){.kind = kind};
    for (const struct vl_plan_extension *e = kind->extensions; e && e->name; e++)
        ret->extensions[ret->n_extensions++].name = e->name;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, kind->name);
    r = vl_stmt_step(stmt, err);
    if (r > 0) {
        ret->standard = vl_stmt_get_int(stmt, 0) == 1;
        ret->sub_plan = vl_stmt_copy(stmt, 1, arena);
        ret->enabled_at = ret->standard ? vl_stmt_get_int(stmt, 3) : 0;
        trial = vl_stmt_get_int(stmt, 4);
        r = read_settings(ret, vl_stmt_get_text(stmt, 2), arena, err);
    }
    judge(ret);
    (void)vl_plan_trial(trial, vl_time_now_ms(), ret->trial);
    return r < 0 ? r : 0;
}

static int find(struct vl_span name, const struct vl_plan_kind **ret, struct vl_err *err)
{
    *ret = vl_plan_find(name);
    return *ret ? 0 : vl_err_set(err, VL_ERR_NOT_FOUND, "there is no plan \"%.*s\"", VL_SPAN_FMT(name));
}

int vl_repo_plan_get(struct vl_store_conn *conn, int64_t environment, struct vl_span name,
    struct vl_arena *arena, struct vl_plan *ret, struct vl_err *err)
{
    const struct vl_plan_kind *kind;
    int r = find(name, &kind, err);
    return r < 0 ? r : get(conn, environment, kind, arena, ret, err);
}

int vl_repo_plan_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_plan **ret, size_t *ret_n, struct vl_err *err)
{
    size_t n = 0;
    while (vl_plan_kinds[n].name)
        n++;
    struct vl_plan *list = vl_arena_array(arena, n, sizeof(*list));
    int r = list ? 0 : vl_arena_check(arena, "the plans", err);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = get(conn, environment, &vl_plan_kinds[i], arena, &list[i], err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_plan_enabled(
    struct vl_store_conn *conn, int64_t environment, const char *plan, bool *ret_enabled, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SETTINGS_MAX * 4);
    struct vl_plan got;
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_repo_plan_get(conn, environment, vl_span_str(plan), arena, &got, err);
    if (r < 0)
        return r;
    *ret_enabled = got.standard && (!got.kind->built || got.coverage != VL_PLAN_NOT_COVERED);
    return 0;
}

const char *vl_plan_coverage_name(enum vl_plan_coverage coverage)
{
    static const char *const names[] = {"NotCovered", "PartiallyCovered", "FullyCovered"};
    return (unsigned)coverage < VL_ARRAY_LEN(names) ? names[coverage] : "NotCovered";
}

/* --- writing --- */

static void write_settings(const struct vl_plan_setting *settings, size_t n, struct vl_json *json)
{
    vl_json_array(json);
    for (size_t i = 0; i < n; i++) {
        vl_json_object(json);
        vl_json_member_str(json, "name", settings[i].name);
        vl_json_member_bool(json, "isEnabled", settings[i].enabled);
        vl_json_member_str(json, "properties", settings[i].properties);
        vl_json_object_end(json);
    }
    vl_json_array_end(json);
}

/* What works is on where a plan goes on and nothing was said; what does not work is on only where somebody
 * asks for it, and then says so. */
static void by_default(struct vl_plan *plan)
{
    for (size_t i = 0; i < plan->n_extensions; i++)
        plan->extensions[i].enabled |= plan->kind->extensions[i].built;
}

static int merge(struct vl_plan *plan, const struct vl_plan_change *change, struct vl_err *err)
{
    for (size_t i = 0; i < change->n_extensions; i++) {
        const struct vl_plan_setting *wanted = &change->extensions[i];
        const struct vl_plan_extension *e = vl_plan_extension_find(change->kind, vl_span_str(wanted->name));
        if (!e)
            return vl_err_set(err, VL_ERR_INVALID, "/extensions: the plan %s has no extension \"%s\"",
                change->kind->name, wanted->name);
        struct vl_plan_setting *s = &plan->extensions[e - change->kind->extensions];
        s->enabled = wanted->enabled;
        if (wanted->properties)
            s->properties = wanted->properties;
    }
    return 0;
}

static int store(struct vl_store_conn *conn, int64_t environment, const struct vl_plan *plan,
    const char *sub_plan, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    int64_t now = vl_time_now_ms();
    vl_buf_init(&text, SETTINGS_MAX);
    vl_json_init(&json, &text, false);
    write_settings(plan->extensions, plan->n_extensions, &json);
    int r = vl_json_check(&json, "the plan's extensions", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, plan->kind->name);
    vl_stmt_int(stmt, 3, plan->standard);
    vl_stmt_str(stmt, 4, sub_plan);
    vl_stmt_text(stmt, 5, vl_buf_span(&text));
    vl_stmt_int(stmt, 6, plan->standard ? now : 0);
    vl_stmt_int(stmt, 7, now);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : vl_feed_add(conn, environment, "plan", plan->kind->name, err);
}

static int discover_all(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_registries, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        r = vl_ask_discover(conn, vl_stmt_get_int(stmt, 0), VL_PRIORITY_ASKED, 0, err);
        if (r < 0)
            return r;
    }
    return r;
}

int vl_repo_plan_set(
    struct vl_store_conn *conn, int64_t environment, const struct vl_plan_change *change, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SETTINGS_MAX * 4);
    struct vl_plan plan;
    const char *sub_plan = change->sub_plan;
    if (!arena)
        return vl_err_nomem(err);
    if (change->kind->replaced_by)
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "the plan %s has gone: use %s", change->kind->name,
            change->kind->replaced_by);
    if (sub_plan && !vl_plan_sub_plan_find(change->kind, vl_span_str(sub_plan)))
        return vl_err_set(err, VL_ERR_INVALID, "/subPlan: the plan %s has no sub-plan \"%s\"",
            change->kind->name, sub_plan);
    int r = get(conn, environment, change->kind, arena, &plan, err);
    if (r < 0)
        return r;
    bool was = plan.standard;
    plan.standard = change->standard;
    if (plan.standard && !was)
        by_default(&plan);
    r = merge(&plan, change, err);
    if (r < 0)
        return r;
    if (sub_plan)
        sub_plan = vl_plan_sub_plan_find(change->kind, vl_span_str(sub_plan));
    else if (plan.standard)
        sub_plan = plan.sub_plan || !change->kind->sub_plans ? plan.sub_plan : change->kind->sub_plans[0];
    r = store(conn, environment, &plan, plan.standard ? sub_plan : NULL, err);
    if (r >= 0 && plan.standard && !was && strcmp(change->kind->name, VL_PLAN_CONTAINERS) == 0)
        r = discover_all(conn, environment, err);
    return r < 0 ? r : vl_posture_touch(conn, environment, NULL, err);
}

int vl_repo_plan_first(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_plan_kind *k = vl_plan_kinds; k->name && r >= 0; k++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        if (!k->built)
            continue;
        r = vl_stmt_begin(conn, &sql_first, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, environment);
        vl_stmt_str(stmt, 2, k->name);
        vl_stmt_str(stmt, 3, "[{\"name\":\"" REGISTRY_EXTENSION "\",\"isEnabled\":true}]");
        vl_stmt_int(stmt, 4, vl_time_now_ms());
        r = vl_stmt_run(stmt, NULL, err);
    }
    return r < 0 ? r : 0;
}
