/* OpenAPI v3 schemas, as CustomResourceDefinitions carry them, seen as types. */
#ifndef VL_CEL_SCHEMA_H
#define VL_CEL_SCHEMA_H

#include "type.h"

/* Type of a field of an object type; NULL where it has none. `field` as in the expression (escaped). */
const struct vl_cel_type *vl_cel_schema_field(const struct vl_cel_type *object, struct vl_span field);

/* Most items, entries or code points of a value, as its schema (or the longest request) limits them; false
 * where nothing is known of the type. */
bool vl_cel_schema_size(const struct vl_cel_type *type, uint64_t *ret_max);

#endif
