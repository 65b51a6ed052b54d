#include "findings/facts.h"

#include <string.h>

#include "base/text.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "scan/inventory_codec.h"

#define JSON_MAX (256UL * 1024)

static const uint64_t hash_seed[2] = {0x76616c6c756d3031, 0x6661637473000001}; /* stored: never changed */

int vl_facts_memo_init(struct vl_facts_memo *memo, struct vl_err *err)
{
    vl_map_init(&memo->by_name, VL_FACTS_KNOWN_MAX);
    memo->arena = vl_arena_new(VL_FACTS_ARENA_MAX);
    return memo->arena ? 0 : vl_err_nomem(err);
}

void vl_facts_memo_done(struct vl_facts_memo *memo)
{
    vl_map_done(&memo->by_name);
    vl_arena_free(memo->arena);
}

#define EACH(byte) (UINT64_MAX / 255 * (byte))

/* Printable ASCII, eight bytes at a time: nearly all there is. */
static bool is_plain_text(const char *text, size_t len)
{
    uint64_t bad = 0;
    while (len >= sizeof(bad)) {
        uint64_t word;
        memcpy(&word, text, sizeof(word));
        bad |= (word | (word - EACH(0x20))) & EACH(0x80); /* a byte below a blank borrows, or is not ASCII */
        text += sizeof(word);
        len -= sizeof(word);
    }
    for (; len > 0; len--, text++)
        bad |= (unsigned char)*text < ' ' || (unsigned char)*text >= 0x80;
    return bad == 0;
}

static bool is_good_text(const char *text, size_t len)
{
    if (is_plain_text(text, len))
        return true;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
            return false;
    return vl_utf8_valid((struct vl_span){text, len});
}

const char *vl_facts_text(const char *text, struct vl_arena *arena)
{
    if (!text)
        return NULL;
    size_t len = strnlen(text, VL_FACTS_TEXT_MAX + 1);
    if (len <= VL_FACTS_TEXT_MAX && is_good_text(text, len))
        return text;
    if (len > VL_FACTS_TEXT_MAX) {
        len = VL_FACTS_TEXT_MAX - 3;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--; /* not inside of a character */
    }
    struct vl_buf clean VL_CLEANUP(vl_buf_done);
    vl_buf_init(&clean, VL_FACTS_TEXT_MAX * 8UL);
    if (is_good_text(text, len))
        vl_buf_append(&clean, text, len);
    else
        vl_text_append_printable(&clean, (struct vl_span){text, len});
    if (text[len])
        vl_buf_append_str(&clean, "\xe2\x80\xa6");
    return vl_arena_dup_span(arena, vl_buf_span(&clean));
}

/* --- what a vulnerability is --- */

static const char *texts_json(const char *const *texts, size_t n, struct vl_arena *arena)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, JSON_MAX);
    if (n == 0)
        return "[]";
    vl_json_init(&json, &out, false);
    vl_json_array(&json);
    for (size_t i = 0; i < n && i < VL_FACTS_LINKS_MAX; i++)
        vl_json_str(&json, vl_facts_text(texts[i], arena));
    vl_json_array_end(&json);
    struct vl_err ignored = VL_ERR_INIT;
    return vl_json_check(&json, "texts", &ignored) < 0 ? "[]" : vl_arena_dup_span(arena, vl_buf_span(&out));
}

static void mix(uint64_t *hash, const void *bytes, size_t len)
{
    *hash = vl_hash_bytes(hash_seed, (struct vl_span){bytes, len}) ^ (*hash * 0x100000001b3ULL);
}

static void mix_text(uint64_t *hash, const char *text)
{
    mix(hash, text ? text : "\xff", text ? strlen(text) + 1 : 1);
}

static void mix_int(uint64_t *hash, int64_t v)
{
    mix(hash, &v, sizeof(v));
}

static void mix_double(uint64_t *hash, double v)
{
    mix(hash, &v, sizeof(v));
}

static int64_t hash_vulnerability(const struct vl_facts_vulnerability *v)
{
    uint64_t h = 1;
    const char *const texts[] = {
        v->title, v->details, v->exploitation, v->cvss_vector, v->aliases, v->cwes, v->links};
    const int64_t numbers[] = {
        v->has_cvss, v->has_epss, v->kev_added, v->kev_due, v->published, v->modified, v->kev_ransomware};
    const double doubles[] = {v->cvss, v->epss, v->epss_percentile};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++)
        mix_text(&h, texts[i]);
    for (size_t i = 0; i < VL_ARRAY_LEN(numbers); i++)
        mix_int(&h, numbers[i]);
    for (size_t i = 0; i < VL_ARRAY_LEN(doubles); i++)
        mix_double(&h, doubles[i]);
    return (int64_t)h;
}

static void fill_vulnerability(
    struct vl_facts_vulnerability *v, const struct vl_finding *f, struct vl_arena *arena)
{
    v->title = f->title ? vl_facts_text(f->title, arena) : "";
    v->details = vl_facts_text(f->details, arena);
    v->exploitation = f->exploitation;
    if (f->n_cvss) {
        v->has_cvss = true;
        v->cvss = f->cvss[0].score;
        v->cvss_vector = vl_facts_text(f->cvss[0].vector, arena);
    }
    v->severity = (int)f->severity;
    v->has_epss = f->has_epss;
    v->epss = f->has_epss ? f->epss : 0;
    v->epss_percentile = f->has_epss ? f->epss_percentile : 0;
    if (f->kev) {
        v->kev_added = f->kev->added_ms ? f->kev->added_ms : 1;
        v->kev_due = f->kev->due_ms;
        v->kev_ransomware = f->kev->ransomware;
    }
    v->published = f->published_ms;
    v->modified = f->modified_ms;
    v->aliases = texts_json(f->aliases, f->n_aliases, arena);
    v->cwes = texts_json(f->cwes, f->n_cwes, arena);
    v->links = texts_json(f->references, f->n_references, arena);
}

/* By its name; the texts are copied, since they belong to the result and the memo lives longer. */
static int vulnerability_of(struct vl_facts_memo *memo, const struct vl_finding *f,
    struct vl_facts_vulnerability **ret, struct vl_err *err)
{
    struct vl_map_slot *slot = vl_map_get(&memo->by_name, vl_span_str(f->id));
    if (slot) {
        *ret = slot->value.ptr;
        return 0;
    }
    struct vl_facts_vulnerability *v = vl_arena_alloc(memo->arena, sizeof(*v));
    const char *name = vl_arena_strdup(memo->arena, vl_facts_text(f->id, memo->arena));
    if (v && name) {
        fill_vulnerability(v, f, memo->arena);
        v->name = name;
        const char **const copied[] = {&v->title, &v->details, &v->exploitation, &v->cvss_vector};
        for (size_t i = 0; i < VL_ARRAY_LEN(copied); i++)
            *copied[i] = *copied[i] ? vl_arena_strdup(memo->arena, *copied[i]) : NULL;
    }
    int r = vl_arena_check(memo->arena, "facts of vulnerabilities", err);
    if (r < 0 || !v || !name)
        return r < 0 ? r : vl_err_nomem(err);
    v->hash = hash_vulnerability(v);
    r = vl_map_put(&memo->by_name, vl_span_str(name), &slot, NULL, err);
    if (r < 0)
        return r;
    slot->value.ptr = v;
    *ret = v;
    return 0;
}

/* --- packages and matches --- */

struct making {
    struct vl_facts *facts;
    struct vl_facts_memo *memo;
    struct vl_arena *arena;
    struct vl_map packages; /* purl -> index */
    struct vl_map matches;  /* index of a package and name of a vulnerability -> index */
    struct vl_err *err;
};

static const char *distro_of(const struct vl_inventory *inventory, struct vl_arena *arena)
{
    const struct vl_distro *d = &inventory->distro;
    if (!d->id || !d->id[0])
        return NULL;
    const char *text =
        d->version_id && d->version_id[0] ? vl_arena_printf(arena, "%s:%s", d->id, d->version_id) : d->id;
    return vl_facts_text(text, arena);
}

static const char *purl_of(const struct vl_package *p, struct vl_arena *arena)
{
    if (p->purl)
        return vl_facts_text(p->purl, arena);
    const char *text = vl_arena_printf(arena, "pkg:generic/%s@%s?ecosystem=%s", p->name ? p->name : "",
        p->version ? p->version : "", vl_ecosystem_info(p->ecosystem)->name);
    return vl_facts_text(text, arena);
}

static int add_package(struct making *m, const struct vl_package *p, size_t *ret)
{
    struct vl_facts *f = m->facts;
    struct vl_map_slot *slot;
    bool added;
    const char *purl = purl_of(p, m->arena);
    int r = purl ? vl_map_put(&m->packages, vl_span_str(purl), &slot, &added, m->err) : vl_err_nomem(m->err);
    if (r < 0)
        return r;
    if (added) {
        slot->value.num = f->n_packages;
        f->packages[f->n_packages++] = (struct vl_facts_package){.purl = purl,
            .name = vl_facts_text(p->name ? p->name : "", m->arena),
            .version = vl_facts_text(p->version ? p->version : "", m->arena),
            .distro = vl_ecosystem_info(p->ecosystem)->distribution ? f->distro : NULL,
            .ecosystem = (int)p->ecosystem};
    }
    *ret = (size_t)slot->value.num;
    return 0;
}

static int64_t hash_match(const struct vl_facts_match *m)
{
    uint64_t h = 2;
    const char *const texts[] = {m->severity_source, m->fixed_version, m->source, m->advisory};
    const int64_t numbers[] = {m->severity, m->state, m->malicious};
    for (size_t i = 0; i < VL_ARRAY_LEN(texts); i++)
        mix_text(&h, texts[i]);
    mix(&h, numbers, sizeof(numbers));
    return (int64_t)h;
}

/* The same package at several places is one finding: open where it is open at one of them, in the layer that
 * brought it first. */
static void join(struct vl_facts_match *m, const struct vl_finding *f)
{
    int layer = f->package->layer == VL_LAYER_NONE ? -1 : (int)f->package->layer;
    if ((int)f->status < m->status)
        m->status = (int)f->status;
    if (layer >= 0 && (m->layer < 0 || layer < m->layer))
        m->layer = layer;
}

static int add_match(struct making *m, const struct vl_finding *f)
{
    struct vl_facts *facts = m->facts;
    struct vl_facts_vulnerability *v = NULL;
    struct vl_map_slot *slot;
    bool added;
    size_t package = 0;
    int r = add_package(m, f->package, &package);
    if (r >= 0)
        r = vulnerability_of(m->memo, f, &v, m->err);
    if (r < 0)
        return r;
    struct {
        uint64_t package;
        const void *vulnerability;
    } pair = {package, v};
    char *key = vl_arena_alloc(m->arena, sizeof(pair));
    if (!key)
        return vl_arena_check(m->arena, "findings", m->err);
    memcpy(key, &pair, sizeof(pair));
    r = vl_map_put(&m->matches, (struct vl_span){key, sizeof(pair)}, &slot, &added, m->err);
    if (r < 0)
        return r;
    if (!added) {
        join(&facts->matches[slot->value.num], f);
        return 0;
    }
    slot->value.num = facts->n_matches;
    struct vl_facts_match *match = &facts->matches[facts->n_matches++];
    *match = (struct vl_facts_match){.package = package,
        .vulnerability = v,
        .finding = f,
        .severity = (int)f->severity,
        .state = (int)f->state,
        .severity_source = vl_facts_text(f->severity_source, m->arena),
        .fixed_version = vl_facts_text(f->fixed_version, m->arena),
        .source = vl_facts_text(f->source ? f->source : "", m->arena),
        .advisory = vl_facts_text(f->advisory ? f->advisory : f->id, m->arena),
        .malicious = f->malicious,
        .status = (int)f->status,
        .layer = -1};
    match->hash = hash_match(match);
    join(match, f);
    return 0;
}

static void count(struct vl_facts *f)
{
    for (size_t i = 0; i < f->n_matches; i++) {
        const struct vl_facts_match *m = &f->matches[i];
        int64_t *const by_severity[] = {[VL_SEVERITY_UNKNOWN] = &f->counts.unknown,
            [VL_SEVERITY_NEGLIGIBLE] = &f->counts.low,
            [VL_SEVERITY_LOW] = &f->counts.low,
            [VL_SEVERITY_MEDIUM] = &f->counts.medium,
            [VL_SEVERITY_HIGH] = &f->counts.high,
            [VL_SEVERITY_CRITICAL] = &f->counts.critical};
        if (m->status != VL_FINDING_OPEN || m->severity >= (int)VL_ARRAY_LEN(by_severity))
            continue;
        ++*by_severity[m->severity];
        f->counts.fixable += m->fixed_version != NULL;
        f->counts.kev += m->vulnerability->kev_added != 0;
    }
}

static const char *coverage_json(
    const struct vl_coverage *coverage, struct vl_arena *arena, struct vl_err *err)
{
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    struct vl_json json;
    vl_buf_init(&out, JSON_MAX);
    vl_json_init(&json, &out, false);
    vl_json_array(&json);
    for (size_t i = 0; i < coverage->n_rows; i++) {
        const struct vl_coverage_row *row = &coverage->rows[i];
        vl_json_object(&json);
        vl_json_member_str(&json, "ecosystem", row->ecosystem);
        vl_json_member_int(&json, "packages", (int64_t)row->packages);
        vl_json_member_bool(&json, "hasData", row->has_data);
        vl_json_key(&json, "source");
        vl_json_str(&json, row->source);
        vl_json_member_time(&json, "dataDate", row->data_ms);
        vl_json_member_int(&json, "records", (int64_t)row->records);
        vl_json_member_bool(&json, "starter", row->starter);
        vl_json_object_end(&json);
    }
    vl_json_array_end(&json);
    return vl_json_check(&json, "coverage", err) < 0 ? NULL : vl_arena_dup_span(arena, vl_buf_span(&out));
}

static int make_all(struct making *m, bool list)
{
    const struct vl_scan_result *result = m->facts->result;
    const struct vl_inventory *in = result->inventory;
    const struct vl_package *packages = in->packages.items;
    const struct vl_finding *findings = result->findings.items;
    const struct vl_layer *layers = in->layers.items;
    struct vl_facts *f = m->facts;
    size_t ignored;
    int r = 0;
    f->packages = vl_arena_array(m->arena, in->packages.len + 1, sizeof(*f->packages));
    f->matches = vl_arena_array(m->arena, result->findings.len + 1, sizeof(*f->matches));
    f->distro = distro_of(in, m->arena);
    f->coverage = coverage_json(&result->coverage, m->arena, m->err);
    if (!f->packages || !f->matches || !f->coverage)
        return m->err->err ? m->err->err : vl_arena_check(m->arena, "facts", m->err);
    for (size_t i = 0; i < in->packages.len && r >= 0 && list; i++)
        r = add_package(m, &packages[i], &ignored);
    for (size_t i = 0; i < result->findings.len && r >= 0; i++)
        r = add_match(m, &findings[i]);
    for (size_t i = 0; i < in->layers.len; i++)
        f->size += layers[i].size < INT64_MAX / VL_INVENTORY_LAYERS_MAX ? (int64_t)layers[i].size : 0;
    count(f);
    return r < 0 ? r : vl_arena_check(m->arena, "facts", m->err);
}

int vl_facts_make(const struct vl_scan_result *result, struct vl_facts_memo *memo, bool list,
    struct vl_arena *arena, struct vl_facts *ret, struct vl_err *err)
{
    struct vl_facts facts = {.result = result, .arena = arena};
    struct making m = {.facts = &facts, .memo = memo, .arena = arena, .err = err};
    vl_map_init(&m.packages, VL_INVENTORY_PACKAGES_MAX);
    vl_map_init(&m.matches, VL_FACTS_KNOWN_MAX);
    int r = make_all(&m, list);
    vl_map_done(&m.packages);
    vl_map_done(&m.matches);
    if (r >= 0)
        *ret = facts;
    return r;
}

/* --- the package list --- */

int vl_facts_list(const struct vl_inventory *inventory, struct vl_arena *arena, const char **ret_hash,
    struct vl_buf *encoded, struct vl_err *err)
{
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    struct vl_inventory shared = *inventory; /* the lists are lent */
    shared.target = (struct vl_target){.kind = inventory->target.kind,
        .name = "",
        .os = inventory->target.os,
        .arch = inventory->target.arch,
        .variant = inventory->target.variant,
        .os_version = inventory->target.os_version};
    shared.bytes_read = 0; /* of this scan: nothing where the cache had it */
    size_t before = encoded->len;
    int r = vl_inventory_encode(&shared, encoded, err);
    if (r < 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_slice(vl_buf_span(encoded), before, encoded->len), &digest);
    const char *hash = vl_arena_strdup(arena, vl_digest_format(&digest, text));
    if (!hash)
        return vl_arena_check(arena, "a package list", err);
    *ret_hash = hash;
    return 0;
}
