/* gradle.lockfile, verification-metadata.xml, version catalogs. Sources: docs.gradle.org "Locking Versions",
 * "Verifying dependencies", "Version Catalogs". */
#include "language/project_parsers.h"

#include "codec/xml.h"
#include "text_util.h"

/* "group:artifact:version=configurations" */
static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    for (uint32_t n = 1; vl_span_split_line(&rest, &line); n++) {
        line = vl_span_trim(line);
        size_t equals = vl_span_find_char(line, '=');
        if (line.len == 0 || line.ptr[0] == '#' || equals == SIZE_MAX)
            continue;
        struct vl_span module = vl_span_slice(line, 0, equals);
        size_t last = vl_span_rfind_char(module, ':');
        size_t first = vl_span_find_char(module, ':');
        if (last == SIZE_MAX || first == last || last + 1 == module.len)
            continue; /* "empty=…" lists configurations without dependencies */
        if (!pkg_add(sink, VL_ECO_MAVEN, vl_span_slice(module, 0, last),
                vl_span_slice(module, last + 1, SIZE_MAX), VL_PACKAGE_LOCKED, n, file, err))
            return err->err;
    }
    return 0;
}

static bool wants_lock(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_ENDS(base, "gradle.lockfile") ||
           (PKG_ENDS(base, ".lockfile") && pkg_in_folder(file, "dependency-locks"));
}

const struct vl_package_parser pkg_parser_java_gradle_lock = {
    .name = "java/gradle-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};

static const char *join(struct vl_arena *arena, struct vl_span group, struct vl_span name)
{
    return vl_arena_printf(arena, "%.*s:%.*s", VL_SPAN_FMT(group), VL_SPAN_FMT(name));
}

static int parse_verification(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(file->content, file->path, &xml, err);
    if (r < 0)
        return r;
    const struct vl_xml_node *n = vl_xml_first(vl_xml_child(vl_xml_root(xml), "components"));
    for (; n; n = vl_xml_next(n)) {
        if (!PKG_IS(vl_xml_name(n), "component"))
            continue;
        const char *name = join(sink->arena, vl_xml_attr(n, "group"), vl_xml_attr(n, "name"));
        if (!pkg_add(sink, VL_ECO_MAVEN, vl_span_str(name), vl_xml_attr(n, "version"), VL_PACKAGE_LOCKED,
                vl_xml_line(n), file, err))
            return err->err;
    }
    return 0;
}

static bool wants_verification(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "verification-metadata.xml");
}

const struct vl_package_parser pkg_parser_java_gradle_verification = {
    .name = "java/gradle-verification",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_verification,
    .parse = parse_verification,
};

static bool is_range(struct vl_span s)
{
    return s.len && (s.ptr[0] == '[' || s.ptr[0] == '(' || s.ptr[0] == ']' || s.ptr[s.len - 1] == '+');
}

/* A version is a text, a table of strictly/require/prefer, or a reference into [versions]. */
static struct vl_span catalog_version(
    const struct vl_doc_node *version, const struct vl_doc_node *versions, bool follow)
{
    if (!vl_doc_is(version, VL_DOC_OBJECT))
        return vl_doc_span(version);
    struct vl_span ref = vl_doc_get_str(version, "ref");
    if (ref.len && follow)
        return catalog_version(vl_doc_get_span(versions, ref), versions, false);
    static const char *const keys[] = {"strictly", "prefer", "require"};
    struct vl_span range = VL_SPAN_EMPTY;
    for (size_t i = 0; i < VL_ARRAY_LEN(keys); i++) {
        struct vl_span s = vl_doc_get_str(version, keys[i]);
        if (s.len && !is_range(s))
            return s;
        range = range.len ? range : s;
    }
    return range;
}

static int add_library(const struct vl_doc_node *n, const struct vl_doc_node *versions,
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name, version;
    if (vl_doc_is(n, VL_DOC_STRING)) {
        struct vl_span text = vl_doc_span(n);
        size_t first = vl_span_find_char(text, ':'), last = vl_span_rfind_char(text, ':');
        if (first == SIZE_MAX || first == last)
            return 0;
        name = vl_span_slice(text, 0, last);
        version = vl_span_slice(text, last + 1, SIZE_MAX);
    } else {
        name = vl_doc_get_str(n, "module");
        if (name.len == 0)
            name = vl_span_str(join(sink->arena, vl_doc_get_str(n, "group"), vl_doc_get_str(n, "name")));
        version = catalog_version(vl_doc_get(n, "version"), versions, true);
    }
    if (name.len < 2)
        return 0;
    unsigned flags = VL_PACKAGE_LOCKED | (is_range(version) ? VL_PACKAGE_RANGE : 0U);
    return pkg_add(sink, VL_ECO_MAVEN, name, version, flags, vl_doc_line(n), file, err) ? 0 : err->err;
}

static int parse_catalog(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *versions = vl_doc_get(root, "versions");
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "libraries"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = add_library(n, versions, file, sink, err);
    return r;
}

static bool wants_catalog(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".versions.toml");
}

const struct vl_package_parser pkg_parser_java_gradle_catalog = {
    .name = "java/gradle-catalog",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_catalog,
    .parse = parse_catalog,
};
