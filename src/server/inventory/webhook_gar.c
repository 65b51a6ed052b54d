#include "base/text.h"
#include "base/time.h"
#include "inventory/webhook.h"

#define DATA_MAX 65536 /* bytes of one message, packed; theirs have some hundred */

static bool action_of(struct vl_span text, enum vl_webhook_action *ret)
{
    if (vl_span_eq_str(text, "INSERT"))
        *ret = VL_WEBHOOK_PUSH;
    else if (vl_span_eq_str(text, "DELETE"))
        *ret = VL_WEBHOOK_DELETE;
    else
        return false;
    return true;
}

/* "HOST/PROJECT/REPOSITORY/IMAGE@DIGEST" or "…:TAG"; the part after the mark goes to `ret_part`. */
static bool take_apart(struct vl_span text, char mark, struct vl_webhook_event *e, struct vl_span *ret_part)
{
    size_t slash = vl_span_find_char(text, '/');
    if (slash == SIZE_MAX || slash == 0)
        return false;
    struct vl_span rest = vl_span_slice(text, slash + 1, text.len);
    size_t at = vl_span_find_char(rest, mark);
    if (at == SIZE_MAX)
        return false;
    struct vl_span host = vl_span_slice(text, 0, slash), repository = vl_span_slice(rest, 0, at);
    if (e->repository.len > 0 &&
        (!vl_span_eq(e->repository, repository) || !vl_span_eq_nocase(e->host, host)))
        return false; /* digest and tag of two images */
    e->host = host;
    e->repository = repository;
    *ret_part = vl_span_slice(rest, at + 1, rest.len);
    return true;
}

static int read_message(
    const struct vl_doc_node *node, int64_t at, struct vl_webhook_list *list, struct vl_err *err)
{
    struct vl_span digest = vl_doc_get_str(node, "digest"), tag = vl_doc_get_str(node, "tag");
    struct vl_webhook_event e = {.at = at};
    bool good = action_of(vl_doc_get_str(node, "action"), &e.action) && (digest.len > 0 || tag.len > 0) &&
                (digest.len == 0 || take_apart(digest, '@', &e, &e.digest)) &&
                (tag.len == 0 || take_apart(tag, ':', &e, &e.tag));
    if (!good) {
        list->ignored++;
        return 1;
    }
    /* A tag that goes leaves its image where it is. */
    if (e.action == VL_WEBHOOK_DELETE && e.tag.len > 0)
        e.digest = VL_SPAN_EMPTY;
    int r = vl_webhook_add(list, &e, err);
    return r < 0 ? r : 1;
}

/* {"message":{"data":BASE64,"publishTime":…},"subscription":…}, or, of a subscription without the wrapper,
 * the data alone. */
int vl_webhook_gar(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    const struct vl_doc_node *message = vl_doc_get(body, "message");
    struct vl_buf data VL_CLEANUP(vl_buf_done);
    struct vl_err broken = VL_ERR_INIT;
    enum vl_webhook_action action;
    int64_t at = 0;
    vl_buf_init(&data, DATA_MAX);
    if (!message && action_of(vl_doc_get_str(body, "action"), &action))
        return read_message(body, 0, list, err);
    if (!vl_doc_is(message, VL_DOC_OBJECT) || !vl_doc_is(vl_doc_get(body, "subscription"), VL_DOC_STRING) ||
        list->inner)
        return 0;
    (void)vl_time_parse(vl_doc_get_str(message, "publishTime"), &at);
    struct vl_span text = vl_doc_get_str(message, "data");
    /* Sent again and again it would not get better: counted, and done with. */
    if (text.len == 0 || text.len > DATA_MAX || !vl_base64_decode(text, &data) ||
        vl_doc_parse(vl_buf_span(&data), VL_DOC_JSON, "data", &list->inner, &broken) < 0) {
        list->ignored++;
        return 1;
    }
    return read_message(vl_doc_root(list->inner), at, list, err);
}
