/* Advisories and their texts, and the feed table. */
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "codec/digest.h"
#include "pack.h"

#define TEXT_LEVEL        19
#define TRAIN_BYTES_MAX   (6UL * 1024 * 1024)
#define TRAIN_SAMPLES_MAX 4096U

/* What all entries of one advisory say together; lists are in the scratch arena. */
struct merged {
    struct vl_record r;
    struct vl_record_pair ratings[16];
    struct vl_record_pair cvss[16];
    uint32_t cwes[16];
    struct vl_buf text; /* title, details, references; empty where there are none */
};

static bool has_pair(const struct vl_record_pair *list, size_t n, struct vl_record_pair p)
{
    for (size_t i = 0; i < n; i++) {
        if (vl_span_eq(list[i].source, p.source) && vl_span_eq(list[i].value, p.value))
            return true;
    }
    return false;
}

static void merge_pairs(
    struct vl_record_pair *to, size_t *n, size_t max, const struct vl_record_pair *from, size_t n_from)
{
    for (size_t i = 0; i < n_from && *n < max; i++) {
        if (!has_pair(to, *n, from[i]))
            to[(*n)++] = from[i];
    }
}

static void put_text(struct vl_buf *text, const struct vl_record *r)
{
    if (!r->title.len && !r->details.len && !r->n_refs)
        return;
    vl_buf_append_lstr(text, r->title);
    vl_buf_append_lstr(text, r->details);
    vl_buf_append_varint(text, r->n_refs);
    for (size_t i = 0; i < r->n_refs; i++)
        vl_buf_append_lstr(text, r->refs[i]);
}

/* Reads all entries of an advisory. Spans point into the mapped spool and stay good; lists are copied. */
static int read_merged(
    struct vl_advisory_builder *b, const struct build_advisory *adv, struct merged *m, struct vl_err *err)
{
    m->r = (struct vl_record){.ratings = m->ratings, .cvss = m->cvss, .cwes = m->cwes};
    vl_buf_clear(&m->text);
    for (uint32_t i = 0; i < adv->n; i++) {
        struct vl_record one;
        int r = build_read(b, build_entry_at(b, adv->first + i), &one, err);
        if (r < 0)
            return r;
        merge_pairs(m->ratings, &m->r.n_ratings, VL_ARRAY_LEN(m->ratings), one.ratings, one.n_ratings);
        merge_pairs(m->cvss, &m->r.n_cvss, VL_ARRAY_LEN(m->cvss), one.cvss, one.n_cvss);
        for (size_t k = 0; k < one.n_cwes && m->r.n_cwes < VL_ARRAY_LEN(m->cwes); k++)
            m->cwes[m->r.n_cwes++] = one.cwes[k];
        if (m->text.len == 0)
            put_text(&m->text, &one);
        if (!m->r.published_ms || (one.published_ms && one.published_ms < m->r.published_ms))
            m->r.published_ms = one.published_ms;
        if (one.modified_ms > m->r.modified_ms)
            m->r.modified_ms = one.modified_ms;
        m->r.malicious = m->r.malicious || one.malicious;
    }
    return vl_buf_check(&m->text, "a text", err);
}

static int compare_u32(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x;
    uint32_t c = *(const uint32_t *)y;
    return a < c ? -1 : a > c;
}

/* Offsets of all packages that name the record, for `search`: rows are sorted by package, so each record
 * collects its own. */
static int index_packages(
    struct vl_advisory_builder *b, uint32_t **ret_starts, uint32_t **ret_offsets, struct vl_err *err)
{
    size_t n_records = b->group_lists.len;
    uint32_t *starts = vl_arena_array(b->arena, n_records + 2, sizeof(*starts));
    uint32_t *offsets = vl_arena_array(b->arena, b->rows.len + 1, sizeof(*offsets));
    if (!starts || !offsets)
        return vl_err_nomem(err);
    const struct build_row *rows = b->rows.items;
    const struct build_package *packages = b->packages.items;
    for (size_t i = 0; i < b->rows.len; i++)
        starts[rows[i].record + 2]++;
    for (size_t i = 2; i < n_records + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < b->rows.len; i++)
        offsets[starts[rows[i].record + 1]++] = packages[rows[i].package].offset;
    *ret_starts = starts;
    *ret_offsets = offsets;
    return 0;
}

static void put_dates(const struct vl_record *r, struct vl_buf *out)
{
    int32_t published = r->published_ms ? adb_day(r->published_ms) : 0;
    if (r->published_ms)
        vl_buf_append_varint(out, adb_zigzag(published));
    if (r->modified_ms)
        vl_buf_append_varint(out, adb_zigzag((int64_t)adb_day(r->modified_ms) - published));
}

static void put_facts(const struct vl_advisory_builder *b, const struct vl_record *r, struct vl_buf *out)
{
    if (r->n_ratings)
        vl_buf_append_varint(out, r->n_ratings);
    for (size_t i = 0; i < r->n_ratings; i++) {
        enum vl_severity severity;
        if (!vl_severity_parse(r->ratings[i].value, &severity))
            severity = VL_SEVERITY_UNKNOWN;
        vl_buf_append_varint(out, build_string_offset(b, r->ratings[i].source));
        vl_buf_append_u8(out, (uint8_t)severity);
    }
    if (r->n_cvss)
        vl_buf_append_varint(out, r->n_cvss);
    for (size_t i = 0; i < r->n_cvss; i++) {
        vl_buf_append_varint(out, build_string_offset(b, r->cvss[i].source));
        vl_buf_append_varint(out, build_string_offset(b, r->cvss[i].value));
    }
    if (r->n_cwes)
        vl_buf_append_varint(out, r->n_cwes);
    for (size_t i = 0; i < r->n_cwes; i++)
        vl_buf_append_varint(out, r->cwes[i]);
}

struct text_place {
    uint32_t block;
    uint32_t ordinal;
};

struct texts {
    struct vl_buf block;
    uint32_t n; /* texts in the block */
    uint32_t blocks;
    struct adb_packer *packer;
};

static int close_text_block(struct vl_advisory_builder *b, struct texts *t, struct vl_err *err)
{
    if (t->n == 0)
        return 0;
    vl_buf_append_u32le(&b->chunks[ADB_TEXT_BLOCKS], (uint32_t)b->chunks[ADB_TEXTS].len);
    int r = adb_packer_add(t->packer, vl_buf_span(&t->block), &b->chunks[ADB_TEXTS], err);
    vl_buf_clear(&t->block);
    t->n = 0;
    t->blocks++;
    return r;
}

static void put_advisory(struct vl_advisory_builder *b, const struct build_advisory *adv,
    const struct merged *m, struct text_place place, struct vl_buf *out)
{
    const struct build_entry *entry = build_entry_at(b, adv->first);
    const uint32_t *groups = (const uint32_t *)b->group_lists.items + adv->groups_at;
    const struct vl_map_slot *own = vl_map_get(&b->id_index, entry->id);
    unsigned flags = (m->text.len ? ADB_ADV_TEXT : 0) | (m->r.malicious ? ADB_ADV_MALICIOUS : 0) |
                     (m->r.published_ms ? ADB_ADV_PUBLISHED : 0) | (m->r.modified_ms ? ADB_ADV_MODIFIED : 0) |
                     (m->r.n_ratings ? ADB_ADV_RATINGS : 0) | (m->r.n_cvss ? ADB_ADV_CVSS : 0) |
                     (m->r.n_cwes ? ADB_ADV_CWES : 0) | (adv->n_groups > 1 ? ADB_ADV_MANY : 0);
    vl_buf_append_varint(out, entry->feed);
    vl_buf_append_varint(out, own ? build_id_at(b, (uint32_t)own->value.num)->number : 0);
    vl_buf_append_varint(out, flags);
    if (adv->n_groups > 1)
        vl_buf_append_varint(out, adv->n_groups);
    uint32_t before = 0;
    for (uint32_t i = 0; i < adv->n_groups; i++) {
        vl_buf_append_varint(out, groups[i] - before);
        before = groups[i];
    }
    if (m->text.len) {
        vl_buf_append_varint(out, place.block);
        vl_buf_append_varint(out, place.ordinal);
    }
    put_dates(&m->r, out);
    put_facts(b, &m->r, out);
}

static void put_packages(uint32_t *offsets, size_t n, struct vl_buf *out)
{
    qsort(offsets, n, sizeof(*offsets), compare_u32);
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || offsets[i] != offsets[i - 1])
            offsets[distinct++] = offsets[i];
    }
    vl_buf_append_varint(out, distinct);
    for (size_t i = 0; i < distinct; i++)
        vl_buf_append_varint(out, offsets[i] - (i ? offsets[i - 1] : 0));
}

static int add_text(struct vl_advisory_builder *b, struct texts *t, struct vl_span text,
    struct text_place *ret, struct vl_err *err)
{
    if (text.len == 0)
        return 0;
    int r = t->n && t->block.len + text.len > ADB_TEXT_BLOCK ? close_text_block(b, t, err) : 0;
    *ret = (struct text_place){t->blocks, t->n++};
    vl_buf_append_span(&t->block, text);
    return r;
}

static int write_advisories(
    struct vl_advisory_builder *b, struct merged *m, struct texts *t, struct vl_err *err)
{
    uint32_t *starts = NULL;
    uint32_t *offsets = NULL;
    struct vl_buf *out = &b->chunks[ADB_ADVISORIES];
    struct vl_buf *index = &b->chunks[ADB_ADVISORY_BLOCKS];
    VL_CLEANUP(vl_buf_done) struct vl_buf one;
    vl_buf_init(&one, BUILD_CHUNK_MAX);
    int r = index_packages(b, &starts, &offsets, err);
    for (size_t i = 0; i < b->advisories.len && r == 0; i++) {
        const struct build_advisory *adv = build_advisory_at(b, (uint32_t)i);
        struct text_place place = {0};
        r = read_merged(b, adv, m, err);
        if (r == 0)
            r = add_text(b, t, vl_buf_span(&m->text), &place, err);
        if (r < 0)
            return r;
        vl_buf_clear(&one);
        put_advisory(b, adv, m, place, &one);
        put_packages(offsets + starts[adv->base], starts[adv->base + 1] - starts[adv->base], &one);
        if (i % ADB_BLOCK == 0) {
            vl_buf_append_u32le(index, (uint32_t)out->len);
            vl_buf_append_u32le(index, adv->base);
        }
        vl_buf_append_lstr(out, vl_buf_span(&one));
    }
    if (r == 0)
        r = close_text_block(b, t, err);
    vl_buf_append_u32le(index, (uint32_t)out->len);
    vl_buf_append_u32le(index, (uint32_t)b->group_lists.len);
    vl_buf_append_u32le(&b->chunks[ADB_TEXT_BLOCKS], (uint32_t)b->chunks[ADB_TEXTS].len);
    return r < 0 ? r : vl_buf_check(&one, "an advisory", err);
}

/* Samples spread evenly over all advisories: every feed's phrases are learnt in proportion. */
static int train(struct vl_advisory_builder *b, struct merged *m, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf samples;
    vl_buf_init(&samples, TRAIN_BYTES_MAX + VL_RECORD_BYTES_MAX);
    size_t *sizes = vl_arena_array(b->arena, TRAIN_SAMPLES_MAX, sizeof(*sizes));
    if (!sizes)
        return vl_err_nomem(err);
    size_t n = 0;
    size_t step = b->advisories.len / TRAIN_SAMPLES_MAX + 1;
    for (size_t i = 0; i < b->advisories.len && n < TRAIN_SAMPLES_MAX && samples.len < TRAIN_BYTES_MAX;
        i += step) {
        int r = read_merged(b, build_advisory_at(b, (uint32_t)i), m, err);
        if (r < 0)
            return r;
        if (m->text.len) {
            vl_buf_append_span(&samples, vl_buf_span(&m->text));
            sizes[n++] = m->text.len;
        }
    }
    int r = vl_buf_check(&samples, "samples of texts", err);
    return r < 0 ? r
                 : adb_pack_train(
                       vl_buf_span(&samples), sizes, n, ADB_TEXT_DICT_MAX, &b->chunks[ADB_TEXT_DICT], err);
}

int build_texts(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct texts t = {0};
    struct merged m;
    vl_buf_init(&m.text, VL_RECORD_BYTES_MAX);
    vl_buf_init(&t.block, BUILD_CHUNK_MAX);
    int r = train(b, &m, err);
    if (r == 0)
        r = adb_packer_new(vl_buf_span(&b->chunks[ADB_TEXT_DICT]), TEXT_LEVEL, &t.packer, err);
    if (r == 0)
        r = write_advisories(b, &m, &t, err);
    adb_packer_free(t.packer);
    vl_buf_done(&t.block);
    vl_buf_done(&m.text);
    return r;
}

/* The digest of a feed is that of its records as stored, in their sorted order. */
static void feed_digest(struct vl_advisory_builder *b, size_t feed, char text[VL_DIGEST_TEXT_MAX])
{
    struct vl_digest digest = {0};
    struct vl_digester *d = vl_digester_new(VL_DIGEST_SHA256);
    for (size_t i = 0; d && i < b->entries.len; i++) {
        const struct build_entry *e = build_entry_at(b, (uint32_t)i);
        if (e->feed == feed)
            vl_digester_update(d, vl_span_slice(b->mapped, (size_t)e->offset, (size_t)(e->offset + e->len)));
    }
    if (d)
        vl_digester_finish(d, &digest);
    vl_digester_free(d);
    vl_digest_format(&digest, text);
}

int build_write_feeds(struct vl_advisory_builder *b, struct vl_err *err)
{
    struct vl_buf *out = &b->chunks[ADB_FEEDS];
    for (size_t i = 0; i < b->feeds.len; i++) {
        const struct build_feed *f = (const struct build_feed *)b->feeds.items + i;
        char digest[VL_DIGEST_TEXT_MAX];
        feed_digest(b, i, digest);
        vl_buf_append_lstr(out, vl_span_str(f->info.name));
        vl_buf_append_lstr(out, vl_span_str(f->info.title));
        vl_buf_append_lstr(out, vl_span_str(f->info.url));
        vl_buf_append_u64le(out, (uint64_t)(f->info.data_ms ? f->info.data_ms : f->newest_ms));
        vl_buf_append_u64le(out, (uint64_t)f->info.fetched_ms);
        vl_buf_append_varint(out, f->records);
        vl_buf_append_u8(out, f->info.starter);
        vl_buf_append_lstr(out, vl_span_str(digest));
    }
    return vl_buf_check(out, "the feed table", err);
}
