/* What scripts/fields.py makes. Private to event. */
#ifndef VL_EVENT_FIELD_TABLE_H
#define VL_EVENT_FIELD_TABLE_H

#include "event/field.h"

extern const struct vl_field event_fields[]; /* by source, then name in the order of bytes */
extern const uint16_t event_n_fields;
extern const uint16_t event_source_starts[]; /* VL_EVENT_SOURCES + 1 */

extern const char *const event_type_names[]; /* in the order of bytes */
extern const uint16_t event_n_types;

#endif
