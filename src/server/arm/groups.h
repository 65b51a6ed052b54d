/* The operation groups of Microsoft.Security, as facts: which versions of a built one are answered, and which
 * ones are known and not built. Source: azure-rest-api-specs, specification/security (state of 2024-10, and
 * the newer files that were published until 2026-06). */
#ifndef VL_SERVER_ARM_GROUPS_H
#define VL_SERVER_ARM_GROUPS_H

#include "arm/arm.h"

struct vl_arm_group {
    const char *name;            /* of the resource type: the first segment, or the one behind a location */
    const char *title;           /* for people */
    const char *const *versions; /* of a built one, oldest first; NULL: not built */
};

/* By name, case-blind; NULL where Microsoft.Security has no such group. */
const struct vl_arm_group *vl_arm_group_find(const char *name);
/* The i-th of the table; NULL behind the last. */
const struct vl_arm_group *vl_arm_group_at(size_t i);

/* vl_arm_version() with the versions of a built group. */
VL_MUST_CHECK int vl_arm_group_version(struct vl_request *request, const char *group, struct vl_err *err);

#endif
