#include "inventory/webhook.h"

/* Pushes of tags alone, without a digest. Its documentation had the time as a whole number, and before that
 * as 1.417566161e+09. */
int vl_webhook_dockerhub(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    const struct vl_doc_node *push = vl_doc_get(body, "push_data");
    const struct vl_doc_node *repository = vl_doc_get(body, "repository");
    double seconds;
    if (!vl_doc_is(push, VL_DOC_OBJECT) || !vl_doc_is(repository, VL_DOC_OBJECT))
        return 0;
    struct vl_webhook_event e = {.action = VL_WEBHOOK_PUSH,
        .repository = vl_doc_get_str(repository, "repo_name"),
        .tag = vl_doc_get_str(push, "tag")};
    if (vl_doc_number(vl_doc_get(push, "pushed_at"), &seconds) && seconds > 0 && seconds < 1e11)
        e.at = (int64_t)(seconds * 1000);
    int r = vl_webhook_add(list, &e, err);
    return r < 0 ? r : 1;
}
