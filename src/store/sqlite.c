/* SQLite: WAL, every commit synchronised, foreign keys, the file's own mischief shut out (trusted_schema,
 * defensive). */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define CACHE_KIB "-8000" /* of pages, a connection */

struct sqlite_stmt {
    struct vl_stmt base;
    sqlite3_stmt *handle;
    sqlite3 *db;
    uint64_t changed;
};

static struct sqlite_stmt *of(struct vl_stmt *stmt)
{
    return (struct sqlite_stmt *)stmt;
}

static sqlite3_stmt *handle_of(const struct vl_stmt *stmt)
{
    return ((const struct sqlite_stmt *)stmt)->handle;
}

static int fail(sqlite3 *db, int code, struct vl_err *err)
{
    const char *message = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return vl_err_nomem(err);
    case SQLITE_CONSTRAINT:
        return store_constraint(err, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database is locked by another process: %s", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return vl_err_set(err, VL_ERR_CORRUPT, "the database is damaged: %s", message);
    case SQLITE_FULL:
        return vl_err_sys(err, ENOSPC, "the database cannot grow");
    default: {
        int number = db ? sqlite3_system_errno(db) : 0;
        if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)
            return vl_err_sys(err, number ? number : EIO, "the database: %s", message);
        return vl_err_set(err, VL_ERR_INVALID, "the database refuses: %s", message);
    }
    }
}

static int sqlite_execute(struct vl_store_conn *conn, const char *sql, struct vl_err *err)
{
    int code = sqlite3_exec(conn->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(conn->handle, code, err);
}

static int sqlite_open(const struct vl_store_options *options, struct vl_store_conn *conn, struct vl_err *err)
{
    const char *path = options->url + strlen("sqlite:");
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (*path == '\0')
        return vl_err_set(err, VL_ERR_USAGE, "sqlite: needs the path of a file");
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    conn->handle = db;
    if (code != SQLITE_OK) {
        int r = fail(db, code, err);
        return r < 0 ? vl_err_wrap(err, "%s", path) : r;
    }
    sqlite3_busy_timeout(db, VL_STORE_BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)VL_STORE_VALUE_MAX + 1024);
    int r = sqlite_execute(conn,
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size "
        "= " CACHE_KIB,
        err);
    if (r >= 0 && !options->read_only)
        r = sqlite_execute(conn, "PRAGMA journal_mode = WAL", err);
    return r < 0 ? vl_err_wrap(err, "%s", path) : 0;
}

static void sqlite_close(struct vl_store_conn *conn)
{
    sqlite3_close_v2(conn->handle);
    conn->handle = NULL;
}

static int sqlite_begin_read(struct vl_store_conn *conn, struct vl_err *err)
{
    return sqlite_execute(conn, "BEGIN", err);
}

static void sqlite_end_read(struct vl_store_conn *conn)
{
    struct vl_err ignored = VL_ERR_INIT;
    if (sqlite_execute(conn, "ROLLBACK", &ignored) < 0)
        vl_err_clear(&ignored);
}

static bool sqlite_is_lost(const struct vl_store_conn *conn)
{
    (void)conn;
    return false;
}

/* The copy is one plain file: of a database with a write-ahead log it would have the mode too, and whoever
 * only reads it would need to write beside it. */
static int copy_to(sqlite3 *from, const char *path, struct vl_err *err)
{
    sqlite3 *to = NULL;
    int code =
        sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE, NULL);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
    if (backup) {
        code = sqlite3_backup_step(backup, -1);
        int end = sqlite3_backup_finish(backup);
        code = code == SQLITE_DONE ? end : code;
        if (code == SQLITE_OK)
            code = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    int r = backup && code == SQLITE_OK ? 0 : fail(to, code == SQLITE_OK ? sqlite3_errcode(to) : code, err);
    sqlite3_close_v2(to);
    return r < 0 ? vl_err_wrap(err, "%s", path) : 0;
}

static int sqlite_backup(struct vl_store_conn *conn, const char *path, struct vl_err *err)
{
    return copy_to(conn->handle, path, err);
}

/* A damaged copy is refused before anything is made of it. */
static int is_whole(sqlite3 *db, struct vl_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    code = code == SQLITE_OK ? sqlite3_step(stmt) : code;
    const char *said = code == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    int r = 0;
    if (!said)
        r = fail(db, code, err);
    else if (strcmp(said, "ok") != 0)
        r = vl_err_set(err, VL_ERR_CORRUPT, "the database is damaged: %s", said);
    sqlite3_finalize(stmt);
    return r;
}

static int sqlite_restore(const char *url, const char *path, struct vl_err *err)
{
    const char *target = url + strlen("sqlite:");
    sqlite3 *from = NULL;
    if (*target == '\0')
        return vl_err_set(err, VL_ERR_USAGE, "sqlite: needs the path of a file");
    if (access(target, F_OK) == 0)
        return vl_err_set(err, VL_ERR_CONFLICT, "%s: is there already; a restore makes a new one", target);
    int code = sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE, NULL);
    int r = code == SQLITE_OK ? is_whole(from, err) : fail(from, code, err);
    r = r < 0 ? vl_err_wrap(err, "%s", path) : copy_to(from, target, err);
    sqlite3_close_v2(from);
    return r;
}

/* --- statements --- */

static int sqlite_prepare(
    struct vl_store_conn *conn, const char *text, struct vl_stmt **ret, struct vl_err *err)
{
    struct sqlite_stmt *stmt = calloc(1, sizeof(*stmt));
    if (!stmt)
        return vl_err_nomem(err);
    stmt->db = conn->handle;
    int code = sqlite3_prepare_v3(stmt->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    if (code != SQLITE_OK) {
        int r = fail(stmt->db, code, err);
        free(stmt);
        return r;
    }
    *ret = &stmt->base;
    return 0;
}

static void sqlite_free(struct vl_stmt *stmt)
{
    sqlite3_finalize(of(stmt)->handle);
    vl_arena_free(stmt->lists);
    free(stmt);
}

static void sqlite_reset(struct vl_stmt *stmt)
{
    sqlite3_reset(of(stmt)->handle);
    sqlite3_clear_bindings(of(stmt)->handle);
}

/* "$3" is a name to SQLite; its place depends on where it first stands. */
static int place_of(const struct vl_stmt *stmt, int index)
{
    char name[16];
    sqlite3_snprintf((int)sizeof(name), name, "$%d", index);
    return sqlite3_bind_parameter_index(handle_of(stmt), name);
}

static void note(struct vl_stmt *stmt, int code, int index)
{
    if (code == SQLITE_OK || stmt->error.code)
        return;
    if (code == SQLITE_RANGE)
        (void)!vl_err_set(&stmt->error, VL_ERR_INVALID, "the statement has no parameter $%d", index);
    else
        (void)!fail(of(stmt)->db, code, &stmt->error);
}

static void sqlite_bind_int(struct vl_stmt *stmt, int index, int64_t value)
{
    note(stmt, sqlite3_bind_int64(handle_of(stmt), place_of(stmt, index), value), index);
}

static void sqlite_bind_double(struct vl_stmt *stmt, int index, double value)
{
    note(stmt, sqlite3_bind_double(handle_of(stmt), place_of(stmt, index), value), index);
}

static void sqlite_bind_text(struct vl_stmt *stmt, int index, struct vl_span value)
{
    note(stmt,
        sqlite3_bind_text64(handle_of(stmt), place_of(stmt, index), value.len ? value.ptr : "", value.len,
            SQLITE_STATIC, SQLITE_UTF8),
        index);
}

static void sqlite_bind_blob(struct vl_stmt *stmt, int index, struct vl_span value)
{
    note(stmt,
        sqlite3_bind_blob64(
            handle_of(stmt), place_of(stmt, index), value.len ? value.ptr : "", value.len, SQLITE_STATIC),
        index);
}

static void sqlite_bind_null(struct vl_stmt *stmt, int index)
{
    note(stmt, sqlite3_bind_null(handle_of(stmt), place_of(stmt, index)), index);
}

static int sqlite_step(struct vl_stmt *stmt, struct vl_err *err)
{
    struct sqlite_stmt *s = of(stmt);
    int code = sqlite3_step(s->handle);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        return fail(s->db, code, err);
    s->changed = (uint64_t)sqlite3_changes64(s->db);
    return 0;
}

static uint64_t sqlite_changed(const struct vl_stmt *stmt)
{
    return ((const struct sqlite_stmt *)stmt)->changed;
}

static bool sqlite_is_null(const struct vl_stmt *stmt, int column)
{
    return sqlite3_column_type(handle_of(stmt), column) == SQLITE_NULL;
}

static int64_t sqlite_get_int(const struct vl_stmt *stmt, int column)
{
    return sqlite3_column_int64(handle_of(stmt), column);
}

static double sqlite_get_double(const struct vl_stmt *stmt, int column)
{
    return sqlite3_column_double(handle_of(stmt), column);
}

static struct vl_span sqlite_get_text(const struct vl_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(handle_of(stmt), column);
    return (struct vl_span){text, text ? (size_t)sqlite3_column_bytes(handle_of(stmt), column) : 0};
}

static struct vl_span sqlite_get_blob(const struct vl_stmt *stmt, int column)
{
    const char *blob = sqlite3_column_blob(handle_of(stmt), column);
    return (struct vl_span){blob, blob ? (size_t)sqlite3_column_bytes(handle_of(stmt), column) : 0};
}

const struct store_driver store_sqlite = {
    .kind = VL_STORE_SQLITE,
    .narrow_make = "CREATE TEMP TABLE narrowed (id INTEGER PRIMARY KEY)",
    .narrow_none = "DELETE FROM temp.narrowed",
    .narrow_begin = "DELETE FROM temp.narrowed; INSERT OR IGNORE INTO temp.narrowed (id) VALUES ",
    .narrow_end = "",
    .bracket_ids = true,
    .begin_write = "BEGIN IMMEDIATE",
    .open = sqlite_open,
    .close = sqlite_close,
    .execute = sqlite_execute,
    .begin_read = sqlite_begin_read,
    .end_read = sqlite_end_read,
    .is_lost = sqlite_is_lost,
    .backup = sqlite_backup,
    .restore = sqlite_restore,
    .prepare = sqlite_prepare,
    .free = sqlite_free,
    .reset = sqlite_reset,
    .bind_int = sqlite_bind_int,
    .bind_double = sqlite_bind_double,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .bind_null = sqlite_bind_null,
    .bind_list = sqlite_bind_text,
    .step = sqlite_step,
    .changed = sqlite_changed,
    .is_null = sqlite_is_null,
    .get_int = sqlite_get_int,
    .get_double = sqlite_get_double,
    .get_text = sqlite_get_text,
    .get_blob = sqlite_get_blob,
};
