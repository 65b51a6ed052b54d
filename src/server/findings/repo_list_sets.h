/* Which packages a list has, for questions the other way round: which images have a package. The ids of a
 * list are cut into sets where the ids themselves say so, so that lists which are alike have most sets in
 * common: ten thousand lists of 385 packages are a million rows instead of four. */
#ifndef VL_SERVER_REPO_LIST_SETS_H
#define VL_SERVER_REPO_LIST_SETS_H

#include "store/store.h"

#define VL_LIST_SET_MAX        64 /* packages in a set; some sixteen most of the time */
#define VL_LIST_SET_HASH_BYTES 16 /* of SHA-256 */

struct vl_list_set {
    size_t begin, n; /* of the sorted ids */
    uint8_t hash[VL_LIST_SET_HASH_BYTES];
};

/* Sorts `ids`, which are distinct, and cuts them. `ret` has room for `n`; gives how many sets there are. */
size_t vl_list_sets_cut(int64_t *ids, size_t n, struct vl_list_set *ret);

/* In a write: the list, new, has these packages. Sorts `ids`. *ret_rows: how many rows were added. */
VL_MUST_CHECK int vl_repo_list_sets_put(struct vl_store_conn *conn, int64_t list, int64_t *ids, size_t n,
    struct vl_arena *arena, int64_t *ret_rows, struct vl_err *err);

#endif
