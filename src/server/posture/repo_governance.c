#include "posture/repo_governance.h"

#include "base/arena.h"
#include "codec/doc.h"

#define DAY_MS 86400000LL

#define COLUMNS                                                                                          \
    "SELECT g.id, g.name, g.description, g.enabled, g.priority, g.severities, g.keys, g.registry_id, "   \
    "g.owner, "                                                                                          \
    "g.days, g.grace, g.created, (SELECT count(*) FROM assessment a WHERE a.environment_id = "           \
    "g.environment_id AND "                                                                              \
    "a.governance_id = g.id AND a.assigned > 0), r.name FROM governance_rule g LEFT JOIN registry r ON " \
    "r.id = "                                                                                            \
    "g.registry_id "

static const struct vl_store_sql sql_list = {
    COLUMNS "WHERE g.environment_id = $1 ORDER BY g.priority, g.name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "WHERE g.environment_id = $1 AND g.name = $2", NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM governance_rule WHERE environment_id = $1 AND name <> $2", NULL};
static const struct vl_store_sql sql_put = {
    "INSERT INTO governance_rule (environment_id, name, description, enabled, priority, severities, keys, "
    "registry_id, owner, days, grace, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON "
    "CONFLICT (environment_id, name) DO UPDATE SET description = excluded.description, enabled = "
    "excluded.enabled, priority = excluded.priority, severities = excluded.severities, keys = excluded.keys, "
    "registry_id = excluded.registry_id, owner = excluded.owner, days = excluded.days, grace = "
    "excluded.grace",
    NULL};
static const struct vl_store_sql sql_follow = {
    "UPDATE assessment SET owner = $3, due = assigned + $4, grace = CASE WHEN $5 = 1 AND assigned + $4 > $6 "
    "THEN 1 ELSE 0 END WHERE environment_id = $1 AND assigned > 0 AND governance_id = (SELECT g.id FROM "
    "governance_rule g WHERE g.environment_id = $1 AND g.name = $2)",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM governance_rule WHERE environment_id = $1 AND name = $2", NULL};
static const struct vl_store_sql sql_clear = {
    "UPDATE assessment SET owner = NULL, assigned = 0, due = 0, grace = 0, governance_id = 0 WHERE "
    "environment_id = $1 AND assigned > 0 AND status <> 2",
    NULL};
/* Of an image's assessment the registry's own row, which is rolled up from it, is nobody's. */
static const struct vl_store_sql sql_give = {
    "UPDATE assessment SET owner = $3, assigned = $4, due = $5, grace = $6, governance_id = $7 WHERE "
    "environment_id = $1 AND key = $2 AND status = 2 AND exempt = 0 AND assigned = 0 AND (registry_id = $8 "
    "OR $8 = 0) AND (image_id > 0 OR $9 = 0)",
    NULL};
static const struct vl_store_sql sql_over = {
    "SELECT DISTINCT environment_id FROM assessment WHERE grace = 1 AND due <= $1 LIMIT $2", NULL};
static const struct vl_store_sql sql_end = {
    "UPDATE assessment SET grace = 0 WHERE environment_id = $1 AND grace = 1 AND due <= $2", NULL};

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_governance_rule *ret, struct vl_err *err)
{
    *ret = (struct vl_governance_rule){.id = vl_stmt_get_int(stmt, 0),
        .name = vl_stmt_copy(stmt, 1, arena),
        .description = vl_stmt_copy(stmt, 2, arena),
        .enabled = vl_stmt_get_int(stmt, 3) != 0,
        .priority = vl_stmt_get_int(stmt, 4),
        .severities = (unsigned)vl_stmt_get_int(stmt, 5),
        .keys = vl_stmt_copy(stmt, 6, arena),
        .registry = vl_stmt_get_int(stmt, 7),
        .owner = vl_stmt_copy(stmt, 8, arena),
        .days = vl_stmt_get_int(stmt, 9),
        .grace = vl_stmt_get_int(stmt, 10) != 0,
        .created = vl_stmt_get_int(stmt, 11),
        .given = vl_stmt_get_int(stmt, 12),
        .registry_name = vl_stmt_copy(stmt, 13, arena)};
    return vl_arena_check(arena, "the governance rules", err);
}

int vl_repo_governance_list(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_governance_rule **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_governance_rule *list = vl_arena_array(arena, VL_GOVERNANCE_RULES_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "the governance rules", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0 || !list)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_GOVERNANCE_RULES_MAX);
    while (n < VL_GOVERNANCE_RULES_MAX && (r = vl_stmt_step(stmt, err)) > 0) {
        r = take(stmt, arena, &list[n++], err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_governance_get(struct vl_store_conn *conn, int64_t environment, const char *name,
    struct vl_arena *arena, struct vl_governance_rule *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

static int too_many(struct vl_store_conn *conn, int64_t environment, const char *name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && vl_stmt_get_int(stmt, 0) >= VL_GOVERNANCE_RULES_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "an environment has %d governance rules at most", VL_GOVERNANCE_RULES_MAX);
    return r < 0 ? r : 0;
}

int vl_repo_governance_put(struct vl_store_conn *conn, int64_t environment,
    const struct vl_governance_rule *rule, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL, *follow VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = too_many(conn, environment, rule->name, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, rule->name);
    vl_stmt_str(stmt, 3, rule->description);
    vl_stmt_int(stmt, 4, rule->enabled);
    vl_stmt_int(stmt, 5, rule->priority);
    vl_stmt_int(stmt, 6, rule->severities);
    vl_stmt_str(stmt, 7, rule->keys);
    vl_stmt_int(stmt, 8, rule->registry);
    vl_stmt_str(stmt, 9, rule->owner);
    vl_stmt_int(stmt, 10, rule->days);
    vl_stmt_int(stmt, 11, rule->grace);
    vl_stmt_int(stmt, 12, now_ms);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_follow, &follow, err);
    if (r < 0)
        return r;
    vl_stmt_int(follow, 1, environment);
    vl_stmt_str(follow, 2, rule->name);
    vl_stmt_str(follow, 3, rule->owner);
    vl_stmt_int(follow, 4, rule->days * DAY_MS);
    vl_stmt_int(follow, 5, rule->grace);
    vl_stmt_int(follow, 6, now_ms);
    return vl_stmt_run(follow, NULL, err);
}

int vl_repo_governance_remove(
    struct vl_store_conn *conn, int64_t environment, const char *name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, name);
    r = vl_stmt_run(stmt, &changed, err);
    return r < 0 ? r : changed > 0;
}

/* --- giving --- */

/* Whether a rule is about an assessment of the catalogue; `keys` is its list, or NULL. */
static bool is_about(const struct vl_governance_rule *rule, const struct vl_doc_node *keys,
    const struct vl_posture_assessment *what)
{
    if (what->detector == VL_DETECTOR_NONE ||
        (rule->severities && !(rule->severities & 1U << what->severity)))
        return false;
    bool named = keys == NULL;
    for (const struct vl_doc_node *n = vl_doc_first(keys); n && !named; n = vl_doc_next(n))
        named = vl_span_eq_str(vl_doc_span(n), what->key);
    return named;
}

static int give(struct vl_store_conn *conn, int64_t environment, const struct vl_governance_rule *rule,
    const struct vl_posture_assessment *what, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_give, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, what->key);
    vl_stmt_str(stmt, 3, rule->owner);
    vl_stmt_int(stmt, 4, now_ms);
    vl_stmt_int(stmt, 5, now_ms + rule->days * DAY_MS);
    vl_stmt_int(stmt, 6, rule->grace);
    vl_stmt_int(stmt, 7, rule->id);
    vl_stmt_int(stmt, 8, rule->registry);
    vl_stmt_int(stmt, 9, what->detector == VL_DETECTOR_IMAGE);
    return vl_stmt_run(stmt, NULL, err);
}

static int apply(struct vl_store_conn *conn, int64_t environment, const struct vl_governance_rule *rule,
    int64_t now_ms, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    int r =
        rule->keys ? vl_doc_parse(vl_span_str(rule->keys), VL_DOC_JSON, "a governance rule", &doc, err) : 0;
    for (size_t i = 0; i < vl_posture_n_assessments && r >= 0; i++) {
        const struct vl_posture_assessment *what = &vl_posture_assessments[i];
        if (is_about(rule, doc ? vl_doc_root(doc) : NULL, what))
            r = give(conn, environment, rule, what, now_ms, err);
    }
    return r;
}

int vl_repo_govern(struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1024UL * 1024);
    struct vl_stmt *clear VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_governance_rule *rules = NULL;
    size_t n = 0;
    int r = arena ? vl_stmt_begin(conn, &sql_clear, &clear, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    vl_stmt_int(clear, 1, environment);
    r = vl_stmt_run(clear, NULL, err);
    if (r >= 0)
        r = vl_repo_governance_list(conn, environment, arena, &rules, &n, err);
    for (size_t i = 0; i < n && r >= 0; i++)
        r = rules[i].enabled ? apply(conn, environment, &rules[i], now_ms, err) : 0;
    return r;
}

int vl_repo_governance_over(struct vl_store_conn *conn, int64_t now_ms, int64_t *ret_environments, size_t max,
    size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t n = 0;
    int r = vl_stmt_begin(conn, &sql_over, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, now_ms);
    vl_stmt_int(stmt, 2, (int64_t)max);
    while (n < max && (r = vl_stmt_step(stmt, err)) > 0)
        ret_environments[n++] = vl_stmt_get_int(stmt, 0);
    for (size_t i = 0; i < n && r >= 0; i++) {
        struct vl_stmt *end VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(conn, &sql_end, &end, err);
        if (r < 0)
            return r;
        vl_stmt_int(end, 1, ret_environments[i]);
        vl_stmt_int(end, 2, now_ms);
        r = vl_stmt_run(end, NULL, err);
    }
    *ret_n = n;
    return r < 0 ? r : 0;
}
