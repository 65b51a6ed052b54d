/* SBOMs in XML: CycloneDX (bom-1.6.xsd), and SPDX 2 as RDF/XML (spdx-spec v2.3, annex G), of which only
 * packages with their versions, licences and references are read. */
#include "artifact/sbom.h"

#include "codec/xml.h"
#include "text_util.h"

/* "http://spdx.org/rdf/references/purl" */
static struct vl_span after_slash(struct vl_span uri)
{
    size_t cut = vl_span_rfind_char(uri, '/');
    size_t hash = vl_span_rfind_char(uri, '#');
    size_t from = hash != SIZE_MAX ? hash + 1 : cut != SIZE_MAX ? cut + 1 : 0;
    return vl_span_slice(uri, from, uri.len);
}

static struct vl_span child_text(const struct vl_xml_node *node, const char *name)
{
    return vl_xml_text(vl_xml_child(node, name));
}

static bool is(const struct vl_xml_node *node, const char *name)
{
    return vl_span_eq_str(vl_xml_name(node), name);
}

static int read_rdf_package(struct sbom *sbom, const struct vl_xml_node *node, struct vl_err *err)
{
    struct sbom_spdx_package p = {.supplier = child_text(node, "supplier")};
    struct sbom_component *c = &p.component;
    c->name = child_text(node, "name");
    c->version = child_text(node, "versionInfo");
    struct vl_span purpose =
        after_slash(vl_xml_attr(vl_xml_child(node, "primaryPackagePurpose"), "resource"));
    if (vl_span_eq_str(purpose, "purpose_operating_system"))
        p.purpose = VL_SPAN_LIT("OPERATING-SYSTEM");
    if (vl_span_eq_str(purpose, "purpose_container"))
        p.purpose = VL_SPAN_LIT("CONTAINER");
    sbom_spdx_source_info(c, child_text(node, "sourceInfo"));
    struct vl_span license = after_slash(vl_xml_attr(vl_xml_child(node, "licenseDeclared"), "resource"));
    if (!PKG_IS(license, "noassertion") && !PKG_IS(license, "none"))
        sbom_add_license(sbom, c, license);
    for (const struct vl_xml_node *n = vl_xml_first(node); n; n = vl_xml_next(n)) {
        const struct vl_xml_node *reference = is(n, "externalRef") ? vl_xml_child(n, "ExternalRef") : NULL;
        struct vl_span type = after_slash(vl_xml_attr(vl_xml_child(reference, "referenceType"), "resource"));
        if (PKG_IS(type, "purl") && c->purl.len == 0)
            c->purl = child_text(reference, "referenceLocator");
    }
    return sbom_spdx_finish(sbom, &p, err);
}

static void read_licenses(struct sbom *sbom, struct sbom_component *c, const struct vl_xml_node *list)
{
    for (const struct vl_xml_node *n = vl_xml_first(list); n; n = vl_xml_next(n)) {
        struct vl_span id = child_text(n, "id");
        struct vl_span name = id.len ? id : child_text(n, "name");
        sbom_add_license(sbom, c, is(n, "expression") ? vl_xml_text(n) : name);
    }
}

static int read_cdx_component(struct sbom *sbom, const struct vl_xml_node *node, struct vl_err *err)
{
    struct vl_span type = vl_xml_attr(node, "type");
    struct sbom_component c = {.group = child_text(node, "group"),
        .name = child_text(node, "name"),
        .version = child_text(node, "version"),
        .purl = child_text(node, "purl")};
    const struct vl_xml_node *n = vl_xml_first(vl_xml_child(node, "properties"));
    if (PKG_IS(type, "operating-system")) {
        struct sbom_system s = {.id = c.name, .version = c.version};
        for (; n; n = vl_xml_next(n)) {
            if (!sbom_system_property(&s, vl_xml_attr(n, "name"), vl_xml_text(n)))
                continue;
        }
        return sbom_set_system(sbom, &s, err);
    }
    if (c.purl.len == 0 && (PKG_IS(type, "file") || PKG_IS(type, "container") || c.version.len == 0))
        return 0;
    for (; n; n = vl_xml_next(n)) {
        if (!sbom_property(sbom, &c, vl_xml_attr(n, "name"), vl_xml_text(n)))
            continue;
    }
    read_licenses(sbom, &c, vl_xml_child(node, "licenses"));
    return sbom_add(sbom, &c, err);
}

/* Depth first; vl_xml_parse() refuses documents deeper than VL_XML_DEPTH_MAX. */
static int walk(
    struct sbom *sbom, const struct vl_xml_node *node, bool rdf, unsigned depth, struct vl_err *err)
{
    int r = 0;
    if (depth > VL_XML_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "elements nested deeper than %d", VL_XML_DEPTH_MAX);
    for (const struct vl_xml_node *n = vl_xml_first(node); n && r >= 0; n = vl_xml_next(n)) {
        if (!rdf && (is(n, "metadata") || is(n, "dependencies") || is(n, "vulnerabilities")))
            continue;
        if (rdf && is(n, "Package"))
            r = read_rdf_package(sbom, n, err);
        if (!rdf && is(n, "component"))
            r = read_cdx_component(sbom, n, err);
        if (r >= 0)
            r = walk(sbom, n, rdf, depth + 1, err);
    }
    return r;
}

int sbom_read_xml(struct sbom *sbom, struct vl_span content, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(content, sbom->name, &xml, err);
    if (r < 0)
        return r;
    const struct vl_xml_node *root = vl_xml_root(xml);
    if (!is(root, "RDF") && !is(root, "bom"))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "neither CycloneDX nor SPDX 2 as RDF");
    return walk(sbom, root, is(root, "RDF"), 1, err);
}
