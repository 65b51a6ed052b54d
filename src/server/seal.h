/* Whether the data folder's key is the one that the database's secrets are sealed with. */
#ifndef VL_SERVER_SEAL_H
#define VL_SERVER_SEAL_H

#include "app.h"

/* Leaves a sealed text in a new database, and opens the one that is there. A key of another server would
 * otherwise be noticed by the first registry that cannot be read: VL_ERR_USAGE says what to do. */
VL_MUST_CHECK int vl_server_seal_check(struct vl_server_app *app, struct vl_err *err);

#endif
