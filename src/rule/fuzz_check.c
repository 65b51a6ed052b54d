#include <stdlib.h>

#include "rule/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A condition up to the first NUL, then JSON: the condition is checked for each source and asked of the JSON
 * as an event of that source. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_condition *root = NULL;
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = {(const char *)data, size}, text = VL_SPAN_EMPTY;
    vl_span_split(&rest, '\0', &text);
    if (vl_condition_parse(text, arena, &root, NULL, &err) < 0 ||
        vl_doc_parse(rest, VL_DOC_JSON, "event", &doc, &err) < 0)
        return 0;
    for (int source = 0; source < VL_EVENT_SOURCES; source++) {
        struct vl_condition_problem problem;
        struct vl_event event;
        bool holds = false;
        int r = source == VL_EVENT_SYSCALL     ? vl_event_from_recorded(doc, &event, &err)
                : source == VL_EVENT_K8S_AUDIT ? vl_event_from_audit(vl_doc_root(doc), &event, &err)
                                               : vl_event_from_log(vl_doc_root(doc), &event, &err);
        if (vl_condition_check(root, (enum vl_event_source)source, arena, &problem, &err) < 0 &&
            (!problem.message || err.msg[0] == '\0'))
            abort();
        if (r >= 0 && vl_rule_condition_holds(root, &event, arena, &holds, &err) < 0 && err.msg[0] == '\0')
            abort();
    }
    return 0;
}
