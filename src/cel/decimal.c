#include "decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BASE       1000000000U
#define BASE_EXP   9
#define LIMBS_MAX  (VL_CEL_DECIMAL_DIGITS_MAX / BASE_EXP + 1)
#define DOUBLE_MAX 310 /* digits from which a coefficient is infinite as a double */

static uint32_t *room(struct vl_arena *arena, size_t n)
{
    return n <= LIMBS_MAX ? vl_arena_array(arena, n ? n : 1, sizeof(uint32_t)) : NULL;
}

static void trim(struct vl_cel_decimal *value)
{
    while (value->n && value->limbs[value->n - 1] == 0)
        value->n--;
    if (value->n == 0)
        value->negative = false;
}

bool vl_cel_decimal_of_int(struct vl_arena *arena, int64_t value, int32_t scale, struct vl_cel_decimal *ret)
{
    struct vl_cel_decimal made = {.limbs = room(arena, 3), .negative = value < 0, .scale = scale, .n = 3};
    if (!made.limbs)
        return false;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (size_t i = 0; i < 3; i++, rest /= BASE)
        made.limbs[i] = (uint32_t)(rest % BASE);
    trim(&made);
    *ret = made;
    return true;
}

bool vl_cel_decimal_of_digits(struct vl_arena *arena, struct vl_span digits, struct vl_cel_decimal *ret)
{
    size_t dot = vl_span_find_char(digits, '.');
    size_t n = digits.len - (dot != SIZE_MAX);
    if (n > VL_CEL_DECIMAL_DIGITS_MAX)
        return false;
    struct vl_cel_decimal made = {.n = (n + BASE_EXP - 1) / BASE_EXP};
    made.limbs = room(arena, made.n);
    if (!made.limbs)
        return false;
    made.scale = dot == SIZE_MAX ? 0 : (int32_t)(digits.len - dot - 1);
    size_t place = 0;
    uint32_t unit = 1;
    for (size_t i = digits.len; i > 0; i--) {
        if (i - 1 == dot)
            continue;
        made.limbs[place / BASE_EXP] += (uint32_t)(digits.ptr[i - 1] - '0') * unit;
        unit = ++place % BASE_EXP ? unit * 10 : 1;
    }
    trim(&made);
    *ret = made;
    return true;
}

/* value * factor + carry, in place; the limbs have room for one more. */
static void multiply_small(struct vl_cel_decimal *value, uint32_t factor)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < value->n; i++) {
        carry += (uint64_t)value->limbs[i] * factor;
        value->limbs[i] = (uint32_t)(carry % BASE);
        carry /= BASE;
    }
    if (carry)
        value->limbs[value->n++] = (uint32_t)carry;
}

static bool copy(
    struct vl_arena *arena, const struct vl_cel_decimal *value, size_t more, struct vl_cel_decimal *ret)
{
    uint32_t *limbs = room(arena, value->n + more);
    if (!limbs)
        return false;
    if (value->n)
        memcpy(limbs, value->limbs, value->n * sizeof(*limbs));
    *ret = *value;
    ret->limbs = limbs;
    return true;
}

bool vl_cel_decimal_shift(struct vl_arena *arena, struct vl_cel_decimal *value, unsigned shift)
{
    struct vl_cel_decimal made;
    if (!copy(arena, value, 3, &made))
        return false;
    for (; shift; shift -= shift < 20 ? shift : 20)
        multiply_small(&made, 1U << (shift < 20 ? shift : 20));
    *value = made;
    return true;
}

static uint32_t power(unsigned exponent)
{
    uint32_t p = 1;
    while (exponent--)
        p *= 10;
    return p;
}

/* * 10^places */
static bool widen(
    struct vl_arena *arena, const struct vl_cel_decimal *value, uint64_t places, struct vl_cel_decimal *ret)
{
    if (value->n == 0) {
        *ret = *value;
        return true;
    }
    if (places > VL_CEL_DECIMAL_DIGITS_MAX)
        return false;
    size_t whole = (size_t)(places / BASE_EXP);
    uint32_t *limbs = room(arena, value->n + whole + 1);
    if (!limbs)
        return false;
    memcpy(limbs + whole, value->limbs, value->n * sizeof(*limbs));
    struct vl_cel_decimal made = *value;
    made.limbs = limbs;
    made.n = value->n + whole;
    multiply_small(&made, power((unsigned)(places % BASE_EXP)));
    *ret = made;
    return true;
}

static uint32_t divide_small(struct vl_cel_decimal *value, uint32_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = value->n; i > 0; i--) {
        rest = rest * BASE + value->limbs[i - 1];
        value->limbs[i - 1] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (value->n && value->limbs[value->n - 1] == 0)
        value->n--;
    return (uint32_t)rest;
}

static void add_one(struct vl_cel_decimal *value)
{
    for (size_t i = 0; i < value->n; i++) {
        if (++value->limbs[i] < BASE)
            return;
        value->limbs[i] = 0;
    }
    value->limbs[value->n++] = 1;
}

/* / 10^places, away from zero */
static bool narrow(struct vl_arena *arena, const struct vl_cel_decimal *value, uint64_t places,
    struct vl_cel_decimal *ret, bool *ret_exact)
{
    bool negative = value->negative;
    struct vl_cel_decimal made = {.scale = value->scale, .negative = negative};
    size_t whole = places / BASE_EXP < value->n ? (size_t)(places / BASE_EXP) : value->n;
    bool rest = false;
    for (size_t i = 0; i < whole; i++)
        rest = rest || value->limbs[i] != 0;
    made.n = value->n - whole;
    made.limbs = room(arena, made.n + 1);
    if (!made.limbs)
        return false;
    if (made.n)
        memcpy(made.limbs, value->limbs + whole, made.n * sizeof(*made.limbs));
    if (divide_small(&made, power((unsigned)(places % BASE_EXP))))
        rest = true;
    if (rest)
        add_one(&made);
    trim(&made);
    *ret_exact = !rest;
    *ret = made;
    return true;
}

bool vl_cel_decimal_rescale(struct vl_arena *arena, const struct vl_cel_decimal *value, int32_t scale,
    struct vl_cel_decimal *ret, bool *ret_exact)
{
    int64_t difference = (int64_t)scale - value->scale;
    *ret_exact = true;
    bool ok = difference >= 0 ? widen(arena, value, (uint64_t)difference, ret)
                              : narrow(arena, value, (uint64_t)-difference, ret, ret_exact);
    if (ok)
        ret->scale = scale;
    return ok;
}

static int cmp_magnitude(const struct vl_cel_decimal *a, const struct vl_cel_decimal *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (size_t i = a->n; i > 0; i--)
        if (a->limbs[i - 1] != b->limbs[i - 1])
            return a->limbs[i - 1] < b->limbs[i - 1] ? -1 : 1;
    return 0;
}

static void add_magnitude(
    const struct vl_cel_decimal *a, const struct vl_cel_decimal *b, struct vl_cel_decimal *sum)
{
    uint32_t carry = 0;
    size_t n = a->n > b->n ? a->n : b->n;
    for (size_t i = 0; i < n; i++) {
        carry += (i < a->n ? a->limbs[i] : 0) + (i < b->n ? b->limbs[i] : 0);
        sum->limbs[i] = carry % BASE;
        carry /= BASE;
    }
    sum->limbs[n] = carry;
    sum->n = n + 1;
}

/* |a| >= |b| */
static void subtract_magnitude(
    const struct vl_cel_decimal *a, const struct vl_cel_decimal *b, struct vl_cel_decimal *difference)
{
    uint32_t borrow = 0;
    for (size_t i = 0; i < a->n; i++) {
        uint32_t take = borrow + (i < b->n ? b->limbs[i] : 0);
        borrow = a->limbs[i] < take;
        difference->limbs[i] = a->limbs[i] + (borrow ? BASE : 0) - take;
    }
    difference->n = a->n;
}

bool vl_cel_decimal_add(struct vl_arena *arena, const struct vl_cel_decimal *a,
    const struct vl_cel_decimal *b, struct vl_cel_decimal *ret)
{
    struct vl_cel_decimal x = *a, y = *b;
    bool exact;
    int32_t scale = a->scale > b->scale ? a->scale : b->scale;
    if ((x.scale != scale && !vl_cel_decimal_rescale(arena, a, scale, &x, &exact)) ||
        (y.scale != scale && !vl_cel_decimal_rescale(arena, b, scale, &y, &exact)))
        return false;
    struct vl_cel_decimal sum = {.scale = scale, .negative = x.negative};
    sum.limbs = room(arena, (x.n > y.n ? x.n : y.n) + 1);
    if (!sum.limbs)
        return false;
    if (x.negative == y.negative) {
        add_magnitude(&x, &y, &sum);
    } else if (cmp_magnitude(&x, &y) >= 0) {
        subtract_magnitude(&x, &y, &sum);
    } else {
        subtract_magnitude(&y, &x, &sum);
        sum.negative = y.negative;
    }
    trim(&sum);
    *ret = sum;
    return true;
}

static unsigned digits_of(uint32_t limb)
{
    unsigned n = 0;
    for (; limb; limb /= 10)
        n++;
    return n;
}

/* Power of ten above the number; both are not zero. */
static int64_t magnitude(const struct vl_cel_decimal *value)
{
    return (int64_t)(value->n - 1) * BASE_EXP + digits_of(value->limbs[value->n - 1]) - value->scale;
}

int vl_cel_decimal_cmp(struct vl_arena *arena, const struct vl_cel_decimal *a, const struct vl_cel_decimal *b)
{
    int sign_a = a->n == 0 ? 0 : a->negative ? -1 : 1, sign_b = b->n == 0 ? 0 : b->negative ? -1 : 1;
    if (sign_a != sign_b || sign_a == 0)
        return sign_a < sign_b ? -1 : sign_a > sign_b;
    int64_t size_a = magnitude(a), size_b = magnitude(b);
    if (size_a != size_b)
        return size_a < size_b ? -sign_a : sign_a;
    /* Of one magnitude: their scales differ by no more than their digits do. */
    struct vl_cel_decimal x = *a, y = *b;
    bool exact;
    if (a->scale < b->scale && !vl_cel_decimal_rescale(arena, a, b->scale, &x, &exact))
        return 0;
    if (b->scale < a->scale && !vl_cel_decimal_rescale(arena, b, a->scale, &y, &exact))
        return 0;
    return sign_a * cmp_magnitude(&x, &y);
}

static int32_t strip_tens(struct vl_cel_decimal *value)
{
    size_t zero = 0;
    while (zero < value->n && value->limbs[zero] == 0)
        zero++;
    if (zero == value->n)
        return 0;
    unsigned places = 0;
    for (uint32_t limb = value->limbs[zero]; limb % 10 == 0; limb /= 10)
        places++;
    value->n -= zero;
    memmove(value->limbs, value->limbs + zero, value->n * sizeof(*value->limbs));
    divide_small(value, power(places));
    return (int32_t)(zero * BASE_EXP + places);
}

bool vl_cel_decimal_strip(struct vl_arena *arena, const struct vl_cel_decimal *value, unsigned factor,
    struct vl_cel_decimal *ret, int32_t *ret_times)
{
    struct vl_cel_decimal made, next;
    if (!copy(arena, value, 0, &made))
        return false;
    *ret_times = 0;
    if (factor == 10) {
        *ret_times = strip_tens(&made);
    } else if (made.n && copy(arena, &made, 0, &next)) {
        while (divide_small(&next, factor) == 0) {
            ++*ret_times;
            made.n = next.n;
            memcpy(made.limbs, next.limbs, next.n * sizeof(*next.limbs));
        }
    }
    *ret = made;
    return true;
}

void vl_cel_decimal_text(const struct vl_cel_decimal *value, struct vl_buf *out)
{
    if (value->n == 0) {
        vl_buf_append_char(out, '0');
        return;
    }
    vl_buf_printf(out, "%s%" PRIu32, value->negative ? "-" : "", value->limbs[value->n - 1]);
    for (size_t i = value->n - 1; i > 0; i--)
        vl_buf_printf(out, "%09" PRIu32, value->limbs[i - 1]);
}

double vl_cel_decimal_coefficient(const struct vl_cel_decimal *value)
{
    if (value->n > DOUBLE_MAX / BASE_EXP + 1)
        return value->negative ? -INFINITY : INFINITY;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, 2 * DOUBLE_MAX);
    vl_cel_decimal_text(value, &text);
    return strtod(vl_buf_str(&text), NULL);
}
