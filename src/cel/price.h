/* What calls of library functions cost, and the saturating arithmetic of costs: UINT64_MAX stands for
 * "without bound" and stays so.
 *
 * Source: cel-go ext (lists, sets), k8s.io/apiserver pkg/cel/library/cost.go. */
#ifndef VL_CEL_PRICE_H
#define VL_CEL_PRICE_H

#include "cost.h"

static inline struct vl_cel_range vl_cel_range_fixed(uint64_t both)
{
    return vl_cel_range_of(both, both);
}

/* The size that Kubernetes' prices go by: like vl_cel_actual_size(), but nothing looks into optionals. */
uint64_t vl_cel_price_size(struct vl_cel_value value);

/* Every text and item of a value: 1 a scalar, a tenth of its bytes a text. */
uint64_t vl_cel_price_traversal(struct vl_cel_value value);

/* That walk itself is work, which lists of lists that share their parts make large at no cost. False where
 * the run has none left. */
bool vl_cel_price_work(struct vl_cel_run *run, struct vl_cel_value value);

/* For the tables. `text` walks over the first argument, `text_twice` does so two times, `one` costs 1. */
uint64_t vl_cel_price_one(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_price_text(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_price_text_twice(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);
uint64_t vl_cel_price_items(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result);

struct vl_cel_range vl_cel_estimate_text(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);
struct vl_cel_range vl_cel_estimate_text_same(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size); /* sized as args[0] */
struct vl_cel_range vl_cel_estimate_items(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size);

/* Prices by the name of the function, as Kubernetes has them: they hold for open calls too. */
#define VL_CEL_PRICE_ONE       {vl_cel_price_one, vl_cel_price_one, NULL}
#define VL_CEL_PRICE_TEXT      {vl_cel_price_text, vl_cel_price_text, vl_cel_estimate_text}
#define VL_CEL_PRICE_TEXT_SAME {vl_cel_price_text, vl_cel_price_text, vl_cel_estimate_text_same}
#define VL_CEL_PRICE_ITEMS     {vl_cel_price_items, vl_cel_price_items, vl_cel_estimate_items}

#endif
