#include "language/parsers.h"
#include "language/reach.h"
#include "text_util.h"

/* pnpm-lock.yaml of lockfileVersion 5 to 9. Source: pnpm/spec lockfile and pnpm's dependency-path package:
 * 5.x "/name/1.0.0_peer", 6.x "/name@1.0.0(peer@1)", 9 "name@1.0.0"; a registry's host may stand before the
 * first
 * '/'; "file:…", tarballs and git have "name" and "version" beside. */

#define VERSION_9 9

static bool wants_pnpm_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "pnpm-lock.yaml") && !pkg_in_folder(file, "node_modules");
}

static uint64_t major_of(struct vl_span version)
{
    uint64_t major;
    return vl_span_to_u64(vl_span_slice(version, 0, vl_span_find_char(version, '.')), &major) ? major : 0;
}

/* The '@' before the version; that of a scope is none. */
static size_t at_of(struct vl_span s)
{
    size_t at = vl_span_find_char(vl_span_slice(s, 1, s.len), '@');
    return at == SIZE_MAX ? SIZE_MAX : at + 1;
}

static struct vl_span without_peers(struct vl_span s, char mark)
{
    return vl_span_slice(s, 0, vl_span_find_char(s, mark));
}

static void split_at(struct vl_span s, struct vl_span *name, struct vl_span *version)
{
    size_t at = at_of(s);
    *name = vl_span_slice(s, 0, at);
    *version = at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(s, at + 1, s.len);
}

static bool is_digit(struct vl_span s)
{
    return s.len && s.ptr[0] >= '0' && s.ptr[0] <= '9';
}

/* Of lockfileVersion 5 and 6. False where the key is no path. */
static bool split_path(struct vl_span key, struct vl_span *name, struct vl_span *version)
{
    size_t slash = vl_span_find_char(key, '/');
    if (slash == SIZE_MAX)
        return false;
    struct vl_span rest = without_peers(vl_span_slice(key, slash + 1, key.len), '(');
    size_t end = vl_span_find_char(rest, '/');
    if (rest.len && rest.ptr[0] == '@' && end != SIZE_MAX) {
        size_t second = vl_span_find_char(vl_span_slice(rest, end + 1, rest.len), '/');
        end = second == SIZE_MAX ? SIZE_MAX : end + 1 + second;
    }
    *name = vl_span_slice(rest, 0, end);
    *version = end == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, end + 1, rest.len);
    *version = vl_span_slice(*version, 0, vl_span_find_char(*version, '/'));
    if (version->len == 0)
        split_at(*name, name, version);
    *version = without_peers(*version, '_');
    if (!is_digit(*version)) {
        *name = VL_SPAN_EMPTY;
        *version = VL_SPAN_EMPTY;
    }
    return true;
}

struct pnpm {
    struct pkg_unique unique;
    struct pkg_reach shipped; /* keys of snapshots needed outside development (9 only) */
    struct vl_arena *arena;   /* lent: keys that are put together */
    const struct vl_doc_node *snapshots;
    uint64_t major;
};

/* A member of "dependencies": the key of the snapshot it means. "a: 1.0.0(b@2)" is "a@1.0.0(b@2)", "a:
 * b@1.0.0" (an alias) is already one. */
static int push_dependency(struct pnpm *p, struct vl_span name, struct vl_span version, struct vl_err *err)
{
    if (vl_doc_get_span(p->snapshots, version))
        return pkg_reach_push(&p->shipped, version, err);
    char *key = vl_arena_printf(p->arena, "%.*s@%.*s", VL_SPAN_FMT(name), VL_SPAN_FMT(version));
    if (!key)
        return vl_arena_check(p->arena, p->unique.file->path, err);
    return pkg_reach_push(&p->shipped, vl_span_str(key), err);
}

static int push_dependencies(struct pnpm *p, const struct vl_doc_node *owner, struct vl_err *err)
{
    const char *const keys[] = {"dependencies", "optionalDependencies"};
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        const struct vl_doc_node *n = vl_doc_first(vl_doc_get(owner, keys[i]));
        for (; n; n = vl_doc_next(n)) {
            bool object = vl_doc_is(n, VL_DOC_OBJECT);
            struct vl_span version = vl_doc_text(object ? vl_doc_get(n, "version") : n);
            int r = push_dependency(p, vl_doc_key(n), version, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int find_shipped(struct pnpm *p, const struct vl_doc_node *root, struct vl_err *err)
{
    struct vl_span key;
    int r = 0;
    const struct vl_doc_node *importer = vl_doc_first(vl_doc_get(root, "importers"));
    for (; importer && r >= 0; importer = vl_doc_next(importer))
        r = push_dependencies(p, importer, err);
    while (r >= 0 && pkg_reach_next(&p->shipped, &key))
        r = push_dependencies(p, vl_doc_get_span(p->snapshots, key), err);
    return r;
}

/* Version 9 lists peers in the keys of "snapshots" only: one shipped variant is enough. */
static int collect_base_keys(const struct pnpm *p, struct pkg_reach *base, struct vl_err *err)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < p->shipped.todo.len; i++) {
        const struct vl_span *key = vl_vec_at(&p->shipped.todo, i);
        r = pkg_reach_push(base, without_peers(*key, '('), err);
    }
    return r;
}

static int read_package(struct pnpm *p, const struct vl_doc_node *n, const struct pkg_reach *base,
    unsigned *ret_invalid, struct vl_err *err)
{
    struct vl_span key = vl_doc_key(n), name = VL_SPAN_EMPTY, version = VL_SPAN_EMPTY;
    if (p->major >= VERSION_9)
        split_at(without_peers(key, '('), &name, &version);
    else if (!PKG_STARTS(key, "file:") && !split_path(key, &name, &version))
        *ret_invalid = vl_doc_line(n) ? vl_doc_line(n) : 1;
    const struct vl_doc_node *own_version = vl_doc_get(n, "version");
    if (vl_doc_get_str(n, "name").len)
        name = vl_doc_get_str(n, "name");
    if (vl_doc_text(own_version).len)
        version = vl_doc_text(own_version);
    if (name.len == 0 || version.len == 0 || (p->major >= VERSION_9 && !is_digit(version)))
        return 0;
    unsigned flags = VL_PACKAGE_LOCKED;
    if (vl_doc_bool(vl_doc_get(n, "dev")) || (p->snapshots && !pkg_reach_has(base, without_peers(key, '('))))
        flags |= VL_PACKAGE_DEV;
    const struct vl_doc_node *snapshot = vl_doc_get_span(p->snapshots, key);
    if (vl_doc_bool(vl_doc_get(n, "optional")) || vl_doc_bool(vl_doc_get(snapshot, "optional")))
        flags |= VL_PACKAGE_OPTIONAL;
    return pkg_unique_add(&p->unique, name, version, VL_SPAN_EMPTY, flags, vl_doc_line(n), NULL, err);
}

static int read_root(struct pnpm *p, const struct vl_doc_node *root, struct vl_err *err)
{
    unsigned invalid = 0;
    VL_CLEANUP(pkg_reach_done) struct pkg_reach base;
    pkg_reach_init(&base);
    p->major = major_of(vl_doc_text(vl_doc_get(root, "lockfileVersion")));
    p->snapshots = vl_doc_get(root, "snapshots");
    int r = p->snapshots ? find_shipped(p, root, err) : 0;
    if (r >= 0)
        r = collect_base_keys(p, &base, err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "packages"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = read_package(p, n, &base, &invalid, err);
    if (r >= 0 && invalid)
        r = vl_err_set(err, VL_ERR_INVALID, "%s: line %u: the key of a package is no dependency path",
            p->unique.file->path, invalid);
    return r;
}

static int parse_pnpm_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct pnpm p = {.arena = sink->arena};
    int r = pkg_doc_open(file, VL_DOC_YAML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    pkg_unique_init(&p.unique, sink, file, VL_ECO_NPM);
    pkg_reach_init(&p.shipped);
    r = read_root(&p, vl_doc_root(doc), err);
    pkg_reach_done(&p.shipped);
    pkg_unique_done(&p.unique);
    return r;
}

const struct vl_package_parser pkg_parser_npm_pnpm_lock = {
    .name = "npm/pnpm-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pnpm_lock,
    .parse = parse_pnpm_lock,
};
