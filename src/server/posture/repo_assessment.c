#include "posture/repo_assessment.h"

#include "base/time.h"

#define LIST_MAX 5001

static const struct vl_store_sql sql_list = {
    "SELECT a.key, a.resource_id, r.arm_id, r.kind, r.name, a.status, a.exempt, a.cause, a.description, "
    "a.evaluated_first, a.changed, a.evaluated, a.findings, a.owner, a.assigned, a.due, a.grace FROM "
    "assessment a JOIN resource r ON r.id = a.resource_id WHERE a.environment_id = $1 AND ($2 = '' OR a.key "
    "= $2) AND (a.resource_id = $3 OR $3 = 0) AND ($4 = '' OR r.kind = $4) AND (a.status = $5 OR $5 = 0) AND "
    "(a.key > $6 OR (a.key = $6 AND a.resource_id > $7)) ORDER BY a.key, a.resource_id LIMIT $8",
    NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM (SELECT 1 FROM assessment a JOIN resource r ON r.id = a.resource_id "
    "WHERE a.environment_id = $1 AND ($2 = '' OR a.key = $2) AND (a.resource_id = $3 OR $3 = 0) "
    "AND ($4 = '' OR r.kind = $4) AND (a.status = $5 OR $5 = 0) LIMIT $6) AS few",
    NULL};
static const struct vl_store_sql sql_sums = {
    "SELECT count(CASE WHEN a.exempt = 0 AND a.status = 1 THEN 1 END), "
    "count(CASE WHEN a.exempt = 0 AND a.status = 2 THEN 1 END), count(CASE WHEN a.exempt = 2 THEN 1 END), "
    "count(CASE WHEN a.exempt = 1 THEN 1 END), count(CASE WHEN a.exempt = 0 AND a.status = 3 THEN 1 END), "
    "CAST(coalesce(sum(CASE WHEN a.status = 2 THEN a.findings ELSE 0 END), 0) AS BIGINT), "
    "count(CASE WHEN a.status = 2 AND i.kev > 0 THEN 1 END), "
    "count(CASE WHEN a.status = 2 AND i.fixable > 0 THEN 1 END), "
    "count(CASE WHEN a.status = 2 AND a.assigned > 0 THEN 1 END), "
    "count(CASE WHEN a.status = 2 AND a.assigned > 0 AND a.due <= $4 THEN 1 END), "
    "count(CASE WHEN a.status = 2 AND a.grace = 1 AND a.due > $4 THEN 1 END), "
    "coalesce(min(CASE WHEN a.status = 2 AND a.assigned > 0 AND a.due > $4 THEN a.due END), 0) "
    "FROM assessment a JOIN resource r ON r.id = a.resource_id LEFT JOIN image i ON i.id = a.image_id "
    "WHERE a.environment_id = $1 AND a.key = $2 AND r.kind = $3",
    NULL};
/* Over all images of the environment: what one assessment looks at alone would take as long as counting it.
 */
static const struct vl_store_sql sql_epss = {
    "SELECT max(v.epss) FROM vulnerability_seen s JOIN vulnerability v ON v.id = s.vulnerability_id "
    "WHERE s.environment_id = $1",
    NULL};
static const struct vl_store_sql sql_put = {
    "INSERT INTO assessment (environment_id, key, resource_id, status, cause, description, evaluated_first, "
    "changed, evaluated, findings, exempt, exemption_id, registry_id, image_id) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (environment_id, key, resource_id) DO UPDATE SET "
    "changed = CASE WHEN assessment.status = excluded.status AND assessment.exempt = excluded.exempt "
    "THEN assessment.changed ELSE excluded.changed END, status = excluded.status, cause = excluded.cause, "
    "description = excluded.description, evaluated = excluded.evaluated, findings = excluded.findings, "
    "exempt = excluded.exempt, exemption_id = excluded.exemption_id, registry_id = excluded.registry_id, "
    "image_id = excluded.image_id",
    NULL};
static const struct vl_store_sql sql_remove = {
    "DELETE FROM assessment WHERE environment_id = $1 AND resource_id = $2", NULL};
static const struct vl_store_sql sql_gone = {
    "UPDATE resource SET gone_at = $3 WHERE environment_id = $1 AND id = $2 AND gone_at = 0", NULL};
static const struct vl_store_sql sql_roll = {
    "SELECT key, count(CASE WHEN exempt = 0 AND status = 1 THEN 1 END), "
    "count(CASE WHEN exempt = 0 AND status = 2 THEN 1 END), count(CASE WHEN exempt = 2 THEN 1 END), "
    "count(CASE WHEN exempt = 1 THEN 1 END), CAST(coalesce(sum(findings), 0) AS BIGINT) "
    "FROM assessment WHERE environment_id = $1 AND registry_id = $2 GROUP BY key ORDER BY key",
    NULL};
static const struct vl_store_sql sql_sweep = {
    "DELETE FROM assessment WHERE environment_id = $1 AND evaluated < $2 AND resource_id IN "
    "(SELECT id FROM resource WHERE environment_id = $1 AND kind IN ('image', 'registry'))",
    NULL};
static const struct vl_store_sql sql_sweep_gone = {
    "UPDATE resource SET gone_at = $2 WHERE environment_id = $1 AND gone_at = 0 AND kind = 'image' "
    "AND NOT EXISTS (SELECT 1 FROM assessment a WHERE a.resource_id = resource.id)",
    NULL};

/* --- reading --- */

static int take(
    const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_assessment *ret, struct vl_err *err)
{
    ret->what = vl_posture_assessment_find(vl_stmt_get_text(stmt, 0));
    ret->resource = vl_stmt_get_int(stmt, 1);
    ret->arm_id = vl_stmt_copy(stmt, 2, arena);
    ret->kind = vl_stmt_copy(stmt, 3, arena);
    ret->name = vl_stmt_copy(stmt, 4, arena);
    ret->status = (enum vl_assessment_status)vl_stmt_get_int(stmt, 5);
    ret->exempt = (enum vl_exempt)vl_stmt_get_int(stmt, 6);
    ret->cause = vl_stmt_copy(stmt, 7, arena);
    ret->description = vl_stmt_copy(stmt, 8, arena);
    ret->first = vl_stmt_get_int(stmt, 9);
    ret->changed = vl_stmt_get_int(stmt, 10);
    ret->evaluated = vl_stmt_get_int(stmt, 11);
    ret->findings = vl_stmt_get_int(stmt, 12);
    ret->owner = vl_stmt_copy(stmt, 13, arena);
    ret->assigned = vl_stmt_get_int(stmt, 14);
    ret->due = vl_stmt_get_int(stmt, 15);
    ret->grace = vl_stmt_get_int(stmt, 16) != 0;
    return vl_arena_check(arena, "the assessments", err);
}

static void bind(struct vl_stmt *stmt, int64_t environment, const struct vl_assessment_filter *filter)
{
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, filter->key ? filter->key : "");
    vl_stmt_int(stmt, 3, filter->resource);
    vl_stmt_str(stmt, 4, filter->kind ? filter->kind : "");
    vl_stmt_int(stmt, 5, filter->status);
}

int vl_repo_assessment_list(struct vl_store_conn *conn, int64_t environment,
    const struct vl_assessment_filter *filter, struct vl_arena *arena, struct vl_assessment **ret,
    size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t n = 0, max = filter->limit > 0 && filter->limit < LIST_MAX ? (size_t)filter->limit : LIST_MAX;
    struct vl_assessment *list = vl_arena_array(arena, max, sizeof(*list));
    int r = vl_arena_check(arena, "the assessments", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0 || !list)
        return r;
    bind(stmt, environment, filter);
    vl_stmt_str(stmt, 6, filter->after_key ? filter->after_key : "");
    vl_stmt_int(stmt, 7, filter->after_resource);
    vl_stmt_int(stmt, 8, (int64_t)max);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < max) {
        r = take(stmt, arena, &list[n], err);
        if (r < 0)
            return r;
        n += list[n].what != NULL; /* one that a newer catalogue has no more */
    }
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_assessment_count(struct vl_store_conn *conn, int64_t environment,
    const struct vl_assessment_filter *filter, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    bind(stmt, environment, filter);
    vl_stmt_int(stmt, 6, filter->limit);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_assessment_get(struct vl_store_conn *conn, int64_t environment, const char *key, int64_t resource,
    struct vl_arena *arena, struct vl_assessment *ret, struct vl_err *err)
{
    const struct vl_assessment_filter filter = {.key = key, .resource = resource, .limit = 1};
    struct vl_assessment *list = NULL;
    size_t n = 0;
    if (resource <= 0)
        return 0;
    int r = vl_repo_assessment_list(conn, environment, &filter, arena, &list, &n, err);
    if (r < 0 || n == 0)
        return r;
    *ret = list[0];
    return 1;
}

static int epss_of(struct vl_store_conn *conn, int64_t environment, double *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_epss, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    r = vl_stmt_step(stmt, err);
    if (r > 0 && !vl_stmt_is_null(stmt, 0))
        *ret = vl_stmt_get_double(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_assessment_sums(struct vl_store_conn *conn, int64_t environment,
    const struct vl_posture_assessment *what, struct vl_assessment_sums *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    *ret = (struct vl_assessment_sums){.epss = -1};
    int r = vl_stmt_begin(conn, &sql_sums, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, what->key);
    vl_stmt_str(stmt, 3, what->kind);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    ret->counts = (struct vl_score_counts){.healthy = (uint64_t)vl_stmt_get_int(stmt, 0),
        .unhealthy = (uint64_t)vl_stmt_get_int(stmt, 1),
        .mitigated = (uint64_t)vl_stmt_get_int(stmt, 2),
        .waived = (uint64_t)vl_stmt_get_int(stmt, 3),
        .not_applicable = (uint64_t)vl_stmt_get_int(stmt, 4)};
    ret->findings = vl_stmt_get_int(stmt, 5);
    ret->kev = vl_stmt_get_int(stmt, 6);
    ret->fixable = vl_stmt_get_int(stmt, 7);
    ret->assigned = vl_stmt_get_int(stmt, 8);
    ret->overdue = vl_stmt_get_int(stmt, 9);
    ret->grace = vl_stmt_get_int(stmt, 10);
    ret->next_due = vl_stmt_get_int(stmt, 11);
    return ret->findings > 0 ? epss_of(conn, environment, &ret->epss, err) : 0;
}

/* --- writing --- */

int vl_repo_assessment_put(
    struct vl_store_conn *conn, int64_t environment, const struct vl_assessment_row *row, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_put, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, row->key);
    vl_stmt_int(stmt, 3, row->resource);
    vl_stmt_int(stmt, 4, row->status);
    vl_stmt_str(stmt, 5, row->cause);
    vl_stmt_str(stmt, 6, row->description);
    vl_stmt_int(stmt, 7, row->now);
    vl_stmt_int(stmt, 8, row->findings);
    vl_stmt_int(stmt, 9, row->exempt);
    vl_stmt_int(stmt, 10, row->exemption);
    vl_stmt_int(stmt, 11, row->registry);
    vl_stmt_int(stmt, 12, row->image);
    return vl_stmt_send(stmt, err);
}

static int run(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t a, int64_t b, int64_t c,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, a);
    vl_stmt_int(stmt, 2, b);
    if (c)
        vl_stmt_int(stmt, 3, c);
    return vl_stmt_send(stmt, err);
}

int vl_repo_assessment_remove(
    struct vl_store_conn *conn, int64_t environment, int64_t resource, bool gone, struct vl_err *err)
{
    int r = run(conn, &sql_remove, environment, resource, 0, err);
    return r < 0 || !gone ? r : run(conn, &sql_gone, environment, resource, vl_time_now_ms(), err);
}

static struct vl_assessment_row rolled(const struct vl_stmt *stmt)
{
    struct vl_assessment_row row = {.status = VL_ASSESSMENT_NOT_APPLICABLE};
    if (vl_stmt_get_int(stmt, 2) > 0) {
        row.status = VL_ASSESSMENT_UNHEALTHY;
    } else if (vl_stmt_get_int(stmt, 1) > 0 || vl_stmt_get_int(stmt, 3) > 0) {
        row.status = VL_ASSESSMENT_HEALTHY;
    } else if (vl_stmt_get_int(stmt, 4) > 0) {
        row.cause = "Exempt";
        row.exempt = VL_EXEMPT_WAIVER;
    } else {
        row.cause = "NoAdvisoryData";
        row.description = "none of its images could be assessed";
    }
    row.findings = vl_stmt_get_int(stmt, 5);
    return row;
}

int vl_repo_assessment_roll_up(struct vl_store_conn *conn, int64_t environment, int64_t registry,
    int64_t resource, int64_t now, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    bool any = false;
    int r = vl_stmt_begin(conn, &sql_roll, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, registry);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_posture_assessment *what = vl_posture_assessment_find(vl_stmt_get_text(stmt, 0));
        struct vl_assessment_row row = rolled(stmt);
        if (!what)
            continue;
        any = true;
        row.key = what->key;
        row.resource = resource;
        row.now = now;
        r = vl_repo_assessment_put(conn, environment, &row, err);
        if (r < 0)
            return r;
    }
    return r < 0 || any ? r : vl_repo_assessment_remove(conn, environment, resource, false, err);
}

int vl_repo_assessment_sweep(
    struct vl_store_conn *conn, int64_t environment, int64_t before, struct vl_err *err)
{
    int r = run(conn, &sql_sweep, environment, before, 0, err);
    return r < 0 ? r : run(conn, &sql_sweep_gone, environment, before, 0, err);
}
