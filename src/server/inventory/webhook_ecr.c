#include "base/time.h"
#include "inventory/webhook.h"

/* One event a call, in EventBridge's envelope. Scans, replications, pull-through caches and referrers have a
 * detail-type of their own. */
int vl_webhook_ecr(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    const struct vl_doc_node *detail = vl_doc_get(body, "detail");
    struct vl_span type = vl_doc_get_str(detail, "manifest-media-type");
    struct vl_span action = vl_doc_get_str(detail, "action-type");
    if (!vl_span_eq_str(vl_doc_get_str(body, "source"), "aws.ecr") || !vl_doc_is(detail, VL_DOC_OBJECT))
        return 0;
    struct vl_webhook_event e = {.repository = vl_doc_get_str(detail, "repository-name"),
        .digest = vl_doc_get_str(detail, "image-digest"),
        .tag = vl_doc_get_str(detail, "image-tag"),
        .account = vl_doc_get_str(body, "account"),
        .region = vl_doc_get_str(body, "region")};
    bool good = vl_span_eq_str(vl_doc_get_str(body, "detail-type"), "ECR Image Action") &&
                vl_span_eq_str(vl_doc_get_str(detail, "result"), "SUCCESS");
    if (vl_span_eq_str(action, "PUSH"))
        e.action = VL_WEBHOOK_PUSH;
    else if (vl_span_eq_str(action, "DELETE"))
        e.action = VL_WEBHOOK_DELETE;
    else
        good = false;
    /* Older events do not say what it is. */
    if (!good || (type.len > 0 && !vl_webhook_what(type, &e.what))) {
        list->ignored++;
        return 1;
    }
    /* The image may have other tags: it is looked up by its digest when the last one went. */
    if (e.action == VL_WEBHOOK_DELETE && e.tag.len > 0)
        e.digest = VL_SPAN_EMPTY;
    (void)vl_time_parse(vl_doc_get_str(body, "time"), &e.at);
    int r = vl_webhook_add(list, &e, err);
    return r < 0 ? r : 1;
}
