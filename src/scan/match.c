/* From packages to findings. */
#include "match.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "scan/remedy.h"

#define FACTS_BYTES_MAX (1024UL * 1024 * 1024) /* facts of vulnerabilities that one matcher keeps */
#define FACTS_MAX       5000000U
#define MATCHES_MAX     200000U /* of one package */

struct vl_scan_matcher {
    struct vl_advisory_db *db;
    struct vl_advisory_matcher *matcher;
    struct vl_arena *facts; /* keys and facts */
    bool own_facts;
    struct vl_map by_record; /* record number -> struct vl_finding * as described */
    struct vl_vec matches;   /* struct vl_advisory_match: of the package at hand */
};

static const struct vl_distro no_distro = {"", "", "", "", "", "", "", VL_SUPPORT_UNKNOWN, 0, 0};

static int matcher_init(
    struct vl_scan_matcher *m, struct vl_advisory_db *db, struct vl_arena *facts, struct vl_err *err)
{
    m->db = db;
    m->facts = facts;
    vl_map_init(&m->by_record, FACTS_MAX);
    vl_vec_init(&m->matches, sizeof(struct vl_advisory_match), MATCHES_MAX);
    return db ? vl_advisory_matcher_new(db, &no_distro, &m->matcher, err) : 0;
}

static void matcher_done(struct vl_scan_matcher *m)
{
    vl_advisory_matcher_free(m->matcher);
    vl_map_done(&m->by_record);
    vl_vec_done(&m->matches);
    if (m->own_facts)
        vl_arena_free(m->facts);
}

int vl_scan_matcher_new(struct vl_advisory_db *db, struct vl_scan_matcher **ret, struct vl_err *err)
{
    struct vl_scan_matcher *m = calloc(1, sizeof(*m));
    struct vl_arena *facts = vl_arena_new(FACTS_BYTES_MAX);
    if (!m || !facts) {
        free(m);
        vl_arena_free(facts);
        return vl_err_nomem(err);
    }
    m->own_facts = true;
    int r = matcher_init(m, db, facts, err);
    if (r < 0) {
        vl_scan_matcher_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

void vl_scan_matcher_free(struct vl_scan_matcher *matcher)
{
    if (!matcher)
        return;
    matcher_done(matcher);
    free(matcher);
}

void vl_scan_matcher_cleanup(struct vl_scan_matcher **matcher)
{
    vl_scan_matcher_free(*matcher);
    *matcher = NULL;
}

/* The facts of a vulnerability, read from the database once. */
static const struct vl_finding *facts_of(struct vl_scan_matcher *m, uint32_t record, struct vl_err *err)
{
    struct vl_span key = {(const char *)&record, sizeof(record)};
    struct vl_map_slot *slot = vl_map_get(&m->by_record, key);
    if (slot)
        return slot->value.ptr;
    struct vl_finding *facts = vl_arena_alloc(m->facts, sizeof(*facts));
    char *kept = vl_arena_dup_span(m->facts, key);
    if (vl_arena_check(m->facts, "facts of vulnerabilities", err) < 0 || !facts || !kept)
        return NULL;
    if (vl_advisory_describe(m->db, record, &no_distro, m->facts, facts, err) < 0)
        return NULL;
    if (vl_map_put(&m->by_record, (struct vl_span){kept, sizeof(record)}, &slot, NULL, err) < 0)
        return NULL;
    slot->value.ptr = facts;
    return facts;
}

/* How ratings call the vendor of a distribution. */
static const char *vendor_of(const struct vl_distro *distro)
{
    static const char *const names[][2] = {{"rhel", "redhat"}, {"centos", "redhat"}, {"ol", "oracle"},
        {"amzn", "amazon"}, {"sles", "suse"}, {"sled", "suse"}, {"opensuse-leap", "suse"},
        {"opensuse-tumbleweed", "suse"}, {"mariner", "azurelinux"}, {"windows", "microsoft"}};
    for (size_t i = 0; i < VL_ARRAY_LEN(names); i++) {
        if (strcmp(distro->id, names[i][0]) == 0)
            return names[i][1];
    }
    return distro->id[0] ? distro->id : "vendor";
}

/* The vendor's word for this package in this release beats its word for the vulnerability as a whole, which
 * then stands among the others. */
static int set_severity(struct vl_scan_run *run, struct vl_finding *f, enum vl_severity severity,
    bool distribution, struct vl_err *err)
{
    if (severity == VL_SEVERITY_UNKNOWN)
        return 0;
    const char *vendor = distribution ? vendor_of(&run->result->inventory->distro)
                         : f->source  ? f->source
                                      : "vendor";
    if (f->severity != VL_SEVERITY_UNKNOWN && f->severity_source && strcmp(f->severity_source, vendor) != 0) {
        struct vl_rating *ratings = vl_arena_array(run->result->arena, f->n_ratings + 1, sizeof(*ratings));
        if (!ratings)
            return vl_arena_check(run->result->arena, "findings", err);
        ratings[0] = (struct vl_rating){f->severity_source, f->severity};
        if (f->n_ratings)
            memcpy(ratings + 1, f->ratings, f->n_ratings * sizeof(*ratings));
        f->ratings = ratings;
        f->n_ratings++;
    }
    f->severity = severity;
    f->severity_source = vendor;
    return 0;
}

/* "No fix yet" in a release that gets no fixes any more is another thing to act on. */
static enum vl_fix_state state_of(
    const struct vl_scan_run *run, const struct vl_advisory_match *match, bool distribution)
{
    bool ended = distribution && run->result->inventory->distro.support == VL_SUPPORT_ENDED;
    if (!ended || match->fixed_version || match->state == VL_FIX_WONT)
        return match->state;
    return VL_FIX_END_OF_LIFE;
}

static int add_finding(struct vl_scan_run *run, struct vl_scan_matcher *m, const struct vl_package *package,
    const struct vl_advisory_match *match, const char *owner_says, struct vl_err *err)
{
    bool distribution = vl_ecosystem_info(package->ecosystem)->distribution;
    const struct vl_finding *facts = facts_of(m, match->record, err);
    if (!facts)
        return err->err;
    struct vl_finding *f = vl_vec_push(&run->result->findings, "findings", err);
    if (!f)
        return err->err;
    *f = *facts;
    f->package = package;
    f->fixed_version = match->fixed_version;
    f->state = state_of(run, match, distribution);
    if (f->malicious && f->severity == VL_SEVERITY_UNKNOWN && match->severity == VL_SEVERITY_UNKNOWN) {
        f->severity = VL_SEVERITY_CRITICAL; /* nobody rates malware: no filter may hide it */
        f->severity_source = "malware";
    }
    if (owner_says) {
        f->status = VL_FINDING_OS_JUDGED;
        f->status_reason = owner_says;
    }
    return set_severity(run, f, match->severity, distribution, err);
}

/* Whether the same package at the same place was judged already: lock files name one twice. */
static int seen_before(
    struct vl_map *seen, struct vl_arena *arena, const struct vl_package *p, bool *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    vl_buf_init(&key, 64UL * 1024);
    vl_buf_printf(&key, "%u", (unsigned)p->ecosystem);
    const char *parts[] = {p->name, p->version, p->arch, p->path};
    for (size_t i = 0; i < VL_ARRAY_LEN(parts); i++) {
        vl_buf_append_char(&key, 0);
        vl_buf_append_str(&key, parts[i] ? parts[i] : "");
    }
    int r = vl_buf_check(&key, p->name, err);
    if (r < 0)
        return r;
    char *kept = vl_arena_dup_span(arena, vl_buf_span(&key));
    if (!kept)
        return vl_arena_check(arena, "findings", err);
    bool added;
    struct vl_map_slot *slot;
    r = vl_map_put(seen, (struct vl_span){kept, key.len}, &slot, &added, err);
    *ret = r == 0 && !added;
    return r;
}

static const char *owner_words(const struct vl_scan_run *run, const struct vl_package *p)
{
    const struct vl_package *owner = vl_vec_at(&run->result->inventory->packages, p->owner);
    if (!owner)
        return "its files belong to a package of the distribution, whose data alone judges them";
    return vl_arena_printf(run->result->arena,
        "its files belong to %s %s: the distribution's data alone judges them", owner->name, owner->version);
}

static struct vl_scan_tally *tally_of(
    struct vl_scan_run *run, const struct vl_coverage_row *row, struct vl_err *err)
{
    struct vl_scan_tally *tallies = run->tallies.items;
    for (size_t i = 0; i < run->tallies.len; i++) {
        if (tallies[i].row == row)
            return &tallies[i];
    }
    struct vl_scan_tally *tally = vl_vec_push(&run->tallies, "coverage rows", err);
    if (tally)
        tally->row = row;
    return tally;
}

/* What a package of the distribution brought is judged by its data; what docker-ce brought is not: there is
 * none. */
static bool is_left_to_distribution(const struct vl_scan_run *run, const struct vl_package *p)
{
    const struct vl_inventory *inventory = run->result->inventory;
    const struct vl_package *owner =
        p->owner == VL_PACKAGE_NONE ? NULL : vl_vec_at(&inventory->packages, p->owner);
    return (p->flags & VL_PACKAGE_OS_OWNED) &&
           !(owner && vl_advisory_is_third_party(owner, &inventory->distro));
}

/* Counts the package; true where it is to be matched. */
static int count_package(
    struct vl_scan_run *run, const struct vl_package *p, bool *ret_judge, bool *ret_left, struct vl_err *err)
{
    struct vl_coverage *coverage = &run->result->coverage;
    const struct vl_coverage_row *row;
    bool distribution = vl_ecosystem_info(p->ecosystem)->distribution;
    *ret_judge = *ret_left = false;
    if ((p->flags & VL_PACKAGE_DEV) && !run->options->include_dev) {
        run->dev++;
        return 0;
    }
    coverage->packages++;
    run->distribution += distribution;
    if (!run->matcher)
        return 0;
    int r = vl_advisory_coverage(run->matcher, p, &row, err);
    struct vl_scan_tally *tally = r == 0 ? tally_of(run, row, err) : NULL;
    if (!tally)
        return err->err;
    tally->distribution = distribution;
    bool no_version = !p->version || !p->version[0];
    if (vl_package_is_project(p) || (no_version && (p->flags & VL_PACKAGE_MAIN))) {
        tally->project++;
        return 0;
    }
    if ((p->flags & VL_PACKAGE_RANGE) || no_version) {
        tally->ranges++;
        coverage->ranges++;
        return 0;
    }
    *ret_left = !distribution && !run->options->judge_os_owned && is_left_to_distribution(run, p);
    *ret_judge = true;
    if (*ret_left) {
        tally->left++;
        coverage->os_owned++;
        return 0;
    }
    tally->judged++;
    bool known = true;
    if (row->starter)
        r = vl_advisory_covers(run->matcher, p, &known, err);
    tally->unknown += !known;
    return r;
}

static int match_package(struct vl_scan_run *run, struct vl_scan_matcher *m, struct vl_map *seen,
    const struct vl_package *p, struct vl_err *err)
{
    bool judge;
    bool left;
    int r = count_package(run, p, &judge, &left, err);
    if (r < 0 || !judge)
        return r;
    m->matches.len = 0;
    r = vl_advisory_match(m->matcher, p, run->result->arena, &m->matches, err);
    if (r < 0 || m->matches.len == 0)
        return r;
    bool again = false;
    r = seen_before(seen, run->result->arena, p, &again, err);
    if (r < 0 || again)
        return r;
    const char *words = left ? owner_words(run, p) : NULL;
    const struct vl_advisory_match *matches = m->matches.items;
    for (size_t i = 0; i < m->matches.len && r == 0; i++)
        r = add_finding(run, m, p, &matches[i], words, err);
    return r;
}

static int match_all(struct vl_scan_run *run, struct vl_scan_matcher *m, struct vl_err *err)
{
    struct vl_inventory *inventory = run->result->inventory;
    VL_CLEANUP(vl_map_done) struct vl_map seen;
    vl_map_init(&seen, VL_INVENTORY_PACKAGES_MAX);
    if (m->matcher) {
        int r = vl_advisory_matcher_reset(m->matcher, &inventory->distro, err);
        if (r < 0)
            return r;
        vl_advisory_matcher_set_updates(m->matcher, inventory->updates.items, inventory->updates.len);
    }
    const struct vl_package *packages = inventory->packages.items;
    for (size_t i = 0; i < inventory->packages.len; i++) {
        int r = match_package(run, m, &seen, &packages[i], err);
        if (r < 0)
            return vl_err_wrap(err, "%s %s", packages[i].name ? packages[i].name : "a package",
                packages[i].version ? packages[i].version : "");
    }
    if (run->dev)
        vl_notes_add(&inventory->notes, VL_NOTE_INFO, VL_ERR_NONE, inventory->target.name,
            "%llu development dependencies are left out (--include-dev judges them too)",
            (unsigned long long)run->dev);
    return 0;
}

static void run_done(struct vl_scan_run *run)
{
    vl_vec_done(&run->tallies);
}

static int match_into(struct vl_scan_matcher *m, const struct vl_scan_options *options,
    struct vl_scan_result *result, struct vl_err *err)
{
    VL_CLEANUP(run_done)
    struct vl_scan_run run = {.db = m->db, .matcher = m->matcher, .options = options, .result = result};
    bool wanted = (options->scanners & VL_SCAN_VULN) && !options->packages_only;
    if (!wanted) {
        result->coverage.packages = result->inventory->packages.len;
        result->coverage.unidentified = result->inventory->unidentified.len;
        result->coverage.assessed = result->inventory->notes.partial ? VL_ASSESSED_PARTIAL : VL_ASSESSED_FULL;
        return 0;
    }
    vl_vec_init(&run.tallies, sizeof(struct vl_scan_tally), VL_SCAN_ROWS_MAX);
    int r = match_all(&run, m, err);
    if (r == 0)
        r = vl_scan_assess(&run, err);
    if (r == 0)
        r = vl_scan_order_findings(result, err);
    return r < 0 ? r : vl_arena_check(result->arena, "findings", err);
}

/* A result that owns the inventory; frees the inventory where that fails. */
static struct vl_scan_result *result_of(struct vl_inventory *inventory, struct vl_err *err)
{
    struct vl_scan_result *result = vl_scan_result_new();
    if (!result) {
        int r = vl_err_nomem(err);
        (void)r;
        vl_inventory_free(inventory);
        return NULL;
    }
    result->inventory = inventory;
    result->scanned_ms = vl_time_now_ms();
    return result;
}

static const struct vl_scan_options default_options = {.scanners = VL_SCAN_VULN};

int vl_scan_matcher_match(struct vl_scan_matcher *matcher, struct vl_inventory *inventory,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err)
{
    int64_t start = vl_time_monotonic_us();
    struct vl_scan_result *result = result_of(inventory, err);
    if (!result)
        return err->err;
    int r = match_into(matcher, options ? options : &default_options, result, err);
    if (r < 0) {
        vl_scan_result_free(result);
        return r;
    }
    result->took_us = vl_time_monotonic_us() - start;
    *ret = result;
    return 0;
}

int vl_scan_match(struct vl_inventory *inventory, struct vl_advisory_db *db,
    const struct vl_scan_options *options, struct vl_scan_result **ret, struct vl_err *err)
{
    int64_t start = vl_time_monotonic_us();
    struct vl_scan_result *result = result_of(inventory, err);
    if (!result)
        return err->err;
    struct vl_scan_matcher matcher = {0};
    int r = matcher_init(&matcher, db, result->arena, err);
    if (r == 0)
        r = match_into(&matcher, options ? options : &default_options, result, err);
    if (r == 0)
        r = vl_scan_remedies(result, err);
    matcher_done(&matcher);
    if (r < 0) {
        vl_scan_result_free(result);
        return r;
    }
    result->took_us = vl_time_monotonic_us() - start;
    *ret = result;
    return 0;
}
