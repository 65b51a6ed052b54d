/* SQL of recommendations that are not grouped: each finding of the environment by itself, over all images
 * that have it, in the order in which it should be seen to. */
#ifndef VL_SERVER_REPO_SINGLE_H
#define VL_SERVER_REPO_SINGLE_H

#include "model/severity.h"
#include "store/store.h"

/* Texts are lent for the call. */
struct vl_single {
    int64_t id, rank; /* of the vulnerability; the order */
    struct vl_span name, title;
    int severity;
    double epss; /* < 0: none */
    int64_t kev; /* ms when it was added; 0: not exploited as far as is known */
    bool fixable;
    int64_t images, first_seen; /* how many; days since 1970 */
};
typedef int vl_single_each(const struct vl_single *row, void *user, struct vl_err *err);

/* Exploited first, then by EPSS, then what has a fix, then by severity; what runs is not known. Those after
 * (rank, id), downwards; INT64_MAX both: from the beginning. `severity` < 0: any. */
VL_MUST_CHECK int vl_repo_single_list(struct vl_store_conn *conn, int64_t environment, int severity,
    int64_t rank, int64_t id, int64_t limit, vl_single_each *each, void *user, struct vl_err *err);
/* Counted up to `max`. */
VL_MUST_CHECK int vl_repo_single_count(struct vl_store_conn *conn, int64_t environment, int severity,
    int64_t max, int64_t *ret, struct vl_err *err);

#endif
