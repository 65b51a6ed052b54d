/* One self-contained HTML page: no request leaves it, a strict content security policy, charts as inline SVG,
 * dark mode, a filter and sorting in a small script whose hash the policy names. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "formats.h"
#include "html_page.h"
#include "markup.h"

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

static void write_head(struct page *p)
{
    const struct vl_target *t = &p->result->inventory->target;
    vl_buf_append_str(p->out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    append_hash(p->out, vl_html_style);
    vl_buf_append_str(p->out, "; script-src ");
    append_hash(p->out, vl_html_script);
    vl_buf_append_str(p->out, "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" "
                              "content=\"width=device-width, initial-scale=1\">\n<title>");
    vl_markup_text(p->out, t->reference ? t->reference : t->name);
    vl_buf_append_str(p->out, " · Vallum</title>\n<style>");
    vl_buf_append_str(p->out, vl_html_style);
    vl_buf_append_str(p->out, "</style>\n</head>\n<body>\n");
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
    vl_buf_append_str(p->out, "</figcaption><svg viewBox=\"0 0 600 26\" role=\"img\" aria-label=\"");
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(
            p->out, "%s%s %llu", i ? ", " : "", shares[i].name, (unsigned long long)shares[i].count);
    vl_buf_append_str(p->out, "\">");
    if (total == 0)
        vl_buf_append_str(p->out, "<rect class=\"none\" width=\"600\" height=\"26\"/>");
    for (size_t i = 0; i < n && total; i++) {
        double width = 600.0 * (double)shares[i].count / (double)total;
        if (shares[i].count)
            vl_buf_printf(p->out,
                "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"26\"><title>%s: %llu</title></rect>",
                shares[i].class, at, width, shares[i].name, (unsigned long long)shares[i].count);
        at += width;
    }
    vl_buf_append_str(p->out, "</svg><ul class=\"legend\">");
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(p->out, "<li><span class=\"dot %s\"></span>%s <b>%llu</b></li>", shares[i].class,
            shares[i].name, (unsigned long long)shares[i].count);
    vl_buf_append_str(p->out, "</ul></figure>\n");
}

static void write_charts(struct page *p)
{
    struct vl_report_counts c = vl_report_count(p->result);
    struct share severities[VL_SEVERITY_COUNT];
    for (unsigned i = 0; i < VL_SEVERITY_COUNT; i++) {
        enum vl_severity s = (enum vl_severity)(VL_SEVERITY_COUNT - 1 - i);
        severities[i] = (struct share){vl_severity_name(s), vl_severity_name(s), c.by_severity[s]};
    }
    const struct share fixes[] = {{"fix now", "critical", c.fix_now},
        {"fixable", "low", c.fixable > c.fix_now ? c.fixable - c.fix_now : 0},
        {"without fix", "unknown", c.without_fix}};
    vl_buf_append_str(p->out, "<div class=\"charts\">");
    write_bar(p, "Open findings by severity", severities, VL_SEVERITY_COUNT);
    write_bar(p, "What can be done", fixes, VL_ARRAY_LEN(fixes));
    vl_buf_append_str(p->out, "</div>\n");
}

static void fact(struct page *p, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    element(p, "dt", NULL, name);
    element(p, "dd", NULL, value);
}

static int write_summary(struct page *p, struct vl_err *err)
{
    const struct vl_inventory *inv = p->result->inventory;
    const struct vl_target *t = &inv->target;
    char date[VL_TIME_TEXT_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf line;
    vl_buf_init(&line, 1 << 20);
    int r = vl_report_summary_line(p->result, &line, err);
    if (r < 0)
        return r;
    vl_buf_append_str(p->out, "<header>");
    element(p, "h1", NULL, t->reference ? t->reference : t->name ? t->name : "target");
    element(p, "p", p->result->coverage.assessed == VL_ASSESSED_NOT ? "verdict bad" : "verdict",
        vl_buf_str(&line));
    vl_buf_append_str(p->out, "<dl>");
    fact(p, "Digest", t->digest);
    fact(p, "Platform", t->arch);
    fact(p, "Distribution", inv->distro.pretty_name);
    fact(p, "Built on", t->base_name);
    fact(p, "Scanned", vl_time_format(p->result->scanned_ms, date));
    fact(p, "Vallum", p->options->version);
    vl_buf_append_str(p->out, "</dl></header>\n<main>\n");
    return 0;
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

static void write_details(struct page *p, const struct vl_finding *f)
{
    const struct vl_layer *layer = vl_report_layer(p->result, f->package->layer);
    vl_buf_append_str(p->out, "<details><summary>");
    vl_markup_text(p->out, f->title ? f->title : f->remedy.text ? f->remedy.text : f->id);
    vl_buf_append_str(p->out, "</summary><dl>");
    fact(p, "What to do", f->remedy.text);
    if (f->remedy.command) {
        element(p, "dt", NULL, "Command");
        vl_buf_append_str(p->out, "<dd>");
        element(p, "code", NULL, f->remedy.command);
        vl_buf_append_str(p->out, "</dd>");
    }
    fact(p, "Details", f->details);
    fact(p, "Path", f->package->path);
    fact(p, "Layer", layer ? layer->diff_id : NULL);
    fact(p, "Made by", layer ? layer->created_by : NULL);
    for (size_t i = 0; i < f->n_cvss; i++)
        fact(p, "CVSS", f->cvss[i].vector);
    fact(p, "Also known as", f->n_aliases ? f->aliases[0] : NULL);
    fact(p, "Severity by", f->severity_source);
    fact(p, "Not open because", f->status_reason);
    vl_buf_append_str(p->out, "</dl></details>");
}

static void write_row(struct page *p, const struct vl_finding *f)
{
    const char *severity = vl_severity_name(f->severity);
    vl_buf_printf(p->out,
        "<tr class=\"%s\"><td data-sort=\"%u\"><span class=\"badge %s\">%s</span>%s</td><td>",
        f->status == VL_FINDING_OPEN ? "open" : "hidden", (unsigned)f->severity, severity, severity,
        f->kev ? " <span class=\"badge exploited\">exploited</span>" : "");
    write_link(p, f->id);
    vl_buf_append_str(p->out, "</td><td>");
    vl_markup_text(p->out, f->package->name);
    vl_buf_append_str(p->out, "</td><td>");
    vl_markup_text(p->out, f->package->version);
    vl_buf_append_str(p->out, "</td><td>");
    vl_markup_text(p->out, f->fixed_version ? f->fixed_version : vl_fix_state_name(f->state));
    if (f->has_epss)
        vl_buf_printf(p->out, "</td><td data-sort=\"%.5f\">%.1f %%</td><td>", f->epss, f->epss * 100);
    else
        vl_buf_append_str(p->out, "</td><td data-sort=\"-1\"></td><td>");
    write_details(p, f);
    vl_buf_append_str(p->out, "</td></tr>\n");
}

static void write_findings(struct page *p)
{
    vl_buf_append_str(p->out, "<section><h2>Findings</h2><label>Filter <input id=\"filter\" type=\"search\" "
                              "placeholder=\"id, package, severity …\"></label>"
                              "<table id=\"findings\"><thead><tr>");
    static const char *const heads[] = {
        "Severity", "Id", "Package", "Installed", "Fixed in", "EPSS", "What it is"};
    for (size_t i = 0; i < VL_ARRAY_LEN(heads); i++)
        vl_buf_printf(p->out, "<th scope=\"col\"><button type=\"button\">%s</button></th>", heads[i]);
    vl_buf_append_str(p->out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < p->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&p->result->findings, i);
        if (vl_report_shows(f, p->options))
            write_row(p, f);
    }
    vl_buf_append_str(p->out, "</tbody></table></section>\n");
}

static void write_secrets(struct page *p)
{
    const struct vl_inventory *inv = p->result->inventory;
    if (!inv->secrets_scanned)
        return;
    vl_buf_printf(p->out,
        "<section><h2>Secrets: "
        "%zu</h2><table><thead><tr><th>Severity</th><th>What</th><th>Where</th><th>Match</th></tr></"
        "thead><tbody>",
        inv->secrets.len);
    for (size_t i = 0; i < inv->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&inv->secrets, i);
        const char *severity = vl_severity_name((enum vl_severity)s->severity);
        vl_buf_printf(p->out, "<tr><td><span class=\"badge %s\">%s</span></td><td>", severity, severity);
        vl_markup_text(p->out, s->title);
        vl_buf_append_str(p->out, "</td><td>");
        vl_markup_text(p->out, s->path);
        vl_buf_printf(p->out, ":%u%s</td><td>", s->line, s->deleted ? " (deleted later)" : "");
        element(p, "code", NULL, s->redacted);
        vl_buf_append_str(p->out, "</td></tr>");
    }
    vl_buf_append_str(p->out, "</tbody></table></section>\n");
}

static void write_coverage(struct page *p)
{
    const struct vl_coverage *c = &p->result->coverage;
    const struct vl_inventory *inv = p->result->inventory;
    char date[VL_TIME_TEXT_MAX];
    vl_buf_append_str(p->out, "<section><h2>What this rests "
                              "on</h2><table><thead><tr><th>Ecosystem</th><th>Packages</th><th>Advisories</"
                              "th><th>Date</th></tr></thead><tbody>");
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct vl_coverage_row *row = &c->rows[i];
        vl_buf_append_str(p->out, "<tr><td>");
        vl_markup_text(p->out, row->ecosystem);
        vl_buf_printf(p->out, "</td><td>%llu</td><td>", (unsigned long long)row->packages);
        vl_markup_text(p->out, row->has_data ? row->source : "none: not assessed");
        vl_buf_printf(
            p->out, "</td><td>%s</td></tr>", row->data_ms ? vl_time_format_date(row->data_ms, date) : "");
    }
    vl_buf_printf(p->out,
        "</tbody></table><p>%llu packages, %llu of them left to the distribution's verdict, %llu binaries "
        "unidentified.</p>",
        (unsigned long long)c->packages, (unsigned long long)c->os_owned,
        (unsigned long long)c->unidentified);
    if (inv->notes.len) {
        vl_buf_append_str(p->out, "<h3>Notes</h3><ul>");
        for (size_t i = 0; i < inv->notes.len; i++) {
            vl_buf_append_str(p->out, "<li>");
            vl_markup_text(p->out, inv->notes.items[i].object);
            vl_buf_append_str(p->out, ": ");
            vl_markup_text(p->out, inv->notes.items[i].message);
            vl_buf_append_str(p->out, "</li>");
        }
        vl_buf_append_str(p->out, "</ul>");
    }
    vl_buf_append_str(p->out, "</section>\n");
}

static void write_packages(struct page *p)
{
    const struct vl_vec *packages = &p->result->inventory->packages;
    vl_buf_printf(p->out,
        "<section><h2>Packages: %zu</h2><details%s><summary>The whole "
        "inventory</summary><table><thead><tr><th>Ecosystem</th><th>Package</th><th>Version</th><th>Path</"
        "th></tr></thead><tbody>",
        packages->len, p->options->packages_only ? " open" : "");
    for (size_t i = 0; i < packages->len; i++) {
        const struct vl_package *k = vl_vec_at(packages, i);
        vl_buf_printf(p->out, "<tr><td>%s</td><td>", vl_ecosystem_info(k->ecosystem)->name);
        vl_markup_text(p->out, k->name);
        vl_buf_append_str(p->out, "</td><td>");
        vl_markup_text(p->out, k->version);
        vl_buf_append_str(p->out, "</td><td>");
        vl_markup_text(p->out, k->path);
        vl_buf_append_str(p->out, "</td></tr>\n");
    }
    vl_buf_append_str(p->out, "</tbody></table></details></section>\n");
}

int vl_report_html(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct page p = {.result = result, .options = options, .out = out};
    write_head(&p);
    int r = write_summary(&p, err);
    if (r < 0)
        return r;
    if (!options->packages_only) {
        write_charts(&p);
        write_findings(&p);
        write_secrets(&p);
        write_coverage(&p);
    }
    write_packages(&p);
    vl_buf_append_str(out, "</main>\n<script>");
    vl_buf_append_str(out, vl_html_script);
    vl_buf_append_str(out, "</script>\n</body>\n</html>\n");
    return vl_buf_check(out, "HTML", err);
}
