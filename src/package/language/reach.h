/* Which packages of a lock file are needed outside development: for formats that list the graph but not the
 * answer (pnpm 9, bun, uv, poetry 2). */
#ifndef VL_PACKAGE_LANGUAGE_REACH_H
#define VL_PACKAGE_LANGUAGE_REACH_H

#include "base/map.h"
#include "base/vec.h"

/* A walk over keys: what is pushed once is visited once. */
struct pkg_reach {
    struct vl_map seen; /* key to 1 */
    struct vl_vec todo; /* struct vl_span */
    size_t next;
};

void pkg_reach_init(struct pkg_reach *reach);
void pkg_reach_done(struct pkg_reach *reach); /* also for VL_CLEANUP */

/* `key` is lent and must outlive the walk. */
VL_MUST_CHECK int pkg_reach_push(struct pkg_reach *reach, struct vl_span key, struct vl_err *err);

/* False when nothing is left to visit. */
bool pkg_reach_next(struct pkg_reach *reach, struct vl_span *ret_key);

bool pkg_reach_has(const struct pkg_reach *reach, struct vl_span key);

#endif
