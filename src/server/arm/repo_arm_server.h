/* What the server itself is to Azure's clients: its tenant, the resource groups that its resources name. */
#ifndef VL_SERVER_REPO_ARM_SERVER_H
#define VL_SERVER_REPO_ARM_SERVER_H

#include "store/store.h"

#define VL_ARM_RESOURCES_MAX 10000 /* that are looked at for their groups */

/* See vl_arm_tenant(). */
VL_MUST_CHECK int vl_repo_arm_tenant(
    struct vl_store *store, struct vl_arena *arena, const char **ret, struct vl_err *err);

/* The ids of an environment's resources, in order of their keys. */
VL_MUST_CHECK int vl_repo_arm_resources(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, const char *const **ret, size_t *ret_n, struct vl_err *err);

#endif
