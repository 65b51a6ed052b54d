/* Findings by where their packages stand (the distribution, a lock file, an archive), then by package. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "chains.h"
#include "remedies.h"
#include "terminal.h"
#include "width.h"

#define SECTIONS_MAX 1000000
#define NAME_MAX     (1UL << 16)
#define SEVERITY     10 /* columns of "negligible" */
#define ID_MAX       60
#define FIX_WHOLE    48

struct plan {
    struct vl_report_chains by_package;
    struct vl_report_chains by_section; /* of `packages` */
    uint32_t *packages;                 /* those with findings shown, in the order of their first */
    size_t n_packages;
    uint32_t *section_of;
    const char **sections;
    unsigned id, fix; /* columns */
};

static const struct vl_finding *finding_at(const struct vl_report_terminal *t, uint32_t index)
{
    return vl_vec_at(&t->result->findings, index);
}

static const struct vl_package *package_at(const struct vl_report_terminal *t, uint32_t index)
{
    return vl_vec_at(&t->result->inventory->packages, index);
}

static struct vl_span outer_path(const struct vl_package *p)
{
    struct vl_span path = vl_span_str(p->path);
    return vl_span_slice(path, 0, vl_span_find_char(path, '!'));
}

/* One file names many packages: a lock file, a binary, an archive that holds others. */
static bool stands_under_file(const struct vl_package *p)
{
    return (p->flags & (VL_PACKAGE_LOCKED | VL_PACKAGE_BUNDLED)) || p->ecosystem == VL_ECO_GO ||
           p->ecosystem == VL_ECO_CARGO;
}

static void append_section(
    const struct vl_report_terminal *t, const struct vl_package *p, struct vl_buf *name)
{
    const struct vl_distro *d = &t->result->inventory->distro;
    const struct vl_ecosystem_info *info = vl_ecosystem_info(p->ecosystem);
    if (info->distribution)
        vl_buf_printf(name, "Packages of %s",
            *d->pretty_name ? d->pretty_name
            : *d->id        ? d->id
                            : "the distribution");
    else if (stands_under_file(p) && p->path)
        vl_buf_printf(name, "%.*s (%s)", VL_SPAN_FMT(outer_path(p)), info->name);
    else
        vl_buf_printf(name, "Installed %s packages", info->name);
}

static const char *fix_text(const struct vl_finding *f, struct vl_buf *text)
{
    static const char *const states[VL_FIX_COUNT] = {[VL_FIX_UNKNOWN] = "fix unknown",
        [VL_FIX_FIXED] = "fixed",
        [VL_FIX_NONE] = "no fix yet",
        [VL_FIX_WONT] = "will not fix",
        [VL_FIX_DEFERRED] = "put off",
        [VL_FIX_END_OF_LIFE] = "end of life",
        [VL_FIX_INVESTIGATING] = "being examined",
        [VL_FIX_PAID] = "paid"};
    vl_buf_clear(text);
    if (f->malicious)
        vl_buf_append_str(text, "remove it");
    else if (f->fixed_version)
        vl_buf_printf(text, "%s%s", f->state == VL_FIX_PAID ? "paid: " : "", f->fixed_version);
    else
        vl_buf_append_str(text, (unsigned)f->state < VL_FIX_COUNT ? states[f->state] : "fix unknown");
    return vl_buf_str(text);
}

static int plan_sections(
    struct vl_report_terminal *t, struct plan *plan, struct vl_arena *arena, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map names;
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_map_init(&names, SECTIONS_MAX);
    vl_buf_init(&name, NAME_MAX);
    for (size_t i = 0; i < t->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&t->result->findings, i);
        uint32_t package = vl_report_package_index(t->result, f->package);
        if (!vl_report_shows(f, t->options) || plan->by_package.first[package] != i)
            continue;
        vl_buf_clear(&name);
        append_section(t, f->package, &name);
        const char *key = vl_arena_strdup(arena, vl_buf_str(&name));
        struct vl_map_slot *slot;
        bool added;
        if (!key)
            return vl_arena_check(arena, "table", err);
        int r = vl_map_put(&names, vl_span_str(key), &slot, &added, err);
        if (r < 0)
            return r;
        if (added) {
            slot->value.num = names.len - 1;
            plan->sections[names.len - 1] = key;
        }
        plan->packages[plan->n_packages] = package;
        plan->section_of[plan->n_packages++] = (uint32_t)slot->value.num;
    }
    return vl_report_chains_build(
        plan->section_of, plan->n_packages, names.len, arena, &plan->by_section, err);
}

/* Columns as wide as the widest id and fix, within bounds. */
static void plan_columns(struct vl_report_terminal *t, struct plan *plan)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    unsigned fix_max = t->width * 22 / 100;
    vl_buf_init(&text, NAME_MAX);
    plan->id = 14;
    plan->fix = 10;
    for (size_t i = 0; i < t->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&t->result->findings, i);
        if (!vl_report_shows(f, t->options))
            continue;
        unsigned id = vl_report_columns(vl_span_str(f->id));
        unsigned fix = vl_report_columns(vl_span_str(fix_text(f, &text)));
        plan->id = id > plan->id ? id : plan->id;
        plan->fix = fix > plan->fix ? fix : plan->fix;
    }
    plan->id = plan->id > ID_MAX ? ID_MAX : plan->id;
    plan->fix = plan->fix > fix_max ? fix_max : plan->fix;
}

/* What makes a finding more, or less, urgent than its severity. */
static void append_marks(const struct vl_report_terminal *t, const struct vl_finding *f, struct vl_buf *marks)
{
    char day[VL_REPORT_DAY_MAX];
    vl_buf_clear(marks);
    if (f->malicious)
        vl_buf_append_str(marks, "malware");
    if (f->kev) {
        vl_buf_printf(marks, "%sexploited", marks->len ? ", " : "");
        if (f->kev->due_ms)
            vl_buf_printf(marks, ", due %s", vl_report_day(f->kev->due_ms, t->result->scanned_ms, day));
    }
}

static void write_finding(struct vl_report_terminal *t, const struct plan *plan, const struct vl_finding *f)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    unsigned at = 4 + SEVERITY + 2 + plan->id + 2 + plan->fix + 2;
    vl_buf_init(&text, NAME_MAX);
    vl_report_blanks(t, 4);
    vl_report_color_on(t, vl_report_severity_color(f->severity));
    vl_report_cell_padded(t, vl_severity_name(f->severity), SEVERITY);
    vl_report_color_off(t);
    vl_report_blanks(t, 2);
    vl_report_cell_padded(t, f->id, plan->id);
    vl_report_blanks(t, 2);
    vl_report_color_on(t, f->fixed_version ? VL_REPORT_GREEN : VL_REPORT_DIM);
    unsigned fix = vl_report_cell(t, fix_text(f, &text), FIX_WHOLE);
    vl_report_color_off(t);
    vl_report_blanks(t, fix < plan->fix ? plan->fix - fix : 0);
    at += fix > plan->fix ? fix - plan->fix : 0; /* a version is for copying: rather a shorter title */
    vl_report_blanks(t, 2);
    append_marks(t, f, &text);
    if (text.len) {
        vl_report_colored(t, VL_REPORT_RED, vl_buf_str(&text));
        at += vl_report_columns(vl_buf_span(&text)) + 2;
        vl_report_blanks(t, 2);
    }
    vl_buf_clear(&text);
    if (f->status != VL_FINDING_OPEN)
        vl_buf_printf(
            &text, "[%s] %s", vl_report_status_name(f->status), f->status_reason ? f->status_reason : "");
    else
        vl_buf_printf(&text, "%s%s", f->in_baseline ? "[known] " : "", f->title ? f->title : "");
    if (t->width > at + 8 && text.len)
        vl_report_cell(t, vl_buf_str(&text), t->width - at);
    while (t->out->len && t->out->ptr[t->out->len - 1] == ' ')
        vl_buf_truncate(t->out, t->out->len - 1);
    vl_buf_append_char(t->out, '\n');
}

static void write_package(struct vl_report_terminal *t, const struct plan *plan, uint32_t index)
{
    const struct vl_package *p = package_at(t, index);
    struct vl_span path = vl_span_str(p->path);
    VL_CLEANUP(vl_buf_done) struct vl_buf where;
    vl_buf_init(&where, NAME_MAX);
    if (vl_ecosystem_info(p->ecosystem)->distribution) {
        if (p->source_name && strcmp(p->source_name, p->name) != 0)
            vl_buf_printf(&where, "source %s", p->source_name);
    } else if (!stands_under_file(p)) {
        vl_buf_append_span(&where, path);
    } else if (outer_path(p).len < path.len) {
        vl_buf_append_span(&where, vl_span_slice(path, outer_path(p).len + 1, path.len));
    } else if (p->line) {
        vl_buf_printf(&where, "line %u", p->line);
    }
    vl_report_blanks(t, 2);
    vl_report_color_on(t, VL_REPORT_BOLD);
    unsigned at = 2 + vl_report_cell(t, *p->name ? p->name : "(no name)", t->width / 2);
    vl_report_color_off(t);
    vl_report_blanks(t, 1);
    at += 1 + vl_report_cell(t, *p->version ? p->version : "(no version)", t->width / 3);
    if (where.len && at + 10 < t->width) {
        vl_report_blanks(t, 2);
        vl_report_color_on(t, VL_REPORT_DIM);
        vl_report_cell(t, vl_buf_str(&where), t->width - at - 2);
        vl_report_color_off(t);
    }
    vl_buf_append_char(t->out, '\n');
    for (uint32_t i = plan->by_package.first[index]; i != VL_REPORT_CHAIN_END; i = plan->by_package.next[i])
        write_finding(t, plan, finding_at(t, i));
}

static void write_section(struct vl_report_terminal *t, const struct plan *plan, size_t section)
{
    uint64_t packages = 0, findings = 0;
    for (uint32_t k = plan->by_section.first[section]; k != VL_REPORT_CHAIN_END;
        k = plan->by_section.next[k]) {
        uint32_t package = plan->packages[k];
        packages++;
        for (uint32_t i = plan->by_package.first[package]; i != VL_REPORT_CHAIN_END;
            i = plan->by_package.next[i])
            findings++;
    }
    vl_buf_append_char(t->out, '\n');
    vl_report_color_on(t, "1;4");
    vl_report_cell(t, plan->sections[section], t->width - 32);
    vl_report_color_off(t);
    vl_buf_printf(t->out, " · %llu finding%s in %llu package%s\n", (unsigned long long)findings,
        findings == 1 ? "" : "s", (unsigned long long)packages, packages == 1 ? "" : "s");
    for (uint32_t k = plan->by_section.first[section]; k != VL_REPORT_CHAIN_END; k = plan->by_section.next[k])
        write_package(t, plan, plan->packages[k]);
}

static void heading(struct vl_report_terminal *t, const char *color, const char *text)
{
    vl_buf_append_char(t->out, '\n');
    vl_report_colored(t, color, text);
    vl_buf_append_char(t->out, '\n');
}

static void write_none(struct vl_report_terminal *t)
{
    if (!vl_report_was_matched(t->result))
        return; /* the last line says that nobody looked */
    switch (t->result->coverage.assessed) {
    case VL_ASSESSED_FULL:
        heading(t, VL_REPORT_GREEN, "No open findings.");
        return;
    case VL_ASSESSED_PARTIAL:
        vl_buf_append_str(t->out, "\nNo open findings in the part that could be assessed.\n");
        return;
    case VL_ASSESSED_NOT:
    default:
        heading(t, VL_REPORT_RED, "Not assessed: nothing here says whether this target has vulnerabilities.");
    }
}

int vl_report_table_findings(struct vl_report_terminal *t, struct vl_err *err)
{
    struct plan plan = {0};
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_report_chains_by_package(t->result, t->options, arena, &plan.by_package, err);
    if (r < 0)
        return r;
    size_t n = plan.by_package.n_groups + 1;
    plan.packages = vl_arena_array(arena, n, sizeof(*plan.packages));
    plan.section_of = vl_arena_array(arena, n, sizeof(*plan.section_of));
    plan.sections = vl_arena_array(arena, n, sizeof(*plan.sections));
    if (!plan.packages || !plan.section_of || !plan.sections)
        return vl_arena_check(arena, "table", err);
    r = plan_sections(t, &plan, arena, err);
    if (r < 0)
        return r;
    plan_columns(t, &plan);
    for (size_t i = 0; i < plan.by_section.n_groups; i++)
        write_section(t, &plan, i);
    if (plan.n_packages == 0)
        write_none(t);
    return 0;
}

static void write_remedy(struct vl_report_terminal *t, const struct vl_finding *f, uint64_t settles)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_buf_done) struct vl_buf marks;
    vl_buf_init(&text, NAME_MAX);
    vl_buf_init(&marks, NAME_MAX);
    append_marks(t, f, &marks);
    vl_buf_printf(&text, "%s (%s, %s", f->remedy.text, f->id, vl_severity_name(f->severity));
    if (marks.len)
        vl_buf_printf(&text, ", %s", vl_buf_str(&marks));
    if (settles > 1)
        vl_buf_printf(&text, "; and %llu more", (unsigned long long)(settles - 1));
    vl_buf_append_char(&text, ')');
    vl_report_paragraph(t, vl_buf_str(&text), 2);
    if (f->remedy.command) {
        vl_report_blanks(t, 6);
        vl_report_color_on(t, "36");
        vl_report_cell(t, f->remedy.command, UINT32_MAX);
        vl_report_color_off(t);
        vl_buf_append_char(t->out, '\n');
    }
}

int vl_report_table_remedies(struct vl_report_terminal *t, struct vl_err *err)
{
    struct vl_report_remedies remedies;
    int r = vl_report_remedies(t->result, &remedies, err);
    if (r < 0)
        return r;
    if (remedies.n)
        heading(t, VL_REPORT_BOLD, "What to do first");
    for (size_t i = 0; i < remedies.n; i++)
        write_remedy(t, remedies.items[i].finding, remedies.items[i].settles);
    if (remedies.total > remedies.n)
        vl_buf_printf(t->out, "  … and %llu more\n", (unsigned long long)(remedies.total - remedies.n));
    return 0;
}
