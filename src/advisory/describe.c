/* From a record number to the facts of a finding, merged over all advisories about the vulnerability. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "advisory/cvss.h"
#include "db.h"

#define MEMBERS_MAX 64U /* advisories about one vulnerability that are read for its facts */
#define IDS_MAX     64U
#define LIST_MAX    48U
#define PLAIN_MAX   ADB_TEXT_BLOCK_MAX

struct describe {
    struct vl_advisory_db *db;
    struct vl_arena *arena;
    struct vl_buf plain;
    struct adb_advisory own; /* that matched */
    struct adb_group group;
    const char *vendor; /* whose severity comes first; NULL for languages */
    const char *title;
    const char *details;
    int64_t published_ms, modified_ms;
    bool malicious;
    size_t n_ids, n_ratings, n_cvss, n_cwes, n_refs;
    /* From here on not zeroed at the start: most of the room is never used. */
    const char *ids[IDS_MAX];
    struct vl_rating ratings[LIST_MAX];
    bool rating_own[LIST_MAX];
    struct vl_cvss cvss[LIST_MAX];
    bool cvss_own[LIST_MAX];
    uint32_t cwes[LIST_MAX];
    const char *refs[LIST_MAX];
};

static const char *string_at(struct describe *d, uint64_t offset, struct vl_err *err)
{
    struct vl_span s;
    if (adb_string(d->db, offset, &s, err) < 0)
        return NULL;
    const char *copy = vl_arena_dup_span(d->arena, s);
    if (!copy && vl_arena_check(d->arena, "a finding", err) == 0)
        return NULL;
    return copy;
}

static int add_id(struct describe *d, uint32_t number, struct vl_err *err)
{
    const char *text;
    if (d->n_ids == IDS_MAX)
        return 0;
    int r = adb_id_text(d->db, number, d->arena, &text, err);
    for (size_t i = 0; i < d->n_ids && r == 0; i++) {
        if (strcmp(d->ids[i], text) == 0)
            return 0;
    }
    if (r == 0)
        d->ids[d->n_ids++] = text;
    return r;
}

static int add_ratings(struct describe *d, const struct adb_advisory *a, bool own, struct vl_err *err)
{
    struct vl_reader in = a->ratings;
    for (uint32_t i = 0; i < a->n_ratings && d->n_ratings < LIST_MAX; i++) {
        uint64_t source = adb_varint(&in);
        unsigned severity = vl_reader_u8(&in);
        if (!vl_reader_ok(&in) || severity >= VL_SEVERITY_COUNT)
            return adb_corrupt(d->db, "a rating", err);
        const char *name = string_at(d, source, err);
        if (!name)
            return err->err;
        bool seen = false;
        for (size_t k = 0; k < d->n_ratings && !seen; k++)
            seen = d->ratings[k].severity == severity && strcmp(d->ratings[k].source, name) == 0;
        if (seen)
            continue;
        d->rating_own[d->n_ratings] = own;
        d->ratings[d->n_ratings++] = (struct vl_rating){name, (enum vl_severity)severity};
    }
    return 0;
}

static int add_cvss(struct describe *d, struct vl_reader in, uint32_t n, bool own, struct vl_err *err)
{
    for (uint32_t i = 0; i < n && d->n_cvss < LIST_MAX; i++) {
        uint64_t source = adb_varint(&in);
        uint64_t vector = adb_varint(&in);
        if (!vl_reader_ok(&in))
            return adb_corrupt(d->db, "a CVSS vector", err);
        struct vl_cvss c = {.source = string_at(d, source, err), .vector = string_at(d, vector, err)};
        if (!c.source || !c.vector)
            return err->err;
        struct vl_cvss_score score;
        struct vl_err bad = VL_ERR_INIT;
        if (vl_cvss_parse(vl_span_str(c.vector), &score, &bad) < 0)
            continue; /* a vector that breaks its own rules has no score */
        bool seen = false;
        for (size_t k = 0; k < d->n_cvss && !seen; k++)
            seen = strcmp(d->cvss[k].vector, c.vector) == 0;
        if (seen)
            continue;
        c.version = score.version;
        c.score = score.base;
        c.severity = score.base_severity;
        d->cvss_own[d->n_cvss] = own;
        d->cvss[d->n_cvss++] = c;
    }
    return 0;
}

static int add_cwes(struct describe *d, struct vl_reader in, uint32_t n, struct vl_err *err)
{
    for (uint32_t i = 0; i < n && d->n_cwes < LIST_MAX; i++) {
        uint64_t cwe = adb_varint(&in);
        if (!vl_reader_ok(&in))
            return adb_corrupt(d->db, "a CWE", err);
        bool seen = cwe == 0;
        for (size_t k = 0; k < d->n_cwes && !seen; k++)
            seen = d->cwes[k] == cwe;
        if (!seen)
            d->cwes[d->n_cwes++] = (uint32_t)cwe;
    }
    return 0;
}

static int add_texts(struct describe *d, const struct adb_advisory *a, struct vl_err *err)
{
    struct adb_text text;
    int r = adb_text_get(d->db, a, &d->plain, &text, err);
    if (r < 0)
        return r;
    if (!d->title && text.title.len)
        d->title = vl_arena_dup_span(d->arena, text.title);
    if (!d->details && text.details.len)
        d->details = vl_arena_dup_span(d->arena, text.details);
    for (uint32_t i = 0; i < text.n_refs && d->n_refs < LIST_MAX; i++) {
        struct vl_span url = adb_lstr(&text.refs);
        bool seen = false;
        for (size_t k = 0; k < d->n_refs && !seen; k++)
            seen = vl_span_eq_str(url, d->refs[k]);
        if (!seen && url.len)
            d->refs[d->n_refs++] = vl_arena_dup_span(d->arena, url);
    }
    return vl_arena_check(d->arena, "a finding", err);
}

static int add_member(struct describe *d, const struct adb_advisory *a, struct vl_err *err)
{
    bool own = a->number == d->own.number;
    int r = add_ratings(d, a, own, err);
    if (r == 0)
        r = add_cvss(d, a->cvss, a->n_cvss, own, err);
    if (r == 0)
        r = add_cwes(d, a->cwes, a->n_cwes, err);
    if (r == 0)
        r = add_texts(d, a, err);
    if (a->published_ms && (!d->published_ms || a->published_ms < d->published_ms))
        d->published_ms = a->published_ms;
    if (a->modified_ms > d->modified_ms)
        d->modified_ms = a->modified_ms;
    d->malicious = d->malicious || (a->flags & ADB_ADV_MALICIOUS);
    return r;
}

/* Who the advisory's packages belong to: a distribution's name for ratings, NULL for languages. */
static int vendor_of(struct describe *d, const struct adb_advisory *a, const char **ret, struct vl_err *err)
{
    struct vl_reader in = a->packages;
    struct adb_package package;
    *ret = NULL;
    if (a->n_packages == 0)
        return 0;
    int r = adb_package_at(d->db, adb_varint(&in), &package, err);
    if (r == 0)
        *ret = d->db->spaces[package.space].info->rating;
    return r;
}

/* Other advisories about it. A vendor's advisory about several vulnerabilities (DSA, ALSA) tells about
 * another vendor's package as little as its packages do: it lends its name and rating only to findings of its
 * own. */
static int add_members(struct describe *d, struct vl_err *err)
{
    uint64_t number = 0;
    struct vl_reader in = d->group.members;
    for (uint32_t i = 0, read = 0; i < d->group.n_members && read < MEMBERS_MAX; i++) {
        struct adb_advisory a;
        const char *vendor = NULL;
        number += adb_varint(&in);
        if (number == d->own.number)
            continue;
        int r = adb_advisory_get(d->db, (uint32_t)number, &a, err);
        if (r == 0)
            r = vendor_of(d, &a, &vendor, err);
        if (r < 0)
            return r;
        if (vendor && (!d->vendor || strcmp(vendor, d->vendor) != 0))
            continue;
        read++;
        r = add_member(d, &a, err);
        if (r == 0 && vendor)
            r = add_id(d, a.id, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int source_rank(const char *source)
{
    static const char *const order[] = {"nvd", "ghsa", "cna", "cisa-adp", "cve"};
    for (size_t i = 0; i < VL_ARRAY_LEN(order); i++) {
        if (strcmp(source, order[i]) == 0)
            return (int)i;
    }
    return (int)VL_ARRAY_LEN(order);
}

/* 3.1 is what everybody can compare; 4.0 scores are on another scale. */
static int version_rank(unsigned version)
{
    return version == 31 ? 0 : version == 30 ? 1 : version == 40 ? 2 : 3;
}

/* Smaller is better: the vendor's own, then that of the record that matched, then the known sources. */
static int rank_of(const struct describe *d, const char *source, bool own)
{
    if (d->vendor && strcmp(source, d->vendor) == 0)
        return -2;
    return own ? -1 : source_rank(source);
}

static int cvss_rank(const struct describe *d, size_t i)
{
    return rank_of(d, d->cvss[i].source, d->cvss_own[i]) * 4 + version_rank(d->cvss[i].version);
}

static void sort_cvss(struct describe *d)
{
    for (size_t i = 1; i < d->n_cvss; i++) {
        for (size_t k = i; k > 0 && cvss_rank(d, k) < cvss_rank(d, k - 1); k--) {
            struct vl_cvss c = d->cvss[k];
            bool own = d->cvss_own[k];
            d->cvss[k] = d->cvss[k - 1];
            d->cvss_own[k] = d->cvss_own[k - 1];
            d->cvss[k - 1] = c;
            d->cvss_own[k - 1] = own;
        }
    }
}

/* The vendor's word first, else the best rating, else the best vector. */
static void choose_severity(struct describe *d, struct vl_finding *f)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < d->n_ratings; i++) {
        if (best == SIZE_MAX || rank_of(d, d->ratings[i].source, d->rating_own[i]) <
                                    rank_of(d, d->ratings[best].source, d->rating_own[best]))
            best = i;
    }
    bool by_cvss = d->n_cvss && (best == SIZE_MAX || cvss_rank(d, 0) / 4 < rank_of(d, d->ratings[best].source,
                                                                               d->rating_own[best]));
    if (by_cvss) {
        f->severity = d->cvss[0].severity;
        f->severity_source = d->cvss[0].source;
        best = SIZE_MAX;
    } else if (best != SIZE_MAX) {
        f->severity = d->ratings[best].severity;
        f->severity_source = d->ratings[best].source;
    }
    size_t n = 0;
    for (size_t i = 0; i < d->n_ratings; i++) {
        if (i != best)
            d->ratings[n++] = d->ratings[i];
    }
    d->n_ratings = n;
}

static void *copy_list(struct vl_arena *arena, const void *list, size_t n, size_t size)
{
    void *copy = n ? vl_arena_array(arena, n, size) : NULL;
    if (copy)
        memcpy(copy, list, n * size);
    return copy;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void fill_group(struct describe *d, struct vl_finding *f)
{
    static const char *const ssvc[] = {NULL, "none", "poc", "active"};
    const struct adb_group *g = &d->group;
    if (g->flags & ADB_GROUP_EPSS) {
        f->has_epss = true;
        f->epss = g->epss;
        f->epss_percentile = g->percentile;
    }
    if (g->flags & ADB_GROUP_KEV)
        f->kev = copy_list(d->arena, &g->kev, 1, sizeof(g->kev));
    if (g->ssvc < VL_ARRAY_LEN(ssvc))
        f->exploitation = ssvc[g->ssvc];
}

static int fill(struct describe *d, struct vl_finding *f, struct vl_err *err)
{
    sort_cvss(d);
    choose_severity(d, f);
    if (d->n_ids > 2)
        qsort(d->ids + 1, d->n_ids - 1, sizeof(d->ids[0]), compare_names);
    f->id = d->ids[0];
    f->n_aliases = d->n_ids - 1;
    f->aliases = copy_list(d->arena, d->ids + 1, f->n_aliases, sizeof(d->ids[0]));
    f->ratings = copy_list(d->arena, d->ratings, d->n_ratings, sizeof(d->ratings[0]));
    f->n_ratings = d->n_ratings;
    f->cvss = copy_list(d->arena, d->cvss, d->n_cvss, sizeof(d->cvss[0]));
    f->n_cvss = d->n_cvss;
    const char **cwes = d->n_cwes ? vl_arena_array(d->arena, d->n_cwes, sizeof(*cwes)) : NULL;
    for (size_t i = 0; cwes && i < d->n_cwes; i++)
        cwes[i] = vl_arena_printf(d->arena, "CWE-%u", (unsigned)d->cwes[i]);
    f->cwes = cwes;
    f->n_cwes = d->n_cwes;
    f->references = copy_list(d->arena, d->refs, d->n_refs, sizeof(d->refs[0]));
    f->n_references = d->n_refs;
    f->source = vl_arena_strdup(d->arena, d->db->feeds[d->own.feed].name);
    f->title = d->title;
    f->details = d->details;
    f->published_ms = d->published_ms ? d->published_ms : d->group.published_ms;
    f->modified_ms = d->modified_ms;
    f->malicious = d->malicious;
    fill_group(d, f);
    return vl_arena_check(d->arena, "a finding", err);
}

static int gather(struct describe *d, uint32_t record, struct vl_finding *f, struct vl_err *err)
{
    uint32_t group;
    int r = adb_advisory_of(d->db, record, &d->own, err);
    if (r == 0)
        r = adb_advisory_group(d->db, &d->own, record, &group, err);
    if (r == 0)
        r = adb_group_get(d->db, group, &d->group, err);
    if (r == 0)
        r = vendor_of(d, &d->own, &d->vendor, err);
    struct vl_reader ids = d->group.ids;
    uint64_t number = 0;
    for (uint32_t i = 0; i < d->group.n_ids && r == 0; i++) {
        uint64_t v = adb_varint(&ids);
        number = i < 2 ? v : number + v;
        r = number > UINT32_MAX ? adb_corrupt(d->db, "an id number", err) : add_id(d, (uint32_t)number, err);
    }
    if (r == 0)
        r = add_id(d, d->own.id, err);
    if (r == 0)
        r = adb_id_text(d->db, d->own.id, d->arena, &f->advisory, err);
    if (r == 0)
        r = add_member(d, &d->own, err);
    if (r == 0)
        r = add_members(d, err);
    if (r == 0)
        r = add_cvss(d, d->group.cvss, d->group.n_cvss, false, err);
    if (r == 0)
        r = add_cwes(d, d->group.cwes, d->group.n_cwes, err);
    if (r == 0 && !d->title && d->group.title) {
        d->title = string_at(d, d->group.title, err);
        r = d->title ? 0 : err->err;
    }
    return r;
}

int vl_advisory_describe(struct vl_advisory_db *db, uint32_t record, const struct vl_distro *distro,
    struct vl_arena *arena, struct vl_finding *finding, struct vl_err *err)
{
    (void)distro; /* the record's own namespace tells the vendor, for language packages of an image as well */
    struct describe *d = malloc(sizeof(*d));
    if (!d)
        return vl_err_nomem(err);
    memset(d, 0, offsetof(struct describe, ids));
    d->db = db;
    d->arena = arena;
    vl_buf_init(&d->plain, PLAIN_MAX);
    int r = gather(d, record, finding, err);
    if (r == 0)
        r = fill(d, finding, err);
    vl_buf_done(&d->plain);
    free(d);
    return r;
}
