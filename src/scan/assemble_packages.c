/* Packages of all layers to the list of the image: visible ones, each once, in one order. */
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "history.h"

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

int assembly_compare_text(const char *a, const char *b)
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
        c = assembly_compare_text(a->arch, b->arch);
    if (c == 0)
        c = a->path == b->path ? 0 : strcmp(a->path, b->path);
    if (c == 0)
        c = a->layer < b->layer ? -1 : a->layer > b->layer;
    if (c == 0)
        c = a->line < b->line ? -1 : a->line > b->line;
    return c;
}

static size_t count_of(const struct vl_vec *packages, enum vl_ecosystem eco, const char *path)
{
    size_t n = 0;
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        n += p->ecosystem == eco && (!path || strcmp(p->path, path) == 0);
    }
    return n;
}

/* "RUN rm -r /var/lib/dpkg" makes an image smaller and its packages unknown, not gone. */
static void note_deleted_databases(struct assembly *a, const struct history *h)
{
    for (unsigned eco = 0; eco < VL_ECO_COUNT; eco++) {
        const struct history_place *place = &h->databases[eco];
        if (!place->path || count_of(&a->inventory->packages, eco, NULL) ||
            assembly_visible(a, place->last, place->path))
            continue;
        size_t n = count_of(&a->indexes[place->last]->sink.packages, eco, place->path);
        if (n)
            vl_notes_add(&a->inventory->notes, VL_NOTE_PARTIAL, VL_ERR_NOT_FOUND, place->path,
                "listed %zu packages and was deleted in a later layer: which of them are still there is not "
                "known",
                n);
    }
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
    note_deleted_databases(a, &h);
    if (packages->len > 1)
        qsort(packages->items, packages->len, sizeof(struct vl_package), compare);
    return assembly_drop_repeated(a, err);
}
