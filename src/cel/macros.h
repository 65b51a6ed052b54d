/* What macros.c and macros_ext.c share. */
#ifndef VL_CEL_MACROS_H
#define VL_CEL_MACROS_H

#include "parse_impl.h"

struct vl_cel_macro_use {
    struct vl_cel_parser *p;
    uint32_t offset; /* all nodes of an expansion stand where its call stands */
    struct vl_cel_node *target;
    struct vl_cel_node *const *args;
    uint32_t n;
};

/* Reports the issue; what is to stand in the tree instead. */
struct vl_cel_node *vl_cel_macro_refuse(
    const struct vl_cel_macro_use *use, uint32_t offset, const char *message);

/* `name` is `value` in `result`: a comprehension over nothing. */
struct vl_cel_node *vl_cel_macro_bind_name(const struct vl_cel_macro_use *use, struct vl_span name,
    struct vl_cel_node *value, struct vl_cel_node *result);

/* Expansions: NULL where the call is no such macro after all. */
struct vl_cel_node *vl_cel_macro_map(const struct vl_cel_macro_use *use);
struct vl_cel_node *vl_cel_macro_sort_by(const struct vl_cel_macro_use *use);
struct vl_cel_node *vl_cel_macro_least(const struct vl_cel_macro_use *use);
struct vl_cel_node *vl_cel_macro_greatest(const struct vl_cel_macro_use *use);

#endif
