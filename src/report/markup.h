/* Escaping for XML and HTML text and attributes alike. Private to report. */
#ifndef VL_REPORT_MARKUP_H
#define VL_REPORT_MARKUP_H

#include "base/buf.h"

/* Appends text with <, >, &, both quotes and everything that XML 1.0 does not allow replaced. NULL appends
 * nothing. */
void vl_markup_text(struct vl_buf *out, const char *text);

#endif
