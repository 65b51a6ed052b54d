/* $filter as it comes from the network. */
#include "arm/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const fields[] = {"name", "state", "deep/er", NULL};
    const char *values[] = {"KeyVaults", NULL, ""};
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    struct vl_err err = VL_ERR_INIT;
    struct vl_arm_filter *filter = NULL;
    if (arena &&
        vl_arm_filter_parse((struct vl_span){(const char *)data, size}, fields, arena, &filter, &err) >= 0)
        (void)vl_arm_filter_match(filter, values);
    return 0;
}
