/* Unified differences of two texts by lines, as diff -u prints them. */
#ifndef VL_BASE_DIFF_H
#define VL_BASE_DIFF_H

#include "base/buf.h"

#define VL_DIFF_LINES_MAX 2000000 /* lines of one text */
#define VL_DIFF_EDITS_MAX \
    1000 /* lines removed and added; more: the differing middle is shown as replaced whole */

/* Appends "--- old", "+++ new" and the hunks with three lines of context; nothing where the texts are equal.
 * A last line without its end is marked as diff does. Method: E. Myers, "An O(ND) Difference Algorithm and
 * Its Variations" (1986), greedy. */
VL_MUST_CHECK int vl_diff_unified(struct vl_span old_text, struct vl_span new_text, const char *old_name,
    const char *new_name, struct vl_buf *out, struct vl_err *err);

#endif
