/* CycloneDX 1.4 to 1.6: vulnerabilities[] with an analysis, in a VEX document of its own or in an SBOM.
 * Source: CycloneDX specification 1.6, "vulnerabilities", and BOM-Link. */
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/time.h"
#include "codec/doc.h"
#include "vex.h"

#define IDS_MAX        64U
#define COMPONENTS_MAX 1000000U
#define DEPTH_MAX      32 /* components in components */
#define LINK_MAX       8192U

struct bom {
    struct vl_vex *vex;
    struct vl_map by_ref; /* bom-ref -> component */
    const struct vl_doc_node *subject;
    const char *document;
    int64_t at_ms;
};

static const struct {
    const char *state;
    enum vl_vex_status status;
} states[] = {
    {"resolved", VL_VEX_FIXED},
    {"resolved_with_pedigree", VL_VEX_FIXED},
    {"not_affected", VL_VEX_NOT_AFFECTED},
    {"false_positive", VL_VEX_NOT_AFFECTED},
    {"exploitable", VL_VEX_AFFECTED},
    {"in_triage", VL_VEX_UNDER_INVESTIGATION},
};

static int add_components(struct bom *bom, const struct vl_doc_node *list, unsigned depth, struct vl_err *err)
{
    if (depth == 0)
        return vl_err_set(err, VL_ERR_LIMIT, "components are nested deeper than %d", DEPTH_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span ref = vl_doc_get_str(n, "bom-ref");
        struct vl_map_slot *slot;
        bool added;
        if (ref.len) {
            int r = vl_map_put(&bom->by_ref, ref, &slot, &added, err);
            if (r < 0)
                return r;
            memcpy(&slot->value.ptr, &n, sizeof(n)); /* the map's pointer is not const; it is only read */
        }
        int r = add_components(bom, vl_doc_get(n, "components"), depth - 1, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "urn:cdx:UUID/VERSION#REF" names a component of another document; REF is percent-encoded. */
static struct vl_span link_target(struct vl_span ref, struct vl_buf *out)
{
    size_t hash = vl_span_find_char(ref, '#');
    if (!vl_span_starts_with(ref, "urn:cdx:") || hash == SIZE_MAX)
        return ref;
    for (size_t i = hash + 1; i < ref.len; i++) {
        int high = ref.ptr[i] == '%' && i + 2 < ref.len ? hex_digit(ref.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(ref.ptr[i + 2]) : -1;
        if (low >= 0) {
            vl_buf_append_char(out, (char)(high * 16 + low));
            i += 2;
        } else {
            vl_buf_append_char(out, ref.ptr[i]);
        }
    }
    return out->failed ? VL_SPAN_EMPTY : vl_buf_span(out);
}

static void from_component(
    struct bom *bom, const struct vl_doc_node *component, struct vl_vex_product *product)
{
    struct vl_span hash = VL_SPAN_EMPTY;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(component, "hashes")); n; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_get_str(n, "alg"), "SHA-256"))
            hash = vl_doc_get_str(n, "content");
    }
    product->purl = vl_vex_purl(bom->vex, vl_doc_get_str(component, "purl"));
    product->cpe = vl_vex_dup(bom->vex, vl_doc_get_str(component, "cpe"));
    product->hash = hash.len ? vl_arena_printf(bom->vex->arena, "sha256:%.*s", VL_SPAN_FMT(hash)) : NULL;
    struct vl_span name = vl_doc_get_str(component, "name");
    struct vl_span version = vl_doc_get_str(component, "version");
    /* only the subject of the document can be the target by its name: packages need their purl */
    if (component == bom->subject && version.len)
        product->text = vl_arena_printf(bom->vex->arena, "%.*s%s%.*s", VL_SPAN_FMT(name),
            vl_span_starts_with(version, "sha256:") ? "@" : ":", VL_SPAN_FMT(version));
    else if (component == bom->subject)
        product->text = vl_vex_dup(bom->vex, name);
}

static void read_product(struct bom *bom, const struct vl_doc_node *affects, struct vl_vex_product *product)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf decoded;
    vl_buf_init(&decoded, LINK_MAX);
    struct vl_span ref = vl_doc_get_str(affects, "ref");
    const struct vl_map_slot *slot = vl_map_get(&bom->by_ref, ref);
    struct vl_span target = link_target(ref, &decoded);
    if (!slot)
        slot = vl_map_get(&bom->by_ref, target);
    if (slot)
        from_component(bom, slot->value.ptr, product);
    if (!product->purl)
        product->purl = vl_vex_purl(bom->vex, target);
    if (!product->purl && !product->text && !product->hash)
        bom->vex->unknown++;
}

/* affects[].versions: those that are not affected make a statement of their own. */
static int add_versions(struct bom *bom, const struct vl_doc_node *affects,
    const struct vl_vex_statement *whole, const struct vl_span *ids, size_t n_ids, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(affects, "versions");
    size_t n = vl_doc_size(list);
    struct vl_span *versions = n ? vl_arena_array(bom->vex->arena, n, sizeof(*versions)) : NULL;
    struct vl_vex_statement statement = *whole;
    const struct vl_doc_node *v = versions ? vl_doc_first(list) : NULL;
    for (; v; v = vl_doc_next(v)) {
        struct vl_span version = vl_doc_get_str(v, "version");
        if (vl_span_eq_str(vl_doc_get_str(v, "status"), "unaffected") && version.len) {
            versions[statement.n_versions].ptr = vl_vex_dup(bom->vex, version);
            versions[statement.n_versions].len = version.len;
            statement.n_versions += versions[statement.n_versions].ptr != NULL;
        }
    }
    if (statement.n_versions == 0)
        return 0;
    statement.status = VL_VEX_NOT_AFFECTED;
    statement.justification = NULL;
    statement.words = "this version is not affected";
    statement.versions = versions;
    return vl_vex_add(bom->vex, &statement, ids, n_ids, err);
}

static enum vl_vex_status status_of(struct vl_span state)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(states); i++) {
        if (vl_span_eq_str(state, states[i].state))
            return states[i].status;
    }
    return VL_VEX_NONE;
}

static size_t ids_of(const struct vl_doc_node *vulnerability, struct vl_span ret[IDS_MAX])
{
    size_t n = 0;
    ret[n++] = vl_doc_get_str(vulnerability, "id");
    const struct vl_doc_node *item = vl_doc_first(vl_doc_get(vulnerability, "references"));
    for (; item && n < IDS_MAX; item = vl_doc_next(item)) {
        if (vl_doc_get_str(item, "id").len)
            ret[n++] = vl_doc_get_str(item, "id");
    }
    return n;
}

static int64_t time_of(const struct bom *bom, const struct vl_doc_node *v)
{
    struct vl_span texts[] = {vl_doc_get_str(vl_doc_get(v, "analysis"), "lastUpdated"),
        vl_doc_get_str(vl_doc_get(v, "analysis"), "firstIssued"), vl_doc_get_str(v, "updated")};
    int64_t at;
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++) {
        if (vl_time_parse(texts[i], &at))
            return at;
    }
    return bom->at_ms;
}

static int read_vulnerability(struct bom *bom, const struct vl_doc_node *v, struct vl_err *err)
{
    struct vl_span ids[IDS_MAX];
    size_t n_ids = ids_of(v, ids);
    const struct vl_doc_node *analysis = vl_doc_get(v, "analysis");
    const struct vl_doc_node *list = vl_doc_get(v, "affects");
    size_t n = vl_doc_size(list);
    struct vl_vex_product *products = n ? vl_arena_array(bom->vex->arena, n, sizeof(*products)) : NULL;
    struct vl_vex_statement statement = {.status = status_of(vl_doc_get_str(analysis, "state")),
        .justification = vl_vex_dup(bom->vex, vl_doc_get_str(analysis, "justification")),
        .words = vl_vex_dup(bom->vex, vl_doc_get_str(analysis, "detail")),
        .document = bom->document,
        .at_ms = time_of(bom, v),
        .products = products};
    const struct vl_doc_node *item = products ? vl_doc_first(list) : NULL;
    for (; item; item = vl_doc_next(item))
        read_product(bom, item, &products[statement.n_products++]);
    int r = 0;
    if (statement.status != VL_VEX_NONE && products)
        r = vl_vex_add(bom->vex, &statement, ids, n_ids, err);
    item = products ? vl_doc_first(list) : NULL;
    for (size_t i = 0; item && r == 0; item = vl_doc_next(item), i++) {
        struct vl_vex_statement one = statement;
        one.products = &products[i];
        one.n_products = 1;
        r = add_versions(bom, item, &one, ids, n_ids, err);
    }
    return r;
}

static void bom_done(struct bom *bom)
{
    vl_map_done(&bom->by_ref);
}

int vl_vex_parse_cyclonedx(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err)
{
    const struct vl_doc_node *metadata = vl_doc_get(root, "metadata");
    VL_CLEANUP(bom_done)
    struct bom bom = {.vex = vex,
        .subject = vl_doc_get(metadata, "component"),
        .document = vl_arena_strdup(vex->arena, name)};
    vl_map_init(&bom.by_ref, COMPONENTS_MAX);
    if (!vl_time_parse(vl_doc_get_str(metadata, "timestamp"), &bom.at_ms))
        bom.at_ms = 0;
    const struct vl_doc_node *list = vl_doc_get(root, "vulnerabilities");
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "a CycloneDX document without vulnerabilities says nothing");
    int r = add_components(&bom, vl_doc_get(root, "components"), DEPTH_MAX, err);
    struct vl_span ref = vl_doc_get_str(bom.subject, "bom-ref");
    struct vl_map_slot *slot;
    if (r == 0 && ref.len) {
        r = vl_map_put(&bom.by_ref, ref, &slot, NULL, err);
        if (r == 0)
            memcpy(&slot->value.ptr, &bom.subject, sizeof(bom.subject));
    }
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r == 0; n = vl_doc_next(n))
        r = read_vulnerability(&bom, n, err);
    return r < 0 ? r : vl_arena_check(vex->arena, "VEX documents", err);
}
