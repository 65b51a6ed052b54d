/* The item of a rule. Private to the room; the messages are Falco's. */
#ifndef VL_RULE_FALCO_RULE_H
#define VL_RULE_FALCO_RULE_H

#include "falco_decode.h"

#define FR_WARNING_APPEND \
    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
#define FR_WARNING_ENABLED                                                                              \
    "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' " \
    "entry "                                                                                            \
    "under the 'override' key (i.e. 'enabled: replace')."
#define FR_ERROR_OVERRIDE_APPEND                                                               \
    "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. " \
    "'condition: append') under 'override' instead."

int fr_rule(struct fd_item *item, struct vl_err *err);

#endif
