#include "language/parsers.h"
#include "language/reach.h"
#include "text_util.h"

/* Lock files of Python tools. Sources: pipenv's Pipfile.lock specification, poetry's and pdm's own lock
 * files, docs.astral.sh/uv ("Locking"), PEP 751 (pylock.toml). */

static bool wants_pipfile(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "Pipfile.lock");
}

static bool wants_poetry(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "poetry.lock");
}

static bool wants_uv(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "uv.lock");
}

static bool wants_pdm(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "pdm.lock");
}

/* "pylock.toml", "pylock.NAME.toml" */
static bool wants_pylock(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_STARTS(base, "pylock.") && PKG_ENDS(base, ".toml");
}

static int read_category(struct pkg_unique *unique, const struct vl_doc_node *category, struct vl_err *err)
{
    unsigned flags = VL_PACKAGE_LOCKED;
    if (vl_span_eq(vl_doc_key(category), VL_SPAN_LIT("develop")))
        flags |= VL_PACKAGE_DEV;
    for (const struct vl_doc_node *n = vl_doc_first(category); n; n = vl_doc_next(n)) {
        struct vl_span version = vl_doc_get_str(n, "version"), name = vl_doc_key(n);
        while (version.len && version.ptr[0] == '=')
            version = vl_span_slice(version, 1, version.len);
        if (version.len == 0) {
            vl_notes_add(unique->sink->notes, VL_NOTE_INFO, VL_ERR_NONE, unique->file->path,
                "%.*s is locked without a version (from a repository or a file)", VL_SPAN_FMT(name));
            continue;
        }
        int r = pkg_unique_add(
            unique, name, vl_span_trim(version), VL_SPAN_EMPTY, flags, vl_doc_line(n), NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_pipfile(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_PYPI);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n && r >= 0; n = vl_doc_next(n)) {
        if (!vl_span_eq(vl_doc_key(n), VL_SPAN_LIT("_meta")))
            r = read_category(&unique, n, err);
    }
    return r;
}

static bool has_item(const struct vl_doc_node *array, const char *text)
{
    for (const struct vl_doc_node *n = vl_doc_first(array); n; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_span(n), text))
            return true;
    }
    return false;
}

/* "category" until poetry 1.4, "groups" since 2.0. */
static unsigned poetry_flags(const struct vl_doc_node *n)
{
    const struct vl_doc_node *groups = vl_doc_get(n, "groups");
    unsigned flags = VL_PACKAGE_LOCKED;
    if (vl_span_eq(vl_doc_get_str(n, "category"), VL_SPAN_LIT("dev")) ||
        (vl_doc_size(groups) && !has_item(groups, "main")))
        flags |= VL_PACKAGE_DEV;
    if (vl_doc_bool(vl_doc_get(n, "optional")))
        flags |= VL_PACKAGE_OPTIONAL;
    return flags;
}

/* pdm tells neither which groups are for development nor which are extras: the usual names say it. */
static unsigned pdm_flags(const struct vl_doc_node *n)
{
    const struct vl_doc_node *groups = vl_doc_get(n, "groups");
    if (vl_doc_size(groups) == 0 || has_item(groups, "default"))
        return VL_PACKAGE_LOCKED;
    bool dev = has_item(groups, "dev") || has_item(groups, "test") || has_item(groups, "tests") ||
               has_item(groups, "lint") || has_item(groups, "docs") || has_item(groups, "doc");
    return VL_PACKAGE_LOCKED | (dev ? VL_PACKAGE_DEV : VL_PACKAGE_OPTIONAL);
}

static unsigned pylock_flags(const struct vl_doc_node *n)
{
    (void)n;
    return VL_PACKAGE_LOCKED;
}

/* [[package]] tables with name and version. */
static int read_tables(const struct vl_package_file *file, struct vl_package_sink *sink, const char *key,
    unsigned (*flags_of)(const struct vl_doc_node *n), struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_PYPI);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_root(doc), key));
    for (; n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name"), version = vl_doc_get_str(n, "version");
        if (name.len)
            r = pkg_unique_add(&unique, name, version, VL_SPAN_EMPTY, flags_of(n), vl_doc_line(n), NULL, err);
    }
    return r;
}

static int parse_poetry(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return read_tables(file, sink, "package", poetry_flags, err);
}

static int parse_pdm(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return read_tables(file, sink, "package", pdm_flags, err);
}

static int parse_pylock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return read_tables(file, sink, "packages", pylock_flags, err);
}

/* A project of the workspace: its own code, not a package from elsewhere. */
static bool uv_is_project(const struct vl_doc_node *n)
{
    const struct vl_doc_node *source = vl_doc_get(n, "source");
    return vl_doc_get(source, "virtual") || vl_doc_get(source, "editable");
}

static int uv_push(struct pkg_reach *reach, const struct vl_doc_node *list, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name");
        if (name.len)
            r = pkg_reach_push(reach, name, err);
    }
    return r;
}

static int uv_push_package(struct pkg_reach *reach, const struct vl_doc_node *package, struct vl_err *err)
{
    int r = uv_push(reach, vl_doc_get(package, "dependencies"), err);
    const struct vl_doc_node *extra = vl_doc_first(vl_doc_get(package, "optional-dependencies"));
    for (; extra && r >= 0; extra = vl_doc_next(extra))
        r = uv_push(reach, extra, err);
    return r;
}

/* Everything the projects need but for their development groups. `by_name` holds a list of packages by name
 * only for its first: versions of a fork have the same needs in the usual case, and one more listed is the
 * safe side. */
static int uv_find_shipped(
    const struct vl_doc_node *packages, struct pkg_reach *reach, bool *ret_known, struct vl_err *err)
{
    struct vl_span name;
    struct vl_map by_name;
    vl_map_init(&by_name, vl_doc_size(packages) + 1);
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(packages); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_map_slot *slot;
        bool added;
        r = vl_map_put(&by_name, vl_doc_get_str(n, "name"), &slot, &added, err);
        if (r >= 0 && added)
            slot->value.ptr = (void *)(uintptr_t)n;
        if (r >= 0 && uv_is_project(n)) {
            *ret_known = true;
            r = uv_push_package(reach, n, err);
        }
    }
    while (r >= 0 && pkg_reach_next(reach, &name)) {
        const struct vl_map_slot *slot = vl_map_get(&by_name, name);
        r = slot ? uv_push_package(reach, slot->value.ptr, err) : 0;
    }
    vl_map_done(&by_name);
    return r;
}

static int uv_read(struct pkg_unique *unique, const struct vl_doc_node *packages,
    const struct pkg_reach *reach, bool known, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(packages); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name"), version = vl_doc_get_str(n, "version");
        struct vl_span place = vl_doc_get_str(vl_doc_get(n, "source"), "virtual");
        if (name.len == 0 || PKG_IS(place, "."))
            continue; /* the project itself */
        unsigned flags = VL_PACKAGE_LOCKED;
        if (uv_is_project(n))
            flags |= VL_PACKAGE_MAIN;
        else if (known && !pkg_reach_has(reach, name))
            flags |= VL_PACKAGE_DEV;
        r = pkg_unique_add(unique, name, version, VL_SPAN_EMPTY, flags, vl_doc_line(n), NULL, err);
    }
    return r;
}

static int parse_uv(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    VL_CLEANUP(pkg_reach_done) struct pkg_reach reach;
    bool known = false;
    pkg_unique_init(&unique, sink, file, VL_ECO_PYPI);
    pkg_reach_init(&reach);
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *packages = vl_doc_get(vl_doc_root(doc), "package");
    r = uv_find_shipped(packages, &reach, &known, err);
    return r < 0 ? r : uv_read(&unique, packages, &reach, known, err);
}

const struct vl_package_parser pkg_parser_pypi_pipfile_lock = {
    .name = "pypi/pipfile-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pipfile,
    .parse = parse_pipfile,
};

const struct vl_package_parser pkg_parser_pypi_poetry_lock = {
    .name = "pypi/poetry-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_poetry,
    .parse = parse_poetry,
};

const struct vl_package_parser pkg_parser_pypi_uv_lock = {
    .name = "pypi/uv-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_uv,
    .parse = parse_uv,
};

const struct vl_package_parser pkg_parser_pypi_pdm_lock = {
    .name = "pypi/pdm-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pdm,
    .parse = parse_pdm,
};

const struct vl_package_parser pkg_parser_pypi_pylock = {
    .name = "pypi/pylock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pylock,
    .parse = parse_pylock,
};
