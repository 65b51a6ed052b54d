/* Private: what a database must be able to do. One connection is used by one thread at a time. */
#ifndef VL_STORE_DRIVER_H
#define VL_STORE_DRIVER_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/schema.h"

/* A statement of either kind: sqlite.c and postgresql.c have their own struct that begins with it. */
struct vl_stmt {
    struct vl_store_conn *conn;
    const struct vl_store_sql *sql;
    bool busy;              /* between begin and done */
    bool kept;              /* in the connection's cache; else freed when done */
    struct vl_err error;    /* of a bind, told by the next step */
    struct vl_arena *lists; /* texts of bound lists; or NULL */
};

struct store_driver {
    enum vl_store_kind kind;
    const char *begin_write;
    /* The relation "narrowed": made once; filled by a text that begins and ends so, ids with commas between
     * them, each in brackets where `bracket_ids`. Nothing of it is written to the disk. */
    const char *narrow_make, *narrow_none, *narrow_begin, *narrow_end;
    bool bracket_ids;

    int (*open)(const struct vl_store_options *options, struct vl_store_conn *conn, struct vl_err *err);
    void (*close)(struct vl_store_conn *conn);
    int (*execute)(struct vl_store_conn *conn, const char *sql,
        struct vl_err *err); /* one or more statements, no rows */
    /* A transaction that only reads; its end cannot fail, since it does not matter how it ends. */
    int (*begin_read)(struct vl_store_conn *conn, struct vl_err *err);
    void (*end_read)(struct vl_store_conn *conn);
    /* The connection is of no use any more (a server that went away): it is closed instead of kept. */
    bool (*is_lost)(const struct vl_store_conn *conn);
    int (*backup)(struct vl_store_conn *conn, const char *path, struct vl_err *err);
    int (*restore)(const char *url, const char *path, struct vl_err *err); /* into what is empty */

    int (*prepare)(struct vl_store_conn *conn, const char *text, struct vl_stmt **ret, struct vl_err *err);
    void (*free)(struct vl_stmt *stmt);
    void (*reset)(struct vl_stmt *stmt); /* no rows, no parameters */
    void (*bind_int)(struct vl_stmt *stmt, int index, int64_t value);
    void (*bind_double)(struct vl_stmt *stmt, int index, double value);
    void (*bind_text)(struct vl_stmt *stmt, int index, struct vl_span value);
    void (*bind_blob)(struct vl_stmt *stmt, int index, struct vl_span value);
    void (*bind_null)(struct vl_stmt *stmt, int index);
    void (*bind_list)(struct vl_stmt *stmt, int index, struct vl_span text); /* NUL-terminated */
    int (*step)(struct vl_stmt *stmt, struct vl_err *err);                   /* 1 row, 0 end */
    /* Runs it without waiting for the answer; `settle` waits for all of them. NULL: there is nothing to wait
     * for. */
    int (*send)(struct vl_stmt *stmt, struct vl_err *err);
    int (*settle)(struct vl_store_conn *conn, struct vl_err *err);
    uint64_t (*changed)(const struct vl_stmt *stmt);
    bool (*is_null)(const struct vl_stmt *stmt, int column);
    int64_t (*get_int)(const struct vl_stmt *stmt, int column);
    double (*get_double)(const struct vl_stmt *stmt, int column);
    struct vl_span (*get_text)(const struct vl_stmt *stmt, int column);
    struct vl_span (*get_blob)(const struct vl_stmt *stmt, int column);

    /* Waits for another process to change something: 1 it may have, 0 time is up. NULL: only this process
     * writes. */
    int (*wait)(struct vl_store_conn *listener, int timeout_ms, struct vl_err *err);
    const char *listen; /* makes a connection a listener, or NULL */
};

struct vl_store_conn {
    const struct store_driver *driver;
    struct vl_store *store;
    void *handle;
    struct vl_map statements; /* address of the text -> struct vl_stmt * */
    bool writes;              /* the writer's */
    bool writing;
    bool retry;            /* the transaction failed in a way that a new try may mend */
    struct vl_err failed;  /* in a write: the first error, which every later step repeats */
    bool spoilt;           /* the transaction cannot be committed */
    bool changed_feed;     /* this write added to the feed */
    struct vl_vec feed;    /* struct store_news: added, and not written yet */
    struct vl_arena *news; /* their texts; or NULL */
    const struct vl_store_narrowing *narrowing; /* what its views were made of; NULL: it sees all */
    struct vl_store_conn *next;                 /* in the pool */
};

/* One more for the feed. */
struct store_news {
    int64_t at, environment;
    const char *topic, *key;
};

extern const struct store_driver store_sqlite;
extern const struct store_driver store_postgresql;

/* Sets VL_ERR_CONFLICT with errno EEXIST, which vl_store_is_constraint() knows. */
VL_MUST_CHECK int store_constraint(struct vl_err *err, const char *message);

VL_MUST_CHECK int store_migrate(const struct vl_store_options *options, const struct vl_schema *schema,
    struct vl_store_conn *conn, struct vl_err *err);

#endif
