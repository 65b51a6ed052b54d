#include "posture/repo_resource.h"

static const struct vl_store_sql sql_find = {
    "SELECT id, environment_id, arm_id, kind, name, gone_at FROM resource WHERE arm_key = $1", NULL};
static const struct vl_store_sql sql_get = {
    "SELECT id, environment_id, arm_id, kind, name, gone_at FROM resource WHERE id = $1", NULL};
static const struct vl_store_sql sql_add = {"INSERT INTO resource (environment_id, arm_id, arm_key, kind, "
                                            "name) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    NULL};
static const struct vl_store_sql sql_back = {
    "UPDATE resource SET gone_at = 0, name = $2 WHERE id = $1", NULL};

static int key_of(const struct vl_resource_id *id, struct vl_buf *out, struct vl_err *err)
{
    vl_resource_key(id, out);
    return out->failed ? vl_err_set(err, VL_ERR_LIMIT, "a resource id is too long") : 0;
}

static int add(struct vl_store_conn *conn, int64_t environment, const struct vl_resource_id *id,
    struct vl_span key, const char *name, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_RESOURCE_ID_MAX * 3);
    vl_resource_format(id, &text);
    int r = text.failed ? vl_err_set(err, VL_ERR_LIMIT, "a resource id is too long") : 0;
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_text(stmt, 2, vl_buf_span(&text));
    vl_stmt_text(stmt, 3, key);
    vl_stmt_str(stmt, 4, vl_resource_kind(id));
    vl_stmt_str(stmt, 5, name);
    r = vl_stmt_step(stmt, err);
    if (r > 0)
        *ret = vl_stmt_get_int(stmt, 0);
    return r < 0 ? r : 0;
}

static int back(struct vl_store_conn *conn, int64_t id, const char *name, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_back, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    vl_stmt_str(stmt, 2, name);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_resource_put(struct vl_store_conn *conn, int64_t environment, const struct vl_resource_id *id,
    const char *name, int64_t *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf key VL_CLEANUP(vl_buf_done);
    vl_buf_init(&key, VL_RESOURCE_ID_MAX * 3);
    int r = key_of(id, &key, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_text(stmt, 1, vl_buf_span(&key));
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    if (r == 0)
        return add(conn, environment, id, vl_buf_span(&key), name, ret, err);
    int64_t found = vl_stmt_get_int(stmt, 0);
    if (vl_stmt_get_int(stmt, 1) != environment)
        return vl_err_set(err, VL_ERR_CONFLICT, "the resource is of another environment");
    bool same = vl_stmt_get_int(stmt, 5) == 0 && vl_span_eq_str(vl_stmt_get_text(stmt, 4), name);
    *ret = found;
    return same ? 0 : back(conn, found, name, err);
}

static int take(struct vl_stmt *stmt, int64_t environment, bool gone, struct vl_arena *arena,
    struct vl_resource *ret, struct vl_err *err)
{
    int r = vl_stmt_step(stmt, err);
    if (r <= 0 || vl_stmt_get_int(stmt, 1) != environment || (!gone && vl_stmt_get_int(stmt, 5) > 0))
        return r < 0 ? r : 0;
    *ret = (struct vl_resource){.id = vl_stmt_get_int(stmt, 0),
        .environment = environment,
        .arm_id = vl_stmt_copy(stmt, 2, arena),
        .kind = vl_stmt_copy(stmt, 3, arena),
        .name = vl_stmt_copy(stmt, 4, arena)};
    r = vl_arena_check(arena, "a resource", err);
    return r < 0 ? r : 1;
}

int vl_repo_resource_find(struct vl_store_conn *conn, int64_t environment, struct vl_span text,
    struct vl_arena *arena, struct vl_resource *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    struct vl_buf key VL_CLEANUP(vl_buf_done);
    struct vl_resource_id id;
    vl_buf_init(&key, VL_RESOURCE_ID_MAX * 3);
    int r = vl_resource_parse(text, arena, &id, err);
    if (r >= 0)
        r = key_of(&id, &key, err);
    if (r >= 0)
        r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_text(stmt, 1, vl_buf_span(&key));
    return take(stmt, environment, false, arena, ret, err);
}

int vl_repo_resource_get(struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_arena *arena,
    struct vl_resource *ret, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, id);
    return take(stmt, environment, true, arena, ret, err);
}
