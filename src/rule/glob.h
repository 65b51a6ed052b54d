/* fnmatch() without flags over spans: * also takes "/". In linear space, and in time bounded by the product
 * of the lengths whatever the pattern. Private to rule. */
#ifndef VL_RULE_GLOB_H
#define VL_RULE_GLOB_H

#include "base/span.h"

bool glob_matches(struct vl_span pattern, struct vl_span text, bool ignore_case);
bool glob_is_plain(struct vl_span pattern); /* nothing in it has a meaning */

#endif
