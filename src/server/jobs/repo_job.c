/* tests: jobs/test_route_jobs.c */
#include "jobs/repo_job.h"

#include "base/time.h"

#define KINDS_MAX 64

static const struct vl_store_sql sql_list = {
    "SELECT id, kind, key, state, priority, attempt, not_before, added, coalesce(error, '') FROM job "
    "WHERE id > $1 AND ($2 < 0 OR state = $2) ORDER BY id LIMIT $3",
    NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM (SELECT 1 AS one FROM job WHERE $1 < 0 OR state = $1 LIMIT $2) c", NULL};
static const struct vl_store_sql sql_kinds = {
    "SELECT kind, sum(CASE WHEN state = 0 THEN 1 ELSE 0 END), "
    "sum(CASE WHEN state = 0 AND not_before <= $1 THEN 1 ELSE 0 END), "
    "sum(CASE WHEN state = 1 THEN 1 ELSE 0 END), sum(CASE WHEN state = 2 THEN 1 ELSE 0 END), "
    "min(CASE WHEN state = 0 AND not_before <= $1 THEN added END) FROM job GROUP BY kind ORDER BY kind LIMIT "
    "$2",
    NULL};

int vl_repo_job_list(struct vl_store_conn *conn, const struct vl_job_filter *filter,
    int (*row)(const struct vl_job_row *row, void *user, struct vl_err *err), void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->after);
    vl_stmt_int(stmt, 2, filter->state);
    vl_stmt_int(stmt, 3, filter->limit);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_job_row job = {.id = vl_stmt_get_int(stmt, 0),
            .kind = vl_stmt_get_text(stmt, 1),
            .key = vl_stmt_get_text(stmt, 2),
            .state = (int)vl_stmt_get_int(stmt, 3),
            .priority = vl_stmt_get_int(stmt, 4),
            .attempt = vl_stmt_get_int(stmt, 5),
            .not_before = vl_stmt_get_int(stmt, 6),
            .added = vl_stmt_get_int(stmt, 7),
            .error = vl_stmt_get_text(stmt, 8)};
        r = row(&job, user, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return r;
}

int vl_repo_job_count(struct vl_store_conn *conn, const struct vl_job_filter *filter, int64_t max,
    int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, filter->state);
    vl_stmt_int(stmt, 2, max);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_job_kinds(struct vl_store_conn *conn, struct vl_arena *arena, struct vl_job_kind_counts **ret,
    size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_job_kind_counts *list = vl_arena_array(arena, KINDS_MAX, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "the jobs", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_kinds, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, vl_time_now_ms());
    vl_stmt_int(stmt, 2, KINDS_MAX);
    while (n < KINDS_MAX && (r = vl_stmt_step(stmt, err)) > 0) {
        list[n++] = (struct vl_job_kind_counts){.kind = vl_stmt_copy(stmt, 0, arena),
            .waiting = vl_stmt_get_int(stmt, 1),
            .due = vl_stmt_get_int(stmt, 2),
            .running = vl_stmt_get_int(stmt, 3),
            .dead = vl_stmt_get_int(stmt, 4),
            .oldest_due = vl_stmt_get_int(stmt, 5)};
    }
    if (r >= 0)
        r = vl_arena_check(arena, "the jobs", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}
