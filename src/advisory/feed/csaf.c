/* Red Hat's VEX files (security.access.redhat.com/data/csaf/v2/vex): one document a CVE says of every package
 * of every platform whether it is fixed, affected (and whether a fix will come), not affected or under
 * investigation. Advisories (csaf/v2/advisories) are of the same form and read alike. */
#include <stdlib.h>

#include "base/time.h"
#include "csaf.h"
#include "namespace.h"
#include "version/version.h"

/* One (platform, package, module): its fixes, or its state where there is none. */
struct row {
    struct csaf_component c;
    enum vl_fix_state state;
    struct vl_span *fixes;
    size_t n_fixes, cap_fixes;
};

struct csaf {
    struct vl_arena *arena;
    struct csaf_tree tree;
    struct vl_map states; /* product id -> enum vl_fix_state, of remediations */
    struct vl_map index;  /* "space package module" -> row number */
    struct row *rows;
    size_t n, cap;
    struct vl_map binaries; /* platforms of which binary packages are named: their sources say nothing new */
};

static enum vl_fix_state state_of(const struct vl_doc_node *remedy)
{
    struct vl_span category = vl_doc_get_str(remedy, "category");
    struct vl_span details = vl_doc_get_str(remedy, "details");
    if (vl_span_eq_str(category, "no_fix_planned"))
        return vl_span_find(details, VL_SPAN_LIT("Out of support")) != SIZE_MAX ? VL_FIX_END_OF_LIFE
                                                                                : VL_FIX_WONT;
    if (vl_span_eq_str(category, "none_available"))
        return vl_span_find(details, VL_SPAN_LIT("eferred")) != SIZE_MAX ? VL_FIX_DEFERRED : VL_FIX_NONE;
    return VL_FIX_UNKNOWN; /* vendor_fix, workaround, mitigation */
}

static int read_remediations(struct csaf *c, const struct vl_doc_node *list, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r == 0; n = vl_doc_next(n)) {
        enum vl_fix_state state = state_of(n);
        const struct vl_doc_node *ids = vl_doc_get(n, "product_ids");
        for (const struct vl_doc_node *p = vl_doc_first(ids); p && r == 0 && state != VL_FIX_UNKNOWN;
            p = vl_doc_next(p)) {
            struct vl_map_slot *slot;
            r = vl_map_put(&c->states, vl_doc_span(p), &slot, NULL, err);
            if (r == 0)
                slot->value.num = (uint64_t)state;
        }
    }
    return r;
}

static int row_for(
    struct csaf *c, const struct csaf_component *component, struct row **ret, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    const char *key = vl_arena_printf(c->arena, "%.*s %.*s %.*s %d", VL_SPAN_FMT(component->space),
        VL_SPAN_FMT(component->package), VL_SPAN_FMT(component->module), component->source);
    int r = key ? 0 : vl_arena_check(c->arena, "a CSAF document", err);
    if (!key)
        return r < 0 ? r : vl_err_nomem(err);
    r = vl_map_put(&c->index, vl_span_str(key), &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        void *items = c->rows;
        struct row *row = vl_feed_push(&items, &c->n, &c->cap, sizeof(*row), c->arena);
        c->rows = items;
        if (!row)
            return vl_err_nomem(err);
        *row = (struct row){.c = *component};
        slot->value.num = c->n - 1;
    }
    *ret = &c->rows[slot->value.num];
    return 0;
}

/* Debug symbols are no code that runs. */
static bool is_debug(struct vl_span name)
{
    return vl_span_find(name, VL_SPAN_LIT("-debuginfo")) != SIZE_MAX ||
           vl_span_find(name, VL_SPAN_LIT("-debugsource")) != SIZE_MAX;
}

static int add_fixed(struct csaf *c, const struct vl_doc_node *list, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r == 0; n = vl_doc_next(n)) {
        struct csaf_component component;
        struct row *row;
        if (!csaf_resolve(&c->tree, vl_doc_span(n), &component) || component.source ||
            component.version.len == 0 || is_debug(component.package))
            continue;
        r = row_for(c, &component, &row, err);
        bool seen = r < 0;
        for (size_t i = 0; !seen && i < row->n_fixes; i++)
            seen = vl_span_eq(row->fixes[i], component.version);
        if (seen)
            continue;
        void *items = row->fixes;
        struct vl_span *slot =
            vl_feed_push(&items, &row->n_fixes, &row->cap_fixes, sizeof(component.version), c->arena);
        row->fixes = items;
        if (slot)
            *slot = component.version;
        row->state = VL_FIX_FIXED;
    }
    return r;
}

static int add_open(
    struct csaf *c, const struct vl_doc_node *list, enum vl_fix_state otherwise, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n && r == 0; n = vl_doc_next(n)) {
        struct csaf_component component;
        struct row *row;
        struct vl_map_slot *slot;
        if (!csaf_resolve(&c->tree, vl_doc_span(n), &component) || is_debug(component.package))
            continue;
        r = row_for(c, &component, &row, err);
        if (r == 0 && !component.source)
            r = vl_map_put(&c->binaries, component.space, &slot, NULL, err);
        if (r < 0 || row->n_fixes)
            continue;
        slot = vl_map_get(&c->states, vl_doc_span(n));
        row->state =
            slot && otherwise != VL_FIX_INVESTIGATING ? (enum vl_fix_state)slot->value.num : otherwise;
    }
    return r;
}

static int by_version(const void *x, const void *y, void *user)
{
    return vl_version_order(user, *(const struct vl_span *)x, *(const struct vl_span *)y);
}

/* The lowest version that is surely of a later minor release than a build of another: of "7.76.1-23.el9_2.4"
 * that is "7.76.1-24". Empty where the release does not begin with a number. */
static struct vl_span after_branch(struct vl_span version, struct vl_arena *arena)
{
    size_t dash = vl_span_rfind_char(version, '-');
    size_t end = dash == SIZE_MAX ? 0 : dash + 1;
    while (end && end < version.len && version.ptr[end] >= '0' && version.ptr[end] <= '9')
        end++;
    uint64_t number;
    if (dash == SIZE_MAX || !vl_span_to_u64(vl_span_slice(version, dash + 1, end), &number))
        return VL_SPAN_EMPTY;
    return vl_span_str(vl_arena_printf(
        arena, "%.*s-%llu", VL_SPAN_FMT(vl_span_slice(version, 0, dash)), (unsigned long long)(number + 1)));
}

/* A platform's minor releases have a fix each: what is below the first is affected, and what lies between the
 * branch of one fix and the next fix. Where branches cannot be told apart the last fix counts. */
static void fill_ranges(
    struct csaf *c, struct row *row, const struct vl_version_scheme *rpm, struct vl_record_affected *a)
{
    struct vl_record_range *ranges = vl_arena_array(c->arena, row->n_fixes + 1, sizeof(*ranges));
    size_t n = 0;
    if (!ranges)
        return;
    if (row->n_fixes)
        qsort_r(row->fixes, row->n_fixes, sizeof(row->fixes[0]), by_version, (void *)(uintptr_t)rpm);
    for (size_t i = 0; i < row->n_fixes; i++) {
        struct vl_span from = i ? after_branch(row->fixes[i - 1], c->arena) : VL_SPAN_EMPTY;
        if (i && (from.len == 0 || vl_version_order(rpm, from, row->fixes[i]) >= 0))
            ranges[n - 1].fixed = row->fixes[i];
        else
            ranges[n++] = (struct vl_record_range){.introduced = from, .fixed = row->fixes[i]};
    }
    a->ranges = ranges;
    a->n_ranges = n ? n : 1;
}

static size_t make_affected(struct csaf *c, struct vl_record_affected **ret)
{
    struct vl_record_affected *list = vl_arena_array(c->arena, c->n + 1, sizeof(*list));
    const struct vl_version_scheme *rpm = vl_version_scheme(VL_SPAN_LIT("rpm"));
    size_t n = 0;
    *ret = list;
    for (size_t i = 0; list && rpm && i < c->n; i++) {
        struct row *row = &c->rows[i];
        if (row->c.source && vl_map_get(&c->binaries, row->c.space))
            continue;
        struct vl_record_affected *a = &list[n++];
        *a = (struct vl_record_affected){.space = row->c.space, .module = row->c.module, .state = row->state};
        /* "src:curl" is what every binary package of that source is looked up as, too */
        a->package = row->c.source
                         ? vl_span_str(vl_arena_printf(c->arena, "src:%.*s", VL_SPAN_FMT(row->c.package)))
                         : row->c.package;
        fill_ranges(c, row, rpm, a);
    }
    return n;
}

static void read_scores(const struct vl_doc_node *list, struct vl_record_pair pairs[4], size_t *ret_n)
{
    static const char *const kinds[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
    *ret_n = 0;
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        for (size_t k = 0; k < VL_ARRAY_LEN(kinds); k++) {
            struct vl_span vector = vl_doc_get_str(vl_doc_get(n, kinds[k]), "vectorString");
            bool seen = vector.len == 0 || *ret_n == 4;
            for (size_t i = 0; !seen && i < *ret_n; i++)
                seen = vl_span_eq(pairs[i].value, vector);
            if (!seen)
                pairs[(*ret_n)++] = (struct vl_record_pair){VL_SPAN_LIT("redhat"), vector};
        }
    }
}

static int64_t time_of(const struct vl_doc_node *node, const char *name)
{
    int64_t ms;
    return vl_time_parse(vl_doc_get_str(node, name), &ms) ? ms : 0;
}

static int emit(struct csaf *c, const struct vl_doc_node *root, const struct vl_doc_node *vulnerability,
    struct vl_record_sink *sink, struct vl_err *err)
{
    const struct vl_doc_node *document = vl_doc_get(root, "document");
    const struct vl_doc_node *tracking = vl_doc_get(document, "tracking");
    struct vl_record_affected *affected;
    size_t n = make_affected(c, &affected);
    struct vl_record_pair cvss[4];
    size_t n_cvss;
    read_scores(vl_doc_get(vulnerability, "scores"), cvss, &n_cvss);
    struct vl_span word = vl_doc_get_str(vl_doc_get(document, "aggregate_severity"), "text");
    enum vl_severity severity;
    struct vl_record_pair rating = {VL_SPAN_LIT("redhat"), word};
    uint32_t cwe = vl_feed_cwe(vl_doc_get_str(vl_doc_get(vulnerability, "cwe"), "id"));
    struct vl_feed_list refs = {0};
    for (const struct vl_doc_node *r = vl_doc_first(vl_doc_get(vulnerability, "references")); r;
        r = vl_doc_next(r))
        vl_feed_list_add(&refs, c->arena, vl_doc_get_str(r, "url"));
    struct vl_record record = {.id = vl_doc_get_str(vulnerability, "cve"),
        .title = vl_doc_get_str(document, "title"),
        .published_ms = time_of(vulnerability, "release_date"),
        .modified_ms = time_of(tracking, "current_release_date"),
        .ratings = &rating,
        .n_ratings = vl_severity_parse(word, &severity),
        .cvss = cvss,
        .n_cvss = n_cvss,
        .cwes = &cwe,
        .n_cwes = cwe != 0,
        .refs = refs.items,
        .n_refs = refs.n,
        .affected = affected,
        .n_affected = n};
    int r = vl_arena_check(c->arena, "a CSAF document", err);
    if (r < 0)
        return r;
    if (n == 0) {
        sink->skipped++; /* nothing of it is a platform that we judge */
        return 0;
    }
    return vl_record_emit(sink, &record, err);
}

static int read_vulnerability(struct csaf *c, const struct vl_doc_node *root, const struct vl_doc_node *v,
    struct vl_record_sink *sink, struct vl_err *err)
{
    const struct vl_doc_node *status = vl_doc_get(v, "product_status");
    if (!vl_feed_is_cve(vl_doc_get_str(v, "cve"))) {
        sink->skipped++;
        return 0;
    }
    vl_map_init(&c->states, CSAF_PRODUCTS_MAX);
    vl_map_init(&c->index, CSAF_PRODUCTS_MAX);
    vl_map_init(&c->binaries, CSAF_PRODUCTS_MAX);
    c->rows = NULL;
    c->n = c->cap = 0;
    int r = read_remediations(c, vl_doc_get(v, "remediations"), err);
    if (r == 0)
        r = add_fixed(c, vl_doc_get(status, "fixed"), err);
    if (r == 0)
        r = add_open(c, vl_doc_get(status, "known_affected"), VL_FIX_NONE, err);
    if (r == 0)
        r = add_open(c, vl_doc_get(status, "under_investigation"), VL_FIX_INVESTIGATING, err);
    if (r == 0)
        r = emit(c, root, v, sink, err);
    vl_map_done(&c->states);
    vl_map_done(&c->index);
    vl_map_done(&c->binaries);
    return r;
}

int vl_feed_parse_csaf(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct csaf c = {.arena = context->arena};
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_doc_is(vl_doc_get(root, "product_tree"), VL_DOC_OBJECT)) {
        sink->skipped++; /* provider metadata, lists of changes */
        return 0;
    }
    r = csaf_tree_init(&c.tree, root, context->arena, err);
    if (r < 0)
        return vl_err_wrap(err, "%s", object);
    const struct vl_doc_node *list = vl_doc_get(root, "vulnerabilities");
    for (const struct vl_doc_node *v = vl_doc_first(list); v && r == 0; v = vl_doc_next(v))
        r = read_vulnerability(&c, root, v, sink, err);
    csaf_tree_done(&c.tree);
    return r < 0 ? vl_err_wrap(err, "%s", object) : 0;
}
