/* Any JSON object as a log record: a field is found by its name as it stands, else by its parts between dots;
 * an array on the way gives the values of all its items. The field "*" is all of the record. */
#include "read.h"

#define LOG_DEPTH_MAX 16                   /* parts of a name that are followed */
#define LOG_TEXT_MAX  (16UL * 1024 * 1024) /* of a whole record; longer is missing */

static void gather(
    const struct vl_doc_node *node, struct vl_span name, unsigned depth, struct read_list *list)
{
    struct vl_event_value value;
    if (!node || vl_doc_is(node, VL_DOC_NULL) || depth > LOG_DEPTH_MAX)
        return;
    if (vl_doc_is(node, VL_DOC_ARRAY)) {
        for (const struct vl_doc_node *n = vl_doc_first(node); n; n = vl_doc_next(n))
            gather(n, name, depth + 1, list);
        return;
    }
    if (name.len == 0) {
        if (vl_doc_is(node, VL_DOC_BOOL))
            read_bool(vl_doc_bool(node), &value);
        else if (vl_doc_is(node, VL_DOC_FLOAT))
            read_typed(node, VL_FIELD_DOUBLE, list->scratch, &value);
        else if (vl_doc_is(node, VL_DOC_INT) || vl_doc_is(node, VL_DOC_UINT))
            read_typed(node, VL_FIELD_INT, list->scratch, &value);
        else
            read_typed(node, VL_FIELD_STRING, list->scratch, &value);
        read_list_add(list, &value);
        return;
    }
    /* The longest name first: keys may have dots in them. */
    const struct vl_doc_node *whole = vl_doc_get_span(node, name);
    if (whole) {
        gather(whole, VL_SPAN_EMPTY, depth + 1, list);
        return;
    }
    for (size_t dot = vl_span_rfind_char(name, '.'); dot != SIZE_MAX;
        dot = vl_span_rfind_char(vl_span_slice(name, 0, dot), '.')) {
        const struct vl_doc_node *head = vl_doc_get_span(node, vl_span_slice(name, 0, dot));
        if (head) {
            gather(head, vl_span_slice(name, dot + 1, SIZE_MAX), depth + 1, list);
            return;
        }
    }
}

/* All texts, numbers and words of a record, one a line: where keywords are looked for. */
static void join(const struct vl_doc_node *root, struct vl_arena *scratch, struct vl_event_value *ret)
{
    const struct vl_doc_node *way[VL_DOC_DEPTH_MAX];
    unsigned depth = 0;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, LOG_TEXT_MAX);
    for (const struct vl_doc_node *node = root; node;) {
        const struct vl_doc_node *below = vl_doc_first(node);
        if (below && depth < VL_DOC_DEPTH_MAX) {
            way[depth++] = node;
            node = below;
            continue;
        }
        struct vl_span leaf = vl_doc_text(node);
        if (leaf.len && !vl_doc_is(node, VL_DOC_NULL)) {
            vl_buf_append_span(&text, leaf);
            vl_buf_append_char(&text, '\n');
        }
        node = vl_doc_next(node);
        while (!node && depth > 1)
            node = vl_doc_next(way[--depth]);
    }
    char *kept = text.failed ? NULL : vl_arena_dup_span(scratch, vl_buf_span(&text));
    if (kept)
        read_string((struct vl_span){kept, text.len}, ret);
}

static void get(const struct vl_event *event, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret)
{
    struct read_list list = {.scratch = scratch};
    read_missing(ret);
    if (field->source != VL_EVENT_LOG || arg.len == 0)
        return;
    if (vl_span_eq_str(arg, "*")) {
        join(event->data, scratch, ret);
        return;
    }
    gather(event->data, arg, 0, &list);
    if (list.n == 1 && !list.failed)
        *ret = list.items[0];
    else
        read_list_end(&list, ret);
}

static const struct vl_event_ops log_ops = {.get = get};

int vl_event_from_log(const struct vl_doc_node *record, struct vl_event *ret, struct vl_err *err)
{
    static const char *const times[] = {"time", "timestamp", "@timestamp", "eventTime", "eventTimestamp",
        "stageTimestamp", "TimeGenerated", "createdDateTime", "ts"};
    uint64_t time = 0;
    if (!vl_doc_is(record, VL_DOC_OBJECT))
        return vl_err_set(
            err, VL_ERR_INVALID, "a log record is an object, not %s", vl_doc_type_name(vl_doc_type(record)));
    for (size_t i = 0; i < VL_ARRAY_LEN(times) && !time; i++) {
        if (!read_time(vl_doc_get_str(record, times[i]), &time))
            time = 0;
    }
    *ret = (struct vl_event){.ops = &log_ops, .data = record, .source = VL_EVENT_LOG, .time = time};
    return 0;
}
