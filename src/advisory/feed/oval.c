/* OVAL definitions of rpm distributions (oval.mitre.org 5.3 to 5.11): Oracle's patches
 * (linux.oracle.com/security/oval) and Azure Linux's vulnerabilities (microsoft/AzureLinuxVulnerabilityData).
 * A definition's criteria are a tree of tests; a test of a package's version names an object (the package)
 * and a state (the version it is compared to). The distribution stands in a test's comment at Oracle, in the
 * version at Microsoft. */
#include "base/map.h"
#include "base/time.h"
#include "codec/xml.h"
#include "namespace.h"
#include "parse.h"

#define OVAL_DEPTH_MAX 32U
#define OVAL_ITEMS_MAX 5000000U

struct oval {
    const struct vl_feed_context *context;
    struct vl_map items; /* id of a test, object or state -> its element */
    struct vl_record_affected *affected;
    size_t n, cap;
    uint64_t too_deep;
};

/* What surrounding tests say of the packages below them. */
struct around {
    struct vl_span space;
    struct vl_span module;
};

static int index_items(struct oval *o, const struct vl_xml_node *root, struct vl_err *err)
{
    static const char *const parts[] = {"tests", "objects", "states"};
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        const struct vl_xml_node *part = vl_xml_child(root, parts[i]);
        for (const struct vl_xml_node *n = vl_xml_first(part); n; n = vl_xml_next(n)) {
            struct vl_map_slot *slot;
            int r = vl_map_put(&o->items, vl_xml_attr(n, "id"), &slot, NULL, err);
            if (r < 0)
                return r;
            slot->value.ptr = (void *)(uintptr_t)n;
        }
    }
    return 0;
}

static const struct vl_xml_node *item(const struct oval *o, struct vl_span id)
{
    const struct vl_map_slot *slot = id.len ? vl_map_get(&o->items, id) : NULL;
    return slot ? slot->value.ptr : NULL;
}

/* "Oracle Linux 8 is installed" and "Module nodejs:18 is enabled" hold for everything beside and below them.
 */
static void look_around(const struct oval *o, struct vl_span comment, struct around *around)
{
    static const char oracle[] = "Oracle Linux ";
    static const char module[] = "Module ";
    if (vl_span_starts_with(comment, oracle) && vl_span_ends_with(comment, " is installed")) {
        struct vl_span release = vl_span_slice(comment, sizeof(oracle) - 1, comment.len);
        release = vl_span_slice(release, 0, vl_span_find_char(release, ' '));
        uint64_t number;
        if (vl_span_to_u64(release, &number))
            around->space = vl_span_str(vl_arena_printf(o->context->arena, "oracle:%u", (unsigned)number));
    } else if (vl_span_starts_with(comment, module) && vl_span_ends_with(comment, " is enabled")) {
        around->module = vl_span_slice(comment, sizeof(module) - 1, comment.len - sizeof(" is enabled") + 1);
    }
}

/* "3.2.8-1.azl3", "1.2-3.cm2": the distribution's tag. */
static struct vl_span space_of_version(struct vl_span evr, struct vl_arena *arena)
{
    static const char *const tags[] = {".azl", ".cm"};
    for (size_t i = 0; i < VL_ARRAY_LEN(tags); i++) {
        size_t at = vl_span_find(evr, vl_span_str(tags[i]));
        struct vl_span release =
            at == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(evr, at + vl_span_str(tags[i]).len, evr.len);
        uint64_t number;
        if (vl_span_to_u64(release, &number) && number < 100)
            return vl_span_str(vl_arena_printf(arena, "azurelinux:%u.0", (unsigned)number));
    }
    return VL_SPAN_EMPTY;
}

/* Oracle's other builds have versions, and fixes, of their own: "oracle:8" becomes "oracle-fips:8". */
static struct vl_span space_of_test(const struct around *around, struct vl_span evr, struct vl_arena *arena)
{
    const char *flavour = vl_space_oracle_flavour(evr);
    if (around->space.len == 0)
        return space_of_version(evr, arena);
    if (!flavour)
        return around->space;
    size_t colon = vl_span_find_char(around->space, ':');
    return vl_span_str(vl_arena_printf(
        arena, "%s%.*s", flavour, VL_SPAN_FMT(vl_span_slice(around->space, colon, around->space.len))));
}

static void set_bound(struct vl_record_range *range, struct vl_span operation, struct vl_span evr)
{
    if (vl_span_eq_str(operation, "less than"))
        range->fixed = evr;
    else if (vl_span_eq_str(operation, "less than or equal"))
        range->last = evr;
    else if (vl_span_starts_with(operation, "greater than")) {
        range->introduced = evr;
        range->after = vl_span_eq_str(operation, "greater than");
    }
}

/* One test of a version. `first`: where the rows of the block around it begin: tests of one package there are
 * the ends of one range. */
static void add_test(
    struct oval *o, const struct vl_xml_node *test, const struct around *around, size_t first)
{
    const struct vl_xml_node *object = item(o, vl_xml_attr(vl_xml_child(test, "object"), "object_ref"));
    const struct vl_xml_node *state = item(o, vl_xml_attr(vl_xml_child(test, "state"), "state_ref"));
    const struct vl_xml_node *evr = vl_xml_child(state, "evr");
    struct vl_span version = vl_xml_text(evr);
    struct vl_span name = vl_xml_text(vl_xml_child(object, "name"));
    if (version.len == 0 || name.len == 0)
        return;
    if (vl_span_starts_with(version, "0:"))
        version = vl_span_slice(version, 2, version.len);
    struct vl_span space = space_of_test(around, version, o->context->arena);
    for (size_t i = first; i < o->n; i++) {
        if (vl_span_eq(o->affected[i].package, name) && vl_span_eq(o->affected[i].module, around->module) &&
            vl_span_eq(o->affected[i].space, space)) {
            set_bound((struct vl_record_range *)(uintptr_t)o->affected[i].ranges,
                vl_xml_attr(evr, "operation"), version);
            return;
        }
    }
    struct vl_record_range *range = vl_arena_alloc(o->context->arena, sizeof(*range));
    void *items = o->affected;
    struct vl_record_affected *slot = vl_feed_push(&items, &o->n, &o->cap, sizeof(*slot), o->context->arena);
    o->affected = items;
    if (!slot || !range)
        return;
    set_bound(range, vl_xml_attr(evr, "operation"), version);
    *slot = (struct vl_record_affected){
        .space = space, .package = name, .module = around->module, .ranges = range, .n_ranges = 1};
}

static void walk(struct oval *o, const struct vl_xml_node *criteria, struct around around, unsigned depth)
{
    if (depth == OVAL_DEPTH_MAX) {
        o->too_deep++;
        return;
    }
    bool all = !vl_span_eq_str(vl_xml_attr(criteria, "operator"), "OR");
    for (const struct vl_xml_node *n = vl_xml_first(criteria); all && n; n = vl_xml_next(n)) {
        if (vl_span_eq_str(vl_xml_name(n), "criterion"))
            look_around(o, vl_xml_attr(n, "comment"), &around);
    }
    size_t first = all ? o->n : SIZE_MAX;
    for (const struct vl_xml_node *n = vl_xml_first(criteria); n; n = vl_xml_next(n)) {
        if (vl_span_eq_str(vl_xml_name(n), "criterion"))
            add_test(o, item(o, vl_xml_attr(n, "test_ref")), &around, first);
    }
    for (const struct vl_xml_node *n = vl_xml_first(criteria); n; n = vl_xml_next(n)) {
        if (vl_span_eq_str(vl_xml_name(n), "criteria"))
            walk(o, n, around, depth + 1);
    }
}

/* Rows that a distribution judges and that say something; the others are dropped. */
static void keep_usable(struct oval *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct vl_record_range *r = o->affected[i].ranges;
        if (o->affected[i].space.len && (r->fixed.len || r->last.len || r->introduced.len))
            o->affected[n++] = o->affected[i];
    }
    o->n = n;
}

static int64_t date_of(const struct vl_xml_node *metadata)
{
    const struct vl_xml_node *advisory = vl_xml_child(metadata, "advisory");
    struct vl_span text = vl_xml_attr(vl_xml_child(advisory, "issued"), "date");
    int64_t ms;
    if (text.len == 0)
        text = vl_xml_text(vl_xml_child(metadata, "advisory_date"));
    return vl_time_parse(text, &ms) ? ms : 0;
}

static void read_references(const struct vl_xml_node *metadata, struct vl_arena *arena,
    struct vl_feed_list *cves, struct vl_span *ret_id)
{
    *ret_id = VL_SPAN_EMPTY;
    for (const struct vl_xml_node *n = vl_xml_first(metadata); n; n = vl_xml_next(n)) {
        struct vl_span id = vl_span_trim(vl_xml_attr(n, "ref_id"));
        if (!vl_span_eq_str(vl_xml_name(n), "reference") || id.len == 0)
            continue;
        if (vl_feed_is_cve(id)) {
            if (!vl_feed_list_has(cves, id))
                vl_feed_list_add(cves, arena, id);
        } else if (ret_id->len == 0) {
            *ret_id = id;
        }
    }
}

static int emit_definition(
    struct oval *o, const struct vl_xml_node *definition, struct vl_record_sink *sink, struct vl_err *err)
{
    const struct vl_xml_node *metadata = vl_xml_child(definition, "metadata");
    struct vl_arena *arena = o->context->arena;
    struct vl_feed_list cves = {0};
    struct vl_span id;
    o->affected = NULL;
    o->n = o->cap = 0;
    read_references(metadata, arena, &cves, &id);
    walk(o, vl_xml_child(definition, "criteria"), (struct around){0}, 0);
    keep_usable(o);
    struct vl_span severity = vl_xml_text(vl_xml_child(vl_xml_child(metadata, "advisory"), "severity"));
    if (severity.len == 0)
        severity = vl_xml_text(vl_xml_child(metadata, "severity"));
    const char *source = o->n ? vl_space_info(o->affected[0].space)->rating : NULL;
    struct vl_record_pair rating = {vl_span_str(source), severity};
    enum vl_severity known;
    bool alone = id.len == 0 && cves.n > 0; /* a vulnerability, no advisory */
    struct vl_record record = {.id = alone ? cves.items[0] : id,
        .aliases = cves.items + alone,
        .n_aliases = alone ? cves.n - 1 : 0,
        .covers = cves.items,
        .n_covers = alone ? 0 : cves.n,
        .title = alone ? VL_SPAN_EMPTY : vl_xml_text(vl_xml_child(metadata, "title")),
        .published_ms = date_of(metadata),
        .ratings = &rating,
        .n_ratings = source && vl_severity_parse(severity, &known),
        .affected = o->affected,
        .n_affected = o->n};
    int r = vl_arena_check(arena, o->context->feed, err);
    if (r == 0 && (record.id.len == 0 || o->n == 0))
        sink->skipped++;
    else if (r == 0)
        r = vl_record_emit(sink, &record, err);
    vl_arena_reset(arena);
    return r;
}

int vl_feed_parse_oval(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    struct oval o = {.context = context};
    int r = vl_xml_parse(bytes, object, &xml, err);
    if (r < 0)
        return r;
    const struct vl_xml_node *root = vl_xml_root(xml);
    if (!vl_span_eq_str(vl_xml_name(root), "oval_definitions"))
        return vl_err_set(err, VL_ERR_INVALID, "%s holds no OVAL definitions", object);
    vl_map_init(&o.items, OVAL_ITEMS_MAX);
    r = index_items(&o, root, err);
    const struct vl_xml_node *definitions = vl_xml_child(root, "definitions");
    for (const struct vl_xml_node *n = vl_xml_first(definitions); n && r == 0; n = vl_xml_next(n)) {
        if (vl_span_eq_str(vl_xml_name(n), "definition"))
            r = emit_definition(&o, n, sink, err);
    }
    vl_map_done(&o.items);
    if (r == 0 && o.too_deep)
        return vl_err_set(err, VL_ERR_LIMIT, "%s: criteria nest deeper than %u", object, OVAL_DEPTH_MAX);
    return r;
}
