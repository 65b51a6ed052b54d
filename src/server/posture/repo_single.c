#include "posture/repo_single.h"

/* One number: exploited, EPSS in 1/100,000, fixable, severity. */
#define RANK                                                                                               \
    "(((CASE WHEN v.kev_added > 0 THEN 1 ELSE 0 END * 1048576 + CAST(COALESCE(v.epss * 100000 + 1, 0) AS " \
    "BIGINT)) * 2 + s.fixable) * 8 + s.severity)"
#define OF                                                                                                  \
    "FROM vulnerability_seen s JOIN vulnerability v ON v.id = s.vulnerability_id WHERE s.environment_id = " \
    "$1 AND (CAST($2 AS BIGINT) < 0 OR CASE s.severity WHEN 1 THEN 2 ELSE s.severity END = $2) "

static const struct vl_store_sql sql_list = {
    "SELECT * FROM (SELECT v.id AS id, " RANK " AS rank, v.name, v.title, s.severity, v.epss, v.kev_added, "
    "s.fixable, s.images, s.day " OF ") AS found WHERE (found.rank, found.id) < ($3, $4) ORDER BY found.rank "
    "DESC, found.id DESC LIMIT $5",
    NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM (SELECT 1 " OF "LIMIT $3) AS few", NULL};

int vl_repo_single_list(struct vl_store_conn *conn, int64_t environment, int severity, int64_t rank,
    int64_t id, int64_t limit, vl_single_each *each, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, severity);
    vl_stmt_int(stmt, 3, rank);
    vl_stmt_int(stmt, 4, id);
    vl_stmt_int(stmt, 5, limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        const struct vl_single row = {.id = vl_stmt_get_int(stmt, 0),
            .rank = vl_stmt_get_int(stmt, 1),
            .name = vl_stmt_get_text(stmt, 2),
            .title = vl_stmt_get_text(stmt, 3),
            .severity = (int)vl_stmt_get_int(stmt, 4),
            .epss = vl_stmt_is_null(stmt, 5) ? -1 : vl_stmt_get_double(stmt, 5),
            .kev = vl_stmt_get_int(stmt, 6),
            .fixable = vl_stmt_get_int(stmt, 7) != 0,
            .images = vl_stmt_get_int(stmt, 8),
            .first_seen = vl_stmt_get_int(stmt, 9)};
        r = each(&row, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_single_count(struct vl_store_conn *conn, int64_t environment, int severity, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, severity);
    vl_stmt_int(stmt, 3, max);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}
