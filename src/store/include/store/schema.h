/* The schema, described once: both DDLs are made from it. Migrations go forward only; each is one
 * transaction, after a backup. A program of the version before keeps working on a migrated database: columns
 * are added with defaults, never renamed or given another meaning, and removed one release after the last
 * that reads them. */
#ifndef VL_STORE_SCHEMA_H
#define VL_STORE_SCHEMA_H

#include "store/store.h"

enum vl_column_type {
    VL_COLUMN_INT,   /* BIGINT; times in milliseconds since 1970 */
    VL_COLUMN_INT32, /* in tables of millions of rows, where PostgreSQL's width counts; SQLite's is the same.
                        A larger number is refused */
    VL_COLUMN_INT16,
    VL_COLUMN_DOUBLE, /* DOUBLE PRECISION / REAL */
    VL_COLUMN_TEXT,
    VL_COLUMN_BLOB, /* BYTEA */
    VL_COLUMN_ID,   /* BIGINT primary key that numbers itself and never uses a number twice */
};

struct vl_column {
    const char *name;
    enum vl_column_type type;
    bool nullable;
    const char *def;        /* SQL of the default, or NULL */
    const char *references; /* "table(column)" with ON DELETE CASCADE, or NULL */
    bool keeps;             /* instead: the row that it names is not removed while this one is there */
};

struct vl_index {
    const char *name;
    const char *columns; /* "environment_id, state" */
    const char *where;   /* partial, or NULL */
    bool unique;
};

struct vl_table {
    const char *name;
    const struct vl_column *columns; /* end with a NULL name */
    const char *primary_key;         /* "image_id, advisory_id", or NULL with an ID column */
    const struct vl_index *indexes;  /* end with a NULL name; or NULL */
    bool clustered;                  /* rows lie in the order of the primary key (WITHOUT ROWID) */
};

/* What one version of the schema adds to the one before. */
struct vl_migration {
    uint32_t version;
    const struct vl_table *const *tables; /* new ones, end with NULL; or NULL */
    const struct vl_migration_column {
        const char *table;
        struct vl_column column;
    } *columns;                            /* added, end with a NULL table; or NULL */
    const struct vl_store_sql *statements; /* afterwards, end with a NULL text; or NULL */
    uint32_t readable_from;                /* programs of this schema version and later work on it */
};

/* The migrations of a database, in order; the last one's version is the program's. */
struct vl_schema {
    const struct vl_migration *migrations;
    uint32_t n;
};

/* The DDL of a table as text, for documents and tests. */
struct vl_buf;
VL_MUST_CHECK int vl_schema_ddl(
    const struct vl_table *table, enum vl_store_kind kind, struct vl_buf *out, struct vl_err *err);

#endif
