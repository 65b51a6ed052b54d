/* Which images are built on which, by their layers: the base's whole chain begins the other's. An environment
 * sees only images of its own. */
#ifndef VL_SERVER_REPO_LINEAGE_H
#define VL_SERVER_REPO_LINEAGE_H

#include "store/store.h"

#define VL_LINEAGE_MAX 1000 /* images shown of one direction; the total counts on */

enum vl_lineage {
    VL_LINEAGE_BASE,    /* images whose chain begins this one, longest first */
    VL_LINEAGE_DERIVED, /* images that this one's chain begins */
};

struct vl_lineage_row {
    int64_t image;
    struct vl_span digest; /* lent until the callback returns */
    int64_t layers;
};
typedef int vl_lineage_each(const struct vl_lineage_row *row, void *user, struct vl_err *err);

/* Those with an id over `after`, by id; bases: all, longest first, `after` is not looked at. `gone_since`: of
 * deleted images those last seen at or after it too; INT64_MAX: none. A positive answer of `each` ends it. */
VL_MUST_CHECK int vl_repo_lineage(struct vl_store_conn *conn, int64_t environment, int64_t image,
    enum vl_lineage which, int64_t gone_since, int64_t after, int64_t limit, vl_lineage_each *each,
    void *user, struct vl_err *err);
VL_MUST_CHECK int vl_repo_lineage_count(struct vl_store_conn *conn, int64_t environment, int64_t image,
    enum vl_lineage which, int64_t gone_since, int64_t max, int64_t *ret, struct vl_err *err);

#endif
