/* The parts of the table beside its findings. */
#include "base/time.h"
#include "terminal.h"

#define NOTES_SHOWN        20
#define ATTESTATIONS_SHOWN 20
#define SECRETS_SHOWN      100
#define LINE_MAX           (1UL << 17)

static void heading(struct vl_report_terminal *t, const char *text)
{
    vl_buf_append_char(t->out, '\n');
    vl_report_colored(t, VL_REPORT_BOLD, text);
    vl_buf_append_char(t->out, '\n');
}

static void and_more(struct vl_report_terminal *t, uint64_t n)
{
    if (n)
        vl_buf_printf(t->out, "  … and %llu more (in the JSON report)\n", (unsigned long long)n);
}

static void append_support(const struct vl_distro *d, struct vl_buf *line)
{
    char date[VL_TIME_TEXT_MAX];
    if (d->support == VL_SUPPORT_STANDARD && d->support_ends_ms)
        vl_buf_printf(line, " · supported until %s", vl_time_format_date(d->support_ends_ms, date));
    else if (d->support == VL_SUPPORT_EXTENDED)
        vl_buf_printf(line, " · extended support%s%s", d->extended_ends_ms ? " until " : "",
            d->extended_ends_ms ? vl_time_format_date(d->extended_ends_ms, date) : "");
}

void vl_report_table_head(struct vl_report_terminal *t)
{
    const struct vl_inventory *inv = t->result->inventory;
    const struct vl_target *target = &inv->target;
    const struct vl_distro *d = &inv->distro;
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    vl_buf_init(&line, LINE_MAX);
    vl_report_color_on(t, VL_REPORT_BOLD);
    vl_report_cell(t,
        target->reference ? target->reference
        : target->name    ? target->name
                          : "(unnamed)",
        UINT32_MAX);
    vl_report_color_off(t);
    vl_buf_append_char(t->out, '\n');
    if (target->digest)
        vl_buf_append_str(&line, target->digest);
    if (target->os && target->arch)
        vl_buf_printf(&line, "%s%s/%s%s%s", line.len ? " · " : "", target->os, target->arch,
            target->variant ? "/" : "", target->variant ? target->variant : "");
    if (line.len)
        vl_report_paragraph(t, vl_buf_str(&line), 0);
    vl_buf_clear(&line);
    if (*d->id) {
        vl_buf_append_str(&line, *d->pretty_name ? d->pretty_name : d->id);
        append_support(d, &line);
        vl_report_cell(t, vl_buf_str(&line), t->width);
        if (d->support == VL_SUPPORT_ENDED)
            vl_report_colored(t, VL_REPORT_RED, " · support has ended");
        vl_buf_append_char(t->out, '\n');
    }
    if (target->base_name) {
        vl_buf_append_str(t->out, "built on ");
        vl_report_cell(t, target->base_name, t->width - 9);
        vl_buf_append_char(t->out, '\n');
    }
}

void vl_report_table_secrets(struct vl_report_terminal *t)
{
    const struct vl_vec *secrets = &t->result->inventory->secrets;
    if (!t->result->inventory->secrets_scanned)
        return;
    size_t open = 0;
    for (size_t i = 0; i < secrets->len; i++)
        open += ((const struct vl_secret *)vl_vec_at(secrets, i))->ignored == NULL;
    if (!open) {
        vl_buf_append_str(t->out, "\nNo secrets found");
        if (secrets->len)
            vl_buf_printf(t->out, " but %zu ignored", secrets->len);
        vl_buf_append_str(t->out, ".\n");
        return;
    }
    vl_buf_printf(t->out, "\n");
    vl_report_color_on(t, "1;4");
    vl_buf_append_str(t->out, "Secrets in the layers");
    vl_report_color_off(t);
    vl_buf_printf(t->out, " · %zu", open);
    if (open < secrets->len)
        vl_buf_printf(t->out, ", %zu more ignored", secrets->len - open);
    vl_buf_append_char(t->out, '\n');
    for (size_t i = 0, shown = 0; i < secrets->len && shown < SECRETS_SHOWN; i++) {
        const struct vl_secret *s = vl_vec_at(secrets, i);
        if (s->ignored)
            continue;
        shown++;
        vl_report_blanks(t, 4);
        vl_report_color_on(t, vl_report_severity_color((enum vl_severity)s->severity));
        vl_report_cell_padded(t, vl_severity_name((enum vl_severity)s->severity), 10);
        vl_report_color_off(t);
        vl_report_blanks(t, 2);
        vl_report_cell_padded(t, s->title, t->width / 4);
        vl_report_blanks(t, 2);
        vl_report_cell(t, s->path, t->width / 3);
        vl_buf_printf(t->out, ":%u%s\n", s->line, s->deleted ? "  (deleted later, still in the image)" : "");
    }
    and_more(t, open > SECRETS_SHOWN ? open - SECRETS_SHOWN : 0);
}

static void write_ignores(struct vl_report_terminal *t)
{
    const struct vl_vec *ignores = &t->result->ignores;
    if (ignores->len)
        heading(t, "Ignore entries that do nothing");
    for (size_t i = 0; i < ignores->len && i < NOTES_SHOWN; i++) {
        const struct vl_ignore_report *g = vl_vec_at(ignores, i);
        VL_CLEANUP(vl_buf_done) struct vl_buf line;
        vl_buf_init(&line, LINE_MAX);
        vl_buf_printf(&line, "%s: %s %s", g->where ? g->where : "?", g->id ? g->id : "?",
            g->expired ? "has expired" : "matches nothing");
        vl_report_paragraph(t, vl_buf_str(&line), 2);
    }
    and_more(t, ignores->len > NOTES_SHOWN ? ignores->len - NOTES_SHOWN : 0);
}

/* What is missing before what is only worth knowing. */
void vl_report_table_notes(struct vl_report_terminal *t)
{
    static const enum vl_note_kind kinds[] = {VL_NOTE_PARTIAL, VL_NOTE_INFO};
    const struct vl_notes *notes = &t->result->inventory->notes;
    size_t shown = 0;
    if (notes->len)
        heading(t, "Notes");
    for (size_t k = 0; k < VL_ARRAY_LEN(kinds); k++) {
        for (size_t i = 0; i < notes->len && shown < NOTES_SHOWN; i++) {
            const struct vl_note *n = &notes->items[i];
            VL_CLEANUP(vl_buf_done) struct vl_buf line;
            vl_buf_init(&line, LINE_MAX);
            if (n->kind != kinds[k])
                continue;
            shown++;
            vl_buf_printf(
                &line, "%s%s: %s", n->kind == VL_NOTE_PARTIAL ? "incomplete: " : "", n->object, n->message);
            vl_report_paragraph(t, vl_buf_str(&line), 2);
        }
    }
    and_more(t, notes->len - shown + notes->dropped);
    write_ignores(t);
}

static void write_row(struct vl_report_terminal *t, const struct vl_coverage_row *row)
{
    char date[VL_TIME_TEXT_MAX];
    vl_report_blanks(t, 2);
    vl_report_cell_padded(t, row->ecosystem, 24);
    vl_buf_printf(
        t->out, " %6llu package%s  ", (unsigned long long)row->packages, row->packages == 1 ? " " : "s");
    if (!row->has_data) {
        vl_report_colored(t, VL_REPORT_RED, "not assessed: no advisory data");
        vl_buf_append_char(t->out, '\n');
        return;
    }
    vl_report_cell(t, row->source ? row->source : "", t->width / 3);
    if (row->data_ms)
        vl_buf_printf(t->out, " of %s", vl_time_format_date(row->data_ms, date));
    if (row->starter)
        vl_report_colored(t, VL_REPORT_RED, " (starter set: made for the demonstration image)");
    vl_buf_append_char(t->out, '\n');
}

void vl_report_table_coverage(struct vl_report_terminal *t)
{
    const struct vl_coverage *c = &t->result->coverage;
    heading(t, "What this rests on");
    for (size_t i = 0; i < c->n_rows; i++)
        write_row(t, &c->rows[i]);
    if (c->why_not && c->assessed == VL_ASSESSED_PARTIAL) {
        vl_report_color_on(t, "33");
        vl_report_paragraph(t, c->why_not, 2);
        vl_report_color_off(t);
    }
    if (!c->n_rows)
        vl_buf_append_str(t->out, !vl_report_was_matched(t->result)
                                      ? "  vulnerabilities were not looked for\n"
                                      : "  no packages were found\n");
    if (c->os_owned)
        vl_buf_printf(t->out,
            "  %llu language package%s to distribution packages and %s judged by the distribution's data\n",
            (unsigned long long)c->os_owned, c->os_owned == 1 ? " belongs" : "s belong",
            c->os_owned == 1 ? "is" : "are");
    if (c->ranges)
        vl_buf_printf(t->out, "  %llu requirement%s without one version %s not matched\n",
            (unsigned long long)c->ranges, c->ranges == 1 ? "" : "s", c->ranges == 1 ? "was" : "were");
}

void vl_report_table_attestations(struct vl_report_terminal *t)
{
    const struct vl_vec *list = &t->result->attestations;
    if (list->len == 0)
        return;
    heading(t, "Beside the image in its registry (signatures not verified)");
    for (size_t i = 0; i < list->len && i < ATTESTATIONS_SHOWN; i++) {
        const struct vl_attestation *a = vl_vec_at(list, i);
        VL_CLEANUP(vl_buf_done) struct vl_buf line;
        vl_buf_init(&line, VL_REPORT_CELL_MAX);
        vl_buf_printf(&line, "%s", a->kind);
        if (a->summary)
            vl_buf_printf(&line, ": %s", a->summary);
        else if (a->predicate || a->artifact_type)
            vl_buf_printf(&line, ": %s", a->predicate ? a->predicate : a->artifact_type);
        vl_report_paragraph(t, vl_buf_str(&line), 2);
    }
    if (list->len > ATTESTATIONS_SHOWN)
        and_more(t, list->len - ATTESTATIONS_SHOWN);
}

void vl_report_table_gates(struct vl_report_terminal *t)
{
    for (size_t i = 0; i < t->result->gates.len; i++) {
        const struct vl_gate_verdict *g = vl_vec_at(&t->result->gates, i);
        vl_buf_append_str(t->out, i == 0 ? "\n" : "");
        vl_report_colored(
            t, g->violations ? VL_REPORT_RED : VL_REPORT_GREEN, g->violations ? "FAILED" : "passed");
        vl_report_blanks(t, 1);
        vl_report_cell(t, g->gate, t->width / 2);
        if (g->violations)
            vl_buf_printf(t->out, ": %llu", (unsigned long long)g->violations);
        if (t->result->baseline) {
            vl_buf_append_str(t->out, " (new since ");
            vl_report_cell(t, t->result->baseline, t->width / 3);
            vl_buf_append_char(t->out, ')');
        }
        vl_buf_append_char(t->out, '\n');
    }
}

void vl_report_table_packages(struct vl_report_terminal *t)
{
    const struct vl_inventory *inv = t->result->inventory;
    const struct vl_vec *packages = &inv->packages;
    vl_buf_append_char(t->out, '\n');
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        vl_report_cell_padded(t, vl_ecosystem_info(p->ecosystem)->name, 10);
        vl_report_blanks(t, 2);
        vl_report_cell_padded(t, p->name, t->width * 34 / 100);
        vl_report_blanks(t, 2);
        vl_report_cell_padded(t, p->version, t->width * 24 / 100);
        vl_report_blanks(t, 2);
        vl_report_cell(t, p->path, t->width * 28 / 100);
        vl_buf_append_char(t->out, '\n');
    }
    vl_buf_printf(t->out, "\n%zu package%s", packages->len, packages->len == 1 ? "" : "s");
    if (inv->unidentified.len)
        vl_buf_printf(t->out, ", %zu binar%s unidentified", inv->unidentified.len,
            inv->unidentified.len == 1 ? "y" : "ies");
    vl_buf_append_char(t->out, '\n');
}
