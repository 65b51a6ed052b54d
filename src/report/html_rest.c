/* The HTML report below its findings: secrets, what the answer rests on, notes, the inventory. */
#include "base/time.h"
#include "formats.h"
#include "html_page.h"
#include "markup.h"

static void write_secrets(const struct vl_inventory *inv, struct vl_buf *out)
{
    if (!inv->secrets_scanned)
        return;
    vl_buf_printf(out, "<section><h2>Secrets <span class=\"n\">%zu</span></h2>", inv->secrets.len);
    if (!inv->secrets.len) {
        vl_buf_append_str(out, "<p>None found in the layers.</p></section>\n");
        return;
    }
    vl_buf_append_str(out,
        "<table class=\"stack\"><thead><tr><th>Severity</th><th>What</th><th>Where</th><th>Match</th>"
        "</tr></thead><tbody>");
    for (size_t i = 0; i < inv->secrets.len; i++) {
        const struct vl_secret *s = vl_vec_at(&inv->secrets, i);
        const char *severity = vl_severity_name((enum vl_severity)s->severity);
        vl_buf_printf(out,
            "<tr><td class=\"keep\"><span class=\"sev %s\"><span class=\"dot\"></span>%s</span></td><td>",
            severity, severity);
        vl_markup_text(out, s->title);
        vl_buf_append_str(out, "</td><td>");
        vl_markup_text(out, s->path);
        vl_buf_printf(out, ":%u%s</td><td><code>", s->line,
            s->deleted ? "<small>deleted later, still in the image</small>" : "");
        vl_markup_text(out, s->redacted);
        vl_buf_append_str(out, "</code>");
        if (s->ignored) {
            vl_buf_append_str(out, "<small>ignored: ");
            vl_markup_text(out, s->ignored);
            vl_buf_append_str(out, "</small>");
        }
        vl_buf_append_str(out, "</td></tr>\n");
    }
    vl_buf_append_str(out, "</tbody></table></section>\n");
}

static void write_coverage_row(const struct vl_coverage_row *row, struct vl_buf *out)
{
    char date[VL_TIME_TEXT_MAX];
    vl_buf_append_str(out, "<tr><td>");
    vl_markup_text(out, row->ecosystem);
    vl_buf_printf(out, "</td><td>%llu</td><td>", (unsigned long long)row->packages);
    if (row->has_data)
        vl_markup_text(out, row->source);
    else
        vl_buf_append_str(out, "<span class=\"high\">none: not assessed</span>");
    if (row->starter)
        vl_buf_append_str(out, "<small class=\"high\">starter set: made for the demonstration image</small>");
    vl_buf_printf(
        out, "</td><td>%s</td></tr>\n", row->data_ms ? vl_time_format_date(row->data_ms, date) : "");
}

static void write_coverage(const struct vl_scan_result *result, struct vl_buf *out)
{
    const struct vl_coverage *c = &result->coverage;
    vl_buf_append_str(out,
        "<section><h2>What this rests on</h2><table><thead><tr><th>Ecosystem</th><th>Packages</th>"
        "<th>Advisories</th><th>Date</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < c->n_rows; i++)
        write_coverage_row(&c->rows[i], out);
    vl_buf_printf(out,
        "</tbody></table><p>%llu package%s; %llu left to the distribution's verdict; %llu binar%s "
        "unidentified; %llu "
        "requirement%s without one version not matched.</p></section>\n",
        (unsigned long long)c->packages, c->packages == 1 ? "" : "s", (unsigned long long)c->os_owned,
        (unsigned long long)c->unidentified, c->unidentified == 1 ? "y" : "ies",
        (unsigned long long)c->ranges, c->ranges == 1 ? "" : "s");
}

static void item(struct vl_buf *out, const char *object, const char *message)
{
    vl_buf_append_str(out, "<li><code>");
    vl_markup_text(out, object);
    vl_buf_append_str(out, "</code> ");
    vl_markup_text(out, message);
    vl_buf_append_str(out, "</li>\n");
}

static void write_notes(const struct vl_scan_result *result, struct vl_buf *out)
{
    const struct vl_inventory *inv = result->inventory;
    if (inv->notes.len || inv->unidentified.len) {
        vl_buf_append_str(out, "<section><h2>What was not seen</h2><ul class=\"plain\">\n");
        for (size_t i = 0; i < inv->notes.len; i++)
            item(out, inv->notes.items[i].object, inv->notes.items[i].message);
        for (size_t i = 0; i < inv->unidentified.len; i++) {
            const struct vl_unidentified *u = vl_vec_at(&inv->unidentified, i);
            item(out, u->path, u->kind);
        }
        if (inv->notes.dropped)
            vl_buf_printf(out, "<li>and %llu more notes</li>", (unsigned long long)inv->notes.dropped);
        vl_buf_append_str(out, "</ul></section>\n");
    }
    if (!result->ignores.len)
        return;
    vl_buf_append_str(out, "<section><h2>Ignore entries that do nothing</h2><ul class=\"plain\">\n");
    for (size_t i = 0; i < result->ignores.len; i++) {
        const struct vl_ignore_report *g = vl_vec_at(&result->ignores, i);
        VL_CLEANUP(vl_buf_done) struct vl_buf text;
        vl_buf_init(&text, 1UL << 20);
        vl_buf_printf(
            &text, "%s (%s)", g->expired ? "has expired" : "matches nothing", g->where ? g->where : "?");
        item(out, g->id, vl_buf_str(&text));
    }
    vl_buf_append_str(out, "</ul></section>\n");
}

static void write_packages(const struct vl_inventory *inv, bool open, struct vl_buf *out)
{
    vl_buf_printf(out,
        "<section><details%s><summary>All packages <span class=\"n\">%zu</span></summary><table "
        "class=\"stack\"><thead>"
        "<tr><th>Ecosystem</th><th>Package</th><th>Version</th><th>Licence</th><th>Path</th></tr></"
        "thead><tbody>\n",
        open ? " open" : "", inv->packages.len);
    for (size_t i = 0; i < inv->packages.len; i++) {
        const struct vl_package *k = vl_vec_at(&inv->packages, i);
        vl_buf_printf(out, "<tr><td>%s</td><td>", vl_ecosystem_info(k->ecosystem)->name);
        vl_markup_text(out, k->name);
        vl_buf_append_str(out, "</td><td>");
        vl_markup_text(out, k->version);
        vl_buf_append_str(out, "</td><td>");
        for (uint32_t l = 0; l < k->n_licenses; l++) {
            vl_buf_append_str(out, l ? ", " : "");
            vl_markup_text(out, k->licenses[l]);
        }
        vl_buf_append_str(out, "</td><td>");
        vl_markup_text(out, k->path);
        vl_buf_append_str(out, "</td></tr>\n");
    }
    vl_buf_append_str(out, "</tbody></table></details></section>\n");
}

void vl_report_html_rest(
    const struct vl_scan_result *result, const struct vl_report_options *options, struct vl_buf *out)
{
    if (!options->packages_only) {
        write_secrets(result->inventory, out);
        write_coverage(result, out);
    }
    write_notes(result, out);
    write_packages(result->inventory, options->packages_only, out);
}
