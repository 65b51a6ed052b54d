/* When somebody was here: what is new since then stands on the first page. */
#ifndef VL_SERVER_REPO_VISIT_H
#define VL_SERVER_REPO_VISIT_H

#include "store/store.h"

#define VL_VISIT_GAP_MS   (30 * 60000LL) /* without a call: the next one begins another visit */
#define VL_VISIT_WRITE_MS 60000          /* at most one write in this time */

/* The end of the visit before this one (ms); 0: this is the first. */
VL_MUST_CHECK int vl_repo_visit_last(
    struct vl_store_conn *conn, int64_t principal, int64_t *ret, struct vl_err *err);
/* He is here now. */
VL_MUST_CHECK int vl_repo_visit_now(
    struct vl_store *store, int64_t principal, int64_t now, struct vl_err *err);

#endif
