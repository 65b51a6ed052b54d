/* Exemptions and disable rules whose time is over. */
#ifndef VL_SERVER_REPO_EXPIRE_H
#define VL_SERVER_REPO_EXPIRE_H

#include "store/store.h"

#define VL_EXPIRE_MAX 20 /* of each, in one write */

/* How many wait to be ended. */
VL_MUST_CHECK int vl_repo_expire_due(
    struct vl_store_conn *conn, int64_t now_ms, int64_t *ret, struct vl_err *err);
/* Inside of a write: ends some. What they took out is open again, a notice tells so, and it is in the audit
 * log. *ret_n: how many it was; 0: none is left. */
VL_MUST_CHECK int vl_repo_expire(
    struct vl_store_conn *conn, int64_t now_ms, int64_t *ret_n, struct vl_err *err);

#endif
