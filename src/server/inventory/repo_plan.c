#include "inventory/repo_plan.h"

#include "base/time.h"

static const struct vl_store_sql sql_enabled = {
    "SELECT tier FROM plan WHERE environment_id = $1 AND name = $2", NULL};
static const struct vl_store_sql sql_first = {
    "INSERT INTO plan (environment_id, name, tier, extensions, enabled_at, changed) "
    "VALUES ($1, $2, 1, $3, $4, $4) ON CONFLICT DO NOTHING",
    NULL};

int vl_repo_plan_enabled(
    struct vl_store_conn *conn, int64_t environment, const char *plan, bool *ret_enabled, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_enabled, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, environment);
    vl_stmt_str(stmt, 2, plan);
    r = vl_stmt_step(stmt, err);
    if (r < 0)
        return r;
    *ret_enabled = r > 0 && vl_stmt_get_int(stmt, 0) == 1;
    return 0;
}

int vl_repo_plan_first(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    static const char *const built[] = {"Containers", "CloudPosture"};
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(built) && r >= 0; i++) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(conn, &sql_first, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, environment);
        vl_stmt_str(stmt, 2, built[i]);
        vl_stmt_str(
            stmt, 3, "[{\"name\":\"ContainerRegistriesVulnerabilityAssessments\",\"isEnabled\":true}]");
        vl_stmt_int(stmt, 4, vl_time_now_ms());
        r = vl_stmt_run(stmt, NULL, err);
    }
    return r < 0 ? r : 0;
}
