/* Works assessments out: images, the registries they lie in, the environment's plan; then the score. Inside
 * of writes. */
#ifndef VL_SERVER_REPO_ASSESS_H
#define VL_SERVER_REPO_ASSESS_H

#include "store/store.h"

#define VL_ASSESS_BATCH   500 /* places of images in one write of the job */
#define VL_ASSESS_AT_ONCE 500 /* up to so many places an exemption's own write does it all */

/* The places of one image in an environment: exemptions and assessments. vl_assess_sum() is next. */
VL_MUST_CHECK int vl_assess_digest(
    struct vl_store_conn *conn, int64_t environment, const char *digest, int64_t now_ms, struct vl_err *err);

/* What lies above images: registries, the plan, tasks, owners, the score. It reads every assessment of the
 * environment, so that it is done once for many images. */
VL_MUST_CHECK int vl_assess_sum(
    struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err);

/* A whole environment in steps: places behind `after` (ids of registry_image). *ret_last is the last one; 0:
 * there are no more, and vl_assess_end() is next. `began` is the time of the whole pass. */
VL_MUST_CHECK int vl_assess_step(struct vl_store_conn *conn, int64_t environment, int64_t began,
    int64_t after, int64_t *ret_last, struct vl_err *err);
VL_MUST_CHECK int vl_assess_end(
    struct vl_store_conn *conn, int64_t environment, int64_t began, struct vl_err *err);

/* All of it now where the environment is small; else a job is added (vl_posture_touch). */
VL_MUST_CHECK int vl_assess_soon(
    struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err);

#endif
