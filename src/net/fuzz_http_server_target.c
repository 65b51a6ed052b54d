/* Targets as they come from the network. */
#include "http_server_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(1 << 20);
    if (!arena || size > 65536)
        return 0;
    struct vl_http_call call = {.arena = arena};
    call.target = vl_arena_dup_span(arena, (struct vl_span){(const char *)data, size});
    if (!call.target || !vl_http_read_target(&call))
        return 0;
    for (size_t i = 0; i < call.n_segments; i++) {
        if (vl_span_eq_str(vl_span_str(call.segments[i]), ".."))
            __builtin_trap();
    }
    return 0;
}
