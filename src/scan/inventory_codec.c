#include "scan/inventory_codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/reader.h"
#include "codec/pack.h"
#include "model/severity.h"

/* docs/design/0017-inventory-form.md has the layout. A record is written and read by one table, so that the
 * two cannot part. */
#define MAGIC     "VLIN"
#define VERSION   1U
#define GRAPH     2U         /* the same, and edges at the end: written only where there are some */
#define NONE      UINT32_MAX /* a text that is NULL */
#define TEXTS_MAX 16000000   /* different ones */
#define TAGS_MAX  100000

enum flag {
    SECRETS_SCANNED = 1U << 0,
    PARTIAL = 1U << 1,
    FLAGS = (1U << 2) - 1,
};

enum kind {
    TEXT,  /* u32 place; "" where it is NULL */
    MAYBE, /* u32 place, or NONE */
    ENUM,  /* u8 below `limit` */
    BOOL,  /* u8, 0 or 1 */
    FLAGS32,
    U32,
    U64,
    LAYER, /* u32: index of a layer, or VL_LAYER_NONE */
    OWNER, /* u32: index of a package, or VL_PACKAGE_NONE */
};

struct field {
    uint16_t at;
    uint8_t kind;
    uint32_t limit;
};

struct form {
    const struct field *fields;
    size_t n;
    size_t bytes; /* of a record, without licences */
    const char *what;
};

#define PACKAGE_FLAGS ((1U << 8) - 1) /* all of enum vl_package_flag */

#define AT(type, member, kind, limit) {(uint16_t)offsetof(struct type, member), kind, limit}
#define FORM(name, size, what) \
    static const struct form name##_form = {name##_fields, VL_ARRAY_LEN(name##_fields), size, what}

static const struct field target_fields[] = {
    AT(vl_target, kind, ENUM, VL_TARGET_SBOM + 1),
    AT(vl_target, name, TEXT, 0),
    AT(vl_target, reference, MAYBE, 0),
    AT(vl_target, digest, MAYBE, 0),
    AT(vl_target, image_id, MAYBE, 0),
    AT(vl_target, os, MAYBE, 0),
    AT(vl_target, arch, MAYBE, 0),
    AT(vl_target, variant, MAYBE, 0),
    AT(vl_target, os_version, MAYBE, 0),
    AT(vl_target, created_ms, U64, 0),
    AT(vl_target, base_name, MAYBE, 0),
    AT(vl_target, base_digest, MAYBE, 0),
};
FORM(target, 49, "target");

static const struct field distro_fields[] = {
    AT(vl_distro, id, TEXT, 0),
    AT(vl_distro, id_like, TEXT, 0),
    AT(vl_distro, version_id, TEXT, 0),
    AT(vl_distro, codename, TEXT, 0),
    AT(vl_distro, pretty_name, TEXT, 0),
    AT(vl_distro, variant_id, TEXT, 0),
    AT(vl_distro, cpe_name, TEXT, 0),
    AT(vl_distro, support, ENUM, VL_SUPPORT_ENDED + 1),
    AT(vl_distro, support_ends_ms, U64, 0),
    AT(vl_distro, extended_ends_ms, U64, 0),
};
FORM(distro, 45, "distribution");

static const struct field layer_fields[] = {
    AT(vl_layer, diff_id, TEXT, 0),
    AT(vl_layer, digest, MAYBE, 0),
    AT(vl_layer, created_by, MAYBE, 0),
    AT(vl_layer, created_ms, U64, 0),
    AT(vl_layer, size, U64, 0),
    AT(vl_layer, base, BOOL, 2),
    AT(vl_layer, ends_image, BOOL, 2),
};
FORM(layer, 30, "layers");

static const struct field package_fields[] = {
    AT(vl_package, ecosystem, ENUM, VL_ECO_COUNT),
    AT(vl_package, flags, FLAGS32, PACKAGE_FLAGS),
    AT(vl_package, name, TEXT, 0),
    AT(vl_package, version, TEXT, 0),
    AT(vl_package, arch, MAYBE, 0),
    AT(vl_package, source_name, MAYBE, 0),
    AT(vl_package, source_version, MAYBE, 0),
    AT(vl_package, vendor, MAYBE, 0),
    AT(vl_package, module, MAYBE, 0),
    AT(vl_package, purl, MAYBE, 0),
    AT(vl_package, path, MAYBE, 0),
    AT(vl_package, line, U32, 0),
    AT(vl_package, layer, LAYER, 0),
    AT(vl_package, owner, OWNER, 0),
    AT(vl_package, digest, MAYBE, 0),
};
FORM(package, 61, "packages"); /* with the count of its licences */

static const struct field unidentified_fields[] = {
    AT(vl_unidentified, path, TEXT, 0),
    AT(vl_unidentified, layer, LAYER, 0),
    AT(vl_unidentified, kind, TEXT, 0),
};
FORM(unidentified, 12, "unidentified files");

static const struct field secret_fields[] = {
    AT(vl_secret, rule, TEXT, 0),
    AT(vl_secret, title, TEXT, 0),
    AT(vl_secret, path, TEXT, 0),
    AT(vl_secret, line, U32, 0),
    AT(vl_secret, layer, LAYER, 0),
    AT(vl_secret, redacted, TEXT, 0),
    AT(vl_secret, fingerprint, TEXT, 0),
    AT(vl_secret, severity, ENUM, VL_SEVERITY_COUNT),
    AT(vl_secret, deleted, BOOL, 2),
};
FORM(secret, 30, "secrets"); /* `ignored` is not of the bytes: set after the scan */

static const struct field text_fields[] = {{0, TEXT, 0}};
FORM(text, 4, "texts of a list");

static const struct field note_fields[] = {
    AT(vl_note, kind, ENUM, VL_NOTE_PARTIAL + 1),
    AT(vl_note, code, ENUM, VL_ERR_MEMORY + 1),
    AT(vl_note, object, TEXT, 0),
    AT(vl_note, message, TEXT, 0),
};
FORM(note, 10, "notes");

/* --- encoding --- */

struct encoder {
    struct vl_buf pool;
    struct vl_map known; /* text to its place in the pool */
    struct vl_buf rest;
    struct vl_err *err;
    int failed;
};

static uint32_t place(struct encoder *e, const char *text)
{
    struct vl_map_slot *slot;
    bool added;
    struct vl_span s = vl_span_str(text);
    if (!s.len || e->failed)
        return 0;
    e->failed = vl_map_put(&e->known, s, &slot, &added, e->err);
    if (e->failed)
        return 0;
    if (added) {
        slot->value.num = e->pool.len;
        vl_buf_append(&e->pool, text, s.len + 1);
    }
    return (uint32_t)slot->value.num;
}

static const char *text_at(const void *record, size_t at)
{
    const char *text;
    memcpy(&text, (const char *)record + at, sizeof(text));
    return text;
}

static uint32_t u32_at(const void *record, size_t at)
{
    uint32_t v;
    memcpy(&v, (const char *)record + at, sizeof(v));
    return v;
}

static uint64_t u64_at(const void *record, size_t at)
{
    uint64_t v;
    memcpy(&v, (const char *)record + at, sizeof(v));
    return v;
}

static void put_record(struct encoder *e, const struct form *form, const void *record)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct field *f = &form->fields[i];
        const char *text;
        switch (f->kind) {
        case TEXT:
            vl_buf_append_u32le(&e->rest, place(e, text_at(record, f->at)));
            break;
        case MAYBE:
            text = text_at(record, f->at);
            vl_buf_append_u32le(&e->rest, text ? place(e, text) : NONE);
            break;
        case ENUM:
            vl_buf_append_u8(&e->rest, (uint8_t)u32_at(record, f->at));
            break;
        case BOOL:
            vl_buf_append_u8(&e->rest, ((const uint8_t *)record)[f->at]);
            break;
        case U64:
            vl_buf_append_u64le(&e->rest, u64_at(record, f->at));
            break;
        default:
            vl_buf_append_u32le(&e->rest, u32_at(record, f->at));
        }
    }
}

static void put_list(struct encoder *e, const struct form *form, const void *items, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        put_record(e, form, (const char *)items + i * size);
}

static void put_vec(struct encoder *e, const struct form *form, const struct vl_vec *list)
{
    put_list(e, form, list->items, list->len, list->item_size);
}

static void put_packages(struct encoder *e, const struct vl_vec *packages)
{
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        put_record(e, &package_form, p);
        vl_buf_append_u32le(&e->rest, p->n_licenses);
        put_list(e, &text_form, p->licenses, p->n_licenses, sizeof(*p->licenses));
    }
}

static void put_edges(struct encoder *e, const struct vl_vec *edges)
{
    if (edges->len)
        vl_buf_append_u32le(&e->rest, (uint32_t)edges->len);
    for (size_t i = 0; i < edges->len; i++) {
        const struct vl_inventory_edge *edge = vl_vec_at(edges, i);
        vl_buf_append_u32le(&e->rest, edge->from);
        vl_buf_append_u32le(&e->rest, edge->to);
    }
}

static void put_head(const struct encoder *e, const struct vl_inventory *in, struct vl_buf *out)
{
    const size_t counts[] = {in->target.n_tags, in->layers.len, in->packages.len, in->unidentified.len,
        in->secrets.len, in->updates.len, in->notes.len};
    vl_buf_append_str(out, MAGIC);
    vl_buf_append_u32le(out, in->edges.len ? GRAPH : VERSION);
    vl_buf_append_u32le(
        out, (in->secrets_scanned ? SECRETS_SCANNED : 0U) | (in->notes.partial ? PARTIAL : 0U));
    vl_buf_append_u64le(out, in->files_seen);
    vl_buf_append_u64le(out, in->bytes_read);
    vl_buf_append_u64le(out, in->notes.dropped);
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        vl_buf_append_u32le(out, (uint32_t)counts[i]);
    vl_buf_append_u32le(out, (uint32_t)e->pool.len);
}

static int put_all(struct encoder *e, const struct vl_inventory *in, struct vl_buf *out)
{
    vl_buf_append_char(&e->pool, '\0');
    put_record(e, &target_form, &in->target);
    put_list(e, &text_form, in->target.tags, in->target.n_tags, sizeof(*in->target.tags));
    put_record(e, &distro_form, &in->distro);
    put_vec(e, &layer_form, &in->layers);
    put_packages(e, &in->packages);
    put_vec(e, &unidentified_form, &in->unidentified);
    put_vec(e, &secret_form, &in->secrets);
    put_vec(e, &text_form, &in->updates);
    put_list(e, &note_form, in->notes.items, in->notes.len, sizeof(*in->notes.items));
    put_edges(e, &in->edges);
    int r = e->failed;
    if (r >= 0)
        r = vl_buf_check(&e->pool, "inventory", e->err);
    if (r >= 0)
        r = vl_buf_check(&e->rest, "inventory", e->err);
    if (r < 0)
        return r;
    put_head(e, in, out);
    vl_buf_append_span(out, vl_buf_span(&e->pool));
    vl_buf_append_span(out, vl_buf_span(&e->rest));
    return vl_buf_check(out, "inventory", e->err);
}

int vl_inventory_encode(const struct vl_inventory *inventory, struct vl_buf *out, struct vl_err *err)
{
    struct encoder e = {.err = err};
    if (inventory->target.n_tags > TAGS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "inventory: more than %d references of one image", TAGS_MAX);
    vl_buf_init(&e.pool, VL_INVENTORY_ENCODED_MAX);
    vl_buf_init(&e.rest, VL_INVENTORY_ENCODED_MAX);
    vl_map_init(&e.known, TEXTS_MAX);
    int r = put_all(&e, inventory, out);
    vl_map_done(&e.known);
    vl_buf_done(&e.pool);
    vl_buf_done(&e.rest);
    return r;
}

/* --- decoding --- */

struct counts {
    uint32_t tags, layers, packages, unidentified, secrets, updates, notes;
};

/* Everything taken is checked; the first thing that is wrong sticks in `wrong`. */
struct decoder {
    struct vl_reader in;
    struct vl_inventory *inventory;
    struct vl_err *err;
    const char *wrong;
    int failed; /* memory, limits, another version: err is set */
    struct counts n;
    bool graph;
    const char *pool;
    size_t pool_len;
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
    if (at == NONE && nullable)
        return NULL;
    if (at >= d->pool_len) { /* the pool ends with a NUL: every place in it begins a text */
        demand(d, false, "a text beyond the texts");
        return "";
    }
    return d->pool + at;
}

static uint32_t take_u32(struct decoder *d, const struct field *f)
{
    uint32_t v = f->kind == ENUM ? vl_reader_u8(&d->in) : vl_reader_u32le(&d->in);
    switch (f->kind) {
    case ENUM:
        demand(d, v < f->limit, "a value that there is not");
        return v < f->limit ? v : 0;
    case FLAGS32:
        demand(d, (v & ~f->limit) == 0, "unknown flags");
        break;
    case LAYER:
        demand(d, v < d->n.layers || v == VL_LAYER_NONE, "a layer that there is not");
        break;
    case OWNER:
        demand(d, v < d->n.packages || v == VL_PACKAGE_NONE, "an owner that there is not");
        break;
    default:
        break;
    }
    return v;
}

static void take_record(struct decoder *d, const struct form *form, void *record)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct field *f = &form->fields[i];
        char *to = (char *)record + f->at;
        if (f->kind == TEXT || f->kind == MAYBE) {
            const char *text = take_text(d, f->kind == MAYBE);
            memcpy(to, &text, sizeof(text));
        } else if (f->kind == BOOL) {
            uint8_t v = vl_reader_u8(&d->in);
            demand(d, v < 2, "neither yes nor no");
            *(bool *)to = v == 1;
        } else if (f->kind == U64) {
            uint64_t v = vl_reader_u64le(&d->in);
            memcpy(to, &v, sizeof(v));
        } else {
            uint32_t v = take_u32(d, f);
            memcpy(to, &v, sizeof(v));
        }
    }
}

/* A count cannot ask for more memory than the input could fill. */
static bool has_room(struct decoder *d, const struct form *form, size_t n, size_t max)
{
    if (n > max || n > vl_reader_left(&d->in) / form->bytes) {
        demand(d, false, form->what);
        return false;
    }
    return is_good(d) && n > 0;
}

static void *take_room(struct decoder *d, const struct form *form, struct vl_vec *list, size_t n)
{
    if (!has_room(d, form, n, list->max))
        return NULL;
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): items of every list have bytes */
    list->items = calloc(n, list->item_size);
    if (!list->items) {
        d->failed = vl_err_nomem(d->err);
        return NULL;
    }
    list->cap = list->len = n;
    return list->items;
}

static void take_vec(struct decoder *d, const struct form *form, struct vl_vec *list, size_t n)
{
    char *items = take_room(d, form, list, n);
    for (size_t i = 0; items && i < n && is_good(d); i++)
        take_record(d, form, items + i * list->item_size);
}

static const char *const *take_texts(struct decoder *d, size_t n, size_t max)
{
    if (!has_room(d, &text_form, n, max))
        return NULL;
    const char **list = vl_arena_array(d->inventory->arena, n, sizeof(*list));
    if (!list) {
        d->failed = vl_arena_check(d->inventory->arena, "inventory", d->err);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = take_text(d, false);
    return list;
}

static void take_packages(struct decoder *d)
{
    struct vl_package *items = take_room(d, &package_form, &d->inventory->packages, d->n.packages);
    for (size_t i = 0; items && i < d->n.packages && is_good(d); i++) {
        take_record(d, &package_form, &items[i]);
        uint32_t n = vl_reader_u32le(&d->in);
        items[i].licenses = take_texts(d, n, UINT32_MAX);
        items[i].n_licenses = items[i].licenses ? n : 0;
    }
}

static void take_notes(struct decoder *d)
{
    struct vl_notes *notes = &d->inventory->notes;
    if (!has_room(d, &note_form, d->n.notes, VL_NOTES_MAX))
        return;
    notes->items = calloc(d->n.notes, sizeof(*notes->items));
    if (!notes->items) {
        d->failed = vl_err_nomem(d->err);
        return;
    }
    notes->len = notes->cap = d->n.notes;
    for (size_t i = 0; i < notes->len && is_good(d); i++) {
        take_record(d, &note_form, &notes->items[i]);
        demand(d, notes->items[i].kind != VL_NOTE_PARTIAL || notes->partial,
            "a whole inventory with a note of what is missing");
    }
}

static void take_pool(struct decoder *d, size_t len)
{
    demand(d, len > 0 && len <= vl_reader_left(&d->in), "texts cut off");
    if (!is_good(d))
        return;
    struct vl_span texts = vl_reader_take(&d->in, len);
    char *copy = vl_arena_alloc(d->inventory->arena, len);
    if (!copy) {
        d->failed = vl_arena_check(d->inventory->arena, "inventory", d->err);
        return;
    }
    memcpy(copy, texts.ptr, len);
    demand(d, copy[0] == '\0' && copy[len - 1] == '\0', "texts without an end");
    d->pool = copy;
    d->pool_len = len;
}

static void take_head(struct decoder *d)
{
    struct vl_reader *in = &d->in;
    struct vl_inventory *inventory = d->inventory;
    demand(d, vl_span_eq_str(vl_reader_take(in, 4), MAGIC), "no inventory");
    uint32_t version = vl_reader_u32le(in);
    if (is_good(d) && version != VERSION && version != GRAPH) {
        d->failed = vl_err_set(d->err, VL_ERR_UNSUPPORTED,
            "inventory: form %u; this program knows forms %u and %u", version, VERSION, GRAPH);
        return;
    }
    d->graph = version == GRAPH;
    uint32_t flags = vl_reader_u32le(in);
    demand(d, (flags & ~(uint32_t)FLAGS) == 0, "unknown flags");
    inventory->secrets_scanned = (flags & SECRETS_SCANNED) != 0;
    inventory->notes.partial = (flags & PARTIAL) != 0;
    inventory->files_seen = vl_reader_u64le(in);
    inventory->bytes_read = vl_reader_u64le(in);
    inventory->notes.dropped = vl_reader_u64le(in);
    uint32_t *counts[] = {&d->n.tags, &d->n.layers, &d->n.packages, &d->n.unidentified, &d->n.secrets,
        &d->n.updates, &d->n.notes};
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        *counts[i] = vl_reader_u32le(in);
    take_pool(d, vl_reader_u32le(in));
}

static uint32_t take_node(struct decoder *d, size_t edges)
{
    uint32_t node = vl_reader_u32le(&d->in);
    bool other = (node & VL_INVENTORY_NODE_OTHER) != 0;
    demand(d, (node & ~VL_INVENTORY_NODE_OTHER) < (other ? 2 * edges : d->n.packages),
        "a node that there is not");
    return node;
}

static void take_edges(struct decoder *d)
{
    static const struct form form = {NULL, 0, 2 * sizeof(uint32_t), "dependencies"};
    size_t n = vl_reader_u32le(&d->in);
    demand(d, n > 0, "a graph without edges");
    struct vl_inventory_edge *edges = take_room(d, &form, &d->inventory->edges, n);
    for (size_t i = 0; edges && i < n && is_good(d); i++) {
        edges[i].from = take_node(d, n);
        edges[i].to = take_node(d, n);
    }
}

static int take_all(struct decoder *d)
{
    struct vl_inventory *in = d->inventory;
    take_head(d);
    if (is_good(d)) {
        take_record(d, &target_form, &in->target);
        in->target.tags = take_texts(d, d->n.tags, TAGS_MAX);
        in->target.n_tags = in->target.tags ? d->n.tags : 0;
        take_record(d, &distro_form, &in->distro);
        take_vec(d, &layer_form, &in->layers, d->n.layers);
        take_packages(d);
        take_vec(d, &unidentified_form, &in->unidentified, d->n.unidentified);
        take_vec(d, &secret_form, &in->secrets, d->n.secrets);
        take_vec(d, &text_form, &in->updates, d->n.updates);
        take_notes(d);
        if (d->graph)
            take_edges(d);
    }
    if (d->failed)
        return d->failed;
    if (!d->wrong && !vl_reader_ok(&d->in))
        d->wrong = "cut off";
    if (!d->wrong && vl_reader_left(&d->in))
        d->wrong = "bytes after its end";
    if (d->wrong)
        return vl_err_set(
            d->err, VL_ERR_CORRUPT, "inventory: damaged near byte %zu: %s", d->in.pos, d->wrong);
    return 0;
}

int vl_inventory_decode(struct vl_span bytes, struct vl_inventory **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_inventory_cleanup) struct vl_inventory *inventory = NULL;
    if (bytes.len > VL_INVENTORY_ENCODED_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "inventory: more than %lu bytes", VL_INVENTORY_ENCODED_MAX);
    inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    struct decoder d = {.in = vl_reader_new(bytes), .inventory = inventory, .err = err};
    int r = take_all(&d);
    if (r < 0)
        return r;
    *ret = inventory;
    inventory = NULL;
    return 0;
}

/* --- for the store --- */

int vl_inventory_pack_with(
    struct vl_span encoded, struct vl_span base, struct vl_buf *out, struct vl_err *err)
{
    if (encoded.len > VL_INVENTORY_ENCODED_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "inventory: more than %lu bytes", VL_INVENTORY_ENCODED_MAX);
    return vl_pack_zstd_with(encoded, base, out, err);
}

int vl_inventory_pack(struct vl_span encoded, struct vl_buf *out, struct vl_err *err)
{
    return vl_inventory_pack_with(encoded, VL_SPAN_EMPTY, out, err);
}

int vl_inventory_unpack_with(
    struct vl_span packed, struct vl_span base, struct vl_buf *ret_encoded, struct vl_err *err)
{
    int r = vl_unpack_zstd_with(packed, base, VL_INVENTORY_ENCODED_MAX, "inventory", ret_encoded, err);
    if (r < 0 && err->code == VL_ERR_INVALID)
        err->code = VL_ERR_CORRUPT; /* we packed it: the store is damaged */
    return r;
}

int vl_inventory_unpack(struct vl_span packed, struct vl_inventory **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    vl_buf_init(&plain, VL_INVENTORY_ENCODED_MAX);
    int r = vl_inventory_unpack_with(packed, VL_SPAN_EMPTY, &plain, err);
    return r < 0 ? r : vl_inventory_decode(vl_buf_span(&plain), ret, err);
}
