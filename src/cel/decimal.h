/* Whole numbers of any size with a decimal scale: coefficient * 10^-scale, as gopkg.in/inf.v0 has them, on
 * which Kubernetes' quantities rest. Digits are limited, where upstream would compute until its memory ends.
 */
#ifndef VL_CEL_DECIMAL_H
#define VL_CEL_DECIMAL_H

#include "base/arena.h"
#include "base/buf.h"

#define VL_CEL_DECIMAL_DIGITS_MAX 100000 /* of a coefficient */

struct vl_cel_decimal {
    uint32_t *limbs; /* of 10^9, the lowest first; in the arena; no zero on top */
    size_t n;        /* 0: zero */
    bool negative;
    int32_t scale;
};

/* All functions that can fail return false where the digits pass their limit or there is no memory. */

bool vl_cel_decimal_of_int(struct vl_arena *arena, int64_t value, int32_t scale, struct vl_cel_decimal *ret);

/* Digits with at most one dot; an empty text is zero. */
bool vl_cel_decimal_of_digits(struct vl_arena *arena, struct vl_span digits, struct vl_cel_decimal *ret);

/* In place: * 2^shift (shift at most 60). */
bool vl_cel_decimal_shift(struct vl_arena *arena, struct vl_cel_decimal *value, unsigned shift);

/* The same number with this scale; away from zero where digits are lost (*ret_exact false then). */
bool vl_cel_decimal_rescale(struct vl_arena *arena, const struct vl_cel_decimal *value, int32_t scale,
    struct vl_cel_decimal *ret, bool *ret_exact);

bool vl_cel_decimal_add(struct vl_arena *arena, const struct vl_cel_decimal *a,
    const struct vl_cel_decimal *b, struct vl_cel_decimal *ret); /* ret may be a or b */

/* < 0, 0, > 0. Decided by the magnitudes where these differ, so that no scale is too large. */
int vl_cel_decimal_cmp(
    struct vl_arena *arena, const struct vl_cel_decimal *a, const struct vl_cel_decimal *b);

/* Takes out factors of 10 (or 1024) of the coefficient, and counts them. */
bool vl_cel_decimal_strip(struct vl_arena *arena, const struct vl_cel_decimal *value, unsigned factor,
    struct vl_cel_decimal *ret, int32_t *ret_times);

/* The coefficient, with its sign, as digits; and as the nearest double. */
void vl_cel_decimal_text(const struct vl_cel_decimal *value, struct vl_buf *out);
double vl_cel_decimal_coefficient(const struct vl_cel_decimal *value);

#endif
