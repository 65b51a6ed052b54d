/* SQL of users whom an identity provider vouches for. */
#ifndef VL_SERVER_REPO_OIDC_H
#define VL_SERVER_REPO_OIDC_H

#include "base/arena.h"
#include "store/store.h"

/* By issuer and subject: 1 found, 0 not; disabled ones too. The name in the arena. */
VL_MUST_CHECK int vl_repo_oidc_find(struct vl_store_conn *conn, const char *subject, struct vl_arena *arena,
    int64_t *ret_id, const char **ret_name, bool *ret_disabled, struct vl_err *err);
/* VL_ERR_CONFLICT where the name is somebody else's. */
VL_MUST_CHECK int vl_repo_oidc_add(
    struct vl_store_conn *conn, const char *subject, const char *name, int64_t *ret_id, struct vl_err *err);

#endif
