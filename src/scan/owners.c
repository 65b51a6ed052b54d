#include "owners.h"

#include <string.h>

void owners_init(struct owners *o, struct vl_arena *arena)
{
    memset(o, 0, sizeof(*o));
    o->arena = arena;
    vl_map_init(&o->wants, OWNERS_WANTS_MAX);
    vl_vec_init(&o->found, sizeof(uint32_t), OWNERS_WANTS_MAX);
}

void owners_done(struct owners *o)
{
    vl_map_done(&o->wants);
    vl_vec_done(&o->found);
}

/* Of the length and the last bytes: nearly every owned path is told from all wanted ones by these alone, for
 * much less than a hash of it. Who chooses paths that are not told apart makes the search slower, nothing
 * else. */
static uint32_t filter_bit(struct vl_span path)
{
    uint64_t tail = 0, middle = 0;
    size_t n = path.len < sizeof(tail) ? path.len : sizeof(tail);
    if (n == 0)
        return 0;
    memcpy(&tail, path.ptr + path.len - n, n);
    memcpy(&middle, path.ptr + (path.len - n) / 2, n);
    uint64_t mixed = (tail ^ (middle << 1) ^ (uint64_t)path.len) * 0x9e3779b97f4a7c15U;
    return (uint32_t)(mixed >> 48) % OWNERS_FILTER_BITS;
}

static bool may_be_wanted(const struct owners *o, struct vl_span path)
{
    uint32_t bit = filter_bit(path);
    return o->filter[bit / 64] >> (bit % 64) & 1;
}

/* "p/x.dist-info" of "p/x.dist-info/METADATA"; empty for all other paths. */
static struct vl_span metadata_folder(struct vl_span path)
{
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    if (!slash)
        return VL_SPAN_EMPTY;
    struct vl_span folder = {path.ptr, (size_t)(slash - path.ptr)};
    bool is = vl_span_ends_with(folder, ".dist-info") || vl_span_ends_with(folder, ".egg-info");
    return is ? folder : VL_SPAN_EMPTY;
}

/* Adds the name unless it has a want already. */
static int name_want(
    struct owners *o, struct vl_span path, uint32_t want, uint32_t *ret_want, struct vl_err *err)
{
    struct vl_map_slot *slot = vl_map_get(&o->wants, path);
    if (slot) {
        *ret_want = (uint32_t)slot->value.num;
        return 0;
    }
    const char *copy = vl_arena_dup_span(o->arena, path);
    int r = copy ? 0 : vl_arena_check(o->arena, "paths that packages may own", err);
    if (!copy)
        return r < 0 ? r : vl_err_nomem(err);
    path.ptr = copy;
    r = vl_map_put(&o->wants, path, &slot, NULL, err);
    if (r < 0)
        return vl_err_wrap(err, "paths that packages may own");
    slot->value.num = *ret_want = want;
    uint32_t bit = filter_bit(path);
    o->filter[bit / 64] |= 1ULL << (bit % 64);
    return 0;
}

int owners_want(struct owners *o, struct vl_span path, uint32_t *ret_want, struct vl_err *err)
{
    uint32_t want = (uint32_t)o->found.len, got = want;
    struct vl_span folder = metadata_folder(path);
    int r = name_want(o, folder.len ? folder : path, want, &got, err);
    if (r < 0)
        return r;
    if (got == want) {
        uint32_t *found = vl_vec_push(&o->found, "paths that packages may own", err);
        if (!found)
            return err->err;
        *found = OWNERS_NONE;
    }
    *ret_want = got;
    return 0;
}

int owners_alias(struct owners *o, uint32_t want, struct vl_span path, struct vl_err *err)
{
    uint32_t ignored;
    struct vl_span folder = metadata_folder(path);
    return name_want(o, folder.len ? folder : path, want, &ignored, err);
}

static void look_up(struct owners *o, struct vl_span path, uint32_t owner)
{
    const struct vl_map_slot *slot = may_be_wanted(o, path) ? vl_map_get(&o->wants, path) : NULL;
    uint32_t *found = slot ? vl_vec_at(&o->found, slot->value.num) : NULL;
    if (found && *found == OWNERS_NONE)
        *found = owner;
}

void owners_search(struct owners *o, struct vl_span paths, uint32_t owner)
{
    struct vl_span path;
    while (o->wants.len && vl_span_split(&paths, '\n', &path)) {
        look_up(o, path, owner);
        struct vl_span folder = metadata_folder(path);
        if (folder.len)
            look_up(o, folder, owner);
    }
}

uint32_t owners_of(const struct owners *o, uint32_t want)
{
    const uint32_t *found = vl_vec_at(&o->found, want);
    return found ? *found : OWNERS_NONE;
}
