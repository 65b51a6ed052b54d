#include "language/parsers.h"
#include "text_util.h"

/* Cargo.lock and Cargo.toml. Source: The Cargo Book ("The Manifest Format", "Specifying Dependencies"), and
 * cargo's encode.rs for the lock file: a package without "source" lies in the workspace. */

static bool wants_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "Cargo.lock");
}

static bool wants_toml(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "Cargo.toml");
}

static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_CARGO);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), "package"));
    for (; n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name"), version = vl_doc_get_str(n, "version");
        unsigned flags = VL_PACKAGE_LOCKED | (vl_doc_get(n, "source") ? 0 : VL_PACKAGE_MAIN);
        if (name.len && version.len)
            r = pkg_unique_add(&unique, name, version, VL_SPAN_EMPTY, flags, vl_doc_line(n), NULL, err);
    }
    return r;
}

/* "=1.2.3" is one version; anything else, "1.2.3" too, allows newer ones. */
static int add_dependency(
    struct pkg_unique *unique, const struct vl_doc_node *n, unsigned flags, struct vl_err *err)
{
    struct vl_span name = vl_doc_key(n), version = vl_doc_span(n), commit = VL_SPAN_EMPTY;
    if (vl_doc_is(n, VL_DOC_OBJECT)) {
        const struct vl_doc_node *own = vl_doc_get(n, "version");
        if (own && !vl_doc_is(own, VL_DOC_STRING))
            return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: the version of %.*s is no text",
                unique->file->path, vl_doc_line(own), VL_SPAN_FMT(name));
        version = vl_doc_span(own);
        if (vl_doc_get(n, "git"))
            commit = vl_doc_get_str(n, "rev");
        if (vl_doc_get_str(n, "package").len)
            name = vl_doc_get_str(n, "package"); /* renamed here */
        if (vl_doc_bool(vl_doc_get(n, "optional")))
            flags |= VL_PACKAGE_OPTIONAL;
    } else if (!vl_doc_is(n, VL_DOC_STRING)) {
        return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: the dependency %.*s is neither text nor a table",
            unique->file->path, vl_doc_line(n), VL_SPAN_FMT(name));
    }
    if (version.len == 0 && commit.len == 0)
        return 0; /* from a path, or inherited from the workspace, where it stands */
    if (PKG_STARTS(version, "=") && vl_span_find_char(version, ',') == SIZE_MAX)
        version = vl_span_trim(vl_span_slice(version, 1, version.len));
    else
        flags |= VL_PACKAGE_RANGE;
    return pkg_unique_add(unique, name, version, commit, flags, vl_doc_line(n), NULL, err);
}

static int add_tables(struct pkg_unique *unique, const struct vl_doc_node *owner, struct vl_err *err)
{
    static const struct {
        const char *key;
        unsigned flags;
    } tables[] = {
        {"dependencies", 0},
        {"build-dependencies", VL_PACKAGE_DEV},
        {"dev-dependencies", VL_PACKAGE_DEV},
    };
    int r = 0;
    for (size_t i = 0; i < VL_ARRAY_LEN(tables); i++) {
        const struct vl_doc_node *n = vl_doc_first(vl_doc_get(owner, tables[i].key));
        for (; n && r >= 0; n = vl_doc_next(n))
            r = add_dependency(unique, n, VL_PACKAGE_LOCKED | tables[i].flags, err);
    }
    return r;
}

static int parse_toml(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_CARGO);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *own = vl_doc_get(root, "package");
    struct vl_span name = vl_doc_get_str(own, "name"), version = vl_doc_get_str(own, "version");
    if (name.len && version.len)
        r = pkg_unique_add(&unique, name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED | VL_PACKAGE_MAIN,
            vl_doc_line(own), NULL, err);
    if (r >= 0)
        r = add_tables(&unique, root, err);
    if (r >= 0)
        r = add_tables(&unique, vl_doc_get(root, "workspace"), err);
    const struct vl_doc_node *target = vl_doc_first(vl_doc_get(root, "target"));
    for (; target && r >= 0; target = vl_doc_next(target))
        r = add_tables(&unique, target, err);
    return r;
}

const struct vl_package_parser pkg_parser_cargo_lock = {
    .name = "cargo/lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};

const struct vl_package_parser pkg_parser_cargo_toml = {
    .name = "cargo/toml",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_toml,
    .parse = parse_toml,
};
