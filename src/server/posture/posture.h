/* What others tell the posture: that something changed which assessments or scores hang on. */
#ifndef VL_SERVER_POSTURE_H
#define VL_SERVER_POSTURE_H

#include "store/store.h"

/* Inside of the write that made the change (a scan that ended, a rematch, an exemption, a plan, an image that
 * went): adds a job of kind "score". `digest`: that one image in this environment is assessed anew, then the
 * score; NULL: everything of the environment. Calls that wait are put together. */
VL_MUST_CHECK int vl_posture_touch(
    struct vl_store_conn *conn, int64_t environment, const char *digest, struct vl_err *err);

/* Images are assessed; what lies above them waits for its turn behind the images that wait now, so that it is
 * worked out once for all of them. */
VL_MUST_CHECK int vl_posture_touch_sum(struct vl_store_conn *conn, int64_t environment, struct vl_err *err);

#endif
