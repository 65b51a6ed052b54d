/* Containers of feeds: plain, gzip, zstd, xz, bzip2; zip and tar of documents. */
#include <string.h>

#include "base/file.h"
#include "codec/stream.h"
#include "codec/tar.h"
#include "codec/zip.h"
#include "feed.h"

#define DOCUMENT_ARENA (2UL * 1024 * 1024 * 1024)
#define PIECE          (256UL * 1024)

struct input {
    const struct vl_feed_kind *kind;
    struct vl_feed_context context;
    struct vl_record_sink *sink;
    const char *name;
    struct vl_buf document;
    uint64_t documents;
    uint64_t total;
    const struct vl_map *but; /* documents to pass over, by name without folder and ".json"; or NULL */
};

/* The document's own fault, or that of the machine or the receiver. */
static bool is_damage(const struct input *in, const struct vl_err *err)
{
    return !in->sink->failed && (err->code == VL_ERR_INVALID || err->code == VL_ERR_LIMIT ||
                                    err->code == VL_ERR_CORRUPT || err->code == VL_ERR_UNSUPPORTED);
}

static int parse_document(struct input *in, struct vl_span bytes, const char *object, struct vl_err *err)
{
    vl_arena_reset(in->context.arena);
    in->documents++;
    return in->kind->parse(bytes, object, &in->context, in->sink, err);
}

static bool is_left_out(const struct input *in, const char *path)
{
    struct vl_span name = vl_span_str(path);
    size_t slash = vl_span_rfind_char(name, '/');
    if (!in->but)
        return false;
    name = slash == SIZE_MAX ? name : vl_span_slice(name, slash + 1, name.len);
    return vl_span_ends_with(name, ".json") && vl_map_get(in->but, vl_span_slice(name, 0, name.len - 5));
}

static int parse_member(struct input *in, const char *path, struct vl_err *err)
{
    if (is_left_out(in, path)) {
        in->documents++;
        return 0;
    }
    int r = parse_document(in, vl_buf_span(&in->document), path, err);
    if (r < 0 && is_damage(in, err)) {
        vl_record_damage(in->sink, path, err);
        r = 0;
    }
    return r;
}

static int account(struct input *in, uint64_t size, struct vl_err *err)
{
    in->total += size;
    return in->total > VL_FEED_OUTPUT_MAX ? vl_err_set(err, VL_ERR_LIMIT, "%s unpacks to more than %lu bytes",
                                                in->name, VL_FEED_OUTPUT_MAX)
                                          : 0;
}

static int read_zip(struct input *in, struct vl_span bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = NULL;
    const struct vl_zip_entry *entry;
    int r = vl_zip_open(bytes, in->name, &zip, err);
    if (r < 0)
        return r;
    while ((r = vl_zip_next(zip, &entry, err)) > 0) {
        if (entry->is_dir || !in->kind->wants(entry->path))
            continue;
        vl_buf_clear(&in->document);
        r = vl_zip_read(zip, &in->document, err);
        if (r == 0)
            r = account(in, in->document.len, err);
        if (r == 0)
            r = parse_member(in, entry->path, err);
        if (r < 0)
            return r;
    }
    return r;
}

static int read_tar(struct input *in, struct vl_stream *stream, struct vl_err *err)
{
    VL_CLEANUP(vl_tar_cleanup) struct vl_tar *tar = vl_tar_new(stream);
    const struct vl_tar_entry *entry;
    int r;
    if (!tar)
        return vl_err_nomem(err);
    while ((r = vl_tar_next(tar, &entry, err)) > 0) {
        char path[VL_TAR_PATH_MAX];
        if (entry->type != VL_TAR_FILE || !vl_tar_clean_path(entry->path, path) || !in->kind->wants(path))
            continue;
        vl_buf_clear(&in->document);
        char *room =
            entry->size <= in->document.max ? vl_buf_reserve(&in->document, (size_t)entry->size) : NULL;
        if (!room && entry->size)
            return vl_err_set(
                err, VL_ERR_LIMIT, "%s in %s is over %zu bytes", path, in->name, in->document.max);
        for (uint64_t got = 0; got < entry->size;) {
            int64_t n = vl_tar_read(tar, room + got, (size_t)(entry->size - got), err);
            if (n < 0)
                return (int)n;
            if (n == 0)
                break;
            got += (uint64_t)n;
            vl_buf_commit(&in->document, (size_t)n);
        }
        r = account(in, in->document.len, err);
        if (r == 0)
            r = parse_member(in, path, err);
        if (r < 0)
            return r;
    }
    return r;
}

static int read_whole(struct input *in, struct vl_stream *stream, struct vl_err *err)
{
    vl_buf_clear(&in->document);
    for (;;) {
        char *room = vl_buf_reserve(&in->document, PIECE);
        if (!room)
            return vl_buf_check(&in->document, in->name, err);
        int64_t n = vl_stream_read(stream, room, PIECE, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        vl_buf_commit(&in->document, (size_t)n);
    }
    return parse_document(in, vl_buf_span(&in->document), in->name, err);
}

static int read_stream(struct input *in, struct vl_span bytes, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_stream *below;
    struct vl_span head = VL_SPAN_EMPTY;
    int r = vl_stream_new_span(bytes, &below, err);
    if (r == 0)
        r = vl_stream_new_auto(below, VL_FEED_OUTPUT_MAX, &stream, err);
    if (r == 0)
        r = vl_stream_peek(stream, 512, &head, err);
    if (r < 0)
        return r;
    bool tar = head.len >= 262 && memcmp(head.ptr + 257, "ustar", 5) == 0;
    return tar ? read_tar(in, stream, err) : read_whole(in, stream, err);
}

static int read_bytes(struct vl_span bytes, const char *name, const struct vl_feed_kind *kind,
    const char *feed, const char *ecosystem, const struct vl_map *but, struct vl_record_sink *sink,
    struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(DOCUMENT_ARENA);
    struct input in = {.kind = kind,
        .context = {.feed = feed, .ecosystem = ecosystem, .arena = arena},
        .sink = sink,
        .name = name,
        .but = but};
    if (!arena)
        return vl_err_nomem(err);
    uint64_t damaged_before = sink->damaged;
    vl_buf_init(&in.document, VL_FEED_DOCUMENT_MAX);
    bool zip = vl_span_starts_with(bytes, "PK\x03\x04") || vl_span_starts_with(bytes, "PK\x05\x06");
    int r = zip ? read_zip(&in, bytes, err) : read_stream(&in, bytes, err);
    vl_buf_done(&in.document);
    if (r < 0)
        return vl_err_wrap(err, "feed %s", feed);
    uint64_t damaged = sink->damaged - damaged_before;
    if (in.documents == 0)
        return vl_err_set(
            err, VL_ERR_INVALID, "feed %s: %s holds no document of kind %s", feed, name, kind->name);
    if (in.documents > 1 && damaged * 100 > in.documents * VL_FEED_DAMAGED_MAX)
        return vl_err_set(err, VL_ERR_INVALID,
            "feed %s: %llu of %llu documents of %s cannot be read, first %s", feed,
            (unsigned long long)damaged, (unsigned long long)in.documents, name, sink->first_damage);
    return 0;
}

int vl_feed_read_bytes(struct vl_span bytes, const char *name, const struct vl_feed_kind *kind,
    const char *feed, const char *ecosystem, struct vl_record_sink *sink, struct vl_err *err)
{
    return read_bytes(bytes, name, kind, feed, ecosystem, NULL, sink, err);
}

int vl_feed_read_file_but(const char *path, const struct vl_feed_kind *kind, const char *feed,
    const char *ecosystem, const struct vl_map *but, struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_FEED_FILE_MAX);
    int r = vl_file_read(path, VL_FEED_FILE_MAX, &bytes, err);
    return r < 0 ? r : read_bytes(vl_buf_span(&bytes), path, kind, feed, ecosystem, but, sink, err);
}

int vl_feed_read_file(const char *path, const struct vl_feed_kind *kind, const char *feed,
    const char *ecosystem, struct vl_record_sink *sink, struct vl_err *err)
{
    return vl_feed_read_file_but(path, kind, feed, ecosystem, NULL, sink, err);
}
