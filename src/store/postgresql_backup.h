/* Private: backups of PostgreSQL by its own pg_dump and pg_restore. */
#ifndef VL_STORE_POSTGRESQL_BACKUP_H
#define VL_STORE_POSTGRESQL_BACKUP_H

#include "driver.h"

#define STORE_PG_BACKUP_SECONDS (24 * 3600)

#define STORE_PG_ENV_MAX 64

/* The settings of a connection as libpq's own environment variables: a password never stands among arguments,
 * which every user of the machine can read. Texts in the arena. */
struct store_pg_settings {
    const char *env[STORE_PG_ENV_MAX]; /* ends with NULL */
    size_t n;
    const char *database; /* NULL: the user's */
};

/* postgresql.c */
VL_MUST_CHECK int store_pg_settings_of(const struct vl_store_conn *conn, struct vl_arena *arena,
    struct store_pg_settings *ret, struct vl_err *err);
VL_MUST_CHECK int store_pg_settings_parse(
    const char *url, struct vl_arena *arena, struct store_pg_settings *ret, struct vl_err *err);

VL_MUST_CHECK int store_pg_backup(struct vl_store_conn *conn, const char *path, struct vl_err *err);
VL_MUST_CHECK int store_pg_restore(const char *url, const char *path, struct vl_err *err);

#endif
