/* Plans of an environment: what is switched on. A plan without a row is Free. */
#ifndef VL_SERVER_REPO_PLAN_H
#define VL_SERVER_REPO_PLAN_H

#include "store/store.h"

/* Whether the plan ("Containers") is on Standard. */
VL_MUST_CHECK int vl_repo_plan_enabled(
    struct vl_store_conn *conn, int64_t environment, const char *plan, bool *ret_enabled, struct vl_err *err);

/* A new environment: the plans that this release has something built for are on Standard, all others Free.
 * Rows that are there already are left. */
VL_MUST_CHECK int vl_repo_plan_first(struct vl_store_conn *conn, int64_t environment, struct vl_err *err);

#endif
