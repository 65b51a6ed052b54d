/* Databases of single languages: RubySec (YAML), FriendsOfPHP (YAML), the Node.js security working group
 * (JSON), RetireJS (JSON). */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "namespace.h"
#include "parse.h"
#include "version/version.h"

struct affected_list {
    struct vl_record_range *ranges;
    size_t n, cap;
    struct vl_feed_list versions;
};

static void push_range(struct affected_list *list, struct vl_arena *arena, struct vl_record_range range)
{
    void *items = list->ranges;
    struct vl_record_range *slot = vl_feed_push(&items, &list->n, &list->cap, sizeof(range), arena);
    list->ranges = items;
    if (slot)
        *slot = range;
}

/* --- RubySec: the versions that are safe; the affected ones are the rest --- */

/* [low, high) with either end open to infinity; `after` and `last` move the ends by one version. */
struct safe {
    struct vl_span low, high;
    bool low_after; /* low itself is not safe */
    bool high_in;   /* high itself is safe */
};

/* "~> 2.0.9" is up to 2.1, "~> 2" up to 3: the last part dropped, the one before it raised. */
static struct vl_span pessimistic_end(struct vl_span version, struct vl_arena *arena)
{
    struct vl_span part[16];
    size_t n = 0;
    while (n < VL_ARRAY_LEN(part) && vl_span_split(&version, '.', &part[n]) && part[n].len &&
           part[n].ptr[0] >= '0' && part[n].ptr[0] <= '9')
        n++;
    size_t keep = n > 1 ? n - 1 : n;
    uint64_t last;
    if (keep == 0 || !vl_span_to_u64(part[keep - 1], &last))
        return VL_SPAN_EMPTY;
    struct vl_buf text;
    vl_buf_init(&text, 256);
    for (size_t i = 0; i + 1 < keep; i++)
        vl_buf_printf(&text, "%.*s.", VL_SPAN_FMT(part[i]));
    vl_buf_printf(&text, "%llu", (unsigned long long)last + 1);
    struct vl_span end = vl_span_str(vl_arena_dup_span(arena, vl_buf_span(&text)));
    vl_buf_done(&text);
    return end;
}

static void narrow(struct safe *s, struct vl_span op, struct vl_span version, struct vl_arena *arena)
{
    if (vl_span_eq_str(op, ">=") || vl_span_eq_str(op, ">")) {
        s->low = version;
        s->low_after = op.len == 1;
    } else if (vl_span_eq_str(op, "<") || vl_span_eq_str(op, "<=")) {
        s->high = version;
        s->high_in = op.len == 2;
    } else if (vl_span_eq_str(op, "~>")) {
        if (!s->low.len)
            s->low = version;
        s->high = pessimistic_end(version, arena);
    } else if (op.len == 0 || vl_span_eq_str(op, "=")) {
        s->low = s->high = version;
        s->high_in = true;
    }
}

static bool parse_safe(struct vl_span text, struct vl_arena *arena, struct safe *ret)
{
    struct vl_span part;
    *ret = (struct safe){0};
    bool any = false;
    while (vl_span_split(&text, ',', &part)) {
        part = vl_span_trim(part);
        size_t op = 0;
        while (op < part.len && strchr("<>=~!", part.ptr[op]))
            op++;
        struct vl_span version = vl_span_trim(vl_span_slice(part, op, part.len));
        if (version.len == 0 || version.len > VL_RECORD_VERSION_MAX)
            continue;
        narrow(ret, vl_span_slice(part, 0, op), version, arena);
        any = true;
    }
    return any;
}

static int compare_safe(const void *x, const void *y, void *user)
{
    const struct safe *a = x;
    const struct safe *b = y;
    if (!a->low.len || !b->low.len)
        return (a->low.len != 0) - (b->low.len != 0);
    return vl_version_order(user, a->low, b->low);
}

static void complement(struct safe *safe, size_t n, struct vl_version_scheme *scheme, struct vl_arena *arena,
    struct affected_list *out)
{
    struct vl_record_range open = {0};
    if (n)
        qsort_r(safe, n, sizeof(*safe), compare_safe, scheme);
    for (size_t i = 0; i < n; i++) {
        struct vl_record_range piece = open;
        int c = safe[i].low.len == 0  ? -1
                : open.introduced.len ? vl_version_order(scheme, safe[i].low, open.introduced)
                                      : 1;
        if (safe[i].low_after)
            piece.last = safe[i].low;
        else
            piece.fixed = safe[i].low;
        if (c > 0)
            push_range(out, arena, piece);
        if (!safe[i].high.len)
            return;
        if (!open.introduced.len || vl_version_order(scheme, safe[i].high, open.introduced) > 0)
            open = (struct vl_record_range){.introduced = safe[i].high, .after = safe[i].high_in};
    }
    push_range(out, arena, open);
}

static void read_safe(
    const struct vl_doc_node *list, struct vl_arena *arena, struct safe **safe, size_t *n, size_t *cap)
{
    for (const struct vl_doc_node *v = vl_doc_first(list); v; v = vl_doc_next(v)) {
        struct safe one;
        void *items = *safe;
        if (!parse_safe(vl_doc_text(v), arena, &one))
            continue;
        struct safe *slot = vl_feed_push(&items, n, cap, sizeof(one), arena);
        *safe = items;
        if (slot)
            *slot = one;
    }
}

static int64_t date_of(struct vl_span text)
{
    int64_t ms;
    return vl_time_parse(vl_span_slice(text, 0, 10), &ms) ? ms : 0;
}

static struct vl_span prefixed(struct vl_arena *arena, const char *prefix, struct vl_span tail)
{
    return tail.len ? vl_span_str(vl_arena_printf(arena, "%s%.*s", prefix, VL_SPAN_FMT(tail)))
                    : VL_SPAN_EMPTY;
}

/* "gems/rack/CVE-2022-30123.yml" names the record where the document has neither CVE nor GHSA. */
static struct vl_span stem_of(const char *object, struct vl_arena *arena)
{
    struct vl_span path = vl_span_str(object);
    size_t slash = vl_span_rfind_char(path, '/');
    struct vl_span base = slash == SIZE_MAX ? path : vl_span_slice(path, slash + 1, path.len);
    return vl_span_str(vl_arena_dup_span(arena, vl_span_slice(base, 0, vl_span_rfind_char(base, '.'))));
}

int vl_feed_parse_rubysec(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_YAML, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_arena *arena = context->arena;
    struct vl_span gem = vl_span_trim(vl_doc_text(vl_doc_get(root, "gem")));
    if (gem.len == 0 || vl_doc_get(root, "withdrawn")) {
        sink->withdrawn += gem.len > 0;
        sink->skipped += gem.len == 0; /* advisories of rubies: the interpreters, not gems */
        return 0;
    }
    struct vl_feed_list ids = {0};
    vl_feed_list_add(&ids, arena, prefixed(arena, "CVE-", vl_doc_text(vl_doc_get(root, "cve"))));
    vl_feed_list_add(&ids, arena, prefixed(arena, "GHSA-", vl_doc_text(vl_doc_get(root, "ghsa"))));
    vl_feed_list_add(&ids, arena, prefixed(arena, "OSVDB-", vl_doc_text(vl_doc_get(root, "osvdb"))));
    if (ids.n == 0)
        vl_feed_list_add(&ids, arena, prefixed(arena, "RUBYSEC-", stem_of(object, arena)));
    struct safe *safe = NULL;
    size_t n = 0;
    size_t cap = 0;
    read_safe(vl_doc_get(root, "patched_versions"), arena, &safe, &n, &cap);
    read_safe(vl_doc_get(root, "unaffected_versions"), arena, &safe, &n, &cap);
    struct affected_list list = {0};
    complement(
        safe, n, (struct vl_version_scheme *)(uintptr_t)vl_version_scheme(VL_SPAN_LIT("gem")), arena, &list);
    struct vl_feed_list refs = {0};
    vl_feed_list_add(&refs, arena, vl_doc_get_str(root, "url"));
    vl_feed_list_add_strings(&refs, arena, vl_doc_get(vl_doc_get(root, "related"), "url"));
    r = vl_arena_check(arena, object, err);
    if (r < 0 || ids.n == 0 || list.n == 0)
        return r;
    struct vl_record_affected affected = {
        .space = VL_SPAN_LIT("gem"), .package = gem, .ranges = list.ranges, .n_ranges = list.n};
    struct vl_record record = {.id = ids.items[0],
        .aliases = ids.items + 1,
        .n_aliases = ids.n - 1,
        .title = vl_doc_get_str(root, "title"),
        .details = vl_doc_get_str(root, "description"),
        .published_ms = date_of(vl_doc_text(vl_doc_get(root, "date"))),
        .refs = refs.items,
        .n_refs = refs.n,
        .affected = &affected,
        .n_affected = 1};
    return vl_record_emit(sink, &record, err);
}

/* --- FriendsOfPHP: branches, each a conjunction of comparisons --- */

int vl_feed_parse_friendsofphp(struct vl_span bytes, const char *object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_YAML, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_arena *arena = context->arena;
    struct vl_span reference = vl_doc_get_str(root, "reference");
    if (!vl_span_starts_with(reference, "composer://")) {
        sink->skipped++;
        return 0;
    }
    struct affected_list list = {0};
    int64_t newest = 0;
    for (const struct vl_doc_node *b = vl_doc_first(vl_doc_get(root, "branches")); b; b = vl_doc_next(b)) {
        struct vl_buf text;
        struct vl_record_range range;
        vl_buf_init(&text, 4096);
        const struct vl_doc_node *versions = vl_doc_get(b, "versions");
        for (const struct vl_doc_node *v = vl_doc_first(versions); v; v = vl_doc_next(v))
            vl_buf_printf(&text, "%.*s ", VL_SPAN_FMT(vl_doc_text(v)));
        struct vl_span joined = vl_span_str(vl_arena_dup_span(arena, vl_buf_span(&text)));
        vl_buf_done(&text);
        size_t exact = list.versions.n;
        if (joined.len && vl_feed_interval(joined, arena, &range, &list.versions) && list.versions.n == exact)
            push_range(&list, arena, range);
        int64_t day = date_of(vl_doc_text(vl_doc_get(b, "time")));
        newest = day > newest ? day : newest;
    }
    struct vl_span cve = vl_doc_text(vl_doc_get(root, "cve"));
    struct vl_span link = vl_doc_get_str(root, "link");
    struct vl_record_affected affected = {.space = VL_SPAN_LIT("composer"),
        .package = vl_feed_name(VL_SPAN_LIT("composer"), vl_span_slice(reference, 11, reference.len), arena),
        .ranges = list.ranges,
        .n_ranges = list.n,
        .versions = list.versions.items,
        .n_versions = list.versions.n};
    r = vl_arena_check(arena, object, err);
    if (r < 0 || (list.n == 0 && list.versions.n == 0))
        return r;
    struct vl_span composed = vl_span_str(vl_arena_printf(
        arena, "FOP-%.*s-%.*s", VL_SPAN_FMT(affected.package), VL_SPAN_FMT(stem_of(object, arena))));
    struct vl_record record = {.id = vl_feed_is_cve(cve) ? cve : composed,
        .title = vl_doc_get_str(root, "title"),
        .published_ms = newest,
        .refs = &link,
        .n_refs = link.len > 0,
        .affected = &affected,
        .n_affected = 1};
    return vl_record_emit(sink, &record, err);
}

/* --- Node.js security working group --- */

static void add_alternatives(struct vl_span text, struct vl_arena *arena, struct affected_list *list)
{
    while (text.len) {
        struct vl_record_range range;
        size_t bar = vl_span_find(text, VL_SPAN_LIT("||"));
        struct vl_span one = vl_span_slice(text, 0, bar);
        text = bar == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(text, bar + 2, text.len);
        size_t exact = list->versions.n;
        if (vl_feed_interval(one, arena, &range, &list->versions) && list->versions.n == exact)
            push_range(list, arena, range);
    }
}

int vl_feed_parse_nodejs_security_wg(struct vl_span bytes, const char *object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_arena *arena = context->arena;
    struct vl_span module = vl_doc_get_str(root, "module_name");
    if (module.len == 0) {
        sink->skipped++;
        return 0;
    }
    struct affected_list list = {0};
    add_alternatives(vl_doc_get_str(root, "vulnerable_versions"), arena, &list);
    struct vl_feed_list cves = {0};
    struct vl_feed_list refs = {0};
    vl_feed_list_add_strings(&cves, arena, vl_doc_get(root, "cves"));
    vl_feed_list_add_strings(&refs, arena, vl_doc_get(root, "references"));
    struct vl_record_affected affected = {.space = VL_SPAN_LIT("npm"),
        .package = module,
        .ranges = list.ranges,
        .n_ranges = list.n,
        .versions = list.versions.items,
        .n_versions = list.versions.n};
    struct vl_record_pair cvss = {VL_SPAN_LIT("nodejs"), vl_doc_get_str(root, "cvss_vector")};
    r = vl_arena_check(arena, object, err);
    if (r < 0 || (list.n == 0 && list.versions.n == 0))
        return r;
    struct vl_record record = {.id = prefixed(arena, "NSWG-ECO-", vl_doc_text(vl_doc_get(root, "id"))),
        .aliases = cves.items,
        .n_aliases = cves.n,
        .title = vl_doc_get_str(root, "title"),
        .details = vl_doc_get_str(root, "overview"),
        .published_ms = date_of(vl_doc_get_str(root, "publish_date")),
        .modified_ms = date_of(vl_doc_get_str(root, "updated_at")),
        .cvss = &cvss,
        .n_cvss = cvss.value.len > 0,
        .refs = refs.items,
        .n_refs = refs.n,
        .affected = &affected,
        .n_affected = 1};
    return record.id.len ? vl_record_emit(sink, &record, err) : 0;
}

/* --- RetireJS --- */

/* Several CVEs of one entry are several vulnerabilities: a record each. GitHub's id, which is about one of
 * them that the entry does not tell, is no alias of any. */
static int emit_each_cve(struct vl_record *record, const struct vl_feed_list *ids, size_t cves,
    struct vl_record_sink *sink, struct vl_err *err)
{
    size_t alone = cves > 1 ? cves : 1;
    int r = 0;
    for (size_t i = 0; i < alone && r >= 0; i++) {
        record->id = ids->items[i];
        if (alone == 1) {
            record->aliases = ids->items + 1;
            record->n_aliases = ids->n - 1;
        }
        r = vl_record_emit(sink, record, err);
    }
    return r;
}

static int emit_retire(struct vl_span package, const struct vl_doc_node *v, size_t ordinal,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    struct vl_arena *arena = context->arena;
    const struct vl_doc_node *identifiers = vl_doc_get(v, "identifiers");
    const struct vl_doc_node *ranges = vl_doc_get(v, "ranges");
    struct affected_list list = {0};
    for (const struct vl_doc_node *n = ranges ? vl_doc_first(ranges) : v; n;
        n = ranges ? vl_doc_next(n) : NULL) {
        struct vl_span below = vl_doc_get_str(n, "below");
        struct vl_span from = vl_doc_get_str(n, "atOrAbove");
        if (below.len && below.len <= VL_RECORD_VERSION_MAX && from.len <= VL_RECORD_VERSION_MAX)
            push_range(&list, arena, (struct vl_record_range){.introduced = from, .fixed = below});
    }
    struct vl_feed_list ids = {0};
    struct vl_feed_list refs = {0};
    struct vl_span github = vl_doc_get_str(identifiers, "githubID");
    vl_feed_list_add_strings(&ids, arena, vl_doc_get(identifiers, "CVE"));
    size_t cves = ids.n;
    vl_feed_list_add_strings(&refs, arena, vl_doc_get(v, "info"));
    if (cves < 2)
        vl_feed_list_add(&ids, arena, github);
    else if (github.len)
        vl_feed_list_add(&refs, arena,
            vl_span_str(vl_arena_printf(arena, "https://github.com/advisories/%.*s", VL_SPAN_FMT(github))));
    if (ids.n == 0)
        vl_feed_list_add(&ids, arena,
            vl_span_str(vl_arena_printf(arena, "RETIREJS-%.*s-%zu", VL_SPAN_FMT(package), ordinal)));
    struct vl_record_affected affected = {
        .space = VL_SPAN_LIT("npm"), .package = package, .ranges = list.ranges, .n_ranges = list.n};
    struct vl_record_pair rating = {VL_SPAN_LIT("retirejs"), vl_doc_get_str(v, "severity")};
    uint32_t cwes[8];
    struct vl_record record = {.title = vl_doc_get_str(identifiers, "summary"),
        .ratings = &rating,
        .n_ratings = rating.value.len > 0,
        .cwes = cwes,
        .refs = refs.items,
        .n_refs = refs.n,
        .affected = &affected,
        .n_affected = 1};
    for (const struct vl_doc_node *c = vl_doc_first(vl_doc_get(v, "cwe")); c && record.n_cwes < 8;
        c = vl_doc_next(c))
        cwes[record.n_cwes++] = vl_feed_cwe(vl_doc_span(c));
    int r = vl_arena_check(arena, "a RetireJS entry", err);
    if (r < 0 || list.n == 0)
        return r;
    return emit_each_cve(&record, &ids, cves, sink, err);
}

int vl_feed_parse_retirejs(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    for (const struct vl_doc_node *lib = vl_doc_first(vl_doc_root(doc)); lib; lib = vl_doc_next(lib)) {
        struct vl_span name = vl_doc_get_str(lib, "npmname");
        struct vl_span key = vl_doc_key(lib);
        if (name.len == 0)
            name = key;
        if (vl_span_eq_str(key, "retire-example") || vl_span_eq_str(key, "dont check") || name.len == 0 ||
            name.len > VL_RECORD_NAME_MAX)
            continue;
        size_t ordinal = 1;
        const struct vl_doc_node *list = vl_doc_get(lib, "vulnerabilities");
        for (const struct vl_doc_node *v = vl_doc_first(list); v; v = vl_doc_next(v)) {
            r = emit_retire(name, v, ordinal++, context, sink, err);
            if (r < 0)
                return r;
            vl_arena_reset(context->arena);
        }
    }
    return 0;
}
