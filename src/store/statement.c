/* Statements: prepared once a connection, kept by the address of their text. */
#include <stdio.h>

#include "driver.h"
#include "store_impl.h"

#define NUMBER_MAX 24 /* bytes of one in a list, with the comma */

static const char *text_of(const struct vl_store_conn *conn, const struct vl_store_sql *sql)
{
    return conn->driver->kind == VL_STORE_POSTGRESQL && sql->postgresql ? sql->postgresql : sql->text;
}

int vl_stmt_begin(
    struct vl_store_conn *conn, const struct vl_store_sql *sql, struct vl_stmt **ret, struct vl_err *err)
{
    struct vl_err full = VL_ERR_INIT;
    struct vl_stmt *stmt;
    if (conn->writing && conn->failed.code) {
        *err = conn->failed;
        return err->err;
    }
    struct vl_map_slot *slot =
        vl_map_get(&conn->statements, (struct vl_span){(const char *)&sql, sizeof(sql)});
    if (slot && !((struct vl_stmt *)slot->value.ptr)->busy) {
        stmt = slot->value.ptr;
        stmt->busy = true;
        vl_err_clear(&stmt->error);
        *ret = stmt;
        return 0;
    }
    int r = conn->driver->prepare(conn, text_of(conn, sql), &stmt, err);
    if (r < 0) {
        if (conn->writing)
            conn->failed = *err;
        return r;
    }
    stmt->conn = conn;
    stmt->sql = sql;
    stmt->busy = true;
    /* The key is the statement's own copy of the address, which lives as long as the statement. */
    if (!slot && vl_map_put(&conn->statements, (struct vl_span){(const char *)&stmt->sql, sizeof(sql)}, &slot,
                     NULL, &full) >= 0) {
        slot->value.ptr = stmt;
        stmt->kept = true;
    }
    *ret = stmt;
    return 0;
}

void vl_stmt_done(struct vl_stmt *stmt)
{
    if (!stmt)
        return;
    const struct store_driver *driver = stmt->conn->driver;
    if (!stmt->kept) {
        driver->free(stmt);
        return;
    }
    driver->reset(stmt);
    if (stmt->lists)
        vl_arena_reset(stmt->lists);
    stmt->busy = false;
}

void vl_stmt_cleanup(struct vl_stmt **stmt)
{
    vl_stmt_done(*stmt);
    *stmt = NULL;
}

void vl_stmt_int(struct vl_stmt *stmt, int index, int64_t value)
{
    stmt->conn->driver->bind_int(stmt, index, value);
}

void vl_stmt_double(struct vl_stmt *stmt, int index, double value)
{
    stmt->conn->driver->bind_double(stmt, index, value);
}

static bool fits(struct vl_stmt *stmt, int index, struct vl_span value)
{
    if (value.len <= VL_STORE_VALUE_MAX)
        return true;
    if (!stmt->error.code)
        (void)!vl_err_set(&stmt->error, VL_ERR_LIMIT, "value %d of a statement is larger than %lu MiB", index,
            VL_STORE_VALUE_MAX >> 20);
    return false;
}

void vl_stmt_text(struct vl_stmt *stmt, int index, struct vl_span value)
{
    if (!fits(stmt, index, value))
        return;
    if (vl_span_find_char(value, '\0') != SIZE_MAX) {
        if (!stmt->error.code)
            (void)!vl_err_set(&stmt->error, VL_ERR_INVALID, "a text holds a NUL");
        return;
    }
    stmt->conn->driver->bind_text(stmt, index, value);
}

void vl_stmt_str(struct vl_stmt *stmt, int index, const char *value)
{
    if (value)
        vl_stmt_text(stmt, index, vl_span_str(value));
    else
        vl_stmt_null(stmt, index);
}

void vl_stmt_blob(struct vl_stmt *stmt, int index, struct vl_span value)
{
    if (fits(stmt, index, value))
        stmt->conn->driver->bind_blob(stmt, index, value);
}

void vl_stmt_null(struct vl_stmt *stmt, int index)
{
    stmt->conn->driver->bind_null(stmt, index);
}

/* "{1,2,3}" is an array to PostgreSQL, "[1,2,3]" to SQLite's json_each(). */
static char *list_text(struct vl_stmt *stmt, const int64_t *values, size_t n, size_t *ret_len)
{
    bool braces = stmt->conn->driver->kind == VL_STORE_POSTGRESQL;
    if (!stmt->lists)
        stmt->lists = vl_arena_new(VL_STORE_VALUE_MAX);
    char *text =
        stmt->lists && n <= VL_STORE_LIST_MAX ? vl_arena_alloc(stmt->lists, n * NUMBER_MAX + 3) : NULL;
    size_t at = 0;
    if (!text)
        return NULL;
    text[at++] = braces ? '{' : '[';
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, NUMBER_MAX, "%s%lld", i ? "," : "", (long long)values[i]);
    text[at++] = braces ? '}' : ']';
    *ret_len = at;
    return text;
}

void vl_stmt_ints(struct vl_stmt *stmt, int index, const int64_t *values, size_t n)
{
    size_t len = 0;
    char *text = list_text(stmt, values, n, &len);
    if (text)
        stmt->conn->driver->bind_list(stmt, index, (struct vl_span){text, len});
    else if (!stmt->error.code)
        (void)!vl_err_set(&stmt->error, n > VL_STORE_LIST_MAX ? VL_ERR_LIMIT : VL_ERR_MEMORY,
            "list %d of a statement has %zu numbers; at most %d", index, n, VL_STORE_LIST_MAX);
}

int vl_stmt_step(struct vl_stmt *stmt, struct vl_err *err)
{
    struct vl_store_conn *conn = stmt->conn;
    if (conn->writing && conn->failed.code) {
        *err = conn->failed;
        return err->err;
    }
    int r = stmt->error.code ? stmt->error.err : conn->driver->step(stmt, err);
    if (stmt->error.code)
        *err = stmt->error;
    /* PostgreSQL refuses everything after a failure; SQLite is made to. */
    if (r < 0 && conn->writing)
        conn->failed = *err;
    return r;
}

int vl_stmt_send(struct vl_stmt *stmt, struct vl_err *err)
{
    struct vl_store_conn *conn = stmt->conn;
    if (!conn->driver->send || !conn->writing || conn->failed.code || stmt->error.code)
        return vl_stmt_run(stmt, NULL, err);
    int r = conn->driver->send(stmt, err);
    if (r < 0)
        conn->failed = *err;
    return r;
}

int vl_stmt_run(struct vl_stmt *stmt, uint64_t *ret_changed, struct vl_err *err)
{
    int r;
    while ((r = vl_stmt_step(stmt, err)) > 0)
        ;
    if (r >= 0 && ret_changed)
        *ret_changed = stmt->conn->driver->changed(stmt);
    return r;
}

bool vl_stmt_is_null(const struct vl_stmt *stmt, int column)
{
    return stmt->conn->driver->is_null(stmt, column);
}

int64_t vl_stmt_get_int(const struct vl_stmt *stmt, int column)
{
    return stmt->conn->driver->get_int(stmt, column);
}

double vl_stmt_get_double(const struct vl_stmt *stmt, int column)
{
    return stmt->conn->driver->get_double(stmt, column);
}

struct vl_span vl_stmt_get_text(const struct vl_stmt *stmt, int column)
{
    return stmt->conn->driver->get_text(stmt, column);
}

struct vl_span vl_stmt_get_blob(const struct vl_stmt *stmt, int column)
{
    return stmt->conn->driver->get_blob(stmt, column);
}

const char *vl_stmt_copy(const struct vl_stmt *stmt, int column, struct vl_arena *arena)
{
    if (vl_stmt_is_null(stmt, column))
        return NULL;
    return vl_arena_dup_span(arena, vl_stmt_get_text(stmt, column));
}
