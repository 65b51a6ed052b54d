#include <stdlib.h>

#include "base/buf.h"
#include "rule/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is written as text that parses to the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    VL_CLEANUP(vl_buf_done) struct vl_buf first, second;
    struct vl_condition *root = NULL, *again = NULL;
    struct vl_condition_error problem = {0};
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&first, 64UL * 1024 * 1024);
    vl_buf_init(&second, 64UL * 1024 * 1024);
    if (vl_condition_parse((struct vl_span){(const char *)data, size}, arena, &root, &problem, &err) < 0) {
        if (!problem.message || problem.offset > size || err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (vl_condition_format(root, &first, &err) < 0)
        abort();
    if (first.len > VL_CONDITION_BYTES_MAX)
        return 0;
    if (vl_condition_parse(vl_buf_span(&first), arena, &again, NULL, &err) < 0 ||
        vl_condition_format(again, &second, &err) < 0 ||
        !vl_span_eq(vl_buf_span(&first), vl_buf_span(&second)))
        abort();
    return 0;
}
