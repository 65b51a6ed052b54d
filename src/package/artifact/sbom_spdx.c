/* SPDX 2.2 and 2.3 as JSON or YAML. Source: spdx.github.io/spdx-spec/v2.3, clause 7 and
 * schemas/spdx-schema.json. */
#include "artifact/sbom_graph.h"

#include "text_util.h"

/* "built package from: NAME VERSION", as Trivy and we write it; Syft's "acquired package info from …:
 * /path". */
void sbom_spdx_source_info(struct sbom_component *component, struct vl_span text)
{
    static const char built[] = "built package from: ";
    static const char found[] = "acquired package info from";
    if (PKG_STARTS(text, "built package from: ")) {
        text = vl_span_slice(text, sizeof(built) - 1, text.len);
        size_t space = vl_span_find_char(text, ' ');
        component->source_name = vl_span_slice(text, 0, space);
        if (space != SIZE_MAX)
            component->source_version = vl_span_slice(text, space + 1, text.len);
    } else if (PKG_STARTS(text, "acquired package info from")) {
        text = vl_span_slice(text, sizeof(found) - 1, text.len);
        size_t colon = vl_span_find(text, VL_SPAN_LIT(": "));
        text = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, colon + 2, text.len);
        component->path = vl_span_slice(text, 0, vl_span_find_char(text, ','));
    }
}

int sbom_spdx_comment(
    struct sbom *sbom, struct sbom_spdx_package *package, struct vl_span text, struct vl_err *err)
{
    size_t at = vl_span_find_char(text, '=');
    size_t value = at + 1;
    if (!PKG_STARTS(text, "vallum:") || at == SIZE_MAX) {
        at = vl_span_find(text, VL_SPAN_LIT(": "));
        value = at + 2;
    }
    if (at == SIZE_MAX)
        return 0; /* somebody's prose */
    struct vl_span key = vl_span_slice(text, 0, at);
    text = vl_span_slice(text, value, text.len);
    if (sbom_property(sbom, &package->component, key, text) ||
        sbom_system_property(&package->system, key, text))
        return 0;
    return sbom_target_property(sbom, key, text, err);
}

/* Before SPDX 2.3 had purposes, Trivy told them in the identifiers. */
static bool is_system(const struct sbom_spdx_package *p)
{
    return PKG_IS(p->purpose, "OPERATING-SYSTEM") || PKG_IS(p->purpose, "OPERATING_SYSTEM") ||
           PKG_STARTS(p->id, "SPDXRef-OperatingSystem-");
}

static bool is_image(const struct sbom_spdx_package *p)
{
    return PKG_IS(p->purpose, "CONTAINER") || PKG_STARTS(p->id, "SPDXRef-ContainerImage-");
}

/* "pkg:github/…", "pkg:swid/…": a repository or a product, which is no package of an ecosystem. */
static bool is_unmatchable(struct vl_span purl)
{
    struct vl_span type = PKG_STARTS(purl, "pkg:") ? vl_span_slice(purl, 4, purl.len) : VL_SPAN_EMPTY;
    type = vl_span_slice(type, 0, vl_span_find_char(type, '/'));
    return vl_ecosystem_from_purl_type(type) == VL_ECO_NONE;
}

int sbom_spdx_finish(struct sbom *sbom, struct sbom_spdx_package *p, struct vl_err *err)
{
    struct sbom_component *c = &p->component;
    if (is_system(p)) {
        p->system.id = p->system.id.len ? p->system.id : c->name;
        p->system.version = p->system.version.len ? p->system.version : c->version;
        return sbom_set_system(sbom, &p->system, err);
    }
    if (is_image(p))
        return sbom_set_image(sbom, c->name, c->version, err);
    if (PKG_STARTS(c->purl, "pkg:rpm/") && c->vendor.len == 0 && PKG_STARTS(p->supplier, "Organization: "))
        c->vendor = vl_span_slice(p->supplier, sizeof("Organization: ") - 1, p->supplier.len);
    if (p->described && c->purl.len && is_unmatchable(c->purl))
        return 0; /* what the document is about, not a part of it */
    if (c->purl.len == 0 && c->ecosystem.len == 0 && (c->version.len == 0 || p->described)) {
        bool groups = PKG_IS(p->purpose, "APPLICATION") || PKG_IS(p->purpose, "FILE") || p->described ||
                      PKG_IS(p->purpose, "SOURCE");
        if (!groups)
            sbom_count_unmatched(sbom, c->name);
        return 0;
    }
    return sbom_add(sbom, c, err);
}

static void read_references(struct sbom_component *c, const struct vl_doc_node *list)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span type = vl_doc_get_str(n, "referenceType");
        /* RDF tools write the type as a URI. */
        if (c->purl.len == 0 && (PKG_IS(type, "purl") || PKG_ENDS(type, "/purl")))
            c->purl = vl_doc_get_str(n, "referenceLocator");
    }
}

static void read_checksums(struct sbom_component *c, const struct vl_doc_node *list)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span algorithm = vl_doc_get_str(n, "algorithm"), value = vl_doc_get_str(n, "checksumValue");
        if (PKG_IS(algorithm, "SHA1") && value.len == 40)
            c->sha1 = value;
        if (PKG_IS(algorithm, "SHA256") && value.len == 64)
            c->sha256 = value;
    }
}

static int read_package(
    struct sbom *sbom, const struct vl_doc_node *node, const struct vl_map *described, struct vl_err *err)
{
    struct sbom_spdx_package p = {.id = vl_doc_get_str(node, "SPDXID"),
        .purpose = vl_doc_get_str(node, "primaryPackagePurpose"),
        .supplier = vl_doc_get_str(node, "supplier"),
        .described = vl_map_get(described, vl_doc_get_str(node, "SPDXID")) != NULL};
    struct sbom_component *c = &p.component;
    c->name = vl_doc_get_str(node, "name");
    c->version = vl_doc_get_str(node, "versionInfo");
    if (PKG_IS(c->version, "NOASSERTION"))
        c->version = VL_SPAN_EMPTY;
    read_references(c, vl_doc_get(node, "externalRefs"));
    read_checksums(c, vl_doc_get(node, "checksums"));
    sbom_spdx_source_info(c, vl_doc_get_str(node, "sourceInfo"));
    struct vl_span declared = vl_doc_get_str(node, "licenseDeclared");
    sbom_add_license(sbom, c, declared);
    if (c->n_licenses == 0)
        sbom_add_license(sbom, c, vl_doc_get_str(node, "licenseConcluded"));
    int r = 0;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(node, "attributionTexts"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = sbom_spdx_comment(sbom, &p, vl_doc_span(n), err);
    for (n = vl_doc_first(vl_doc_get(node, "annotations")); n && r >= 0; n = vl_doc_next(n))
        r = sbom_spdx_comment(sbom, &p, vl_doc_get_str(n, "comment"), err);
    return r < 0 ? r : sbom_spdx_finish(sbom, &p, err);
}

static int remember(struct vl_map *map, struct vl_span id, struct vl_err *err)
{
    struct vl_map_slot *slot;
    return id.len ? vl_map_put(map, id, &slot, NULL, err) : 0;
}

/* What the document is about, and what contains something else, is no part itself where no ecosystem knows
 * it. A document that is about each of its packages has no such whole. */
static int find_described(const struct vl_doc_node *root, struct vl_map *map, struct vl_err *err)
{
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "relationships"));
    int r = 0;
    for (; n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span from = vl_doc_get_str(n, "spdxElementId"),
                       type = vl_doc_get_str(n, "relationshipType");
        if (PKG_IS(type, "CONTAINS") && !PKG_IS(from, "SPDXRef-DOCUMENT"))
            r = remember(map, from, err);
        if (PKG_IS(type, "DESCRIBES"))
            r = remember(map, vl_doc_get_str(n, "relatedSpdxElement"), err);
    }
    n = vl_doc_first(vl_doc_get(root, "documentDescribes"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = remember(map, vl_doc_span(n), err);
    if (r >= 0 && map->len >= vl_doc_size(vl_doc_get(root, "packages"))) {
        vl_map_done(map);
        vl_map_init(map, 1);
    }
    return r;
}

/* Of "A type B": which of them needs or holds the other. */
static bool has_type(struct vl_span type, const char *const *types)
{
    for (; *types; types++)
        if (vl_span_eq_str(type, *types))
            return true;
    return false;
}

static int read_relationships(struct sbom_graph *graph, const struct vl_doc_node *root, struct vl_err *err)
{
    static const char *const down[] = {
        "DEPENDS_ON", "CONTAINS", "DESCRIBES", "DYNAMIC_LINK", "STATIC_LINK", "HAS_PREREQUISITE", NULL};
    static const char *const up[] = {"DEPENDENCY_OF", "CONTAINED_BY", "DESCRIBED_BY", "PREREQUISITE_FOR",
        "BUILD_DEPENDENCY_OF", "DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF",
        "RUNTIME_DEPENDENCY_OF", "TEST_DEPENDENCY_OF", NULL};
    int r = 0;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "relationships"));
    for (; n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span type = vl_doc_get_str(n, "relationshipType"), a = vl_doc_get_str(n, "spdxElementId"),
                       b = vl_doc_get_str(n, "relatedSpdxElement");
        if (has_type(type, down))
            r = sbom_graph_edge(graph, a, b, err);
        else if (has_type(type, up))
            r = sbom_graph_edge(graph, b, a, err);
    }
    n = vl_doc_first(vl_doc_get(root, "documentDescribes"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = sbom_graph_edge(graph, VL_SPAN_EMPTY, vl_doc_span(n), err);
    sbom_graph_finish(graph);
    return r;
}

int sbom_read_spdx(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err)
{
    const struct vl_doc_node *packages = vl_doc_get(root, "packages");
    if (packages && !vl_doc_is(packages, VL_DOC_ARRAY) && !vl_doc_is(packages, VL_DOC_NULL))
        return vl_err_set(err, VL_ERR_INVALID, "\"packages\" is no array");
    VL_CLEANUP(vl_map_done) struct vl_map described;
    vl_map_init(&described, VL_INVENTORY_PACKAGES_MAX);
    VL_CLEANUP(sbom_graph_done) struct sbom_graph graph;
    sbom_graph_init(&graph, sbom);
    int r = find_described(root, &described, err);
    for (const struct vl_doc_node *n = vl_doc_first(packages); n && r >= 0; n = vl_doc_next(n)) {
        if (!vl_doc_is(n, VL_DOC_OBJECT))
            return vl_err_set(err, VL_ERR_INVALID, "line %u: a package is no object", vl_doc_line(n));
        size_t before = sbom->packages->len;
        r = read_package(sbom, n, &described, err);
        if (r >= 0)
            r = sbom_graph_package(&graph, vl_doc_get_str(n, "SPDXID"), before, err);
    }
    return r < 0 ? r : read_relationships(&graph, root, err);
}
