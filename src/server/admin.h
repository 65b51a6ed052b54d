/* Commands of `vallumd` beside serving: for the administrator on the machine itself, who can read the data
 * folder. */
#ifndef VL_SERVER_ADMIN_H
#define VL_SERVER_ADMIN_H

#include "config.h"

struct vl_admin_call {
    const struct vl_server_config *config;
    const char *argument;           /* the word after the command, or NULL */
    const char *role, *name, *days; /* flags as given; NULL */
    bool without_keys;
};

/* Prints one JSON object on standard output: {token, id, name, role, expires}. */
VL_MUST_CHECK int vl_admin_create_token(
    const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err);

/* Likewise, for logins as a service principal: {clientId, clientSecret, tenant, role, name}. */
VL_MUST_CHECK int vl_admin_create_client(
    const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err);

/* The argument is the folder (backup.h). */
VL_MUST_CHECK int vl_admin_backup(
    const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err);
VL_MUST_CHECK int vl_admin_restore(
    const struct vl_admin_call *call, struct vl_arena *arena, struct vl_err *err);

#endif
