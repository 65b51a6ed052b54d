#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

#define ARENA_MAX   (8UL * 1024 * 1024 * 1024)
#define SCRATCH_MAX (512UL * 1024 * 1024)
#define PENDING_MAX (VL_RECORD_BYTES_MAX + 4UL * 1024 * 1024)
#define SPOOL_STEP  (1UL * 1024 * 1024)

static int flush_pending(struct vl_advisory_builder *b, struct vl_err *err)
{
    int r = vl_buf_check(&b->pending, "an advisory record", err);
    if (r < 0)
        return r;
    r = vl_file_write_fd(b->spool, "the temporary spool of advisories", vl_buf_span(&b->pending), err);
    if (r < 0)
        return r;
    b->spooled += b->pending.len;
    vl_buf_clear(&b->pending);
    return 0;
}

static int take_record(const struct vl_record *record, void *user, struct vl_err *err)
{
    struct vl_advisory_builder *b = user;
    if (b->feeds.len == 0)
        return vl_err_set(err, VL_ERR_USAGE, "a record before any feed");
    if (record->names_only)
        return build_names(b, record, err);
    struct build_entry *entry = vl_vec_push(&b->entries, "advisory records", err);
    if (!entry)
        return err->err;
    struct build_feed *feed = (struct build_feed *)b->feeds.items + (b->feeds.len - 1);
    uint64_t start = b->spooled + b->pending.len;
    vl_record_encode(record, &b->pending);
    uint64_t len = b->spooled + b->pending.len - start;
    if (len > VL_RECORD_BYTES_MAX || b->pending.failed)
        return vl_err_set(
            err, VL_ERR_LIMIT, "record %.*s is over %lu bytes", VL_SPAN_FMT(record->id), VL_RECORD_BYTES_MAX);
    struct vl_map_slot *slot;
    bool added;
    int r = vl_map_put(&b->id_index, record->id, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        char *copy = vl_arena_dup_span(b->arena, record->id);
        if (!copy)
            return vl_err_nomem(err);
        slot->key = (struct vl_span){copy, record->id.len};
        slot->value.num = UINT64_MAX;
    }
    *entry = (struct build_entry){.id = slot->key,
        .offset = start,
        .len = (uint32_t)len,
        .feed = (uint16_t)(b->feeds.len - 1),
        .facts = record->facts};
    feed->records++;
    feed->dated += record->modified_ms > 0 || record->published_ms > 0;
    if (record->modified_ms > feed->newest_ms)
        feed->newest_ms = record->modified_ms;
    if (record->published_ms > feed->newest_ms)
        feed->newest_ms = record->published_ms;
    return b->pending.len > SPOOL_STEP ? flush_pending(b, err) : 0;
}

static void init_lists(struct vl_advisory_builder *b)
{
    vl_vec_init(&b->feeds, sizeof(struct build_feed), ADB_FEEDS_MAX);
    vl_vec_init(&b->entries, sizeof(struct build_entry), BUILD_IDS_MAX);
    vl_vec_init(&b->ids, sizeof(struct build_id), BUILD_IDS_MAX);
    vl_vec_init(&b->advisories, sizeof(struct build_advisory), BUILD_IDS_MAX);
    vl_vec_init(&b->group_lists, sizeof(uint32_t), ADB_RECORDS_MAX);
    vl_vec_init(&b->groups, sizeof(struct build_group), BUILD_IDS_MAX);
    vl_vec_init(&b->group_ids, sizeof(uint32_t), BUILD_IDS_MAX);
    vl_vec_init(&b->members, sizeof(uint32_t), ADB_RECORDS_MAX);
    vl_vec_init(&b->strings, sizeof(struct build_string), BUILD_STRINGS_MAX);
    vl_vec_init(&b->spaces, sizeof(struct build_space), ADB_SPACES_MAX);
    vl_vec_init(&b->packages, sizeof(struct build_package), ADB_PACKAGES_MAX);
    vl_vec_init(&b->rows, sizeof(struct build_row), ADB_RECORDS_MAX);
    vl_map_init(&b->id_index, BUILD_IDS_MAX);
    vl_map_init(&b->facts, BUILD_IDS_MAX);
    vl_map_init(&b->string_index, BUILD_STRINGS_MAX);
    vl_map_init(&b->space_index, ADB_SPACES_MAX);
    vl_map_init(&b->package_index, ADB_PACKAGES_MAX);
    vl_buf_init(&b->pending, PENDING_MAX);
    vl_buf_init(&b->row_bodies, BUILD_CHUNK_MAX);
    for (size_t i = 0; i < VL_ARRAY_LEN(b->chunks); i++)
        vl_buf_init(&b->chunks[i], BUILD_CHUNK_MAX);
}

int vl_advisory_builder_new(const char *temp_dir, struct vl_advisory_builder **ret, struct vl_err *err)
{
    struct vl_advisory_builder *b = calloc(1, sizeof(*b));
    if (!b)
        return vl_err_nomem(err);
    b->spool = -1;
    init_lists(b);
    b->arena = vl_arena_new(ARENA_MAX);
    b->scratch = vl_arena_new(SCRATCH_MAX);
    b->sink = (struct vl_record_sink){.record = take_record, .user = b};
    int r = b->arena && b->scratch ? vl_file_temp(temp_dir, &b->spool, err) : vl_err_nomem(err);
    if (r < 0) {
        vl_advisory_builder_free(b);
        return r;
    }
    *ret = b;
    return 0;
}

void vl_advisory_builder_free(struct vl_advisory_builder *b)
{
    if (!b)
        return;
    if (b->mapped.len)
        munmap((void *)(uintptr_t)b->mapped.ptr, b->mapped.len);
    vl_file_close(&b->spool);
    struct vl_vec *vecs[] = {&b->feeds, &b->entries, &b->ids, &b->advisories, &b->group_lists, &b->groups,
        &b->group_ids, &b->members, &b->strings, &b->spaces, &b->packages, &b->rows};
    for (size_t i = 0; i < VL_ARRAY_LEN(vecs); i++)
        vl_vec_done(vecs[i]);
    struct vl_map *maps[] = {&b->id_index, &b->facts, &b->string_index, &b->space_index, &b->package_index};
    for (size_t i = 0; i < VL_ARRAY_LEN(maps); i++)
        vl_map_done(maps[i]);
    vl_buf_done(&b->pending);
    vl_buf_done(&b->row_bodies);
    for (size_t i = 0; i < VL_ARRAY_LEN(b->chunks); i++)
        vl_buf_done(&b->chunks[i]);
    vl_arena_free(b->arena);
    vl_arena_free(b->scratch);
    free(b);
}

void vl_advisory_builder_cleanup(struct vl_advisory_builder **builder)
{
    vl_advisory_builder_free(*builder);
    *builder = NULL;
}

int vl_advisory_builder_begin(
    struct vl_advisory_builder *b, const struct vl_advisory_feed *feed, struct vl_err *err)
{
    struct build_feed *slot = vl_vec_push(&b->feeds, "feeds", err);
    if (!slot)
        return err->err;
    slot->info = *feed;
    slot->info.name = vl_arena_strdup(b->arena, feed->name);
    slot->info.title = vl_arena_strdup(b->arena, feed->title ? feed->title : feed->name);
    slot->info.url = vl_arena_strdup(b->arena, feed->url ? feed->url : "");
    slot->info.digest = vl_arena_strdup(b->arena, feed->digest ? feed->digest : "");
    b->sink.newest_ms = 0;
    b->sink.complete_ms = 0;
    return vl_arena_check(b->arena, "the feed table", err);
}

void vl_advisory_builder_end(struct vl_advisory_builder *b, int64_t fallback_ms)
{
    struct build_feed *feed = b->feeds.len ? vl_vec_at(&b->feeds, b->feeds.len - 1) : NULL;
    if (!feed || feed->info.data_ms)
        return;
    if (b->sink.complete_ms) {
        feed->info.data_ms = b->sink.complete_ms;
        return;
    }
    if (b->sink.newest_ms > feed->newest_ms) {
        feed->info.data_ms = b->sink.newest_ms; /* the feed says itself of when it is */
        return;
    }
    /* The few dates of a feed that leaves most out (Go's repository) say little of how old it is. */
    bool most = feed->dated * 2 >= feed->records;
    feed->info.data_ms =
        (most && feed->newest_ms) || feed->newest_ms > fallback_ms ? feed->newest_ms : fallback_ms;
}

void vl_advisory_builder_drop(struct vl_advisory_builder *b)
{
    if (b->feeds.len == 0)
        return;
    const struct build_entry *entries = b->entries.items;
    while (b->entries.len && entries[b->entries.len - 1].feed == b->feeds.len - 1)
        b->entries.len--;
    b->feeds.len--;
}

struct vl_record_sink *vl_advisory_builder_sink(struct vl_advisory_builder *b)
{
    return &b->sink;
}

int build_read(
    struct vl_advisory_builder *b, const struct build_entry *entry, struct vl_record *ret, struct vl_err *err)
{
    vl_arena_reset(b->scratch);
    return vl_record_decode(
        vl_span_slice(b->mapped, (size_t)entry->offset, (size_t)(entry->offset + entry->len)), b->scratch,
        ret, err);
}

static int compare_entries(const void *x, const void *y)
{
    const struct build_entry *a = x;
    const struct build_entry *b = y;
    if (a->facts != b->facts)
        return a->facts ? 1 : -1;
    if (a->feed != b->feed)
        return a->feed < b->feed ? -1 : 1;
    int c = vl_span_cmp(a->id, b->id);
    if (c)
        return c;
    return a->offset < b->offset ? -1 : 1;
}

static int map_spool(struct vl_advisory_builder *b, struct vl_err *err)
{
    int r = flush_pending(b, err);
    if (r < 0)
        return r;
    vl_buf_done(&b->pending);
    if (b->spooled == 0)
        return vl_err_set(err, VL_ERR_INVALID, "there is no advisory record to build a database from");
    void *map = mmap(NULL, (size_t)b->spooled, PROT_READ, MAP_PRIVATE, b->spool, 0);
    if (map == MAP_FAILED)
        return vl_err_sys(err, errno, "cannot map the temporary spool of advisories");
    b->mapped = (struct vl_span){map, (size_t)b->spooled};
    qsort(b->entries.items, b->entries.len, sizeof(struct build_entry), compare_entries);
    return 0;
}

int build_count_string(struct vl_advisory_builder *b, struct vl_span text, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    if (text.len == 0)
        return 0;
    int r = vl_map_put(&b->string_index, text, &slot, &added, err);
    if (r < 0)
        return r;
    if (added) {
        struct build_string *s = vl_vec_push(&b->strings, "distinct strings", err);
        char *copy = vl_arena_dup_span(b->arena, text);
        if (!s || !copy)
            return vl_err_nomem(err);
        s->text = slot->key = (struct vl_span){copy, text.len};
        slot->value.num = b->strings.len - 1;
    }
    ((struct build_string *)b->strings.items)[slot->value.num].uses++;
    return 0;
}

uint32_t build_string_offset(const struct vl_advisory_builder *b, struct vl_span text)
{
    const struct vl_map_slot *slot = text.len ? vl_map_get(&b->string_index, text) : NULL;
    return slot ? ((const struct build_string *)b->strings.items)[slot->value.num].offset : 0;
}

static int write_file(struct vl_advisory_builder *b, const char *path, struct vl_err *err)
{
    struct vl_buf *meta = &b->chunks[ADB_META];
    const uint64_t counts[] = {b->ids.len, b->groups.len, b->advisories.len, b->group_lists.len,
        b->packages.len, b->spaces.len, b->feeds.len, b->stats.rows, b->stats.records};
    for (size_t i = 0; i < VL_ARRAY_LEN(counts); i++)
        vl_buf_append_varint(meta, counts[i]);
    VL_CLEANUP(vl_chunk_writer_cleanup)
    struct vl_chunk_writer *writer = vl_chunk_writer_new(ADB_MAGIC, ADB_VERSION);
    if (!writer)
        return vl_err_nomem(err);
    for (uint32_t i = ADB_META; i < VL_ARRAY_LEN(b->chunks); i++) {
        int r = vl_buf_check(&b->chunks[i], "a part of the advisory database", err);
        if (r == 0 && b->chunks[i].len)
            r = vl_chunk_writer_add(writer, i, vl_buf_span(&b->chunks[i]), err);
        if (r < 0)
            return r;
    }
    b->stats.text_bytes = b->chunks[ADB_TEXTS].len + b->chunks[ADB_TEXT_DICT].len;
    int r = vl_chunk_writer_finish(writer, path, err);
    struct stat st;
    if (r == 0 && stat(path, &st) < 0)
        return vl_err_sys(err, errno, "cannot read");
    if (r == 0)
        b->stats.file_bytes = (uint64_t)st.st_size; /* its chunks, and what filling pages costs */
    return r;
}

int vl_advisory_builder_finish(struct vl_advisory_builder *b, const char *path,
    struct vl_advisory_build_stats *ret_stats, struct vl_err *err)
{
    static int (*const steps[])(struct vl_advisory_builder *, struct vl_err *) = {map_spool, build_ids,
        build_groups, build_strings, build_rows, build_texts, build_windows, build_write_groups,
        build_write_ids, build_write_feeds};
    for (size_t i = 0; i < VL_ARRAY_LEN(steps); i++) {
        int r = steps[i](b, err);
        if (r == 0)
            r = vl_arena_check(b->arena, "the advisory build", err);
        if (r < 0)
            return r;
    }
    b->stats.withdrawn = b->sink.withdrawn;
    int r = write_file(b, path, err);
    if (r < 0)
        return vl_err_wrap(err, "advisory database %s", path);
    if (ret_stats)
        *ret_stats = b->stats;
    return 0;
}
