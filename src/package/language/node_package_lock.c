#include "language/parsers.h"
#include "language/license_node.h"
#include "text_util.h"

/* package-lock.json, npm-shrinkwrap.json, node_modules/.package-lock.json. Source: "package-lock.json" of
 * docs.npmjs.com: lockfileVersion 1 has "dependencies" (nested), 3 has "packages" (by path), 2 has both. */

#define NESTING_MAX 64 /* of "dependencies" */

static bool wants_package_lock(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (PKG_IS(base, ".package-lock.json"))
        return true;
    /* A lock file inside an installed package speaks of its development. */
    return (PKG_IS(base, "package-lock.json") || PKG_IS(base, "npm-shrinkwrap.json")) &&
           !pkg_in_folder(file, "node_modules");
}

static bool flag(const struct vl_doc_node *node, const char *key)
{
    return vl_doc_bool(vl_doc_get(node, key));
}

static unsigned flags_of(const struct vl_doc_node *node)
{
    unsigned flags = VL_PACKAGE_LOCKED;
    if (flag(node, "dev"))
        flags |= VL_PACKAGE_DEV;
    /* devOptional: wanted by development and, optionally, by what is shipped. */
    if (flag(node, "optional") || flag(node, "devOptional"))
        flags |= VL_PACKAGE_OPTIONAL;
    if (flag(node, "inBundle") || flag(node, "bundled"))
        flags |= VL_PACKAGE_BUNDLED;
    return flags;
}

/* "node_modules/a/node_modules/@b/c" gives "@b/c", "packages/x" gives "x". */
static struct vl_span name_of_path(struct vl_span path, bool *ret_installed)
{
    const struct vl_span marker = VL_SPAN_LIT("node_modules/");
    struct vl_span name = path;
    *ret_installed = false;
    for (size_t at; (at = vl_span_find(name, marker)) != SIZE_MAX;) {
        name = vl_span_slice(name, at + marker.len, name.len);
        *ret_installed = true;
    }
    if (*ret_installed)
        return name;
    size_t slash = vl_span_rfind_char(path, '/');
    return slash == SIZE_MAX ? path : vl_span_slice(path, slash + 1, path.len);
}

static bool is_direct(const struct vl_doc_node *root_package, struct vl_span name)
{
    const char *const keys[] = {
        "dependencies", "devDependencies", "optionalDependencies", "peerDependencies"};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        if (vl_doc_get_span(vl_doc_get(root_package, keys[i]), name))
            return true;
    }
    return false;
}

static int read_packages(struct pkg_unique *unique, const struct vl_doc_node *packages, struct vl_err *err)
{
    const struct vl_doc_node *root_package = vl_doc_get(packages, "");
    for (const struct vl_doc_node *n = vl_doc_first(packages); n; n = vl_doc_next(n)) {
        bool installed;
        struct vl_span path = vl_doc_key(n), installed_as = name_of_path(path, &installed);
        if (path.len == 0 || !vl_doc_is(n, VL_DOC_OBJECT) || flag(n, "link"))
            continue; /* the project itself, and links to folders that have their own entry */
        struct vl_span name = vl_doc_get_str(n, "name"), version = vl_doc_get_str(n, "version");
        if (name.len == 0)
            name = installed_as;
        if (name.len == 0 || (version.len == 0 && !installed))
            continue; /* a folder of the workspace that says no version */
        unsigned flags = flags_of(n) | (installed ? 0 : VL_PACKAGE_MAIN);
        if (installed && vl_doc_size(root_package) && !is_direct(root_package, installed_as))
            flags |= VL_PACKAGE_INDIRECT;
        struct vl_package *package;
        int r = pkg_unique_add(unique, name, version, VL_SPAN_EMPTY, flags, vl_doc_line(n), &package, err);
        if (r >= 0 && package)
            r = pkg_node_licenses(unique->sink, package, n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A version that is a place instead: "file:…", "git+ssh://…", "github:a/b#…", "https://…". */
static bool is_place(struct vl_span version)
{
    return vl_span_find_char(version, ':') != SIZE_MAX || vl_span_find_char(version, '/') != SIZE_MAX;
}

static int read_dependencies(
    struct pkg_unique *unique, const struct vl_doc_node *dependencies, unsigned depth, struct vl_err *err)
{
    if (depth > NESTING_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: dependencies are nested deeper than %d", unique->file->path, NESTING_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(dependencies); n; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_key(n), version = vl_doc_get_str(n, "version"), origin = VL_SPAN_EMPTY;
        if (name.len == 0 || !vl_doc_is(n, VL_DOC_OBJECT))
            continue;
        if (PKG_STARTS(version, "npm:")) {
            struct vl_span real = vl_span_slice(version, 4, version.len);
            size_t at = vl_span_rfind_char(real, '@');
            bool has_version = at != SIZE_MAX && at > 0;
            name = has_version ? vl_span_slice(real, 0, at) : real;
            version = has_version ? vl_span_slice(real, at + 1, real.len) : VL_SPAN_EMPTY;
        } else if (is_place(version)) {
            origin = version;
            version = VL_SPAN_EMPTY;
        }
        int r = pkg_unique_add(unique, name, version, origin, flags_of(n), vl_doc_line(n), NULL, err);
        if (r >= 0)
            r = read_dependencies(unique, vl_doc_get(n, "dependencies"), depth + 1, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_package_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_NPM);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *packages = vl_doc_get(root, "packages");
    if (vl_doc_is(packages, VL_DOC_OBJECT))
        return read_packages(&unique, packages, err);
    return read_dependencies(&unique, vl_doc_get(root, "dependencies"), 0, err);
}

const struct vl_package_parser pkg_parser_npm_package_lock = {
    .name = "npm/package-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_package_lock,
    .parse = parse_package_lock,
};
