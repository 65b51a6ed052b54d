#include "language/license_node.h"
#include "language/parsers.h"
#include "text_util.h"

/* composer.lock and vendor/composer/installed.json. Source: getcomposer.org, "composer.lock" and the
 * FilesystemRepository that writes installed.json: a list until Composer 1, an object with "packages" and
 * "dev-package-names" since 2. */

static bool wants_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "composer.lock");
}

static bool wants_installed(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "installed.json") &&
           (PKG_ENDS(pkg_folder(file), "/composer") || PKG_IS(pkg_folder(file), "composer"));
}

static int read_list(struct pkg_unique *unique, const struct vl_doc_node *list,
    const struct vl_doc_node *dev_names, unsigned flags, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map dev;
    struct vl_map_slot *slot;
    vl_map_init(&dev, vl_doc_size(dev_names) + 1);
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(dev_names); n && r >= 0; n = vl_doc_next(n))
        r = vl_map_put(&dev, vl_doc_span(n), &slot, NULL, err);
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name"), version = vl_doc_get_str(n, "version");
        struct vl_package *package;
        if (name.len == 0 || version.len == 0)
            continue;
        unsigned own = flags | (vl_map_get(&dev, name) ? VL_PACKAGE_DEV : 0);
        r = pkg_unique_add(unique, name, version, VL_SPAN_EMPTY, own, vl_doc_line(n), &package, err);
        if (r >= 0 && package)
            r = pkg_node_licenses(unique->sink, package, n, err);
    }
    return r;
}

static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_COMPOSER);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    r = read_list(&unique, vl_doc_get(root, "packages"), NULL, VL_PACKAGE_LOCKED, err);
    if (r < 0)
        return r;
    return read_list(
        &unique, vl_doc_get(root, "packages-dev"), NULL, VL_PACKAGE_LOCKED | VL_PACKAGE_DEV, err);
}

static int parse_installed(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_COMPOSER);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_NULL, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (vl_doc_is(root, VL_DOC_ARRAY))
        return read_list(&unique, root, NULL, 0, err);
    if (!vl_doc_is(root, VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s: neither a list nor an object", file->path);
    return read_list(&unique, vl_doc_get(root, "packages"), vl_doc_get(root, "dev-package-names"), 0, err);
}

const struct vl_package_parser pkg_parser_composer_lock = {
    .name = "composer/lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};

const struct vl_package_parser pkg_parser_composer_installed = {
    .name = "composer/installed",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_installed,
    .parse = parse_installed,
};
