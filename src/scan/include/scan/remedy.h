/* What to do about a finding: words and a command that works in this target. */
#ifndef VL_SCAN_REMEDY_H
#define VL_SCAN_REMEDY_H

#include "model/result.h"

/* Fills finding->remedy for every finding of the result. Strings live in result->arena. */
VL_MUST_CHECK int vl_scan_remedies(struct vl_scan_result *result, struct vl_err *err);

#endif
