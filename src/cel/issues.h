/* What is wrong with an expression: a bounded list, printed with the line and a caret as cel-go does. */
#ifndef VL_CEL_ISSUES_H
#define VL_CEL_ISSUES_H

#include "base/arena.h"
#include "cel/cel.h"

#define VL_CEL_NO_PLACE UINT32_MAX /* an issue of the whole expression: "ERROR: <input>:-1:0: …" */

struct vl_cel_issues {
    struct vl_span text; /* the expression */
    struct vl_arena *arena;
    struct {
        uint32_t offset; /* code points */
        const char *message;
    } items[VL_CEL_ISSUES_MAX];
    unsigned n;
    unsigned left_out;
};

VL_PRINTF(3, 4) void vl_cel_issue_add(struct vl_cel_issues *issues, uint32_t offset, const char *fmt, ...);

/* Appends all, sorted by place, in the form below. */
VL_MUST_CHECK int vl_cel_issues_format(struct vl_cel_issues *issues, struct vl_buf *out, struct vl_err *err);

/* Sorted by place: "ERROR: <input>:1:5: message\n | source line\n | ....^". -EINVAL, or 0 without issues. Cut
 * to VL_ERR_MSG_MAX. */
VL_MUST_CHECK int vl_cel_issues_err(struct vl_cel_issues *issues, struct vl_err *err);

#endif
