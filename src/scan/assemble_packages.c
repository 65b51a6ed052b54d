/* Packages of all layers to the list of the image: visible ones, each once, in one order. */
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "base/map.h"
#include "history.h"

#define KEY_MAX    (64UL * 1024)
#define NESTED_MAX 16 /* archives in archives that are looked through for the outer file */

const char *assembly_copy(const struct assembly *a, const char *s)
{
    return s && *s ? vl_arena_strdup(a->inventory->arena, s) : s ? "" : NULL;
}

size_t assembly_file_len(const struct assembly *a, const char *path)
{
    size_t len = strlen(path);
    if (!strchr(path, '!') || vl_merge_find(a->merge, path))
        return len;
    const char *bang = strchr(path, '!');
    char file[VL_TAR_PATH_MAX];
    for (unsigned i = 0; bang && i < NESTED_MAX; i++, bang = strchr(bang + 1, '!')) {
        size_t part = (size_t)(bang - path);
        if (part >= sizeof(file))
            break;
        memcpy(file, path, part);
        file[part] = '\0';
        if (vl_merge_find(a->merge, file))
            return part;
    }
    return strcspn(path, "!");
}

static bool file_visible(const struct assembly *a, size_t layer, const char *path, bool *ret_known)
{
    *ret_known = assembly_entry(&a->indexes[layer]->paths, path) != NULL;
    return *ret_known && vl_merge_visible(a->merge, layer, path);
}

bool assembly_visible(const struct assembly *a, size_t layer, const char *path)
{
    bool known;
    if (a->folder || file_visible(a, layer, path, &known))
        return true;
    char file[VL_TAR_PATH_MAX];
    const char *bang = strchr(path, '!');
    for (unsigned i = 0; !known && bang && i < NESTED_MAX; i++, bang = strchr(bang + 1, '!')) {
        size_t part = (size_t)(bang - path);
        if (part >= sizeof(file))
            break;
        memcpy(file, path, part);
        file[part] = '\0';
        if (file_visible(a, layer, file, &known))
            return true;
    }
    return !known; /* what no entry of the layer speaks of, no layer above can have hidden */
}

/* Most packages come from one database: its path is judged and copied once. */
struct source {
    const char *path;
    const char *copy; /* in the inventory */
    bool visible;
};

static int copy_licenses(const struct assembly *a, struct vl_package *p, struct vl_err *err)
{
    if (p->n_licenses == 0) {
        p->licenses = NULL;
        return 0;
    }
    const char **list = vl_arena_array(a->inventory->arena, p->n_licenses, sizeof(*list));
    for (uint32_t i = 0; list && i < p->n_licenses; i++)
        list[i] = assembly_copy(a, p->licenses[i]);
    p->licenses = list;
    return list ? 0 : vl_arena_check(a->inventory->arena, "packages", err);
}

static int add_package(struct assembly *a, const struct vl_package *from, const struct source *source,
    uint32_t layer, struct vl_err *err)
{
    struct vl_package *p = vl_vec_push(&a->inventory->packages, "packages", err);
    if (!p)
        return err->err;
    *p = *from;
    p->name = assembly_copy(a, from->name);
    p->version = assembly_copy(a, from->version);
    p->arch = assembly_copy(a, from->arch);
    p->source_name = assembly_copy(a, from->source_name);
    p->source_version = assembly_copy(a, from->source_version);
    p->vendor = assembly_copy(a, from->vendor);
    p->module = assembly_copy(a, from->module);
    p->digest = assembly_copy(a, from->digest);
    p->path = source->copy;
    p->purl = NULL;
    p->layer = layer;
    p->owner = VL_PACKAGE_NONE;
    return copy_licenses(a, p, err);
}

static int take_layer(struct assembly *a, struct history *h, uint32_t k, struct vl_err *err)
{
    const struct vl_vec *packages = &a->indexes[k]->sink.packages;
    struct source source = {0};
    int r = 0;
    for (size_t i = 0; i < packages->len && r >= 0; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        if (!source.path || strcmp(source.path, p->path) != 0) {
            source.path = p->path;
            source.visible = assembly_visible(a, k, p->path);
            source.copy = source.visible ? assembly_copy(a, p->path) : NULL;
        }
        if (source.visible)
            r = add_package(a, p, &source, a->folder ? VL_LAYER_NONE : history_first(h, k, p), err);
    }
    return r < 0 ? r : vl_arena_check(a->inventory->arena, "packages", err);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *left, const void *right)
{
    const struct vl_package *a = left, *b = right;
    if (a->ecosystem != b->ecosystem)
        return a->ecosystem < b->ecosystem ? -1 : 1;
    int c = strcmp(a->name, b->name);
    if (c == 0)
        c = strcmp(a->version, b->version);
    if (c == 0)
        c = compare_text(a->arch, b->arch);
    if (c == 0)
        c = a->path == b->path ? 0 : strcmp(a->path, b->path);
    if (c == 0)
        c = a->layer < b->layer ? -1 : a->layer > b->layer;
    if (c == 0)
        c = a->line < b->line ? -1 : a->line > b->line;
    return c;
}

#define LESSER_FLAGS \
    (VL_PACKAGE_DEV | VL_PACKAGE_LOCKED | VL_PACKAGE_OPTIONAL | VL_PACKAGE_INDIRECT | VL_PACKAGE_BUNDLED)

/* What makes a package matter less must hold for both; what one alone tells is kept. */
static void absorb(struct vl_package *kept, const struct vl_package *other)
{
    unsigned lesser = kept->flags & other->flags & LESSER_FLAGS;
    unsigned rest = (kept->flags | other->flags) & ~(unsigned)LESSER_FLAGS;
    kept->flags = lesser | rest;
    if (kept->n_licenses == 0) {
        kept->licenses = other->licenses;
        kept->n_licenses = other->n_licenses;
    }
    if (!kept->digest)
        kept->digest = other->digest;
}

/* The same file says it twice, or two databases of one distribution do (a package list converted, and the old
 * one left where it was). */
static bool is_same(const struct vl_package *a, const struct vl_package *b)
{
    return a->ecosystem == b->ecosystem && strcmp(a->name, b->name) == 0 &&
           strcmp(a->version, b->version) == 0 && compare_text(a->arch, b->arch) == 0 &&
           (vl_ecosystem_info(a->ecosystem)->distribution || strcmp(a->path, b->path) == 0);
}

/* Where a package of a language is installed, and what it is called there; two files that tell of it agree in
 * both. Empty: only the path itself tells. */
static void place_key(const struct vl_package *p, struct vl_buf *key)
{
    struct vl_span path = vl_span_str(p->path);
    size_t at;
    vl_buf_clear(key);
    if (p->ecosystem == VL_ECO_NPM) { /* "R/node_modules/…" and the lock file in R */
        at = (p->flags & VL_PACKAGE_LOCKED) ? vl_span_rfind_char(path, '/')
                                            : vl_span_find(path, VL_SPAN_LIT("node_modules/"));
        if (at == SIZE_MAX && !(p->flags & VL_PACKAGE_LOCKED))
            return;
        path = vl_span_slice(path, 0, at == SIZE_MAX ? 0 : at);
        if (vl_span_ends_with(path, "/"))
            path.len--;
        if (vl_span_ends_with(path, "/node_modules")) /* node_modules/.package-lock.json */
            path.len -= sizeof("/node_modules") - 1;
        else if (vl_span_eq_str(path, "node_modules"))
            path.len = 0;
        vl_buf_append_str(key, p->name);
    } else if (p->ecosystem == VL_ECO_PYPI &&
               !(p->flags & VL_PACKAGE_LOCKED)) { /* S/NAME-VERSION.dist-info/… */
        at = vl_span_find(path, VL_SPAN_LIT(".egg-info"));
        at = at == SIZE_MAX ? vl_span_find(path, VL_SPAN_LIT(".dist-info/")) : at;
        if (at == SIZE_MAX)
            return;
        at = vl_span_rfind_char(vl_span_slice(path, 0, at), '/');
        path = vl_span_slice(path, 0, at == SIZE_MAX ? 0 : at);
        bool dash = false; /* PEP 503: runs of "-", "_" and "." are one "-" */
        for (const char *c = p->name; *c; c++) {
            bool now = *c == '-' || *c == '_' || *c == '.';
            if (!now || !dash)
                vl_buf_append_char(key, now ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
            dash = now;
        }
    } else if (p->ecosystem == VL_ECO_NUGET && !(p->flags & VL_PACKAGE_LOCKED)) {
        /* R/APP.deps.json and the assembly R/[runtimes/…/]NAME.dll, whose version may be written otherwise */
        at = vl_span_find(path, VL_SPAN_LIT("/runtimes/"));
        at = at == SIZE_MAX ? vl_span_rfind_char(path, '/') : at;
        path = vl_span_slice(path, 0, at == SIZE_MAX ? 0 : at);
        for (const char *c = p->name; *c; c++)
            vl_buf_append_char(key, *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c);
        vl_buf_append_char(key, '\0');
        vl_buf_append_span(key, path);
        return;
    } else {
        return;
    }
    vl_buf_append_char(key, '\0');
    vl_buf_append_str(key, p->version);
    vl_buf_append_char(key, '\0');
    vl_buf_append_span(key, path);
}

struct places {
    struct vl_map map; /* key -> index of the package + 1 */
    struct vl_buf key;
};

static void places_done(struct places *s)
{
    vl_map_done(&s->map);
    vl_buf_done(&s->key);
}

static bool is_assembly(const struct vl_package *p)
{
    return p->ecosystem == VL_ECO_NUGET && vl_span_ends_with(vl_span_str(p->path), ".dll");
}

/* Python packages told of by dist-info and egg-info alike, and .NET's by assembly and deps.json, are merged
 * here; npm's installed ones are remembered. Marks what is dropped by version NULL. */
static int merge_installed(
    struct assembly *a, struct places *s, struct vl_package *list, size_t i, struct vl_err *err)
{
    struct vl_package *p = &list[i];
    struct vl_map_slot *slot;
    bool added;
    if (p->flags & VL_PACKAGE_LOCKED)
        return 0;
    place_key(p, &s->key);
    if (s->key.len == 0)
        return vl_buf_check(&s->key, "a package's name", err);
    const char *copy = vl_arena_dup_span(a->scratch, vl_buf_span(&s->key));
    if (!copy)
        return vl_arena_check(a->scratch, "installed packages", err);
    int r = vl_map_put(&s->map, (struct vl_span){copy, s->key.len}, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.num = i + 1;
    } else if (p->ecosystem == VL_ECO_PYPI) {
        absorb(&list[slot->value.num - 1], p);
        p->version = NULL;
    } else if (is_assembly(p)) {
        p->version = NULL;
    } else if (is_assembly(&list[slot->value.num - 1])) {
        list[slot->value.num - 1].version = NULL;
        slot->value.num = i + 1;
    }
    return 0;
}

/* A lock file tells more of a package that is installed beside it: whether it is for development only. */
static void merge_locked(struct places *s, struct vl_package *list, size_t i)
{
    struct vl_package *p = &list[i];
    if (p->ecosystem != VL_ECO_NPM || !(p->flags & VL_PACKAGE_LOCKED) || (p->flags & VL_PACKAGE_MAIN))
        return;
    place_key(p, &s->key);
    const struct vl_map_slot *slot = vl_map_get(&s->map, vl_buf_span(&s->key));
    if (!slot)
        return;
    list[slot->value.num - 1].flags |=
        p->flags & (VL_PACKAGE_DEV | VL_PACKAGE_OPTIONAL | VL_PACKAGE_INDIRECT);
    p->version = NULL;
}

static void compact(struct vl_vec *packages)
{
    struct vl_package *list = packages->items;
    size_t kept = 0;
    for (size_t i = 0; i < packages->len; i++)
        if (list[i].version)
            list[kept++] = list[i];
    packages->len = kept;
}

static int drop_repeated(struct assembly *a, struct vl_err *err)
{
    struct vl_vec *packages = &a->inventory->packages;
    struct vl_package *list = packages->items;
    VL_CLEANUP(places_done) struct places s;
    vl_map_init(&s.map, VL_INVENTORY_PACKAGES_MAX);
    vl_buf_init(&s.key, KEY_MAX);
    size_t last = 0;
    for (size_t i = 1; i < packages->len; i++) {
        if (is_same(&list[last], &list[i])) {
            absorb(&list[last], &list[i]);
            list[i].version = NULL;
        } else {
            last = i;
        }
    }
    compact(packages);
    int r = 0;
    for (size_t i = 0; i < packages->len && r >= 0; i++)
        r = merge_installed(a, &s, list, i, err);
    for (size_t i = 0; i < packages->len && r >= 0; i++)
        if (list[i].version)
            merge_locked(&s, list, i);
    compact(packages);
    return r;
}

int assembly_packages(struct assembly *a, struct vl_err *err)
{
    VL_CLEANUP(history_done) struct history h;
    struct vl_vec *packages = &a->inventory->packages;
    int r = history_build(&h, a, err);
    for (size_t k = 0; k < a->n && r >= 0; k++)
        r = a->indexes[k] ? take_layer(a, &h, (uint32_t)k, err) : 0;
    if (r < 0)
        return r;
    if (packages->len > 1)
        qsort(packages->items, packages->len, sizeof(struct vl_package), compare);
    return drop_repeated(a, err);
}
