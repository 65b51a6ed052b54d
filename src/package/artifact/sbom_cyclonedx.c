/* CycloneDX JSON, 1.2 to 1.7. Source: ECMA-424, bom-1.6.schema.json. */
#include "artifact/sbom_groups.h"

#include "text_util.h"

static void read_license(struct sbom *sbom, struct sbom_component *c, const struct vl_doc_node *choice)
{
    const struct vl_doc_node *license = vl_doc_get(choice, "license");
    struct vl_span expression = vl_doc_get_str(choice, "expression");
    struct vl_span id = vl_doc_get_str(license, "id");
    sbom_add_license(sbom, c, expression.len ? expression : id.len ? id : vl_doc_get_str(license, "name"));
}

static void read_hashes(struct sbom_component *c, const struct vl_doc_node *hashes)
{
    for (const struct vl_doc_node *n = vl_doc_first(hashes); n; n = vl_doc_next(n)) {
        struct vl_span alg = vl_doc_get_str(n, "alg"), content = vl_doc_get_str(n, "content");
        if (vl_span_eq_str(alg, "SHA-1") && content.len == 40)
            c->sha1 = content;
        if (vl_span_eq_str(alg, "SHA-256") && content.len == 64)
            c->sha256 = content;
    }
}

static void read_component(struct sbom *sbom, struct sbom_component *c, const struct vl_doc_node *node)
{
    c->group = vl_doc_get_str(node, "group");
    c->name = vl_doc_get_str(node, "name");
    c->version = vl_doc_get_str(node, "version");
    c->purl = vl_doc_get_str(node, "purl");
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vl_doc_get(node, "evidence"), "occurrences"));
    c->path = vl_doc_get_str(n, "location");
    struct vl_span scope = vl_doc_get_str(node, "scope");
    if (vl_span_eq_str(scope, "optional"))
        c->flags |= VL_PACKAGE_OPTIONAL;
    if (vl_span_eq_str(scope, "excluded"))
        c->flags |= VL_PACKAGE_DEV;
    for (n = vl_doc_first(vl_doc_get(node, "licenses")); n; n = vl_doc_next(n))
        read_license(sbom, c, n);
    read_hashes(c, vl_doc_get(node, "hashes"));
    bool known = true;
    for (n = vl_doc_first(vl_doc_get(node, "properties")); n; n = vl_doc_next(n))
        known &= sbom_property(sbom, c, vl_doc_get_str(n, "name"), vl_doc_get_str(n, "value"));
    (void)known; /* other tools say much that we have no use for */
    if (PKG_STARTS(c->purl, "pkg:rpm/"))
        c->vendor = c->vendor.len ? c->vendor : vl_doc_get_str(vl_doc_get(node, "supplier"), "name");
}

static int read_system(struct sbom *sbom, const struct vl_doc_node *node, struct vl_err *err)
{
    struct sbom_system s = {.id = vl_doc_get_str(node, "name"),
        .version = vl_doc_get_str(node, "version"),
        .pretty_name = vl_doc_get_str(node, "description")};
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(node, "properties"));
    for (; n; n = vl_doc_next(n)) {
        if (!sbom_system_property(&s, vl_doc_get_str(n, "name"), vl_doc_get_str(n, "value")))
            continue;
    }
    return sbom_set_system(sbom, &s, err);
}

/* What was scanned: its properties tell layers and platform. */
static int read_target(struct sbom *sbom, const struct vl_doc_node *node, struct vl_err *err)
{
    int r = 0;
    if (vl_span_eq_str(vl_doc_get_str(node, "type"), "container"))
        r = sbom_set_image(sbom, vl_doc_get_str(node, "name"), vl_doc_get_str(node, "version"), err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(node, "properties"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = sbom_target_property(sbom, vl_doc_get_str(n, "name"), vl_doc_get_str(n, "value"), err);
    return r;
}

enum role {
    ROLE_PACKAGE,
    ROLE_SYSTEM,
    ROLE_NONE, /* files, devices, images: nothing with a version that advisories know */
};

static enum role role_of(const struct vl_doc_node *node)
{
    static const struct {
        const char *type;
        enum role role;
    } roles[] = {
        {"operating-system", ROLE_SYSTEM},
        {"container", ROLE_NONE},
        {"platform", ROLE_NONE},
        {"file", ROLE_NONE},
        {"device", ROLE_NONE},
        {"data", ROLE_NONE},
        {"machine-learning-model", ROLE_NONE},
        {"cryptographic-asset", ROLE_NONE},
    };
    struct vl_span type = vl_doc_get_str(node, "type");
    for (size_t i = 0; i < VL_ARRAY_LEN(roles); i++) {
        if (vl_span_eq_str(type, roles[i].type))
            return roles[i].role;
    }
    return ROLE_PACKAGE;
}

/* A lock file or a folder that only groups what it lists, as Trivy writes them. */
static bool is_group(const struct vl_doc_node *node)
{
    return vl_span_eq_str(vl_doc_get_str(node, "type"), "application") &&
           vl_doc_get_str(node, "version").len == 0 && vl_doc_get_str(node, "purl").len == 0;
}

static int read_one(struct sbom_groups *groups, const struct vl_doc_node *node, struct vl_err *err)
{
    struct sbom *sbom = groups->sbom;
    struct sbom_component c = {0};
    size_t before = sbom->packages->len;
    switch (role_of(node)) {
    case ROLE_SYSTEM:
        return read_system(sbom, node, err);
    case ROLE_NONE:
        if (vl_doc_get_str(node, "purl").len == 0)
            return 0;
        break;
    default:
        break;
    }
    if (is_group(node))
        return sbom_groups_add(groups, node, err);
    read_component(sbom, &c, node);
    int r = sbom_add(sbom, &c, err);
    if (r >= 0)
        r = sbom_graph_package(&groups->graph, vl_doc_get_str(node, "bom-ref"), before, err);
    return r < 0 ? r : sbom_groups_package(groups, node, before, err);
}

/* `parent`: the component that they are parts of, or NULL. */
static int read_components(struct sbom_groups *groups, const struct vl_doc_node *parent,
    const struct vl_doc_node *components, unsigned depth, struct vl_err *err)
{
    if (depth > SBOM_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "components nested deeper than %d", SBOM_DEPTH_MAX);
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(components); n && r >= 0; n = vl_doc_next(n)) {
        if (!vl_doc_is(n, VL_DOC_OBJECT))
            return vl_err_set(err, VL_ERR_INVALID, "line %u: a component is no object", vl_doc_line(n));
        r = read_one(groups, n, err);
        if (r >= 0 && parent)
            r = sbom_graph_edge(
                &groups->graph, vl_doc_get_str(parent, "bom-ref"), vl_doc_get_str(n, "bom-ref"), err);
        if (r >= 0)
            r = read_components(groups, n, vl_doc_get(n, "components"), depth + 1, err);
    }
    return r;
}

static int read_dependencies(
    struct sbom_graph *graph, const struct vl_doc_node *dependencies, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(dependencies); n && r >= 0; n = vl_doc_next(n)) {
        const struct vl_doc_node *on = vl_doc_first(vl_doc_get(n, "dependsOn"));
        for (; on && r >= 0; on = vl_doc_next(on))
            r = sbom_graph_edge(graph, vl_doc_get_str(n, "ref"), vl_doc_span(on), err);
    }
    sbom_graph_finish(graph);
    return r;
}

int sbom_read_cyclonedx(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err)
{
    const struct vl_doc_node *target = vl_doc_get(vl_doc_get(root, "metadata"), "component");
    const struct vl_doc_node *components = vl_doc_get(root, "components");
    if (components && !vl_doc_is(components, VL_DOC_ARRAY) && !vl_doc_is(components, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_INVALID, "\"components\" is no array");
    VL_CLEANUP(sbom_groups_done) struct sbom_groups groups;
    sbom_groups_init(&groups, sbom);
    int r = read_target(sbom, target, err);
    if (r >= 0)
        r = read_components(&groups, target, vl_doc_get(target, "components"), 1, err);
    if (r >= 0)
        r = read_components(&groups, NULL, components, 1, err);
    if (r >= 0)
        r = read_dependencies(&groups.graph, vl_doc_get(root, "dependencies"), err);
    return r < 0 ? r : sbom_groups_settle(&groups, vl_doc_get(root, "dependencies"), err);
}
