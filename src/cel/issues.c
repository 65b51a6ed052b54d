#include "issues.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define MESSAGE_MAX 16384 /* bytes of one issue */
#define SNIPPET_MAX 16384 /* code points of a line that is shown */

void vl_cel_issue_add(struct vl_cel_issues *issues, uint32_t offset, const char *fmt, ...)
{
    if (issues->n == VL_CEL_ISSUES_MAX) {
        issues->left_out++;
        return;
    }
    char buf[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);
    char *message = NULL;
    if (n >= 0 && (size_t)n < sizeof(buf)) {
        message = vl_arena_strdup(issues->arena, buf);
    } else if (n >= 0) {
        size_t size = (size_t)n < MESSAGE_MAX ? (size_t)n + 1 : MESSAGE_MAX;
        message = vl_arena_alloc(issues->arena, size);
        va_start(args, fmt);
        if (message)
            (void)vsnprintf(message, size, fmt, args);
        va_end(args);
    }
    issues->items[issues->n].offset = offset;
    issues->items[issues->n].message = message ? message : "out of memory";
    issues->n++;
}

/* Where a code point stands: its line as text, 1-based number and 0-based column. */
struct place {
    struct vl_span line;
    uint32_t number, column;
};

static struct place find_place(struct vl_span text, uint32_t offset)
{
    struct place place = {.number = 1};
    size_t line_start = 0, at = 0;
    for (uint32_t i = 0; at < text.len && i < offset; i++) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(vl_span_slice(text, at, text.len), &rune);
        at += n ? n : 1;
        place.column++;
        if (rune == '\n') {
            place.number++;
            place.column = 0;
            line_start = at;
        }
    }
    struct vl_span rest = vl_span_slice(text, line_start, text.len);
    place.line = vl_span_slice(rest, 0, vl_span_find_char(rest, '\n'));
    return place;
}

static void append_snippet(struct vl_buf *out, const struct place *place)
{
    vl_buf_append_str(out, "\n | ");
    for (size_t i = 0; i < place->line.len; i++)
        vl_buf_append_char(out, place->line.ptr[i] == '\t' ? ' ' : place->line.ptr[i]);
    vl_buf_append_str(out, "\n | ");
    size_t at = 0;
    for (uint32_t i = 0; i <= place->column; i++) {
        uint32_t rune = 0;
        size_t n = vl_utf8_decode(vl_span_slice(place->line, at, place->line.len), &rune);
        bool last = i == place->column;
        if (n > 1) /* full-width marks under wide characters */
            vl_buf_append_str(out, last ? "\xEF\xBC\xBE" : "\xEF\xBC\x8E");
        else if (n || last)
            vl_buf_append_char(out, last ? '^' : '.');
        at += n;
    }
}

static void append_issue(struct vl_buf *out, struct vl_span text, uint32_t offset, const char *message)
{
    if (offset == VL_CEL_NO_PLACE) {
        vl_buf_printf(out, "ERROR: <input>:-1:0: %s", message);
        return;
    }
    struct place place = find_place(text, offset);
    if (text.len == 0) {
        vl_buf_printf(out, "ERROR: <input>:1:0: %s", message);
        return;
    }
    vl_buf_printf(out, "ERROR: <input>:%u:%u: %s", place.number, place.column + 1, message);
    if (place.line.len <= SNIPPET_MAX)
        append_snippet(out, &place);
}

/* Stable, and few: insertion. */
static void sort_issues(struct vl_cel_issues *issues)
{
    for (unsigned i = 1; i < issues->n; i++) {
        for (unsigned j = i; j > 0; j--) {
            /* VL_CEL_NO_PLACE + 1 is 0: such issues come first */
            if (issues->items[j - 1].offset + 1 <= issues->items[j].offset + 1)
                break;
            __typeof__(issues->items[0]) swap = issues->items[j];
            issues->items[j] = issues->items[j - 1];
            issues->items[j - 1] = swap;
        }
    }
}

int vl_cel_issues_format(struct vl_cel_issues *issues, struct vl_buf *out, struct vl_err *err)
{
    sort_issues(issues);
    for (unsigned i = 0; i < issues->n; i++) {
        if (i)
            vl_buf_append_char(out, '\n');
        append_issue(out, issues->text, issues->items[i].offset, issues->items[i].message);
    }
    if (issues->left_out)
        vl_buf_printf(out, "\n%u more errors were truncated", issues->left_out);
    return vl_buf_check(out, "issues of an expression", err);
}

int vl_cel_issues_err(struct vl_cel_issues *issues, struct vl_err *err)
{
    if (issues->n == 0)
        return 0;
    struct vl_buf out VL_CLEANUP(vl_buf_done) = {0};
    vl_buf_init(&out, VL_CEL_ISSUES_MAX * (MESSAGE_MAX + 8UL * SNIPPET_MAX));
    int r = vl_cel_issues_format(issues, &out, err);
    if (r < 0)
        return r;
    return vl_err_set(err, VL_ERR_INVALID, "%s", vl_buf_str(&out));
}
