#include "language/parsers.h"
#include "language/license_node.h"
#include "text_util.h"

/* Source: "package.json" of docs.npmjs.com. */

static bool wants_package_json(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "package.json");
}

/* Directly node_modules/NAME or node_modules/@SCOPE/NAME: what npm put there. Deeper ones are what a package
 * carries along: vendored copies, and test fixtures that look like them. */
static bool is_module_root(struct vl_span folder)
{
    size_t slash = vl_span_rfind_char(folder, '/');
    if (slash == SIZE_MAX)
        return false;
    struct vl_span parent = vl_span_slice(folder, 0, slash);
    size_t up = vl_span_rfind_char(parent, '/');
    struct vl_span last = up == SIZE_MAX ? parent : vl_span_slice(parent, up + 1, parent.len);
    if (last.len && last.ptr[0] == '@' && up != SIZE_MAX)
        parent = vl_span_slice(parent, 0, up);
    return PKG_ENDS(parent, "/node_modules") || PKG_IS(parent, "node_modules");
}

static int parse_package_json(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    bool in_modules = pkg_in_folder(file, "node_modules");
    bool carried = in_modules && !is_module_root(pkg_folder(file));
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0 && carried) {
        /* Packages publish damaged ones on purpose, as fixtures of their tests. */
        vl_notes_add(sink->notes, VL_NOTE_INFO, err->code, file->path, "not read: %s", err->msg);
        vl_err_clear(err);
        return 0;
    }
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span name = vl_doc_get_str(root, "name"), version = vl_doc_get_str(root, "version");
    if (name.len == 0 || version.len == 0)
        return 0; /* no package: {"type": "module"} marks a folder only */
    /* Extensions of an editor and of Unity use the format, but are not npm's packages. */
    bool vscode = vl_doc_get(vl_doc_get(root, "engines"), "vscode") ||
                  vl_doc_is(vl_doc_get(root, "contributes"), VL_DOC_OBJECT);
    if (vl_doc_get(root, "unity") || (vscode && !in_modules))
        return 0;
    unsigned flags = carried ? VL_PACKAGE_BUNDLED : in_modules ? 0 : VL_PACKAGE_MAIN;
    struct vl_package *package =
        pkg_add(sink, VL_ECO_NPM, name, version, flags, vl_doc_line(vl_doc_get(root, "version")), file, err);
    return package ? pkg_node_licenses(sink, package, root, err) : err->err;
}

const struct vl_package_parser pkg_parser_npm_package_json = {
    .name = "npm/package-json",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_package_json,
    .parse = parse_package_json,
};
