/* Products of CSAF 2.0 (docs.oasis-open.org/csaf, §3.1.2 and §3.2.2) as Red Hat writes them: branches name
 * platforms by CPE and packages by purl, relationships say which is a component of which; a module stands
 * between a package and its platform, or in the qualifier rpmmod of the package's purl. */
#include <string.h>

#include "csaf.h"
#include "namespace.h"

static int add_product(struct csaf_tree *t, const struct vl_doc_node *product, struct vl_err *err)
{
    struct vl_map_slot *slot;
    struct vl_span id = vl_doc_get_str(product, "product_id");
    if (id.len == 0)
        return 0;
    int r = vl_map_put(&t->products, id, &slot, NULL, err);
    if (r == 0)
        slot->value.ptr = (void *)(uintptr_t)product;
    return r;
}

static int add_branches(
    struct csaf_tree *t, const struct vl_doc_node *list, unsigned depth, struct vl_err *err)
{
    if (depth == CSAF_DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "its branches nest deeper than %u", CSAF_DEPTH_MAX);
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r == 0; n = vl_doc_next(n)) {
        r = add_product(t, vl_doc_get(n, "product"), err);
        if (r == 0)
            r = add_branches(t, vl_doc_get(n, "branches"), depth + 1, err);
    }
    return r;
}

int csaf_tree_init(
    struct csaf_tree *tree, const struct vl_doc_node *root, struct vl_arena *arena, struct vl_err *err)
{
    const struct vl_doc_node *products = vl_doc_get(root, "product_tree");
    *tree = (struct csaf_tree){.arena = arena};
    vl_map_init(&tree->products, CSAF_PRODUCTS_MAX);
    vl_map_init(&tree->relations, CSAF_PRODUCTS_MAX);
    int r = add_branches(tree, vl_doc_get(products, "branches"), 0, err);
    const struct vl_doc_node *relations = vl_doc_get(products, "relationships");
    for (const struct vl_doc_node *n = vl_doc_first(relations); n && r == 0; n = vl_doc_next(n)) {
        struct vl_map_slot *slot;
        struct vl_span id = vl_doc_get_str(vl_doc_get(n, "full_product_name"), "product_id");
        if (id.len)
            r = vl_map_put(&tree->relations, id, &slot, NULL, err);
        if (r == 0 && id.len)
            slot->value.ptr = (void *)(uintptr_t)n;
    }
    if (r < 0)
        csaf_tree_done(tree);
    return r;
}

void csaf_tree_done(struct csaf_tree *tree)
{
    vl_map_done(&tree->products);
    vl_map_done(&tree->relations);
}

static struct vl_span helper_of(const struct csaf_tree *t, struct vl_span id, const char *kind)
{
    const struct vl_map_slot *slot = vl_map_get(&t->products, id);
    return slot ? vl_doc_get_str(vl_doc_get(slot->value.ptr, "product_identification_helper"), kind)
                : VL_SPAN_EMPTY;
}

static struct vl_span decode_percent(struct vl_span text, struct vl_arena *arena)
{
    if (vl_span_find_char(text, '%') == SIZE_MAX)
        return text;
    char *out = vl_arena_dup_span(arena, text);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        uint32_t value = 0;
        bool hex = text.ptr[i] == '%' && i + 2 < text.len;
        for (size_t k = 1; hex && k < 3; k++) {
            const char *digit = text.ptr[i + k] ? strchr("0123456789ABCDEFabcdef", text.ptr[i + k]) : NULL;
            hex = digit != NULL;
            if (digit) {
                size_t at = (size_t)(digit - strchr("0123456789ABCDEFabcdef", '0'));
                value = value * 16 + (uint32_t)(at > 15 ? at - 6 : at);
            }
        }
        out[n++] = hex && value ? (char)value : text.ptr[i];
        i += hex && value ? 2 : 0;
    }
    return out ? (struct vl_span){out, n} : VL_SPAN_EMPTY;
}

static struct vl_span qualifier(struct vl_span purl, const char *name, struct vl_arena *arena)
{
    size_t at = vl_span_find_char(purl, '?');
    struct vl_span rest = at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(purl, at + 1, purl.len);
    struct vl_span pair;
    while (vl_span_split(&rest, '&', &pair)) {
        size_t len = strlen(name);
        if (vl_span_starts_with(pair, name) && pair.len > len && pair.ptr[len] == '=')
            return decode_percent(vl_span_slice(pair, len + 1, pair.len), arena);
    }
    return VL_SPAN_EMPTY;
}

/* "nodejs:18:9020020230825081254:rhel9" gives "nodejs:18"; empty where there is no stream (flatpaks). */
static struct vl_span module_of(struct vl_span text)
{
    size_t colon = vl_span_find_char(text, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == text.len)
        return VL_SPAN_EMPTY;
    struct vl_span rest = vl_span_slice(text, colon + 1, text.len);
    size_t end = vl_span_find_char(rest, ':');
    return vl_span_slice(text, 0, end == SIZE_MAX ? text.len : colon + 1 + end);
}

/* "pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64&epoch=1". False for other types. */
static bool read_purl(struct vl_span purl, struct vl_arena *arena, struct csaf_component *c)
{
    static const char type[] = "pkg:rpm/redhat/";
    if (!vl_span_starts_with(purl, type))
        return false;
    struct vl_span path = vl_span_slice(purl, sizeof(type) - 1, vl_span_find_char(purl, '?'));
    size_t at = vl_span_rfind_char(path, '@');
    struct vl_span arch = qualifier(purl, "arch", arena);
    struct vl_span epoch = qualifier(purl, "epoch", arena);
    struct vl_span module = qualifier(purl, "rpmmod", arena);
    c->package = decode_percent(vl_span_slice(path, 0, at), arena);
    c->version =
        at == SIZE_MAX ? VL_SPAN_EMPTY : decode_percent(vl_span_slice(path, at + 1, path.len), arena);
    c->source = vl_span_eq_str(arch, "src");
    if (c->version.len && epoch.len && !vl_span_eq_str(epoch, "0"))
        c->version =
            vl_span_str(vl_arena_printf(arena, "%.*s:%.*s", VL_SPAN_FMT(epoch), VL_SPAN_FMT(c->version)));
    if (module.len) {
        c->module = module_of(module);
        return c->module.len > 0;
    }
    return true;
}

/* "bind-libs-32:9.16.23-14.el9_3.x86_64", the name of a product. Red Hat's purls have no epoch before 2025.
 */
static void read_epoch(struct vl_span id, struct vl_arena *arena, struct csaf_component *c)
{
    if (c->version.len == 0 || vl_span_find_char(c->version, ':') != SIZE_MAX ||
        id.len <= c->package.len + 1 || !vl_span_eq(vl_span_slice(id, 0, c->package.len), c->package) ||
        id.ptr[c->package.len] != '-')
        return;
    struct vl_span rest = vl_span_slice(id, c->package.len + 1, id.len);
    size_t colon = vl_span_find_char(rest, ':');
    uint64_t epoch;
    if (colon != SIZE_MAX && vl_span_to_u64(vl_span_slice(rest, 0, colon), &epoch) && epoch > 0 &&
        epoch < 1000)
        c->version = vl_span_str(vl_arena_printf(arena, "%u:%.*s", (unsigned)epoch, VL_SPAN_FMT(c->version)));
}

/* The package itself. Unfixed modules are written "nodejs:18/nodejs", without a purl of the package. */
static bool read_component(const struct csaf_tree *t, struct vl_span id, struct csaf_component *c)
{
    struct vl_span purl = helper_of(t, id, "purl");
    if (read_purl(purl, t->arena, c)) {
        read_epoch(id, t->arena, c);
        size_t slash = vl_span_find_char(id, '/');
        if (c->module.len == 0 && c->version.len == 0 && slash != SIZE_MAX)
            c->module = module_of(vl_span_slice(id, 0, slash));
        return c->package.len > 0;
    }
    size_t slash = vl_span_rfind_char(id, '/');
    if (slash == SIZE_MAX || slash + 1 == id.len || (purl.len && !vl_span_starts_with(purl, "pkg:rpmmod/")))
        return false;
    c->module = module_of(vl_span_slice(id, 0, slash));
    c->package = vl_span_slice(id, slash + 1, id.len);
    return c->module.len > 0;
}

/* Follows "component of" to the platform; a module on the way gives its stream. */
static bool read_platform(const struct csaf_tree *t, struct vl_span id, struct csaf_component *c)
{
    for (unsigned i = 0; i < CSAF_CHAIN_MAX; i++) {
        const struct vl_map_slot *slot = vl_map_get(&t->relations, id);
        if (!slot) {
            struct vl_buf space;
            vl_buf_init(&space, 120);
            bool ok = vl_space_from_redhat_cpe(helper_of(t, id, "cpe"), &space) && !space.failed;
            if (ok)
                c->space = vl_span_str(vl_arena_dup_span(t->arena, vl_buf_span(&space)));
            vl_buf_done(&space);
            return ok && c->space.len > 0;
        }
        struct vl_span part = vl_doc_get_str(slot->value.ptr, "product_reference");
        if (vl_span_starts_with(helper_of(t, part, "purl"), "pkg:rpmmod/"))
            c->module = module_of(part);
        id = vl_doc_get_str(slot->value.ptr, "relates_to_product_reference");
    }
    return false;
}

bool csaf_resolve(const struct csaf_tree *tree, struct vl_span product_id, struct csaf_component *ret)
{
    struct csaf_component c = {0};
    const struct vl_map_slot *slot = vl_map_get(&tree->relations, product_id);
    if (!slot || !read_component(tree, vl_doc_get_str(slot->value.ptr, "product_reference"), &c) ||
        !read_platform(tree, vl_doc_get_str(slot->value.ptr, "relates_to_product_reference"), &c))
        return false;
    *ret = c;
    return true;
}
