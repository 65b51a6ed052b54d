/* Reading side of the database, shared by db.c (open, chunks, ids), match.c, describe.c, search.c and
 * windows.c. Every offset read from the file is checked where it is used: the file may be damaged. */
#ifndef VL_ADVISORY_DB_STATE_H
#define VL_ADVISORY_DB_STATE_H

#include <stdatomic.h>

#include "advisory/db.h"
#include "base/reader.h"
#include "codec/chunk_file.h"
#include "format.h"
#include "namespace.h"
#include "version/version.h"

struct adb_unpacker;

struct adb_feed_share {
    uint32_t feed;
    uint64_t records;
};

struct adb_space {
    struct vl_span name;
    const struct vl_space_info *info;
    const struct vl_version_scheme *scheme;
    uint64_t records;
    struct adb_feed_share *feeds;
    size_t n_feeds;
};

struct vl_advisory_db {
    struct vl_chunk_file *file;
    struct vl_arena *arena;
    const char *path;
    const char *digest;
    uint64_t n_ids, n_groups, n_advisories, n_records, n_packages, n_spaces, n_feeds, n_rows, n_given;
    uint64_t n_slots;
    struct vl_advisory_feed *feeds;
    struct adb_space *spaces; /* sorted by name */
    _Atomic(struct adb_unpacker *) unpacker;
};

/* A decoded advisory; lists point into the chunk. */
struct adb_advisory {
    uint32_t number;
    uint32_t base; /* first record number */
    uint32_t feed;
    uint32_t id;
    unsigned flags;
    uint32_t n_groups;
    struct vl_reader groups; /* at the first distance */
    uint32_t text_block, text_ordinal;
    int64_t published_ms, modified_ms;
    uint32_t n_ratings;
    struct vl_reader ratings;
    uint32_t n_cvss;
    struct vl_reader cvss;
    uint32_t n_cwes;
    struct vl_reader cwes;
    uint32_t n_packages;
    struct vl_reader packages;
};

struct adb_group {
    uint32_t number;
    uint32_t n_ids;
    struct vl_reader ids; /* shown id, then distances of the others */
    uint32_t n_members;
    struct vl_reader members;
    unsigned flags;
    struct vl_kev kev;
    double epss, percentile;
    unsigned ssvc;
    uint32_t n_cvss;
    struct vl_reader cvss;
    int64_t published_ms;
    uint32_t n_cwes;
    struct vl_reader cwes;
    uint32_t title; /* string */
};

/* As vl_reader_varint(), in line: one-byte numbers are most of the file. */
static inline uint64_t adb_varint(struct vl_reader *in)
{
    if (in->pos < in->data.len && !in->failed && !((uint8_t)in->data.ptr[in->pos] & 0x80))
        return (uint8_t)in->data.ptr[in->pos++];
    return vl_reader_varint(in);
}
static inline uint32_t adb_varint32(struct vl_reader *in)
{
    uint64_t v = adb_varint(in);
    if (v > UINT32_MAX)
        in->failed = true;
    return (uint32_t)v;
}
/* As vl_reader_lstr(). */
static inline struct vl_span adb_lstr(struct vl_reader *in)
{
    uint64_t len = adb_varint(in);
    if (in->failed || len > in->data.len - in->pos) {
        in->failed = true;
        return VL_SPAN_EMPTY;
    }
    struct vl_span s = {in->data.ptr + in->pos, (size_t)len};
    in->pos += (size_t)len;
    return s;
}

VL_MUST_CHECK int adb_corrupt(const struct vl_advisory_db *db, const char *what, struct vl_err *err);

/* From offset to the end of the chunk or `most` bytes, whichever comes first. */
VL_MUST_CHECK int adb_window(struct vl_advisory_db *db, enum adb_chunk chunk, uint64_t offset, uint64_t most,
    struct vl_span *ret, struct vl_err *err);
VL_MUST_CHECK int adb_string(
    struct vl_advisory_db *db, uint64_t offset, struct vl_span *ret, struct vl_err *err);
VL_MUST_CHECK int adb_u32(
    struct vl_advisory_db *db, enum adb_chunk chunk, uint64_t index, uint32_t *ret, struct vl_err *err);

/* Index of a namespace, -1 where the file has none of that name. */
int adb_space_find(const struct vl_advisory_db *db, struct vl_span name);

struct adb_package {
    uint32_t offset;
    uint32_t space;
    struct vl_span name;
    uint32_t n_rows;
    struct vl_span rows;
};
VL_MUST_CHECK int adb_package_at(
    struct vl_advisory_db *db, uint64_t offset, struct adb_package *ret, struct vl_err *err);
/* 1 found, 0 not. */
VL_MUST_CHECK int adb_package_find(struct vl_advisory_db *db, uint32_t space, struct vl_span name,
    struct adb_package *ret, struct vl_err *err);

VL_MUST_CHECK int adb_advisory_get(
    struct vl_advisory_db *db, uint32_t number, struct adb_advisory *ret, struct vl_err *err);
/* The advisory that holds a record number. */
VL_MUST_CHECK int adb_advisory_of(
    struct vl_advisory_db *db, uint32_t record, struct adb_advisory *ret, struct vl_err *err);
VL_MUST_CHECK int adb_advisory_group(const struct vl_advisory_db *db, const struct adb_advisory *advisory,
    uint32_t record, uint32_t *ret_group, struct vl_err *err);
VL_MUST_CHECK int adb_group_get(
    struct vl_advisory_db *db, uint32_t number, struct adb_group *ret, struct vl_err *err);

/* Text of an id, copied into the arena. */
VL_MUST_CHECK int adb_id_text(
    struct vl_advisory_db *db, uint32_t number, struct vl_arena *arena, const char **ret, struct vl_err *err);
/* 1 and what the id names, 0 where unknown. */
VL_MUST_CHECK int adb_id_find(
    struct vl_advisory_db *db, struct vl_span id, uint64_t *ret_target, struct vl_err *err);

struct adb_text {
    struct vl_span title;
    struct vl_span details;
    uint32_t n_refs;
    struct vl_reader refs;
};
/* Texts of an advisory; spans point into `plain`, which the caller initialises with a maximum. */
VL_MUST_CHECK int adb_text_get(struct vl_advisory_db *db, const struct adb_advisory *advisory,
    struct vl_buf *plain, struct adb_text *ret, struct vl_err *err);

/* Rows of a package, one after the other. */
struct adb_row {
    uint32_t record; /* base of its advisory */
    enum adb_shape shape;
    struct vl_reader body; /* at the start of the body */
};
struct adb_rows {
    struct vl_reader in;
    uint32_t left;
    uint32_t record;
    enum adb_shape shape;
    struct vl_reader body;
};
void adb_rows_start(const struct adb_package *package, struct adb_rows *ret);
/* False at the end or where the rows are damaged (in.failed). */
bool adb_rows_next(struct adb_rows *rows, struct adb_row *ret);

/* One decoded range or version of a row. */
struct adb_range {
    uint32_t introduced, fixed, last; /* strings, 0: none */
    bool after;
    bool exact; /* `introduced` is the one version */
};
struct adb_row_facts {
    enum vl_fix_state state;
    enum vl_severity severity;
    uint32_t module;
    uint32_t n_ranges;
    uint32_t n_versions;
    struct vl_reader in; /* at the ranges of a general row */
    enum adb_shape shape;
    struct adb_range only; /* of simple rows */
};
void adb_row_open(const struct adb_row *row, struct adb_row_facts *ret);
/* Ranges first, then exact versions; false at the end or where damaged (in.failed). */
bool adb_row_range(struct adb_row_facts *facts, struct adb_range *ret);

#endif
