#include "lib_urls.h"

#include "run_impl.h"
#include "value_impl.h"

struct vl_cel_value vl_cel_query_map(struct vl_cel_run *run)
{
    return vl_cel_map_grow(vl_cel_run_arena(run));
}

bool vl_cel_query_put(
    struct vl_cel_run *run, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value)
{
    struct vl_arena *arena = vl_cel_run_arena(run);
    struct vl_cel_value list;
    if (key.kind != VL_CEL_STRING || value.kind != VL_CEL_STRING)
        return false;
    if (!vl_cel_map_get(map, key, &list)) {
        list = vl_cel_list_grow(arena);
        if (!vl_cel_map_put(arena, map, key, list))
            return false;
    }
    return vl_cel_list_push(arena, list, value);
}
