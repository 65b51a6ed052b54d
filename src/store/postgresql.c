/* PostgreSQL 15 and later by libpq. Writes are serializable, as SQLite's are by nature; what the server wants
 * to be tried again is (store.c). Parameters are sent apart from the text, always. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "driver.h"
#include "postgresql_backup.h"

#define NAME_MAX_BYTES 24
#define NUMBER_MAX     32
#define ARENA_MAX      (2 * VL_STORE_VALUE_MAX)

struct pg_conn { /* the handle of a connection */
    PGconn *db;
    unsigned prepared; /* statements so far: their names */
};

struct pg_stmt {
    struct vl_stmt base;
    struct pg_conn *conn;
    char name[NAME_MAX_BYTES];
    int n_params;
    const char *values[VL_STORE_PARAMS_MAX];
    int lengths[VL_STORE_PARAMS_MAX];
    int formats[VL_STORE_PARAMS_MAX]; /* 1: the bytes as they are */
    char numbers[VL_STORE_PARAMS_MAX][NUMBER_MAX];
    PGresult *result;
    int row;
    struct vl_arena *arena; /* decoded blobs of the row */
};

static struct pg_stmt *of(const struct vl_stmt *stmt)
{
    return (struct pg_stmt *)(uintptr_t)stmt;
}

static PGconn *db_of(const struct vl_store_conn *conn)
{
    return ((const struct pg_conn *)conn->handle)->db;
}

static bool pg_is_lost(const struct vl_store_conn *conn)
{
    return !conn->handle || PQstatus(db_of(conn)) != CONNECTION_OK;
}

/* libpq's messages end with a line end. */
static const char *trimmed(const char *message, char *text, size_t size)
{
    struct vl_span s = vl_span_trim(vl_span_str(message));
    (void)snprintf(text, size, "%.*s", VL_SPAN_FMT(s));
    return text;
}

static int fail(struct vl_store_conn *conn, const PGresult *result, struct vl_err *err)
{
    char text[VL_ERR_MSG_MAX];
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = trimmed(
        result && state ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : PQerrorMessage(db_of(conn)),
        text, sizeof(text));
    if (pg_is_lost(conn) || !state)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database does not answer: %s", message);
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) {
        conn->retry = true;
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database wants a new try: %s", message);
    }
    if (strncmp(state, "23", 2) == 0)
        return store_constraint(err, message);
    if (strcmp(state, "53100") == 0)
        return vl_err_sys(err, ENOSPC, "the database: %s", message);
    if (strncmp(state, "53", 2) == 0 || strncmp(state, "57", 2) == 0)
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database: %s", message);
    if (strncmp(state, "28", 2) == 0)
        return vl_err_set(err, VL_ERR_AUTH, "the database: %s", message);
    return vl_err_set(err, VL_ERR_INVALID, "the database refuses: %s (%s)", message, state);
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

static int pg_execute(struct vl_store_conn *conn, const char *sql, struct vl_err *err)
{
    PGresult *result = PQexec(db_of(conn), sql);
    int r = is_good(result) ? 0 : fail(conn, result, err);
    PQclear(result);
    return r;
}

static void ignore_notice(void *user, const PGresult *result)
{
    (void)user;
    (void)result;
}

static int pg_open(const struct vl_store_options *options, struct vl_store_conn *conn, struct vl_err *err)
{
    const char *const keys[] = {
        "dbname", "client_encoding", "fallback_application_name", "connect_timeout", NULL};
    const char *const values[] = {options->url, "UTF8", "vallum", "10", NULL};
    struct pg_conn *handle = calloc(1, sizeof(*handle));
    if (!handle)
        return vl_err_nomem(err);
    conn->handle = handle;
    handle->db = PQconnectdbParams(keys, values, 1);
    if (PQstatus(handle->db) != CONNECTION_OK) {
        char text[VL_ERR_MSG_MAX];
        return vl_err_set(err, VL_ERR_UNREACHABLE, "the database cannot be reached: %s",
            trimmed(PQerrorMessage(handle->db), text, sizeof(text)));
    }
    PQsetNoticeReceiver(handle->db, ignore_notice, NULL);
    return pg_execute(
        conn, "SET synchronous_commit = on; SET timezone = 'UTC'; SET lock_timeout = '60s'", err);
}

static void pg_close(struct vl_store_conn *conn)
{
    struct pg_conn *handle = conn->handle;
    PQfinish(handle->db);
    free(handle);
    conn->handle = NULL;
}

/* --- settings for other programs --- */

static int take_settings(
    struct store_pg_settings *s, struct vl_arena *arena, const PQconninfoOption *options, struct vl_err *err)
{
    memset(s, 0, sizeof(*s));
    static const char *const kept[] = {"PATH", "HOME", "LANG", "TZ"};
    for (size_t i = 0; i < VL_ARRAY_LEN(kept); i++) {
        const char *value = getenv(kept[i]);
        if (value)
            s->env[s->n++] = vl_arena_printf(arena, "%s=%s", kept[i], value);
    }
    for (const PQconninfoOption *o = options; o && o->keyword; o++) {
        if (!o->val || !o->val[0])
            continue;
        if (strcmp(o->keyword, "dbname") == 0)
            s->database = vl_arena_strdup(arena, o->val);
        if (!o->envvar)
            continue;
        if (s->n + 1 == STORE_PG_ENV_MAX)
            return vl_err_set(
                err, VL_ERR_LIMIT, "the database's URL has more than %d settings", STORE_PG_ENV_MAX);
        s->env[s->n++] = vl_arena_printf(arena, "%s=%s", o->envvar, o->val);
    }
    return vl_arena_check(arena, "the database's settings", err);
}

int store_pg_settings_of(const struct vl_store_conn *conn, struct vl_arena *arena,
    struct store_pg_settings *ret, struct vl_err *err)
{
    PQconninfoOption *options = PQconninfo(db_of(conn));
    int r = options ? take_settings(ret, arena, options, err) : vl_err_nomem(err);
    PQconninfoFree(options);
    return r;
}

int store_pg_settings_parse(
    const char *url, struct vl_arena *arena, struct store_pg_settings *ret, struct vl_err *err)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    int r = options ? take_settings(ret, arena, options, err)
                    : vl_err_set(err, VL_ERR_USAGE, "the database's URL is wrong: %s", why ? why : "");
    PQfreemem(why);
    PQconninfoFree(options);
    return r;
}

/* --- statements --- */

static int pg_prepare(struct vl_store_conn *conn, const char *text, struct vl_stmt **ret, struct vl_err *err)
{
    struct pg_conn *handle = conn->handle;
    struct pg_stmt *stmt = calloc(1, sizeof(*stmt));
    if (!stmt)
        return vl_err_nomem(err);
    stmt->conn = handle;
    (void)snprintf(stmt->name, sizeof(stmt->name), "s%u", handle->prepared++);
    PGresult *result = PQprepare(handle->db, stmt->name, text, 0, NULL);
    if (!is_good(result)) {
        int r = fail(conn, result, err);
        PQclear(result);
        free(stmt);
        return r;
    }
    PQclear(result);
    *ret = &stmt->base;
    return 0;
}

static void pg_reset(struct vl_stmt *stmt)
{
    struct pg_stmt *s = of(stmt);
    PQclear(s->result);
    s->result = NULL;
    s->row = 0;
    s->n_params = 0;
    memset(s->values, 0, sizeof(s->values));
    if (s->arena)
        vl_arena_reset(s->arena);
}

static void pg_free(struct vl_stmt *stmt)
{
    struct pg_stmt *s = of(stmt);
    PQclear(s->result);
    /* One that is not kept would stay on the server for as long as the connection does. */
    if (!stmt->kept && PQstatus(s->conn->db) == CONNECTION_OK) {
        char sql[NAME_MAX_BYTES + 16];
        (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
        PQclear(PQexec(s->conn->db, sql));
    }
    vl_arena_free(s->arena);
    free(s);
}

static bool set(struct vl_stmt *stmt, int index, const char *value, size_t len, int format)
{
    struct pg_stmt *s = of(stmt);
    if (index < 1 || index > VL_STORE_PARAMS_MAX) {
        if (!stmt->error.code)
            (void)!vl_err_set(&stmt->error, VL_ERR_INVALID, "the statement has no parameter $%d", index);
        return false;
    }
    s->values[index - 1] = value;
    s->lengths[index - 1] = (int)len;
    s->formats[index - 1] = format;
    if (index > s->n_params)
        s->n_params = index;
    return true;
}

static void pg_bind_int(struct vl_stmt *stmt, int index, int64_t value)
{
    if (set(stmt, index, NULL, 0, 0)) {
        char *text = of(stmt)->numbers[index - 1];
        (void)snprintf(text, NUMBER_MAX, "%lld", (long long)value);
        of(stmt)->values[index - 1] = text;
    }
}

static void pg_bind_double(struct vl_stmt *stmt, int index, double value)
{
    if (set(stmt, index, NULL, 0, 0)) {
        char *text = of(stmt)->numbers[index - 1];
        (void)snprintf(text, NUMBER_MAX, "%.17g", value);
        of(stmt)->values[index - 1] = text;
    }
}

static void pg_bind_bytes(struct vl_stmt *stmt, int index, struct vl_span value)
{
    (void)set(stmt, index, value.len ? value.ptr : "", value.len, 1);
}

static void pg_bind_null(struct vl_stmt *stmt, int index)
{
    (void)set(stmt, index, NULL, 0, 0);
}

static int pg_step(struct vl_stmt *stmt, struct vl_err *err)
{
    struct pg_stmt *s = of(stmt);
    if (s->arena)
        vl_arena_reset(s->arena);
    if (!s->result) {
        s->result = PQexecPrepared(s->conn->db, s->name, s->n_params, s->values, s->lengths, s->formats, 0);
        s->row = -1;
        if (!is_good(s->result))
            return fail(stmt->conn, s->result, err);
    }
    return ++s->row < PQntuples(s->result);
}

static uint64_t pg_changed(const struct vl_stmt *stmt)
{
    uint64_t n = 0;
    const struct pg_stmt *s = of(stmt);
    return s->result && vl_span_to_u64(vl_span_str(PQcmdTuples(s->result)), &n) ? n : 0;
}

static bool has(const struct pg_stmt *s, int column)
{
    return s->result && s->row >= 0 && s->row < PQntuples(s->result) && column >= 0 &&
           column < PQnfields(s->result) && !PQgetisnull(s->result, s->row, column);
}

static bool pg_is_null(const struct vl_stmt *stmt, int column)
{
    return !has(of(stmt), column);
}

static struct vl_span pg_get_text(const struct vl_stmt *stmt, int column)
{
    const struct pg_stmt *s = of(stmt);
    if (!has(s, column))
        return VL_SPAN_EMPTY;
    return (struct vl_span){
        PQgetvalue(s->result, s->row, column), (size_t)PQgetlength(s->result, s->row, column)};
}

static int64_t pg_get_int(const struct vl_stmt *stmt, int column)
{
    struct vl_span text = pg_get_text(stmt, column);
    return text.len ? strtoll(text.ptr, NULL, 10) : 0;
}

static double pg_get_double(const struct vl_stmt *stmt, int column)
{
    struct vl_span text = pg_get_text(stmt, column);
    return text.len ? strtod(text.ptr, NULL) : 0;
}

/* BYTEA comes as "\x" and digits. */
static struct vl_span pg_get_blob(const struct vl_stmt *stmt, int column)
{
    struct pg_stmt *s = of(stmt);
    struct vl_span text = pg_get_text(stmt, column);
    if (!vl_span_starts_with(text, "\\x"))
        return VL_SPAN_EMPTY;
    text = vl_span_slice(text, 2, text.len);
    if (!s->arena)
        s->arena = vl_arena_new(ARENA_MAX);
    uint8_t *bytes = s->arena ? vl_arena_alloc(s->arena, text.len / 2 + 1) : NULL;
    if (!bytes || !vl_hex_decode(text, bytes, text.len / 2)) {
        (void)!vl_err_nomem(&s->base.error); /* the next step tells */
        return VL_SPAN_EMPTY;
    }
    return (struct vl_span){(const char *)bytes, text.len / 2};
}

/* --- listening --- */

static int pg_wait(struct vl_store_conn *listener, int timeout_ms, struct vl_err *err)
{
    PGconn *db = db_of(listener);
    struct pollfd fd = {PQsocket(db), POLLIN, 0};
    int n = poll(&fd, 1, timeout_ms);
    if (n < 0)
        return errno == EINTR ? 0 : vl_err_sys(err, errno, "the database's connection");
    if (n > 0 && !PQconsumeInput(db))
        return fail(listener, NULL, err);
    bool told = false;
    for (PGnotify *notice; (notice = PQnotifies(db));) {
        PQfreemem(notice);
        told = true;
    }
    return told;
}

const struct store_driver store_postgresql = {
    .kind = VL_STORE_POSTGRESQL,
    .begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    .narrow_make =
        "SET vallum.narrowed = ''; CREATE TEMP VIEW narrowed AS SELECT CAST(t.id AS BIGINT) AS id FROM "
        "unnest(string_to_array(current_setting('vallum.narrowed'), ',')) AS t (id)",
    .narrow_none = "SET vallum.narrowed = ''",
    .narrow_begin = "SET vallum.narrowed = '",
    .narrow_end = "'",
    .begin_write = "BEGIN ISOLATION LEVEL SERIALIZABLE",
    .open = pg_open,
    .close = pg_close,
    .execute = pg_execute,
    .is_lost = pg_is_lost,
    .backup = store_pg_backup,
    .restore = store_pg_restore,
    .prepare = pg_prepare,
    .free = pg_free,
    .reset = pg_reset,
    .bind_int = pg_bind_int,
    .bind_double = pg_bind_double,
    .bind_text = pg_bind_bytes,
    .bind_blob = pg_bind_bytes,
    .bind_null = pg_bind_null,
    .step = pg_step,
    .changed = pg_changed,
    .is_null = pg_is_null,
    .get_int = pg_get_int,
    .get_double = pg_get_double,
    .get_text = pg_get_text,
    .get_blob = pg_get_blob,
    .wait = pg_wait,
    .listen = "LISTEN vallum_change",
};
