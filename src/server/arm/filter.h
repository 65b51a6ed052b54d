/* $filter, as far as the clients of Microsoft.Security use it (OData 4.01, part 2, 5.1.1):
 *
 *   name eq 'Containers'    properties/state ne 'Active'    name in ('A','B')    name in (A,B)
 *   contains(name,'x')      not …    … and …    … or …    ( … )
 *
 * Texts compare case-blind, as ARM's words do. A member is named with "/" or "." between its parts, with or
 * without "properties" before it; one that the list cannot be filtered by is an error. */
#ifndef VL_SERVER_ARM_FILTER_H
#define VL_SERVER_ARM_FILTER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define VL_ARM_FILTER_MAX       4096 /* bytes */
#define VL_ARM_FILTER_DEPTH_MAX 16   /* of brackets and nots */
#define VL_ARM_FILTER_NODES_MAX 128
#define VL_ARM_FILTER_WORDS_MAX 256 /* of lists */

struct vl_arm_filter;

/* `fields` (NULL at the end) are the members by which it may filter. The filter lies in the arena; `text` and
 * `fields` are lent. */
VL_MUST_CHECK int vl_arm_filter_parse(struct vl_span text, const char *const *fields, struct vl_arena *arena,
    struct vl_arm_filter **ret, struct vl_err *err);

/* `values` by the index of their field; NULL is null. */
bool vl_arm_filter_match(const struct vl_arm_filter *filter, const char *const *values);

#endif
