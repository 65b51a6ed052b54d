#include "watch/repo_watch.h"

#include "inventory/repo_plan.h"
#include "model/result.h"

static const struct vl_store_sql sql_states = {
    "SELECT ri.state, count(*), SUM(CASE WHEN i.matched_at > 0 AND i.assessed = 2 THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN i.matched_at > 0 AND i.assessed = 1 THEN 1 ELSE 0 END), min(CASE WHEN i.database_ms > 0 "
    "THEN i.database_ms ELSE NULL END), SUM(CASE WHEN ri.first_seen > $2 THEN 1 ELSE 0 END) FROM "
    "registry_image ri LEFT JOIN image i ON i.id = ri.image_id AND ri.fetched_at > 0 WHERE ri.environment_id "
    "= $1 AND ri.deleted_at = 0 AND ri.is_index = 0 GROUP BY ri.state",
    NULL};
static const struct vl_store_sql sql_registries = {
    "SELECT count(*), SUM(CASE WHEN enabled = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN enabled = 1 AND error IS "
    "NOT NULL THEN 1 ELSE 0 END) FROM registry WHERE environment_id = $1",
    NULL};
static const struct vl_store_sql sql_failing = {
    "SELECT name, error FROM registry WHERE environment_id = $1 AND enabled = 1 AND error IS NOT NULL ORDER "
    "BY id LIMIT 1",
    NULL};
static const struct vl_store_sql sql_reason = {"SELECT error FROM registry_image WHERE environment_id = $1 "
                                               "AND state = 2 AND deleted_at = 0 AND is_index "
                                               "= 0 AND error IS NOT NULL ORDER BY id DESC LIMIT 1",
    NULL};

static int begin(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t first,
    struct vl_stmt **ret, struct vl_err *err)
{
    int r = vl_stmt_begin(conn, sql, ret, err);
    if (r >= 0)
        vl_stmt_int(*ret, 1, first);
    return r;
}

static int states(
    struct vl_store_conn *conn, int64_t environment, int64_t since, struct vl_sight *s, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_states, environment, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 2, since);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        int64_t state = vl_stmt_get_int(stmt, 0), n = vl_stmt_get_int(stmt, 1);
        int64_t data = vl_stmt_get_int(stmt, 4);
        s->images += n;
        if (state >= 0 && state <= VL_IMAGE_COMPLETED)
            s->by_state[state] = n;
        s->not_assessed += vl_stmt_get_int(stmt, 2);
        s->partial += vl_stmt_get_int(stmt, 3);
        s->fresh += vl_stmt_get_int(stmt, 5);
        if (data && (!s->data_ms || data < s->data_ms))
            s->data_ms = data;
    }
    return r;
}

static int registries(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    struct vl_sight *s, struct vl_err *err)
{
    struct vl_stmt *counts VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_stmt *failing VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, &sql_registries, environment, &counts, err);
    if (r >= 0)
        r = vl_stmt_step(counts, err);
    if (r <= 0)
        return r;
    s->registries = vl_stmt_get_int(counts, 0);
    s->switched_off = vl_stmt_get_int(counts, 1);
    s->failing = vl_stmt_get_int(counts, 2);
    r = begin(conn, &sql_failing, environment, &failing, err);
    if (r >= 0)
        r = vl_stmt_step(failing, err);
    if (r <= 0)
        return r;
    s->failing_name = vl_stmt_copy(failing, 0, arena);
    s->failing_error = vl_stmt_copy(failing, 1, arena);
    return vl_arena_check(arena, "registries", err);
}

int vl_repo_sight(struct vl_store_conn *conn, int64_t environment, int64_t since, struct vl_arena *arena,
    struct vl_sight *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_sight s = {0};
    int r = states(conn, environment, since, &s, err);
    if (r >= 0)
        r = registries(conn, environment, arena, &s, err);
    if (r >= 0)
        r = vl_repo_plan_enabled(conn, environment, "Containers", &s.plan_on, err);
    if (r >= 0)
        r = begin(conn, &sql_reason, environment, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    if (r > 0)
        s.error_reason = vl_stmt_copy(stmt, 0, arena);
    *ret = s;
    return 0;
}

/* --- news --- */

static const struct vl_store_sql sql_changes = {
    "SELECT COALESCE(SUM(c.added), 0), COALESCE(SUM(c.critical_added), 0) FROM image_match_change c WHERE "
    "c.at > $2 AND EXISTS (SELECT 1 FROM registry_image ri WHERE ri.image_id = c.image_id AND "
    "ri.environment_id = $1 AND ri.fetched_at > 0 AND ri.deleted_at = 0)",
    NULL};
static const struct vl_store_sql sql_new_alerts = {
    "SELECT count(*) FROM alert WHERE environment_id = $1 AND created > $2 AND suppressed_by = 0", NULL};

static int two_numbers(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    int64_t since, int64_t *ret_first, int64_t *ret_second, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = begin(conn, sql, environment, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 2, since);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    *ret_first = vl_stmt_get_int(stmt, 0);
    if (ret_second)
        *ret_second = vl_stmt_get_int(stmt, 1);
    return 0;
}

int vl_repo_news(
    struct vl_store_conn *conn, int64_t environment, int64_t since, struct vl_news *ret, struct vl_err *err)
{
    struct vl_news n = {0};
    int r = two_numbers(conn, &sql_changes, environment, since, &n.findings, &n.critical, err);
    if (r >= 0)
        r = two_numbers(conn, &sql_new_alerts, environment, since, &n.alerts, NULL, err);
    if (r >= 0)
        *ret = n;
    return r;
}

/* --- health --- */

static const struct vl_store_sql sql_outbox = {
    "SELECT COALESCE(SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN state = 3 THEN 1 "
    "ELSE 0 END), 0) FROM outbox WHERE state IN (1, 3)",
    NULL};
static const struct vl_store_sql sql_size = {
    "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "SELECT pg_database_size(current_database())"};

int vl_repo_outbox_counts(
    struct vl_store_conn *conn, int64_t *ret_waiting, int64_t *ret_dead, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_outbox, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret_waiting = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    *ret_dead = r > 0 ? vl_stmt_get_int(stmt, 1) : 0;
    return 0;
}

int vl_repo_database_size(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_size, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}
