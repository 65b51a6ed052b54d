#include "arm/repo_arm_server.h"

#include "base/time.h"
#include "inventory/repo_environment.h"

static const struct vl_store_sql sql_tenant_get = {
    "SELECT value FROM setting WHERE environment_id = 0 AND name = 'arm.tenant'", NULL};
static const struct vl_store_sql sql_tenant_add = {
    "INSERT INTO setting (environment_id, name, value, changed) VALUES (0, 'arm.tenant', $1, $2) "
    "ON CONFLICT (environment_id, name) DO NOTHING",
    NULL};
static const struct vl_store_sql sql_resources = {
    "SELECT arm_id FROM resource WHERE environment_id = $1 AND gone_at = 0 ORDER BY arm_key LIMIT $2", NULL};

/* The value is JSON: a text in quotes. */
static int read_tenant(struct vl_store *store, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_tenant_get, &stmt, err);
    if (r >= 0)
        r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    struct vl_span text = vl_stmt_get_text(stmt, 0);
    *ret = vl_arena_dup_span(arena, vl_span_slice(text, 1, text.len - 1));
    r = vl_arena_check(arena, "the tenant", err);
    return r < 0 ? r : 1;
}

static int tenant_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_tenant_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, user);
    vl_stmt_int(stmt, 2, vl_time_now_ms());
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_arm_tenant(struct vl_store *store, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    char guid[VL_GUID_TEXT];
    int r = read_tenant(store, arena, ret, err);
    if (r != 0)
        return r < 0 ? r : 0;
    r = vl_guid_new(guid, err);
    if (r < 0)
        return r;
    char *value = vl_arena_printf(arena, "\"%s\"", guid);
    if (!value)
        return vl_arena_check(arena, "the tenant", err);
    r = vl_store_write(store, tenant_write, value, err);
    if (r >= 0)
        r = read_tenant(store, arena, ret, err); /* another may have been first */
    if (r == 0)
        return vl_err_set(err, VL_ERR_CORRUPT, "the tenant was not stored");
    return r < 0 ? r : 0;
}

int vl_repo_arm_resources(struct vl_store_conn *conn, int64_t environment, struct vl_arena *arena,
    const char *const **ret, size_t *ret_n, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    const char **list = vl_arena_array(arena, VL_ARM_RESOURCES_MAX, sizeof(*list));
    size_t n = 0;
    int r = list ? vl_stmt_begin(conn, &sql_resources, &stmt, err) : vl_arena_check(arena, "resources", err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_int(stmt, 2, VL_ARM_RESOURCES_MAX);
    while (list && n < VL_ARM_RESOURCES_MAX && (r = vl_stmt_step(stmt, err)) > 0)
        list[n++] = vl_stmt_copy(stmt, 0, arena);
    if (r >= 0)
        r = vl_arena_check(arena, "resources", err);
    if (r < 0)
        return r;
    *ret = list;
    *ret_n = n;
    return 0;
}
