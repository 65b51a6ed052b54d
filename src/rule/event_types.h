/* Which types of events a condition can accept, whatever their fields. Private to the room. */
#ifndef VL_RULE_EVENT_TYPES_H
#define VL_RULE_EVENT_TYPES_H

#include "event/event.h"
#include "rule/condition.h"

#define ET_WORDS (VL_EVENT_TYPES_MAX / 64)
#define ET_MANY  100 /* from here on Falco warns */

/* Sets a bit for each type: an upper bound, which only tests of evt.type narrow. */
void et_types(const struct vl_condition *tree, uint64_t ret_types[ET_WORDS]);
/* Whether a condition is false for every event: by evt.num, which counts from 1 and with which Falco's files
 * write never and always, or since no type of event is left. */
bool et_never(const struct vl_condition *tree);
unsigned et_count(const struct vl_condition *tree);

#endif
