#include "terminal.h"

#include "base/text.h"
#include "width.h"

/* A byte may become "\x1b": four. */
#define SAFE_MAX (VL_REPORT_CELL_MAX * 8)

const char *vl_report_severity_color(enum vl_severity severity)
{
    switch (severity) {
    case VL_SEVERITY_CRITICAL:
        return "1;35";
    case VL_SEVERITY_HIGH:
        return VL_REPORT_RED;
    case VL_SEVERITY_MEDIUM:
        return "33";
    case VL_SEVERITY_LOW:
        return "36";
    case VL_SEVERITY_UNKNOWN:
    case VL_SEVERITY_NEGLIGIBLE:
    default:
        return VL_REPORT_DIM;
    }
}

void vl_report_color_on(struct vl_report_terminal *t, const char *color)
{
    if (t->options->color)
        vl_buf_printf(t->out, "\033[%sm", color);
}

void vl_report_color_off(struct vl_report_terminal *t)
{
    if (t->options->color)
        vl_buf_append_str(t->out, "\033[0m");
}

void vl_report_colored(struct vl_report_terminal *t, const char *color, const char *text)
{
    vl_report_color_on(t, color);
    vl_buf_append_str(t->out, text);
    vl_report_color_off(t);
}

/* Cut between characters, so that no half of one is left. */
static void make_safe(struct vl_buf *safe, const char *text)
{
    struct vl_span s = vl_span_str(text);
    unsigned columns;
    bool cut = s.len > VL_REPORT_CELL_MAX;
    if (cut)
        s = vl_span_slice(s, 0, vl_report_fit(vl_span_slice(s, 0, VL_REPORT_CELL_MAX), UINT32_MAX, &columns));
    vl_buf_init(safe, SAFE_MAX);
    vl_text_append_printable(safe, s);
    if (cut)
        vl_buf_append_str(safe, "…");
}

unsigned vl_report_cell(struct vl_report_terminal *t, const char *text, unsigned columns)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf safe;
    make_safe(&safe, text);
    struct vl_span s = vl_buf_span(&safe);
    unsigned taken;
    size_t fits = vl_report_fit(s, columns, &taken);
    if (fits == s.len) {
        vl_buf_append_span(t->out, s);
        return taken;
    }
    fits = vl_report_fit(s, columns ? columns - 1 : 0, &taken);
    vl_buf_append_span(t->out, vl_span_slice(s, 0, fits));
    if (columns)
        vl_buf_append_str(t->out, "…");
    return taken + (columns ? 1 : 0);
}

void vl_report_blanks(struct vl_report_terminal *t, unsigned n)
{
    while (n--)
        vl_buf_append_char(t->out, ' ');
}

void vl_report_cell_padded(struct vl_report_terminal *t, const char *text, unsigned columns)
{
    vl_report_blanks(t, columns - vl_report_cell(t, text, columns));
}

void vl_report_paragraph(struct vl_report_terminal *t, const char *text, unsigned indent)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf safe;
    make_safe(&safe, text);
    struct vl_span rest = vl_buf_span(&safe), word;
    unsigned at = 0;
    while (vl_span_split(&rest, ' ', &word)) {
        unsigned n = vl_report_columns(word);
        if (n == 0)
            continue;
        if (at && at + 1 + n > t->width) {
            vl_buf_append_char(t->out, '\n');
            at = 0;
        }
        if (at) {
            vl_buf_append_char(t->out, ' ');
            at++;
        } else {
            vl_report_blanks(t, indent);
            at = indent;
        }
        vl_buf_append_span(t->out, word);
        at += n;
    }
    vl_buf_append_char(t->out, '\n');
}
