/* What the target says of its system: distribution, Windows build and updates, licences told by files of
 * their own. */
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "base/map.h"
#include "base/time.h"
#include "package/distro.h"

#define DISTRO_STRINGS 7

static void strings_of(struct vl_distro *distro, const char **slots[DISTRO_STRINGS])
{
    slots[0] = &distro->id;
    slots[1] = &distro->id_like;
    slots[2] = &distro->version_id;
    slots[3] = &distro->codename;
    slots[4] = &distro->pretty_name;
    slots[5] = &distro->variant_id;
    slots[6] = &distro->cpe_name;
}

/* A layer's answer rests on the first of these that it has: the index tells only the answer. */
static bool distro_visible(const struct assembly *a, size_t layer)
{
    static const char *const files[] = {"etc/os-release", "usr/lib/os-release", "etc/alpine-release",
        "etc/centos-release", "etc/rocky-release", "etc/almalinux-release", "etc/oracle-release",
        "etc/fedora-release", "etc/lsb-release", "etc/openwrt_release", "etc/system-release",
        "etc/redhat-release", "etc/debian_version"};
    for (size_t i = 0; i < VL_ARRAY_LEN(files); i++) {
        const struct vl_layer_path *e = assembly_entry(&a->indexes[layer]->paths, files[i]);
        if (e && (e->kind == VL_LAYER_PATH_FILE || e->kind == VL_LAYER_PATH_HARDLINK))
            return assembly_visible(a, layer, files[i]);
    }
    return true; /* none of them: a hive, or a place of its own */
}

/* Fills gaps of `into` where both speak of the same distribution. */
static void fill(struct vl_distro *into, struct vl_distro from)
{
    const char **to[DISTRO_STRINGS], **other[DISTRO_STRINGS];
    if (strcmp(into->id, from.id) != 0)
        return;
    strings_of(into, to);
    strings_of(&from, other);
    for (size_t i = 0; i < DISTRO_STRINGS; i++)
        if (!**to[i])
            *to[i] = *other[i];
    if (into->support_ends_ms == 0)
        into->support_ends_ms = from.support_ends_ms;
}

static struct vl_distro without_null(struct vl_distro distro)
{
    const char **slots[DISTRO_STRINGS];
    strings_of(&distro, slots);
    for (size_t i = 0; i < DISTRO_STRINGS; i++)
        *slots[i] = *slots[i] ? *slots[i] : "";
    return distro;
}

/* The file believed most; of two such the upper one. *ret_layer is VL_LAYER_NONE where nothing tells. */
static struct vl_distro choose_distro(const struct assembly *a, uint32_t *ret_layer)
{
    struct vl_distro best = a->inventory->distro;
    unsigned rank = 0;
    *ret_layer = VL_LAYER_NONE;
    for (size_t k = a->n; k-- > 0;) {
        const struct vl_package_sink *sink = a->indexes[k] ? &a->indexes[k]->sink : NULL;
        if (!sink || !sink->has_distro || (!a->folder && !distro_visible(a, k)))
            continue;
        struct vl_distro found = without_null(sink->distro);
        if (*ret_layer == VL_LAYER_NONE || sink->distro_rank > rank) {
            if (*ret_layer != VL_LAYER_NONE)
                fill(&found, best);
            best = found;
            rank = sink->distro_rank;
            *ret_layer = (uint32_t)k;
        } else {
            fill(&best, found);
        }
    }
    return best;
}

static bool is_windows(const struct vl_distro *distro)
{
    return strcmp(distro->id, "windows") == 0;
}

/* "10.0.20348.2113" to numbers. */
static bool build_numbers(const char *version, uint64_t ret[4])
{
    struct vl_span rest = vl_span_str(version), part;
    size_t n = 0;
    for (; n < 4 && vl_span_split(&rest, '.', &part); n++)
        if (!vl_span_to_u64(part, &ret[n]))
            return false;
    return n == 4 && rest.len == 0;
}

/* Both of one release, and `a` with the later update. */
static bool later_update(const char *a, const char *b)
{
    uint64_t x[4], y[4];
    return build_numbers(a, x) && build_numbers(b, y) && memcmp(x, y, 3 * sizeof(x[0])) == 0 && x[3] > y[3];
}

/* The base layers of Windows images lie at Microsoft and are not always read: then the configuration tells
 * the build. It does so too where a layer brought an update, whose hive holds only the difference to the one
 * beneath. */
static void ask_configuration(const struct assembly *a, struct vl_distro *distro)
{
    const struct vl_target *target = &a->inventory->target;
    if (!target->os || strcmp(target->os, "windows") != 0)
        return;
    if (!*distro->id)
        distro->id = "windows";
    if (is_windows(distro) && target->os_version &&
        (!*distro->version_id || later_update(target->os_version, distro->version_id)))
        distro->version_id = target->os_version;
}

/* The system itself is what Microsoft's advisories speak of. */
static int add_windows(struct assembly *a, uint32_t layer, struct vl_err *err)
{
    const struct vl_distro *distro = &a->inventory->distro;
    if (!is_windows(distro))
        return 0;
    struct vl_package *p = vl_vec_push(&a->inventory->packages, "packages", err);
    if (!p)
        return err->err;
    *p = (struct vl_package){.ecosystem = VL_ECO_WINDOWS,
        .name = "windows",
        .version = distro->version_id,
        .arch = a->inventory->target.arch,
        .path = "",
        .layer = a->folder ? VL_LAYER_NONE : layer,
        .owner = VL_PACKAGE_NONE};
    return 0;
}

static int compare_updates(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Updates do not go away: what any layer has installed is there. */
static int take_updates(struct assembly *a, struct vl_err *err)
{
    struct vl_vec *updates = &a->inventory->updates;
    for (size_t k = 0; k < a->n; k++) {
        const struct vl_vec *list = a->indexes[k] ? &a->indexes[k]->sink.updates : NULL;
        for (size_t i = 0; list && i < list->len; i++) {
            const char **slot = vl_vec_push(updates, "Windows updates", err);
            if (!slot)
                return err->err;
            *slot = assembly_copy(a, *(const char **)vl_vec_at(list, i));
            if (!*slot)
                return vl_arena_check(a->inventory->arena, "Windows updates", err);
        }
    }
    if (updates->len < 2)
        return 0;
    qsort(updates->items, updates->len, sizeof(const char *), compare_updates);
    const char **items = updates->items;
    size_t kept = 1;
    for (size_t i = 1; i < updates->len; i++)
        if (strcmp(items[kept - 1], items[i]) != 0)
            items[kept++] = items[i];
    updates->len = kept;
    return 0;
}

int assembly_system(struct assembly *a, struct vl_err *err)
{
    uint32_t layer;
    struct vl_distro *distro = &a->inventory->distro;
    const char **slots[DISTRO_STRINGS];
    *distro = choose_distro(a, &layer);
    ask_configuration(a, distro);
    strings_of(distro, slots);
    for (size_t i = 0; i < DISTRO_STRINGS; i++)
        *slots[i] = assembly_copy(a, *slots[i]);
    int r = vl_arena_check(a->inventory->arena, "distribution", err);
    if (r < 0)
        return r;
    (void)vl_distro_support(distro, vl_time_now_ms());
    r = add_windows(a, layer, err);
    return r < 0 ? r : take_updates(a, err);
}

/* Licences of one package in one layer's list, which follow one another. */
struct told {
    const struct vl_vec *list;
    size_t first, count;
};

static int collect_told(
    const struct assembly *a, struct vl_map *names, struct vl_vec *all, struct vl_err *err)
{
    for (size_t k = a->n; k-- > 0;) { /* the uppermost layer that tells */
        const struct vl_vec *list = a->indexes[k] ? &a->indexes[k]->sink.licenses : NULL;
        for (size_t i = 0, n = 0; list && i < list->len; i += n) {
            const struct vl_package_license *first = vl_vec_at(list, i), *next;
            struct vl_map_slot *slot;
            bool added;
            for (n = 1; (next = vl_vec_at(list, i + n)) && strcmp(next->package, first->package) == 0; n++)
                ;
            int r = vl_map_put(names, vl_span_str(first->package), &slot, &added, err);
            if (r < 0)
                return r;
            if (!added)
                continue;
            struct told *told = vl_vec_push(all, "licences", err);
            if (!told)
                return err->err;
            *told = (struct told){list, i, n};
            slot->value.num = all->len;
        }
    }
    return 0;
}

/* The folder of one package may be a link to that of another: "usr/share/doc/libssl-dev" to "libssl3". */
static const struct vl_map_slot *find_told(
    const struct assembly *a, const struct vl_map *names, const char *package)
{
    const struct vl_map_slot *slot = vl_map_get(names, vl_span_str(package));
    static const char doc[] = "usr/share/doc/", file[] = "/copyright";
    char path[VL_TAR_PATH_MAX], real[VL_TAR_PATH_MAX];
    size_t len = strlen(package);
    if (slot || len + sizeof(doc) + sizeof(file) > sizeof(path))
        return slot;
    memcpy(path, doc, sizeof(doc) - 1);
    memcpy(path + sizeof(doc) - 1, package, len);
    memcpy(path + sizeof(doc) - 1 + len, file, sizeof(file));
    if (!vl_merge_resolve(a->merge, path, true, real) || strcmp(path, real) == 0)
        return NULL;
    struct vl_span name = vl_span_str(real);
    if (!vl_span_starts_with(name, doc) || !vl_span_ends_with(name, file))
        return NULL;
    return vl_map_get(names, vl_span_slice(name, sizeof(doc) - 1, name.len - (sizeof(file) - 1)));
}

static int give(const struct assembly *a, struct vl_package *p, const struct told *told, struct vl_err *err)
{
    const char **list = vl_arena_array(a->inventory->arena, told->count, sizeof(*list));
    for (size_t i = 0; list && i < told->count; i++) {
        const struct vl_package_license *from = vl_vec_at(told->list, told->first + i);
        list[i] = assembly_copy(a, from->license);
    }
    int r = vl_arena_check(a->inventory->arena, "licences", err);
    if (r < 0 || !list)
        return r;
    p->licenses = list;
    p->n_licenses = (uint32_t)told->count;
    return 0;
}

struct licenses {
    struct vl_map names; /* package -> index in `all` + 1 */
    struct vl_vec all;   /* struct told */
};

static void licenses_done(struct licenses *l)
{
    vl_map_done(&l->names);
    vl_vec_done(&l->all);
}

int assembly_licenses(struct assembly *a, struct vl_err *err)
{
    VL_CLEANUP(licenses_done) struct licenses l;
    vl_map_init(&l.names, VL_INVENTORY_PACKAGES_MAX);
    vl_vec_init(&l.all, sizeof(struct told), VL_INVENTORY_PACKAGES_MAX);
    int r = collect_told(a, &l.names, &l.all, err);
    for (size_t i = 0; l.all.len && i < a->inventory->packages.len && r >= 0; i++) {
        struct vl_package *p = vl_vec_at(&a->inventory->packages, i);
        if (p->n_licenses || !vl_ecosystem_info(p->ecosystem)->distribution)
            continue;
        const struct vl_map_slot *slot = find_told(a, &l.names, p->name);
        if (slot)
            r = give(a, p, vl_vec_at(&l.all, slot->value.num - 1), err);
    }
    return r;
}
