/* The database of the control plane: SQLite (default) or PostgreSQL behind one interface, same schema, same
 * answers.
 *
 *   sqlite:PATH                     one file, WAL; one process
 *   postgresql://USER@HOST/NAME…    any number of processes (libpq's URIs; ?host=/dir for a socket)
 *
 * SQL is written once, in the common subset: parameters $1, $2 …; INSERT … ON CONFLICT; RETURNING; BIGINT
 * times in milliseconds since 1970; BLOB and TEXT. Where the two must differ, a statement has two texts
 * (vl_store_sql).
 *
 * Reads run on the caller's thread with a connection of its own. Writes are functions that the one writer
 * runs: several share a commit (group commit), and a caller comes back only when its commit is durable.
 * Nothing is acknowledged before that. Where one of several fails, all of them run again, each in a savepoint
 * of its own. */
#ifndef VL_STORE_STORE_H
#define VL_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define VL_STORE_READERS_MAX 64 /* connections for reading */
#define VL_STORE_WAITING_MAX                                                                                 \
    1024                            /* writes that wait; one more is refused with VL_ERR_UNREACHABLE, "busy" \
                                     */
#define VL_STORE_GROUP_MAX      256 /* writes in one commit */
#define VL_STORE_BUSY_MS        5000 /* for a lock held by another process */
#define VL_STORE_STATEMENTS_MAX 256  /* prepared ones kept a connection */
#define VL_STORE_PARAMS_MAX     64
#define VL_STORE_LIST_MAX       1000000               /* numbers in a list */
#define VL_STORE_VALUE_MAX      (256UL * 1024 * 1024) /* bytes of one value */

enum vl_store_kind {
    VL_STORE_SQLITE,
    VL_STORE_POSTGRESQL,
};

struct vl_store;
struct vl_store_conn; /* a connection: for reading, or the writer's inside of a write */

struct vl_store_options {
    const char *url;
    bool read_only;         /* for tools beside a running server */
    bool no_migration;      /* open what is there; another schema version is VL_ERR_CONFLICT */
    const char *backup_dir; /* SQLite: where the copy before a migration goes; NULL: beside the database */
};

struct vl_schema; /* schema.h */

/* Opens, creates where it is not there, migrates. A database that a newer program has migrated is opened as
 * long as its schema says that this one can read it, else VL_ERR_CONFLICT. `schema` is lent for as long as
 * the store is open. */
VL_MUST_CHECK int vl_store_open(const struct vl_store_options *options, const struct vl_schema *schema,
    struct vl_store **ret, struct vl_err *err);
void vl_store_close(struct vl_store *store); /* accepts NULL; waits for writes that were accepted */
void vl_store_cleanup(struct vl_store **store);
enum vl_store_kind vl_store_kind(const struct vl_store *store);
enum vl_store_kind vl_store_conn_kind(const struct vl_store_conn *conn);

/* --- reading --- */

/* A connection in a read transaction: all its statements see one state. */
VL_MUST_CHECK int vl_store_read(struct vl_store *store, struct vl_store_conn **ret, struct vl_err *err);
void vl_store_read_done(struct vl_store_conn *conn); /* accepts NULL */
void vl_store_read_cleanup(struct vl_store_conn **conn);

/* A part of the database under the same names: temporary views stand before the tables that they are named
 * like, so that every statement, whoever wrote it, sees no more than the part. What a view is made of is said
 * once; which ids are in the part is said with each read. */
struct vl_store_narrowing {
    /* Run in this order on a connection that is new, by one CREATE TEMP VIEW each; ends with a NULL text.
     * They read the ids from "narrowed" (column id). SQLite finds a table that is hidden by its view as
     * main.TABLE; PostgreSQL by its name alone, as long as the view of that name is not made. */
    const struct vl_store_sql *views;
};
#define VL_STORE_NARROWED_MAX 1000 /* ids of a part */

/* As vl_store_read(), but of the part; `how` must be static. VL_ERR_LIMIT where there are too many ids. */
VL_MUST_CHECK int vl_store_read_narrowed(struct vl_store *store, const struct vl_store_narrowing *how,
    const int64_t *ids, size_t n, struct vl_store_conn **ret, struct vl_err *err);
bool vl_store_is_narrowed(const struct vl_store_conn *conn);

/* --- writing --- */

/* Runs `write` on the writer, in a transaction; comes back after the commit, or after a rollback with the
 * error that `write` returned. `write` may run again (a serialisation failure of PostgreSQL, another write
 * that failed): it must not do anything but write. */
VL_MUST_CHECK int vl_store_write(struct vl_store *store,
    int (*write)(struct vl_store_conn *conn, void *user, struct vl_err *err), void *user, struct vl_err *err);

/* The last write that was tried found no room on the database's disk; those after it are tried all the same.
 */
bool vl_store_is_full(const struct vl_store *store);

/* --- statements --- */

struct vl_store_sql {
    const char *text;       /* of both, or of SQLite */
    const char *postgresql; /* NULL: the same */
};

/* A statement begins with this where its best plan hangs on which of its parameters are given, or on what
 * they are (`$3 = '' OR …`): PostgreSQL then plans it anew each time, in a fraction of a millisecond. */
#define VL_SQL_PLANNED_ANEW "/* planned anew */ "

struct vl_stmt;

/* Prepares, or takes the prepared one again: kept by the address of `sql`, which must be static. */
VL_MUST_CHECK int vl_stmt_begin(
    struct vl_store_conn *conn, const struct vl_store_sql *sql, struct vl_stmt **ret, struct vl_err *err);
void vl_stmt_done(struct vl_stmt *stmt); /* accepts NULL; back to the kept ones */
void vl_stmt_cleanup(struct vl_stmt **stmt);

/* Parameters count from 1, as in the text. Spans are lent until the first step. Failures are sticky and come
 * back from the step. */
void vl_stmt_int(struct vl_stmt *stmt, int index, int64_t value);
void vl_stmt_double(struct vl_stmt *stmt, int index, double value);
void vl_stmt_text(struct vl_stmt *stmt, int index, struct vl_span value); /* UTF-8 without NUL */
void vl_stmt_str(struct vl_stmt *stmt, int index, const char *value);     /* NULL is null */
void vl_stmt_blob(struct vl_stmt *stmt, int index, struct vl_span value);
void vl_stmt_null(struct vl_stmt *stmt, int index);
/* A list: json_each($1) in SQLite, unnest(CAST($1 AS BIGINT[])) in PostgreSQL. */
void vl_stmt_ints(struct vl_stmt *stmt, int index, const int64_t *values, size_t n);

/* 1: a row is there, 0: no more. */
VL_MUST_CHECK int vl_stmt_step(struct vl_stmt *stmt, struct vl_err *err);

/* For statements without rows: all of it, and how many rows it changed. */
VL_MUST_CHECK int vl_stmt_run(struct vl_stmt *stmt, uint64_t *ret_changed, struct vl_err *err);

/* The same in a write, for one whose rows and count nobody asks for: the answer is not waited for, which on
 * PostgreSQL is most of the time that a statement takes. That it failed is told by a later step of the write,
 * or by vl_store_write(). */
VL_MUST_CHECK int vl_stmt_send(struct vl_stmt *stmt, struct vl_err *err);

/* Columns count from 0. Texts and blobs are lent until the next step. Null gives 0, "" and the empty span. */
bool vl_stmt_is_null(const struct vl_stmt *stmt, int column);
int64_t vl_stmt_get_int(const struct vl_stmt *stmt, int column);
double vl_stmt_get_double(const struct vl_stmt *stmt, int column);
struct vl_span vl_stmt_get_text(const struct vl_stmt *stmt, int column);
struct vl_span vl_stmt_get_blob(const struct vl_stmt *stmt, int column);
/* NUL-terminated copy; NULL where the column is null. */
const char *vl_stmt_copy(const struct vl_stmt *stmt, int column, struct vl_arena *arena);

/* Whether the error of a step says that a UNIQUE or FOREIGN KEY constraint was broken. */
bool vl_store_is_constraint(const struct vl_err *err);

/* --- backup --- */

/* A consistent copy in one file, while the server runs: SQLite's own backup, or pg_dump's custom format
 * (VL_ERR_NOT_FOUND where that program is missing). What stands at `path` is written over. */
VL_MUST_CHECK int vl_store_backup(struct vl_store *store, const char *path, struct vl_err *err);

/* Makes a database of such a copy, of the same kind. SQLite: the file of `url` must not be there
 * (VL_ERR_CONFLICT), a damaged copy is VL_ERR_CORRUPT. PostgreSQL: the database must be there and empty;
 * nothing is changed where it fails. */
VL_MUST_CHECK int vl_store_restore(const char *url, const char *path, struct vl_err *err);

#endif
