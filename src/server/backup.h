/* Backups of a server: a folder with the database, the keys, and a list of both with their SHA-256.
 *
 *   vallum.db or vallum.pgdump   a consistent copy, made while the server runs
 *   keys/                        the authority, the certificate, the sealing key: without them the secrets in
 * the database cannot be read. Keep them apart from it; --without-keys leaves them out backup.json what it
 * is: program, time, database, files with sizes and digests */
#ifndef VL_SERVER_BACKUP_H
#define VL_SERVER_BACKUP_H

#include "config.h"

#define VL_BACKUP_LIST      "backup.json"
#define VL_BACKUP_LIST_MAX  65536
#define VL_BACKUP_FILES_MAX 16

/* Into a folder that is not there or is empty; *ret_bytes of all files together. */
VL_MUST_CHECK int vl_server_backup(const struct vl_server_config *config, const char *folder, bool keys,
    struct vl_arena *arena, uint64_t *ret_bytes, struct vl_err *err);

/* Makes the data folder and the database of the configuration, which must not be there yet. Every file is
 * checked against the list first: a damaged backup (VL_ERR_CORRUPT) makes nothing. *ret_keys false: it came
 * without keys, so the server makes new ones, and the secrets in the database have to be given again. */
VL_MUST_CHECK int vl_server_restore(const struct vl_server_config *config, const char *folder,
    struct vl_arena *arena, bool *ret_keys, struct vl_err *err);

#endif
