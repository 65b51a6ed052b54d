#include "arm/repo_arm_posture.h"

static const struct vl_store_sql sql_assessments = {
    "SELECT a.key, a.resource_id, r.arm_id, r.kind, a.status, a.cause, a.description, a.evaluated_first, "
    "a.changed, a.findings FROM assessment a JOIN resource r ON r.id = a.resource_id "
    "WHERE a.environment_id = $1 AND (a.key, a.resource_id) > ($2, $3) AND ($4 = '' OR a.key = $4) "
    "AND ($5 = '' OR r.arm_key = $5 OR substr(r.arm_key, 1, length($5) + 1) = $5 || '/') "
    "AND ($7 = 0 OR r.arm_key = $5) AND r.gone_at = 0 ORDER BY a.key, a.resource_id LIMIT $6",
    NULL};

int vl_repo_arm_assessments(struct vl_store_conn *conn, const struct vl_arm_assessment_query *query,
    size_t limit, struct vl_arena *arena, struct vl_arm_assessment **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arm_assessment *list = vl_arena_array(arena, limit, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_assessments, &stmt, err) : vl_arena_check(arena, "the list", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, query->environment);
    vl_stmt_str(stmt, 2, query->after_key);
    vl_stmt_int(stmt, 3, query->after_resource);
    vl_stmt_str(stmt, 4, query->key);
    vl_stmt_str(stmt, 5, query->below);
    vl_stmt_int(stmt, 6, (int64_t)limit);
    vl_stmt_int(stmt, 7, query->exact);
    while (list && n < limit && (r = vl_stmt_step(stmt, err)) > 0) {
        list[n++] = (struct vl_arm_assessment){.key = vl_stmt_copy(stmt, 0, arena),
            .resource = vl_stmt_get_int(stmt, 1),
            .resource_id = vl_stmt_copy(stmt, 2, arena),
            .kind = vl_stmt_copy(stmt, 3, arena),
            .status = (int)vl_stmt_get_int(stmt, 4),
            .cause = vl_stmt_copy(stmt, 5, arena),
            .description = vl_stmt_copy(stmt, 6, arena),
            .first = vl_stmt_get_int(stmt, 7),
            .changed = vl_stmt_get_int(stmt, 8),
            .findings = vl_stmt_get_int(stmt, 9)};
    }
    if (r >= 0)
        r = vl_arena_check(arena, "the list", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}
