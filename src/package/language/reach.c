#include "language/reach.h"

#define REACH_MAX 1000000

void pkg_reach_init(struct pkg_reach *reach)
{
    *reach = (struct pkg_reach){0};
    vl_map_init(&reach->seen, REACH_MAX);
    vl_vec_init(&reach->todo, sizeof(struct vl_span), REACH_MAX);
}

void pkg_reach_done(struct pkg_reach *reach)
{
    vl_map_done(&reach->seen);
    vl_vec_done(&reach->todo);
}

int pkg_reach_push(struct pkg_reach *reach, struct vl_span key, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&reach->seen, key, &slot, &added, err);
    if (r < 0 || !added)
        return r;
    slot->value.num = 1;
    struct vl_span *item = vl_vec_push(&reach->todo, "packages of a lock file", err);
    if (!item)
        return err->err;
    *item = key;
    return 0;
}

bool pkg_reach_next(struct pkg_reach *reach, struct vl_span *ret_key)
{
    const struct vl_span *item = vl_vec_at(&reach->todo, reach->next);
    if (!item)
        return false;
    reach->next++;
    *ret_key = *item;
    return true;
}

bool pkg_reach_has(const struct pkg_reach *reach, struct vl_span key)
{
    return vl_map_get(&reach->seen, key) != NULL;
}
