#include "posture/repo_task.h"

#include <stdio.h>

#include "base/time.h"
#include "inventory/repo_environment.h"
#include "store/feed.h"

static const struct vl_store_sql sql_list = {
    "SELECT t.id, t.guid, t.assessment_key, r.arm_id, t.state, t.details, t.created, t.changed FROM task t "
    "LEFT JOIN resource r ON r.id = t.resource_id WHERE t.environment_id = $1 AND ($2 = '' OR t.guid = $2) "
    "AND (t.state = $3 OR $3 = 0) AND (t.id < $4 OR $4 = 0) ORDER BY t.id DESC LIMIT $5",
    NULL};
static const struct vl_store_sql sql_count = {
    "SELECT count(*) FROM task WHERE environment_id = $1 AND (state = $2 OR $2 = 0)", NULL};
static const struct vl_store_sql sql_same = {"SELECT guid FROM task WHERE environment_id = $1 AND "
                                             "assessment_key = $2 AND resource_id = $3 AND state = 1",
    NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO task (environment_id, guid, resource_id, assessment_key, state, details, created, changed) "
    "VALUES ($1, $2, $3, $4, 1, $5, $6, $6)",
    NULL};
static const struct vl_store_sql sql_set = {
    "UPDATE task SET state = $3, changed = $4 WHERE environment_id = $1 AND guid = $2", NULL};
/* Where nothing is assessed, nothing is done either. */
static const struct vl_store_sql sql_settle = {
    "UPDATE task SET state = 3, changed = $2 WHERE environment_id = $1 AND state = 1 AND EXISTS (SELECT 1 "
    "FROM assessment a WHERE a.environment_id = $1 AND a.key = task.assessment_key AND a.status = 1 AND "
    "(a.resource_id = task.resource_id OR task.resource_id = 0)) AND NOT EXISTS (SELECT 1 FROM assessment a "
    "WHERE a.environment_id = $1 AND a.key = task.assessment_key AND a.status = 2 AND (a.resource_id = "
    "task.resource_id OR task.resource_id = 0))",
    NULL};

const char *vl_task_state_name(int state)
{
    static const char *const names[] = {"active", "dismissed", "resolved"};
    return names[state >= VL_TASK_ACTIVE && state <= VL_TASK_RESOLVED ? state - 1 : 0];
}

bool vl_task_state_parse(struct vl_span text, enum vl_task_state *ret)
{
    for (int i = VL_TASK_ACTIVE; i <= VL_TASK_RESOLVED; i++) {
        if (vl_span_eq_nocase(text, vl_span_str(vl_task_state_name(i)))) {
            *ret = (enum vl_task_state)i;
            return true;
        }
    }
    return false;
}

int vl_repo_task_list(struct vl_store_conn *conn, int64_t environment, const char *guid, int64_t state,
    int64_t before, int64_t limit, struct vl_arena *arena, struct vl_task **ret, size_t *ret_n,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    size_t n = 0, max = limit > 0 && limit < VL_TASKS_MAX ? (size_t)limit : VL_TASKS_MAX;
    struct vl_task *list = vl_arena_array(arena, max, sizeof(*list));
    int r = list ? vl_stmt_begin(conn, &sql_list, &stmt, err) : vl_arena_failed(arena, "the tasks", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, guid);
    vl_stmt_int(stmt, 3, state);
    vl_stmt_int(stmt, 4, before);
    vl_stmt_int(stmt, 5, (int64_t)max);
    while ((r = vl_stmt_step(stmt, err)) > 0 && n < max)
        list[n++] = (struct vl_task){.id = vl_stmt_get_int(stmt, 0),
            .guid = vl_stmt_copy(stmt, 1, arena),
            .key = vl_stmt_copy(stmt, 2, arena),
            .resource_id = vl_stmt_copy(stmt, 3, arena),
            .state = (int)vl_stmt_get_int(stmt, 4),
            .details = vl_stmt_copy(stmt, 5, arena),
            .created = vl_stmt_get_int(stmt, 6),
            .changed = vl_stmt_get_int(stmt, 7)};
    if (r >= 0)
        r = vl_arena_check(arena, "the tasks", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_task_count(
    struct vl_store_conn *conn, int64_t environment, int64_t state, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, state);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static int find_same(struct vl_store_conn *conn, int64_t environment, const char *key, int64_t resource,
    char ret_guid[VL_TASK_GUID_TEXT], struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_same, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, key);
    vl_stmt_int(stmt, 3, resource);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        (void)snprintf(ret_guid, VL_TASK_GUID_TEXT, "%.*s", VL_SPAN_FMT(vl_stmt_get_text(stmt, 0)));
    return r;
}

int vl_repo_task_add(struct vl_store_conn *conn, int64_t environment,
    const struct vl_posture_assessment *what, int64_t resource, const char *details,
    char ret_guid[VL_TASK_GUID_TEXT], struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t count = 0;
    int r = find_same(conn, environment, what->key, resource, ret_guid, err);
    if (r != 0)
        return r < 0 ? r : 0;
    r = vl_repo_task_count(conn, environment, 0, &count, err);
    if (r >= 0 && count >= VL_TASKS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "an environment has at most %d tasks", VL_TASKS_MAX);
    if (r >= 0)
        r = vl_guid_new(ret_guid, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, ret_guid);
    vl_stmt_int(stmt, 3, resource);
    vl_stmt_str(stmt, 4, what->key);
    vl_stmt_str(stmt, 5, details);
    vl_stmt_int(stmt, 6, vl_time_now_ms());
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        r = vl_feed_add(conn, environment, "task", ret_guid, err);
    return r < 0 ? r : 1;
}

int vl_repo_task_set(struct vl_store_conn *conn, int64_t environment, const char *guid,
    enum vl_task_state state, struct vl_err *err)
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

int vl_repo_task_settle(struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    uint64_t changed = 0;
    int r = vl_stmt_begin(conn, &sql_settle, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, now_ms);
    r = vl_stmt_run(stmt, &changed, err);
    return r < 0 || changed == 0 ? r : vl_feed_add(conn, environment, "task", "", err);
}
