#include "identity/repo_oidc.h"

#include "base/time.h"
#include "identity/principal.h"

static const struct vl_store_sql sql_find = {
    "SELECT id, name, disabled FROM principal WHERE subject = $1", NULL};
static const struct vl_store_sql sql_add = {"INSERT INTO principal (kind, name, subject, created) VALUES "
                                            "($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING id",
    NULL};
int vl_repo_oidc_find(struct vl_store_conn *conn, const char *subject, struct vl_arena *arena,
    int64_t *ret_id, const char **ret_name, bool *ret_disabled, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_str(stmt, 1, subject);
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r;
    const char *name = vl_stmt_copy(stmt, 1, arena);
    r = vl_arena_check(arena, "a user", err);
    if (r < 0)
        return r;
    *ret_id = vl_stmt_get_int(stmt, 0);
    *ret_name = name;
    *ret_disabled = vl_stmt_get_int(stmt, 2) != 0;
    return 1;
}

int vl_repo_oidc_add(
    struct vl_store_conn *conn, const char *subject, const char *name, int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, VL_PRINCIPAL_USER);
    vl_stmt_str(stmt, 2, name);
    vl_stmt_str(stmt, 3, subject);
    vl_stmt_int(stmt, 4, vl_time_now_ms());
    r = vl_stmt_step(stmt, err);
    if (r == 0)
        return vl_err_set(err, VL_ERR_CONFLICT,
            "the name \"%s\" is somebody else's here: an owner has to remove that user first", name);
    if (r < 0)
        return r;
    int64_t id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    if (r >= 0)
        *ret_id = id;
    return r;
}
