/* Private: backups of PostgreSQL by its own pg_dump and pg_restore. */
#ifndef VL_STORE_POSTGRESQL_BACKUP_H
#define VL_STORE_POSTGRESQL_BACKUP_H

#include "driver.h"

#define STORE_PG_BACKUP_SECONDS (24 * 3600)

void *store_pg_handle(const struct vl_store_conn *conn); /* its PGconn */

VL_MUST_CHECK int store_pg_backup(struct vl_store_conn *conn, const char *path, struct vl_err *err);
VL_MUST_CHECK int store_pg_restore(const char *url, const char *path, struct vl_err *err);

#endif
