/* Bodies of webhooks: whatever comes, what comes out fits the grammars. */
#include <stdlib.h>

#include "inventory/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_webhook_list list VL_CLEANUP(vl_webhook_list_done);
    struct vl_err err = VL_ERR_INIT;
    vl_webhook_list_init(&list);
    if (vl_doc_parse((struct vl_span){(const char *)data, size}, VL_DOC_JSON, "body", &doc, &err) < 0 ||
        vl_webhook_parse(vl_doc_root(doc), &list, &err) < 0)
        return 0;
    for (size_t i = 0; i < list.events.len; i++) {
        const struct vl_webhook_event *e = vl_vec_at(&list.events, i);
        if (!vl_webhook_is_repository(e->repository) ||
            (e->digest.len > 0 && !vl_webhook_is_digest(e->digest)) ||
            (e->tag.len > 0 && !vl_webhook_is_tag(e->tag)) || (e->digest.len == 0 && e->tag.len == 0))
            abort();
    }
    return 0;
}
