/* updateinfo.xml of rpm repositories, as Amazon Linux publishes it (createrepo's format): an update names an
 * advisory, the CVEs it fixes, and the packages that fix them. */
#include "base/time.h"
#include "codec/xml.h"
#include "namespace.h"
#include "parse.h"

struct update {
    struct vl_arena *arena;
    struct vl_feed_list covers;
    struct vl_feed_list refs;
    struct vl_record_affected *affected;
    size_t n, cap;
};

/* "1.amzn2.0.3" gives "amazon:2", "3.amzn2023.0.1" "amazon:2023", "16.68.amzn1" "amazon:1". */
static struct vl_span space_of(struct vl_span release, struct vl_arena *arena)
{
    size_t at = vl_span_find(release, VL_SPAN_LIT("amzn"));
    if (at == SIZE_MAX)
        return VL_SPAN_EMPTY;
    size_t end = at + 4;
    while (end < release.len && release.ptr[end] >= '0' && release.ptr[end] <= '9')
        end++;
    if (end == at + 4 || end > at + 8)
        return VL_SPAN_EMPTY;
    return vl_span_str(
        vl_arena_printf(arena, "amazon:%.*s", VL_SPAN_FMT(vl_span_slice(release, at + 4, end))));
}

static void add_package(struct update *u, const struct vl_xml_node *package)
{
    struct vl_span version = vl_xml_attr(package, "version");
    struct vl_span release = vl_xml_attr(package, "release");
    struct vl_span epoch = vl_xml_attr(package, "epoch");
    struct vl_record_affected a = {
        .space = space_of(release, u->arena), .package = vl_xml_attr(package, "name")};
    if (a.space.len == 0 || a.package.len == 0 || version.len == 0 ||
        vl_span_eq_str(vl_xml_attr(package, "arch"), "src"))
        return;
    struct vl_record_range *range = vl_arena_alloc(u->arena, sizeof(*range));
    if (!range)
        return;
    bool zero = epoch.len == 0 || vl_span_eq_str(epoch, "0");
    range->fixed =
        vl_span_str(vl_arena_printf(u->arena, "%.*s%s%.*s-%.*s", VL_SPAN_FMT(zero ? VL_SPAN_EMPTY : epoch),
            zero ? "" : ":", VL_SPAN_FMT(version), VL_SPAN_FMT(release)));
    a.ranges = range;
    a.n_ranges = 1;
    for (size_t i = u->n; i > 0 && i + 8 > u->n;
        i--) { /* the same build of another architecture stands near */
        if (vl_span_eq(u->affected[i - 1].package, a.package) &&
            vl_span_eq(u->affected[i - 1].ranges[0].fixed, range->fixed))
            return;
    }
    void *items = u->affected;
    struct vl_record_affected *slot = vl_feed_push(&items, &u->n, &u->cap, sizeof(*slot), u->arena);
    u->affected = items;
    if (slot)
        *slot = a;
}

static void add_references(struct update *u, const struct vl_xml_node *list)
{
    for (const struct vl_xml_node *n = vl_xml_first(list); n; n = vl_xml_next(n)) {
        struct vl_span id = vl_xml_attr(n, "id");
        if (vl_feed_is_cve(id) && !vl_feed_list_has(&u->covers, id))
            vl_feed_list_add(&u->covers, u->arena, id);
        else if (!vl_span_eq_str(vl_xml_attr(n, "type"), "cve"))
            vl_feed_list_add(&u->refs, u->arena, vl_xml_attr(n, "href"));
    }
}

static int64_t date_of(const struct vl_xml_node *update, const char *name, struct vl_arena *arena)
{
    struct vl_span text =
        vl_xml_attr(vl_xml_child(update, name), "date"); /* "2023-02-17 20:41:00", or the day */
    int64_t ms;
    (void)arena;
    return vl_time_parse(vl_span_slice(text, 0, 10), &ms) ? ms : 0;
}

static int emit_update(const struct vl_xml_node *node, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    struct update u = {.arena = context->arena};
    struct vl_span type = vl_xml_attr(node, "type");
    add_references(&u, vl_xml_child(node, "references"));
    for (const struct vl_xml_node *c = vl_xml_first(vl_xml_child(node, "pkglist")); c; c = vl_xml_next(c)) {
        for (const struct vl_xml_node *p = vl_xml_first(c); p; p = vl_xml_next(p)) {
            if (vl_span_eq_str(vl_xml_name(p), "package"))
                add_package(&u, p);
        }
    }
    struct vl_record_pair rating = {VL_SPAN_LIT("amazon"), vl_xml_text(vl_xml_child(node, "severity"))};
    struct vl_record record = {.id = vl_xml_text(vl_xml_child(node, "id")),
        .covers = u.covers.items,
        .n_covers = u.covers.n,
        .title = vl_xml_text(vl_xml_child(node, "title")),
        .details = vl_xml_text(vl_xml_child(node, "description")),
        .published_ms = date_of(node, "issued", u.arena),
        .modified_ms = date_of(node, "updated", u.arena),
        .ratings = &rating,
        .n_ratings = rating.value.len > 0,
        .refs = u.refs.items,
        .n_refs = u.refs.n,
        .affected = u.affected,
        .n_affected = u.n};
    int r = vl_arena_check(context->arena, context->feed, err);
    if (r < 0)
        return r;
    /* bug fixes and enhancements are updates too */
    if (record.id.len == 0 || u.n == 0 || (u.covers.n == 0 && !vl_span_eq_str(type, "security")))
        sink->skipped++;
    else
        r = vl_record_emit(sink, &record, err);
    vl_arena_reset(context->arena);
    return r;
}

int vl_feed_parse_updateinfo(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_xml_cleanup) struct vl_xml *xml = NULL;
    int r = vl_xml_parse(bytes, object, &xml, err);
    if (r < 0)
        return r;
    if (!vl_span_eq_str(vl_xml_name(vl_xml_root(xml)), "updates"))
        return vl_err_set(err, VL_ERR_INVALID, "%s is no updateinfo.xml", object);
    for (const struct vl_xml_node *n = vl_xml_first(vl_xml_root(xml)); n && r == 0; n = vl_xml_next(n)) {
        if (vl_span_eq_str(vl_xml_name(n), "update"))
            r = emit_update(n, context, sink, err);
    }
    return r;
}
