/* What a caller who has a role in parts of an environment sees of the database: registries, what lies in them
 * and what is worked out from that; alerts of clusters and namespaces. It is said once, as views that stand
 * before the tables of their names (store/store.h); statements are written as if there were no such callers
 * (docs/design/0019-roles-in-parts-of-an-environment.md). Ids are those of struct vl_role_part. */
#ifndef VL_SERVER_SIGHT_H
#define VL_SERVER_SIGHT_H

#include "store/store.h"

extern const struct vl_store_narrowing vl_sight_of_parts;

#endif
