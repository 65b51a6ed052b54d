/* "90m": the time of a window, in Sigma's and our own form. */
#ifndef VL_RULE_WINDOW_SPAN_H
#define VL_RULE_WINDOW_SPAN_H

#include "rule/correlate.h"

/* Nanoseconds; false where it is none or over VL_WINDOW_SPAN_MAX. Letters: s m h d w. */
bool vl_window_span_parse(struct vl_span text, uint64_t *ret);

#endif
