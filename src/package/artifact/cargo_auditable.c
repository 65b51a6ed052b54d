/* Dependencies that cargo-auditable puts into a binary. Source: rust-secure-code/cargo-auditable PARSING.md
 * and cargo-auditable.schema.json: zlib over JSON in a section ".dep-v0". */
#include "artifact/binary.h"

#include "base/buf.h"
#include "codec/stream.h"
#include "text_util.h"

#define JSON_MAX (8UL * 1024 * 1024) /* the limit that PARSING.md advises */

static int unpack(struct vl_span section, struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_stream_cleanup) struct vl_stream *stream = NULL;
    struct vl_stream *packed = NULL;
    int r = vl_stream_new_span(section, &packed, err);
    if (r >= 0)
        r = vl_stream_new_decompress(packed, VL_COMPRESSION_ZLIB, JSON_MAX, &stream, err);
    while (r >= 0) {
        char *room = vl_buf_reserve(out, 64UL * 1024);
        if (!room)
            break;
        int64_t n = vl_stream_read(stream, room, 64UL * 1024, err);
        if (n <= 0)
            return (int)n;
        vl_buf_commit(out, (size_t)n);
    }
    return r < 0 ? r : vl_buf_check(out, "dependencies", err);
}

static int read_package(const struct vl_package_file *file, const struct vl_doc_node *node,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(node, "name"), version = vl_doc_get_str(node, "version");
    struct vl_span kind = vl_doc_get_str(node, "kind");
    if (name.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "a dependency of .dep-v0 has no name");
    unsigned flags = vl_doc_bool(vl_doc_get(node, "root")) ? VL_PACKAGE_MAIN : 0U;
    /* Build scripts and macros ran on the machine that compiled: nothing of them is here. */
    if (kind.len && !PKG_IS(kind, "runtime"))
        flags |= VL_PACKAGE_DEV;
    return pkg_add(sink, VL_ECO_CARGO, name, version, flags, 0, file, err) ? 0 : err->err;
}

int art_cargo_read(const struct vl_package_file *file, const struct vl_object_file *object,
    struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf json;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_span section;
    /* One block more than the limit, so that the stream's own error names it. */
    vl_buf_init(&json, JSON_MAX + 128UL * 1024);
    if (!vl_object_section(object, ".dep-v0", &section, NULL))
        return 0;
    int r = unpack(section, &json, err);
    if (r >= 0)
        r = vl_doc_parse(vl_buf_span(&json), VL_DOC_JSON, ".dep-v0", &doc, err);
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), "packages");
    if (r >= 0 && !vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, ".dep-v0 lists no packages");
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        r = read_package(file, n, sink, err);
    return r < 0 ? r : 1;
}
