#include "license.h"

int os_set_licenses(struct vl_package *package, const struct vl_span *licenses, uint32_t n,
    struct vl_arena *arena, const char *what, struct vl_err *err)
{
    const char **list = vl_arena_array(arena, n, sizeof(*list));
    uint32_t filled = 0;
    for (uint32_t i = 0; list && i < n; i++) {
        if (licenses[i].len)
            list[filled++] = vl_arena_dup_span(arena, licenses[i]);
    }
    int r = vl_arena_check(arena, what, err);
    if (r < 0 || filled == 0)
        return r;
    package->licenses = list;
    package->n_licenses = filled;
    return 0;
}

int os_set_license(struct vl_package *package, struct vl_span license, struct vl_arena *arena,
    const char *what, struct vl_err *err)
{
    return os_set_licenses(package, &license, license.len ? 1 : 0, arena, what, err);
}
