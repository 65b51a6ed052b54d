/* State of a build, shared by build.c (collecting, ids, vulnerabilities), build_pack.c (packages and rows),
 * build_text.c (advisories, vulnerabilities, texts) and build_windows.c. */
#ifndef VL_ADVISORY_BUILD_STATE_H
#define VL_ADVISORY_BUILD_STATE_H

#include "advisory/build.h"
#include "base/map.h"
#include "codec/chunk_file.h"
#include "format.h"
#include "record.h"

#define BUILD_IDS_MAX     20000000U
#define BUILD_STRINGS_MAX 20000000U
#define BUILD_CHUNK_MAX   (3UL * 1024 * 1024 * 1024)
#define BUILD_NONE        UINT32_MAX

struct build_feed {
    struct vl_advisory_feed info; /* strings in the arena */
    int64_t newest_ms;
    uint64_t records;
    uint64_t dated; /* of them: with a date */
};

/* One record in the spool. */
struct build_entry {
    struct vl_span id; /* in the arena, shared by entries of the same id */
    uint64_t offset;
    uint32_t len;
    uint16_t feed;
    bool facts;
};

struct build_id {
    struct vl_span text;
    uint32_t parent; /* union-find */
    uint32_t cve;    /* of a root: the CVE in its set, or NONE */
    uint32_t number; /* place among all ids, sorted */
    uint32_t group;  /* of a root that is a vulnerability; NONE else */
    uint32_t advisory;
    bool vulnerability;
};

/* A run of entries of one feed with one id. */
struct build_advisory {
    uint32_t first; /* entry */
    uint32_t n;
    uint32_t base; /* first record number */
    uint32_t n_groups;
    uint32_t groups_at; /* in group_lists */
};

struct build_group {
    uint32_t root; /* id */
    uint32_t best; /* id shown */
    uint32_t n_ids;
    uint32_t ids_at; /* in group_ids */
    uint32_t members_at, n_members;
    const struct build_fact *facts; /* merged; NULL where there are none */
};

struct build_fact {
    bool has_kev, has_epss;
    struct vl_kev kev;
    uint32_t epss, percentile; /* of 100,000 */
    unsigned ssvc;             /* 1 none, 2 poc, 3 active */
    int64_t published_ms;
    struct vl_span title;
    struct vl_record_pair cvss[6];
    size_t n_cvss;
    uint32_t cwes[8];
    size_t n_cwes;
};

struct build_string {
    struct vl_span text;
    uint32_t uses;
    uint32_t offset;
};

struct build_package {
    uint32_t space;
    struct vl_span name;
    uint32_t first_row, n_rows;
    uint32_t offset; /* in the chunk */
};

struct build_row {
    uint32_t package;
    uint32_t record;
    uint32_t body_at; /* in row_bodies */
    uint16_t body_len;
    uint8_t shape;
};

struct build_space {
    struct vl_span name;
    uint64_t records;
    uint32_t last_advisory;
    uint64_t feed_records[ADB_FEEDS_MAX / 8]; /* by feed while few: the rest is counted to the last */
};

struct vl_advisory_builder {
    struct vl_arena *arena;
    struct vl_record_sink sink;
    struct vl_vec feeds;   /* struct build_feed */
    struct vl_vec entries; /* struct build_entry */
    int spool;
    uint64_t spooled;
    struct vl_buf pending; /* not yet in the spool */
    struct vl_span mapped; /* spool, while finishing */
    struct vl_map id_index;
    struct vl_vec ids; /* struct build_id */
    struct vl_vec advisories;
    struct vl_vec group_lists; /* uint32_t */
    struct vl_vec groups;
    struct vl_vec group_ids; /* uint32_t: id indexes by group */
    struct vl_vec members;   /* uint32_t: advisories by group */
    struct vl_map facts;     /* id -> struct build_fact */
    struct vl_map string_index;
    struct vl_vec strings;
    struct vl_map space_index;
    struct vl_vec spaces;
    struct vl_map package_index;
    struct vl_vec packages;
    struct vl_vec rows;
    struct vl_buf row_bodies;
    struct vl_buf chunks[ADB_WINDOWS + 1];
    struct vl_arena *scratch; /* one record */
    struct vl_advisory_build_stats stats;
};

/* Reads an entry back; spans are good until the next call. */
VL_MUST_CHECK int build_read(struct vl_advisory_builder *b, const struct build_entry *entry,
    struct vl_record *ret, struct vl_err *err);

/* Pool offset of a string that build_count_string() has seen; 0 for the empty one. */
uint32_t build_string_offset(const struct vl_advisory_builder *b, struct vl_span text);
VL_MUST_CHECK int build_count_string(struct vl_advisory_builder *b, struct vl_span text, struct vl_err *err);

/* Packages that a feed names without an advisory: a package without rows. They stay if the feed is dropped.
 */
VL_MUST_CHECK int build_names(
    struct vl_advisory_builder *b, const struct vl_record *record, struct vl_err *err);

/* The steps of finish, in this order. */
VL_MUST_CHECK int build_ids(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_groups(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_strings(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_rows(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_texts(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_windows(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_write_groups(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_write_ids(struct vl_advisory_builder *b, struct vl_err *err);
VL_MUST_CHECK int build_write_feeds(struct vl_advisory_builder *b, struct vl_err *err);

static inline struct build_id *build_id_at(const struct vl_advisory_builder *b, uint32_t i)
{
    return (struct build_id *)b->ids.items + i;
}
static inline struct build_advisory *build_advisory_at(const struct vl_advisory_builder *b, uint32_t i)
{
    return (struct build_advisory *)b->advisories.items + i;
}
static inline struct build_entry *build_entry_at(const struct vl_advisory_builder *b, uint32_t i)
{
    return (struct build_entry *)b->entries.items + i;
}
static inline struct build_group *build_group_at(const struct vl_advisory_builder *b, uint32_t i)
{
    return (struct build_group *)b->groups.items + i;
}

#endif
