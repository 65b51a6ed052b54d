/* SQL of channels. */
#ifndef VL_SERVER_REPO_CHANNEL_H
#define VL_SERVER_REPO_CHANNEL_H

#include "respond/channel.h"
#include "store/store.h"

VL_MUST_CHECK int vl_repo_channel_list(struct vl_store_conn *conn, int64_t environment,
    struct vl_arena *arena, struct vl_channel **ret, size_t *ret_n, struct vl_err *err);
/* 1 found, 0 not. `environment` 0: of any (for jobs). */
VL_MUST_CHECK int vl_repo_channel_get(struct vl_store_conn *conn, int64_t environment, int64_t id,
    struct vl_arena *arena, struct vl_channel *ret, struct vl_err *err);
/* VL_ERR_CONFLICT where the name is taken, VL_ERR_LIMIT where there are VL_CHANNELS_MAX. */
VL_MUST_CHECK int vl_repo_channel_add(
    struct vl_store_conn *conn, const struct vl_channel *channel, int64_t *ret_id, struct vl_err *err);
/* By id and environment: 1 changed, 0 not there. Kind, creation and results stay. */
VL_MUST_CHECK int vl_repo_channel_set(
    struct vl_store_conn *conn, const struct vl_channel *channel, struct vl_err *err);
/* 1 removed, with all that waits for it; 0 was not there. */
VL_MUST_CHECK int vl_repo_channel_remove(
    struct vl_store_conn *conn, int64_t environment, int64_t id, struct vl_err *err);
/* What came of a delivery: `error` NULL where it went well. */
VL_MUST_CHECK int vl_repo_channel_result(
    struct vl_store_conn *conn, const struct vl_channel *channel, const char *error, struct vl_err *err);

#endif
