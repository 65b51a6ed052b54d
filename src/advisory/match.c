#include "match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HITS_MAX 1000000U

static void resolve_distro(struct vl_advisory_matcher *m)
{
    m->n_distro_spaces = vl_space_of_distro(m->distro, m->distro_names);
    for (size_t i = 0; i < m->n_distro_spaces; i++)
        m->distro_spaces[i] = adb_space_find(m->db, vl_span_str(m->distro_names[i]));
}

int vl_advisory_matcher_new(struct vl_advisory_db *db, const struct vl_distro *distro,
    struct vl_advisory_matcher **ret, struct vl_err *err)
{
    struct vl_advisory_matcher *m = calloc(1, sizeof(*m));
    if (!m)
        return vl_err_nomem(err);
    m->db = db;
    m->distro = distro;
    m->cache_arena = vl_arena_new(MATCH_CACHE_BYTES_MAX);
    m->coverage_arena = vl_arena_new(16UL * 1024 * 1024);
    vl_map_init(&m->cache, MATCH_CACHE_MAX);
    vl_vec_init(&m->hits, sizeof(struct match_hit), HITS_MAX);
    vl_vec_init(&m->seen, sizeof(uint32_t), HITS_MAX);
    vl_vec_init(&m->decided, sizeof(uint32_t), HITS_MAX);
    for (size_t i = 0; i < VL_ECO_COUNT; i++)
        m->eco_spaces[i] = -2;
    if (!m->cache_arena || !m->coverage_arena) {
        vl_advisory_matcher_free(m);
        return vl_err_nomem(err);
    }
    resolve_distro(m);
    *ret = m;
    return 0;
}

void vl_advisory_matcher_free(struct vl_advisory_matcher *m)
{
    if (!m)
        return;
    windows_free(m->windows);
    vl_map_done(&m->cache);
    vl_vec_done(&m->hits);
    vl_vec_done(&m->seen);
    vl_vec_done(&m->decided);
    vl_arena_free(m->cache_arena);
    vl_arena_free(m->coverage_arena);
    free(m);
}

int vl_advisory_matcher_reset(
    struct vl_advisory_matcher *m, const struct vl_distro *distro, struct vl_err *err)
{
    (void)err;
    m->distro = distro;
    m->coverage = NULL;
    vl_arena_reset(m->coverage_arena);
    m->updates = NULL;
    m->n_updates = 0;
    windows_free(m->windows);
    m->windows = NULL;
    resolve_distro(m);
    return 0;
}

bool vl_advisory_is_third_party(const struct vl_package *package, const struct vl_distro *distro)
{
    return vl_space_is_foreign(package, distro);
}

void vl_advisory_matcher_set_updates(struct vl_advisory_matcher *m, const char *const *updates, size_t n)
{
    m->updates = updates;
    m->n_updates = n;
}

enum match_verdict match_verdict_of(const struct vl_advisory_matcher *m, const struct vl_package *package)
{
    if ((package->flags & VL_PACKAGE_RANGE) || vl_package_is_project(package) || !package->version ||
        !package->version[0])
        return MATCH_SKIP;
    if (!vl_ecosystem_info(package->ecosystem)->distribution)
        return MATCH_JUDGE;
    if (vl_space_is_foreign(package, m->distro))
        return MATCH_FOREIGN;
    return vl_space_is_kernel_headers(package) ? MATCH_KERNEL_HEADERS : MATCH_JUDGE;
}

int match_eco_space(struct vl_advisory_matcher *m, enum vl_ecosystem eco)
{
    if ((unsigned)eco >= VL_ECO_COUNT)
        return -1;
    if (m->eco_spaces[eco] == -2) {
        const char *name = vl_space_of_ecosystem(eco);
        m->eco_spaces[eco] = name ? adb_space_find(m->db, vl_span_str(name)) : -1;
    }
    return m->eco_spaces[eco];
}

/* The part of a package that one look-up uses. */
struct query {
    uint32_t space;
    const struct adb_space *info;
    struct vl_span name;
    struct vl_span version;
    struct vl_span module;
    bool by_source;
    bool remember;     /* the rows' records go to matcher->decided */
    bool skip_decided; /* rows of records that are there are passed over */
};

static int in_range(struct vl_advisory_db *db, const struct query *q, const struct adb_range *range,
    bool *ret, struct vl_err *err)
{
    struct vl_span s;
    int r = 0;
    *ret = false;
    if (range->exact) {
        r = adb_string(db, range->introduced, &s, err);
        *ret = r == 0 && (vl_span_eq(s, q->version) || vl_version_order(q->info->scheme, q->version, s) == 0);
        return r;
    }
    if (range->fixed) {
        r = adb_string(db, range->fixed, &s, err);
        if (r < 0 || vl_version_order(q->info->scheme, q->version, s) >= 0)
            return r;
    }
    if (range->last) {
        r = adb_string(db, range->last, &s, err);
        if (r < 0 || vl_version_order(q->info->scheme, q->version, s) > 0)
            return r;
    }
    if (range->introduced) {
        r = adb_string(db, range->introduced, &s, err);
        if (r < 0 || vl_version_order(q->info->scheme, q->version, s) < (range->after ? 1 : 0))
            return r;
    }
    *ret = true;
    return 0;
}

/* "nodejs:18:8060…" against "nodejs:18". A modular advisory says nothing about packages outside its stream;
 * where the package's own label is not known its versions decide. */
static int module_agrees(
    struct vl_advisory_db *db, const struct query *q, uint32_t module, bool *ret, struct vl_err *err)
{
    struct vl_span s;
    *ret = true;
    if (module == 0 || q->module.len == 0)
        return 0;
    int r = adb_string(db, module, &s, err);
    if (r < 0)
        return r;
    *ret = q->module.len >= s.len && vl_span_eq(vl_span_slice(q->module, 0, s.len), s) &&
           (q->module.len == s.len || q->module.ptr[s.len] == ':');
    return 0;
}

/* Decides one row. The fix is the lowest fixed version of the branches that hold the version. */
static int judge_row(struct vl_advisory_db *db, const struct query *q, const struct adb_row *row,
    struct match_hit *hit, bool *ret_hit, struct vl_err *err)
{
    struct adb_row_facts facts;
    struct adb_range range;
    bool found = false;
    adb_row_open(row, &facts);
    bool agrees;
    int r = module_agrees(db, q, facts.module, &agrees, err);
    *ret_hit = false;
    if (r < 0 || !agrees)
        return r;
    *hit = (struct match_hit){.record = row->record, .state = facts.state, .severity = facts.severity};
    while (adb_row_range(&facts, &range)) {
        bool inside;
        struct vl_span fixed = VL_SPAN_EMPTY;
        r = in_range(db, q, &range, &inside, err);
        if (r == 0 && inside && range.fixed)
            r = adb_string(db, range.fixed, &fixed, err);
        if (r < 0)
            return r;
        if (!inside)
            continue;
        found = true;
        if (fixed.len && (!hit->fixed.len || vl_version_order(q->info->scheme, fixed, hit->fixed) < 0))
            hit->fixed = fixed;
    }
    if (!vl_reader_ok(&facts.in))
        return adb_corrupt(db, "a row", err);
    if (found && !hit->fixed.len && hit->state == VL_FIX_FIXED)
        hit->state = VL_FIX_NONE; /* other branches have a fix, this one has none */
    *ret_hit = found;
    return 0;
}

static bool has_record(const struct vl_vec *sorted, uint32_t base)
{
    const uint32_t *seen = sorted->items;
    size_t lo = 0;
    size_t hi = sorted->len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (seen[mid] == base)
            return true;
        if (seen[mid] < base)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

/* In a distribution the first feed that speaks of a vulnerability in a package decides: what its tracker
 * calls fixed is not reopened by an older list of the same vendor. */
static int is_overruled(struct vl_advisory_matcher *m, uint32_t group, const struct adb_advisory *adv,
    bool *ret, struct vl_err *err)
{
    struct adb_group g;
    int r = adb_group_get(m->db, group, &g, err);
    *ret = false;
    if (r < 0)
        return r;
    uint64_t member = 0;
    struct vl_reader in = g.members;
    for (uint32_t i = 0; i < g.n_members; i++) {
        struct adb_advisory other;
        member += adb_varint(&in);
        if (member >= adv->number)
            break;
        r = adb_advisory_get(m->db, (uint32_t)member, &other, err);
        if (r < 0)
            return r;
        if (other.feed < adv->feed && has_record(&m->seen, other.base)) {
            *ret = true;
            return 0;
        }
    }
    return 0;
}

/* Two advisories about one vulnerability of one package: the first keeps its words; where the vendor fixed it
 * twice (an incomplete fix) the later version counts, and a fix beats none. */
static void merge_hit(const struct query *q, struct match_hit *have, const struct match_hit *more)
{
    if (more->severity > have->severity && more->feed == have->feed)
        have->severity = more->severity;
    if (!more->fixed.len)
        return;
    if (!have->fixed.len) {
        have->fixed = more->fixed;
        have->state = more->state;
        return;
    }
    int c = vl_version_order(q->info->scheme, more->fixed, have->fixed);
    if (have->record == more->record ? c < 0 : (have->feed == more->feed && c > 0)) {
        have->fixed = more->fixed;
        have->record = more->record;
    }
}

static int add_hit(
    struct vl_advisory_matcher *m, const struct query *q, const struct match_hit *hit, struct vl_err *err)
{
    struct match_hit *hits = m->hits.items;
    for (size_t i = 0; i < m->hits.len; i++) {
        if (hits[i].group == hit->group) {
            merge_hit(q, &hits[i], hit);
            return 0;
        }
    }
    struct match_hit *slot = vl_vec_push(&m->hits, "matches of one package", err);
    if (!slot)
        return err->err;
    *slot = *hit;
    return 0;
}

static int add_groups(struct vl_advisory_matcher *m, const struct query *q, struct match_hit *hit,
    uint32_t *first_feed, struct vl_err *err)
{
    struct adb_advisory adv;
    int r = adb_advisory_of(m->db, hit->record, &adv, err);
    if (r < 0)
        return r;
    hit->feed = adv.feed;
    hit->by_source = q->by_source;
    if (*first_feed == UINT32_MAX)
        *first_feed = adv.feed;
    for (uint32_t i = 0; i < adv.n_groups; i++) {
        struct match_hit one = *hit;
        bool overruled = false;
        one.record = adv.base + i;
        r = adb_advisory_group(m->db, &adv, one.record, &one.group, err);
        if (r == 0 && q->info->info->rating)
            r = is_overruled(m, one.group, &adv, &overruled, err);
        if (r == 0 && !overruled)
            r = add_hit(m, q, &one, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int judge_package(struct vl_advisory_matcher *m, const struct query *q,
    const struct adb_package *package, struct vl_err *err)
{
    struct adb_rows rows;
    struct adb_row row;
    uint32_t first_feed = UINT32_MAX;
    m->seen.len = 0;
    adb_rows_start(package, &rows);
    while (adb_rows_next(&rows, &row)) {
        struct match_hit hit;
        bool is_hit;
        uint32_t *seen = vl_vec_push(&m->seen, "rows of one package", err);
        if (!seen)
            return err->err;
        *seen = row.record;
        if (q->skip_decided && has_record(&m->decided, row.record))
            continue;
        uint32_t *decided = q->remember ? vl_vec_push(&m->decided, "rows of one package", err) : seen;
        if (!decided)
            return err->err;
        *decided = row.record;
        int r = judge_row(m->db, q, &row, &hit, &is_hit, err);
        if (r == 0 && is_hit)
            r = add_groups(m, q, &hit, &first_feed, err);
        if (r < 0)
            return r;
    }
    return vl_reader_ok(&rows.in) ? 0 : adb_corrupt(m->db, "rows of a package", err);
}

enum look_flags {
    LOOK_BY_SOURCE = 1,
    LOOK_REMEMBER = 2,
    LOOK_SKIP_DECIDED = 4,
};

static int look_up(struct vl_advisory_matcher *m, int space, struct vl_span name, struct vl_span version,
    const struct vl_package *package, unsigned flags, struct vl_err *err)
{
    struct adb_package entry;
    if (space < 0)
        return 0;
    struct query q = {.space = (uint32_t)space,
        .info = &m->db->spaces[space],
        .name = name,
        .version = version,
        .module = vl_span_str(package->module),
        .by_source = flags & LOOK_BY_SOURCE,
        .remember = flags & LOOK_REMEMBER,
        .skip_decided = flags & LOOK_SKIP_DECIDED};
    int r = adb_package_find(m->db, q.space, name, &entry, err);
    return r <= 0 ? r : judge_package(m, &q, &entry, err);
}

/* "…el9_2" packages come from a release's extended channel, which has data of its own. */
static int eus_space(const struct vl_advisory_matcher *m, const struct vl_package *package)
{
    const char *tag = strstr(package->version, ".el");
    if (strncmp(m->distro_names[0], "rhel:", 5) != 0 || !tag)
        return -1;
    size_t major = strspn(tag + 3, "0123456789");
    const char *minor = tag + 3 + major;
    if (major == 0 || *minor != '_' || strspn(minor + 1, "0123456789") == 0)
        return -1;
    char name[64];
    struct vl_buf text;
    vl_buf_init(&text, sizeof(name) - 1);
    vl_buf_printf(
        &text, "rhel-eus:%.*s.%.*s", (int)major, tag + 3, (int)strspn(minor + 1, "0123456789"), minor + 1);
    int space = text.failed ? -1 : adb_space_find(m->db, vl_buf_span(&text));
    vl_buf_done(&text);
    return space;
}

/* Where a package is another build than the release's ("…ksplice1.el8", "…el8_fips"), the namespace that
 * judges it alone. */
static int flavour_space(
    const struct vl_advisory_matcher *m, const struct vl_package *package, bool *ret_flavoured)
{
    const char *flavour = vl_space_oracle_flavour(vl_span_str(package->version));
    *ret_flavoured = flavour && strncmp(m->distro_names[0], "oracle:", 7) == 0;
    if (!*ret_flavoured)
        return -1;
    char name[64];
    (void)snprintf(name, sizeof(name), "%s%s", flavour, strchr(m->distro_names[0], ':'));
    return adb_space_find(m->db, vl_span_str(name));
}

/* Red Hat names a source package ("src:curl") where it has not looked at its binaries one by one. */
static int look_up_rhel_source(struct vl_advisory_matcher *m, int space, const struct vl_package *package,
    unsigned flags, struct vl_err *err)
{
    if (space < 0 ||
        strncmp(m->db->spaces[space].info->family ? m->db->spaces[space].info->family : "", "rhel", 4) != 0)
        return 0;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, 4096);
    vl_buf_printf(&name, "src:%s", package->source_name ? package->source_name : package->name);
    if (name.failed)
        return 0;
    return look_up(
        m, space, vl_buf_span(&name), vl_span_str(package->version), package, flags | LOOK_BY_SOURCE, err);
}

static int match_space(struct vl_advisory_matcher *m, int space, const struct vl_package *package,
    unsigned flags, struct vl_err *err)
{
    bool source = m->db->spaces[space].info->by_source && package->source_name;
    struct vl_span version = vl_span_str(package->version);
    int r = look_up(m, space, vl_span_str(source ? package->source_name : package->name),
        source && package->source_version ? vl_span_str(package->source_version) : version, package,
        flags | (source ? LOOK_BY_SOURCE : 0U), err);
    /* a family that names sources, of which a feed names some binaries all the same */
    if (r == 0 && source && strcmp(package->source_name, package->name) != 0 &&
        package->ecosystem == VL_ECO_RPM)
        r = look_up(m, space, vl_span_str(package->name), version, package, flags, err);
    return r < 0 ? r : look_up_rhel_source(m, space, package, flags, err);
}

static int compare_records(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* An extended channel decides what it speaks of; of the rest the release's own data does. */
static int match_distro(struct vl_advisory_matcher *m, const struct vl_package *package, struct vl_err *err)
{
    int r = 0;
    bool flavoured = false;
    m->decided.len = 0;
    if (m->n_distro_spaces == 0)
        return 0;
    int flavour = flavour_space(m, package, &flavoured);
    if (flavoured)
        return flavour < 0 ? 0 : match_space(m, flavour, package, 0, err);
    int eus = eus_space(m, package);
    if (eus >= 0)
        r = match_space(m, eus, package, LOOK_REMEMBER, err);
    if (m->decided.len)
        qsort(m->decided.items, m->decided.len, sizeof(uint32_t), compare_records);
    for (size_t i = 0; i < m->n_distro_spaces && r == 0; i++) {
        int space = m->distro_spaces[i];
        if (space < 0)
            continue;
        size_t before = m->hits.len;
        r = match_space(m, space, package, eus >= 0 ? LOOK_SKIP_DECIDED : 0, err);
        for (size_t k = before; i > 0 && k < m->hits.len; k++) {
            struct match_hit *hit = (struct match_hit *)m->hits.items + k;
            if (strncmp(m->distro_names[i], "ubuntu-pro", 10) == 0 && hit->fixed.len)
                hit->state = VL_FIX_PAID;
        }
    }
    return r;
}

static struct vl_span language_version(const struct vl_package *package)
{
    struct vl_span version = vl_span_str(package->version);
    if (package->ecosystem != VL_ECO_GO)
        return version;
    if (vl_span_starts_with(version, "go"))
        return vl_span_slice(version, 2, version.len);
    return vl_span_starts_with(version, "v") ? vl_span_slice(version, 1, version.len) : version;
}

static int match_language(struct vl_advisory_matcher *m, const struct vl_package *package, struct vl_err *err)
{
    int space = match_eco_space(m, package->ecosystem);
    if (space < 0)
        return 0;
    struct vl_span name = vl_span_str(package->name);
    if (m->db->spaces[space].info->names == VL_SPACE_NAMES_EXACT)
        return look_up(m, space, name, language_version(package), package, 0, err);
    struct vl_buf text;
    vl_buf_init(&text, 4096);
    vl_space_append_name(m->db->spaces[space].name, name, &text);
    int r =
        text.failed ? 0 : look_up(m, space, vl_buf_span(&text), language_version(package), package, 0, err);
    vl_buf_done(&text);
    return r;
}

/* All that the answer depends on. False where it does not fit: then nothing is remembered. */
static bool make_key(const struct vl_advisory_matcher *m, const struct vl_package *p, bool distribution,
    char key[MATCH_KEY_MAX], size_t *ret_len)
{
    const char *parts[] = {p->name, p->version, p->source_name, p->source_version, p->module};
    size_t n = distribution ? VL_ARRAY_LEN(parts) : 2;
    size_t len = 0;
    key[len++] = (char)p->ecosystem;
    for (size_t i = 0; distribution && i < m->n_distro_spaces; i++) {
        memcpy(key + len, &m->distro_spaces[i], sizeof(int));
        len += sizeof(int);
    }
    for (size_t i = 0; i < n; i++) {
        size_t size = parts[i] ? strlen(parts[i]) : 0;
        if (len + size + 1 > MATCH_KEY_MAX)
            return false;
        if (size)
            memcpy(key + len, parts[i], size);
        len += size;
        key[len++] = parts[i] ? 0 : 1;
    }
    *ret_len = len;
    return true;
}

static int give(const struct vl_advisory_matcher *m, const struct match_hit *hits, size_t n,
    struct vl_arena *arena, struct vl_vec *matches, struct vl_err *err)
{
    (void)m;
    for (size_t i = 0; i < n; i++) {
        struct vl_advisory_match *match = vl_vec_push(matches, "matches", err);
        if (!match)
            return err->err;
        *match = (struct vl_advisory_match){.record = hits[i].record,
            .state = hits[i].state,
            .severity = hits[i].severity,
            .by_source = hits[i].by_source};
        if (hits[i].fixed.len) {
            match->fixed_version = vl_arena_dup_span(arena, hits[i].fixed);
            if (!match->fixed_version)
                return vl_arena_check(arena, "matches", err);
        }
    }
    return 0;
}

/* Remembers the hits at hand under a key that was absent. */
static void remember(struct vl_advisory_matcher *m, const char *key, size_t len)
{
    struct vl_err err = VL_ERR_INIT;
    if (m->cache.len >= MATCH_CACHE_MAX || vl_arena_used(m->cache_arena) > MATCH_CACHE_BYTES_MAX / 2) {
        vl_map_done(&m->cache);
        vl_map_init(&m->cache, MATCH_CACHE_MAX);
        vl_arena_reset(m->cache_arena);
    }
    struct match_list *list = vl_arena_alloc(m->cache_arena, sizeof(*list));
    char *copy = vl_arena_dup_span(m->cache_arena, (struct vl_span){key, len});
    struct match_hit *hits = m->hits.len ? vl_arena_array(m->cache_arena, m->hits.len, sizeof(*hits)) : NULL;
    struct vl_map_slot *slot;
    if (!list || !copy || (m->hits.len && !hits))
        return;
    if (hits)
        memcpy(hits, m->hits.items, m->hits.len * sizeof(*hits));
    *list = (struct match_list){hits, m->hits.len};
    if (vl_map_put(&m->cache, (struct vl_span){copy, len}, &slot, NULL, &err) == 0)
        slot->value.ptr = list;
}

int vl_advisory_match(struct vl_advisory_matcher *m, const struct vl_package *package, struct vl_arena *arena,
    struct vl_vec *matches, struct vl_err *err)
{
    char key[MATCH_KEY_MAX];
    size_t len = 0;
    m->hits.len = 0;
    if (windows_is_target(m, package)) {
        int r = windows_match(m, package, err);
        return r < 0 ? r : give(m, m->hits.items, m->hits.len, arena, matches, err);
    }
    if (match_verdict_of(m, package) != MATCH_JUDGE)
        return 0;
    bool distribution = vl_ecosystem_info(package->ecosystem)->distribution;
    bool keyed = make_key(m, package, distribution, key, &len);
    const struct vl_map_slot *slot = keyed ? vl_map_get(&m->cache, (struct vl_span){key, len}) : NULL;
    if (slot) {
        const struct match_list *list = slot->value.ptr;
        return give(m, list->hits, list->n, arena, matches, err);
    }
    int r = distribution ? match_distro(m, package, err) : match_language(m, package, err);
    if (r < 0)
        return vl_err_wrap(err, "matching %s", package->name);
    if (keyed)
        remember(m, key, len);
    return give(m, m->hits.items, m->hits.len, arena, matches, err);
}
