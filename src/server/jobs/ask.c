#include "jobs/ask.h"

#include <stdio.h>

#include "inventory/image_state.h"
#include "jobs/runner.h"

static const struct vl_store_sql sql_waiting = {
    "UPDATE registry_image SET stage = 'waiting for a worker' WHERE id = $1 AND state <> $2", NULL};

void vl_ask_group(int64_t registry, char ret[VL_ASK_GROUP_TEXT])
{
    (void)snprintf(ret, VL_ASK_GROUP_TEXT, "registry:%lld", (long long)registry);
}

int vl_ask_scan(struct vl_store_conn *conn, int64_t place, int64_t registry, int priority, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    char key[24], group[VL_ASK_GROUP_TEXT], payload[48];
    int r = vl_stmt_begin(conn, &sql_waiting, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, place);
    vl_stmt_int(stmt, 2, VL_IMAGE_IN_PROGRESS);
    r = vl_stmt_run(stmt, NULL, err);
    if (r < 0)
        return r;
    (void)snprintf(key, sizeof(key), "%lld", (long long)place);
    (void)snprintf(payload, sizeof(payload), "{\"place\":%lld}", (long long)place);
    vl_ask_group(registry, group);
    return vl_job_add(conn, "scan", key, group, priority, 0, vl_span_str(payload), err);
}

int vl_ask_discover(
    struct vl_store_conn *conn, int64_t registry, int priority, int64_t not_before_ms, struct vl_err *err)
{
    char key[24], payload[48];
    (void)snprintf(key, sizeof(key), "%lld", (long long)registry);
    (void)snprintf(payload, sizeof(payload), "{\"registry\":%lld}", (long long)registry);
    return vl_job_add(conn, "discover", key, "", priority, not_before_ms, vl_span_str(payload), err);
}
