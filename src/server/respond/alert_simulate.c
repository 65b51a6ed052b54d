/* Sample alerts: what content/alert-samples.yaml says, as if a detector had found it just now. */
#include <string.h>

#include "api.h"
#include "base/time.h"
#include "respond/alert_samples.h"
#include "respond/event.h"
#include "respond/repo_alert.h"

#define SAMPLE_MAX  (1024UL * 1024)
#define PLACEHOLDER "{subscription}"
#define STARTED_MS  (5 * 60 * 1000) /* before now */

const char *const vl_alert_bundles[] = {"AppServices", "DNS", "KeyVaults", "KubernetesService",
    "ResourceManager", "SqlServers", "StorageAccounts", "VirtualMachines", "CosmosDbs", NULL};

static int check_bundles(const char *const *bundles, size_t n, struct vl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (const char *const *b = vl_alert_bundles; *b; b++)
            known |= vl_span_eq_nocase(vl_span_str(*b), vl_span_str(bundles[i]));
        if (!known)
            return vl_err_set(err, VL_ERR_INVALID, "/bundles/%zu: there is no such bundle", i);
    }
    return 0;
}

static int samples(const char *guid, struct vl_doc **ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_span rest = vl_alert_samples;
    size_t at;
    vl_buf_init(&text, SAMPLE_MAX);
    while ((at = vl_span_find(rest, VL_SPAN_LIT(PLACEHOLDER))) != SIZE_MAX) {
        vl_buf_append_span(&text, vl_span_slice(rest, 0, at));
        vl_buf_append_str(&text, guid);
        rest = vl_span_slice(rest, at + sizeof(PLACEHOLDER) - 1, rest.len);
    }
    vl_buf_append_span(&text, rest);
    int r = vl_buf_check(&text, "alert-samples.yaml", err);
    return r < 0 ? r : vl_doc_parse(vl_buf_span(&text), VL_DOC_YAML, "alert-samples.yaml", ret, err);
}

static int body_of(const struct vl_doc_node *sample, struct vl_buf *out, struct vl_err *err)
{
    static const char *const same[] = {
        "description", "intent", "compromisedEntity", "remediation", "entities"};
    struct vl_json json;
    vl_json_init(&json, out, false);
    vl_json_object(&json);
    for (size_t i = 0; i < VL_ARRAY_LEN(same); i++) {
        const struct vl_doc_node *node = vl_doc_get(sample, same[i]);
        if (!node)
            continue;
        vl_json_key(&json, same[i]);
        vl_api_node(&json, node);
    }
    vl_json_key(&json, "resources");
    vl_json_array(&json);
    vl_json_span(&json, vl_doc_get_str(sample, "resource"));
    vl_json_array_end(&json);
    vl_json_object_end(&json);
    return vl_json_check(&json, "a sample alert", err);
}

static int add(
    struct vl_store_conn *conn, int64_t environment, const struct vl_doc_node *sample, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(SAMPLE_MAX);
    struct vl_buf body VL_CLEANUP(vl_buf_done);
    enum vl_severity severity = VL_SEVERITY_UNKNOWN;
    int64_t now = vl_time_now_ms();
    vl_buf_init(&body, VL_ALERT_BODY_MAX);
    if (!arena)
        return vl_err_nomem(err);
    (void)vl_notify_severity_parse(vl_doc_get_str(sample, "severity"), &severity);
    int r = body_of(sample, &body, err);
    struct vl_alert alert = {.type = vl_arena_dup_span(arena, vl_doc_get_str(sample, "type")),
        .severity = severity,
        .title = vl_arena_printf(arena, "[SAMPLE ALERT] %.*s", VL_SPAN_FMT(vl_doc_get_str(sample, "title"))),
        .body = vl_buf_str(&body),
        .resource = vl_arena_dup_span(arena, vl_doc_get_str(sample, "resource")),
        .simulated = true,
        .started = now - STARTED_MS,
        .ended = now};
    if (r >= 0)
        r = vl_arena_check(arena, "a sample alert", err);
    return r < 0 ? r : vl_repo_alert_add(conn, environment, &alert, NULL, err);
}

int vl_repo_alert_simulate(struct vl_store_conn *conn, int64_t environment, const char *guid,
    const char *const *bundles, size_t n, size_t *ret_added, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    size_t added = 0;
    int r = check_bundles(bundles, n, err);
    if (r >= 0)
        r = samples(guid, &doc, err);
    for (const struct vl_doc_node *s = r < 0 ? NULL : vl_doc_first(vl_doc_root(doc)); s && r >= 0;
        s = vl_doc_next(s)) {
        bool wanted = false;
        for (size_t i = 0; i < n; i++)
            wanted |= vl_span_eq_nocase(vl_span_str(bundles[i]), vl_doc_get_str(s, "bundle"));
        if (wanted) {
            r = add(conn, environment, s, err);
            added++;
        }
    }
    if (r >= 0)
        *ret_added = added;
    return r < 0 ? r : 0;
}
