/* Any bytes: an id that is read, written and read again is the same one, and its key stays. */
#include <stdlib.h>
#include <string.h>

#include "posture/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_buf text VL_CLEANUP(vl_buf_done), key VL_CLEANUP(vl_buf_done), again VL_CLEANUP(vl_buf_done);
    struct vl_resource_id id, second;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&text, 1 << 16);
    vl_buf_init(&key, 1 << 16);
    vl_buf_init(&again, 1 << 16);
    if (!arena || vl_resource_parse((struct vl_span){(const char *)data, size}, arena, &id, &err) < 0)
        return 0;
    (void)vl_resource_kind(&id);
    vl_resource_format(&id, &text);
    vl_resource_key(&id, &key);
    if (text.len > VL_RESOURCE_ID_MAX) /* plain bytes that are to be encoded make it longer */
        return 0;
    if (vl_resource_parse(vl_buf_span(&text), arena, &second, &err) < 0)
        abort();
    vl_resource_key(&second, &again);
    if (!vl_span_eq(vl_buf_span(&key), vl_buf_span(&again)))
        abort();
    return 0;
}
