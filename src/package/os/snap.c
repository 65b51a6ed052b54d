/* Source: snapcraft's "snap.yaml" (meta/snap.yaml of every installed revision). */
#include "appstore.h"

#include "codec/doc.h"
#include "license.h"
#include "path.h"

static bool wants(const struct vl_package_file *file)
{
    static const char *const places[] = {
        "snap/*/*/meta/snap.yaml", "var/lib/snapd/snap/*/*/meta/snap.yaml", NULL};
    return os_path_match_any(file->path, places);
}

static int read_doc(const struct vl_doc_node *root, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name = vl_doc_text(vl_doc_get(root, "name"));
    struct vl_span version = vl_doc_text(vl_doc_get(root, "version"));
    const struct vl_doc_node *arch = vl_doc_get(root, "architectures");
    if (name.len == 0 || version.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "%s: without name or version", file->path);
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_SNAP, name, version, file->path, err);
    if (!p)
        return err->err;
    /* several mean that it runs on each: then no single one is the package's */
    struct vl_span first = vl_doc_span(vl_doc_first(arch));
    if (vl_doc_size(arch) == 1 && first.len)
        p->arch = vl_arena_dup_span(sink->arena, first);
    return os_set_license(p, vl_doc_get_str(root, "license"), sink->arena, file->path, err);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(file->content, VL_DOC_YAML, file->path, &doc, err);
    return r < 0 ? r : read_doc(vl_doc_root(doc), file, sink, err);
}

const struct vl_package_parser os_parser_snap = {"snap", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
