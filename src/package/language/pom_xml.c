#include "language/project_parsers.h"

#include "base/map.h"
#include "language/pom.h"
#include "text_util.h"

#define DEPENDENCIES_MAX 100000

struct dependency {
    struct vl_span name, version; /* name "group:artifact"; version as written, with properties put in */
    uint32_t line;
    unsigned flags;
};

struct dependencies {
    struct vl_vec items;
    struct vl_map by_name; /* -> index + 1 */
};

static bool has_variable(struct vl_span s)
{
    return vl_span_find(s, VL_SPAN_LIT("${")) != SIZE_MAX;
}

static unsigned scope_flags(const struct vl_pom *pom, const struct vl_xml_node *node)
{
    struct vl_span scope = vl_pom_expand(pom, vl_xml_text(vl_xml_child(node, "scope")));
    struct vl_span optional = vl_pom_expand(pom, vl_xml_text(vl_xml_child(node, "optional")));
    return (vl_span_eq_str(scope, "test") ? VL_PACKAGE_DEV : 0U) |
           (vl_span_eq_str(optional, "true") ? VL_PACKAGE_OPTIONAL : 0U);
}

/* Later ones win over earlier ones of the same name, as in Maven. */
static int collect(
    const struct vl_pom *pom, const struct vl_xml_node *list, struct dependencies *into, struct vl_err *err)
{
    for (const struct vl_xml_node *n = vl_xml_first(list); n; n = vl_xml_next(n)) {
        if (!vl_span_eq_str(vl_xml_name(n), "dependency"))
            continue;
        struct vl_span group = vl_pom_expand(pom, vl_xml_text(vl_xml_child(n, "groupId")));
        struct vl_span artifact = vl_pom_expand(pom, vl_xml_text(vl_xml_child(n, "artifactId")));
        if (group.len == 0 || artifact.len == 0)
            continue;
        const char *name =
            vl_arena_printf(pom->arena, "%.*s:%.*s", VL_SPAN_FMT(group), VL_SPAN_FMT(artifact));
        if (!name)
            return vl_arena_check(pom->arena, "dependencies of a Maven project", err);
        struct vl_map_slot *slot;
        int r = vl_map_put(&into->by_name, vl_span_str(name), &slot, NULL, err);
        if (r < 0)
            return r;
        struct dependency *d = slot->value.num
                                   ? vl_vec_at(&into->items, slot->value.num - 1)
                                   : vl_vec_push(&into->items, "dependencies of a Maven project", err);
        if (!d)
            return err->err;
        slot->value.num = slot->value.num ? slot->value.num : into->items.len;
        *d = (struct dependency){.name = vl_span_str(name),
            .version = vl_pom_expand(pom, vl_xml_text(vl_xml_child(n, "version"))),
            .line = vl_xml_line(n),
            .flags = scope_flags(pom, n)};
    }
    return 0;
}

/* Profiles whose activation says "activeByDefault"; others depend on the machine that builds. */
static int collect_profiles(
    const struct vl_pom *pom, bool managed, struct dependencies *into, struct vl_err *err)
{
    const struct vl_xml_node *n = vl_xml_first(vl_xml_child(pom->root, "profiles"));
    for (; n; n = vl_xml_next(n)) {
        const struct vl_xml_node *active = vl_xml_child(vl_xml_child(n, "activation"), "activeByDefault");
        if (!vl_span_eq_str(vl_xml_text(active), "true"))
            continue;
        const struct vl_xml_node *from = managed ? vl_xml_child(n, "dependencyManagement") : n;
        int r = collect(pom, vl_xml_child(from, "dependencies"), into, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "[1.0,2.0)" is a requirement; its lower bound is the version that is known to do. */
static struct vl_span lower_bound(struct vl_span version, unsigned *flags)
{
    if (version.len == 0 || (version.ptr[0] != '[' && version.ptr[0] != '('))
        return version;
    struct vl_span inner = vl_span_slice(version, 1, SIZE_MAX);
    size_t end = 0;
    while (end < inner.len && inner.ptr[end] != ',' && inner.ptr[end] != ']' && inner.ptr[end] != ')')
        end++;
    bool exact = end < inner.len && inner.ptr[end] == ']';
    *flags |= exact ? 0U : VL_PACKAGE_RANGE;
    return vl_span_trim(vl_span_slice(inner, 0, end));
}

static int emit(const struct dependencies *direct, const struct dependencies *managed,
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    for (size_t i = 0; i < direct->items.len; i++) {
        const struct dependency *d = vl_vec_at(&direct->items, i);
        struct vl_span version = d->version;
        unsigned flags = d->flags | VL_PACKAGE_LOCKED;
        const struct vl_map_slot *slot = vl_map_get(&managed->by_name, d->name);
        if (version.len == 0 && slot) {
            const struct dependency *m = vl_vec_at(&managed->items, slot->value.num - 1);
            version = m->version;
            flags |= m->flags;
        }
        version = has_variable(version) ? VL_SPAN_EMPTY : lower_bound(version, &flags);
        struct vl_package *package =
            vl_package_sink_add(sink, VL_ECO_MAVEN, d->name, version, file->path, err);
        if (!package)
            return err->err;
        package->line = d->line;
        package->flags |= flags;
    }
    return 0;
}

static int read_project(
    const struct vl_pom *pom, struct dependencies *direct, struct dependencies *managed, struct vl_err *err)
{
    const struct vl_xml_node *management = vl_xml_child(pom->root, "dependencyManagement");
    int r = collect(pom, vl_xml_child(management, "dependencies"), managed, err);
    if (r == 0)
        r = collect_profiles(pom, true, managed, err);
    if (r == 0)
        r = collect(pom, vl_xml_child(pom->root, "dependencies"), direct, err);
    return r == 0 ? collect_profiles(pom, false, direct, err) : r;
}

static int parse_pom(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(file->content, file->path, &xml, err);
    if (r < 0)
        return r;
    const struct vl_xml_node *root = vl_xml_root(xml);
    if (!vl_span_eq_str(vl_xml_name(root), "project"))
        return vl_err_set(err, VL_ERR_INVALID, "%s: the document is no <project>", file->path);
    VL_CLEANUP(vl_pom_done) struct vl_pom pom;
    r = vl_pom_init(&pom, root, sink->arena, err);
    if (r < 0)
        return r;
    struct dependencies direct, managed;
    vl_vec_init(&direct.items, sizeof(struct dependency), DEPENDENCIES_MAX);
    vl_vec_init(&managed.items, sizeof(struct dependency), DEPENDENCIES_MAX);
    vl_map_init(&direct.by_name, DEPENDENCIES_MAX);
    vl_map_init(&managed.by_name, DEPENDENCIES_MAX);
    r = read_project(&pom, &direct, &managed, err);
    if (r == 0)
        r = emit(&direct, &managed, file, sink, err);
    vl_vec_done(&direct.items);
    vl_vec_done(&managed.items);
    vl_map_done(&direct.by_name);
    vl_map_done(&managed.by_name);
    return r;
}

static bool wants_pom(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "pom.xml") || PKG_ENDS(pkg_base(file), ".pom");
}

const struct vl_package_parser pkg_parser_java_pom = {
    .name = "java/pom",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_pom,
    .parse = parse_pom,
};
