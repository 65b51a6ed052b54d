#include "identity/repo_user.h"

#include <string.h>

#include "base/buf.h"

#define COLUMNS "SELECT id, kind, name, created, disabled FROM principal "

static const struct vl_store_sql sql_list = {COLUMNS "WHERE name > $1 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "WHERE id = $1", NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM principal", NULL};
static const struct vl_store_sql sql_disable = {"UPDATE principal SET disabled = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_password = {"UPDATE principal SET password = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_sessions_end = {
    "DELETE FROM token WHERE principal_id = $1 AND name IN ('login', 'refresh')", NULL};
static const struct vl_store_sql sql_remove = {"DELETE FROM principal WHERE id = $1", NULL};
static const struct vl_store_sql sql_audit_list = {
    "SELECT a.id, a.at, a.who, a.peer, a.action, a.object, a.detail, e.guid FROM audit a LEFT JOIN "
    "environment e ON e.id = a.environment_id WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2",
    NULL};
static const struct vl_store_sql sql_audit_count = {
    "SELECT count(*) FROM (SELECT id FROM audit LIMIT $1) AS counted", NULL};

static int take(const struct vl_stmt *stmt, struct vl_arena *arena, struct vl_user *ret, struct vl_err *err)
{
    *ret = (struct vl_user){.id = vl_stmt_get_int(stmt, 0),
        .kind = (enum vl_principal_kind)vl_stmt_get_int(stmt, 1),
        .name = vl_stmt_copy(stmt, 2, arena),
        .created = vl_stmt_get_int(stmt, 3),
        .disabled = vl_stmt_get_int(stmt, 4) != 0};
    return vl_arena_check(arena, "users", err);
}

int vl_repo_user_list(struct vl_store_conn *conn, const char *after, int64_t max, struct vl_arena *arena,
    struct vl_user **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int64_t most = max < VL_USERS_MAX + 1 ? max : VL_USERS_MAX + 1;
    struct vl_user *list = vl_arena_array(arena, (size_t)most, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "users", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, after);
    vl_stmt_int(stmt, 2, most);
    while (n < (size_t)most && (r = vl_stmt_step(stmt, err)) > 0) {
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

int vl_repo_user_get(
    struct vl_store_conn *conn, int64_t id, struct vl_arena *arena, struct vl_user *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    r = take(stmt, arena, ret, err);
    return r < 0 ? r : 1;
}

static int count_of(struct vl_stmt *stmt, int64_t *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

int vl_repo_user_count(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_count, &stmt, err);
    return r < 0 ? r : count_of(stmt, ret, err);
}

/* Statements of one id and one further parameter. */
static int change(struct vl_store_conn *conn, const struct vl_store_sql *sql, int64_t id, int64_t value,
    uint64_t *ret_changed, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, sql, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    if (value >= 0)
        vl_stmt_int(stmt, 2, value);
    return vl_stmt_run(stmt, ret_changed, err);
}

int vl_repo_user_disable(struct vl_store_conn *conn, int64_t id, bool disabled, struct vl_err *err)
{
    return change(conn, &sql_disable, id, disabled, NULL, err);
}

int vl_repo_user_password(struct vl_store_conn *conn, int64_t id, const char *hash, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_password, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_str(stmt, 2, hash);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r : change(conn, &sql_sessions_end, id, -1, NULL, err);
}

int vl_repo_user_remove(struct vl_store_conn *conn, int64_t id, struct vl_err *err)
{
    uint64_t changed = 0;
    int r = change(conn, &sql_remove, id, -1, &changed, err);
    return r < 0 ? r : changed > 0;
}

int vl_repo_audit_list(struct vl_store_conn *conn, int64_t before, int64_t max, struct vl_arena *arena,
    struct vl_audit_entry **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_audit_entry *list = vl_arena_array(arena, (size_t)max, sizeof(*list));
    size_t n = 0;
    int r = vl_arena_check(arena, "the audit log", err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_audit_list, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, before);
    vl_stmt_int(stmt, 2, max);
    while (n < (size_t)max && (r = vl_stmt_step(stmt, err)) > 0)
        list[n++] = (struct vl_audit_entry){.id = vl_stmt_get_int(stmt, 0),
            .at = vl_stmt_get_int(stmt, 1),
            .who = vl_stmt_copy(stmt, 2, arena),
            .peer = vl_stmt_copy(stmt, 3, arena),
            .action = vl_stmt_copy(stmt, 4, arena),
            .object = vl_stmt_copy(stmt, 5, arena),
            .detail = vl_stmt_copy(stmt, 6, arena),
            .environment = vl_stmt_copy(stmt, 7, arena)};
    if (r >= 0)
        r = vl_arena_check(arena, "the audit log", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}

int vl_repo_audit_count(struct vl_store_conn *conn, int64_t max, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_audit_count, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, max);
    return count_of(stmt, ret, err);
}
