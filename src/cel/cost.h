/* Arithmetic of costs and sizes: saturates, so that "unbounded" (UINT64_MAX) stays so. Source: cel-go,
 * common/cost and common/cost.go (constants). */
#ifndef VL_CEL_COST_H
#define VL_CEL_COST_H

#include <math.h>

#include "library.h"

#define VL_CEL_COST_SELECT    1
#define VL_CEL_COST_LIST      10
#define VL_CEL_COST_MAP       30
#define VL_CEL_COST_STRUCT    40
#define VL_CEL_COST_TRAVERSAL 0.1  /* a character of a text */
#define VL_CEL_COST_REGEX     0.25 /* a character of a pattern */

static inline uint64_t vl_cel_cost_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t vl_cel_cost_mul(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

/* a * factor, rounded up. */
static inline uint64_t vl_cel_cost_factor(uint64_t a, double factor)
{
    double v = ceil((double)a * factor);
    return v >= 0x1p64 ? UINT64_MAX : (uint64_t)v;
}

static inline struct vl_cel_range vl_cel_range_of(uint64_t min, uint64_t max)
{
    return (struct vl_cel_range){min, max};
}

static inline struct vl_cel_range vl_cel_range_add(struct vl_cel_range a, struct vl_cel_range b)
{
    return vl_cel_range_of(vl_cel_cost_add(a.min, b.min), vl_cel_cost_add(a.max, b.max));
}

static inline struct vl_cel_range vl_cel_range_mul(struct vl_cel_range a, struct vl_cel_range b)
{
    return vl_cel_range_of(vl_cel_cost_mul(a.min, b.min), vl_cel_cost_mul(a.max, b.max));
}

static inline struct vl_cel_range vl_cel_range_factor(struct vl_cel_range a, double factor)
{
    return vl_cel_range_of(vl_cel_cost_factor(a.min, factor), vl_cel_cost_factor(a.max, factor));
}

static inline struct vl_cel_range vl_cel_range_union(struct vl_cel_range a, struct vl_cel_range b)
{
    return vl_cel_range_of(a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max);
}

#endif
