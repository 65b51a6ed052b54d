/* A growing array of equally sized items with a maximum count. */
#ifndef VL_BASE_VEC_H
#define VL_BASE_VEC_H

#include "base/err.h"

struct vl_vec {
    void *items; /* owned; may move on push */
    size_t len;
    size_t cap;
    size_t item_size;
    size_t max;
};

void vl_vec_init(struct vl_vec *vec, size_t item_size, size_t max);
void vl_vec_done(struct vl_vec *vec); /* also for VL_CLEANUP */

/* A zeroed new item at the end; NULL when over the maximum or out of memory, with `err` naming `what`. */
VL_MUST_CHECK void *vl_vec_push(struct vl_vec *vec, const char *what, struct vl_err *err);

void *vl_vec_at(const struct vl_vec *vec, size_t index); /* NULL beyond the end */

#endif
