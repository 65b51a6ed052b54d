#include <stdlib.h>

#include "base/buf.h"
#include "event/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every field of an event as text, without and with a few arguments. */
static void read_all(const struct vl_event *event, struct vl_arena *arena)
{
    static const char *const args[] = {"", "0", "1", "/a/0", "*", "command"};
    for (uint16_t id = 0; id < vl_field_count(); id++) {
        const struct vl_field *field = vl_field_at(id);
        if (field->source != event->source)
            continue;
        for (size_t i = 0; i < (field->arg ? VL_ARRAY_LEN(args) : 1); i++) {
            VL_CLEANUP(vl_buf_done) struct vl_buf out;
            struct vl_event_value value = {.kind = 99};
            struct vl_err err = VL_ERR_INIT;
            vl_buf_init(&out, 1 << 20);
            vl_event_get(event, field, vl_span_str(args[i]), arena, &value);
            if (value.kind > VL_VALUE_LIST || (value.kind == VL_VALUE_LIST && value.n > VL_EVENT_VALUES_MAX))
                abort();
            if (vl_event_value_text(&value, field, &out, &err) < 0 && err.msg[0] == '\0')
                abort();
        }
    }
}

static int on_audit(const struct vl_doc_node *node, void *user, struct vl_err *err)
{
    struct vl_event event;
    int r = vl_event_from_audit(node, &event, err);
    if (r >= 0)
        read_all(&event, user);
    return r;
}

/* JSON as a recorded event, as an audit event or a list of them, and as a log record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(64UL * 1024 * 1024);
    struct vl_err err = VL_ERR_INIT;
    struct vl_event event;
    if (vl_doc_parse((struct vl_span){(const char *)data, size}, VL_DOC_JSON, "event", &doc, &err) < 0)
        return 0;
    if (vl_event_from_recorded(doc, &event, &err) >= 0)
        read_all(&event, arena);
    else if (err.msg[0] == '\0')
        abort();
    if (vl_event_from_recorded_flat(doc, arena, &event, &err) >= 0)
        read_all(&event, arena);
    if (vl_event_audit_each(vl_doc_root(doc), on_audit, arena, &err) < 0 && err.msg[0] == '\0')
        abort();
    if (vl_event_from_log(vl_doc_root(doc), &event, &err) >= 0)
        read_all(&event, arena);
    return 0;
}
