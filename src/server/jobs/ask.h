/* How work on registries is asked for: the jobs that others add, with their keys and payloads in one place.
 *
 *   scan      one manifest in one repository. Key: the id of its row in registry_image. Group "registry:ID",
 *             which has as many workers as registry.concurrency says.
 *             Payload {"place":ID}: everything else is read when the job runs.
 *   resolve   one tag or digest that an event named: what it stands for, and a scan of it. The same group.
 *   discover  one registry's catalogue. Key: the registry's id. Payload {"registry":ID}. Group "discover":
 * slow registries do not take all workers.
 *
 * Inside of a write; asking again while one waits raises its priority only. */
#ifndef VL_SERVER_ASK_H
#define VL_SERVER_ASK_H

#include "store/store.h"

#define VL_ASK_GROUP_TEXT 32

/* "registry:7": the group of a registry's scans. */
void vl_ask_group(int64_t registry, char ret[VL_ASK_GROUP_TEXT]);

/* The row of an image that is not being scanned gets the stage "waiting for a worker"; a completed one stays
 * Completed until the scan begins. Rows of indexes are never asked for. `priority`: VL_PRIORITY_…
 * `ret_job` may be NULL. */
VL_MUST_CHECK int vl_ask_scan(struct vl_store_conn *conn, int64_t place, int64_t registry, int priority,
    int64_t *ret_job, struct vl_err *err);

/* Of a row that was just added, and has its stage. */
VL_MUST_CHECK int vl_ask_scan_new(
    struct vl_store_conn *conn, int64_t place, int64_t registry, int priority, struct vl_err *err);

VL_MUST_CHECK int vl_ask_discover(
    struct vl_store_conn *conn, int64_t registry, int priority, int64_t *ret_job, struct vl_err *err);

/* `digest` or `tag` may be empty. */
VL_MUST_CHECK int vl_ask_resolve(struct vl_store_conn *conn, int64_t registry, struct vl_span repository,
    struct vl_span digest, struct vl_span tag, int64_t event, struct vl_err *err);

#endif
