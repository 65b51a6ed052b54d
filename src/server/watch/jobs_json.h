/* The queue in figures, as /jobs/summary and /health show it. */
#ifndef VL_SERVER_JOBS_JSON_H
#define VL_SERVER_JOBS_JSON_H

#include "router.h"
#include "watch/repo_watch.h"

/* Members "byKind" and "oldestDue", into an open object. *ret_dead: given up, of all kinds; may be NULL. */
VL_MUST_CHECK int vl_jobs_json_summary(struct vl_request *request, struct vl_store_conn *conn,
    struct vl_json *json, uint64_t *ret_dead, struct vl_err *err);

#endif
