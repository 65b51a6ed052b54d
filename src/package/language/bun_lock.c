#include "language/parsers.h"
#include "language/reach.h"
#include "text_util.h"

/* bun.lock, JSON with comments. Source: "Lockfile" of bun.sh/docs and oven-sh/bun's bun.lock.zig:
 * "packages": { "path/of/names": ["name@resolution", (registry,) {info}, (integrity)] }. */

static bool wants_bun_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "bun.lock") && !pkg_in_folder(file, "node_modules");
}

struct bun {
    struct pkg_unique unique;
    struct pkg_reach shipped; /* keys of "packages" needed outside development */
    struct vl_arena *arena;   /* lent */
    const struct vl_doc_node *packages;
};

/* The folder around: "a/@b/c" gives "a", since "@b/c" is one name. */
static struct vl_span outer_of(struct vl_span owner)
{
    size_t slash = vl_span_rfind_char(owner, '/');
    struct vl_span outer = slash == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(owner, 0, slash);
    slash = vl_span_rfind_char(outer, '/');
    size_t last = slash == SIZE_MAX ? 0 : slash + 1;
    if (last < outer.len && outer.ptr[last] == '@')
        outer = vl_span_slice(outer, 0, last ? last - 1 : 0);
    return outer;
}

/* The dependency `name` of the package at `owner`: "owner/name" where it has its own copy, else that of an
 * outer folder, at last "name" itself. */
static int push_dependency(struct bun *b, struct vl_span owner, struct vl_span name, struct vl_err *err)
{
    for (;;) {
        char *key = owner.len ? vl_arena_printf(b->arena, "%.*s/%.*s", VL_SPAN_FMT(owner), VL_SPAN_FMT(name))
                              : vl_arena_dup_span(b->arena, name);
        if (!key)
            return vl_arena_check(b->arena, b->unique.file->path, err);
        if (vl_doc_get(b->packages, key))
            return pkg_reach_push(&b->shipped, vl_span_str(key), err);
        if (owner.len == 0)
            return 0;
        owner = outer_of(owner);
    }
}

static int push_dependencies(
    struct bun *b, struct vl_span owner, const struct vl_doc_node *info, struct vl_err *err)
{
    const char *const keys[] = {"dependencies", "optionalDependencies", "peerDependencies"};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        const struct vl_doc_node *n = vl_doc_first(vl_doc_get(info, keys[i]));
        for (; n; n = vl_doc_next(n)) {
            int r = push_dependency(b, owner, vl_doc_key(n), err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* The object of a tuple: third for the registry's packages, second for the rest. */
static const struct vl_doc_node *info_of(const struct vl_doc_node *tuple)
{
    const struct vl_doc_node *n = vl_doc_first(tuple);
    while (n && !vl_doc_is(n, VL_DOC_OBJECT))
        n = vl_doc_next(n);
    return n;
}

static int find_shipped(struct bun *b, const struct vl_doc_node *workspaces, struct vl_err *err)
{
    struct vl_span key;
    int r = 0;
    for (const struct vl_doc_node *w = vl_doc_first(workspaces); w && r >= 0; w = vl_doc_next(w))
        r = push_dependencies(b, vl_doc_get_str(w, "name"), w, err);
    while (r >= 0 && pkg_reach_next(&b->shipped, &key))
        r = push_dependencies(b, key, info_of(vl_doc_get_span(b->packages, key)), err);
    return r;
}

static int read_package(struct bun *b, const struct vl_doc_node *tuple, bool *ret_bad, struct vl_err *err)
{
    const struct vl_doc_node *first = vl_doc_is(tuple, VL_DOC_ARRAY) ? vl_doc_first(tuple) : NULL;
    struct vl_span id = vl_doc_span(first), origin = VL_SPAN_EMPTY;
    size_t at = vl_span_find_char(vl_span_slice(id, 1, id.len), '@');
    if (id.len == 0 || at == SIZE_MAX) {
        *ret_bad = true;
        return 0;
    }
    struct vl_span name = vl_span_slice(id, 0, at + 1), version = vl_span_slice(id, at + 2, id.len);
    unsigned flags = VL_PACKAGE_LOCKED;
    if (PKG_STARTS(version, "workspace:"))
        flags |= VL_PACKAGE_MAIN;
    if (PKG_STARTS(version, "npm:")) {
        version = vl_span_slice(version, 4, version.len);
    } else if (vl_span_find_char(version, ':') != SIZE_MAX || vl_span_find_char(version, '/') != SIZE_MAX) {
        origin = version; /* from git, a file or a URL: the version is not in this file */
        version = VL_SPAN_EMPTY;
    }
    if (!pkg_reach_has(&b->shipped, vl_doc_key(tuple)) && !(flags & VL_PACKAGE_MAIN))
        flags |= VL_PACKAGE_DEV;
    return pkg_unique_add(&b->unique, name, version, origin, flags, vl_doc_line(tuple), NULL, err);
}

static int read_root(struct bun *b, const struct vl_doc_node *root, struct vl_err *err)
{
    uint32_t bad_line = 0;
    b->packages = vl_doc_get(root, "packages");
    int r = find_shipped(b, vl_doc_get(root, "workspaces"), err);
    for (const struct vl_doc_node *n = vl_doc_first(b->packages); n && r >= 0; n = vl_doc_next(n)) {
        bool bad = false;
        r = read_package(b, n, &bad, err);
        if (bad && bad_line == 0)
            bad_line = vl_doc_line(n) ? vl_doc_line(n) : 1;
    }
    if (r >= 0 && bad_line)
        r = vl_err_set(err, VL_ERR_INVALID, "%s: line %u: a package does not begin with \"name@version\"",
            b->unique.file->path, bad_line);
    return r;
}

static int parse_bun_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct bun b = {.arena = sink->arena};
    int r = pkg_doc_open(file, VL_DOC_JSONC, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    pkg_unique_init(&b.unique, sink, file, VL_ECO_NPM);
    pkg_reach_init(&b.shipped);
    r = read_root(&b, vl_doc_root(doc), err);
    pkg_reach_done(&b.shipped);
    pkg_unique_done(&b.unique);
    return r;
}

const struct vl_package_parser pkg_parser_npm_bun_lock = {
    .name = "npm/bun-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_bun_lock,
    .parse = parse_bun_lock,
};
