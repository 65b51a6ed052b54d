/* CSAF 2.0, profile VEX. Source: OASIS CSAF 2.0, 3.2.2 (product tree), 3.2.3 (vulnerabilities), 4.5 (VEX). */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "codec/doc.h"
#include "vex.h"

#define IDS_MAX      64U
#define PRODUCTS_MAX 2000000U
#define CHAIN_MAX    4U /* relations of relations */

/* One product_id of the tree. */
struct entry {
    const struct vl_purl *purl;
    const char *cpe, *hash, *text;
    struct vl_span component; /* relations: product_reference */
    struct vl_span container; /* relates_to_product_reference */
};

struct csaf {
    struct vl_vex *vex;
    struct vl_map products; /* product_id -> struct entry * */
    struct vl_map groups;   /* group_id -> list of product_ids */
    struct vl_map labels;   /* of the vulnerability at hand: product_id -> label of its flag */
    struct vl_map impacts;  /* and the words of its threat */
    uint64_t told;          /* product_ids that flags and threats name, groups counted out */
    const char *document;
    int64_t at_ms;
};

static struct entry *new_entry(struct csaf *c, struct vl_span id, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct entry *entry = vl_arena_alloc(c->vex->arena, sizeof(*entry));
    if (vl_arena_check(c->vex->arena, "VEX documents", err) < 0 || !entry)
        return NULL;
    if (vl_map_put(&c->products, id, &slot, NULL, err) < 0)
        return NULL;
    slot->value.ptr = entry;
    return entry;
}

static struct vl_span sha256_of(const struct vl_doc_node *helper)
{
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(helper, "hashes")); n; n = vl_doc_next(n)) {
        const struct vl_doc_node *h = vl_doc_first(vl_doc_get(n, "file_hashes"));
        for (; h; h = vl_doc_next(h)) {
            if (vl_span_eq_str(vl_doc_get_str(h, "algorithm"), "sha256"))
                return vl_doc_get_str(h, "value");
        }
    }
    return VL_SPAN_EMPTY;
}

static int read_product(struct csaf *c, const struct vl_doc_node *product, struct vl_err *err)
{
    struct vl_span id = vl_doc_get_str(product, "product_id");
    if (id.len == 0)
        return 0;
    struct entry *entry = new_entry(c, id, err);
    if (!entry)
        return err->err;
    const struct vl_doc_node *helper = vl_doc_get(product, "product_identification_helper");
    struct vl_span hash = sha256_of(helper);
    entry->purl = vl_vex_purl(c->vex, vl_doc_get_str(helper, "purl"));
    entry->cpe = vl_vex_dup(c->vex, vl_doc_get_str(helper, "cpe"));
    entry->hash = hash.len ? vl_arena_printf(c->vex->arena, "sha256:%.*s", VL_SPAN_FMT(hash)) : NULL;
    entry->text = vl_vex_dup(c->vex, vl_doc_get_str(product, "name"));
    return 0;
}

static int read_branches(struct csaf *c, const struct vl_doc_node *list, unsigned depth, struct vl_err *err)
{
    if (depth == 0)
        return vl_err_set(err, VL_ERR_LIMIT, "branches are nested deeper than %d", VL_VEX_DEPTH_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        int r = read_product(c, vl_doc_get(n, "product"), err);
        if (r == 0)
            r = read_branches(c, vl_doc_get(n, "branches"), depth - 1, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_tree(struct csaf *c, const struct vl_doc_node *tree, struct vl_err *err)
{
    int r = read_branches(c, vl_doc_get(tree, "branches"), VL_VEX_DEPTH_MAX, err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(tree, "full_product_names"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = read_product(c, n, err);
    n = vl_doc_first(vl_doc_get(tree, "relationships"));
    for (; n && r == 0; n = vl_doc_next(n)) {
        struct vl_span id = vl_doc_get_str(vl_doc_get(n, "full_product_name"), "product_id");
        if (id.len == 0)
            continue;
        struct entry *entry = new_entry(c, id, err);
        if (!entry)
            return err->err;
        entry->component = vl_doc_get_str(n, "product_reference");
        entry->container = vl_doc_get_str(n, "relates_to_product_reference");
    }
    n = vl_doc_first(vl_doc_get(tree, "product_groups"));
    for (; n && r == 0; n = vl_doc_next(n)) {
        struct vl_map_slot *slot;
        const struct vl_doc_node *ids = vl_doc_get(n, "product_ids");
        r = vl_map_put(&c->groups, vl_doc_get_str(n, "group_id"), &slot, NULL, err);
        if (r == 0)
            memcpy(&slot->value.ptr, &ids, sizeof(ids)); /* only read */
    }
    return r;
}

static const struct entry *find(const struct csaf *c, struct vl_span id)
{
    const struct vl_map_slot *slot = vl_map_get(&c->products, id);
    return slot ? slot->value.ptr : NULL;
}

/* The product that is no relation, at the end of a chain. */
static const struct entry *resolve(const struct csaf *c, struct vl_span id, bool container)
{
    const struct entry *entry = find(c, id);
    for (unsigned i = 0; entry && entry->component.len; i++) {
        if (i == CHAIN_MAX)
            return NULL;
        entry = find(c, container ? entry->container : entry->component);
    }
    return entry;
}

/* "X as a part of Y": Y is the product and X the part. */
static struct vl_vex_product *product_of(struct csaf *c, struct vl_span id)
{
    struct vl_vex_product *product = vl_arena_alloc(c->vex->arena, sizeof(*product));
    const struct entry *entry = find(c, id);
    if (!product || !entry)
        return product;
    const struct entry *whole = entry;
    if (entry->component.len) {
        const struct entry *part = resolve(c, entry->component, false);
        const struct vl_purl **parts = vl_arena_array(c->vex->arena, 1, sizeof(*parts));
        whole = resolve(c, entry->container, true);
        product->has_parts = true;
        if (parts && part && part->purl) {
            parts[0] = part->purl;
            product->parts = parts;
            product->n_parts = 1;
        }
    }
    if (whole) {
        product->purl = whole->purl;
        product->cpe = whole->cpe;
        product->hash = whole->hash;
        product->text = whole->text;
    }
    if ((!product->purl && !product->cpe && !product->hash) || (product->has_parts && !product->n_parts))
        c->vex->unknown++;
    return product;
}

/* Notes the text for every product of a list that has none yet. */
static int tell(
    struct csaf *c, struct vl_map *map, const struct vl_doc_node *ids, const char *text, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(ids); n; n = vl_doc_next(n)) {
        struct vl_map_slot *slot;
        bool added;
        if (++c->told > VL_VEX_PRODUCTS_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "flags and threats name products more than %u times", VL_VEX_PRODUCTS_MAX);
        int r = vl_map_put(map, vl_doc_span(n), &slot, &added, err);
        if (r < 0)
            return r;
        if (added)
            memcpy(&slot->value.ptr, &text, sizeof(text)); /* only read */
    }
    return 0;
}

/* One flag or threat: for the products it names and those of its groups. */
static int tell_all(struct csaf *c, struct vl_map *map, const struct vl_doc_node *node, struct vl_span words,
    struct vl_err *err)
{
    const char *text = vl_vex_dup(c->vex, words);
    if (!text)
        return vl_arena_check(c->vex->arena, "VEX documents", err);
    int r = tell(c, map, vl_doc_get(node, "product_ids"), text, err);
    const struct vl_doc_node *g = vl_doc_first(vl_doc_get(node, "group_ids"));
    for (; g && r == 0; g = vl_doc_next(g)) {
        const struct vl_map_slot *slot = vl_map_get(&c->groups, vl_doc_span(g));
        r = slot ? tell(c, map, slot->value.ptr, text, err) : 0;
    }
    return r;
}

/* flags[].label and the words of threats[] of category impact. */
static int read_reasons(struct csaf *c, const struct vl_doc_node *vulnerability, struct vl_err *err)
{
    int r = 0;
    vl_map_done(&c->labels);
    vl_map_done(&c->impacts);
    vl_map_init(&c->labels, PRODUCTS_MAX);
    vl_map_init(&c->impacts, PRODUCTS_MAX);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(vulnerability, "flags"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = tell_all(c, &c->labels, n, vl_doc_get_str(n, "label"), err);
    n = vl_doc_first(vl_doc_get(vulnerability, "threats"));
    for (; n && r == 0; n = vl_doc_next(n)) {
        if (vl_span_eq_str(vl_doc_get_str(n, "category"), "impact"))
            r = tell_all(c, &c->impacts, n, vl_doc_get_str(n, "details"), err);
    }
    return r;
}

static const char *reason_of(const struct vl_map *map, struct vl_span id)
{
    const struct vl_map_slot *slot = vl_map_get(map, id);
    return slot ? slot->value.ptr : NULL;
}

static size_t ids_of(const struct vl_doc_node *vulnerability, struct vl_span ret[IDS_MAX])
{
    size_t n = 0;
    if (vl_doc_get_str(vulnerability, "cve").len)
        ret[n++] = vl_doc_get_str(vulnerability, "cve");
    const struct vl_doc_node *item = vl_doc_first(vl_doc_get(vulnerability, "ids"));
    for (; item && n < IDS_MAX; item = vl_doc_next(item))
        ret[n++] = vl_doc_get_str(item, "text");
    return n;
}

static int read_vulnerability(struct csaf *c, const struct vl_doc_node *v, struct vl_err *err)
{
    static const struct {
        const char *key;
        enum vl_vex_status status;
    } buckets[] = {
        {"fixed", VL_VEX_FIXED},
        {"first_fixed", VL_VEX_FIXED},
        {"known_not_affected", VL_VEX_NOT_AFFECTED},
        {"known_affected", VL_VEX_AFFECTED},
        {"first_affected", VL_VEX_AFFECTED},
        {"last_affected", VL_VEX_AFFECTED},
        {"under_investigation", VL_VEX_UNDER_INVESTIGATION},
    };
    struct vl_span ids[IDS_MAX];
    size_t n_ids = ids_of(v, ids);
    int reasons = read_reasons(c, v, err);
    if (reasons < 0)
        return reasons;
    for (size_t i = 0; i < VL_ARRAY_LEN(buckets); i++) {
        const struct vl_doc_node *n =
            vl_doc_first(vl_doc_get(vl_doc_get(v, "product_status"), buckets[i].key));
        for (; n; n = vl_doc_next(n)) {
            struct vl_vex_statement statement = {
                .status = buckets[i].status, .document = c->document, .at_ms = c->at_ms, .n_products = 1};
            statement.products = product_of(c, vl_doc_span(n));
            if (!statement.products)
                return vl_arena_check(c->vex->arena, "VEX documents", err);
            statement.justification = reason_of(&c->labels, vl_doc_span(n));
            statement.words = reason_of(&c->impacts, vl_doc_span(n));
            int r = vl_vex_add(c->vex, &statement, ids, n_ids, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static void csaf_done(struct csaf *c)
{
    vl_map_done(&c->products);
    vl_map_done(&c->groups);
    vl_map_done(&c->labels);
    vl_map_done(&c->impacts);
}

int vl_vex_parse_csaf(
    struct vl_vex *vex, const struct vl_doc_node *root, const char *name, struct vl_err *err)
{
    VL_CLEANUP(csaf_done) struct csaf c = {.vex = vex, .document = vl_arena_strdup(vex->arena, name)};
    vl_map_init(&c.products, PRODUCTS_MAX);
    vl_map_init(&c.groups, PRODUCTS_MAX);
    vl_map_init(&c.labels, PRODUCTS_MAX);
    vl_map_init(&c.impacts, PRODUCTS_MAX);
    const struct vl_doc_node *tracking = vl_doc_get(vl_doc_get(root, "document"), "tracking");
    if (!vl_time_parse(vl_doc_get_str(tracking, "current_release_date"), &c.at_ms))
        c.at_ms = 0;
    int r = read_tree(&c, vl_doc_get(root, "product_tree"), err);
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "vulnerabilities"));
    for (; n && r == 0; n = vl_doc_next(n))
        r = read_vulnerability(&c, n, err);
    return r < 0 ? r : vl_arena_check(vex->arena, "VEX documents", err);
}
