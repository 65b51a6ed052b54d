#include "db.h"

#include <stdlib.h>
#include <string.h>

#include "pack.h"

#define WARM_MAX       (16ULL * 1024 * 1024)
#define DB_ARENA_MAX   (64UL * 1024 * 1024)
#define PACKAGE_WINDOW 32U /* bytes before the rows of a package: four varints */

int adb_corrupt(const struct vl_advisory_db *db, const char *what, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_CORRUPT,
        "advisory database %s is damaged (%s): fetch it again with `vallum db update`", db->path, what);
}

int adb_window(struct vl_advisory_db *db, enum adb_chunk chunk, uint64_t offset, uint64_t most,
    struct vl_span *ret, struct vl_err *err)
{
    uint64_t size = vl_chunk_file_size(db->file, chunk);
    if (offset > size)
        return adb_corrupt(db, "an offset outside its part", err);
    uint64_t len = size - offset < most ? size - offset : most;
    if (len == 0) {
        *ret = VL_SPAN_EMPTY; /* a part that is empty is not in the file at all */
        return 0;
    }
    return vl_chunk_file_read(db->file, chunk, offset, len, ret, err);
}

int adb_u32(
    struct vl_advisory_db *db, enum adb_chunk chunk, uint64_t index, uint32_t *ret, struct vl_err *err)
{
    struct vl_span bytes;
    int r = vl_chunk_file_read(db->file, chunk, index * 4, 4, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    *ret = vl_reader_u32le(&in);
    return 0;
}

int adb_string(struct vl_advisory_db *db, uint64_t offset, struct vl_span *ret, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(db, ADB_STRINGS, offset, 512, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    uint64_t len = adb_varint(&in);
    if (!vl_reader_ok(&in) || len > 65536)
        return adb_corrupt(db, "a string", err);
    if (len <= vl_reader_left(&in)) {
        *ret = vl_reader_take(&in, (size_t)len);
        return 0;
    }
    r = vl_chunk_file_read(db->file, ADB_STRINGS, offset + in.pos, len, ret, err);
    return r < 0 ? r : 0;
}

static int read_meta(struct vl_advisory_db *db, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(db, ADB_META, 0, 4096, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    uint64_t *counts[] = {&db->n_ids, &db->n_groups, &db->n_advisories, &db->n_records, &db->n_packages,
        &db->n_spaces, &db->n_feeds, &db->n_rows, &db->n_given};
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        *counts[i] = adb_varint(&in);
    db->n_slots = vl_chunk_file_size(db->file, ADB_SLOTS) / 4;
    if (!vl_reader_ok(&in) || db->n_spaces > ADB_SPACES_MAX || db->n_feeds > ADB_FEEDS_MAX ||
        db->n_records > ADB_RECORDS_MAX || db->n_packages > ADB_PACKAGES_MAX)
        return adb_corrupt(db, "its header", err);
    db->digest = vl_chunk_file_digest(db->file);
    return 0;
}

static int read_feeds(struct vl_advisory_db *db, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(db, ADB_FEEDS, 0, 4UL * 1024 * 1024, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    db->feeds = vl_arena_array(db->arena, (size_t)db->n_feeds + 1, sizeof(*db->feeds));
    for (uint64_t i = 0; i < db->n_feeds && db->feeds; i++) {
        struct vl_advisory_feed *f = &db->feeds[i];
        f->name = vl_arena_dup_span(db->arena, adb_lstr(&in));
        f->title = vl_arena_dup_span(db->arena, adb_lstr(&in));
        f->url = vl_arena_dup_span(db->arena, adb_lstr(&in));
        f->data_ms = (int64_t)vl_reader_u64le(&in);
        f->fetched_ms = (int64_t)vl_reader_u64le(&in);
        f->records = adb_varint(&in);
        f->starter = vl_reader_u8(&in) != 0;
        f->digest = vl_arena_dup_span(db->arena, adb_lstr(&in));
    }
    return vl_reader_ok(&in) ? 0 : adb_corrupt(db, "its feed table", err);
}

static int read_spaces(struct vl_advisory_db *db, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(db, ADB_SPACES, 0, 4UL * 1024 * 1024, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    db->spaces = vl_arena_array(db->arena, (size_t)db->n_spaces + 1, sizeof(*db->spaces));
    for (uint64_t i = 0; i < db->n_spaces && db->spaces; i++) {
        struct adb_space *s = &db->spaces[i];
        s->name = adb_lstr(&in);
        s->info = vl_space_info(s->name);
        s->scheme = vl_version_scheme(vl_span_str(vl_space_scheme(s->name)));
        s->records = adb_varint(&in);
        uint64_t n = adb_varint(&in);
        if (n > db->n_feeds || !s->scheme)
            return adb_corrupt(db, "its namespaces", err);
        s->feeds = vl_arena_array(db->arena, (size_t)n + 1, sizeof(*s->feeds));
        for (uint64_t k = 0; k < n && s->feeds; k++) {
            s->feeds[k].feed = adb_varint32(&in);
            s->feeds[k].records = adb_varint(&in);
            s->n_feeds++;
            if (s->feeds[k].feed >= db->n_feeds)
                return adb_corrupt(db, "its namespaces", err);
        }
    }
    return vl_reader_ok(&in) ? vl_arena_check(db->arena, db->path, err)
                             : adb_corrupt(db, "its namespaces", err);
}

int vl_advisory_db_open(const char *path, struct vl_advisory_db **ret, struct vl_err *err)
{
    struct vl_advisory_db *db = calloc(1, sizeof(*db));
    if (!db)
        return vl_err_nomem(err);
    db->arena = vl_arena_new(DB_ARENA_MAX);
    db->path = db->arena ? vl_arena_strdup(db->arena, path) : NULL;
    int r = db->path ? vl_chunk_file_open(path, ADB_MAGIC, ADB_VERSION, &db->file, err) : vl_err_nomem(err);
    if (r < 0 && db->path)
        r = vl_err_wrap(err, "advisory database");
    if (r == 0)
        r = read_meta(db, err);
    if (r == 0)
        r = read_feeds(db, err);
    if (r == 0)
        r = read_spaces(db, err);
    if (r < 0) {
        vl_advisory_db_close(db);
        return r;
    }
    *ret = db;
    return 0;
}

void vl_advisory_db_warm(struct vl_advisory_db *db)
{
    static const enum adb_chunk hot[] = {ADB_SLOTS, ADB_PACKAGES, ADB_STRINGS, ADB_ADVISORY_BLOCKS,
        ADB_ADVISORIES, ADB_GROUP_BLOCKS, ADB_GROUPS, ADB_ID_BLOCKS, ADB_IDS};
    uint64_t left = WARM_MAX;
    for (size_t i = 0; i < VL_ARRAY_LEN(hot) && left; i++) {
        struct vl_err ignored = VL_ERR_INIT;
        struct vl_span bytes;
        uint64_t size = vl_chunk_file_size(db->file, hot[i]);
        size = size < left ? size : left;
        if (size && vl_chunk_file_read(db->file, hot[i], 0, size, &bytes, &ignored) < 0)
            return;
        left -= size;
    }
}

void vl_advisory_db_close(struct vl_advisory_db *db)
{
    if (!db)
        return;
    adb_unpacker_free(atomic_load(&db->unpacker));
    vl_chunk_file_close(db->file);
    vl_arena_free(db->arena);
    free(db);
}

void vl_advisory_db_cleanup(struct vl_advisory_db **db)
{
    vl_advisory_db_close(*db);
    *db = NULL;
}

size_t vl_advisory_db_feed_count(const struct vl_advisory_db *db)
{
    return (size_t)db->n_feeds;
}

int vl_advisory_db_feed(struct vl_advisory_db *db, size_t index, struct vl_arena *arena,
    struct vl_advisory_feed *ret, struct vl_err *err)
{
    if (index >= db->n_feeds)
        return vl_err_set(err, VL_ERR_NOT_FOUND, "%s has no feed number %zu", db->path, index);
    struct vl_advisory_feed f = db->feeds[index];
    f.name = vl_arena_strdup(arena, f.name);
    f.title = vl_arena_strdup(arena, f.title);
    f.url = vl_arena_strdup(arena, f.url);
    f.digest = vl_arena_strdup(arena, f.digest);
    int r = vl_arena_check(arena, "the feed table", err);
    if (r == 0)
        *ret = f;
    return r;
}

const char *vl_advisory_db_digest(const struct vl_advisory_db *db)
{
    return db->digest;
}

const char *vl_advisory_db_path(const struct vl_advisory_db *db)
{
    return db->path;
}

void vl_advisory_db_counts(const struct vl_advisory_db *db, struct vl_advisory_counts *ret)
{
    *ret = (struct vl_advisory_counts){.records = db->n_given,
        .advisories = db->n_advisories,
        .vulnerabilities = db->n_groups,
        .packages = db->n_packages,
        .rows = db->n_rows,
        .ids = db->n_ids,
        .namespaces = db->n_spaces};
}

int adb_space_find(const struct vl_advisory_db *db, struct vl_span name)
{
    size_t lo = 0;
    size_t hi = (size_t)db->n_spaces;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = vl_span_cmp(db->spaces[mid].name, name);
        if (c == 0)
            return (int)mid;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

int adb_package_at(struct vl_advisory_db *db, uint64_t offset, struct adb_package *ret, struct vl_err *err)
{
    struct vl_span bytes;
    int r = adb_window(db, ADB_PACKAGES, offset, PACKAGE_WINDOW, &bytes, err);
    if (r < 0)
        return r;
    struct vl_reader in = vl_reader_new(bytes);
    struct adb_package p = {.offset = (uint32_t)offset, .space = adb_varint32(&in)};
    uint32_t name = adb_varint32(&in);
    p.n_rows = adb_varint32(&in);
    uint64_t len = adb_varint(&in);
    if (!vl_reader_ok(&in) || p.space >= db->n_spaces)
        return adb_corrupt(db, "a package", err);
    r = adb_string(db, name, &p.name, err);
    if (r == 0)
        r = vl_chunk_file_read(db->file, ADB_PACKAGES, offset + in.pos, len, &p.rows, err);
    if (r == 0)
        *ret = p;
    return r;
}

int adb_package_find(struct vl_advisory_db *db, uint32_t space, struct vl_span name, struct adb_package *ret,
    struct vl_err *err)
{
    if (db->n_slots == 0)
        return 0;
    uint64_t at = adb_slot_first(adb_hash(space, name), db->n_slots);
    for (uint64_t tries = 0; tries < db->n_slots; tries++) {
        uint32_t slot;
        int r = adb_u32(db, ADB_SLOTS, at, &slot, err);
        if (r < 0)
            return r;
        if (slot == 0)
            return 0;
        r = adb_package_at(db, slot - 1, ret, err);
        if (r < 0)
            return r;
        if (ret->space == space && vl_span_eq(ret->name, name))
            return 1;
        at = at + 1 == db->n_slots ? 0 : at + 1;
    }
    return adb_corrupt(db, "its package index", err);
}

void adb_rows_start(const struct adb_package *package, struct adb_rows *ret)
{
    *ret =
        (struct adb_rows){.in = vl_reader_new(package->rows), .left = package->n_rows, .shape = ADB_ROW_SAME};
}

/* Moves over the body of a row. */
static void skip_body(struct vl_reader *in, enum adb_shape shape)
{
    switch (shape) {
    case ADB_ROW_BETWEEN:
        adb_varint(in);
        adb_varint(in);
        break;
    case ADB_ROW_BELOW:
    case ADB_ROW_UP_TO:
        adb_varint(in);
        break;
    case ADB_ROW_OPEN:
        vl_reader_u8(in);
        break;
    case ADB_ROW_GENERAL: {
        struct adb_row row = {.shape = shape, .body = *in};
        struct adb_row_facts facts;
        struct adb_range range;
        adb_row_open(&row, &facts);
        while (adb_row_range(&facts, &range))
            ;
        *in = facts.in;
        break;
    }
    default:
        in->failed = true;
    }
}

bool adb_rows_next(struct adb_rows *rows, struct adb_row *ret)
{
    if (rows->left == 0)
        return false;
    rows->left--;
    uint64_t head = adb_varint(&rows->in);
    enum adb_shape shape = (enum adb_shape)(head & ((1U << ADB_SHAPE_BITS) - 1));
    uint64_t record = rows->record + (head >> ADB_SHAPE_BITS);
    if (record > UINT32_MAX)
        rows->in.failed = true;
    rows->record = (uint32_t)record;
    if (shape != ADB_ROW_SAME) {
        rows->shape = shape;
        rows->body = rows->in;
        skip_body(&rows->in, shape);
    } else if (rows->shape == ADB_ROW_SAME) {
        rows->in.failed = true; /* the first row has none before it */
    }
    *ret = (struct adb_row){rows->record, rows->shape, rows->body};
    return vl_reader_ok(&rows->in);
}

void adb_row_open(const struct adb_row *row, struct adb_row_facts *ret)
{
    struct adb_row_facts f = {.in = row->body, .shape = row->shape, .n_ranges = 1, .state = VL_FIX_FIXED};
    switch (row->shape) {
    case ADB_ROW_BETWEEN:
        f.only.introduced = adb_varint32(&f.in);
        f.only.fixed = adb_varint32(&f.in);
        break;
    case ADB_ROW_BELOW:
        f.only.fixed = adb_varint32(&f.in);
        break;
    case ADB_ROW_UP_TO:
        f.only.last = adb_varint32(&f.in);
        f.state = VL_FIX_NONE;
        break;
    case ADB_ROW_OPEN:
        f.state = (enum vl_fix_state)vl_reader_u8(&f.in);
        break;
    default: {
        unsigned flags = vl_reader_u8(&f.in);
        f.state = (enum vl_fix_state)(flags & ADB_GENERAL_STATE);
        if (flags & ADB_GENERAL_MODULE)
            f.module = adb_varint32(&f.in);
        if (flags & ADB_GENERAL_SEVERITY)
            f.severity = (enum vl_severity)vl_reader_u8(&f.in);
        f.n_ranges = adb_varint32(&f.in);
        if (f.n_ranges == 0)
            f.n_versions = adb_varint32(&f.in);
        break;
    }
    }
    if ((unsigned)f.state >= VL_FIX_COUNT || (unsigned)f.severity >= VL_SEVERITY_COUNT)
        f.in.failed = true;
    *ret = f;
}

bool adb_row_range(struct adb_row_facts *f, struct adb_range *ret)
{
    if (!vl_reader_ok(&f->in))
        return false;
    if (f->n_ranges == 0) {
        if (f->n_versions == 0)
            return false;
        f->n_versions--;
        *ret = (struct adb_range){.introduced = adb_varint32(&f->in), .exact = true};
        return vl_reader_ok(&f->in);
    }
    f->n_ranges--;
    if (f->shape != ADB_ROW_GENERAL) {
        *ret = f->only;
        return true;
    }
    unsigned kind = vl_reader_u8(&f->in);
    *ret = (struct adb_range){.after = kind & ADB_RANGE_AFTER};
    if (kind & ADB_RANGE_INTRODUCED)
        ret->introduced = adb_varint32(&f->in);
    if (kind & ADB_RANGE_FIXED)
        ret->fixed = adb_varint32(&f->in);
    if (kind & ADB_RANGE_LAST)
        ret->last = adb_varint32(&f->in);
    if (f->n_ranges == 0)
        f->n_versions = adb_varint32(&f->in);
    return vl_reader_ok(&f->in);
}
