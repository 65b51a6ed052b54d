#include "codec/zip.h"
#include "language/license_node.h"
#include "language/parsers.h"
#include "language/python_metadata.h"
#include "text_util.h"

/* Packages inside zip archives: *.vsix of Visual Studio Code (npm packages below extension/node_modules;
 * layout of
 * @vscode/vsce), Python eggs (EGG-INFO/PKG-INFO; setuptools, "The Internal Structure of Python Eggs") and
 * wheels (NAME-VERSION.dist-info/METADATA; "Binary distribution format" of packaging.python.org). Eggs are
 * installed as they are, a wheel is not: it counts in folders only. */

#define MANIFEST_MAX (4UL * 1024 * 1024)

static bool wants_vsix(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".vsix");
}

static bool wants_egg(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".egg");
}

static bool wants_wheel(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".whl");
}

static int read_manifest(
    const struct vl_package_file *inner, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(inner, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0) {
        vl_notes_add_err(sink->notes, inner->path, err);
        return 0; /* the other packages of the archive still count */
    }
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span name = vl_doc_get_str(root, "name"), version = vl_doc_get_str(root, "version");
    if (vl_span_trim(name).len == 0 || vl_span_trim(version).len == 0)
        return 0;
    struct vl_package *package = pkg_add(sink, VL_ECO_NPM, name, version, VL_PACKAGE_BUNDLED, 0, inner, err);
    return package ? pkg_node_licenses(sink, package, root, err) : err->err;
}

static bool wants_manifest(const struct vl_package_file *inner)
{
    return PKG_IS(pkg_base(inner), "package.json") && pkg_in_folder(inner, "node_modules");
}

static bool wants_egg_info(const struct vl_package_file *inner)
{
    return strcmp(inner->path, "EGG-INFO/PKG-INFO") == 0;
}

static bool wants_wheel_info(const struct vl_package_file *inner)
{
    struct vl_span folder = pkg_folder(inner);
    return PKG_IS(pkg_base(inner), "METADATA") && PKG_ENDS(folder, ".dist-info") &&
           vl_span_find_char(folder, '/') == SIZE_MAX;
}

/* Hands each entry that is wanted to `read`, under the path "ARCHIVE!ENTRY". */
static int each_entry(const struct vl_package_file *file, struct vl_package_sink *sink,
    bool (*wants)(const struct vl_package_file *inner),
    int (*read)(const struct vl_package_file *inner, struct vl_package_sink *sink, struct vl_err *err),
    struct vl_err *err)
{
    VL_CLEANUP(vl_zip_cleanup) struct vl_zip *zip = NULL;
    const struct vl_zip_entry *entry;
    int r = vl_zip_open(file->content, file->path, &zip, err);
    while (r >= 0 && (r = vl_zip_next(zip, &entry, err)) == 1) {
        struct vl_package_file inner = {.path = entry->path};
        if (entry->is_dir || !wants(&inner))
            continue;
        VL_CLEANUP(vl_buf_done) struct vl_buf content;
        vl_buf_init(&content, MANIFEST_MAX);
        inner.path = vl_arena_printf(sink->arena, "%s!%s", file->path, entry->path);
        r = inner.path ? vl_zip_read(zip, &content, err) : vl_arena_check(sink->arena, file->path, err);
        inner.content = vl_buf_span(&content);
        if (r >= 0)
            r = read(&inner, sink, err);
    }
    return r;
}

static int parse_vsix(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return each_entry(file, sink, wants_manifest, read_manifest, err);
}

static int parse_wheel(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return each_entry(file, sink, wants_wheel_info, py_metadata_parse, err);
}

static int parse_egg(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return each_entry(file, sink, wants_egg_info, py_metadata_parse, err);
}

const struct vl_package_parser pkg_parser_vscode_vsix = {
    .name = "vscode/vsix",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_vsix,
    .parse = parse_vsix,
};

const struct vl_package_parser pkg_parser_pypi_egg = {
    .name = "pypi/egg",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_egg,
    .parse = parse_egg,
};

const struct vl_package_parser pkg_parser_pypi_wheel = {
    .name = "pypi/wheel",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_wheel,
    .parse = parse_wheel,
};
