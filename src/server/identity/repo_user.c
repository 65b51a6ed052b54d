#include "identity/repo_user.h"

#include <string.h>

#include "base/buf.h"

#define COLUMNS "SELECT id, kind, name, created, disabled FROM principal "

static const struct vl_store_sql sql_list = {COLUMNS "WHERE name > $1 ORDER BY name LIMIT $2", NULL};
static const struct vl_store_sql sql_get = {COLUMNS "WHERE id = $1", NULL};
static const struct vl_store_sql sql_count = {"SELECT count(*) FROM principal", NULL};
static const struct vl_store_sql sql_bindings = {
    "SELECT e.guid, b.role, b.registry_id, r.name FROM role_binding b LEFT JOIN environment e ON e.id = "
    "b.environment_id LEFT JOIN registry r ON r.id = b.registry_id WHERE b.principal_id = $1 AND "
    "(b.environment_id = 0 OR e.id IS NOT NULL) AND (b.registry_id = 0 OR r.id IS NOT NULL) "
    "ORDER BY b.environment_id, b.registry_id LIMIT $2",
    NULL};
static const struct vl_store_sql sql_disable = {"UPDATE principal SET disabled = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_password = {"UPDATE principal SET password = $2 WHERE id = $1", NULL};
static const struct vl_store_sql sql_sessions_end = {
    "DELETE FROM token WHERE principal_id = $1 AND name IN ('login', 'refresh')", NULL};
static const struct vl_store_sql sql_role_remove = {
    "DELETE FROM role_binding WHERE principal_id = $1 AND environment_id = $2 AND registry_id = $3", NULL};
static const struct vl_store_sql sql_registry_gone = {
    "DELETE FROM role_binding WHERE registry_id = $1 AND registry_id > 0", NULL};
static const struct vl_store_sql sql_remove = {"DELETE FROM principal WHERE id = $1", NULL};
static const struct vl_store_sql sql_owners = {
    "SELECT count(*) FROM principal p JOIN role_binding b ON b.principal_id = p.id WHERE p.disabled = 0 AND "
    "b.environment_id = 0 AND b.registry_id = 0 AND b.role = $1",
    NULL};
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

int vl_repo_owners(struct vl_store_conn *conn, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_owners, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_ROLE_OWNER);
    return count_of(stmt, ret, err);
}

int vl_repo_user_bindings(struct vl_store_conn *conn, int64_t id, struct vl_arena *arena,
    struct vl_user_binding **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf found VL_CLEANUP(vl_buf_done);
    vl_buf_init(&found, VL_USER_BINDINGS_MAX * sizeof(struct vl_user_binding) + 1);
    int r = vl_stmt_begin(conn, &sql_bindings, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_int(stmt, 2, VL_USER_BINDINGS_MAX);
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_user_binding one = {.environment = vl_stmt_copy(stmt, 0, arena),
            .role = (enum vl_role)vl_stmt_get_int(stmt, 1),
            .registry = vl_stmt_get_int(stmt, 2),
            .registry_name = vl_stmt_copy(stmt, 3, arena)};
        vl_buf_append(&found, &one, sizeof(one));
    }
    struct vl_user_binding *list = vl_arena_array(arena, found.len / sizeof(*list) + 1, sizeof(*list));
    if (r >= 0)
        r = vl_buf_check(&found, "roles", err);
    if (r >= 0)
        r = vl_arena_check(arena, "roles", err);
    if (r < 0)
        return r;
    if (found.len > 0)
        memcpy(list, found.ptr, found.len);
    *ret = list;
    *ret_n = found.len / sizeof(*list);
    return 0;
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

int vl_repo_role_remove(
    struct vl_store_conn *conn, int64_t principal, int64_t environment, int64_t registry, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_role_remove, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    vl_stmt_int(stmt, 2, environment);
    vl_stmt_int(stmt, 3, registry);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_role_registry_gone(struct vl_store_conn *conn, int64_t registry, struct vl_err *err)
{
    return change(conn, &sql_registry_gone, registry, -1, NULL, err);
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
