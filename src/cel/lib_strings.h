/* What the files of the text functions share. */
#ifndef VL_CEL_LIB_STRINGS_H
#define VL_CEL_LIB_STRINGS_H

#include "library.h"

/* A value as Go's %v prints it, as messages of upstream carry them. */
void vl_cel_go_text(struct vl_buf *out, struct vl_cel_value value);

/* A message that ends with a value. */
struct vl_cel_value vl_cel_fail_go(struct vl_cel_run *run, const char *prefix, struct vl_cel_value value);

#endif
