/* lint: no test: test_route_watch asks for it */
#include "identity/repo_visit.h"

static const struct vl_store_sql sql_get = {
    "SELECT visit_before, visit_at FROM principal WHERE id = $1", NULL};
static const struct vl_store_sql sql_set = {
    "UPDATE principal SET visit_before = CASE WHEN $2 - visit_at > $3 THEN visit_at ELSE visit_before END, "
    "visit_at = $2 WHERE id = $1",
    NULL};

static int read_visit(
    struct vl_store_conn *conn, int64_t principal, int64_t *ret_before, int64_t *ret_at, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_get, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, principal);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret_before = r > 0 ? vl_stmt_get_int(stmt, 0) : 0;
    *ret_at = r > 0 ? vl_stmt_get_int(stmt, 1) : 0;
    return 0;
}

int vl_repo_visit_last(struct vl_store_conn *conn, int64_t principal, int64_t *ret, struct vl_err *err)
{
    int64_t at;
    return read_visit(conn, principal, ret, &at, err);
}

struct visit {
    int64_t principal, now;
};

static int visit_write(struct vl_store_conn *conn, void *user, struct vl_err *err)
{
    const struct visit *v = user;
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_set, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, v->principal);
    vl_stmt_int(stmt, 2, v->now);
    vl_stmt_int(stmt, 3, VL_VISIT_GAP_MS);
    return vl_stmt_run(stmt, NULL, err);
}

int vl_repo_visit_now(struct vl_store *store, int64_t principal, int64_t now, struct vl_err *err)
{
    struct visit v = {principal, now};
    struct vl_store_conn *conn VL_CLEANUP(vl_store_read_cleanup) = NULL;
    int64_t before, at = 0;
    int r = vl_store_read(store, &conn, err);
    if (r >= 0)
        r = read_visit(conn, principal, &before, &at, err);
    vl_store_read_done(conn);
    conn = NULL;
    return r < 0 || now - at < VL_VISIT_WRITE_MS ? r : vl_store_write(store, visit_write, &v, err);
}
