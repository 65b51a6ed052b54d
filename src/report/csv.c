/* CSV (RFC 4180, CRLF), one line a finding; with packages_only one a package. A field that a spreadsheet
 * would take for a formula gets an apostrophe before it. */
#include <string.h>

#include "formats.h"

static void field(struct vl_buf *out, const char *text, bool last)
{
    if (text && *text) {
        bool formula = strchr("=+-@\t\r", text[0]) != NULL;
        vl_buf_append_char(out, '"');
        if (formula)
            vl_buf_append_char(out, '\'');
        for (; *text; text++) {
            if (*text == '"')
                vl_buf_append_char(out, '"');
            vl_buf_append_char(out, *text);
        }
        vl_buf_append_char(out, '"');
    }
    vl_buf_append_str(out, last ? "\r\n" : ",");
}

static void number(struct vl_buf *out, bool known, double v)
{
    if (known)
        vl_buf_printf(out, "%.5f", v);
    vl_buf_append_char(out, ',');
}

static void write_finding(struct vl_buf *out, const struct vl_scan_result *result, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    const struct vl_layer *layer = vl_report_layer(result, p->layer);
    field(out, f->id, false);
    field(out, vl_severity_name(f->severity), false);
    field(out, f->severity_source, false);
    field(out, vl_ecosystem_info(p->ecosystem)->name, false);
    field(out, p->name, false);
    field(out, p->version, false);
    field(out, f->fixed_version, false);
    field(out, vl_fix_state_name(f->state), false);
    number(out, f->n_cvss > 0, f->n_cvss ? f->cvss[0].score : 0);
    field(out, f->n_cvss ? f->cvss[0].vector : NULL, false);
    number(out, f->has_epss, f->epss);
    field(out, f->kev ? "yes" : "no", false);
    field(out, p->path, false);
    field(out, layer ? layer->diff_id : NULL, false);
    field(out, p->purl, false);
    field(out, vl_report_status_name(f->status), false);
    field(out, f->title, false);
    field(out, f->remedy.text, true);
}

static void write_package(struct vl_buf *out, const struct vl_package *p)
{
    field(out, vl_ecosystem_info(p->ecosystem)->name, false);
    field(out, p->name, false);
    field(out, p->version, false);
    field(out, p->source_name, false);
    field(out, p->path, false);
    field(out, p->n_licenses ? p->licenses[0] : NULL, false);
    field(out, p->purl, true);
}

int vl_report_csv(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    if (options->packages_only) {
        vl_buf_append_str(out, "ecosystem,name,version,source,path,license,purl\r\n");
        for (size_t i = 0; i < result->inventory->packages.len; i++)
            write_package(out, vl_vec_at(&result->inventory->packages, i));
        return vl_buf_check(out, "CSV", err);
    }
    vl_buf_append_str(out, "id,severity,severity_source,ecosystem,package,version,fixed_version,state,cvss_"
                           "score,cvss_vector,epss,kev,path,"
                           "layer,purl,status,title,remediation\r\n");
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (vl_report_shows(f, options))
            write_finding(out, result, f);
    }
    return vl_buf_check(out, "CSV", err);
}
