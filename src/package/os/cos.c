/* Container-Optimized OS. Source: the JSON that its images carry since milestone 69; versions are those of
 * the image's build, which COS advisories name, the ebuild's stands beside. */
#include "appstore.h"

#include "codec/doc.h"
#include "path.h"

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "etc/cos-package-info.json");
}

static int add(const struct vl_doc_node *item, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(item, "name"), version = vl_doc_get_str(item, "version");
    struct vl_span category = vl_doc_get_str(item, "category"),
                   ebuild = vl_doc_get_str(item, "ebuild_version");
    if (name.len == 0)
        return 0;
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_COS, name, version, file->path, err);
    if (!p)
        return err->err;
    if (category.len)
        p->source_name = vl_arena_printf(sink->arena, "%.*s/%.*s", VL_SPAN_FMT(category), VL_SPAN_FMT(name));
    if (ebuild.len)
        p->source_version = vl_arena_dup_span(sink->arena, ebuild);
    return vl_arena_check(sink->arena, file->path, err);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(file->content, VL_DOC_JSON, file->path, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), "installedPackages");
    if (!vl_doc_is(vl_doc_root(doc), VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: no JSON object", file->path);
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n))
        r = add(n, file, sink, err);
    return r < 0 ? r : 0;
}

const struct vl_package_parser os_parser_cos = {"cos", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
