#include "findings/repo_list_sets.h"

#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"

#define ASK 16 /* sets looked for at a time */

static const struct vl_store_sql sql_find = {
    "SELECT id, hash FROM package_set WHERE hash IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
    "$14, $15, $16)",
    NULL};
static const struct vl_store_sql sql_add = {
    "INSERT INTO package_set (hash) VALUES ($1) ON CONFLICT (hash) DO NOTHING RETURNING id", NULL};
static const struct vl_store_sql sql_add_package = {
    "INSERT INTO set_package (set_id, package_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", NULL};
static const struct vl_store_sql sql_add_packages = {
    "INSERT INTO set_package (set_id, package_id) SELECT $1, value FROM json_each($2) WHERE true ON CONFLICT "
    "DO NOTHING",
    "INSERT INTO set_package (set_id, package_id) SELECT $1, unnest(CAST($2 AS INTEGER[])) ON CONFLICT DO "
    "NOTHING"};
static const struct vl_store_sql sql_add_set = {
    "INSERT INTO list_set (list_id, set_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", NULL};
static const struct vl_store_sql sql_add_sets = {
    "INSERT INTO list_set (list_id, set_id) SELECT $1, value FROM json_each($2) WHERE true ON CONFLICT DO "
    "NOTHING",
    "INSERT INTO list_set (list_id, set_id) SELECT $1, unnest(CAST($2 AS INTEGER[])) ON CONFLICT DO NOTHING"};

/* --- cutting --- */

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* One id in sixteen ends a set, whatever stands before it: a package more or less changes one set. */
static bool ends_set(int64_t id)
{
    return ((uint64_t)id * 0x9e3779b97f4a7c15ULL) >> 60 == 0;
}

static void hash_of(const int64_t *ids, size_t n, uint8_t *ret)
{
    uint8_t bytes[VL_LIST_SET_MAX * 8];
    struct vl_digest digest;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 8; k++)
            bytes[i * 8 + k] = (uint8_t)((uint64_t)ids[i] >> (k * 8));
    vl_digest_compute(VL_DIGEST_SHA256, (struct vl_span){(const char *)bytes, n * 8}, &digest);
    memcpy(ret, digest.bytes, VL_LIST_SET_HASH_BYTES);
}

size_t vl_list_sets_cut(int64_t *ids, size_t n, struct vl_list_set *ret)
{
    size_t sets = 0, begin = 0;
    if (n > 1)
        qsort(ids, n, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && !ends_set(ids[i]) && i + 1 - begin < VL_LIST_SET_MAX)
            continue;
        ret[sets] = (struct vl_list_set){.begin = begin, .n = i + 1 - begin};
        hash_of(ids + begin, i + 1 - begin, ret[sets++].hash);
        begin = i + 1;
    }
    return sets;
}

/* --- rows --- */

static struct vl_span span_of(const struct vl_list_set *set)
{
    return (struct vl_span){(const char *)set->hash, sizeof(set->hash)};
}

/* `found`: the id of each set, 0 where it is not there. */
static int find_sets(
    struct vl_store_conn *conn, const struct vl_list_set *sets, size_t n, int64_t *found, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_find, &stmt, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ASK; i++)
        vl_stmt_blob(stmt, (int)i + 1, span_of(&sets[i < n ? i : 0]));
    while ((r = vl_stmt_step(stmt, err)) > 0) {
        struct vl_span hash = vl_stmt_get_blob(stmt, 1);
        for (size_t i = 0; i < n; i++)
            if (vl_span_eq(hash, span_of(&sets[i])))
                found[i] = vl_stmt_get_int(stmt, 0);
    }
    return r;
}

/* All in one statement to PostgreSQL, where each goes out and back; SQLite keeps a journal of such a
 * statement, which costs more than it saves. */
static int add_all(struct vl_store_conn *conn, const struct vl_store_sql *one,
    const struct vl_store_sql *many, int64_t owner, const int64_t *ids, size_t n, struct vl_err *err)
{
    bool together = vl_store_conn_kind(conn) == VL_STORE_POSTGRESQL;
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i += together ? n : 1) {
        struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
        r = vl_stmt_begin(conn, together ? many : one, &stmt, err);
        if (r < 0)
            return r;
        vl_stmt_int(stmt, 1, owner);
        if (together)
            vl_stmt_ints(stmt, 2, ids, n);
        else
            vl_stmt_int(stmt, 2, ids[i]);
        r = vl_stmt_send(stmt, err);
    }
    return r;
}

/* 0 where another server was faster: then it is there. */
static int add_set(struct vl_store_conn *conn, const struct vl_list_set *set, const int64_t *ids,
    int64_t *ret_id, struct vl_err *err)
{
    struct vl_stmt *stmt VL_CLEANUP(vl_stmt_cleanup) = NULL;
    int r = vl_stmt_begin(conn, &sql_add, &stmt, err);
    if (r < 0)
        return r;
    vl_stmt_blob(stmt, 1, span_of(set));
    r = vl_stmt_step(stmt, err);
    if (r <= 0)
        return r < 0 ? r : find_sets(conn, set, 1, ret_id, err);
    *ret_id = vl_stmt_get_int(stmt, 0);
    r = vl_stmt_run(stmt, NULL, err);
    return r < 0 ? r
                 : add_all(conn, &sql_add_package, &sql_add_packages, *ret_id, ids + set->begin, set->n, err);
}

int vl_repo_list_sets_put(struct vl_store_conn *conn, int64_t list, int64_t *ids, size_t n,
    struct vl_arena *arena, int64_t *ret_rows, struct vl_err *err)
{
    struct vl_list_set *sets = vl_arena_array(arena, n + 1, sizeof(*sets));
    int64_t *found = vl_arena_array(arena, n + 1, sizeof(*found));
    int r = sets && found ? 0 : vl_arena_failed(arena, "the sets of a package list", err);
    if (r < 0)
        return r;
    size_t many = vl_list_sets_cut(ids, n, sets);
    int64_t rows = (int64_t)many;
    for (size_t i = 0; i < many && r >= 0; i += ASK)
        r = find_sets(conn, sets + i, many - i < ASK ? many - i : ASK, found + i, err);
    for (size_t i = 0; i < many && r >= 0; i++) {
        if (found[i])
            continue;
        r = add_set(conn, &sets[i], ids, &found[i], err);
        rows += (int64_t)sets[i].n + 1;
    }
    if (r >= 0)
        r = add_all(conn, &sql_add_set, &sql_add_sets, list, found, many, err);
    if (r >= 0)
        *ret_rows = rows;
    return r;
}
