/* Prices and helpers that the files of the standard library share. Source: cel-go interpreter/runtimecost.go
 * and checker/cost.go. */
#ifndef VL_CEL_STANDARD_H
#define VL_CEL_STANDARD_H

#include "cost.h"
#include "value_impl.h"

uint64_t vl_cel_actual_first(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_second(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_smaller(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_equal(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_sum(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_product(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_matches(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_actual_in_list(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);

struct vl_cel_range vl_cel_estimate_to_bytes(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_to_string(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_second(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_smaller(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_sum(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_add_list(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_product(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_matches(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_in_list(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);

#define VL_CEL_PRICE(a, e)     {.actual = vl_cel_actual_##a, .estimate = vl_cel_estimate_##e}
#define VL_CEL_PRICE_EQUAL     VL_CEL_PRICE(equal, smaller)
#define VL_CEL_PRICE_SMALLER   VL_CEL_PRICE(smaller, smaller) /* comparisons of texts */
#define VL_CEL_PRICE_SUM       VL_CEL_PRICE(sum, sum)         /* + of texts */
#define VL_CEL_PRICE_ADD_LIST  {.estimate = vl_cel_estimate_add_list}
#define VL_CEL_PRICE_IN_LIST   VL_CEL_PRICE(in_list, in_list)
#define VL_CEL_PRICE_PRODUCT   VL_CEL_PRICE(product, product) /* contains */
#define VL_CEL_PRICE_SECOND    VL_CEL_PRICE(second, second)   /* startsWith */
#define VL_CEL_PRICE_MATCHES   VL_CEL_PRICE(matches, matches)
#define VL_CEL_PRICE_TO_BYTES  VL_CEL_PRICE(first, to_bytes)
#define VL_CEL_PRICE_TO_STRING VL_CEL_PRICE(first, to_string)

/* Shifts seconds since 1970 (UTC) to the wall clock of a time zone: "", "UTC", "US/Central", "+05:30". False
 * after setting *ret_error. */
bool vl_cel_zone_shift(struct vl_cel_run *run, struct vl_span zone, int64_t seconds, int64_t *ret_local,
    struct vl_cel_value *ret_error);

#endif
