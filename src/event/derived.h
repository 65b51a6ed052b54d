/* What a recorded event does not say, but what follows from what it says. Private to event. */
#ifndef VL_EVENT_DERIVED_H
#define VL_EVENT_DERIVED_H

#include "read.h"

/* The value of a field that is not written among the `fields` of a recorded event; `ret` stays as it is where
 * nothing follows. */
void derived_read(const struct vl_doc_node *fields, const struct vl_field *field, struct vl_span arg,
    struct vl_arena *scratch, struct vl_event_value *ret);

#endif
