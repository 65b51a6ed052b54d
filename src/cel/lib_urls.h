/* URLs: what format.uri() needs of them, and the map of a query. */
#ifndef VL_CEL_LIB_URLS_H
#define VL_CEL_LIB_URLS_H

#include "library.h"

/* As url.ParseRequestURI. Appends `parse "text": what is wrong`, which means something only where it is
 * false. */
bool vl_cel_url_check(struct vl_cel_run *run, struct vl_span text, struct vl_buf *message);

/* A map from key to list of values that grows. */
struct vl_cel_value vl_cel_query_map(struct vl_cel_run *run);
bool vl_cel_query_put(
    struct vl_cel_run *run, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value);

#endif
