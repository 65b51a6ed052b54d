/* A scope and entities, apart by a NUL; and an event, read from what the first is, written and read again. */
#include <stdlib.h>

#include "base/arena.h"
#include "respond/event.h"
#include "respond/suppress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct vl_notify_event *event, struct vl_arena *arena)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_notify_event again;
    struct vl_err err = VL_ERR_INIT;
    struct vl_json json;
    vl_buf_init(&out, 16UL * 1024 * 1024);
    vl_json_init(&json, &out, false);
    vl_notify_event_write(event, &json);
    if (vl_json_check(&json, "event", &err) < 0)
        return; /* more than its room */
    if (vl_doc_parse(vl_buf_span(&out), VL_DOC_JSON, "event", &doc, &err) < 0 ||
        vl_notify_event_read(vl_doc_root(doc), arena, &again, &err) < 0 || again.topic != event->topic ||
        again.n_facts != event->n_facts)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(16UL * 1024 * 1024);
    struct vl_doc *scope VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_doc *entities VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_span rest = {(const char *)data, size}, first = VL_SPAN_EMPTY;
    struct vl_notify_event event;
    struct vl_err err = VL_ERR_INIT;
    (void)vl_span_split(&rest, '\0', &first);
    if (!arena || vl_doc_parse(first, VL_DOC_JSON, "scope", &scope, &err) < 0)
        return 0;
    int r = vl_notify_event_read(vl_doc_root(scope), arena, &event, &err);
    if (r < 0 && !err.msg[0])
        abort(); /* an error says what is wrong */
    if (r >= 0)
        write_again(&event, arena);
    if (vl_suppress_check(vl_doc_root(scope), &err) < 0 ||
        vl_doc_parse(rest, VL_DOC_JSON, "entities", &entities, &err) < 0)
        return 0;
    bool once = vl_suppress_matches(vl_doc_root(scope), vl_doc_root(entities));
    if (once != vl_suppress_matches(vl_doc_root(scope), vl_doc_root(entities)))
        abort();
    return 0;
}
