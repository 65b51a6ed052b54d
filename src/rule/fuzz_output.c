#include <stdlib.h>

#include "rule/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An output that parses is rendered for an event with little in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char json[] =
        "{\"fields\":{\"evt.type\":\"open\",\"proc.name\":\"a\\u00e9b\",\"proc.pid\":-7,"
        "\"fd.types\":[\"f\",\"g\"],\"proc.aname[1]\":\"p\",\"evt.arg.flags\":\"O_RDONLY\"}}";
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf text, fields;
    struct vl_err err = VL_ERR_INIT;
    struct vl_output *output;
    struct vl_event event;
    vl_buf_init(&text, 64UL * 1024 * 1024);
    vl_buf_init(&fields, 64UL * 1024 * 1024);
    const char *format = vl_arena_dup_span(arena, (struct vl_span){(const char *)data, size});
    if (!format || vl_doc_parse(vl_span_str(json), VL_DOC_JSON, "event", &doc, &err) < 0 ||
        vl_event_from_recorded(doc, &event, &err) < 0)
        abort();
    for (int source = 0; source < VL_EVENT_SOURCES; source++) {
        if (vl_output_parse((enum vl_event_source)source, format, arena, &output, &err) < 0) {
            if (err.msg[0] == '\0')
                abort();
            continue;
        }
        if (source != VL_EVENT_SYSCALL)
            continue;
        if (vl_output_text(output, &event, arena, &text, &err) < 0 ||
            vl_output_fields(output, &event, arena, &fields, &err) < 0)
            abort();
        if (text.len > VL_OUTPUT_TEXT_MAX)
            abort();
    }
    return 0;
}
