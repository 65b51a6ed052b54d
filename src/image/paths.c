#include "image/layer.h"

#include <stdlib.h>
#include <string.h>

int vl_layer_path_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned x = (unsigned char)*a;
    unsigned y = (unsigned char)*b;
    if (x == y)
        return 0;
    /* The end sorts before "/", "/" before all else. */
    x = x == '/' ? 1 : x ? x + 1 : 0;
    y = y == '/' ? 1 : y ? y + 1 : 0;
    return x < y ? -1 : 1;
}

void vl_layer_paths_init(struct vl_layer_paths *paths, struct vl_arena *arena)
{
    paths->arena = arena;
    vl_vec_init(&paths->entries, sizeof(struct vl_layer_path), VL_LAYER_ENTRIES_MAX);
}

void vl_layer_paths_done(struct vl_layer_paths *paths)
{
    vl_vec_done(&paths->entries);
}

int vl_layer_paths_add(struct vl_layer_paths *paths, enum vl_layer_path_kind kind, const char *path,
    const char *target, struct vl_err *err)
{
    struct vl_layer_path *p = vl_vec_push(&paths->entries, "entries of a layer", err);
    if (!p)
        return err->err;
    p->kind = (uint8_t)kind;
    p->path = vl_arena_strdup(paths->arena, path);
    p->target = target ? vl_arena_strdup(paths->arena, target) : NULL;
    if (!p->path || (target && !p->target))
        return vl_arena_check(paths->arena, "paths of a layer", err) < 0 ? err->err : vl_err_nomem(err);
    return 0;
}

/* Markers stay beside an entry of the same path. */
static unsigned rank(uint8_t kind)
{
    return kind == VL_LAYER_PATH_WHITEOUT ? 1 : kind == VL_LAYER_PATH_OPAQUE ? 2 : 0;
}

static int compare_paths(const struct vl_layer_path *a, const struct vl_layer_path *b)
{
    int c = vl_layer_path_compare(a->path, b->path);
    return c ? c : (int)rank(a->kind) - (int)rank(b->kind);
}

/* Paths of one tar are mostly in order already: merging the runs that are there is stable, and quick. */
static void merge_runs(const struct vl_layer_path *from, size_t a_end, size_t end, struct vl_layer_path *to)
{
    size_t a = 0;
    size_t b = a_end;
    for (size_t i = 0; i < end; i++)
        to[i] = b >= end || (a < a_end && compare_paths(&from[a], &from[b]) <= 0) ? from[a++] : from[b++];
}

static size_t run_length(const struct vl_layer_path *items, size_t len)
{
    size_t n = 1;
    while (n < len && compare_paths(&items[n - 1], &items[n]) <= 0)
        n++;
    return n;
}

/* One pass: pairs of neighbouring runs become one. Returns whether all is one run now. */
static bool merge_pass(const struct vl_layer_path *from, size_t len, struct vl_layer_path *to)
{
    size_t runs = 0;
    for (size_t at = 0; at < len; runs++) {
        size_t first = run_length(from + at, len - at);
        size_t second = at + first < len ? run_length(from + at + first, len - at - first) : 0;
        merge_runs(from + at, first, first + second, to + at);
        at += first + second;
    }
    return runs <= 1;
}

/* Of equal paths and ranks the last one stays. */
static size_t drop_repeated(struct vl_layer_path *items, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++)
        if (i + 1 == len || compare_paths(&items[i], &items[i + 1]) != 0)
            items[kept++] = items[i];
    return kept;
}

int vl_layer_paths_sort(struct vl_layer_paths *paths, struct vl_err *err)
{
    size_t len = paths->entries.len;
    struct vl_layer_path *items = paths->entries.items;
    if (len < 2)
        return 0;
    struct vl_layer_path *spare = calloc(len, sizeof(*spare));
    if (!spare)
        return vl_err_nomem(err);
    struct vl_layer_path *from = items;
    struct vl_layer_path *to = spare;
    for (bool done = false; !done;) {
        done = merge_pass(from, len, to);
        struct vl_layer_path *swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, len * sizeof(*items));
    free(spare);
    paths->entries.len = drop_repeated(items, len);
    return 0;
}
