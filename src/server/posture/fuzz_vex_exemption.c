/* Any JSON as an OpenVEX document: what is read names something, and is written again as valid JSON. */
#include <stdlib.h>

#include "posture/vex_exemption.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(16UL * 1024 * 1024);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    const struct vl_environment environment = {.guid = "00000000-0000-0000-0000-000000000000", .name = "x"};
    struct vl_vex_import import;
    struct vl_err err = VL_ERR_INIT;
    struct vl_json json;
    size_t left;
    vl_buf_init(&out, 64UL * 1024 * 1024);
    if (!arena ||
        vl_doc_parse((struct vl_span){(const char *)data, size}, VL_DOC_JSON, "fuzz", &doc, &err) < 0 ||
        vl_vex_read(vl_doc_root(doc), 1, arena, &import, &err) < 0)
        return 0;
    for (size_t i = 0; i < import.n_items; i++) {
        if (!import.items[i].vulnerability || !import.items[i].justification)
            abort();
        import.items[i].guid = import.items[i].guid ? import.items[i].guid : environment.guid;
    }
    vl_json_init(&json, &out, false);
    vl_json_object(&json);
    vl_vex_write(&environment, import.items, import.n_items, environment.guid, 1, &json, &left);
    vl_json_object_end(&json);
    if (left != 0 || vl_json_check(&json, "fuzz", &err) < 0)
        abort();
    return 0;
}
