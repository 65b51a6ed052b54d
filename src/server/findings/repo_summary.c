#include "findings/repo_summary.h"

#include <stdlib.h>

#include "base/time.h"
#include "base/vec.h"
#include "jobs/runner.h"
#include "store/feed.h"

#define VISIBLE                                                                                          \
    "(SELECT ri.image_id FROM registry_image ri WHERE ri.environment_id = $1 AND ri.fetched_at > 0 AND " \
    "ri.deleted_at = 0 AND ri.image_id > 0)"
#define NOT_EXEMPT                                                                                        \
    "NOT EXISTS (SELECT 1 FROM finding_exempt x WHERE x.environment_id = $1 AND x.image_id = f.image_id " \
    "AND x.match_id = f.match_id)"

static const struct vl_store_sql sql_state = {
    "SELECT number, computed, took FROM summary WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_changed = {
    "SELECT CASE WHEN (SELECT min(number) FROM change) > $2 + 1 THEN 1 WHEN EXISTS (SELECT 1 FROM change "
    "WHERE "
    "number > $2 AND environment_id = $1 AND topic IN ('image', 'finding', 'exemption', 'rule', 'registry', "
    "'score')) "
    "THEN 1 ELSE 0 END",
    NULL};
static const struct vl_store_sql sql_many = {
    "SELECT count(*) FROM (SELECT 1 FROM finding LIMIT $1) AS counted", NULL};
/* In one number as scan/order.c: exploited, severity, EPSS, fixed. */
static const struct vl_store_sql sql_vulnerabilities = {
    "SELECT m.vulnerability_id, count(DISTINCT f.image_id), max(m.severity), max(CASE m.state WHEN 1 THEN 1 "
    "ELSE "
    "0 END), min(f.day), (max(CASE WHEN v.kev_added > 0 THEN 16 ELSE 0 END) + max(m.severity)) * 1048576 * 2 "
    "+ "
    "CAST(COALESCE(max(v.epss) * 100000 + 1, 0) AS BIGINT) * 2 + max(CASE m.state WHEN 1 THEN 1 ELSE 0 END) "
    "FROM finding f JOIN package_vulnerability m ON m.id = f.match_id JOIN vulnerability v ON v.id = "
    "m.vulnerability_id WHERE f.status = 0 AND f.image_id IN " VISIBLE " AND " NOT_EXEMPT
    " GROUP BY m.vulnerability_id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_bases = {
    "SELECT t.layer_id, t.ordinal + 1, count(DISTINCT t.image_id), count(f.match_id), COALESCE(SUM(CASE "
    "m.state "
    "WHEN 1 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE m.severity WHEN 5 THEN 1 ELSE 0 END), 0) FROM "
    "image_layer "
    "t LEFT JOIN finding f ON f.image_id = t.image_id AND f.layer <= t.ordinal AND f.status = 0 "
    "AND " NOT_EXEMPT
    " LEFT JOIN package_vulnerability m ON m.id = f.match_id WHERE t.base = 1 AND t.image_id IN " VISIBLE
    " AND NOT EXISTS (SELECT 1 FROM image_layer u WHERE u.image_id = t.image_id AND u.base = 1 AND u.ordinal "
    "> "
    "t.ordinal) GROUP BY t.layer_id, t.ordinal LIMIT $2",
    NULL};
static const struct vl_store_sql sql_clear_vulnerabilities = {
    "DELETE FROM vulnerability_seen WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_clear_bases = {"DELETE FROM base_seen WHERE environment_id = $1", NULL};
static const struct vl_store_sql sql_put_vulnerability = {
    "INSERT INTO vulnerability_seen (environment_id, vulnerability_id, images, severity, fixable, day, risk) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)",
    NULL};
static const struct vl_store_sql sql_put_base = {
    "INSERT INTO base_seen (environment_id, layer_id, layers, images, findings, fixable, critical) VALUES "
    "($1, "
    "$2, $3, $4, $5, $6, $7) ON CONFLICT (environment_id, layer_id) DO UPDATE SET images = base_seen.images "
    "+ "
    "excluded.images, findings = base_seen.findings + excluded.findings, fixable = base_seen.fixable + "
    "excluded.fixable, critical = base_seen.critical + excluded.critical",
    NULL};
static const struct vl_store_sql sql_put_state = {
    "INSERT INTO summary (environment_id, number, computed, took) VALUES ($1, $2, $3, $4) ON CONFLICT "
    "(environment_id) DO UPDATE SET number = excluded.number, computed = excluded.computed, took = "
    "excluded.took",
    NULL};

struct six {
    int64_t v[6];
};

struct computing {
    int64_t environment, number, started;
    struct vl_vec vulnerabilities, bases; /* struct six */
    int (*with)(struct vl_store_conn *conn, void *user, struct vl_err *err);
    void *user;
};

static int collect(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    struct vl_vec *rows, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_SUMMARY_ROWS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct six *row = vl_vec_push(rows, "the summary", err);
        if (!row)
            return err->err;
        for (int i = 0; i < (int)VL_ARRAY_LEN(row->v); i++)
            row->v[i] = vl_stmt_get_int(stmt, i);
    }
    return r;
}

static int run_with(struct vl_store_conn *conn, const struct vl_store_sql *sql, const int64_t *values, int n,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    for (int i = 0; i < n; i++)
        vl_stmt_int(stmt, i + 1, values[i]);
    return vl_stmt_run(stmt, NULL, err);
}

static int put(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t environment,
    const struct vl_vec *rows, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; i < rows->len && r >= 0; i++) {
        const struct six *row = vl_vec_at(rows, i);
        const int64_t values[] = {
            environment, row->v[0], row->v[1], row->v[2], row->v[3], row->v[4], row->v[5]};
        r = run_with(conn, sql, values, (int)VL_ARRAY_LEN(values), err);
    }
    return r;
}

static int compute_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct computing *c = user;
    int64_t now = vl_time_now_ms();
    const int64_t state[] = {c->environment, c->number, now, now - c->started};
    int r = run_with(conn, &sql_clear_vulnerabilities, &c->environment, 1, err);
    if (r >= 0)
        r = run_with(conn, &sql_clear_bases, &c->environment, 1, err);
    if (r >= 0)
        r = put(conn, &sql_put_vulnerability, c->environment, &c->vulnerabilities, err);
    if (r >= 0)
        r = put(conn, &sql_put_base, c->environment, &c->bases, err);
    if (r >= 0)
        r = run_with(conn, &sql_put_state, state, (int)VL_ARRAY_LEN(state), err);
    return r < 0 || !c->with ? r : c->with(conn, c->user, err);
}

/* Counted with a connection for reading, so that no write waits for it. */
static int compute(struct vl_store *store, struct computing *c, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = vl_feed_last(conn, &c->number, err);
    if (r >= 0)
        r = collect(conn, &sql_vulnerabilities, c->environment, &c->vulnerabilities, err);
    if (r >= 0)
        r = collect(conn, &sql_bases, c->environment, &c->bases, err);
    vl_store_read_done(conn);
    conn = NULL;
    return r < 0 ? r : vl_store_write(store, compute_write, c, err);
}

int vl_repo_summary_compute(struct vl_store *store, int64_t environment,
    int (*with)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    struct computing c = {
        .environment = environment, .started = vl_time_now_ms(), .with = with, .user = user};
    vl_vec_init(&c.vulnerabilities, sizeof(struct six), VL_SUMMARY_ROWS_MAX);
    vl_vec_init(&c.bases, sizeof(struct six), VL_SUMMARY_ROWS_MAX);
    int r = compute(store, &c, err);
    vl_vec_done(&c.vulnerabilities);
    vl_vec_done(&c.bases);
    return r;
}

/* --- whether it must be --- */

enum freshness {
    FRESH,
    AT_ONCE,
    LATER,
};

static int one_number(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r >= 0)
        *ret = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    return r < 0 ? r : 0;
}

/* Never worked out: by how much there is. */
static int first_time(struct vl_store_conn *conn, enum freshness *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t n = 0;
    int r = vl_stmt_begin(conn, &sql_many, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_SUMMARY_AT_ONCE_ROWS);
    r = one_number(stmt, &n, err);
    *ret = n < VL_SUMMARY_AT_ONCE_ROWS ? AT_ONCE : LATER;
    return r;
}

static int freshness_of(
    struct vl_store_conn *conn, int64_t environment, enum freshness *ret, struct vl_err *err)
{
    struct vl_stmt *state VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_stmt *changed VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t is_changed = 0;
    int r = vl_stmt_begin(conn, &sql_state, &state, err);
    if (r < 0)
        return r;
    vl_stmt_int(state, 1, environment);
    r = vl_stmt_step(state, err);
    if (r <= 0)
        return r < 0 ? r : first_time(conn, ret, err);
    int64_t number = vl_stmt_get_int(state, 0), computed = vl_stmt_get_int(state, 1);
    int64_t took = vl_stmt_get_int(state, 2), rest = vl_time_now_ms() - computed;
    r = vl_stmt_begin(conn, &sql_changed, &changed, err);
    if (r < 0)
        return r;
    vl_stmt_int(changed, 1, environment);
    vl_stmt_int(changed, 2, number);
    r = one_number(changed, &is_changed, err);
    if (!is_changed || (took > VL_SUMMARY_AT_ONCE_MS && rest < took * VL_SUMMARY_PAUSE_TIMES))
        *ret = FRESH;
    else
        *ret = took <= VL_SUMMARY_AT_ONCE_MS ? AT_ONCE : LATER;
    return r;
}

static int ask_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    int64_t environment = *(const int64_t *)user;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 64);
    vl_buf_printf(&text, "%lld", (long long)environment);
    return vl_job_add(conn, "summary", vl_buf_str(&text), "", VL_PRIORITY_DERIVED, 0, VL_SPAN_LIT("{}"), err);
}

int vl_repo_summary_fresh(struct vl_store *store, int64_t environment, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    enum freshness freshness = FRESH;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = freshness_of(conn, environment, &freshness, err);
    vl_store_read_done(conn);
    conn = NULL;
    if (r < 0 || freshness == FRESH)
        return r;
    return freshness == AT_ONCE ? vl_repo_summary_compute(store, environment, NULL, NULL, err)
                                : vl_store_write(store, ask_write, &environment, err);
}
