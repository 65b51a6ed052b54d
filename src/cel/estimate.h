/* What an expression may cost, before it runs. Source: cel-go checker/cost.go and Kubernetes'
 * pkg/cel/library/cost.go; which CRD rules an API server accepts depends on these numbers. */
#ifndef VL_CEL_ESTIMATE_H
#define VL_CEL_ESTIMATE_H

#include "check.h"

struct vl_cel_estimate_options {
    bool has_costs;    /* has() costs 1; in Kubernetes it costs nothing */
    uint64_t text_max; /* longest text where nothing is known of it; UINT64_MAX: unbounded */
};

struct vl_cel_range vl_cel_estimate_with(
    const struct vl_cel_node *root, const struct vl_cel_estimate_options *options);

#endif
