#include "posture/posture.h"

#include <stdio.h>

#include "base/time.h"
#include "jobs/runner.h"
#include "store/queue.h"

#define DIGEST_MAX 256 /* bytes; "sha512:" and 128 digits need 135 */

static int add(struct vl_store_conn *conn, const char *key, const char *payload, struct vl_err *err)
{
    int64_t now = vl_time_now_ms();
    const struct vl_job job = {.kind = "score",
        .key = key,
        .group = "",
        .priority = VL_PRIORITY_DERIVED,
        .not_before = now,
        .added = now,
        .payload = vl_span_str(payload)};
    return vl_queue_add(conn, &job, NULL, err);
}

int vl_posture_touch(struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err)
{
    char key[DIGEST_MAX + 32], payload[DIGEST_MAX + 64];
    struct vl_span text = vl_span_str(digest);
    if (text.len > DIGEST_MAX || vl_span_find_char(text, '"') != SIZE_MAX ||
        vl_span_find_char(text, '\\') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "a digest has at most %d plain bytes", DIGEST_MAX);
    (void)snprintf(key, sizeof(key), "%lld:%s", (long long)environment, digest ? digest : "");
    (void)snprintf(payload, sizeof(payload), "{\"environment\":%lld%s%s%s}", (long long)environment,
        digest ? ",\"digest\":\"" : "", digest ? digest : "", digest ? "\"" : "");
    return add(conn, key, payload, err);
}

int vl_posture_touch_sum(struct vl_store_conn *conn, int64_t environment, struct vl_err *err)
{
    char key[64], payload[64];
    (void)snprintf(key, sizeof(key), "%lld:sum", (long long)environment);
    (void)snprintf(payload, sizeof(payload), "{\"environment\":%lld,\"sum\":1}", (long long)environment);
    return add(conn, key, payload, err);
}
