/* The report a person reads: grouped by what the packages belong to, most urgent first, and a last line that
 * says what to do. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "base/time.h"
#include "formats.h"

#define DEFAULT_WIDTH 100
#define GROUPS_MAX    100000
#define CELL_MAX      4096
#define COLUMNS       5

struct table {
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_buf *out;
    unsigned width;
};

static const char *color_of(enum vl_severity severity)
{
    switch (severity) {
    case VL_SEVERITY_CRITICAL:
        return "\033[1;35m";
    case VL_SEVERITY_HIGH:
        return "\033[1;31m";
    case VL_SEVERITY_MEDIUM:
        return "\033[33m";
    case VL_SEVERITY_LOW:
        return "\033[36m";
    case VL_SEVERITY_UNKNOWN:
    case VL_SEVERITY_NEGLIGIBLE:
    default:
        return "\033[2m";
    }
}

static void colored(struct table *t, const char *color, const char *text)
{
    if (t->options->color)
        vl_buf_append_str(t->out, color);
    vl_buf_append_str(t->out, text);
    if (t->options->color)
        vl_buf_append_str(t->out, "\033[0m");
}

/* Columns on the screen: one a code point is right for what names and versions are made of. */
static unsigned columns_of(struct vl_span s)
{
    unsigned n = 0;
    uint32_t rune;
    for (size_t len; s.len; s = vl_span_slice(s, len, s.len)) {
        len = vl_utf8_decode(s, &rune);
        len = len ? len : 1;
        n++;
    }
    return n;
}

/* The text made printable, cut to `width` columns with "…", and padded where asked. */
static void cell(struct table *t, const char *text, unsigned width, bool pad)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf safe;
    vl_buf_init(&safe, CELL_MAX * 8);
    vl_text_append_printable(&safe, vl_span_slice(vl_span_str(text), 0, CELL_MAX));
    struct vl_span s = vl_buf_span(&safe);
    unsigned columns = columns_of(s);
    if (columns <= width) {
        vl_buf_append_span(t->out, s);
    } else {
        uint32_t rune;
        for (unsigned n = 0; n + 1 < width && s.len; n++) {
            size_t len = vl_utf8_decode(s, &rune);
            len = len ? len : 1;
            vl_buf_append_span(t->out, vl_span_slice(s, 0, len));
            s = vl_span_slice(s, len, s.len);
        }
        vl_buf_append_str(t->out, "…");
        columns = width;
    }
    for (; pad && columns < width; columns++)
        vl_buf_append_char(t->out, ' ');
}

/* Text wrapped at spaces, each line indented. */
static void paragraph(struct table *t, const char *text, unsigned indent)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf safe;
    vl_buf_init(&safe, CELL_MAX * 8);
    vl_text_append_printable(&safe, vl_span_slice(vl_span_str(text), 0, CELL_MAX));
    struct vl_span rest = vl_buf_span(&safe);
    struct vl_span word;
    unsigned at = 0;
    while (vl_span_split(&rest, ' ', &word)) {
        unsigned n = columns_of(word);
        if (at && at + 1 + n > t->width) {
            vl_buf_append_char(t->out, '\n');
            at = 0;
        }
        if (at == 0) {
            for (; at < indent; at++)
                vl_buf_append_char(t->out, ' ');
        } else {
            vl_buf_append_char(t->out, ' ');
            at++;
        }
        vl_buf_append_span(t->out, word);
        at += n;
    }
    vl_buf_append_char(t->out, '\n');
}

static void write_head(struct table *t)
{
    const struct vl_inventory *inv = t->result->inventory;
    const struct vl_target *target = &inv->target;
    const struct vl_distro *d = &inv->distro;
    char date[VL_TIME_TEXT_MAX];
    colored(t, "\033[1m", "");
    cell(t,
        target->reference ? target->reference
        : target->name    ? target->name
                          : "(unnamed)",
        t->width, false);
    vl_buf_append_char(t->out, '\n');
    if (target->digest)
        vl_buf_printf(t->out, "%s", target->digest);
    if (target->os && target->arch)
        vl_buf_printf(t->out, "%s%s/%s", target->digest ? " · " : "", target->os, target->arch);
    if (target->digest || (target->os && target->arch))
        vl_buf_append_char(t->out, '\n');
    if (*d->id) {
        cell(t, *d->pretty_name ? d->pretty_name : d->id, t->width, false);
        if (d->support == VL_SUPPORT_ENDED)
            colored(t, "\033[1;31m", " · support has ended");
        else if (d->support == VL_SUPPORT_EXTENDED)
            vl_buf_append_str(t->out, " · extended support");
        else if (d->support == VL_SUPPORT_STANDARD && d->support_ends_ms)
            vl_buf_printf(t->out, " · supported until %s", vl_time_format_date(d->support_ends_ms, date));
        vl_buf_append_char(t->out, '\n');
    }
    if (target->base_name) {
        vl_buf_append_str(t->out, "built on ");
        cell(t, target->base_name, t->width - 9, false);
        vl_buf_append_char(t->out, '\n');
    }
}

/* Distribution packages stand together; language packages by the file that brought them, but installed ones
 * that have a file each (package.json, METADATA) by ecosystem. */
static void group_of(const struct vl_finding *f, struct vl_buf *name)
{
    const struct vl_package *p = f->package;
    const struct vl_ecosystem_info *info = vl_ecosystem_info(p->ecosystem);
    vl_buf_clear(name);
    if (info->distribution)
        vl_buf_append_str(name, "Distribution packages");
    else if (p->flags & VL_PACKAGE_LOCKED || p->ecosystem == VL_ECO_GO || p->ecosystem == VL_ECO_CARGO ||
             p->ecosystem == VL_ECO_MAVEN)
        vl_buf_printf(name, "%s (%s)", p->path, info->name);
    else
        vl_buf_printf(name, "Installed %s packages", info->name);
}

struct group {
    const char *name;
    uint64_t findings;
    size_t first; /* index of the first finding: groups stand in the order of their most urgent one */
};

static int collect_groups(struct table *t, struct vl_arena *arena, struct vl_map *by_name,
    struct vl_vec *groups, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, CELL_MAX * 2);
    for (size_t i = 0; i < t->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&t->result->findings, i);
        struct vl_map_slot *slot;
        bool added;
        if (!vl_report_shows(f, t->options))
            continue;
        group_of(f, &name);
        const char *key = vl_arena_strdup(arena, vl_buf_str(&name));
        if (!key)
            return vl_arena_check(arena, "table", err);
        int r = vl_map_put(by_name, vl_span_str(key), &slot, &added, err);
        if (r < 0)
            return r;
        if (added) {
            struct group *g = vl_vec_push(groups, "groups", err);
            if (!g)
                return err->err;
            g->name = key;
            g->first = i;
            slot->value.num = groups->len - 1;
        }
        ((struct group *)vl_vec_at(groups, (size_t)slot->value.num))->findings++;
    }
    return 0;
}

struct widths {
    unsigned severity, id, package, installed, fixed;
};

static struct widths plan_widths(unsigned width)
{
    struct widths w = {.severity = 10, .id = 19};
    unsigned rest = width - w.severity - w.id - 4 * 2;
    w.package = rest * 36 / 100;
    w.installed = rest * 32 / 100;
    w.fixed = rest - w.package - w.installed;
    return w;
}

static void fix_cell(struct table *t, const struct vl_finding *f, unsigned width)
{
    const char *text = f->fixed_version;
    if (f->status != VL_FINDING_OPEN)
        text = vl_report_status_name(f->status);
    else if (f->malicious)
        text = "malware: remove";
    else if (!text)
        text = f->state == VL_FIX_WONT          ? "will not fix"
               : f->state == VL_FIX_END_OF_LIFE ? "end of life"
               : f->state == VL_FIX_DEFERRED    ? "put off"
                                                : "no fix yet";
    cell(t, text, width, false);
    if (f->kev)
        colored(t, "\033[1;31m", " exploited");
    if (f->in_baseline)
        colored(t, "\033[2m", " known");
    vl_buf_append_char(t->out, '\n');
}

static void write_row(struct table *t, const struct widths *w, const struct vl_finding *f)
{
    if (t->options->color)
        vl_buf_append_str(t->out, color_of(f->severity));
    cell(t, vl_severity_name(f->severity), w->severity, true);
    if (t->options->color)
        vl_buf_append_str(t->out, "\033[0m");
    vl_buf_append_str(t->out, "  ");
    cell(t, f->id, w->id, true);
    vl_buf_append_str(t->out, "  ");
    cell(t, f->package->name, w->package, true);
    vl_buf_append_str(t->out, "  ");
    cell(t, f->package->version, w->installed, true);
    vl_buf_append_str(t->out, "  ");
    fix_cell(t, f, w->fixed);
}

static void write_column_heads(struct table *t, const struct widths *w)
{
    static const char *const heads[COLUMNS] = {"SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN"};
    const unsigned widths[COLUMNS] = {w->severity, w->id, w->package, w->installed, w->fixed};
    for (size_t i = 0; i < COLUMNS; i++) {
        cell(t, heads[i], widths[i], i + 1 < COLUMNS);
        vl_buf_append_str(t->out, i + 1 < COLUMNS ? "  " : "\n");
    }
}

static void write_group(struct table *t, const struct group *g)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    struct widths w = plan_widths(t->width);
    vl_buf_init(&name, CELL_MAX * 2);
    vl_buf_append_char(t->out, '\n');
    cell(t, g->name, t->width - 16, false);
    vl_buf_printf(t->out, ": %llu\n", (unsigned long long)g->findings);
    write_column_heads(t, &w);
    for (size_t i = g->first; i < t->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&t->result->findings, i);
        if (!vl_report_shows(f, t->options))
            continue;
        group_of(f, &name);
        if (strcmp(vl_buf_str(&name), g->name) == 0)
            write_row(t, &w, f);
    }
}

static int write_findings(struct table *t, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(256UL * 1024 * 1024);
    VL_CLEANUP(vl_map_done) struct vl_map by_name;
    VL_CLEANUP(vl_vec_done) struct vl_vec groups;
    vl_map_init(&by_name, GROUPS_MAX);
    vl_vec_init(&groups, sizeof(struct group), GROUPS_MAX);
    if (!arena)
        return vl_err_nomem(err);
    int r = collect_groups(t, arena, &by_name, &groups, err);
    for (size_t i = 0; r == 0 && i < groups.len; i++)
        write_group(t, vl_vec_at(&groups, i));
    return r;
}

/* One line a remedy, however many findings it settles. */
static int write_remedies(struct table *t, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map seen;
    size_t shown = 0;
    vl_map_init(&seen, GROUPS_MAX * 10);
    for (size_t i = 0; i < t->result->findings.len && shown < 12; i++) {
        const struct vl_finding *f = vl_vec_at(&t->result->findings, i);
        struct vl_map_slot *slot;
        bool added;
        if (f->status != VL_FINDING_OPEN || !f->remedy.text || f->remedy.kind == VL_REMEDY_NONE)
            continue;
        int r = vl_map_put(
            &seen, vl_span_str(f->remedy.command ? f->remedy.command : f->remedy.text), &slot, &added, err);
        if (r < 0)
            return r;
        if (!added)
            continue;
        if (shown++ == 0)
            colored(t, "\033[1m", "\nWhat to do first\n");
        paragraph(t, f->remedy.text, 2);
        if (f->remedy.command) {
            vl_buf_append_str(t->out, "    ");
            cell(t, f->remedy.command, CELL_MAX, false);
            vl_buf_append_char(t->out, '\n');
        }
    }
    return 0;
}

static void write_secrets(struct table *t)
{
    const struct vl_vec *secrets = &t->result->inventory->secrets;
    if (!t->result->inventory->secrets_scanned)
        return;
    vl_buf_printf(t->out, "\nSecrets: %zu\n", secrets->len);
    for (size_t i = 0; i < secrets->len; i++) {
        const struct vl_secret *s = vl_vec_at(secrets, i);
        cell(t, vl_severity_name((enum vl_severity)s->severity), 10, true);
        vl_buf_append_str(t->out, "  ");
        cell(t, s->title, 32, true);
        vl_buf_append_str(t->out, "  ");
        cell(t, s->path, t->width > 70 ? t->width - 54 : 16, false);
        vl_buf_printf(t->out, ":%u%s\n", s->line, s->deleted ? " (deleted later, still in the image)" : "");
    }
}

static void write_notes(struct table *t)
{
    const struct vl_inventory *inv = t->result->inventory;
    size_t shown = 0;
    for (size_t i = 0; i < inv->notes.len && shown < 20; i++) {
        const struct vl_note *n = &inv->notes.items[i];
        if (shown++ == 0)
            colored(t, "\033[1m", "\nNotes\n");
        VL_CLEANUP(vl_buf_done) struct vl_buf line;
        vl_buf_init(&line, CELL_MAX * 2);
        vl_buf_printf(&line, "%s: %s", n->object, n->message);
        paragraph(t, vl_buf_str(&line), 2);
    }
    if (inv->notes.len > shown || inv->notes.dropped)
        vl_buf_printf(t->out, "  … and %llu more (in the JSON report)\n",
            (unsigned long long)(inv->notes.len - shown + inv->notes.dropped));
    for (size_t i = 0; i < t->result->ignores.len; i++) {
        const struct vl_ignore_report *g = vl_vec_at(&t->result->ignores, i);
        vl_buf_printf(t->out, "%s", i == 0 ? "\nIgnores that do nothing\n" : "");
        vl_buf_append_str(t->out, "  ");
        cell(t, g->id, 40, false);
        vl_buf_printf(t->out, " (%s) %s\n", g->where, g->expired ? "has expired" : "matches nothing");
    }
}

/* What the answer rests on. */
static void write_coverage(struct table *t)
{
    const struct vl_coverage *c = &t->result->coverage;
    char date[VL_TIME_TEXT_MAX];
    colored(t, "\033[1m", "\nRests on\n");
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct vl_coverage_row *row = &c->rows[i];
        vl_buf_append_str(t->out, "  ");
        cell(t, row->ecosystem, 18, true);
        vl_buf_printf(
            t->out, " %6llu package%s  ", (unsigned long long)row->packages, row->packages == 1 ? " " : "s");
        if (!row->has_data)
            colored(t, "\033[1;31m", "no advisory data");
        else
            vl_buf_printf(t->out, "%s%s%s", row->source ? row->source : "", row->data_ms ? ", " : "",
                row->data_ms ? vl_time_format_date(row->data_ms, date) : "");
        vl_buf_append_char(t->out, '\n');
    }
    if (c->os_owned)
        vl_buf_printf(t->out,
            "  %llu language packages belong to distribution packages and are judged by those\n",
            (unsigned long long)c->os_owned);
    if (c->ranges)
        vl_buf_printf(t->out, "  %llu requirements without one version were not matched\n",
            (unsigned long long)c->ranges);
}

static void write_gates(struct table *t)
{
    for (size_t i = 0; i < t->result->gates.len; i++) {
        const struct vl_gate_verdict *g = vl_vec_at(&t->result->gates, i);
        vl_buf_append_str(t->out, i == 0 ? "\n" : "");
        colored(t, g->violations ? "\033[1;31m" : "\033[32m", g->violations ? "FAILED" : "passed");
        vl_buf_append_str(t->out, " ");
        cell(t, g->gate, 40, false);
        if (g->violations)
            vl_buf_printf(t->out, ": %llu", (unsigned long long)g->violations);
        vl_buf_append_char(t->out, '\n');
    }
}

static void write_packages(struct table *t)
{
    const struct vl_vec *packages = &t->result->inventory->packages;
    vl_buf_append_char(t->out, '\n');
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *p = vl_vec_at(packages, i);
        cell(t, vl_ecosystem_info(p->ecosystem)->name, 10, true);
        vl_buf_append_str(t->out, "  ");
        cell(t, p->name, t->width * 34 / 100, true);
        vl_buf_append_str(t->out, "  ");
        cell(t, p->version, t->width * 24 / 100, true);
        vl_buf_append_str(t->out, "  ");
        cell(t, p->path, t->width * 28 / 100, false);
        vl_buf_append_char(t->out, '\n');
    }
    vl_buf_printf(t->out, "\n%zu packages", packages->len);
    if (t->result->inventory->unidentified.len)
        vl_buf_printf(t->out, ", %zu binaries unidentified", t->result->inventory->unidentified.len);
    vl_buf_append_char(t->out, '\n');
}

int vl_report_table(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct table t = {.result = result,
        .options = options,
        .out = out,
        .width = options->width ? options->width : DEFAULT_WIDTH};
    if (t.width < 60)
        t.width = 60;
    write_head(&t);
    if (options->packages_only) {
        write_packages(&t);
        write_notes(&t);
        return vl_buf_check(out, "table", err);
    }
    int r = write_findings(&t, err);
    if (r == 0)
        r = write_remedies(&t, err);
    if (r < 0)
        return r;
    write_secrets(&t);
    write_notes(&t);
    write_coverage(&t);
    write_gates(&t);
    vl_buf_append_char(out, '\n');
    r = vl_report_summary_line(result, out, err);
    vl_buf_append_char(out, '\n');
    return r;
}
