#include "arm/repo_arm_task.h"

#include "base/time.h"
#include "store/feed.h"

static const struct vl_store_sql sql_list = {
    "SELECT t.id, t.guid, t.assessment_key, r.arm_id, t.state, t.details, t.created, t.changed FROM task t "
    "LEFT JOIN resource r ON r.id = t.resource_id WHERE t.environment_id = $1 AND ($2 = '' OR t.guid = $2) "
    "AND t.id > $3 ORDER BY t.id LIMIT $4",
    NULL};
static const struct vl_store_sql sql_set = {
    "UPDATE task SET state = $3, changed = $4 WHERE environment_id = $1 AND guid = $2", NULL};

int vl_repo_arm_tasks(struct vl_store_conn *conn, int64_t environment, const char *guid, int64_t after,
    size_t limit, struct vl_arena *arena, struct vl_arm_task **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_arm_task *list = vl_arena_array(arena, limit, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_list, &stmt, err) : vl_arena_check(arena, "tasks", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, guid);
    vl_stmt_int(stmt, 3, after);
    vl_stmt_int(stmt, 4, (int64_t)limit);
    while (list && n < limit && (r = vl_stmt_step(stmt, err)) > 0) {
        list[n++] = (struct vl_arm_task){.id = vl_stmt_get_int(stmt, 0),
            .guid = vl_stmt_copy(stmt, 1, arena),
            .assessment = vl_stmt_copy(stmt, 2, arena),
            .resource = vl_stmt_copy(stmt, 3, arena),
            .state = (int)vl_stmt_get_int(stmt, 4),
            .details = vl_stmt_copy(stmt, 5, arena),
            .created = vl_stmt_get_int(stmt, 6),
            .changed = vl_stmt_get_int(stmt, 7)};
    }
    if (r >= 0)
        r = vl_arena_check(arena, "tasks", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_arm_task_set(struct vl_store_conn *conn, int64_t environment, const char *guid,
    enum vl_arm_task_state state, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, guid);
    vl_stmt_int(stmt, 3, state);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    r = vl_stmt_run(stmt, &changed, err);
    if (r < 0 || changed == 0)
        return r < 0 ? r : 0;
    r = vl_feed_add(conn, environment, "task", guid, err);
    return r < 0 ? r : 1;
}
