/* The protobuf messages of cel-go's default registry: what an expression may build with T{…}. */
#ifndef VL_CEL_MESSAGE_H
#define VL_CEL_MESSAGE_H

#include "type.h"

/* Type of "google.protobuf.Struct{…}" and of the name as an identifier: wrappers, dyn, map, list …; NULL
 * where there is no such message. */
const struct vl_cel_type *vl_cel_message_type(struct vl_span name);

/* Type of a field in a literal of the message; NULL where it has none. */
const struct vl_cel_type *vl_cel_message_field(struct vl_span message, struct vl_span field);

#endif
