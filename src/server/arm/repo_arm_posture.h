/* Reads of assessments for Azure's face. */
#ifndef VL_SERVER_REPO_ARM_POSTURE_H
#define VL_SERVER_REPO_ARM_POSTURE_H

#include "store/store.h"

/* Texts in the arena. */
struct vl_arm_assessment {
    const char *key;
    int64_t resource;
    const char *resource_id;         /* "/subscriptions/…" */
    const char *kind;                /* of the resource */
    int status;                      /* enum vl_assessment_status */
    const char *cause, *description; /* or NULL */
    int64_t first, changed, findings;
};

struct vl_arm_assessment_query {
    int64_t environment;
    const char *below;     /* key of a resource: it, and what lies below; "": all */
    bool exact;            /* not what lies below */
    const char *key;       /* of the assessment; "": any */
    const char *after_key; /* keyset: behind this assessment and resource; "" and 0: from the first */
    int64_t after_resource;
};
/* In order of assessment and resource; at most `limit`. */
VL_MUST_CHECK int vl_repo_arm_assessments(struct vl_store_conn *conn,
    const struct vl_arm_assessment_query *query, size_t limit, struct vl_arena *arena,
    struct vl_arm_assessment **ret, size_t *ret_n, struct vl_err *err);

#endif
