/* pubspec.lock. Source: dart.dev/tools/pub/glossary, "lockfile". */
#include "language/project_parsers.h"

#include "text_util.h"

static int parse_pub(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_YAML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "packages"));
    for (; n; n = vl_doc_next(n)) {
        struct vl_span dependency = vl_doc_get_str(n, "dependency");
        unsigned flags = VL_PACKAGE_LOCKED;
        flags |= PKG_IS(dependency, "direct dev") ? VL_PACKAGE_DEV : 0U;
        flags |= PKG_IS(dependency, "transitive") ? VL_PACKAGE_INDIRECT : 0U;
        if (!pkg_add(sink, VL_ECO_PUB, vl_doc_key(n), vl_doc_text(vl_doc_get(n, "version")), flags,
                vl_doc_line(n), file, err))
            return err->err;
    }
    return 0;
}

static bool wants_pub(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "pubspec.lock");
}

const struct vl_package_parser pkg_parser_pub_lock = {
    .name = "pub/lock",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pub,
    .parse = parse_pub,
};
