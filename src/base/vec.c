#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 16

void vl_vec_init(struct vl_vec *vec, size_t item_size, size_t max)
{
    *vec = (struct vl_vec){.item_size = item_size, .max = max};
}

void vl_vec_done(struct vl_vec *vec)
{
    free(vec->items);
    vec->items = NULL;
    vec->len = vec->cap = 0;
}

void *vl_vec_push(struct vl_vec *vec, const char *what, struct vl_err *err)
{
    int r = 0;
    if (vec->len >= vec->max) {
        r = vl_err_set(err, VL_ERR_LIMIT, "%s: more than %zu", what, vec->max);
        (void)r;
        return NULL;
    }
    if (vec->len == vec->cap) {
        size_t cap = vec->cap ? vec->cap * 2 : FIRST_CAP;
        void *items = reallocarray(vec->items, cap, vec->item_size);
        if (!items) {
            r = vl_err_nomem(err);
            (void)r;
            return NULL;
        }
        vec->items = items;
        vec->cap = cap;
    }
    void *item = (char *)vec->items + vec->len * vec->item_size;
    memset(item, 0, vec->item_size);
    vec->len++;
    return item;
}

void *vl_vec_at(const struct vl_vec *vec, size_t index)
{
    return index < vec->len ? (char *)vec->items + index * vec->item_size : NULL;
}
