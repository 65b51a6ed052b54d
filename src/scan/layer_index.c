#include <stdlib.h>
#include <string.h>

#include "layer_index_format.h"

#include "base/reader.h"
#include "model/severity.h"

int vl_layer_index_new(struct vl_layer_index **ret, struct vl_err *err)
{
    struct vl_layer_index *index = calloc(1, sizeof(*index));
    struct vl_arena *arena = vl_arena_new(VL_LAYER_INDEX_ARENA_MAX);
    if (!index || !arena) {
        free(index);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    index->arena = arena;
    vl_layer_paths_init(&index->paths, arena);
    vl_notes_init(&index->notes, arena);
    vl_vec_init(&index->secrets, sizeof(struct vl_secret), VL_LAYER_INDEX_SECRETS_MAX);
    int r = vl_package_sink_init(&index->sink, arena, &index->notes, err);
    if (r < 0) {
        vl_layer_index_free(index);
        return r;
    }
    *ret = index;
    return 0;
}

void vl_layer_index_free(struct vl_layer_index *index)
{
    if (!index)
        return;
    vl_package_sink_done(&index->sink);
    vl_layer_paths_done(&index->paths);
    vl_vec_done(&index->secrets);
    vl_notes_done(&index->notes);
    vl_arena_free(index->arena);
    free(index);
}

void vl_layer_index_cleanup(struct vl_layer_index **index)
{
    vl_layer_index_free(*index);
    *index = NULL;
}

struct counts {
    uint32_t paths, packages, owned, unidentified, updates, licenses, secrets, notes;
};

/* Everything taken is checked; the first thing that is wrong sticks in `wrong`. */
struct decoder {
    struct vl_reader in;
    struct vl_layer_index *index;
    struct vl_err *err;
    const char *wrong;
    int failed; /* memory, limits: err is set */
    unsigned flags;
    struct counts n;
    const char *pool;
    size_t pool_len;
    uint64_t names, lists;
};

/* Text that shares its beginning with the one before. */
struct front {
    char *at; /* in a block of known size */
    size_t left;
    const char *before;
    size_t before_len;
};

static bool is_good(const struct decoder *d)
{
    return !d->wrong && !d->failed && vl_reader_ok(&d->in);
}

static void demand(struct decoder *d, bool ok, const char *what)
{
    if (!ok && !d->wrong)
        d->wrong = what;
}

static const char *take_text(struct decoder *d, bool nullable)
{
    uint32_t at = vl_reader_u32le(&d->in);
    if (at == VL_INDEX_NONE && nullable)
        return NULL;
    if (at >= d->pool_len) { /* the pool ends with a NUL: every place in it begins a text */
        demand(d, false, "a text beyond the texts");
        return "";
    }
    return d->pool + at;
}

/* A value of an enum that has `count` of them; the first one where it is none. */
static unsigned take_kind(struct decoder *d, unsigned count, const char *what)
{
    unsigned kind = vl_reader_u8(&d->in);
    demand(d, kind < count, what);
    return kind < count ? kind : 0;
}

static void take_texts(struct decoder *d, void *record, const struct vl_index_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = take_text(d, texts[i].nullable);
        memcpy((char *)record + texts[i].at, &text, sizeof(text));
    }
}

/* Makes room for `count` items, each of which takes `least` bytes of input: a count cannot ask for more
 * memory than the input could fill. */
static void *take_room(struct decoder *d, struct vl_vec *list, size_t count, size_t least, const char *what)
{
    demand(d, count <= list->max && count <= vl_reader_left(&d->in) / least, what);
    if (!is_good(d) || count == 0)
        return NULL;
    list->items = calloc(count, list->item_size);
    if (!list->items) {
        d->failed = vl_err_nomem(d->err);
        return NULL;
    }
    list->cap = list->len = count;
    return list->items;
}

static char *take_block(struct decoder *d, uint64_t size)
{
    demand(d, size <= VL_LAYER_INDEX_ARENA_MAX, "more text than allowed");
    char *block = is_good(d) ? vl_arena_alloc(d->index->arena, (size_t)size) : NULL;
    if (!block && is_good(d))
        d->failed = vl_arena_check(d->index->arena, "layer index", d->err);
    return block;
}

static void take_head(struct decoder *d)
{
    struct vl_reader *in = &d->in;
    struct vl_layer_index *index = d->index;
    demand(d, vl_span_eq_str(vl_reader_take(in, 4), VL_INDEX_MAGIC), "no layer index");
    demand(d, vl_reader_u32le(in) == VL_INDEXER_VERSION, "made by another version");
    d->flags = vl_reader_u32le(in);
    demand(d, (d->flags & ~(unsigned)VL_INDEX_FLAGS) == 0, "unknown flags");
    unsigned kind = vl_reader_u8(in);
    demand(d, kind == VL_DIGEST_SHA256 || kind == VL_DIGEST_SHA512, "unknown kind of diff id");
    struct vl_span digest = vl_reader_take(in, VL_DIGEST_BYTES_MAX);
    index->bytes = vl_reader_u64le(in);
    index->files = vl_reader_u64le(in);
    index->notes.dropped = vl_reader_u64le(in);
    index->sink.distro_rank = vl_reader_u32le(in);
    uint32_t *counts[] = {&d->n.paths, &d->n.packages, &d->n.owned, &d->n.unidentified, &d->n.updates,
        &d->n.licenses, &d->n.secrets, &d->n.notes};
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        *counts[i] = vl_reader_u32le(in);
    uint64_t pool = vl_reader_u64le(in);
    d->names = vl_reader_u64le(in);
    d->lists = vl_reader_u64le(in);
    demand(d, pool > 0 && pool <= vl_reader_left(in), "texts cut off");
    if (!is_good(d))
        return;
    index->diff_id.kind = (enum vl_digest_kind)kind;
    memcpy(index->diff_id.bytes, digest.ptr, VL_DIGEST_BYTES_MAX);
    index->has_diff_id = (d->flags & VL_INDEX_HAS_DIFF_ID) != 0;
    index->secrets_scanned = (d->flags & VL_INDEX_SECRETS_SCANNED) != 0;
    index->notes.partial = (d->flags & VL_INDEX_PARTIAL) != 0;

    struct vl_span texts = vl_reader_take(in, (size_t)pool);
    char *copy = take_block(d, pool);
    if (!copy)
        return;
    memcpy(copy, texts.ptr, texts.len);
    demand(d, copy[0] == '\0' && copy[texts.len - 1] == '\0', "texts without an end");
    d->pool = copy;
    d->pool_len = texts.len;
}

static void front_copy(struct decoder *d, struct front *f, struct vl_span bytes, char end)
{
    demand(d, bytes.len < f->left, "more text than announced");
    if (!is_good(d))
        return;
    if (bytes.len)
        memcpy(f->at, bytes.ptr, bytes.len);
    f->at[bytes.len] = end;
    f->at += bytes.len + 1;
    f->left -= bytes.len + 1;
}

/* What is left of the text is put behind the shared bytes. Returns how many are shared. */
static size_t front_take(struct decoder *d, struct front *f, char end, struct vl_span *ret_rest)
{
    uint64_t shared = vl_reader_varint(&d->in);
    struct vl_span rest = vl_reader_lstr(&d->in);
    demand(d, shared <= f->before_len && shared < f->left && rest.len < f->left - (size_t)shared,
        "a path longer than announced");
    *ret_rest = rest;
    if (!is_good(d))
        return 0;
    char *text = f->at;
    if (shared)
        memcpy(text, f->before, (size_t)shared);
    if (rest.len)
        memcpy(text + shared, rest.ptr, rest.len);
    text[shared + rest.len] = end;
    f->before = text;
    f->before_len = (size_t)shared + rest.len;
    f->at += f->before_len + 1;
    f->left -= f->before_len + 1;
    return (size_t)shared;
}

static unsigned order(char c)
{
    return c == '/' ? 0 : (unsigned char)c + 1U; /* as vl_layer_path_compare() has it */
}

/* The shared bytes tell the order by one byte: no second look at whole paths. */
static bool comes_after(const char *before, size_t before_len, unsigned before_kind, size_t shared,
    struct vl_span rest, unsigned kind)
{
    if (shared == before_len)
        return rest.len > 0 || vl_index_path_rank(before_kind) < vl_index_path_rank(kind);
    return rest.len > 0 && order(before[shared]) < order(rest.ptr[0]);
}

static void take_paths(struct decoder *d)
{
    char *block = take_block(d, d->names);
    struct front f = {.at = block, .left = block ? (size_t)d->names : 0};
    struct vl_layer_path *items =
        take_room(d, &d->index->paths.entries, d->n.paths, 3, "more paths than there can be");
    for (uint32_t i = 0; items && i < d->n.paths && is_good(d); i++) {
        const char *before = f.before;
        size_t before_len = f.before_len;
        struct vl_span rest;
        uint8_t kind = vl_reader_u8(&d->in);
        items[i].kind = kind & (uint8_t)~VL_INDEX_PATH_TARGET;
        demand(d, items[i].kind <= VL_LAYER_PATH_OTHER, "unknown kind of path");
        items[i].path = f.at;
        size_t shared = front_take(d, &f, '\0', &rest);
        if (!is_good(d))
            return;
        demand(d, i == 0 || comes_after(before, before_len, items[i - 1].kind, shared, rest, items[i].kind),
            "paths out of order");
        demand(d, f.before_len < VL_TAR_PATH_MAX, "a path too long");
        demand(d, vl_span_find_char(rest, '\0') == SIZE_MAX, "a NUL in a path");
        if (kind & VL_INDEX_PATH_TARGET) {
            struct vl_span target = vl_reader_lstr(&d->in);
            demand(d, target.len < VL_TAR_PATH_MAX && vl_span_find_char(target, '\0') == SIZE_MAX,
                "no target of a link");
            items[i].target = f.at;
            front_copy(d, &f, target, '\0');
        }
        bool is_link = items[i].kind == VL_LAYER_PATH_HARDLINK || items[i].kind == VL_LAYER_PATH_SYMLINK;
        demand(
            d, is_link == (items[i].target != NULL), "a link without a target, or a target without a link");
    }
    demand(d, f.left == 0, "less text than announced");
}

static void take_owned(struct decoder *d)
{
    char *block = take_block(d, d->lists);
    struct front f = {.at = block, .left = block ? (size_t)d->lists : 0};
    struct vl_package_owned *items =
        take_room(d, &d->index->sink.owned, d->n.owned, 9, "more owners than there can be");
    for (uint32_t i = 0; items && i < d->n.owned && is_good(d); i++) {
        struct vl_span rest;
        take_texts(d, &items[i], vl_index_owned_texts, VL_ARRAY_LEN(vl_index_owned_texts));
        uint64_t lines = vl_reader_varint(&d->in);
        demand(d, lines <= vl_reader_left(&d->in) / 2, "more lines than there can be");
        char *start = f.at;
        for (uint64_t line = 0; line < lines && is_good(d); line++)
            front_take(d, &f, '\n', &rest);
        if (lines == 0)
            front_copy(d, &f, VL_SPAN_EMPTY, '\n');
        if (!is_good(d))
            return;
        f.at[-1] = '\0';
        items[i].paths = start;
        items[i].paths_len = (size_t)(f.at - start) - 1;
    }
    demand(d, f.left == 0, "less text than announced");
}

static void take_licenses(struct decoder *d, struct vl_package *p)
{
    uint32_t n = vl_reader_u32le(&d->in);
    demand(d, n <= vl_reader_left(&d->in) / 4, "more licences than there can be");
    if (!is_good(d) || n == 0)
        return;
    const char **list = vl_arena_array(d->index->arena, n, sizeof(*list));
    if (!list) {
        d->failed = vl_arena_check(d->index->arena, "layer index", d->err);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        list[i] = take_text(d, false);
    p->licenses = list;
    p->n_licenses = n;
}

static void take_packages(struct decoder *d)
{
    struct vl_package *items =
        take_room(d, &d->index->sink.packages, d->n.packages, 53, "more packages than there can be");
    for (uint32_t i = 0; items && i < d->n.packages && is_good(d); i++) {
        struct vl_package *p = &items[i];
        p->ecosystem = (enum vl_ecosystem)take_kind(d, VL_ECO_COUNT, "unknown ecosystem");
        p->flags = vl_reader_u32le(&d->in);
        demand(d, (p->flags & ~VL_INDEX_PACKAGE_FLAGS) == 0, "unknown flags of a package");
        p->line = vl_reader_u32le(&d->in);
        p->layer = VL_LAYER_NONE;
        p->owner = VL_PACKAGE_NONE;
        take_texts(d, p, vl_index_package_texts, VL_ARRAY_LEN(vl_index_package_texts));
        take_licenses(d, p);
    }
}

static void take_list(
    struct decoder *d, struct vl_vec *list, uint32_t count, const struct vl_index_text *texts, size_t n)
{
    char *items = take_room(d, list, count, 4 * n, "more records than there can be");
    for (uint32_t i = 0; items && i < count && is_good(d); i++)
        take_texts(d, items + i * list->item_size, texts, n);
}

static void take_secrets(struct decoder *d)
{
    struct vl_secret *items =
        take_room(d, &d->index->secrets, d->n.secrets, 28, "more secrets than there can be");
    for (uint32_t i = 0; items && i < d->n.secrets && is_good(d); i++) {
        items[i].line = vl_reader_u32le(&d->in);
        items[i].severity = vl_reader_u32le(&d->in);
        demand(d, items[i].severity < VL_SEVERITY_COUNT, "unknown severity");
        items[i].layer = VL_LAYER_NONE;
        take_texts(d, &items[i], vl_index_secret_texts, VL_ARRAY_LEN(vl_index_secret_texts));
    }
}

static void take_notes(struct decoder *d)
{
    struct vl_notes *notes = &d->index->notes;
    uint32_t n = d->n.notes;
    demand(d, n <= VL_NOTES_MAX && n <= vl_reader_left(&d->in) / 10, "more notes than there can be");
    if (!is_good(d) || n == 0)
        return;
    notes->items = calloc(n, sizeof(*notes->items));
    if (!notes->items) {
        d->failed = vl_err_nomem(d->err);
        return;
    }
    notes->len = notes->cap = n;
    for (uint32_t i = 0; i < n; i++) {
        unsigned kind = take_kind(d, VL_NOTE_PARTIAL + 1, "unknown kind of note");
        unsigned code = take_kind(d, VL_ERR_MEMORY + 1, "unknown kind of note");
        demand(d, kind != VL_NOTE_PARTIAL || notes->partial, "a whole index with a note of what is missing");
        notes->items[i].kind = (enum vl_note_kind)kind;
        notes->items[i].code = (enum vl_err_code)code;
        take_texts(d, &notes->items[i], vl_index_note_texts, VL_ARRAY_LEN(vl_index_note_texts));
    }
}

static void take_distro(struct decoder *d)
{
    struct vl_distro *distro = &d->index->sink.distro;
    if (!(d->flags & VL_INDEX_HAS_DISTRO))
        return;
    distro->support = (enum vl_support)take_kind(d, VL_SUPPORT_ENDED + 1, "unknown state of support");
    distro->support_ends_ms = (int64_t)vl_reader_u64le(&d->in);
    distro->extended_ends_ms = (int64_t)vl_reader_u64le(&d->in);
    take_texts(d, distro, vl_index_distro_texts, VL_ARRAY_LEN(vl_index_distro_texts));
    d->index->sink.has_distro = true;
}

static int take_all(struct decoder *d)
{
    struct vl_package_sink *sink = &d->index->sink;
    take_head(d);
    if (is_good(d))
        take_paths(d);
    if (is_good(d))
        take_owned(d);
    if (is_good(d)) {
        take_packages(d);
        take_list(d, &sink->unidentified, d->n.unidentified, vl_index_unidentified_texts,
            VL_ARRAY_LEN(vl_index_unidentified_texts));
        take_list(
            d, &sink->updates, d->n.updates, vl_index_update_texts, VL_ARRAY_LEN(vl_index_update_texts));
        take_list(
            d, &sink->licenses, d->n.licenses, vl_index_license_texts, VL_ARRAY_LEN(vl_index_license_texts));
        take_secrets(d);
        take_notes(d);
        take_distro(d);
    }
    if (d->failed)
        return d->failed;
    if (!d->wrong && !vl_reader_ok(&d->in))
        d->wrong = "cut off";
    if (!d->wrong && vl_reader_left(&d->in))
        d->wrong = "bytes after its end";
    if (d->wrong)
        return vl_err_set(
            d->err, VL_ERR_CORRUPT, "layer index: damaged near byte %zu: %s", d->in.pos, d->wrong);
    return 0;
}

int vl_layer_index_decode(struct vl_span bytes, struct vl_layer_index **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_layer_index_cleanup) struct vl_layer_index *index = NULL;
    if (bytes.len > VL_LAYER_INDEX_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "layer index: more than %lu bytes", (unsigned long)VL_LAYER_INDEX_MAX);
    int r = vl_layer_index_new(&index, err);
    if (r < 0)
        return r;
    struct decoder d = {.in = vl_reader_new(bytes), .index = index, .err = err};
    r = take_all(&d);
    if (r < 0)
        return r;
    *ret = index;
    index = NULL;
    return 0;
}
