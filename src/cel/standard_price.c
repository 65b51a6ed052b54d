#include "standard.h"

static uint64_t tenth(struct vl_cel_value v)
{
    return vl_cel_cost_factor(vl_cel_actual_size(v), VL_CEL_COST_TRAVERSAL);
}

uint64_t vl_cel_actual_first(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    return tenth(args[0]);
}

uint64_t vl_cel_actual_second(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    return tenth(args[1]);
}

/* Of two texts the longer one is not walked where that cannot matter: a code point has at most 4 bytes. */
static uint64_t smaller_size(struct vl_cel_value a, struct vl_cel_value b)
{
    if (a.kind == VL_CEL_STRING && b.kind == VL_CEL_STRING) {
        struct vl_cel_value shorter = a.len < b.len ? a : b;
        uint64_t size = vl_cel_actual_size(shorter);
        if ((a.len < b.len ? b.len : a.len) / 4 >= size)
            return size;
    }
    uint64_t x = vl_cel_actual_size(a), y = vl_cel_actual_size(b);
    return x < y ? x : y;
}

uint64_t vl_cel_actual_smaller(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    return vl_cel_cost_factor(smaller_size(args[0], args[1]), VL_CEL_COST_TRAVERSAL);
}

uint64_t vl_cel_actual_equal(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    return args[0].kind == VL_CEL_OPAQUE ? 1 : vl_cel_actual_smaller(args, n, result);
}

uint64_t vl_cel_actual_sum(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    uint64_t size = vl_cel_cost_add(vl_cel_actual_size(args[0]), vl_cel_actual_size(args[1]));
    return vl_cel_cost_factor(size, VL_CEL_COST_TRAVERSAL);
}

uint64_t vl_cel_actual_product(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    uint64_t part = tenth(args[1]);
    return part ? vl_cel_cost_mul(tenth(args[0]), part) : 0;
}

uint64_t vl_cel_actual_matches(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    uint64_t text = vl_cel_cost_add(1, vl_cel_actual_size(args[0]));
    return vl_cel_cost_mul(vl_cel_cost_factor(text, VL_CEL_COST_TRAVERSAL),
        vl_cel_cost_factor(vl_cel_actual_size(args[1]), VL_CEL_COST_REGEX));
}

uint64_t vl_cel_actual_in_list(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)n;
    (void)result;
    return vl_cel_actual_size(args[1]);
}

struct vl_cel_range vl_cel_estimate_to_bytes(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_of(args[0].size.min, vl_cel_cost_mul(args[0].size.max, 4));
    return vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL);
}

struct vl_cel_range vl_cel_estimate_to_string(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_of(args[0].size.min / 4, args[0].size.max);
    return vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL);
}

struct vl_cel_range vl_cel_estimate_second(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    (void)ret_size;
    return vl_cel_range_factor(args[1].size, VL_CEL_COST_TRAVERSAL);
}

struct vl_cel_range vl_cel_estimate_smaller(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    (void)ret_size;
    uint64_t a = args[0].size.max, b = args[1].size.max;
    uint64_t most = a < b ? a : b;
    return vl_cel_range_factor(vl_cel_range_of(most > 0, most), VL_CEL_COST_TRAVERSAL);
}

struct vl_cel_range vl_cel_estimate_sum(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_add(args[0].size, args[1].size);
    return vl_cel_range_factor(*ret_size, VL_CEL_COST_TRAVERSAL);
}

struct vl_cel_range vl_cel_estimate_add_list(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    *ret_size = vl_cel_range_add(args[0].size, args[1].size);
    return vl_cel_range_of(1, 1);
}

struct vl_cel_range vl_cel_estimate_product(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    (void)ret_size;
    return vl_cel_range_mul(vl_cel_range_factor(args[0].size, VL_CEL_COST_TRAVERSAL),
        vl_cel_range_factor(args[1].size, VL_CEL_COST_TRAVERSAL));
}

struct vl_cel_range vl_cel_estimate_matches(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    (void)ret_size;
    struct vl_cel_range text = vl_cel_range_add(args[0].size, vl_cel_range_of(1, 1));
    return vl_cel_range_mul(vl_cel_range_factor(text, VL_CEL_COST_TRAVERSAL),
        vl_cel_range_factor(args[1].size, VL_CEL_COST_REGEX));
}

struct vl_cel_range vl_cel_estimate_in_list(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n;
    (void)ret_size;
    return args[1].size;
}
