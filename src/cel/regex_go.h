/* Regular expressions as Go's regexp reads them, on RE2: their syntaxes differ in names of groups and in \C.
 */
#ifndef VL_CEL_REGEX_GO_H
#define VL_CEL_REGEX_GO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct vl_regex;

VL_MUST_CHECK int vl_cel_regex_new(struct vl_span pattern, struct vl_regex **ret, struct vl_err *err);

/* What is wrong with a pattern that was refused, in the words of Go's regexp. */
void vl_cel_regex_message(struct vl_span pattern, const struct vl_err *err, struct vl_buf *out);

#endif
