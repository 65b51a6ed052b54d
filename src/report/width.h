/* Columns that text takes on a terminal: wide letters and most emoji take two, combining marks none. Private
 * to report. */
#ifndef VL_REPORT_WIDTH_H
#define VL_REPORT_WIDTH_H

#include "base/span.h"

unsigned vl_report_rune_columns(uint32_t rune); /* 0, 1 or 2; control characters are the caller's business */
unsigned vl_report_columns(struct vl_span text);

/* Bytes of the longest start of `text` that fits; its columns are written to *ret_columns. */
size_t vl_report_fit(struct vl_span text, unsigned columns, unsigned *ret_columns);

#endif
