/* Tasks for Azure's face: reads, and their state. */
#ifndef VL_SERVER_REPO_ARM_TASK_H
#define VL_SERVER_REPO_ARM_TASK_H

#include "store/store.h"

/* Stored by number (schema_posture.c). */
enum vl_arm_task_state { VL_ARM_TASK_ACTIVE = 1, VL_ARM_TASK_DISMISSED = 2, VL_ARM_TASK_RESOLVED = 3 };

/* Texts in the arena. */
struct vl_arm_task {
    int64_t id;
    const char *guid, *assessment;
    const char *resource; /* id; NULL: the environment itself */
    int state;
    const char *details; /* JSON */
    int64_t created, changed;
};

/* In order; behind `after`. `guid` "": all, else that one. */
VL_MUST_CHECK int vl_repo_arm_tasks(struct vl_store_conn *conn, int64_t environment, const char *guid,
    int64_t after, size_t limit, struct vl_arena *arena, struct vl_arm_task **ret, size_t *ret_n,
    struct vl_err *err);

/* 1 changed, 0 there is no such task. Adds to the feed (topic "task"). */
VL_MUST_CHECK int vl_repo_arm_task_set(struct vl_store_conn *conn, int64_t environment, const char *guid,
    enum vl_arm_task_state state, struct vl_err *err);

#endif
