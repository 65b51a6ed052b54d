/* What a rule file asks of the engine and its plugins. Private to the room. */
#ifndef VL_RULE_FALCO_VERSION_H
#define VL_RULE_FALCO_VERSION_H

#include "falco_decode.h"

void fv_engine(const struct fd_item *item);
void fv_plugins(const struct fd_item *item);

#endif
