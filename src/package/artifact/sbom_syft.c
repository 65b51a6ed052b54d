/* Syft's own JSON. Source: anchore/syft schema/json, versions 1 to 16. */
#include "artifact/sbom.h"

#include "text_util.h"

/* A list of texts, or of objects with the text in `value` or `spdxExpression`. */
static void read_licenses(struct sbom *sbom, struct sbom_component *c, const struct vl_doc_node *list)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span expression = vl_doc_get_str(n, "spdxExpression");
        sbom_add_license(sbom, c,
            vl_doc_is(n, VL_DOC_STRING) ? vl_doc_span(n)
            : expression.len            ? expression
                                        : vl_doc_get_str(n, "value"));
    }
}

static void read_metadata(struct sbom_component *c, const struct vl_doc_node *m)
{
    struct vl_span origin = vl_doc_get_str(m, "originPackage");
    c->source_name = origin.len ? origin : vl_doc_get_str(m, "source");
    c->source_version = vl_doc_get_str(m, "sourceVersion");
    c->source_rpm = vl_doc_get_str(m, "sourceRpm");
    c->module = vl_doc_get_str(m, "modularityLabel");
    c->vendor = vl_doc_get_str(m, "vendor");
    c->arch = vl_doc_get_str(m, "architecture");
    if (c->arch.len == 0)
        c->arch = vl_doc_get_str(m, "arch");
    if (vl_doc_is(vl_doc_get(m, "epoch"), VL_DOC_INT))
        c->epoch = vl_doc_text(vl_doc_get(m, "epoch"));
    const struct vl_doc_node *digest = vl_doc_first(vl_doc_get(m, "digest"));
    for (; digest; digest = vl_doc_next(digest)) {
        struct vl_span value = vl_doc_get_str(digest, "value");
        if (vl_span_eq_str(vl_doc_get_str(digest, "algorithm"), "sha1") && value.len == 40)
            c->sha1 = value;
    }
}

static int read_artifact(struct sbom *sbom, const struct vl_doc_node *node, struct vl_err *err)
{
    struct sbom_component c = {.name = vl_doc_get_str(node, "name"),
        .version = vl_doc_get_str(node, "version"),
        .purl = vl_doc_get_str(node, "purl")};
    const struct vl_doc_node *location = vl_doc_first(vl_doc_get(node, "locations"));
    c.path = vl_doc_is(location, VL_DOC_STRING) ? vl_doc_span(location) : vl_doc_get_str(location, "path");
    c.layer_diff_id = vl_doc_get_str(location, "layerID");
    read_licenses(sbom, &c, vl_doc_get(node, "licenses"));
    read_metadata(&c, vl_doc_get(node, "metadata"));
    return sbom_add(sbom, &c, err);
}

static int read_distro(struct sbom *sbom, const struct vl_doc_node *d, struct vl_err *err)
{
    struct sbom_system s = {.id = vl_doc_get_str(d, "id"),
        .version = vl_doc_get_str(d, "versionID"),
        .codename = vl_doc_get_str(d, "versionCodename"),
        .pretty_name = vl_doc_get_str(d, "prettyName"),
        .variant_id = vl_doc_get_str(d, "variantID"),
        .cpe_name = vl_doc_get_str(d, "cpeName"),
        .exact = true};
    const struct vl_doc_node *like = vl_doc_get(d, "idLike");
    s.id_like = vl_doc_is(like, VL_DOC_STRING) ? vl_doc_span(like) : vl_doc_span(vl_doc_first(like));
    if (s.id.len == 0) { /* before schema 3 */
        s.id = vl_doc_get_str(d, "name");
        s.version = vl_doc_get_str(d, "version");
        s.exact = false;
    }
    return sbom_set_system(sbom, &s, err);
}

static int read_source(struct sbom *sbom, const struct vl_doc_node *source, struct vl_err *err)
{
    if (!vl_span_eq_str(vl_doc_get_str(source, "type"), "image") || !sbom->inventory)
        return 0;
    struct vl_target *t = &sbom->inventory->target;
    const struct vl_doc_node *image = vl_doc_get(source, "metadata");
    image = image ? image : vl_doc_get(source, "target");
    int r = sbom_set_image(
        sbom, vl_doc_get_str(image, "userInput"), vl_doc_get_str(image, "manifestDigest"), err);
    if (r >= 0)
        r = sbom_set_text(sbom, &t->image_id, vl_doc_get_str(image, "imageID"), err);
    if (r >= 0)
        r = sbom_set_text(sbom, &t->os, vl_doc_get_str(image, "os"), err);
    if (r >= 0)
        r = sbom_set_text(sbom, &t->arch, vl_doc_get_str(image, "architecture"), err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(image, "layers"));
    for (; n && r >= 0; n = vl_doc_next(n)) {
        uint32_t layer;
        r = sbom_layer(sbom, vl_doc_get_str(n, "digest"), VL_SPAN_EMPTY, &layer, err);
    }
    return r;
}

int sbom_read_syft(struct sbom *sbom, const struct vl_doc_node *root, struct vl_err *err)
{
    int r = read_source(sbom, vl_doc_get(root, "source"), err);
    if (r >= 0)
        r = read_distro(sbom, vl_doc_get(root, "distro"), err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "artifacts"));
    for (; n && r >= 0; n = vl_doc_next(n))
        r = read_artifact(sbom, n, err);
    return r;
}
