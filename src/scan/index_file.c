#include "index_file.h"

#include <errno.h>
#include <string.h>

/* Lists of an index that a file adds to. */
enum list {
    LIST_PACKAGES,
    LIST_OWNED,
    LIST_UNIDENTIFIED,
    LIST_UPDATES,
    LIST_LICENSES,
    LIST_SECRETS,
    LIST_COUNT,
};

/* Stores (pnpm's) hold manifests under the digest of their content, and link them to where they are used. */
#define STORE_FILE_MAX   (256UL * 1024)
#define STORE_TOTAL_MAX  (16UL * 1024 * 1024)
#define STORE_FILES_MAX  100000
#define STORE_DIGITS_MIN 32

#define LINKS_NAMED 10 /* hard links not looked at; the rest is counted */

struct part {
    size_t from[LIST_COUNT];
    size_t to[LIST_COUNT];
    bool distro; /* it named the distribution */
    bool stale;
};

static struct vl_vec *list_of(struct vl_layer_index *index, enum list list)
{
    struct vl_vec *const lists[LIST_COUNT] = {
        [LIST_PACKAGES] = &index->sink.packages,
        [LIST_OWNED] = &index->sink.owned,
        [LIST_UNIDENTIFIED] = &index->sink.unidentified,
        [LIST_UPDATES] = &index->sink.updates,
        [LIST_LICENSES] = &index->sink.licenses,
        [LIST_SECRETS] = &index->secrets,
    };
    return lists[list];
}

int vl_indexing_init(struct vl_indexing *ix, const struct vl_index_options *options, bool on_disk, bool whole,
    struct vl_err *err)
{
    *ix = (struct vl_indexing){.options = *options};
    vl_map_init(&ix->told, VL_LAYER_ENTRIES_MAX);
    vl_vec_init(&ix->parts, sizeof(struct part), VL_LAYER_ENTRIES_MAX);
    vl_map_init(&ix->kept, STORE_FILES_MAX);
    if (on_disk) {
        ix->shelf = vl_package_shelf_new(whole);
        if (!ix->shelf)
            return vl_err_nomem(err);
    }
    int r = vl_layer_index_new(&ix->index, err);
    if (r == 0 && (options->scanners & VL_SCAN_SECRET))
        r = vl_secret_scanner_new(&ix->secrets, err);
    if (r < 0)
        vl_indexing_done(ix);
    return r;
}

void vl_indexing_done(struct vl_indexing *ix)
{
    vl_package_shelf_free(ix->shelf);
    ix->shelf = NULL;
    vl_secret_scanner_cleanup(&ix->secrets);
    vl_layer_index_cleanup(&ix->index);
    vl_map_done(&ix->told);
    vl_vec_done(&ix->parts);
    vl_map_done(&ix->kept);
    vl_arena_cleanup(&ix->kept_arena);
}

void vl_indexing_replaced(struct vl_indexing *ix, const char *path)
{
    const struct vl_span key = {path, strlen(path)};
    const struct vl_map_slot *slot = ix->told.len ? vl_map_get(&ix->told, key) : NULL;
    struct part *part = slot ? vl_vec_at(&ix->parts, (size_t)slot->value.num) : NULL;
    if (!part || part->stale)
        return;
    part->stale = ix->stale = true;
    if (part->distro) {
        struct vl_package_sink *sink = &ix->index->sink;
        sink->distro = (struct vl_distro){0};
        sink->distro_rank = 0;
        sink->has_distro = false;
    }
}

static struct vl_package_file package_file(const struct vl_layer_file *file, struct vl_span content)
{
    return (struct vl_package_file){
        .path = file->path, .mode = file->mode, .size = file->size, .head = file->head, .content = content};
}

static void ask_for_secrets(struct vl_indexing *ix, const struct vl_layer_file *file)
{
    ix->secrets_wanted = ix->secrets && vl_secret_wants(file->path, file->mode, file->size, file->head);
    /* What would be looked into were it smaller is counted. */
    if (ix->secrets && !ix->secrets_wanted && file->size > VL_SECRET_FILE_MAX &&
        vl_secret_wants(file->path, file->mode, VL_SECRET_FILE_MAX, file->head))
        ix->secrets_too_large++;
}

static bool is_in_store(const struct vl_layer_file *file)
{
    const char *slash = strrchr(file->path, '/');
    return file->size <= STORE_FILE_MAX && vl_span_starts_with(file->head, "{") && slash &&
           strspn(slash + 1, "0123456789abcdef") >= STORE_DIGITS_MIN;
}

bool vl_indexing_wants(struct vl_indexing *ix, const struct vl_layer_file *file)
{
    const struct vl_package_file asked = package_file(file, VL_SPAN_EMPTY);
    vl_indexing_replaced(ix, file->path);
    ix->parser = vl_package_parser_for(&asked, ix->options.scopes);
    if (ix->parser && file->size > VL_PACKAGE_FILE_MAX) {
        vl_notes_add(&ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_LIMIT, file->path,
            "larger than %lu MiB; not looked at", (unsigned long)(VL_PACKAGE_FILE_MAX / 1024 / 1024));
        ix->parser = NULL;
    }
    ask_for_secrets(ix, file);
    ix->keep = !ix->parser && !ix->shelf && is_in_store(file);
    return ix->parser != NULL || ix->secrets_wanted || ix->keep ||
           (ix->shelf && vl_package_shelf_wants(&asked));
}

/* What fails for the file alone is a note; without memory there is no going on. */
static int parse(struct vl_indexing *ix, const struct vl_package_parser *parser,
    const struct vl_package_file *file, struct vl_err *err)
{
    struct vl_err local = VL_ERR_INIT;
    if (parser->parse(file, &ix->index->sink, &local) >= 0)
        return 0;
    if (local.code == VL_ERR_MEMORY) {
        *err = local;
        return vl_err_wrap(err, "%s", file->path);
    }
    vl_notes_add_err(&ix->index->notes, file->path, &local);
    return 0;
}

static int look_for_secrets(
    struct vl_indexing *ix, const struct vl_layer_file *file, struct vl_span content, struct vl_err *err)
{
    struct vl_err local = VL_ERR_INIT;
    if (vl_secret_scan(ix->secrets, file->path, content, ix->index->arena, &ix->index->secrets, &local) >= 0)
        return 0;
    if (local.code == VL_ERR_MEMORY) {
        *err = local;
        return vl_err_wrap(err, "%s", file->path);
    }
    vl_notes_add_err(&ix->index->notes, file->path, &local);
    return 0;
}

static int look(
    struct vl_indexing *ix, const struct vl_layer_file *file, struct vl_span content, struct vl_err *err)
{
    const struct vl_package_file asked = package_file(file, content);
    int r = ix->secrets_wanted ? look_for_secrets(ix, file, content, err) : 0;
    if (r == 0 && ix->shelf)
        r = vl_package_shelf_offer(ix->shelf, &asked, ix->parser, err);
    if (r != 0 || !ix->parser)
        return r < 0 ? r : 0;
    return parse(ix, ix->parser, &asked, err);
}

static int remember(struct vl_indexing *ix, const char *path, const struct part *part, struct vl_err *err)
{
    struct vl_map_slot *slot;
    const char *key = vl_arena_strdup(ix->index->arena, path);
    if (!key)
        return vl_arena_check(ix->index->arena, path, err);
    int r = vl_map_put(&ix->told, vl_span_str(key), &slot, NULL, err);
    struct part *kept = r == 0 ? vl_vec_push(&ix->parts, "files with packages", err) : NULL;
    if (!kept)
        return err->err;
    *kept = *part;
    slot->value.num = ix->parts.len - 1;
    return 0;
}

/* Beyond the limits a file is not kept: the link to it will be a note. */
static int keep(struct vl_indexing *ix, const char *path, struct vl_span content, struct vl_err *err)
{
    struct vl_map_slot *slot;
    if (!ix->kept_arena)
        ix->kept_arena = vl_arena_new(STORE_TOTAL_MAX);
    if (!ix->kept_arena)
        return vl_err_nomem(err);
    size_t need = content.len + strlen(path) + sizeof(content) + 64;
    if (ix->kept.len >= STORE_FILES_MAX || need > STORE_TOTAL_MAX - vl_arena_used(ix->kept_arena))
        return 0;
    const char *name = vl_arena_strdup(ix->kept_arena, path);
    struct vl_span *span = vl_arena_alloc(ix->kept_arena, sizeof(*span));
    const char *bytes = vl_arena_dup_span(ix->kept_arena, content);
    if (!name || !span || !bytes)
        return vl_arena_check(ix->kept_arena, path, err);
    int r = vl_map_put(&ix->kept, vl_span_str(name), &slot, NULL, err);
    if (r < 0)
        return r;
    *span = (struct vl_span){bytes, content.len};
    slot->value.ptr = span;
    return 0;
}

int vl_indexing_file(
    struct vl_indexing *ix, const struct vl_layer_file *file, struct vl_span content, struct vl_err *err)
{
    struct part part = {0};
    const char *distro = ix->index->sink.distro.id;
    bool told = false;
    for (enum list l = 0; l < LIST_COUNT; l++)
        part.from[l] = list_of(ix->index, l)->len;
    int r = ix->keep ? keep(ix, file->path, content, err) : 0;
    if (r == 0)
        r = look(ix, file, content, err);
    if (r < 0)
        return r;
    for (enum list l = 0; l < LIST_COUNT; l++) {
        part.to[l] = list_of(ix->index, l)->len;
        told = told || part.to[l] > part.from[l];
    }
    part.distro = ix->index->sink.distro.id != distro;
    return told || part.distro ? remember(ix, file->path, &part, err) : 0;
}

/* "a.jar!b.jar" for the link "x.jar" is "x.jar!b.jar". */
static int copy_package(
    struct vl_indexing *ix, size_t index, const char *path, const char *target, struct vl_err *err)
{
    struct vl_package_sink *sink = &ix->index->sink;
    const struct vl_package *from = vl_vec_at(&sink->packages, index);
    size_t len = strlen(target);
    if (strncmp(from->path, target, len) != 0 || (from->path[len] && from->path[len] != '!'))
        return 0;
    struct vl_package copy = *from;
    copy.path = vl_arena_printf(sink->arena, "%s%s", path, from->path + len);
    if (!copy.path)
        return vl_arena_check(sink->arena, path, err);
    struct vl_package *to = vl_vec_push(&sink->packages, "packages", err);
    if (!to)
        return err->err;
    *to = copy;
    return 0;
}

static int copy_part(
    struct vl_indexing *ix, const struct part *from, const char *path, const char *target, struct vl_err *err)
{
    struct part part = {0};
    for (enum list l = 0; l < LIST_COUNT; l++)
        part.from[l] = list_of(ix->index, l)->len;
    const size_t begin = from->from[LIST_PACKAGES], end = from->to[LIST_PACKAGES];
    for (size_t i = begin; i < end; i++) {
        int r = copy_package(ix, i, path, target, err);
        if (r < 0)
            return r;
    }
    for (enum list l = 0; l < LIST_COUNT; l++)
        part.to[l] = list_of(ix->index, l)->len;
    return part.to[LIST_PACKAGES] > part.from[LIST_PACKAGES] ? remember(ix, path, &part, err) : 0;
}

static int look_at_kept(struct vl_indexing *ix, const char *path, uint32_t mode,
    const struct vl_span *content, struct vl_err *err)
{
    const struct vl_layer_file file = {
        .path = path, .mode = mode, .size = content->len, .head = vl_span_slice(*content, 0, 64)};
    return vl_indexing_wants(ix, &file) ? vl_indexing_file(ix, &file, *content, err) : 0;
}

int vl_indexing_linked(
    struct vl_indexing *ix, const char *path, const char *target, uint32_t mode, struct vl_err *err)
{
    /* Of the link itself neither size nor first bytes are known. */
    const struct vl_package_file asked = {.path = path, .mode = mode, .size = 1};
    const struct vl_package_file other = {.path = target, .mode = mode, .size = 1};
    vl_indexing_replaced(ix, path);
    if (!vl_package_parser_for(&asked, ix->options.scopes))
        return 0;
    const struct vl_map_slot *slot = ix->told.len ? vl_map_get(&ix->told, vl_span_str(target)) : NULL;
    const struct part *part = slot ? vl_vec_at(&ix->parts, (size_t)slot->value.num) : NULL;
    if (part && !part->stale) {
        const struct part copy = *part; /* the list may move */
        return copy_part(ix, &copy, path, target, err);
    }
    slot = ix->kept.len ? vl_map_get(&ix->kept, vl_span_str(target)) : NULL;
    if (slot)
        return look_at_kept(ix, path, mode, slot->value.ptr, err);
    if (vl_package_parser_for(&other, ix->options.scopes))
        return 0; /* looked at, and nothing in it */
    if (ix->missed_links++ < LINKS_NAMED)
        vl_notes_add(&ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_UNSUPPORTED, path,
            "a hard link to %s, whose content was passed by; not looked at", target);
    return 0;
}

/* Takes the items of stale parts out of a list. */
static void weed(struct vl_vec *items, const struct vl_vec *parts, enum list list)
{
    char *base = items->items;
    size_t size = items->item_size;
    size_t kept = 0, seen = 0;
    for (size_t i = 0; i < parts->len; i++) {
        const struct part *part = vl_vec_at(parts, i);
        if (!part->stale || part->from[list] == part->to[list])
            continue;
        size_t run = part->from[list] - seen;
        if (run)
            memmove(base + kept * size, base + seen * size, run * size);
        kept += run;
        seen = part->to[list];
    }
    if (seen < items->len)
        memmove(base + kept * size, base + seen * size, (items->len - seen) * size);
    items->len = kept + items->len - seen;
}

int vl_indexing_finish(struct vl_indexing *ix, struct vl_layer_index **ret, struct vl_err *err)
{
    struct vl_package_file file;
    const struct vl_package_parser *parser;
    while (ix->shelf && vl_package_shelf_next(ix->shelf, &file, &parser)) {
        int r = parse(ix, parser, &file, err);
        if (r < 0)
            return r;
    }
    for (enum list l = 0; ix->stale && l < LIST_COUNT; l++) {
        struct vl_vec *items = list_of(ix->index, l);
        if (items->len)
            weed(items, &ix->parts, l);
    }
    if (ix->missed_links > LINKS_NAMED)
        vl_notes_add(&ix->index->notes, VL_NOTE_PARTIAL, VL_ERR_UNSUPPORTED, "hard links",
            "%llu more were not looked at", (unsigned long long)(ix->missed_links - LINKS_NAMED));
    ix->index->secrets_scanned = ix->secrets != NULL;
    if (ix->secrets_too_large)
        vl_notes_add(&ix->index->notes, VL_NOTE_INFO, VL_ERR_LIMIT, "secrets",
            "%llu files larger than %lu MiB were not looked into", (unsigned long long)ix->secrets_too_large,
            (unsigned long)(VL_SECRET_FILE_MAX / 1024 / 1024));
    *ret = ix->index;
    ix->index = NULL;
    return 0;
}
