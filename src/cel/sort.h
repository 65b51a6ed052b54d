/* Sorting as Go's sort.Slice does it, step by step: it is not stable, and what it makes of equal keys (or of
 * NaN) shows in results. Source: Go, package sort (pattern-defeating quicksort). */
#ifndef VL_CEL_SORT_H
#define VL_CEL_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vl_cel_sort {
    uint32_t *order; /* what is sorted: places in the caller's keys */
    bool (*less)(const void *user, uint32_t a, uint32_t b);
    const void *user;
};

void vl_cel_sort(struct vl_cel_sort *sort, size_t n);

#endif
