/* packages.config and MSBuild project files. Sources: NuGet docs "packages.config reference",
 * "PackageReference in project files", "Central Package Management". */
#include "language/project_parsers.h"

#include "codec/xml.h"
#include "text_util.h"

#define NESTING_MAX 32

static int open_xml(const struct vl_package_file *file, struct vl_xml **ret, struct vl_err *err)
{
    struct vl_span text = file->content;
    if (PKG_STARTS(text, "\xef\xbb\xbf"))
        text = vl_span_slice(text, 3, SIZE_MAX);
    return vl_xml_parse(text, file->path, ret, err);
}

static int parse_config(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = open_xml(file, &xml, err);
    if (r < 0)
        return r;
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_NUGET);
    const struct vl_xml_node *n = vl_xml_first(vl_xml_root(xml));
    for (; n && r == 0; n = vl_xml_next(n)) {
        struct vl_span name = vl_xml_attr(n, "id"), version = vl_xml_attr(n, "version");
        if (!PKG_IS(vl_xml_name(n), "package") || name.len == 0 || version.len == 0)
            continue;
        bool dev = vl_span_eq_nocase(vl_xml_attr(n, "developmentDependency"), VL_SPAN_LIT("true"));
        r = pkg_unique_add(&unique, name, version, VL_SPAN_EMPTY,
            VL_PACKAGE_LOCKED | (dev ? VL_PACKAGE_DEV : 0U), vl_xml_line(n), NULL, err);
    }
    pkg_unique_done(&unique);
    return r;
}

static bool wants_config(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_IS(base, "packages.config") || (PKG_STARTS(base, "packages.") && PKG_ENDS(base, ".config"));
}

const struct vl_package_parser pkg_parser_nuget_config = {
    .name = "nuget/packages-config",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_config,
    .parse = parse_config,
};

/* One project file. */
struct project {
    struct pkg_unique unique;
    const struct vl_xml_node *root;
    struct vl_arena *arena;
};

/* Value of a property in the last PropertyGroup that sets it; empty where none does. */
static struct vl_span find_property(const struct vl_xml_node *root, struct vl_span name)
{
    struct vl_span value = VL_SPAN_EMPTY;
    for (const struct vl_xml_node *group = vl_xml_first(root); group; group = vl_xml_next(group)) {
        if (!PKG_IS(vl_xml_name(group), "PropertyGroup"))
            continue;
        for (const struct vl_xml_node *n = vl_xml_first(group); n; n = vl_xml_next(n)) {
            if (vl_span_eq_nocase(vl_xml_name(n), name))
                value = vl_xml_text(n);
        }
    }
    return value;
}

/* "$(LogVersion)" as a whole: the way versions are shared in practice. */
static struct vl_span expand(const struct project *project, struct vl_span version)
{
    for (unsigned i = 0; i < NESTING_MAX && PKG_STARTS(version, "$(") && PKG_ENDS(version, ")"); i++) {
        struct vl_span name = vl_span_slice(version, 2, version.len - 1);
        version = find_property(project->root, name);
    }
    return version;
}

/* "[1.2.3]" is exactly that version; "[1.0,2.0)" and "1.*" are requirements. Empty where a property is
 * unknown. */
static struct vl_span plain_version(struct vl_span version, unsigned *flags)
{
    if (vl_span_find(version, VL_SPAN_LIT("$(")) != SIZE_MAX)
        return VL_SPAN_EMPTY;
    bool bracket = version.len > 2 && version.ptr[0] == '[' && version.ptr[version.len - 1] == ']';
    bool comma = vl_span_find_char(version, ',') != SIZE_MAX;
    if (bracket && !comma)
        return vl_span_slice(version, 1, version.len - 1);
    if (comma || vl_span_find_char(version, '*') != SIZE_MAX || vl_span_find_char(version, '(') != SIZE_MAX)
        *flags |= VL_PACKAGE_RANGE;
    return version;
}

static bool names_package(struct vl_span element)
{
    return PKG_IS(element, "PackageReference") || PKG_IS(element, "PackageVersion") ||
           PKG_IS(element, "GlobalPackageReference") || PKG_IS(element, "PackageDownload");
}

static struct vl_span attr_or_child(const struct vl_xml_node *node, const char *name)
{
    struct vl_span value = vl_xml_attr(node, name);
    return vl_span_trim(value.len ? value : vl_xml_text(vl_xml_child(node, name)));
}

static int add_reference(struct project *project, const struct vl_xml_node *n, struct vl_err *err)
{
    struct vl_span name = vl_span_trim(vl_xml_attr(n, "Include"));
    if (name.len == 0)
        name = vl_span_trim(vl_xml_attr(n, "Update"));
    struct vl_span version = attr_or_child(n, "Version");
    if (version.len == 0)
        version = attr_or_child(n, "VersionOverride");
    unsigned flags = VL_PACKAGE_LOCKED;
    version = plain_version(expand(project, version), &flags);
    if (name.len == 0 || version.len == 0 || vl_span_find(name, VL_SPAN_LIT("$(")) != SIZE_MAX)
        return 0;
    if (vl_span_eq_nocase(attr_or_child(n, "PrivateAssets"), VL_SPAN_LIT("all")))
        flags |= VL_PACKAGE_DEV;
    return pkg_unique_add(&project->unique, name, version, VL_SPAN_EMPTY, flags, vl_xml_line(n), NULL, err);
}

/* ItemGroups stand in the project, or in Choose/When/Otherwise. */
static int walk(struct project *project, const struct vl_xml_node *node, unsigned depth, struct vl_err *err)
{
    int r = 0;
    if (depth > NESTING_MAX)
        return 0;
    for (const struct vl_xml_node *n = vl_xml_first(node); n && r == 0; n = vl_xml_next(n)) {
        if (names_package(vl_xml_name(n)))
            r = add_reference(project, n, err);
        else
            r = walk(project, n, depth + 1, err);
    }
    return r;
}

static int parse_project(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = open_xml(file, &xml, err);
    if (r < 0)
        return r;
    struct project project = {.root = vl_xml_root(xml), .arena = sink->arena};
    pkg_unique_init(&project.unique, sink, file, VL_ECO_NUGET);
    r = walk(&project, project.root, 0, err);
    pkg_unique_done(&project.unique);
    return r;
}

static bool wants_project(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_ENDS(base, ".csproj") || PKG_ENDS(base, ".fsproj") || PKG_ENDS(base, ".vbproj");
}

static bool wants_central(const struct vl_package_file *file)
{
    return vl_span_eq_nocase(pkg_base(file), VL_SPAN_LIT("Directory.Packages.props"));
}

const struct vl_package_parser pkg_parser_nuget_project = {
    .name = "nuget/project",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_project,
    .parse = parse_project,
};

const struct vl_package_parser pkg_parser_nuget_central = {
    .name = "nuget/central-packages",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_central,
    .parse = parse_project,
};
