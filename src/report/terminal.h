/* Writing for a terminal: colours, columns, wrapped text. Whatever comes from a target is made printable
 * first. Private to report. */
#ifndef VL_REPORT_TERMINAL_H
#define VL_REPORT_TERMINAL_H

#include "formats.h"

#define VL_REPORT_CELL_MAX 8192 /* bytes of one text that is shown; the rest is cut with "…" */

struct vl_report_terminal {
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_buf *out;
    unsigned width;
};

#define VL_REPORT_RED   "1;31"
#define VL_REPORT_GREEN "32"
#define VL_REPORT_BOLD  "1"
#define VL_REPORT_DIM   "2"

const char *vl_report_severity_color(enum vl_severity severity);

/* Nothing where the report has no colours. */
void vl_report_color_on(struct vl_report_terminal *t, const char *color);
void vl_report_color_off(struct vl_report_terminal *t);

/* Text of ours, coloured. */
void vl_report_colored(struct vl_report_terminal *t, const char *color, const char *text);

/* Text of anybody, printable and cut to `columns`; returns the columns it took. */
unsigned vl_report_cell(struct vl_report_terminal *t, const char *text, unsigned columns);
/* The same, filled up with blanks. */
void vl_report_cell_padded(struct vl_report_terminal *t, const char *text, unsigned columns);

void vl_report_blanks(struct vl_report_terminal *t, unsigned n);

/* Wrapped between words, each line indented; ends with a line break. */
void vl_report_paragraph(struct vl_report_terminal *t, const char *text, unsigned indent);

/* The parts of the table, in this order. */
void vl_report_table_head(struct vl_report_terminal *t);
VL_MUST_CHECK int vl_report_table_findings(struct vl_report_terminal *t, struct vl_err *err);
void vl_report_table_secrets(struct vl_report_terminal *t);
void vl_report_table_notes(struct vl_report_terminal *t);
void vl_report_table_coverage(struct vl_report_terminal *t);
void vl_report_table_attestations(struct vl_report_terminal *t);
VL_MUST_CHECK int vl_report_table_remedies(struct vl_report_terminal *t, struct vl_err *err);
void vl_report_table_gates(struct vl_report_terminal *t);
void vl_report_table_packages(struct vl_report_terminal *t);

#endif
