/* What a person reads: by file and object, the worst first within an object; standards; what was not checked;
 * the last line says what to do. */
#include <stdio.h>
#include <stdlib.h>

#include "manifest_formats.h"
#include "terminal.h"

#define WIDTH_DEFAULT 100
#define WIDTH_MIN     60
#define WIDTH_MAX     1000
#define SEVERITY      10    /* columns */
#define OBJECT_MAX    10000 /* findings of one object that are sorted; more stand in the order they came */

static int worse_first(const void *a, const void *b, void *user)
{
    const struct vl_manifest_result *result = user;
    const struct vl_manifest_finding *const *x = a, *const *y = b;
    enum vl_severity p = vl_manifest_check_of(result, *x)->severity,
                     q = vl_manifest_check_of(result, *y)->severity;
    if ((*x)->outcome != (*y)->outcome)
        return (int)(*x)->outcome - (int)(*y)->outcome; /* failures, errors, exempt ones */
    if (p != q)
        return p < q ? 1 : -1;
    return *x < *y ? -1 : 1;
}

static void write_finding(struct vl_report_terminal *t, const struct vl_manifest_result *result,
    const struct vl_manifest_finding *f)
{
    const struct vl_manifest_check *c = vl_manifest_check_of(result, f);
    const char *word =
        f->outcome == VL_VERDICT_FAIL ? vl_severity_name(c->severity) : vl_verdict_outcome_name(f->outcome);
    vl_report_blanks(t, 2);
    vl_report_color_on(
        t, f->outcome == VL_VERDICT_EXEMPT ? VL_REPORT_DIM : vl_report_severity_color(c->severity));
    vl_report_cell_padded(t, word, SEVERITY);
    vl_report_color_off(t);
    vl_report_cell(t, c->id, t->width);
    if (f->line)
        vl_buf_printf(t->out, "  line %u", f->line);
    if (f->n_fields) {
        vl_buf_append_str(t->out, "  ");
        vl_report_cell(t, f->fields[0].path, t->width);
        if (f->fields[0].missing)
            vl_buf_append_str(t->out, " (not there)");
        if (f->n_fields > 1)
            vl_buf_printf(t->out, " and %u more", f->n_fields - 1);
    }
    vl_buf_append_char(t->out, '\n');
    vl_report_paragraph(t, vl_report_finding_text(result, f), 2 + SEVERITY);
    if (f->outcome == VL_VERDICT_EXEMPT && f->justification)
        vl_report_paragraph(t, f->justification, 2 + SEVERITY);
}

/* Findings [from, to) are of one object. */
static void write_object(
    struct vl_report_terminal *t, const struct vl_manifest_result *result, size_t from, size_t to)
{
    const struct vl_manifest_object *o = vl_manifest_object_of(result, vl_manifest_finding_at(result, from));
    const struct vl_manifest_finding **sorted = NULL;
    char name[VL_MANIFEST_NAME_MAX], place[32];
    vl_buf_append_char(t->out, '\n');
    vl_report_color_on(t, VL_REPORT_BOLD);
    vl_report_cell(t, o->file, UINT32_MAX);
    (void)snprintf(place, sizeof(place), ":%u", o->line);
    vl_report_cell(t, place, UINT32_MAX);
    vl_report_color_off(t);
    vl_report_blanks(t, 2);
    vl_report_cell(t, vl_report_object_name(o, name), UINT32_MAX);
    vl_buf_append_char(t->out, '\n');
    if (from < to && to - from <= OBJECT_MAX)
        sorted = calloc(to - from, sizeof(struct vl_manifest_finding *));
    for (size_t i = from; sorted && i < to; i++)
        sorted[i - from] = vl_manifest_finding_at(result, i);
    if (sorted)
        qsort_r(sorted, to - from, sizeof(*sorted), worse_first, (void *)(uintptr_t)result);
    for (size_t i = from; i < to; i++)
        write_finding(t, result, sorted ? sorted[i - from] : vl_manifest_finding_at(result, i));
    free(sorted);
}

static void write_remedies(struct vl_report_terminal *t, const struct vl_manifest_result *result)
{
    bool headed = false;
    for (size_t i = 0; i < result->checks.len; i++) {
        const struct vl_manifest_check *c = vl_vec_at(&result->checks, i);
        if (!c->counts[VL_VERDICT_FAIL] || !c->n_remediation)
            continue;
        if (!headed)
            vl_report_colored(t, VL_REPORT_BOLD, "\nWhat to do\n");
        headed = true;
        vl_report_blanks(t, 2);
        vl_report_cell(t, c->id, UINT32_MAX);
        vl_buf_printf(t->out, " (%llu)\n", (unsigned long long)c->counts[VL_VERDICT_FAIL]);
        for (uint32_t k = 0; k < c->n_remediation; k++)
            vl_report_paragraph(t, c->remediation[k], 4);
    }
}

static void write_standards(struct vl_report_terminal *t, const struct vl_manifest_result *result)
{
    if (result->standards.len)
        vl_report_colored(t, VL_REPORT_BOLD, "\nStandards\n");
    for (size_t i = 0; i < result->standards.len; i++) {
        const struct vl_manifest_standard *s = vl_vec_at(&result->standards, i);
        vl_report_blanks(t, 2);
        vl_report_cell(t, s->title ? s->title : s->id, UINT32_MAX);
        if (s->version) {
            vl_buf_append_char(t->out, ' ');
            vl_report_cell(t, s->version, UINT32_MAX);
        }
        vl_buf_printf(t->out,
            ": %u passed, %u failed, %u manual, %u not assessable, %u without objects here\n", s->passed,
            s->failed, s->manual, s->not_assessable, s->not_applicable);
    }
}

static void write_problems(struct vl_report_terminal *t, const struct vl_manifest_result *result)
{
    if (result->problems.len)
        vl_report_colored(t, VL_REPORT_BOLD, "\nProblems\n");
    for (size_t i = 0; i < result->problems.len; i++) {
        const struct vl_manifest_problem *p = vl_vec_at(&result->problems, i);
        vl_report_blanks(t, 2);
        vl_report_colored(
            t, p->is_error ? VL_REPORT_RED : VL_REPORT_DIM, p->is_error ? "not checked  " : "warning  ");
        vl_report_cell(t, p->file, UINT32_MAX);
        if (p->line)
            vl_buf_printf(t->out, ":%u", p->line);
        vl_buf_append_str(t->out, "  ");
        vl_report_cell(t, p->message, UINT32_MAX);
        vl_buf_append_char(t->out, '\n');
    }
    if (result->problems_left_out)
        vl_buf_printf(t->out, "  and %llu more\n", (unsigned long long)result->problems_left_out);
}

int vl_report_manifests_table(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err)
{
    unsigned width = options->width ? options->width : WIDTH_DEFAULT;
    width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
    struct vl_report_terminal t = {.options = options, .out = out, .width = width};
    for (size_t from = 0, to; from < result->findings.len; from = to) {
        uint32_t object = vl_manifest_finding_at(result, from)->object;
        for (to = from; to < result->findings.len && vl_manifest_finding_at(result, to)->object == object;)
            to++;
        write_object(&t, result, from, to);
    }
    write_remedies(&t, result);
    write_standards(&t, result);
    write_problems(&t, result);
    struct vl_buf line VL_CLEANUP(vl_buf_done);
    vl_buf_init(&line, 1UL << 16);
    int r = vl_report_manifests_summary(result, &line, err);
    vl_buf_append_char(out, '\n');
    vl_report_color_on(&t, VL_REPORT_BOLD);
    vl_report_cell(&t, vl_buf_str(&line), UINT32_MAX);
    vl_report_color_off(&t);
    vl_buf_append_char(out, '\n');
    return r < 0 ? r : vl_buf_check(out, "table", err);
}
