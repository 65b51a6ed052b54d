/* What the files of the text functions share. */
#ifndef VL_CEL_LIB_STRINGS_H
#define VL_CEL_LIB_STRINGS_H

#include "library.h"

/* A value as Go's %v prints it, as messages of upstream carry them. */
void vl_cel_go_text(struct vl_buf *out, struct vl_cel_value value);

/* A message that ends with a value. */
struct vl_cel_value vl_cel_fail_go(struct vl_cel_run *run, const char *prefix, struct vl_cel_value value);

/* A clause in cel-spec's form. */
enum vl_cel_format_put {
    VL_CEL_FORMAT_DONE,
    VL_CEL_FORMAT_WRONG, /* the clause does not take this kind */
    VL_CEL_FORMAT_OTHER, /* nothing special about it */
};
enum vl_cel_format_put vl_cel_format_put_spec(
    struct vl_cel_run *run, char verb, int64_t precision, struct vl_cel_value value, struct vl_buf *out);

#endif
