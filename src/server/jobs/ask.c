#include "jobs/ask.h"

#include <stdio.h>

#include "codec/json.h"
#include "inventory/image_state.h"
#include "jobs/runner.h"

#define PAYLOAD_MAX 4096

static const struct vl_store_sql sql_waiting = {
    "UPDATE registry_image SET stage = 'waiting for a worker' WHERE id = $1 AND state <> $2", NULL};

void vl_ask_group(int64_t registry, char ret[VL_ASK_GROUP_TEXT])
{
    (void)snprintf(ret, VL_ASK_GROUP_TEXT, "registry:%lld", (long long)registry);
}

static int add(struct vl_store_conn *conn, const char *kind, const char *group, const char *member,
    int64_t id, int priority, int64_t *ret_job, struct vl_err *err)
{
    char key[24], payload[64];
    int n = snprintf(payload, sizeof(payload), "{\"%s\":%lld}", member, (long long)id);
    (void)snprintf(key, sizeof(key), "%lld", (long long)id);
    struct vl_job job = {.kind = kind,
        .key = key,
        .group = group,
        .priority = priority,
        .payload = {payload, n > 0 ? (size_t)n : 0}};
    return vl_queue_add(conn, &job, ret_job, err);
}

int vl_ask_scan(struct vl_store_conn *conn, int64_t place, int64_t registry, int priority, int64_t *ret_job,
    struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    char group[VL_ASK_GROUP_TEXT];
    int r = vl_stmt_begin(conn, &sql_waiting, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_int(stmt, 1, place);
    vl_stmt_int(stmt, 2, VL_IMAGE_IN_PROGRESS);
    r = vl_stmt_run(stmt, NULL, err);
    if (r < 0)
        return r;
    vl_ask_group(registry, group);
    return add(conn, "scan", group, "place", place, priority, ret_job, err);
}

int vl_ask_scan_new(
    struct vl_store_conn *conn, int64_t place, int64_t registry, int priority, struct vl_err *err)
{
    char group[VL_ASK_GROUP_TEXT];
    vl_ask_group(registry, group);
    return add(conn, "scan", group, "place", place, priority, NULL, err);
}

int vl_ask_discover(
    struct vl_store_conn *conn, int64_t registry, int priority, int64_t *ret_job, struct vl_err *err)
{
    return add(conn, "discover", "discover", "registry", registry, priority, ret_job, err);
}

int vl_ask_resolve(struct vl_store_conn *conn, int64_t registry, struct vl_span repository,
    struct vl_span digest, struct vl_span tag, int64_t event, struct vl_err *err)
{
    struct vl_buf payload VL_CLEANUP(vl_buf_done), key VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    char group[VL_ASK_GROUP_TEXT];
    vl_buf_init(&payload, PAYLOAD_MAX);
    vl_buf_init(&key, PAYLOAD_MAX);
    vl_json_init(&json, &payload, false);
    vl_json_object(&json);
    vl_json_member_int(&json, "registry", registry);
    vl_json_key(&json, "repository");
    vl_json_span(&json, repository);
    vl_json_key(&json, "digest");
    vl_json_span(&json, digest);
    vl_json_key(&json, "tag");
    vl_json_span(&json, tag);
    vl_json_member_int(&json, "event", event);
    vl_json_object_end(&json);
    vl_buf_printf(&key, "%lld/%.*s@%.*s:%.*s", (long long)registry, VL_SPAN_FMT(repository),
        VL_SPAN_FMT(digest), VL_SPAN_FMT(tag));
    vl_ask_group(registry, group);
    int r = vl_json_check(&json, "a job", err);
    if (r >= 0)
        r = vl_buf_check(&key, "a job", err);
    if (r < 0)
        return r;
    struct vl_job job = {.kind = "resolve",
        .key = vl_buf_str(&key),
        .group = group,
        .priority = VL_PRIORITY_PUSHED,
        .payload = vl_buf_span(&payload)};
    return vl_queue_add(conn, &job, NULL, err);
}
