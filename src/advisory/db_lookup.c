/* Advisories, vulnerabilities, ids and texts by number. */
#include <string.h>

#include "db.h"
#include "pack.h"

/* Reader at `skip` items behind the start of a block of length-prefixed items. */
static int block_item(struct vl_advisory_db *db, enum adb_chunk chunk, uint32_t offset, uint32_t skip,
    struct vl_span *ret, struct vl_err *err)
{
    uint64_t at = offset;
    for (uint32_t i = 0;; i++) {
        struct vl_span bytes;
        int r = adb_window(db, chunk, at, 10, &bytes, err);
        if (r < 0)
            return r;
        struct vl_reader in = vl_reader_new(bytes);
        uint64_t len = adb_varint(&in);
        if (!vl_reader_ok(&in))
            return adb_corrupt(db, "a block", err);
        at += in.pos;
        if (i == skip)
            return vl_chunk_file_read(db->file, chunk, at, len, ret, err);
        if (len > vl_chunk_file_size(db->file, chunk))
            return adb_corrupt(db, "a block", err);
        at += len;
    }
}

static void skip_varints(struct vl_reader *in, uint32_t n)
{
    for (uint32_t i = 0; i < n && vl_reader_ok(in); i++)
        adb_varint(in);
}

static void skip_ratings(struct vl_reader *in, uint32_t n)
{
    for (uint32_t i = 0; i < n && vl_reader_ok(in); i++) {
        adb_varint(in);
        vl_reader_u8(in);
    }
}

static int decode_advisory(
    struct vl_advisory_db *db, struct vl_span bytes, struct adb_advisory *a, struct vl_err *err)
{
    struct vl_reader in = vl_reader_new(bytes);
    a->feed = adb_varint32(&in);
    a->id = adb_varint32(&in);
    a->flags = adb_varint32(&in);
    a->n_groups = a->flags & ADB_ADV_MANY ? adb_varint32(&in) : 1;
    a->groups = in;
    skip_varints(&in, a->n_groups);
    if (a->flags & ADB_ADV_TEXT) {
        a->text_block = adb_varint32(&in);
        a->text_ordinal = adb_varint32(&in);
    }
    int64_t published = 0;
    if (a->flags & ADB_ADV_PUBLISHED) {
        published = adb_unzigzag(adb_varint(&in));
        a->published_ms = (int64_t)(int32_t)published * ADB_DAY_MS;
    }
    if (a->flags & ADB_ADV_MODIFIED)
        a->modified_ms = (int64_t)(int32_t)(published + adb_unzigzag(adb_varint(&in))) * ADB_DAY_MS;
    a->n_ratings = a->flags & ADB_ADV_RATINGS ? adb_varint32(&in) : 0;
    a->ratings = in;
    skip_ratings(&in, a->n_ratings);
    a->n_cvss = a->flags & ADB_ADV_CVSS ? adb_varint32(&in) : 0;
    a->cvss = in;
    skip_varints(&in, a->n_cvss > UINT32_MAX / 2 ? UINT32_MAX : a->n_cvss * 2);
    a->n_cwes = a->flags & ADB_ADV_CWES ? adb_varint32(&in) : 0;
    a->cwes = in;
    skip_varints(&in, a->n_cwes);
    a->n_packages = adb_varint32(&in);
    a->packages = in;
    if (!vl_reader_ok(&in) || a->feed >= db->n_feeds || a->id >= db->n_ids || a->n_groups == 0)
        return adb_corrupt(db, "an advisory", err);
    return 0;
}

/* Number of groups of an item without decoding the rest. */
static int groups_of(struct vl_advisory_db *db, struct vl_span bytes, uint32_t *ret, struct vl_err *err)
{
    struct vl_reader in = vl_reader_new(bytes);
    adb_varint32(&in);
    adb_varint32(&in);
    unsigned flags = adb_varint32(&in);
    *ret = flags & ADB_ADV_MANY ? adb_varint32(&in) : 1;
    return vl_reader_ok(&in) && *ret ? 0 : adb_corrupt(db, "an advisory", err);
}

/* Walks a block: to the given item, or to the item that holds `record`. */
static int walk_block(struct vl_advisory_db *db, uint32_t block, uint32_t want_item, uint32_t record,
    struct adb_advisory *ret, struct vl_err *err)
{
    uint32_t at;
    uint32_t end;
    uint32_t base = 0;
    int r = adb_u32(db, ADB_ADVISORY_BLOCKS, (uint64_t)block * 2, &at, err);
    if (r == 0)
        r = adb_u32(db, ADB_ADVISORY_BLOCKS, (uint64_t)block * 2 + 1, &base, err);
    if (r == 0)
        r = adb_u32(db, ADB_ADVISORY_BLOCKS, (uint64_t)block * 2 + 2, &end, err);
    struct vl_span bytes = VL_SPAN_EMPTY;
    if (r == 0 && end < at)
        r = adb_corrupt(db, "the index of advisories", err);
    if (r == 0)
        r = vl_chunk_file_read(db->file, ADB_ADVISORIES, at, end - at, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    for (uint32_t i = 0; i < ADB_BLOCK && vl_reader_left(&in); i++) {
        struct vl_span item = adb_lstr(&in);
        uint32_t n;
        r = groups_of(db, item, &n, err);
        if (r < 0)
            return r;
        if (i == want_item || (want_item == UINT32_MAX && record >= base && record - base < n)) {
            *ret = (struct adb_advisory){.number = block * ADB_BLOCK + i, .base = base};
            return decode_advisory(db, item, ret, err);
        }
        base += n;
    }
    return adb_corrupt(db, "the index of advisories", err);
}

int adb_advisory_get(struct vl_advisory_db *db, uint32_t number, struct adb_advisory *ret, struct vl_err *err)
{
    if (number >= db->n_advisories)
        return adb_corrupt(db, "an advisory number", err);
    return walk_block(db, number / ADB_BLOCK, number % ADB_BLOCK, 0, ret, err);
}

int adb_advisory_of(struct vl_advisory_db *db, uint32_t record, struct adb_advisory *ret, struct vl_err *err)
{
    if (record >= db->n_records)
        return adb_corrupt(db, "a record number", err);
    uint32_t lo = 0;
    uint32_t hi = (uint32_t)((db->n_advisories + ADB_BLOCK - 1) / ADB_BLOCK);
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        uint32_t base;
        int r = adb_u32(db, ADB_ADVISORY_BLOCKS, (uint64_t)mid * 2 + 1, &base, err);
        if (r < 0)
            return r;
        if (base <= record)
            lo = mid;
        else
            hi = mid;
    }
    return walk_block(db, lo, UINT32_MAX, record, ret, err);
}

int adb_advisory_group(const struct vl_advisory_db *db, const struct adb_advisory *advisory, uint32_t record,
    uint32_t *ret_group, struct vl_err *err)
{
    struct vl_reader in = advisory->groups;
    uint64_t group = 0;
    for (uint32_t i = 0; i <= record - advisory->base; i++)
        group += adb_varint(&in);
    if (!vl_reader_ok(&in) || group >= db->n_groups)
        return adb_corrupt(db, "an advisory", err);
    *ret_group = (uint32_t)group;
    return 0;
}

static void group_facts(struct adb_group *g, struct vl_reader *in)
{
    if (g->flags & ADB_GROUP_KEV) {
        int64_t added = adb_unzigzag(adb_varint(in));
        uint64_t due = adb_varint(in);
        g->kev.added_ms = (int64_t)(int32_t)added * ADB_DAY_MS;
        g->kev.due_ms = due ? (int64_t)(int32_t)(added + adb_unzigzag(due - 1)) * ADB_DAY_MS : 0;
        g->kev.ransomware = g->flags & ADB_GROUP_RANSOMWARE;
    }
    if (g->flags & ADB_GROUP_EPSS) {
        g->epss = adb_varint32(in) / 1e5;
        g->percentile = adb_varint32(in) / 1e5;
    }
    if (g->flags & ADB_GROUP_SSVC)
        g->ssvc = vl_reader_u8(in);
    g->n_cvss = g->flags & ADB_GROUP_CVSS ? adb_varint32(in) : 0;
    g->cvss = *in;
    skip_varints(in, g->n_cvss > UINT32_MAX / 2 ? UINT32_MAX : g->n_cvss * 2);
    if (g->flags & ADB_GROUP_PUBLISHED)
        g->published_ms = (int64_t)(int32_t)adb_unzigzag(adb_varint(in)) * ADB_DAY_MS;
    g->n_cwes = g->flags & ADB_GROUP_CWES ? adb_varint32(in) : 0;
    g->cwes = *in;
    skip_varints(in, g->n_cwes);
    if (g->flags & ADB_GROUP_TITLE)
        g->title = adb_varint32(in);
}

int adb_group_get(struct vl_advisory_db *db, uint32_t number, struct adb_group *ret, struct vl_err *err)
{
    uint32_t at;
    struct vl_span bytes = VL_SPAN_EMPTY;
    if (number >= db->n_groups)
        return adb_corrupt(db, "a vulnerability number", err);
    int r = adb_u32(db, ADB_GROUP_BLOCKS, number / ADB_BLOCK, &at, err);
    if (r == 0)
        r = block_item(db, ADB_GROUPS, at, number % ADB_BLOCK, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    struct adb_group g = {.number = number, .n_ids = adb_varint32(&in)};
    g.ids = in;
    skip_varints(&in, g.n_ids);
    g.n_members = adb_varint32(&in);
    g.members = in;
    skip_varints(&in, g.n_members);
    g.flags = vl_reader_u8(&in);
    group_facts(&g, &in);
    if (!vl_reader_ok(&in) || g.n_ids == 0 || g.n_ids > ADB_GROUP_IDS_MAX)
        return adb_corrupt(db, "a vulnerability", err);
    *ret = g;
    return 0;
}

#define ID_MAX 128U

struct id_walk {
    struct vl_reader in;
    char text[ID_MAX];
    size_t len;
    uint64_t target;
};

static int start_ids(struct vl_advisory_db *db, uint32_t block, struct id_walk *w, struct vl_err *err)
{
    uint32_t at;
    struct vl_span bytes = VL_SPAN_EMPTY;
    int r = adb_u32(db, ADB_ID_BLOCKS, block, &at, err);
    if (r == 0)
        r = adb_window(db, ADB_IDS, at, ADB_BLOCK * (ID_MAX + 16), &bytes, err);
    if (r < 0)
        return r;
    w->in = vl_reader_new(bytes);
    w->len = 0;
    return 0;
}

static bool next_id(struct id_walk *w)
{
    uint64_t shared = adb_varint(&w->in);
    struct vl_span rest = adb_lstr(&w->in);
    w->target = adb_varint(&w->in);
    if (!vl_reader_ok(&w->in) || shared > w->len || shared + rest.len > ID_MAX)
        return false;
    if (rest.len)
        memcpy(w->text + shared, rest.ptr, rest.len);
    w->len = (size_t)shared + rest.len;
    return true;
}

int adb_id_text(
    struct vl_advisory_db *db, uint32_t number, struct vl_arena *arena, const char **ret, struct vl_err *err)
{
    struct id_walk w;
    if (number >= db->n_ids)
        return adb_corrupt(db, "an id number", err);
    int r = start_ids(db, number / ADB_BLOCK, &w, err);
    for (uint32_t i = 0; i <= number % ADB_BLOCK && r == 0; i++) {
        if (!next_id(&w))
            r = adb_corrupt(db, "its ids", err);
    }
    if (r < 0)
        return r;
    *ret = vl_arena_dup_span(arena, (struct vl_span){w.text, w.len});
    return *ret ? 0 : vl_arena_check(arena, "ids of a finding", err);
}

int adb_id_find(struct vl_advisory_db *db, struct vl_span id, uint64_t *ret_target, struct vl_err *err)
{
    struct id_walk w;
    uint32_t lo = 0;
    uint32_t hi = (uint32_t)((db->n_ids + ADB_BLOCK - 1) / ADB_BLOCK);
    if (db->n_ids == 0)
        return 0;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        int r = start_ids(db, mid, &w, err);
        if (r < 0)
            return r;
        if (!next_id(&w))
            return adb_corrupt(db, "its ids", err);
        if (vl_span_cmp((struct vl_span){w.text, w.len}, id) <= 0)
            lo = mid;
        else
            hi = mid;
    }
    int r = start_ids(db, lo, &w, err);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < ADB_BLOCK && (uint64_t)lo * ADB_BLOCK + i < db->n_ids; i++) {
        if (!next_id(&w))
            return adb_corrupt(db, "its ids", err);
        if (vl_span_eq((struct vl_span){w.text, w.len}, id)) {
            *ret_target = w.target;
            return 1;
        }
    }
    return 0;
}

/* The dictionary is set up at the first text; two threads that meet here both make one, and one is kept. */
static int get_unpacker(struct vl_advisory_db *db, struct adb_unpacker **ret, struct vl_err *err)
{
    struct adb_unpacker *have = atomic_load(&db->unpacker);
    if (!have) {
        struct vl_span dict;
        struct adb_unpacker *made = NULL;
        int r = adb_window(db, ADB_TEXT_DICT, 0, ADB_TEXT_DICT_MAX, &dict, err);
        if (r == 0)
            r = adb_unpacker_new(dict, &made, err);
        if (r < 0)
            return r;
        if (atomic_compare_exchange_strong(&db->unpacker, &have, made))
            have = made;
        else
            adb_unpacker_free(made);
    }
    *ret = have;
    return 0;
}

int adb_text_get(struct vl_advisory_db *db, const struct adb_advisory *advisory, struct vl_buf *plain,
    struct adb_text *ret, struct vl_err *err)
{
    *ret = (struct adb_text){0};
    if (!(advisory->flags & ADB_ADV_TEXT))
        return 0;
    uint32_t at;
    uint32_t end;
    struct vl_span frame;
    struct adb_unpacker *unpacker;
    int r = adb_u32(db, ADB_TEXT_BLOCKS, advisory->text_block, &at, err);
    if (r == 0)
        r = adb_u32(db, ADB_TEXT_BLOCKS, (uint64_t)advisory->text_block + 1, &end, err);
    if (r == 0 && end < at)
        r = adb_corrupt(db, "the index of texts", err);
    if (r == 0)
        r = vl_chunk_file_read(db->file, ADB_TEXTS, at, end - at, &frame, err);
    if (r == 0)
        r = get_unpacker(db, &unpacker, err);
    vl_buf_clear(plain);
    if (r == 0)
        r = adb_unpack(unpacker, frame, plain, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(vl_buf_span(plain));
    for (uint32_t i = 0; i <= advisory->text_ordinal && vl_reader_ok(&in); i++) {
        ret->title = adb_lstr(&in);
        ret->details = adb_lstr(&in);
        ret->n_refs = adb_varint32(&in);
        ret->refs = in;
        for (uint32_t k = 0; k < ret->n_refs && vl_reader_ok(&in); k++)
            adb_lstr(&in);
    }
    return vl_reader_ok(&in) ? 0 : adb_corrupt(db, "a text", err);
}
