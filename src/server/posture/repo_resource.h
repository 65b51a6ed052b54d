/* Resources as rows: an id of Azure's form stands for an integer. */
#ifndef VL_SERVER_REPO_RESOURCE_H
#define VL_SERVER_REPO_RESOURCE_H

#include "posture/resource.h"
#include "store/store.h"

struct vl_resource {
    int64_t id, environment;
    const char *arm_id, *kind, *name;
};

/* The row of an id, made where it is not there; one that had gone is there again. `name` is what people
 * read. */
VL_MUST_CHECK int vl_repo_resource_put(struct vl_store_conn *conn, int64_t environment,
    const struct vl_resource_id *id, const char *name, int64_t *ret, struct vl_err *err);

/* By text, as vl_resource_parse() reads it: 1 found, 0 not. Only the environment's own, and not what has
 * gone. */
VL_MUST_CHECK int vl_repo_resource_find(struct vl_store_conn *conn, int64_t environment, struct vl_span text,
    struct vl_arena *arena, struct vl_resource *ret, struct vl_err *err);
/* By number, gone ones too: 1 found, 0 not. */
VL_MUST_CHECK int vl_repo_resource_get(struct vl_store_conn *conn, int64_t environment, int64_t id,
    struct vl_arena *arena, struct vl_resource *ret, struct vl_err *err);

#endif
