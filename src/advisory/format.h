/* Layout of the advisory database file, shared by writer and reader. The specification, with the reasons, is
 * docs/design/0004-advisory-database.md. Numbers are LEB128 varints unless said otherwise. */
#ifndef VL_ADVISORY_FORMAT_H
#define VL_ADVISORY_FORMAT_H

#include "base/span.h"

#define ADB_MAGIC   "VADB"
#define ADB_VERSION 1U

enum adb_chunk {
    ADB_META = 1,
    ADB_FEEDS,
    ADB_STRINGS,         /* string pool: lstr each; offset 0 is the empty string */
    ADB_SPACES,          /* namespaces, sorted by name */
    ADB_SLOTS,           /* u32le: offset + 1 in ADB_PACKAGES, 0 for a free slot */
    ADB_PACKAGES,        /* packages with their rows: all that matching reads */
    ADB_ADVISORIES,      /* blocks of ADB_BLOCK advisories */
    ADB_ADVISORY_BLOCKS, /* u32le offset, u32le first record number; one more at the end */
    ADB_GROUPS,          /* blocks of ADB_BLOCK vulnerabilities */
    ADB_GROUP_BLOCKS,    /* u32le offset */
    ADB_IDS,             /* blocks of ADB_BLOCK ids, front-coded, sorted */
    ADB_ID_BLOCKS,       /* u32le offset */
    ADB_TEXTS,           /* zstd frames */
    ADB_TEXT_BLOCKS,     /* u32le offset; one more at the end */
    ADB_TEXT_DICT,
    ADB_WINDOWS,
};

#define ADB_BLOCK          16U
#define ADB_TEXT_BLOCK     6144U    /* bytes of plain text after which a block is closed */
#define ADB_TEXT_BLOCK_MAX 1048576U /* of a whole block */
#define ADB_TEXT_DICT_MAX  (96U * 1024)
#define ADB_PACKAGES_MAX   50000000U /* counts: more is refused by the builder and by the reader */
#define ADB_RECORDS_MAX    200000000U
#define ADB_SPACES_MAX     4096U
#define ADB_FEEDS_MAX      512U
#define ADB_GROUP_IDS_MAX  4096U /* ids of one vulnerability */

/* Shape of a row: the low three bits of its head; the rest is the distance to the record number before. */
enum adb_shape {
    ADB_ROW_BELOW = 0, /* [0, fixed) */
    ADB_ROW_SAME,      /* body of the row before */
    ADB_ROW_BETWEEN,   /* [introduced, fixed) */
    ADB_ROW_OPEN,      /* every version, no fix; state byte */
    ADB_ROW_GENERAL,
    ADB_ROW_UP_TO, /* [0, last] */
};
#define ADB_SHAPE_BITS 3U

/* Flags of ADB_ROW_GENERAL. */
#define ADB_GENERAL_STATE    0x0fU /* enum vl_fix_state */
#define ADB_GENERAL_MODULE   0x10U /* string follows */
#define ADB_GENERAL_SEVERITY 0x20U /* byte follows */

/* Kind byte of a range in ADB_ROW_GENERAL: which strings follow. */
#define ADB_RANGE_INTRODUCED 1U
#define ADB_RANGE_AFTER      2U
#define ADB_RANGE_FIXED      4U
#define ADB_RANGE_LAST       8U

/* Flags of an advisory. */
#define ADB_ADV_TEXT      0x01U
#define ADB_ADV_MALICIOUS 0x02U
#define ADB_ADV_PUBLISHED 0x04U
#define ADB_ADV_MODIFIED  0x08U
#define ADB_ADV_RATINGS   0x10U
#define ADB_ADV_CVSS      0x20U
#define ADB_ADV_CWES      0x40U
#define ADB_ADV_MANY      0x80U /* several vulnerabilities */

/* Flags of a vulnerability (group). */
#define ADB_GROUP_KEV        0x01U
#define ADB_GROUP_RANSOMWARE 0x02U
#define ADB_GROUP_EPSS       0x04U
#define ADB_GROUP_SSVC       0x08U
#define ADB_GROUP_CVSS       0x10U
#define ADB_GROUP_PUBLISHED  0x20U
#define ADB_GROUP_CWES       0x40U
#define ADB_GROUP_TITLE      0x80U

#define ADB_DAY_MS 86400000LL

/* Place of (space, name) in ADB_SLOTS. */
uint64_t adb_hash(uint32_t space, struct vl_span name);
uint64_t adb_slot_first(uint64_t hash, uint64_t n_slots);
uint64_t adb_slot_count(uint64_t n_packages);

/* "CVE-…" before "GHSA-…" before others: which id of a vulnerability is shown. Smaller is better. */
unsigned adb_id_rank(struct vl_span id);
int adb_id_prefer(struct vl_span a, struct vl_span b); /* by rank, then bytes: < 0 where a is better */

int32_t adb_day(int64_t ms); /* days since 1970, rounded down */
uint64_t adb_zigzag(int64_t v);
int64_t adb_unzigzag(uint64_t v);

#endif
