#include "language/parsers.h"
#include "text_util.h"

/* Extensions of Visual Studio Code: the list extensions/extensions.json that an installation keeps. Source:
 * code.visualstudio.com ("Extension Marketplace") and vscode's extensionsProfileScannerService. */

static bool wants_extensions(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "extensions.json") && PKG_ENDS(pkg_folder(file), "/extensions");
}

static int parse_extensions(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_VSCODE);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_ARRAY, &doc, err);
    if (r < 0)
        return r;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span id = vl_doc_get_str(vl_doc_get(n, "identifier"), "id");
        struct vl_span version = vl_doc_get_str(n, "version");
        if (id.len && version.len)
            r = pkg_unique_add(&unique, id, version, VL_SPAN_EMPTY, 0, vl_doc_line(n), NULL, err);
    }
    return r;
}

const struct vl_package_parser pkg_parser_vscode_extensions = {
    .name = "vscode/extensions",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_extensions,
    .parse = parse_extensions,
};
