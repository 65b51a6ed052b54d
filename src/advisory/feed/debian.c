/* Debian security tracker: the JSON export (security-tracker.debian.org/tracker/data/json) and the lists
 * of advisories (data/DSA/list, data/DLA/list of the tracker's repository). */
#include <string.h>

#include "base/time.h"
#include "namespace.h"
#include "parse.h"

static struct vl_span space_of(struct vl_span codename, struct vl_arena *arena)
{
    /* "bullseye-lts", "bookworm-security": channels of the release */
    const char *release = vl_space_debian_release(codename);
    return release ? vl_span_str(vl_arena_printf(arena, "debian:%s", release)) : VL_SPAN_EMPTY;
}

/* "low**" and "medium*" are old marks of one tracker user; "not yet assigned" is no rating. */
static enum vl_severity urgency_of(struct vl_span text)
{
    enum vl_severity severity;
    while (text.len && text.ptr[text.len - 1] == '*')
        text.len--;
    if (vl_span_eq_str(text, "end-of-life") || !vl_severity_parse(text, &severity))
        return VL_SEVERITY_UNKNOWN;
    return severity;
}

static enum vl_fix_state state_of(const struct vl_doc_node *release)
{
    struct vl_span status = vl_doc_get_str(release, "status");
    struct vl_span reason = vl_doc_get_str(release, "nodsa_reason");
    if (vl_span_eq_str(vl_doc_get_str(release, "urgency"), "end-of-life"))
        return VL_FIX_END_OF_LIFE;
    if (vl_span_eq_str(status, "undetermined"))
        return VL_FIX_INVESTIGATING;
    if (vl_span_eq_str(reason, "ignored"))
        return VL_FIX_WONT;
    if (vl_span_eq_str(reason, "postponed") || vl_doc_get(release, "nodsa"))
        return VL_FIX_DEFERRED;
    return VL_FIX_NONE;
}

struct tracker {
    struct vl_arena *arena;
    struct vl_record_affected *affected;
    size_t n, cap;
    enum vl_severity worst;
    bool unimportant; /* in all releases that rate it */
};

static void add_release(struct tracker *t, struct vl_span package, const struct vl_doc_node *release)
{
    struct vl_record_affected a = {.space = space_of(vl_doc_key(release), t->arena), .package = package};
    struct vl_span status = vl_doc_get_str(release, "status");
    struct vl_span fixed = vl_doc_get_str(release, "fixed_version");
    if (a.space.len == 0 || fixed.len > VL_RECORD_VERSION_MAX)
        return;
    struct vl_record_range *range = vl_arena_alloc(t->arena, sizeof(*range));
    if (!range)
        return;
    a.severity = urgency_of(vl_doc_get_str(release, "urgency"));
    if (vl_span_eq_str(status, "resolved")) {
        if (fixed.len == 0 || vl_span_eq_str(fixed, "0"))
            return; /* never affected */
        range->fixed = fixed;
    } else if (vl_span_eq_str(status, "open") || vl_span_eq_str(status, "undetermined")) {
        a.state = state_of(release);
    } else {
        return;
    }
    if (a.severity > t->worst)
        t->worst = a.severity;
    a.ranges = range;
    a.n_ranges = 1;
    void *items = t->affected;
    struct vl_record_affected *slot = vl_feed_push(&items, &t->n, &t->cap, sizeof(*slot), t->arena);
    t->affected = items;
    if (slot)
        *slot = a;
}

static int emit_issue(struct vl_span package, const struct vl_doc_node *issue,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    struct tracker t = {.arena = context->arena};
    const struct vl_doc_node *releases = vl_doc_get(issue, "releases");
    for (const struct vl_doc_node *n = vl_doc_first(releases); n; n = vl_doc_next(n))
        add_release(&t, package, n);
    if (t.n == 0) {
        sink->skipped++;
        return 0;
    }
    struct vl_record_pair rating = {VL_SPAN_LIT("debian"), vl_span_str(vl_severity_name(t.worst))};
    struct vl_record record = {
        .id = vl_doc_key(issue),
        .details = vl_doc_get_str(issue, "description"),
        .affected = t.affected,
        .n_affected = t.n,
        .ratings = &rating,
        .n_ratings = t.worst != VL_SEVERITY_UNKNOWN,
    };
    int r = vl_arena_check(context->arena, context->feed, err);
    if (r < 0)
        return r;
    r = vl_record_emit(sink, &record, err);
    vl_arena_reset(context->arena);
    return r;
}

int vl_feed_parse_debian_tracker(struct vl_span bytes, const char *object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    if (!vl_doc_is(vl_doc_root(doc), VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s is no export of the Debian tracker", object);
    for (const struct vl_doc_node *p = vl_doc_first(vl_doc_root(doc)); p; p = vl_doc_next(p)) {
        for (const struct vl_doc_node *i = vl_doc_first(p); i; i = vl_doc_next(i)) {
            r = emit_issue(vl_doc_key(p), i, context, sink, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* [29 Mar 2023] DSA-5380-1 xorg-server - security update
 *         {CVE-2023-1393}
 *         [bullseye] - xorg-server 2:1.20.11-1+deb11u6
 *         NOTE: ... */
struct list {
    struct vl_arena *arena;
    struct vl_span id;
    struct vl_span title;
    int64_t date_ms;
    struct vl_feed_list covers;
    struct vl_record_affected *affected;
    size_t n, cap;
};

static int64_t list_date(struct vl_span text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint64_t day;
    uint64_t year;
    struct vl_span part[3] = {0};
    for (size_t i = 0; i < 3 && vl_span_split(&text, ' ', &part[i]); i++)
        ;
    if (!vl_span_to_u64(part[0], &day) || !vl_span_to_u64(part[2], &year) || part[1].len != 3 || day > 31 ||
        year > 9999)
        return 0;
    size_t month = vl_span_find(VL_SPAN_LIT("JanFebMarAprMayJunJulAugSepOctNovDec"), part[1]);
    if (month == SIZE_MAX || month % 3 || month >= sizeof(months))
        return 0;
    struct vl_buf iso;
    vl_buf_init(&iso, 64);
    vl_buf_printf(&iso, "%04u-%02u-%02u", (unsigned)year, (unsigned)(month / 3 + 1), (unsigned)day);
    int64_t ms;
    bool ok = vl_time_parse(vl_buf_span(&iso), &ms);
    vl_buf_done(&iso);
    return ok ? ms : 0;
}

static int flush_advisory(struct list *l, struct vl_record_sink *sink, struct vl_err *err)
{
    int r = 0;
    /* a regression update without ids of its own is no vulnerability */
    bool is_update = vl_span_find(l->title, VL_SPAN_LIT("regression update")) != SIZE_MAX && !l->covers.n;
    if (l->id.len && l->n && !is_update) {
        struct vl_record record = {
            .id = l->id,
            .title = l->title,
            .covers = l->covers.items,
            .n_covers = l->covers.n,
            .published_ms = l->date_ms,
            .modified_ms = l->date_ms,
            .affected = l->affected,
            .n_affected = l->n,
        };
        r = vl_arena_check(l->arena, "a Debian advisory", err);
        if (r == 0)
            r = vl_record_emit(sink, &record, err);
    } else if (l->id.len) {
        sink->skipped++;
    }
    vl_arena_reset(l->arena);
    *l = (struct list){.arena = l->arena};
    return r;
}

static void begin_advisory(struct list *l, struct vl_span line)
{
    size_t close = vl_span_find_char(line, ']');
    if (close == SIZE_MAX)
        return;
    l->date_ms = list_date(vl_span_slice(line, 1, close));
    struct vl_span rest = vl_span_trim(vl_span_slice(line, close + 1, line.len));
    struct vl_span id;
    if (!vl_span_split(&rest, ' ', &id))
        return;
    l->id = id;
    l->title = vl_span_trim(rest);
}

static void advisory_line(struct list *l, struct vl_span line)
{
    struct vl_span word;
    if (line.ptr[0] == '{') {
        struct vl_span ids = vl_span_slice(line, 1, vl_span_find_char(line, '}'));
        while (vl_span_split(&ids, ' ', &word)) {
            if (vl_feed_is_cve(word))
                vl_feed_list_add(&l->covers, l->arena, word);
        }
        return;
    }
    size_t close = vl_span_find_char(line, ']');
    if (line.ptr[0] != '[' || close == SIZE_MAX)
        return;
    struct vl_record_affected a = {.space = space_of(vl_span_slice(line, 1, close), l->arena)};
    struct vl_span rest = vl_span_trim(vl_span_slice(line, close + 1, line.len));
    struct vl_span dash;
    struct vl_span version;
    if (!vl_span_split(&rest, ' ', &dash) || !vl_span_split(&rest, ' ', &a.package) ||
        !vl_span_split(&rest, ' ', &version) || a.space.len == 0 || a.package.len == 0)
        return;
    if (version.len == 0 || version.ptr[0] == '<' || version.len > VL_RECORD_VERSION_MAX)
        return; /* "<not-affected>", "<unfixed>": the tracker's JSON says it better */
    struct vl_record_range *range = vl_arena_alloc(l->arena, sizeof(*range));
    if (!range)
        return;
    range->fixed = version;
    a.ranges = range;
    a.n_ranges = 1;
    void *items = l->affected;
    struct vl_record_affected *slot = vl_feed_push(&items, &l->n, &l->cap, sizeof(*slot), l->arena);
    l->affected = items;
    if (slot)
        *slot = a;
}

int vl_feed_parse_debian_list(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    (void)object;
    struct list list = {.arena = context->arena};
    struct vl_span line;
    while (vl_span_split_line(&bytes, &line)) {
        struct vl_span text = vl_span_trim(line);
        if (text.len == 0)
            continue;
        if (line.ptr[0] != '[') {
            advisory_line(&list, text);
            continue;
        }
        int r = flush_advisory(&list, sink, err);
        if (r < 0)
            return r;
        begin_advisory(&list, text);
    }
    return flush_advisory(&list, sink, err);
}
