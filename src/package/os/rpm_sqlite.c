/* The one place that knows SQLite. The file is a stranger's: it is opened in memory and read-only, with every
 * feature off that a schema could abuse, and with limits on memory and steps. */
#include "rpm_db.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/lazy.h"

#define HEADER_SIZE 100
#define JOURNAL_AT  18 /* two bytes: 2 means write-ahead log, which a database in memory cannot have */
#define STEP_UNIT   10000
#define STEPS_MAX   1000 /* units of STEP_UNIT virtual machine instructions */
#define BLOB_MAX    (256 * 1024 * 1024)
#define SQL_MAX     4096
#define COLUMNS_MAX 64
#define EXPR_MAX    64

#define FUNCTIONS(F)            \
    F(sqlite3_close)            \
    F(sqlite3_column_blob)      \
    F(sqlite3_column_bytes)     \
    F(sqlite3_db_config)        \
    F(sqlite3_deserialize)      \
    F(sqlite3_errcode)          \
    F(sqlite3_errmsg)           \
    F(sqlite3_exec)             \
    F(sqlite3_finalize)         \
    F(sqlite3_limit)            \
    F(sqlite3_open_v2)          \
    F(sqlite3_prepare_v2)       \
    F(sqlite3_progress_handler) \
    F(sqlite3_step)
VL_LAZY_LIBRARY(sqlite, FUNCTIONS, "libsqlite3.so.0", "rpm databases")

int os_rpm_sqlite_load(struct vl_err *err)
{
    return sqlite_load(err);
}

bool os_rpm_sqlite_is(struct vl_span data)
{
    static const char magic[16] = "SQLite format 3";
    return data.len >= HEADER_SIZE && memcmp(data.ptr, magic, sizeof(magic)) == 0;
}

struct store {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    unsigned char *copy;
    unsigned steps;
};

static int count_steps(void *user)
{
    struct store *store = user;
    return ++store->steps > STEPS_MAX;
}

static void close_store(struct store *store)
{
    sqlite.sqlite3_finalize(store->stmt);
    sqlite.sqlite3_close(store->db);
    free(store->copy);
}

static int fail(struct store *store, struct vl_err *err)
{
    if (store->steps > STEPS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "SQLite: reading takes too many steps");
    if (store->db && sqlite.sqlite3_errcode(store->db) == SQLITE_NOMEM)
        return vl_err_nomem(err);
    return vl_err_set(
        err, VL_ERR_INVALID, "SQLite: %s", store->db ? sqlite.sqlite3_errmsg(store->db) : "cannot be opened");
}

static void set_limits(sqlite3 *db)
{
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, BLOB_MAX},
        {SQLITE_LIMIT_SQL_LENGTH, SQL_MAX},
        {SQLITE_LIMIT_COLUMN, COLUMNS_MAX},
        {SQLITE_LIMIT_EXPR_DEPTH, EXPR_MAX},
        {SQLITE_LIMIT_COMPOUND_SELECT, 1},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(limits); i++)
        sqlite.sqlite3_limit(db, limits[i].id, limits[i].value);
    (void)sqlite.sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite.sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite.sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite.sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite.sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
}

static int open_store(struct store *store, struct vl_span data, struct vl_err *err)
{
    if (sqlite.sqlite3_open_v2(":memory:", &store->db,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail(store, err);
    set_limits(store->db);
    sqlite.sqlite3_progress_handler(store->db, STEP_UNIT, count_steps, store);
    /* A copy, since the journal mode must be changed and the library's interface wants writable memory. */
    store->copy = malloc(data.len);
    if (!store->copy)
        return vl_err_nomem(err);
    memcpy(store->copy, data.ptr, data.len);
    store->copy[JOURNAL_AT] = store->copy[JOURNAL_AT + 1] = 1;
    if (sqlite.sqlite3_deserialize(store->db, "main", store->copy, (sqlite3_int64)data.len,
            (sqlite3_int64)data.len, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
        return fail(store, err);
    if (sqlite.sqlite3_exec(
            store->db, "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY", NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, err);
    return 0;
}

static int read_rows(struct store *store, uint64_t budget, const struct os_rpm_each *each, struct vl_err *err)
{
    int step;
    if (sqlite.sqlite3_prepare_v2(store->db, "SELECT blob FROM Packages", -1, &store->stmt, NULL) !=
        SQLITE_OK)
        return fail(store, err);
    while ((step = sqlite.sqlite3_step(store->stmt)) == SQLITE_ROW) {
        const void *blob = sqlite.sqlite3_column_blob(store->stmt, 0);
        int n = sqlite.sqlite3_column_bytes(store->stmt, 0);
        if (n > 0 && (uint64_t)n > budget) /* pages that are their own children */
            return vl_err_set(err, VL_ERR_INVALID, "SQLite: holds more than fits into the file");
        budget -= n > 0 ? (uint64_t)n : 0;
        struct vl_span span = {blob, blob && n > 0 ? (size_t)n : 0};
        int r = each->call(span, each->user, err);
        if (r < 0)
            return r;
    }
    return step == SQLITE_DONE ? 0 : fail(store, err);
}

int os_rpm_sqlite_read(struct vl_span data, const struct os_rpm_each *each, struct vl_err *err)
{
    struct store store = {0};
    if (!os_rpm_sqlite_is(data))
        return vl_err_set(err, VL_ERR_INVALID, "no SQLite file");
    int r = sqlite_load(err);
    if (r < 0)
        return r;
    r = open_store(&store, data, err);
    if (r >= 0)
        r = read_rows(&store, data.len, each, err);
    close_store(&store);
    return r;
}
