/* Source: Canonical's chisel, "manifest.wall": zstd over JSON lines in jsonwall form; a header line, then
 * {"kind": "package"|"slice"|"path"|"content", …} sorted by bytes. */
#include "chisel.h"

#include "base/map.h"
#include "codec/doc.h"
#include "codec/stream.h"
#include "owned.h"
#include "path.h"

#define MANIFEST_MAX (256UL * 1024 * 1024) /* unpacked */
#define PACKAGES_MAX 100000
#define CHUNK        65536

struct content {
    const struct vl_package_file *file;
    struct vl_package_sink *sink;
    struct vl_map owned; /* package name -> index into lists */
    struct vl_vec lists; /* struct list */
    bool header;
};

struct list {
    struct vl_span package;
    struct os_owned owned;
};

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/lib/chisel/manifest.wall");
}

static int unpack(const struct vl_package_file *file, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_stream *below = NULL;
    if (vl_compression_detect(file->content) != VL_COMPRESSION_ZSTD)
        return vl_err_set(err, VL_ERR_INVALID, "%s: not compressed with zstd", file->path);
    int r = vl_stream_new_span(file->content, &below, err);
    if (r >= 0)
        r = vl_stream_new_decompress(below, VL_COMPRESSION_ZSTD, MANIFEST_MAX, &stream, err);
    while (r >= 0) {
        char *to = vl_buf_reserve(out, CHUNK);
        int64_t n = to ? vl_stream_read(stream, to, CHUNK, err) : 0;
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        vl_buf_commit(out, (size_t)n);
    }
    return r < 0 ? r : vl_buf_check(out, file->path, err);
}

static int add_package(struct content *c, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(node, "name"), version = vl_doc_get_str(node, "version");
    struct vl_span arch = vl_doc_get_str(node, "arch");
    if (name.len == 0 || version.len == 0)
        return 0;
    struct vl_package *p = vl_package_sink_add(c->sink, VL_ECO_DEB, name, version, c->file->path, err);
    if (!p)
        return err->err;
    if (arch.len)
        p->arch = vl_arena_dup_span(c->sink->arena, arch);
    return vl_arena_check(c->sink->arena, c->file->path, err);
}

/* {"kind":"content","slice":"libc6_libs","path":"/lib/…"}: slices are named PACKAGE_SLICE. */
static int add_content(struct content *c, const struct vl_doc_node *node, struct vl_err *err)
{
    struct vl_span slice = vl_doc_get_str(node, "slice"), path = vl_doc_get_str(node, "path");
    size_t bar = vl_span_find_char(slice, '_');
    if (bar == SIZE_MAX || path.len == 0 || path.ptr[path.len - 1] == '/')
        return 0;
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&c->owned, vl_span_slice(slice, 0, bar), &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.num = c->lists.len;
        slot->key =
            vl_span_str(vl_arena_dup_span(c->sink->arena, slot->key)); /* outlives the line's document */
        struct list *list = vl_vec_push(&c->lists, "packages of a manifest", err);
        if (!list)
            return err->err;
        list->package = slot->key;
        os_owned_init(&list->owned);
    }
    struct list *list = vl_vec_at(&c->lists, slot->value.num);
    os_owned_add(&list->owned, path);
    return vl_arena_check(c->sink->arena, c->file->path, err);
}

static int each_line(struct vl_doc *doc, void *user, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    struct content *c = user;
    const struct vl_doc_node *root = vl_doc_root(owned);
    if (!c->header) {
        c->header = true;
        return vl_doc_get_str(root, "jsonwall").len
                   ? 0
                   : vl_err_set(err, VL_ERR_INVALID, "%s: does not begin as a jsonwall file", c->file->path);
    }
    struct vl_span kind = vl_doc_get_str(root, "kind");
    if (vl_span_eq_str(kind, "package"))
        return add_package(c, root, err);
    if (vl_span_eq_str(kind, "content"))
        return add_content(c, root, err);
    return 0;
}

static int flush(struct content *c, int r, struct vl_err *err)
{
    for (size_t i = 0; i < c->lists.len; i++) {
        struct list *list = vl_vec_at(&c->lists, i);
        if (r >= 0)
            r = os_owned_flush(&list->owned, list->package, VL_SPAN_EMPTY, c->sink, c->file->path, err);
        os_owned_done(&list->owned);
    }
    return r;
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct content c = {.file = file, .sink = sink};
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, MANIFEST_MAX);
    int r = unpack(file, &text, err);
    if (r < 0)
        return r;
    vl_map_init(&c.owned, PACKAGES_MAX);
    vl_vec_init(&c.lists, sizeof(struct list), PACKAGES_MAX);
    r = vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, file->path, each_line, &c, err);
    r = flush(&c, r, err);
    vl_map_done(&c.owned);
    vl_vec_done(&c.lists);
    return r;
}

const struct vl_package_parser os_parser_chisel = {"chisel", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
