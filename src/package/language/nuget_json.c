/* NuGet's JSON files: NAME.deps.json beside an application, packages.lock.json, obj/project.assets.json.
 * Sources: dotnet/sdk docs "runtime-configuration-file" ([appname].deps.json: targets, libraries), NuGet docs
 * "PackageReference, lock file". */
#include "language/project_parsers.h"

#include "text_util.h"

static const struct vl_doc_node *object_member(const struct vl_doc_node *node, const char *key)
{
    const struct vl_doc_node *member = vl_doc_get(node, key);
    return vl_doc_is(member, VL_DOC_OBJECT) ? member : NULL;
}

/* "Name/1.2.3" */
static bool split_library(struct vl_span key, struct vl_span *ret_name, struct vl_span *ret_version)
{
    size_t slash = vl_span_find_char(key, '/');
    if (slash == SIZE_MAX)
        return false;
    *ret_name = vl_span_slice(key, 0, slash);
    *ret_version = vl_span_slice(key, slash + 1, SIZE_MAX);
    return ret_name->len && ret_version->len && vl_span_find_char(*ret_version, '/') == SIZE_MAX;
}

/* A self-contained application lists the runtime that it brings under this prefix; advisories name the
 * package. */
static struct vl_span without_pack(struct vl_span name)
{
    return PKG_STARTS(name, "runtimepack.") ? vl_span_slice(name, sizeof("runtimepack.") - 1, SIZE_MAX)
                                            : name;
}

/* The libraries of the target that the application was made for; NULL where the file does not tell. */
static const struct vl_doc_node *runtime_target(const struct vl_doc_node *root)
{
    struct vl_span name = vl_doc_get_str(object_member(root, "runtimeTarget"), "name");
    const struct vl_doc_node *target = vl_doc_get_span(object_member(root, "targets"), name);
    return vl_doc_is(target, VL_DOC_OBJECT) ? target : NULL;
}

/* Whether the application brings a file of the library. A package whose assemblies the framework has itself,
 * such as System.Net.Http 4.3.0 since .NET Core 2, still stands among the libraries, and so does what was
 * only compiled against: nothing of them lies beside the application. One that the target does not name may
 * be there. */
static bool brings_files(const struct vl_doc_node *target, struct vl_span library)
{
    static const char *const assets[] = {"runtime", "runtimeTargets", "native", "resources"};
    const struct vl_doc_node *entry = vl_doc_get_span(target, library);
    bool found = !vl_doc_is(entry, VL_DOC_OBJECT);
    for (size_t i = 0; i < VL_ARRAY_LEN(assets) && !found; i++)
        found = vl_doc_size(object_member(entry, assets[i])) > 0;
    return found;
}

/* What the file is named after: until .NET Core 2.2 the files of the framework Microsoft.NETCore.App stand
 * under a part of it, and advisories name the whole. */
static bool is_subject(const struct vl_package_file *file, struct vl_span name)
{
    struct vl_span base = pkg_base(file), suffix = VL_SPAN_LIT(".deps.json");
    return base.len == name.len + suffix.len && vl_span_eq_nocase(vl_span_slice(base, 0, name.len), name);
}

/* deps: the file is of an application as it is deployed, and its own projects count. */
static int parse_libraries(const struct vl_package_file *file, unsigned flags, bool deps,
    struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_NUGET);
    const struct vl_doc_node *target = deps ? runtime_target(vl_doc_root(doc)) : NULL;
    const struct vl_doc_node *n = vl_doc_first(object_member(vl_doc_root(doc), "libraries"));
    for (; n && r == 0; n = vl_doc_next(n)) {
        struct vl_span name, version, type = vl_doc_get_str(n, "type");
        bool project = PKG_IS(type, "project") || PKG_IS(type, "msbuildproject");
        if ((project && !deps) || !split_library(vl_doc_key(n), &name, &version))
            continue;
        if (target && !project && !is_subject(file, name) && !brings_files(target, vl_doc_key(n)))
            continue;
        r = pkg_unique_add(&unique, without_pack(name), version, VL_SPAN_EMPTY,
            flags | (project ? VL_PACKAGE_MAIN : 0U), vl_doc_line(n), NULL, err);
    }
    pkg_unique_done(&unique);
    return r;
}

static int parse_deps(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_libraries(file, 0, true, sink, err);
}

static bool wants_deps(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".deps.json");
}

const struct vl_package_parser pkg_parser_nuget_deps = {
    .name = "nuget/deps-json",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_deps,
    .parse = parse_deps,
};

static int parse_assets(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_libraries(file, VL_PACKAGE_LOCKED, false, sink, err);
}

static bool wants_assets(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "project.assets.json");
}

const struct vl_package_parser pkg_parser_nuget_assets = {
    .name = "nuget/project-assets",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_assets,
    .parse = parse_assets,
};

static int add_framework(struct pkg_unique *unique, const struct vl_doc_node *framework, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(framework); n; n = vl_doc_next(n)) {
        struct vl_span type = vl_doc_get_str(n, "type"), version = vl_doc_get_str(n, "resolved");
        if (vl_span_eq_nocase(type, VL_SPAN_LIT("project")) || version.len == 0)
            continue;
        bool transitive = vl_span_eq_nocase(type, VL_SPAN_LIT("transitive")) ||
                          vl_span_eq_nocase(type, VL_SPAN_LIT("centraltransitive"));
        int r = pkg_unique_add(unique, vl_doc_key(n), version, VL_SPAN_EMPTY,
            VL_PACKAGE_LOCKED | (transitive ? VL_PACKAGE_INDIRECT : 0U), vl_doc_line(n), NULL, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_NUGET);
    const struct vl_doc_node *n = vl_doc_first(object_member(vl_doc_root(doc), "dependencies"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = add_framework(&unique, n, err);
    pkg_unique_done(&unique);
    return r;
}

/* Projects that share a folder have a file each, packages.PROJECT.lock.json (NuGet/Home wiki, "Repeatable
 * build using lock file implementation"). */
static bool wants_lock(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_STARTS(base, "packages.") && PKG_ENDS(base, ".lock.json");
}

const struct vl_package_parser pkg_parser_nuget_lock = {
    .name = "nuget/packages-lock",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};
