/* Named formats, for those who only ask whether a text fits. */
#ifndef VL_CEL_LIB_FORMAT_H
#define VL_CEL_LIB_FORMAT_H

#include "library.h"

bool vl_cel_format_matches(struct vl_cel_run *run, const char *format, struct vl_span text);

#endif
