/* What the db commands share. */
#ifndef VL_CLI_DB_OPTIONS_H
#define VL_CLI_DB_OPTIONS_H

#include "advisory/db.h"
#include "command.h"

#define VL_CLI_KEY_MAX      (64UL * 1024) /* bytes of a key file */
#define VL_CLI_LOCK_WAIT_MS 600000L       /* for another update to end */

/* `given` or the default place. */
VL_MUST_CHECK int vl_cli_db_path(const char *given, char ret[4096], struct vl_err *err);

/* Opens it; where there is none the error tells how to get one. */
VL_MUST_CHECK int vl_cli_db_open(const char *given, struct vl_advisory_db **ret, struct vl_err *err);

/* Makes the folder that will hold `path`. */
VL_MUST_CHECK int vl_cli_make_parent(const char *path, struct vl_err *err);

/* Reads a PEM key; NULL gives an empty one. */
VL_MUST_CHECK int vl_cli_read_key(const char *path, struct vl_buf *ret, struct vl_err *err);

#endif
