#include "base/time.h"
#include "inventory/webhook.h"

/* A blob's event has a media type of its own, or application/octet-stream. Deletions have none. */
bool vl_webhook_what(struct vl_span media_type, enum vl_webhook_what *ret)
{
    static const struct {
        const char *type;
        enum vl_webhook_what what;
    } rows[] = {
        {"application/vnd.oci.image.manifest.v1+json", VL_WEBHOOK_MANIFEST},
        {"application/vnd.docker.distribution.manifest.v2+json", VL_WEBHOOK_MANIFEST},
        {"application/vnd.docker.distribution.manifest.v1+json", VL_WEBHOOK_MANIFEST},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", VL_WEBHOOK_MANIFEST},
        {"application/vnd.oci.image.index.v1+json", VL_WEBHOOK_INDEX},
        {"application/vnd.docker.distribution.manifest.list.v2+json", VL_WEBHOOK_INDEX},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_span_eq_str(media_type, rows[i].type)) {
            *ret = rows[i].what;
            return true;
        }
    }
    return false;
}

static bool action_of(struct vl_span text, enum vl_webhook_action *ret)
{
    if (vl_span_eq_str(text, "push"))
        *ret = VL_WEBHOOK_PUSH;
    else if (vl_span_eq_str(text, "pull"))
        *ret = VL_WEBHOOK_PULL;
    else if (vl_span_eq_str(text, "delete"))
        *ret = VL_WEBHOOK_DELETE;
    else
        return false; /* mount, ping, quarantine, chart_push … */
    return true;
}

int vl_webhook_target(const struct vl_doc_node *event, struct vl_webhook_list *list, struct vl_err *err)
{
    const struct vl_doc_node *target = vl_doc_get(event, "target");
    struct vl_span type = vl_doc_get_str(target, "mediaType");
    struct vl_webhook_event e = {.repository = vl_doc_get_str(target, "repository"),
        .digest = vl_doc_get_str(target, "digest"),
        .tag = vl_doc_get_str(target, "tag")};
    bool good = action_of(vl_doc_get_str(event, "action"), &e.action) &&
                (vl_webhook_what(type, &e.what) || (e.action == VL_WEBHOOK_DELETE && type.len == 0));
    /* Our own fetches are no sign that an image is used. */
    if (e.action == VL_WEBHOOK_PULL &&
        vl_span_starts_with(vl_doc_get_str(vl_doc_get(event, "request"), "useragent"), "vallum"))
        good = false;
    if (!good) {
        list->ignored++;
        return 0;
    }
    (void)vl_time_parse(vl_doc_get_str(event, "timestamp"), &e.at);
    return vl_webhook_add(list, &e, err);
}

int vl_webhook_distribution(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    const struct vl_doc_node *events = vl_doc_get(body, "events");
    if (!vl_doc_is(events, VL_DOC_ARRAY))
        return 0;
    for (const struct vl_doc_node *n = vl_doc_first(events); n; n = vl_doc_next(n)) {
        int r = vl_webhook_target(n, list, err);
        if (r < 0)
            return r;
    }
    return 1;
}
