/* One self-contained HTML page: no request leaves it, a strict content security policy, charts as inline SVG,
 * dark mode, a filter and sorting in a small script whose hash the policy names. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "formats.h"
#include "html_page.h"
#include "markup.h"
#include "remedies.h"

#define TEXT_MAX    (1UL << 20)
#define LINKS_SHOWN 5

struct page {
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_buf *out;
};

static void element(struct page *p, const char *tag, const char *class, const char *text)
{
    vl_buf_printf(p->out, "<%s", tag);
    if (class)
        vl_buf_printf(p->out, " class=\"%s\"", class);
    vl_buf_append_char(p->out, '>');
    vl_markup_text(p->out, text);
    vl_buf_printf(p->out, "</%s>", tag);
}

/* "sha256-…" of an inline element's content, as the policy wants it. */
static void append_hash(struct vl_buf *out, const char *content)
{
    struct vl_digest d;
    vl_digest_compute(VL_DIGEST_SHA256, vl_span_str(content), &d);
    vl_buf_append_str(out, "'sha256-");
    vl_base64_encode((struct vl_span){(const char *)d.bytes, 32}, out);
    vl_buf_append_char(out, '\'');
}

static const char *target_name(const struct page *p)
{
    const struct vl_target *t = &p->result->inventory->target;
    return t->reference ? t->reference : t->name ? t->name : "target";
}

static void write_head(struct page *p)
{
    vl_buf_append_str(p->out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    append_hash(p->out, vl_html_style);
    vl_buf_append_str(p->out, "; script-src ");
    append_hash(p->out, vl_html_script);
    vl_buf_append_str(p->out, "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
                              "content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
                              "content=\"no-referrer\">\n<title>");
    vl_markup_text(p->out, target_name(p));
    vl_buf_append_str(p->out, " · Vallum</title>\n<style>");
    vl_buf_append_str(p->out, vl_html_style);
    vl_buf_append_str(p->out, "</style>\n</head>\n<body>\n<div class=\"page\">\n");
}

static void fact(struct page *p, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    vl_buf_printf(p->out, "<div>%s <b>", name);
    vl_markup_text(p->out, value);
    vl_buf_append_str(p->out, "</b></div>");
}

static void write_title(struct page *p)
{
    const struct vl_inventory *inv = p->result->inventory;
    const struct vl_target *t = &inv->target;
    static const char *const support[] = {
        "support unknown", "supported", "extended support", "support has ended"};
    char date[VL_TIME_TEXT_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, TEXT_MAX);
    vl_buf_append_str(p->out, "<header>");
    element(p, "h1", NULL, target_name(p));
    vl_buf_append_str(p->out, "<div class=\"facts\">");
    if (*inv->distro.id) {
        vl_buf_printf(&text, "%s, %s", *inv->distro.pretty_name ? inv->distro.pretty_name : inv->distro.id,
            support[(unsigned)inv->distro.support < VL_ARRAY_LEN(support) ? inv->distro.support : 0]);
        fact(p, "on", vl_buf_str(&text));
    }
    vl_buf_clear(&text);
    if (t->os && t->arch) {
        vl_buf_printf(&text, "%s/%s", t->os, t->arch);
        fact(p, "for", vl_buf_str(&text));
    }
    fact(p, "built on", t->base_name);
    fact(p, "scanned", vl_time_format(p->result->scanned_ms, date));
    if (p->result->coverage.database_ms)
        fact(p, "advisories of", vl_time_format_date(p->result->coverage.database_ms, date));
    fact(p, "", t->digest);
    vl_buf_append_str(p->out, "</div></header>\n<main>\n");
}

static void banner(struct page *p, const char *class, const char *word, const char *text)
{
    vl_buf_printf(p->out, "<div class=\"card banner %s\"><p><b>%s</b>", class, word);
    vl_markup_text(p->out, text);
    vl_buf_append_str(p->out, "</p></div>\n");
}

static void write_verdicts(struct page *p)
{
    const struct vl_coverage *c = &p->result->coverage;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, TEXT_MAX);
    if (c->assessed == VL_ASSESSED_NOT)
        banner(p, "bad", "Not assessed.",
            c->why_not ? c->why_not : "There is no advisory data for this target.");
    else if (c->assessed == VL_ASSESSED_PARTIAL)
        banner(p, "warn", "Partial.", c->why_not ? c->why_not : "See the notes.");
    for (size_t i = 0; i < p->result->gates.len; i++) {
        const struct vl_gate_verdict *g = vl_vec_at(&p->result->gates, i);
        vl_buf_clear(&text);
        if (!g->violations)
            continue;
        vl_buf_printf(&text, "%s: %llu%s", g->gate, (unsigned long long)g->violations,
            p->result->baseline ? " that the baseline does not have" : "");
        banner(p, "bad", "Gate failed.", vl_buf_str(&text));
    }
}

static void number(struct page *p, const char *class, uint64_t n, const char *name, const char *note)
{
    vl_buf_printf(p->out, "<div class=\"card %s\"><b>%llu</b><span>%s</span><small>", class,
        (unsigned long long)n, name);
    vl_markup_text(p->out, note);
    vl_buf_append_str(p->out, "</small></div>");
}

static void write_numbers(struct page *p)
{
    struct vl_report_counts c = vl_report_count(p->result);
    char day[VL_REPORT_DAY_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf note;
    vl_buf_init(&note, 256);
    if (p->result->coverage.assessed == VL_ASSESSED_NOT && c.open == 0)
        return;
    vl_buf_append_str(p->out, "<div class=\"numbers\">");
    if (c.exploited)
        vl_buf_printf(&note, "%llu exploited%s%s", (unsigned long long)c.exploited,
            c.first_due_ms ? ", due " : "",
            c.first_due_ms ? vl_report_day(c.first_due_ms, p->result->scanned_ms, day) : "");
    else
        vl_buf_append_str(&note, "exploited, malware, or critical with a fix");
    number(p, c.fix_now ? "urgent" : "calm", c.fix_now, "to fix now", vl_buf_str(&note));
    number(p, "", c.fixable, "fixable", "a fixed version exists");
    number(p, "", c.without_fix, "without fix", "not yet, not freely, or never");
    vl_buf_clear(&note);
    vl_buf_printf(&note, "%llu binar%s unidentified", (unsigned long long)p->result->coverage.unidentified,
        p->result->coverage.unidentified == 1 ? "y" : "ies");
    number(p, "", p->result->coverage.packages, p->result->coverage.packages == 1 ? "package" : "packages",
        p->result->coverage.unidentified ? vl_buf_str(&note) : "");
    vl_buf_append_str(p->out, "</div>\n");
}

/* Shares of one bar, left to right. */
struct share {
    const char *name;
    const char *class;
    uint64_t count;
};

static void write_bar(struct page *p, const char *title, const struct share *shares, size_t n)
{
    uint64_t total = 0;
    double at = 0;
    for (size_t i = 0; i < n; i++)
        total += shares[i].count;
    vl_buf_append_str(p->out, "<figure><figcaption>");
    vl_markup_text(p->out, title);
    vl_buf_append_str(p->out, "</figcaption><svg class=\"bar\" viewBox=\"0 0 600 14\" "
                              "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(
            p->out, "%s%s %llu", i ? ", " : "", shares[i].name, (unsigned long long)shares[i].count);
    vl_buf_append_str(p->out, "\">");
    for (size_t i = 0; i < n && total; i++) {
        double width = 600.0 * (double)shares[i].count / (double)total;
        if (shares[i].count)
            vl_buf_printf(p->out,
                "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"14\"><title>%s: %llu</title></rect>",
                shares[i].class, at, width, shares[i].name, (unsigned long long)shares[i].count);
        at += width;
    }
    vl_buf_append_str(p->out, "</svg><ul class=\"legend\">");
    for (size_t i = 0; i < n; i++) {
        if (shares[i].count)
            vl_buf_printf(p->out, "<li><span class=\"dot %s\"></span>%s <b>%llu</b></li>", shares[i].class,
                shares[i].name, (unsigned long long)shares[i].count);
    }
    vl_buf_append_str(p->out, total ? "</ul></figure>\n" : "<li>none</li></ul></figure>\n");
}

static void count_states(const struct page *p, uint64_t counts[VL_FIX_COUNT])
{
    for (size_t i = 0; i < p->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&p->result->findings, i);
        if (f->status != VL_FINDING_OPEN)
            continue;
        counts[f->malicious || (f->fixed_version && f->state != VL_FIX_PAID) ? VL_FIX_FIXED
               : (unsigned)f->state < VL_FIX_COUNT                           ? f->state
                                                                             : VL_FIX_UNKNOWN]++;
    }
}

static void write_charts(struct page *p)
{
    struct vl_report_counts c = vl_report_count(p->result);
    struct share severities[VL_SEVERITY_COUNT];
    uint64_t states[VL_FIX_COUNT] = {0};
    uint64_t base = 0, own = 0;
    for (unsigned i = 0; i < VL_SEVERITY_COUNT; i++) {
        enum vl_severity s = (enum vl_severity)(VL_SEVERITY_COUNT - 1 - i);
        severities[i] = (struct share){vl_severity_name(s), vl_severity_name(s), c.by_severity[s]};
    }
    count_states(p, states);
    for (size_t i = 0; i < p->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&p->result->findings, i);
        const struct vl_layer *layer = vl_report_layer(p->result, f->package->layer);
        base += f->status == VL_FINDING_OPEN && layer && layer->base;
        own += f->status == VL_FINDING_OPEN && layer && !layer->base;
    }
    const struct share fixes[] = {{"fix exists", "good", states[VL_FIX_FIXED]},
        {"fixed for payment", "low", states[VL_FIX_PAID]}, {"no fix yet", "medium", states[VL_FIX_NONE]},
        {"put off or examined", "unknown", states[VL_FIX_DEFERRED] + states[VL_FIX_INVESTIGATING]},
        {"will not be fixed", "high", states[VL_FIX_WONT]},
        {"end of life", "critical", states[VL_FIX_END_OF_LIFE]},
        {"unknown", "negligible", states[VL_FIX_UNKNOWN]}};
    const struct share origins[] = {{"base image", "low", base}, {"own layers", "medium", own},
        {"layer unknown", "negligible", c.open - base - own}};
    vl_buf_append_str(p->out, "<section aria-label=\"Charts\">");
    write_bar(p, "Open findings by severity", severities, VL_SEVERITY_COUNT);
    write_bar(p, "What can be done", fixes, VL_ARRAY_LEN(fixes));
    if (base)
        write_bar(p, "Where they come from", origins, VL_ARRAY_LEN(origins));
    vl_buf_append_str(p->out, "</section>");
}

static void write_link(struct page *p, const char *id)
{
    char url[256];
    if (!vl_report_id_url(id, url)) {
        vl_markup_text(p->out, id);
        return;
    }
    vl_buf_append_str(p->out, "<a rel=\"noreferrer noopener\" href=\"");
    vl_markup_text(p->out, url);
    vl_buf_append_str(p->out, "\">");
    vl_markup_text(p->out, id);
    vl_buf_append_str(p->out, "</a>");
}

static void write_severity(struct page *p, enum vl_severity severity)
{
    const char *name = vl_severity_name(severity);
    vl_buf_printf(p->out, "<span class=\"sev %s\"><span class=\"dot\"></span>%s</span>", name, name);
}

static void write_marks(struct page *p, const struct vl_finding *f)
{
    char day[VL_REPORT_DAY_MAX];
    if (f->kev)
        vl_buf_printf(p->out, "<span class=\"tag\">exploited%s%s</span>", f->kev->due_ms ? ", due " : "",
            f->kev->due_ms ? vl_report_day(f->kev->due_ms, p->result->scanned_ms, day) : "");
    if (f->malicious)
        vl_buf_append_str(p->out, "<span class=\"tag\">malware</span>");
    if (f->in_baseline)
        vl_buf_append_str(p->out, "<span class=\"tag quiet\">known</span>");
    if (f->status != VL_FINDING_OPEN)
        vl_buf_printf(p->out, "<span class=\"tag quiet\">%s</span>", vl_report_status_name(f->status));
}

static void write_remedy(struct page *p, const struct vl_finding *f, uint64_t settles)
{
    vl_buf_append_str(p->out, "<li>");
    vl_markup_text(p->out, f->remedy.text);
    vl_buf_append_str(p->out, " <span class=\"why\">");
    write_link(p, f->id);
    vl_buf_append_char(p->out, ' ');
    write_severity(p, f->severity);
    write_marks(p, f);
    if (settles > 1)
        vl_buf_printf(p->out, " and %llu more", (unsigned long long)(settles - 1));
    vl_buf_append_str(p->out, "</span>");
    if (f->remedy.command)
        element(p, "pre", NULL, f->remedy.command);
    vl_buf_append_str(p->out, "</li>\n");
}

static int write_todo(struct page *p, struct vl_err *err)
{
    struct vl_report_remedies remedies;
    int r = vl_report_remedies(p->result, &remedies, err);
    size_t shown = remedies.n;
    if (r < 0)
        return r;
    vl_buf_append_str(p->out, "<section><h2>What to do first</h2>");
    vl_buf_append_str(p->out, shown ? "<ol class=\"todo\">\n" : "");
    for (size_t i = 0; i < shown; i++)
        write_remedy(p, remedies.items[i].finding, remedies.items[i].settles);
    vl_buf_append_str(p->out, shown ? "</ol>" : "");
    if (remedies.total > shown)
        vl_buf_printf(p->out, "<p class=\"why\">and %llu more, in the findings below</p>",
            (unsigned long long)(remedies.total - shown));
    if (!shown && p->result->coverage.assessed == VL_ASSESSED_NOT)
        vl_buf_append_str(p->out,
            "<p>Fetch advisories for what is in this target, then scan it again: nothing is known "
            "about its vulnerabilities.</p>");
    else if (!vl_report_was_matched(p->result))
        vl_buf_append_str(p->out, "<p>Vulnerabilities were not looked for.</p>");
    else if (vl_report_count(p->result).open == 0)
        vl_buf_append_str(p->out, p->result->coverage.assessed == VL_ASSESSED_FULL
                                      ? "<p class=\"good\">No open findings.</p>"
                                      : "<p>No open findings in the part that could be assessed.</p>");
    else if (!shown)
        vl_buf_append_str(p->out, "<p>Nothing that a change to this target could fix today.</p>");
    vl_buf_append_str(p->out, "</section>\n");
    return 0;
}

static void detail(struct page *p, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    element(p, "dt", NULL, name);
    element(p, "dd", NULL, value);
}

static void write_scores(struct page *p, const struct vl_finding *f)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < f->n_cvss; i++) {
        const struct vl_cvss *c = &f->cvss[i];
        vl_buf_clear(&text);
        vl_buf_printf(
            &text, "%.1f  %s%s%s", c->score, c->vector, c->source ? "  by " : "", c->source ? c->source : "");
        detail(p, "CVSS", vl_buf_str(&text));
    }
    vl_buf_clear(&text);
    vl_buf_printf(&text, "%s%s%s", vl_severity_name(f->severity), f->severity_source ? " by " : "",
        f->severity_source ? f->severity_source : "");
    for (size_t i = 0; i < f->n_ratings; i++)
        vl_buf_printf(&text, ", %s by %s", vl_severity_name(f->ratings[i].severity), f->ratings[i].source);
    detail(p, "Severity", vl_buf_str(&text));
    vl_buf_clear(&text);
    for (size_t i = 0; i < f->n_aliases; i++)
        vl_buf_printf(&text, "%s%s", i ? ", " : "", f->aliases[i]);
    detail(p, "Also", vl_buf_str(&text));
}

static void write_details(struct page *p, const struct vl_finding *f)
{
    const struct vl_layer *layer = vl_report_layer(p->result, f->package->layer);
    vl_buf_append_str(p->out, "<details><summary>");
    vl_markup_text(p->out, f->title ? f->title : "Details");
    vl_buf_append_str(p->out, "</summary><dl>");
    detail(p, "What to do", f->remedy.text);
    if (f->remedy.command) {
        vl_buf_append_str(p->out, "<dt>Command</dt><dd>");
        element(p, "code", NULL, f->remedy.command);
        vl_buf_append_str(p->out, "</dd>");
    }
    detail(p, "Not open", f->status_reason);
    detail(p, "Details", f->details);
    write_scores(p, f);
    detail(p, "Path", f->package->path);
    detail(p, "Layer", layer ? layer->diff_id : NULL);
    detail(p, "Made by", layer ? layer->created_by : NULL);
    detail(p, "Advisory", f->advisory);
    for (size_t i = 0; i < f->n_references && i < LINKS_SHOWN; i++) {
        if (!vl_report_is_url(f->references[i]))
            continue;
        vl_buf_append_str(p->out, "<dt>See</dt><dd><a rel=\"noreferrer noopener\" href=\"");
        vl_markup_text(p->out, f->references[i]);
        vl_buf_append_str(p->out, "\">");
        vl_markup_text(p->out, f->references[i]);
        vl_buf_append_str(p->out, "</a></dd>");
    }
    vl_buf_append_str(p->out, "</dl></details>");
}

static void write_fix(struct page *p, const struct vl_finding *f)
{
    if (f->malicious)
        vl_buf_append_str(p->out, "remove it");
    else if (f->fixed_version)
        vl_markup_text(p->out, f->fixed_version);
    else
        for (const char *c = vl_fix_state_name(f->state); *c; c++)
            vl_buf_append_char(p->out, *c == '_' ? ' ' : *c);
    if (f->fixed_version && f->state == VL_FIX_PAID)
        vl_buf_append_str(p->out, " (paid)");
}

static void write_row(struct page *p, const struct vl_finding *f)
{
    vl_buf_printf(p->out, "<tr%s data-sev=\"%s\" data-fix=\"%d\"><td class=\"keep\" data-sort=\"%u\">",
        f->status == VL_FINDING_OPEN ? "" : " class=\"closed\"", vl_severity_name(f->severity),
        f->malicious || (f->fixed_version && f->state != VL_FIX_PAID), (unsigned)f->severity);
    write_severity(p, f->severity);
    vl_buf_append_str(p->out, "</td><td>");
    write_link(p, f->id);
    write_marks(p, f);
    vl_buf_append_str(p->out, "</td><td>");
    vl_markup_text(p->out, f->package->name);
    vl_buf_append_str(p->out, "<small>");
    vl_markup_text(p->out, f->package->path);
    vl_buf_append_str(p->out, "</small></td><td data-l=\"installed\">");
    vl_markup_text(p->out, f->package->version);
    vl_buf_append_str(p->out, "</td><td data-l=\"fixed in\">");
    write_fix(p, f);
    if (f->has_epss)
        vl_buf_printf(p->out, "</td><td class=\"num\" data-l=\"EPSS\" data-sort=\"%.5f\">%.1f %%</td><td>",
            f->epss, f->epss * 100);
    else
        vl_buf_append_str(p->out, "</td><td class=\"num\" data-sort=\"-1\"></td><td>");
    write_details(p, f);
    vl_buf_append_str(p->out, "</td></tr>\n");
}

static void write_tools(struct page *p)
{
    vl_buf_append_str(p->out,
        "<div class=\"tools\" hidden><input id=\"filter\" type=\"search\" aria-label=\"Filter\" "
        "placeholder=\"Filter by id, package, path …\">");
    struct vl_report_counts c = vl_report_count(p->result);
    for (unsigned s = VL_SEVERITY_COUNT; s-- > 0;) {
        const char *name = vl_severity_name((enum vl_severity)s);
        if (c.by_severity[s])
            vl_buf_printf(p->out,
                "<button type=\"button\" aria-pressed=\"false\" data-sev=\"%s\">%s</button>", name, name);
    }
    vl_buf_append_str(p->out,
        "<button type=\"button\" aria-pressed=\"false\" data-only=\"fix\">fixable</button>"
        "<output id=\"shown\"></output></div>");
}

static void write_findings(struct page *p)
{
    static const struct {
        const char *name;
        bool up; /* first click sorts upwards */
    } heads[] = {{"Severity", false}, {"Id", true}, {"Package", true}, {"Installed", true},
        {"Fixed in", true}, {"EPSS", false}, {"What it is", true}};
    uint64_t n = 0;
    for (size_t i = 0; i < p->result->findings.len; i++)
        n += vl_report_shows(vl_vec_at(&p->result->findings, i), p->options);
    if (n == 0)
        return;
    vl_buf_printf(p->out, "<section><h2>Findings <span class=\"n\">%llu</span></h2>", (unsigned long long)n);
    write_tools(p);
    vl_buf_append_str(p->out, "<table id=\"findings\" class=\"stack\"><thead><tr>");
    for (size_t i = 0; i < VL_ARRAY_LEN(heads); i++)
        vl_buf_printf(p->out, "<th scope=\"col\"%s><button type=\"button\">%s</button></th>",
            heads[i].up ? " data-first=\"up\"" : "", heads[i].name);
    vl_buf_append_str(p->out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < p->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&p->result->findings, i);
        if (vl_report_shows(f, p->options))
            write_row(p, f);
    }
    vl_buf_append_str(p->out, "</tbody></table></section>\n");
}

static int write_first_screen(struct page *p, struct vl_err *err)
{
    write_title(p);
    write_verdicts(p);
    if (p->options->packages_only)
        return 0;
    write_numbers(p);
    /* An empty chart would say "none", also where nothing was assessed. */
    if (vl_report_count(p->result).open == 0)
        return write_todo(p, err);
    vl_buf_append_str(p->out, "<div class=\"two\">");
    int r = write_todo(p, err);
    write_charts(p);
    vl_buf_append_str(p->out, "</div>\n");
    return r;
}

int vl_report_html(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct page p = {.result = result, .options = options, .out = out};
    write_head(&p);
    int r = write_first_screen(&p, err);
    if (r < 0)
        return r;
    if (!options->packages_only)
        write_findings(&p);
    vl_report_html_rest(result, options, out);
    vl_buf_append_str(out, "</main>\n<footer>Vallum ");
    vl_markup_text(out, options->version);
    vl_buf_append_str(out, ". This page loads nothing and sends nothing.</footer>\n</div>\n<script>");
    vl_buf_append_str(out, vl_html_script);
    vl_buf_append_str(out, "</script>\n</body>\n</html>\n");
    return vl_buf_check(out, "HTML", err);
}
