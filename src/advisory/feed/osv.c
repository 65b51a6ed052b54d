/* OSV records (https://ossf.github.io/osv-schema/, schema 1.7): every ecosystem's export, and the Kubernetes
 * feed that is written in the same form. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "namespace.h"
#include "parse.h"
#include "version/version.h"

enum event_kind { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST, EVENT_OTHER };

struct event {
    enum event_kind kind;
    struct vl_span version;
};

struct osv {
    struct vl_arena *arena;
    const struct vl_doc_node *root;
    struct vl_span id;
    const char *source; /* whose ratings these are */
    bool distribution;  /* some package is a distribution's */
    struct vl_record record;
    struct vl_feed_list aliases;
    struct vl_feed_list covers;
    struct vl_feed_list refs;
    struct vl_record_affected *affected;
    size_t n_affected, cap_affected;
    struct vl_record_pair *ratings;
    size_t n_ratings, cap_ratings;
    struct vl_record_pair *cvss;
    size_t n_cvss, cap_cvss;
    uint32_t *cwes;
    size_t n_cwes, cap_cwes;
};

/* Whose judgement a record is, by its id's prefix. */
static const struct {
    const char *prefix;
    const char *source;
} sources[] = {
    {"GHSA-", "ghsa"},
    {"PYSEC-", "pypa"},
    {"GO-", "go"},
    {"RUSTSEC-", "rustsec"},
    {"BIT-", "bitnami"},
    {"HSEC-", "haskell"},
    {"MAL-", "openssf"},
    {"RSEC-", "rconsortium"},
    {"JLSEC-", "julia"},
    {"ALSA-", "almalinux"},
    {"ALBA-", "almalinux"},
    {"ALEA-", "almalinux"},
    {"RLSA-", "rocky"},
    {"RXSA-", "rocky"},
    {"RHSA-", "redhat"},
    {"RHBA-", "redhat"},
    {"RHEA-", "redhat"},
    {"SUSE-", "suse"},
    {"openSUSE-", "suse"},
    {"USN-", "ubuntu"},
    {"UBUNTU-", "ubuntu"},
    {"DSA-", "debian"},
    {"DLA-", "debian"},
    {"DEBIAN-", "debian"},
    {"ALPINE-", "alpine"},
    {"ELSA-", "oracle"},
    {"MGASA-", "mageia"},
    {"OESA-", "openeuler"},
    {"AZL-", "azurelinux"},
    {"PHSA-", "photon"},
    {"CGA-", "chainguard"},
    {"V8-", "v8"},
    {"CVE-", "cve"},
};

static const char *source_of(struct vl_span id)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(sources); i++) {
        if (vl_span_starts_with(id, sources[i].prefix))
            return sources[i].source;
    }
    return "osv";
}

static void add_pair(struct osv *o, struct vl_record_pair **list, size_t *n, size_t *cap, const char *source,
    struct vl_span value)
{
    for (size_t i = 0; i < *n; i++) {
        if (vl_span_eq_str((*list)[i].source, source) && vl_span_eq((*list)[i].value, value))
            return;
    }
    void *items = *list;
    struct vl_record_pair *slot = vl_feed_push(&items, n, cap, sizeof(*slot), o->arena);
    *list = items;
    if (slot)
        *slot = (struct vl_record_pair){vl_span_str(source), value};
}

static void add_rating(struct osv *o, struct vl_span word)
{
    enum vl_severity severity;
    word = vl_span_trim(word);
    if (word.len && vl_severity_parse(word, &severity) && o->n_ratings < 8)
        add_pair(o, &o->ratings, &o->n_ratings, &o->cap_ratings, o->source, word);
}

static void add_severities(struct osv *o, const struct vl_doc_node *list)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        struct vl_span type = vl_doc_get_str(n, "type");
        struct vl_span score = vl_span_trim(vl_doc_get_str(n, "score"));
        if (vl_span_starts_with(type, "CVSS_") && score.len && score.len < 256 && o->n_cvss < 8)
            add_pair(o, &o->cvss, &o->n_cvss, &o->cap_cvss, o->source, score);
        else if (vl_span_eq_str(type, "Ubuntu"))
            add_rating(o, score);
    }
}

/* "0" is OSV's word for the beginning of all versions. */
static struct vl_span beginning(struct vl_span version)
{
    return vl_span_eq_str(version, "0") ? VL_SPAN_EMPTY : version;
}

struct order {
    const struct vl_version_scheme *scheme;
};

static int compare_events(const void *a, const void *b, void *user)
{
    const struct order *order = user;
    const struct event *x = a;
    const struct event *y = b;
    struct vl_span vx = x->kind == EVENT_INTRODUCED ? beginning(x->version) : x->version;
    struct vl_span vy = y->kind == EVENT_INTRODUCED ? beginning(y->version) : y->version;
    if (vx.len == 0 || vy.len == 0)
        return (vx.len != 0) - (vy.len != 0);
    int c = vl_version_order(order->scheme, vx, vy);
    /* a branch that ends where the next begins is closed first; a last_affected closes after it begins */
    static const int rank[] = {[EVENT_INTRODUCED] = 1, [EVENT_FIXED] = 0, [EVENT_LAST] = 2};
    return c ? c : rank[x->kind] - rank[y->kind];
}

static struct event *collect_events(struct osv *o, const struct vl_doc_node *range, size_t *ret_n)
{
    struct event *events = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (const struct vl_doc_node *e = vl_doc_first(vl_doc_get(range, "events")); e; e = vl_doc_next(e)) {
        for (const struct vl_doc_node *m = vl_doc_first(e); m; m = vl_doc_next(m)) {
            struct vl_span key = vl_doc_key(m);
            enum event_kind kind = vl_span_eq_str(key, "introduced")      ? EVENT_INTRODUCED
                                   : vl_span_eq_str(key, "fixed")         ? EVENT_FIXED
                                   : vl_span_eq_str(key, "last_affected") ? EVENT_LAST
                                                                          : EVENT_OTHER;
            struct vl_span version = vl_span_trim(vl_doc_text(m));
            if (kind == EVENT_OTHER || version.len == 0 || version.len > VL_RECORD_VERSION_MAX)
                continue;
            void *items = events;
            struct event *slot = vl_feed_push(&items, &n, &cap, sizeof(*slot), o->arena);
            events = items;
            if (slot)
                *slot = (struct event){kind, version};
        }
    }
    *ret_n = events ? n : 0;
    return events;
}

struct ranges {
    struct vl_record_range *items;
    size_t n, cap;
};

static void add_range(struct osv *o, struct ranges *ranges, struct vl_record_range range)
{
    void *items = ranges->items;
    struct vl_record_range *slot = vl_feed_push(&items, &ranges->n, &ranges->cap, sizeof(*slot), o->arena);
    ranges->items = items;
    if (slot)
        *slot = range;
}

static void add_events(struct osv *o, struct event *events, size_t n, const struct vl_version_scheme *scheme,
    struct ranges *ranges)
{
    struct order order = {scheme};
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = compare_events(&events[i - 1], &events[i], &order) <= 0;
    if (!sorted)
        qsort_r(events, n, sizeof(*events), compare_events, &order);
    bool open = false;
    struct vl_record_range range = {0};
    for (size_t i = 0; i < n; i++) {
        if (events[i].kind == EVENT_INTRODUCED) {
            if (!open)
                range = (struct vl_record_range){.introduced = beginning(events[i].version)};
            open = true;
            continue;
        }
        if (!open)
            continue; /* several fixes of one branch: the lowest closed it */
        if (events[i].kind == EVENT_FIXED)
            range.fixed = events[i].version;
        else
            range.last = events[i].version;
        /* "fixed: 0" is how some feeds write "never affected" */
        if (!vl_span_eq_str(range.fixed, "0"))
            add_range(o, ranges, range);
        open = false;
    }
    if (open)
        add_range(o, ranges, range);
}

/* GitHub writes "<= 1.2.3" where the fix is not known: what is above is not said to be affected. */
static void apply_last_known(const struct vl_doc_node *affected, struct ranges *ranges)
{
    struct vl_span text =
        vl_doc_get_str(vl_doc_get(affected, "database_specific"), "last_known_affected_version_range");
    if (text.len == 0 || ranges->n == 0)
        return;
    struct vl_record_range *last = &ranges->items[ranges->n - 1];
    if (last->fixed.len || last->last.len)
        return;
    bool inclusive = vl_span_starts_with(text, "<=");
    struct vl_span version = vl_span_trim(vl_span_slice(text, inclusive ? 2 : 1, text.len));
    if (text.ptr[0] != '<' || version.len == 0 || version.len > VL_RECORD_VERSION_MAX)
        return;
    if (inclusive)
        last->last = version;
    else
        last->fixed = version;
}

static bool in_ranges(
    struct vl_span version, const struct ranges *ranges, const struct vl_version_scheme *scheme)
{
    for (size_t i = 0; i < ranges->n; i++) {
        const struct vl_record_range *r = &ranges->items[i];
        if (r->introduced.len && vl_version_order(scheme, version, r->introduced) < 0)
            continue;
        if (r->fixed.len && vl_version_order(scheme, version, r->fixed) >= 0)
            continue;
        if (r->last.len && vl_version_order(scheme, version, r->last) > 0)
            continue;
        return true;
    }
    return false;
}

/* Red Hat's rebuilds name the module stream in the summary alone: "Important: nodejs:18 security update". */
static struct vl_span module_of(struct vl_span summary)
{
    struct vl_span rest = summary;
    struct vl_span word;
    while (vl_span_split(&rest, ' ', &word)) {
        size_t colon = vl_span_find_char(word, ':');
        if (colon != SIZE_MAX && colon > 0 && colon + 1 < word.len && word.ptr[word.len - 1] != ':')
            return word;
    }
    return VL_SPAN_EMPTY;
}

static bool is_modular(const struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->n; i++) {
        if (vl_span_find(ranges->items[i].fixed, VL_SPAN_LIT(".module")) != SIZE_MAX)
            return true;
    }
    return false;
}

static void add_ranges(struct osv *o, const struct vl_doc_node *affected,
    const struct vl_version_scheme *scheme, struct ranges *ranges)
{
    for (const struct vl_doc_node *r = vl_doc_first(vl_doc_get(affected, "ranges")); r; r = vl_doc_next(r)) {
        if (vl_span_eq_str(vl_doc_get_str(r, "type"), "GIT"))
            continue;
        size_t n;
        struct event *events = collect_events(o, r, &n);
        add_events(o, events, n, scheme, ranges);
    }
    apply_last_known(affected, ranges);
}

static bool same_package(const struct vl_record_affected *a, const struct vl_record_affected *b)
{
    return vl_span_eq(a->space, b->space) && vl_span_eq(a->package, b->package);
}

/* The same package at the same range, listed once an architecture. */
static bool repeats(const struct vl_record_affected *last, const struct vl_record_affected *a)
{
    return memcmp(&last->module, &a->module, sizeof(a->module)) == 0 && same_package(last, a) &&
           a->n_ranges == 1 && last->n_ranges == 1 && vl_span_eq(last->ranges[0].fixed, a->ranges[0].fixed) &&
           vl_span_eq(last->ranges[0].introduced, a->ranges[0].introduced);
}

static void add_affected(struct osv *o, const struct vl_doc_node *node, const char *fallback_ecosystem)
{
    const struct vl_doc_node *package = vl_doc_get(node, "package");
    struct vl_span ecosystem = vl_doc_get_str(package, "ecosystem");
    if (ecosystem.len == 0)
        ecosystem = vl_span_str(fallback_ecosystem);
    struct vl_record_affected a = {.space = vl_feed_space(ecosystem, o->arena)};
    if (a.space.len == 0)
        return;
    a.package = vl_feed_name(a.space, vl_doc_get_str(package, "name"), o->arena);
    const char *rating = vl_space_info(a.space)->rating;
    const struct vl_version_scheme *scheme = vl_version_scheme(vl_span_str(vl_space_scheme(a.space)));
    if (a.package.len == 0 || !scheme)
        return;
    if (rating) {
        o->distribution = true;
        o->source = rating;
    }
    struct ranges ranges = {0};
    add_ranges(o, node, scheme, &ranges);
    a.ranges = ranges.items;
    a.n_ranges = ranges.n;
    if (is_modular(&ranges))
        a.module = module_of(vl_doc_get_str(o->root, "summary"));
    struct vl_feed_list versions = {0};
    for (const struct vl_doc_node *v = vl_doc_first(vl_doc_get(node, "versions")); v; v = vl_doc_next(v)) {
        struct vl_span text = vl_span_trim(vl_doc_text(v));
        if (text.len && text.len <= VL_RECORD_VERSION_MAX && !in_ranges(text, &ranges, scheme))
            vl_feed_list_add(&versions, o->arena, text);
    }
    a.versions = versions.items;
    a.n_versions = versions.n;
    const struct vl_doc_node *specific = vl_doc_get(node, "ecosystem_specific");
    struct vl_span urgency = vl_doc_get_str(specific, "urgency");
    if (urgency.len && !vl_severity_parse(urgency, &a.severity))
        a.severity = VL_SEVERITY_UNKNOWN;
    if (vl_span_starts_with(a.space, "ubuntu-pro:"))
        a.state = VL_FIX_PAID;
    add_rating(o, vl_doc_get_str(specific, "severity"));
    add_severities(o, vl_doc_get(node, "severity"));
    if (a.n_ranges == 0 && a.n_versions == 0)
        return;
    if (o->n_affected && repeats(&o->affected[o->n_affected - 1], &a))
        return;
    void *items = o->affected;
    struct vl_record_affected *slot =
        vl_feed_push(&items, &o->n_affected, &o->cap_affected, sizeof(*slot), o->arena);
    o->affected = items;
    if (slot)
        *slot = a;
}

/* Vendors' advisories fix several vulnerabilities, which they name as upstream or related; a vendor's record
 * of one vulnerability ("UBUNTU-CVE-2023-1") is another name of it. */
static void sort_ids(struct osv *o)
{
    struct vl_feed_list upstream = {0};
    vl_feed_list_add_strings(&o->aliases, o->arena, vl_doc_get(o->root, "aliases"));
    vl_feed_list_add_strings(&upstream, o->arena, vl_doc_get(o->root, "upstream"));
    if (o->distribution)
        vl_feed_list_add_strings(&upstream, o->arena, vl_doc_get(o->root, "related"));
    size_t inner = vl_span_find(o->id, VL_SPAN_LIT("-CVE-"));
    if (inner != SIZE_MAX && vl_feed_is_cve(vl_span_slice(o->id, inner + 1, o->id.len))) {
        vl_feed_list_add(&o->aliases, o->arena, vl_span_slice(o->id, inner + 1, o->id.len));
        return;
    }
    if (!o->distribution)
        return;
    struct vl_feed_list names = {0};
    for (size_t i = 0; i < o->aliases.n; i++)
        vl_feed_list_add(&upstream, o->arena, o->aliases.items[i]);
    for (size_t i = 0; i < upstream.n; i++) {
        struct vl_span id = upstream.items[i];
        if (vl_feed_is_cve(id) && !vl_feed_list_has(&o->covers, id))
            vl_feed_list_add(&o->covers, o->arena, id);
        else if (!vl_feed_is_cve(id) && i >= upstream.n - o->aliases.n)
            vl_feed_list_add(&names, o->arena, id);
    }
    o->aliases = names;
}

static void add_facts(struct osv *o)
{
    const struct vl_doc_node *specific = vl_doc_get(o->root, "database_specific");
    add_severities(o, vl_doc_get(o->root, "severity"));
    add_rating(o, vl_doc_get_str(specific, "severity"));
    struct vl_span summary = vl_doc_get_str(o->root, "summary");
    if (o->distribution)
        add_rating(o, vl_span_slice(summary, 0, vl_span_find_char(summary, ':')));
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(specific, "cwe_ids")); n; n = vl_doc_next(n)) {
        void *items = o->cwes;
        uint32_t *slot = vl_feed_push(&items, &o->n_cwes, &o->cap_cwes, sizeof(*slot), o->arena);
        o->cwes = items;
        if (slot)
            *slot = vl_feed_cwe(vl_doc_span(n));
    }
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(o->root, "references")); n; n = vl_doc_next(n))
        vl_feed_list_add(&o->refs, o->arena, vl_doc_get_str(n, "url"));
    /* Rust's "unmaintained" and "notice" are told by RustSec itself not to be vulnerabilities. */
    const struct vl_doc_node *first = vl_doc_first(vl_doc_get(o->root, "affected"));
    if (vl_doc_get_str(vl_doc_get(first, "database_specific"), "informational").len && o->n_cvss == 0)
        add_rating(o, VL_SPAN_LIT("none"));
}

static bool is_bugfix_only(const struct osv *o)
{
    return o->distribution && o->n_affected && o->covers.n == 0 &&
           (vl_span_starts_with(o->id, "ALBA-") || vl_span_starts_with(o->id, "ALEA-") ||
               vl_span_starts_with(o->id, "RHBA-") || vl_span_starts_with(o->id, "RHEA-"));
}

static int64_t time_of(const struct vl_doc_node *root, const char *key)
{
    int64_t ms;
    return vl_time_parse(vl_doc_get_str(root, key), &ms) && ms > 0 ? ms : 0;
}

int vl_feed_parse_osv(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    struct osv o = {.arena = context->arena, .root = vl_doc_root(doc)};
    o.id = vl_doc_get_str(o.root, "id");
    if (o.id.len == 0 || !vl_doc_is(vl_doc_get(o.root, "affected"), VL_DOC_ARRAY)) {
        sink->skipped++;
        return 0;
    }
    if (vl_doc_get_str(o.root, "withdrawn").len) {
        sink->withdrawn++;
        return 0;
    }
    o.source = source_of(o.id);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(o.root, "affected")); n; n = vl_doc_next(n))
        add_affected(&o, n, context->ecosystem);
    sort_ids(&o);
    add_facts(&o);
    if (o.n_affected == 0 || is_bugfix_only(&o)) {
        sink->skipped++;
        return 0;
    }
    r = vl_arena_check(context->arena, object, err);
    if (r < 0)
        return r;
    struct vl_record record = {
        .id = o.id,
        .aliases = o.aliases.items,
        .n_aliases = o.aliases.n,
        .covers = o.covers.items,
        .n_covers = o.covers.n,
        .title = vl_doc_get_str(o.root, "summary"),
        .details = vl_doc_get_str(o.root, "details"),
        .published_ms = time_of(o.root, "published"),
        .modified_ms = time_of(o.root, "modified"),
        .ratings = o.ratings,
        .n_ratings = o.n_ratings,
        .cvss = o.cvss,
        .n_cvss = o.n_cvss,
        .cwes = o.cwes,
        .n_cwes = o.n_cwes,
        .refs = o.refs.items,
        .n_refs = o.refs.n,
        .affected = o.affected,
        .n_affected = o.n_affected,
        .malicious = vl_span_starts_with(o.id, "MAL-"),
    };
    return vl_record_emit(sink, &record, err);
}
