/* Which distribution package owns a file: a few wanted paths against long lists of owned ones. The lists are
 * read once, where they lie; nothing of them is copied. */
#ifndef VL_SCAN_OWNERS_H
#define VL_SCAN_OWNERS_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

#define OWNERS_FILTER_BITS 65536U
#define OWNERS_WANTS_MAX   4000000U
#define OWNERS_NONE        UINT32_MAX

struct owners {
    struct vl_arena *arena; /* lent */
    struct vl_map wants;    /* path -> want */
    struct vl_vec found;    /* uint32_t by want: owner, or OWNERS_NONE */
    uint64_t filter[OWNERS_FILTER_BITS / 64];
};

void owners_init(struct owners *o, struct vl_arena *arena);
void owners_done(struct owners *o); /* also for VL_CLEANUP */

/* Asks for a path (copied), and gives the number of the want. The same path is the same want. Where the file
 * lies in a folder of installed metadata (x.dist-info, x.egg-info), any owned file of that folder will do. */
VL_MUST_CHECK int owners_want(struct owners *o, struct vl_span path, uint32_t *ret_want, struct vl_err *err);

/* A second name for a want: what the path is called through a symbolic link. */
VL_MUST_CHECK int owners_alias(struct owners *o, uint32_t want, struct vl_span path, struct vl_err *err);

/* Looks a '\n'-separated list through. The first owner of a want stays. */
void owners_search(struct owners *o, struct vl_span paths, uint32_t owner);

uint32_t owners_of(const struct owners *o, uint32_t want);

#endif
