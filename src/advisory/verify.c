/* Every page and every offset: what `db verify` and an update do before a file is taken. */
#include "db.h"

#define PLAIN_MAX ADB_TEXT_BLOCK_MAX

static int verify_strings_of(struct vl_advisory_db *db, const struct adb_row *row, struct vl_err *err)
{
    struct adb_row_facts facts;
    struct adb_range range;
    struct vl_span s;
    adb_row_open(row, &facts);
    int r = facts.module ? adb_string(db, facts.module, &s, err) : 0;
    while (r == 0 && adb_row_range(&facts, &range)) {
        r = adb_string(db, range.introduced, &s, err);
        if (r == 0)
            r = adb_string(db, range.fixed, &s, err);
        if (r == 0)
            r = adb_string(db, range.last, &s, err);
    }
    if (r == 0 && !vl_reader_ok(&facts.in))
        r = adb_corrupt(db, "a row", err);
    return r;
}

static int verify_package(struct vl_advisory_db *db, uint64_t offset, uint64_t *n_rows, struct vl_err *err)
{
    struct adb_package package;
    struct adb_rows rows;
    struct adb_row row;
    int r = adb_package_at(db, offset, &package, err);
    if (r < 0)
        return r;
    adb_rows_start(&package, &rows);
    while (r == 0 && adb_rows_next(&rows, &row)) {
        ++*n_rows;
        r = row.record < db->n_records ? verify_strings_of(db, &row, err)
                                       : adb_corrupt(db, "a record number", err);
    }
    if (r == 0 && (!vl_reader_ok(&rows.in) || vl_reader_left(&rows.in)))
        r = adb_corrupt(db, "rows of a package", err);
    return r;
}

static int verify_packages(struct vl_advisory_db *db, struct vl_err *err)
{
    uint64_t packages = 0;
    uint64_t rows = 0;
    for (uint64_t i = 0; i < db->n_slots; i++) {
        uint32_t slot;
        int r = adb_u32(db, ADB_SLOTS, i, &slot, err);
        if (r == 0 && slot)
            r = verify_package(db, slot - 1, &rows, err);
        if (r < 0)
            return r;
        packages += slot != 0;
    }
    return packages == db->n_packages && rows == db->n_rows ? 0
                                                            : adb_corrupt(db, "its counts of packages", err);
}

static int verify_advisories(struct vl_advisory_db *db, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf plain;
    vl_buf_init(&plain, PLAIN_MAX);
    uint32_t last_block = UINT32_MAX;
    for (uint64_t i = 0; i < db->n_advisories; i++) {
        struct adb_advisory a;
        struct adb_text text;
        uint32_t group;
        int r = adb_advisory_get(db, (uint32_t)i, &a, err);
        for (uint32_t k = 0; r == 0 && k < a.n_groups; k++)
            r = adb_advisory_group(db, &a, a.base + k, &group, err);
        if (r == 0 && (a.flags & ADB_ADV_TEXT) && a.text_block != last_block)
            r = adb_text_get(db, &a, &plain, &text, err);
        if (r < 0)
            return r;
        last_block = a.text_block;
    }
    return 0;
}

static int verify_groups(struct vl_advisory_db *db, struct vl_err *err)
{
    for (uint64_t i = 0; i < db->n_groups; i++) {
        struct adb_group g;
        int r = adb_group_get(db, (uint32_t)i, &g, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_advisory_db_verify(struct vl_advisory_db *db, struct vl_err *err)
{
    int r = vl_chunk_file_verify(db->file, err);
    if (r == 0)
        r = verify_packages(db, err);
    if (r == 0)
        r = verify_advisories(db, err);
    return r == 0 ? verify_groups(db, err) : r;
}
