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
#define LAST_WORDS_MAX 16 /* reads from a connection that the server has closed */
#define SENT_MAX       64 /* statements whose answers are not read yet: few enough for the socket's buffers */
#define ARENA_MAX      (2 * VL_STORE_VALUE_MAX)

/* What is written goes by index, always: what the planner knows of a queue that grew from nothing within a
 * minute is old. What is read is planned with its parameters: one that is not given takes its condition away.
 */
#define BEGIN_READ "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#define WRITER_PLANS \
    "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET jit = off"
#define READER_PLANS "SET jit = off"

struct pg_conn { /* the handle of a connection */
    PGconn *db;
    unsigned prepared; /* statements so far: their names */
    bool to_begin;     /* the transaction begins with its first statement: one way out and back less */
    unsigned sent;     /* statements of this write whose answers have not been read */
    bool ending;       /* what it answers to the end of the transaction before has not been read */
};

struct pg_stmt {
    struct vl_stmt base;
    struct pg_conn *conn;
    char name[NAME_MAX_BYTES];
    const char *anew; /* its text, where it is planned anew each time: it is not prepared */
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

/* Reads answers until there are none: the first bad one, or else the last; NULL where there is none. */
static PGresult *read_answers(PGconn *db)
{
    PGresult *kept = NULL;
    for (PGresult *next; (next = PQgetResult(db));) {
        if (kept && !is_good(kept)) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
    }
    return kept;
}

/* The first failure of all that was sent. */
static int read_sent(struct vl_store_conn *conn, struct vl_err *err)
{
    struct pg_conn *handle = conn->handle;
    int r = 0;
    for (; handle->sent; handle->sent--) {
        PGresult *result = read_answers(handle->db);
        if (r >= 0 && !is_good(result))
            r = fail(conn, result, err);
        PQclear(result);
    }
    return r;
}

static void leave_pipeline(PGconn *db)
{
    PQclear(PQgetResult(db));      /* of the sync */
    (void)!PQexitPipelineMode(db); /* where it cannot be left, the next statement says so */
}

static int pg_settle(struct vl_store_conn *conn, struct vl_err *err)
{
    const struct pg_conn *handle = conn->handle;
    if (handle->sent == 0)
        return 0;
    (void)!PQpipelineSync(handle->db); /* where it fails, so do the answers */
    int r = read_sent(conn, err);
    leave_pipeline(handle->db);
    return r;
}

static int pg_execute(struct vl_store_conn *conn, const char *sql, struct vl_err *err)
{
    struct vl_err sent = VL_ERR_INIT;
    if (pg_settle(conn, &sent) < 0 && strncmp(sql, "ROLLBACK", strlen("ROLLBACK")) != 0) {
        *err = sent;
        return err->err;
    }
    PGresult *result = PQexec(db_of(conn), sql);
    int r = is_good(result) ? 0 : fail(conn, result, err);
    PQclear(result);
    return r;
}

/* A connection that the server has closed shows it here, so that another one is taken. */
static int pg_begin_read(struct vl_store_conn *conn, struct vl_err *err)
{
    struct pg_conn *handle = conn->handle;
    struct pollfd fd = {PQsocket(handle->db), POLLRDHUP, 0};
    if (poll(&fd, 1, 0) != 0) /* its last words, then the end */
        for (unsigned i = 0; i < LAST_WORDS_MAX && PQconsumeInput(handle->db); i++)
            ;
    if (PQstatus(handle->db) != CONNECTION_OK)
        return fail(conn, NULL, err);
    if (handle->ending)
        PQclear(read_answers(handle->db));
    handle->ending = false;
    handle->to_begin = true;
    return PQstatus(handle->db) == CONNECTION_OK ? 0 : fail(conn, NULL, err);
}

static void pg_end_read(struct vl_store_conn *conn)
{
    struct pg_conn *handle = conn->handle;
    if (!handle->to_begin)
        handle->ending = PQsendQuery(handle->db, "ROLLBACK") == 1;
    handle->to_begin = false;
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
    int r =
        pg_execute(conn, "SET synchronous_commit = on; SET timezone = 'UTC'; SET lock_timeout = '60s'", err);
    return r < 0 ? r : pg_execute(conn, conn->writes ? WRITER_PLANS : READER_PLANS, err);
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
    if (vl_span_starts_with(vl_span_str(text), VL_SQL_PLANNED_ANEW)) {
        stmt->anew = text;
        *ret = &stmt->base;
        return 0;
    }
    int settled = pg_settle(conn, err);
    if (settled < 0) {
        free(stmt);
        return settled;
    }
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
    if (!stmt->kept && !s->anew && PQstatus(s->conn->db) == CONNECTION_OK) {
        char sql[NAME_MAX_BYTES + 16];
        (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
        if (s->conn->sent)
            s->conn->sent += PQsendQueryParams(s->conn->db, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
        else
            PQclear(PQexec(s->conn->db, sql));
    }
    vl_arena_free(s->arena);
    vl_arena_free(stmt->lists);
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

/* Arrays are sent as text. */
static void pg_bind_list(struct vl_stmt *stmt, int index, struct vl_span text)
{
    (void)set(stmt, index, text.ptr, text.len, 0);
}

static void pg_bind_null(struct vl_stmt *stmt, int index)
{
    (void)set(stmt, index, NULL, 0, 0);
}

static int send_statement(struct pg_stmt *s)
{
    PGconn *db = s->conn->db;
    return s->anew ? PQsendQueryParams(db, s->anew, s->n_params, NULL, s->values, s->lengths, s->formats, 0)
                   : PQsendQueryPrepared(db, s->name, s->n_params, s->values, s->lengths, s->formats, 0);
}

/* The transaction's begin and its first statement go out together. */
static PGresult *begin_and_run(struct pg_stmt *s)
{
    PGconn *db = s->conn->db;
    PGresult *result = NULL;
    s->conn->to_begin = false;
    if (PQenterPipelineMode(db) && PQsendQueryParams(db, BEGIN_READ, 0, NULL, NULL, NULL, NULL, 0) &&
        send_statement(s) && PQpipelineSync(db)) {
        PGresult *begun = read_answers(db);
        result = read_answers(db);
        if (!is_good(begun)) {
            PQclear(result);
            result = begun;
        } else {
            PQclear(begun);
        }
    }
    leave_pipeline(db);
    return result;
}

static int pg_send(struct vl_stmt *stmt, struct vl_err *err)
{
    struct pg_stmt *s = of(stmt);
    if ((s->conn->sent == 0 && !PQenterPipelineMode(s->conn->db)) || !send_statement(s))
        return fail(stmt->conn, NULL, err);
    return ++s->conn->sent >= SENT_MAX ? pg_settle(stmt->conn, err) : 0;
}

/* Behind what was sent before it; one answer for all. */
static int run_behind(struct pg_stmt *s, struct vl_err *err)
{
    PGconn *db = s->conn->db;
    bool sent = send_statement(s);
    (void)!PQpipelineSync(db);
    int r = read_sent(s->base.conn, err);
    if (sent)
        s->result = read_answers(db);
    leave_pipeline(db);
    return r;
}

static int run_statement(struct pg_stmt *s, struct vl_err *err)
{
    if (s->conn->sent)
        return run_behind(s, err);
    if (s->conn->to_begin)
        s->result = begin_and_run(s);
    else if (send_statement(s))
        s->result = read_answers(s->conn->db);
    return 0;
}

static int pg_step(struct vl_stmt *stmt, struct vl_err *err)
{
    struct pg_stmt *s = of(stmt);
    if (s->arena)
        vl_arena_reset(s->arena);
    if (!s->result) {
        int r = run_statement(s, err);
        s->row = -1;
        if (r < 0 || !is_good(s->result))
            return r < 0 ? r : fail(stmt->conn, s->result, err);
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
    .begin_read = pg_begin_read,
    .end_read = pg_end_read,
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
    .bind_list = pg_bind_list,
    .step = pg_step,
    .send = pg_send,
    .settle = pg_settle,
    .changed = pg_changed,
    .is_null = pg_is_null,
    .get_int = pg_get_int,
    .get_double = pg_get_double,
    .get_text = pg_get_text,
    .get_blob = pg_get_blob,
    .wait = pg_wait,
    .listen = "LISTEN vallum_change",
};
