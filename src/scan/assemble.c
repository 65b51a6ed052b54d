#include "assemble.h"

#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "base/map.h"

#define SECRETS_KEYS_MAX 1000000

/* What a file said that is no more there matters to nobody; it is still told. */
static enum vl_note_kind note_kind(const struct assembly *a, size_t layer, const struct vl_note *note)
{
    bool gone = note->kind == VL_NOTE_PARTIAL && note->object && !assembly_visible(a, layer, note->object);
    return gone ? VL_NOTE_INFO : note->kind;
}

static void take_notes(struct assembly *a)
{
    struct vl_inventory *inv = a->inventory;
    for (size_t k = 0; k < a->n; k++) {
        const struct vl_layer_index *index = a->indexes[k];
        for (size_t i = 0; index && i < index->notes.len; i++) {
            const struct vl_note *note = &index->notes.items[i];
            vl_notes_add(&inv->notes, note_kind(a, k, note), note->code, note->object, "%s", note->message);
        }
        if (index && index->notes.dropped) {
            inv->notes.dropped += index->notes.dropped;
            inv->notes.partial = inv->notes.partial || index->notes.partial;
        }
    }
}

static void take_totals(struct assembly *a)
{
    struct vl_inventory *inv = a->inventory;
    bool any = false, all = true;
    for (size_t k = 0; k < a->n; k++) {
        const struct vl_layer_index *index = a->indexes[k];
        if (!index)
            continue;
        inv->files_seen += index->files;
        inv->bytes_read += index->bytes;
        any = true;
        all = all && index->secrets_scanned;
    }
    inv->secrets_scanned = any && all;
}

static int compare_secrets(const void *left, const void *right)
{
    const struct vl_secret *a = left, *b = right;
    int c = strcmp(a->path, b->path);
    if (c == 0)
        c = a->line < b->line ? -1 : a->line > b->line;
    if (c == 0)
        c = strcmp(a->rule, b->rule);
    if (c == 0)
        c = strcmp(a->fingerprint, b->fingerprint);
    return c;
}

/* Copies of files in upper layers hold the secret again: it is one, in the layer that brought it, and deleted
 * only where no copy is left. */
static int take_secret(
    struct assembly *a, struct vl_map *seen, const struct vl_secret *from, size_t k, struct vl_err *err)
{
    struct vl_vec *secrets = &a->inventory->secrets;
    bool visible = assembly_visible(a, k, from->path), added;
    struct vl_map_slot *slot;
    const char *key =
        vl_arena_printf(a->scratch, "%s\n%s", from->fingerprint ? from->fingerprint : "", from->path);
    if (!key)
        return vl_arena_check(a->scratch, "secrets", err);
    int r = vl_map_put(seen, vl_span_str(key), &slot, &added, err);
    if (r < 0)
        return vl_err_wrap(err, "secrets");
    if (!added) {
        struct vl_secret *known = vl_vec_at(secrets, slot->value.num);
        if (visible && known->deleted) {
            known->line = from->line;
            known->deleted = false;
        }
        return 0;
    }
    slot->value.num = secrets->len;
    struct vl_secret *s = vl_vec_push(secrets, "secrets", err);
    if (!s)
        return err->err;
    *s = (struct vl_secret){
        .rule = assembly_copy(a, from->rule ? from->rule : ""),
        .title = assembly_copy(a, from->title),
        .path = assembly_copy(a, from->path),
        .line = from->line,
        .layer = a->folder ? VL_LAYER_NONE : (uint32_t)k,
        .redacted = assembly_copy(a, from->redacted),
        .fingerprint = assembly_copy(a, from->fingerprint ? from->fingerprint : ""),
        .severity = from->severity,
        .deleted = !visible,
    };
    return vl_arena_check(a->inventory->arena, "secrets", err);
}

int assembly_secrets(struct assembly *a, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map seen;
    struct vl_vec *secrets = &a->inventory->secrets;
    vl_map_init(&seen, SECRETS_KEYS_MAX);
    int r = 0;
    for (size_t k = 0; k < a->n; k++) {
        const struct vl_vec *list = a->indexes[k] ? &a->indexes[k]->secrets : NULL;
        for (size_t i = 0; list && i < list->len && r >= 0; i++)
            r = take_secret(a, &seen, vl_vec_at(list, i), k, err);
    }
    if (r >= 0 && secrets->len > 1)
        qsort(secrets->items, secrets->len, sizeof(struct vl_secret), compare_secrets);
    return r;
}

static int set_purls(struct assembly *a, struct vl_err *err)
{
    struct vl_inventory *inv = a->inventory;
    int r = 0;
    for (size_t i = 0; i < inv->packages.len && r >= 0; i++)
        r = vl_package_set_purl(vl_vec_at(&inv->packages, i), &inv->distro, inv->arena, err);
    return r < 0 ? r : 0;
}

static int run(struct assembly *a, struct vl_err *err)
{
    static int (*const steps[])(struct assembly *a, struct vl_err *err) = {
        assembly_system, assembly_packages, assembly_licenses, assembly_owners, assembly_secrets, set_purls};
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(steps) && r >= 0; i++)
        r = steps[i](a, err);
    take_notes(a);
    take_totals(a);
    return r;
}

static int assemble(struct assembly *a, struct vl_err *err)
{
    VL_CLEANUP(vl_merge_cleanup) struct vl_merge *merge = NULL;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *scratch = vl_arena_new(ASSEMBLY_SCRATCH_MAX);
    const struct vl_layer_paths **paths = calloc(a->n + 1, sizeof(*paths));
    if (!scratch || !paths) {
        free(paths);
        return vl_err_nomem(err);
    }
    for (size_t k = 0; k < a->n; k++)
        paths[k] = a->indexes[k] ? &a->indexes[k]->paths : NULL;
    int r = vl_merge_new(paths, a->n, &merge, err);
    if (r >= 0) {
        a->merge = merge;
        a->scratch = scratch;
        r = run(a, err);
    }
    free(paths);
    return r < 0 ? r : 0;
}

int vl_scan_assemble(struct vl_layer_index *const *indexes, size_t n_indexes, struct vl_inventory *inventory,
    struct vl_err *err)
{
    struct assembly a = {.indexes = indexes, .n = n_indexes, .inventory = inventory};
    if (n_indexes > VL_INVENTORY_LAYERS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "image: more than %d layers", VL_INVENTORY_LAYERS_MAX);
    return assemble(&a, err);
}

int vl_scan_assemble_folder(struct vl_layer_index *index, struct vl_inventory *inventory, struct vl_err *err)
{
    struct assembly a = {.indexes = &index, .n = 1, .folder = true, .inventory = inventory};
    return assemble(&a, err);
}
