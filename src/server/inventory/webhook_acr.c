#include "inventory/webhook.h"

/* One event a call, in distribution's form. A ping has an action alone. */
int vl_webhook_acr(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    struct vl_span action = vl_doc_get_str(body, "action");
    if (vl_span_eq_str(action, "ping")) {
        list->ignored++;
        return 1;
    }
    if (action.len == 0 || !vl_doc_is(vl_doc_get(body, "target"), VL_DOC_OBJECT))
        return 0;
    int r = vl_webhook_target(body, list, err);
    return r < 0 ? r : 1;
}
