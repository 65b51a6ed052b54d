/* Tasks: what somebody is to do about a recommendation, for one resource or for all that it is about. */
#ifndef VL_SERVER_REPO_TASK_H
#define VL_SERVER_REPO_TASK_H

#include "posture/catalogue.h"
#include "store/store.h"

#define VL_TASKS_MAX      10000 /* of an environment */
#define VL_TASK_GUID_TEXT 37

enum vl_task_state {
    VL_TASK_ACTIVE = 1,
    VL_TASK_DISMISSED = 2,
    VL_TASK_RESOLVED = 3,
};
const char *vl_task_state_name(int state); /* "active" "dismissed" "resolved"; never NULL */
bool vl_task_state_parse(struct vl_span text, enum vl_task_state *ret);

/* Texts in the arena. */
struct vl_task {
    int64_t id;
    const char *guid, *key;
    const char *resource_id; /* NULL: all that the recommendation is about */
    int state;
    const char *details; /* JSON */
    int64_t created, changed;
};
/* Newest first; before `before` where it is not 0. `guid` "": all; `state` 0: any. */
VL_MUST_CHECK int vl_repo_task_list(struct vl_store_conn *conn, int64_t environment, const char *guid,
    int64_t state, int64_t before, int64_t limit, struct vl_arena *arena, struct vl_task **ret, size_t *ret_n,
    struct vl_err *err);
VL_MUST_CHECK int vl_repo_task_count(
    struct vl_store_conn *conn, int64_t environment, int64_t state, int64_t *ret, struct vl_err *err);

/* `resource` 0: all. One that is active for the same already is that one: 0, else 1. Adds to the feed (topic
 * "task"). */
VL_MUST_CHECK int vl_repo_task_add(struct vl_store_conn *conn, int64_t environment,
    const struct vl_posture_assessment *what, int64_t resource, const char *details,
    char ret_guid[VL_TASK_GUID_TEXT], struct vl_err *err);
/* 1 changed, 0 there is no such task. */
VL_MUST_CHECK int vl_repo_task_set(struct vl_store_conn *conn, int64_t environment, const char *guid,
    enum vl_task_state state, struct vl_err *err);
/* After assessments: active ones whose resource is healthy now, or that have none left that is not, are
 * resolved. */
VL_MUST_CHECK int vl_repo_task_settle(
    struct vl_store_conn *conn, int64_t environment, int64_t now_ms, struct vl_err *err);

#endif
