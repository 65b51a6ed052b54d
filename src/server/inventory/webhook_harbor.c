#include "base/time.h"
#include "inventory/webhook.h"

/* Names of the default form, and those of CloudEvents (Harbor 2.8 and later). */
static bool action_of(struct vl_span type, enum vl_webhook_action *ret)
{
    static const struct {
        const char *name, *cloud;
        enum vl_webhook_action action;
    } rows[] = {
        {"PUSH_ARTIFACT", "harbor.artifact.pushed", VL_WEBHOOK_PUSH},
        {"PULL_ARTIFACT", "harbor.artifact.pulled", VL_WEBHOOK_PULL},
        {"DELETE_ARTIFACT", "harbor.artifact.deleted", VL_WEBHOOK_DELETE},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_span_eq_str(type, rows[i].name) || vl_span_eq_str(type, rows[i].cloud)) {
            *ret = rows[i].action;
            return true;
        }
    }
    return false;
}

/* The tag of a pull by digest is the digest. */
static struct vl_span tag_of(const struct vl_doc_node *resource)
{
    struct vl_span tag = vl_doc_get_str(resource, "tag");
    return vl_span_find_char(tag, ':') == SIZE_MAX ? tag : VL_SPAN_EMPTY;
}

int vl_webhook_harbor(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    struct vl_span type = vl_doc_get_str(body, "type");
    const struct vl_doc_node *data = vl_doc_get(body, "event_data");
    struct vl_webhook_event e = {.action = VL_WEBHOOK_PUSH};
    int64_t seconds;
    if (!data)
        data = vl_doc_get(body, "data");
    if (type.len == 0 || !vl_doc_is(data, VL_DOC_OBJECT))
        return 0;
    if (!action_of(type, &e.action)) { /* quota, scanning, replication, tests */
        list->ignored++;
        return 1;
    }
    if (vl_doc_int(vl_doc_get(body, "occur_at"), &seconds) && seconds > 0 && seconds < INT64_MAX / 1000)
        e.at = seconds * 1000;
    else
        (void)vl_time_parse(vl_doc_get_str(body, "time"), &e.at);
    e.repository = vl_doc_get_str(vl_doc_get(data, "repository"), "repo_full_name");
    const struct vl_doc_node *resources = vl_doc_get(data, "resources");
    for (const struct vl_doc_node *n = vl_doc_first(resources); n; n = vl_doc_next(n)) {
        e.digest = vl_doc_get_str(n, "digest");
        e.tag = tag_of(n);
        int r = vl_webhook_add(list, &e, err);
        if (r < 0)
            return r;
    }
    return 1;
}
