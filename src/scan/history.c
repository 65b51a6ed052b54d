#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define ENTRIES_MAX (2UL * VL_INVENTORY_PACKAGES_MAX)
#define KEY_MAX     (64UL * 1024)

/* A package database that is one file for all packages: its last version counts, and its path may change
 * (rpm's went from /var to /usr, from Berkeley DB to SQLite). */
static bool is_database(const struct vl_package *p)
{
    switch (p->ecosystem) {
    case VL_ECO_RPM:
    case VL_ECO_APK:
    case VL_ECO_COS:
    case VL_ECO_WINDOWS:
        return true;
    case VL_ECO_DEB:
    case VL_ECO_OPKG: /* but status.d/NAME */
        return vl_span_ends_with(vl_span_str(p->path), "/status");
    default:
        return false;
    }
}

/* Binary search for the first entry of a path. */
static const struct vl_layer_path *first_entry(
    const struct vl_layer_paths *paths, const char *path, const struct vl_layer_path **ret_end)
{
    const struct vl_layer_path *items = paths->entries.items;
    size_t from = 0, len = paths->entries.len;
    *ret_end = NULL;
    if (!items)
        return NULL;
    *ret_end = items + len;
    while (len) {
        size_t half = len / 2;
        if (vl_layer_path_compare(items[from + half].path, path) < 0) {
            from += half + 1;
            len -= half + 1;
        } else {
            len = half;
        }
    }
    return items + from;
}

const struct vl_layer_path *assembly_entry(const struct vl_layer_paths *paths, const char *path)
{
    const struct vl_layer_path *end, *e = first_entry(paths, path, &end);
    for (; e && e < end && strcmp(e->path, path) == 0; e++)
        if (e->kind != VL_LAYER_PATH_WHITEOUT && e->kind != VL_LAYER_PATH_OPAQUE)
            return e;
    return NULL;
}

static bool has_marker(const struct vl_layer_paths *paths, const char *path, bool whole)
{
    const struct vl_layer_path *end, *e = first_entry(paths, path, &end);
    for (; e && e < end && strcmp(e->path, path) == 0; e++)
        if (e->kind == VL_LAYER_PATH_WHITEOUT || (e->kind == VL_LAYER_PATH_OPAQUE && !whole))
            return true;
    return false;
}

/* Whether a layer deletes what lower ones have at `path`. */
static bool hides(const struct vl_layer_paths *paths, const char *path)
{
    char part[VL_TAR_PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof(part))
        return false;
    memcpy(part, path, len + 1);
    if (has_marker(paths, part, true))
        return true;
    for (char *slash; (slash = strrchr(part, '/'));) {
        *slash = '\0';
        if (has_marker(paths, part, false))
            return true;
    }
    return has_marker(paths, "", false);
}

static bool hidden_between(
    const struct history *h, const struct assembly *a, const char *path, uint32_t after, uint32_t up_to)
{
    for (uint32_t k = after + 1; k <= up_to; k++)
        if (h->markers[k] && hides(&a->indexes[k]->paths, path))
            return true;
    return false;
}

/* The place is written by layer `k`. */
static void touch(const struct history *h, const struct assembly *a, struct history_place *place, uint32_t k)
{
    if (place->last == k)
        return;
    place->before = hidden_between(h, a, place->path, place->last, k) ? VL_LAYER_NONE : place->last;
    place->last = k;
}

static struct vl_span place_key(struct history *h, const struct vl_package *p)
{
    vl_buf_clear(&h->key);
    vl_buf_append_char(&h->key, (char)('0' + (int)p->ecosystem));
    if (!is_database(p))
        vl_buf_append_str(&h->key, p->path);
    return vl_buf_span(&h->key);
}

static void append_part(struct vl_buf *key, const char *s)
{
    vl_buf_append_str(key, s ? s : "");
    vl_buf_append_char(key, '\0');
}

static struct vl_span package_key(struct history *h, const struct vl_package *p)
{
    (void)place_key(h, p);
    vl_buf_append_char(&h->key, '\0');
    append_part(&h->key, p->name);
    append_part(&h->key, p->arch);
    append_part(&h->key, p->version);
    return vl_buf_span(&h->key);
}

/* The slot of a key that lies in h->key; the map keeps a copy. */
static int put(struct history *h, const struct assembly *a, struct vl_map *map, struct vl_span key,
    struct vl_map_slot **ret_slot, bool *ret_added, struct vl_err *err)
{
    int r = vl_buf_check(&h->key, "a package's name", err);
    if (r < 0)
        return r;
    *ret_added = false;
    *ret_slot = vl_map_get(map, key);
    if (*ret_slot)
        return 0;
    const char *copy = vl_arena_dup_span(a->scratch, key);
    if (!copy)
        return vl_arena_check(a->scratch, "packages of all layers", err);
    r = vl_map_put(map, (struct vl_span){copy, key.len}, ret_slot, ret_added, err);
    return r < 0 ? vl_err_wrap(err, "packages of all layers") : 0;
}

static int place_of(struct history *h, const struct assembly *a, const struct vl_package *p, uint32_t k,
    struct history_place **ret, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    if (is_database(p)) {
        *ret = &h->databases[p->ecosystem];
        if (!(*ret)->path)
            **ret = (struct history_place){p->path, k, VL_LAYER_NONE};
        (*ret)->path = p->path;
        return 0;
    }
    int r = put(h, a, &h->places, place_key(h, p), &slot, &added, err);
    if (r < 0)
        return r;
    if (!added) {
        *ret = vl_vec_at(&h->list, slot->value.num);
        return 0;
    }
    slot->value.num = h->list.len;
    *ret = vl_vec_push(&h->list, "files that list packages", err);
    if (!*ret)
        return err->err < 0 ? err->err : vl_err_nomem(err);
    **ret = (struct history_place){p->path, k, VL_LAYER_NONE};
    return 0;
}

static uint64_t pack(uint32_t first, uint32_t last)
{
    return (uint64_t)first << 32 | last;
}

static int take_package(
    struct history *h, const struct assembly *a, const struct vl_package *p, uint32_t k, struct vl_err *err)
{
    struct history_place *place;
    struct vl_map_slot *slot;
    bool added;
    int r = place_of(h, a, p, k, &place, err);
    if (r < 0)
        return r;
    touch(h, a, place, k);
    r = put(h, a, &h->packages, package_key(h, p), &slot, &added, err);
    if (r < 0)
        return r;
    uint32_t last = (uint32_t)slot->value.num;
    bool goes_on = !added && place->before != VL_LAYER_NONE && last == place->before;
    if (added || last != k) /* else listed twice */
        slot->value.num = pack(goes_on ? (uint32_t)(slot->value.num >> 32) : k, k);
    return 0;
}

/* A database without any package is one too. */
static void touch_empty(struct history *h, const struct assembly *a, uint32_t k)
{
    for (size_t i = 0; i < VL_ECO_COUNT; i++) {
        struct history_place *place = &h->databases[i];
        if (place->path && place->last != k && assembly_entry(&a->indexes[k]->paths, place->path))
            touch(h, a, place, k);
    }
}

static int take_layer(struct history *h, const struct assembly *a, uint32_t k, struct vl_err *err)
{
    const struct vl_layer_index *index = a->indexes[k];
    int r = 0;
    for (size_t i = 0; i < index->paths.entries.len && !h->markers[k]; i++) {
        const struct vl_layer_path *e = vl_vec_at(&index->paths.entries, i);
        h->markers[k] = e->kind == VL_LAYER_PATH_WHITEOUT || e->kind == VL_LAYER_PATH_OPAQUE;
    }
    for (size_t i = 0; i < index->sink.packages.len && r >= 0; i++)
        r = take_package(h, a, vl_vec_at(&index->sink.packages, i), k, err);
    touch_empty(h, a, k);
    return r;
}

int history_build(struct history *h, const struct assembly *a, struct vl_err *err)
{
    *h = (struct history){0};
    vl_map_init(&h->packages, ENTRIES_MAX);
    vl_map_init(&h->places, ENTRIES_MAX);
    vl_vec_init(&h->list, sizeof(struct history_place), ENTRIES_MAX);
    vl_buf_init(&h->key, KEY_MAX);
    h->markers = calloc(a->n + 1, sizeof(*h->markers));
    if (!h->markers)
        return vl_err_nomem(err);
    int r = 0;
    for (size_t k = 0; k < a->n && a->n > 1 && r >= 0; k++)
        r = a->indexes[k] ? take_layer(h, a, (uint32_t)k, err) : 0;
    return r;
}

void history_done(struct history *h)
{
    vl_map_done(&h->packages);
    vl_map_done(&h->places);
    vl_vec_done(&h->list);
    vl_buf_done(&h->key);
    free(h->markers);
}

uint32_t history_first(struct history *h, uint32_t layer, const struct vl_package *package)
{
    if (h->packages.len == 0)
        return layer;
    const struct vl_map_slot *slot = vl_map_get(&h->packages, package_key(h, package));
    return slot && (uint32_t)slot->value.num == layer ? (uint32_t)(slot->value.num >> 32) : layer;
}
