/* OpenVEX 0.2.0, and 0.0.1 where its statements are shorter. Source: openvex/spec, OPENVEX-SPEC.md. */
#include <string.h>

#include "base/time.h"
#include "codec/doc.h"
#include "vex.h"

#define IDS_MAX 64U /* names of one vulnerability */

static enum vl_vex_status status_of(struct vl_span word)
{
    for (unsigned i = VL_VEX_NOT_AFFECTED; i <= VL_VEX_UNDER_INVESTIGATION; i++) {
        if (vl_span_eq_str(word, vl_vex_status_name((enum vl_vex_status)i)))
            return (enum vl_vex_status)i;
    }
    return VL_VEX_NONE;
}

/* A text (0.0.1) or an object with name, @id and aliases. */
static size_t ids_of(const struct vl_doc_node *vulnerability, struct vl_span ret[IDS_MAX])
{
    size_t n = 0;
    struct vl_span texts[] = {vl_doc_span(vulnerability), vl_doc_get_str(vulnerability, "name"),
        vl_doc_get_str(vulnerability, "@id")};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        if (texts[i].len)
            ret[n++] = texts[i];
    }
    const struct vl_doc_node *alias = vl_doc_first(vl_doc_get(vulnerability, "aliases"));
    for (; alias && n < IDS_MAX; alias = vl_doc_next(alias))
        ret[n++] = vl_doc_span(alias);
    return n;
}

/* A component is a text (0.0.1) or an object with @id and identifiers. */
static const struct vl_purl *purl_of(struct vl_vex *vex, const struct vl_doc_node *component)
{
    struct vl_span id =
        vl_doc_is(component, VL_DOC_STRING) ? vl_doc_span(component) : vl_doc_get_str(component, "@id");
    struct vl_span given = vl_doc_get_str(vl_doc_get(component, "identifiers"), "purl");
    const struct vl_purl *purl = vl_vex_purl(vex, given);
    return purl ? purl : vl_vex_purl(vex, id);
}

static void read_parts(struct vl_vex *vex, const struct vl_doc_node *list, struct vl_vex_product *product)
{
    size_t n = vl_doc_size(list);
    product->has_parts = n > 0;
    const struct vl_purl **parts = n ? vl_arena_array(vex->arena, n, sizeof(*parts)) : NULL;
    const struct vl_doc_node *item = parts ? vl_doc_first(list) : NULL;
    for (; item; item = vl_doc_next(item)) {
        const struct vl_purl *purl = purl_of(vex, item);
        if (purl)
            parts[product->n_parts++] = purl;
        else
            vex->unknown++;
    }
    product->parts = parts;
}

/* `shared` has the parts that the statement gives for all its products (0.0.1). */
static void read_product(struct vl_vex *vex, const struct vl_doc_node *node,
    const struct vl_vex_product *shared, struct vl_vex_product *product)
{
    const struct vl_doc_node *identifiers = vl_doc_get(node, "identifiers");
    struct vl_span hash = vl_doc_get_str(vl_doc_get(node, "hashes"), "sha-256");
    product->text =
        vl_vex_dup(vex, vl_doc_is(node, VL_DOC_STRING) ? vl_doc_span(node) : vl_doc_get_str(node, "@id"));
    product->purl = purl_of(vex, node);
    product->cpe = vl_vex_dup(vex, vl_doc_get_str(identifiers, "cpe23"));
    if (!product->cpe)
        product->cpe = vl_vex_dup(vex, vl_doc_get_str(identifiers, "cpe22"));
    product->hash = hash.len ? vl_arena_printf(vex->arena, "sha256:%.*s", VL_SPAN_FMT(hash)) : NULL;
    product->parts = shared->parts;
    product->n_parts = shared->n_parts;
    product->has_parts = shared->has_parts;
    const struct vl_doc_node *own = vl_doc_get(node, "subcomponents");
    if (own) {
        product->n_parts = 0;
        read_parts(vex, own, product);
    }
    if (!product->purl && !product->text && !product->cpe && !product->hash)
        vex->unknown++;
}

static int read_statement(struct vl_vex *vex, const struct vl_doc_node *node, const char *document,
    int64_t document_ms, struct vl_err *err)
{
    struct vl_span ids[IDS_MAX];
    struct vl_vex_statement statement = {
        .status = status_of(vl_doc_get_str(node, "status")), .document = document, .at_ms = document_ms};
    if (statement.status == VL_VEX_NONE)
        return vl_err_set(err, VL_ERR_INVALID, "line %u: a statement's status is \"%.*s\"",
            (unsigned)vl_doc_line(node), VL_SPAN_FMT(vl_doc_get_str(node, "status")));
    size_t n_ids = ids_of(vl_doc_get(node, "vulnerability"), ids);
    if (n_ids == 0)
        return vl_err_set(
            err, VL_ERR_INVALID, "line %u: a statement names no vulnerability", (unsigned)vl_doc_line(node));
    int64_t at;
    if (vl_time_parse(vl_doc_get_str(node, "timestamp"), &at))
        statement.at_ms = at;
    statement.justification = vl_vex_dup(vex, vl_doc_get_str(node, "justification"));
    statement.words = vl_vex_dup(vex, vl_doc_get_str(node, "impact_statement"));
    const struct vl_doc_node *list = vl_doc_get(node, "products");
    size_t n = vl_doc_size(list);
    struct vl_vex_product *products = n ? vl_arena_array(vex->arena, n, sizeof(*products)) : NULL;
    struct vl_vex_product shared = {0};
    read_parts(vex, vl_doc_get(node, "subcomponents"), &shared);
    const struct vl_doc_node *item = products ? vl_doc_first(list) : NULL;
    for (; item; item = vl_doc_next(item))
        read_product(vex, item, &shared, &products[statement.n_products++]);
    statement.products = products;
    return vl_vex_add(vex, &statement, ids, n_ids, err);
}

int vl_vex_parse_openvex(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err)
{
    int64_t at = 0;
    const struct vl_doc_node *statements = vl_doc_get(root, "statements");
    const char *document = vl_arena_strdup(vex->arena, name);
    if (!vl_doc_is(statements, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "an OpenVEX document without statements");
    if (!vl_time_parse(vl_doc_get_str(root, "timestamp"), &at))
        at = 0;
    for (const struct vl_doc_node *n = vl_doc_first(statements); n; n = vl_doc_next(n)) {
        int r = read_statement(vex, n, document, at, err);
        if (r < 0)
            return r;
    }
    return vl_arena_check(vex->arena, "VEX documents", err);
}
