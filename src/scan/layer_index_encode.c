#include <string.h>

#include "layer_index_format.h"

#include "base/map.h"

#define TEXTS_MAX 16000000 /* different ones */

struct encoder {
    struct vl_buf pool;
    struct vl_map known; /* text to its place in the pool */
    struct vl_buf paths; /* entries and owned lists */
    struct vl_buf rest;  /* records */
    uint64_t names;      /* bytes of all paths and targets, decoded */
    uint64_t lists;      /* bytes of all owned lists, decoded */
    struct vl_err *err;
    int failed;
};

static uint32_t place(struct encoder *e, const char *text)
{
    struct vl_map_slot *slot;
    bool added;
    struct vl_span s = vl_span_str(text);
    if (!text)
        return VL_INDEX_NONE;
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

static void put_texts(
    struct encoder *e, struct vl_buf *out, const void *record, const struct vl_index_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text;
        memcpy(&text, (const char *)record + texts[i].at, sizeof(text));
        vl_buf_append_u32le(out, place(e, !text && !texts[i].nullable ? "" : text));
    }
}

static size_t shared_bytes(struct vl_span a, struct vl_span b)
{
    size_t max = a.len < b.len ? a.len : b.len;
    size_t n = 0;
    while (n < max && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

static void put_shared(struct encoder *e, struct vl_span before, struct vl_span now)
{
    size_t shared = shared_bytes(before, now);
    vl_buf_append_varint(&e->paths, shared);
    vl_buf_append_lstr(&e->paths, vl_span_slice(now, shared, now.len));
}

static bool in_order(const struct vl_layer_path *a, const struct vl_layer_path *b)
{
    int c = vl_layer_path_compare(a->path, b->path);
    return c < 0 || (c == 0 && vl_index_path_rank(a->kind) < vl_index_path_rank(b->kind));
}

static int put_paths(struct encoder *e, const struct vl_layer_paths *paths)
{
    const struct vl_layer_path *all = paths->entries.items;
    struct vl_span before = VL_SPAN_EMPTY;
    for (size_t i = 0; i < paths->entries.len; i++) {
        struct vl_span path = vl_span_str(all[i].path);
        if (path.len >= VL_TAR_PATH_MAX || (i > 0 && !in_order(&all[i - 1], &all[i])))
            return vl_err_set(
                e->err, VL_ERR_INVALID, "layer index: path %.*s is out of order", VL_SPAN_FMT(path));
        vl_buf_append_u8(&e->paths, (uint8_t)(all[i].kind | (all[i].target ? VL_INDEX_PATH_TARGET : 0)));
        put_shared(e, before, path);
        e->names += path.len + 1;
        if (all[i].target) {
            vl_buf_append_lstr(&e->paths, vl_span_str(all[i].target));
            e->names += strlen(all[i].target) + 1;
        }
        before = path;
    }
    return 0;
}

/* "a\nb" is two lines, "a\n" too (the last one is empty), "" none. */
static void put_owned(struct encoder *e, const struct vl_vec *owned)
{
    struct vl_span before = VL_SPAN_EMPTY;
    for (size_t i = 0; i < owned->len; i++) {
        const struct vl_package_owned *o = vl_vec_at(owned, i);
        struct vl_span rest = {o->paths, o->paths ? o->paths_len : 0};
        size_t lines = rest.len > 0;
        for (size_t at = 0; at < rest.len; at++)
            lines += rest.ptr[at] == '\n';
        put_texts(e, &e->paths, o, vl_index_owned_texts, VL_ARRAY_LEN(vl_index_owned_texts));
        vl_buf_append_varint(&e->paths, lines);
        e->lists += rest.len + 1;
        for (size_t line = 0; line < lines; line++) {
            size_t end = vl_span_find_char(rest, '\n');
            struct vl_span now = vl_span_slice(rest, 0, end);
            put_shared(e, before, now);
            before = now;
            rest = end < rest.len ? vl_span_slice(rest, end + 1, rest.len) : VL_SPAN_EMPTY;
        }
    }
}

static void put_package(struct encoder *e, const struct vl_package *p)
{
    vl_buf_append_u8(&e->rest, (uint8_t)p->ecosystem);
    vl_buf_append_u32le(&e->rest, p->flags);
    vl_buf_append_u32le(&e->rest, p->line);
    put_texts(e, &e->rest, p, vl_index_package_texts, VL_ARRAY_LEN(vl_index_package_texts));
    vl_buf_append_u32le(&e->rest, p->n_licenses);
    for (uint32_t i = 0; i < p->n_licenses; i++)
        vl_buf_append_u32le(&e->rest, place(e, p->licenses[i] ? p->licenses[i] : ""));
}

static void put_list(
    struct encoder *e, const struct vl_vec *list, const struct vl_index_text *texts, size_t n)
{
    for (size_t i = 0; i < list->len; i++)
        put_texts(e, &e->rest, vl_vec_at(list, i), texts, n);
}

static void put_secrets(struct encoder *e, const struct vl_vec *secrets)
{
    for (size_t i = 0; i < secrets->len; i++) {
        const struct vl_secret *s = vl_vec_at(secrets, i);
        vl_buf_append_u32le(&e->rest, s->line);
        vl_buf_append_u32le(&e->rest, s->severity);
        put_texts(e, &e->rest, s, vl_index_secret_texts, VL_ARRAY_LEN(vl_index_secret_texts));
    }
}

static void put_notes(struct encoder *e, const struct vl_notes *notes)
{
    for (size_t i = 0; i < notes->len; i++) {
        vl_buf_append_u8(&e->rest, (uint8_t)notes->items[i].kind);
        vl_buf_append_u8(&e->rest, (uint8_t)notes->items[i].code);
        put_texts(e, &e->rest, &notes->items[i], vl_index_note_texts, VL_ARRAY_LEN(vl_index_note_texts));
    }
}

static void put_distro(struct encoder *e, const struct vl_distro *distro)
{
    vl_buf_append_u8(&e->rest, (uint8_t)distro->support);
    vl_buf_append_u64le(&e->rest, (uint64_t)distro->support_ends_ms);
    vl_buf_append_u64le(&e->rest, (uint64_t)distro->extended_ends_ms);
    put_texts(e, &e->rest, distro, vl_index_distro_texts, VL_ARRAY_LEN(vl_index_distro_texts));
}

static void put_records(struct encoder *e, const struct vl_layer_index *index)
{
    const struct vl_package_sink *sink = &index->sink;
    for (size_t i = 0; i < sink->packages.len; i++)
        put_package(e, vl_vec_at(&sink->packages, i));
    put_list(e, &sink->unidentified, vl_index_unidentified_texts, VL_ARRAY_LEN(vl_index_unidentified_texts));
    put_list(e, &sink->updates, vl_index_update_texts, VL_ARRAY_LEN(vl_index_update_texts));
    put_list(e, &sink->licenses, vl_index_license_texts, VL_ARRAY_LEN(vl_index_license_texts));
    put_secrets(e, &index->secrets);
    put_notes(e, &index->notes);
    if (sink->has_distro)
        put_distro(e, &sink->distro);
}

static void put_head(const struct encoder *e, const struct vl_layer_index *index, struct vl_buf *out)
{
    const struct vl_package_sink *sink = &index->sink;
    unsigned flags = (index->has_diff_id ? VL_INDEX_HAS_DIFF_ID : 0U) |
                     (index->secrets_scanned ? VL_INDEX_SECRETS_SCANNED : 0U) |
                     (sink->has_distro ? VL_INDEX_HAS_DISTRO : 0U) |
                     (index->notes.partial ? VL_INDEX_PARTIAL : 0U);
    const size_t counts[] = {index->paths.entries.len, sink->packages.len, sink->owned.len,
        sink->unidentified.len, sink->updates.len, sink->licenses.len, index->secrets.len, index->notes.len};
    vl_buf_append_str(out, VL_INDEX_MAGIC);
    vl_buf_append_u32le(out, VL_INDEXER_VERSION);
    vl_buf_append_u32le(out, flags);
    vl_buf_append_u8(out, (uint8_t)index->diff_id.kind);
    vl_buf_append(out, index->diff_id.bytes, VL_DIGEST_BYTES_MAX);
    vl_buf_append_u64le(out, index->bytes);
    vl_buf_append_u64le(out, index->files);
    vl_buf_append_u64le(out, index->notes.dropped);
    vl_buf_append_u32le(out, sink->distro_rank);
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        vl_buf_append_u32le(out, (uint32_t)counts[i]);
    vl_buf_append_u64le(out, e->pool.len);
    vl_buf_append_u64le(out, e->names);
    vl_buf_append_u64le(out, e->lists);
}

static int put_all(struct encoder *e, const struct vl_layer_index *index, struct vl_buf *out)
{
    vl_buf_append_char(&e->pool, '\0');
    int r = put_paths(e, &index->paths);
    if (r < 0)
        return r;
    put_owned(e, &index->sink.owned);
    put_records(e, index);
    r = e->failed;
    if (r == 0)
        r = vl_buf_check(&e->pool, "layer index", e->err);
    if (r == 0)
        r = vl_buf_check(&e->paths, "layer index", e->err);
    if (r == 0)
        r = vl_buf_check(&e->rest, "layer index", e->err);
    if (r < 0)
        return r;
    put_head(e, index, out);
    vl_buf_append_span(out, vl_buf_span(&e->pool));
    vl_buf_append_span(out, vl_buf_span(&e->paths));
    vl_buf_append_span(out, vl_buf_span(&e->rest));
    return vl_buf_check(out, "layer index", e->err);
}

int vl_layer_index_encode(const struct vl_layer_index *index, struct vl_buf *out, struct vl_err *err)
{
    struct encoder e = {.err = err};
    vl_buf_init(&e.pool, VL_LAYER_INDEX_MAX);
    vl_buf_init(&e.paths, VL_LAYER_INDEX_MAX);
    vl_buf_init(&e.rest, VL_LAYER_INDEX_MAX);
    vl_map_init(&e.known, TEXTS_MAX);
    int r = put_all(&e, index, out);
    vl_map_done(&e.known);
    vl_buf_done(&e.pool);
    vl_buf_done(&e.paths);
    vl_buf_done(&e.rest);
    return r;
}

int vl_layer_index_set_diff_id(struct vl_buf *encoded, const struct vl_digest *diff_id, struct vl_err *err)
{
    const size_t flags_at = strlen(VL_INDEX_MAGIC) + 4, kind_at = flags_at + 4, bytes_at = kind_at + 1;
    if (encoded->len < bytes_at + VL_DIGEST_BYTES_MAX)
        return vl_err_set(err, VL_ERR_CORRUPT, "layer index: cut off");
    encoded->ptr[flags_at] = (char)(encoded->ptr[flags_at] | VL_INDEX_HAS_DIFF_ID);
    encoded->ptr[kind_at] = (char)diff_id->kind;
    memcpy(encoded->ptr + bytes_at, diff_id->bytes, VL_DIGEST_BYTES_MAX);
    return 0;
}
