/* CSV (RFC 4180, CRLF), one line a finding; with packages_only one a package. A field that a spreadsheet
 * would take for a formula gets an apostrophe before it. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "formats.h"

#define FIELD_MAX (1UL << 20)

/* Spreadsheets take a field for a formula by its first character, some after blanks; the wide forms count in
 * some languages (OWASP, CSV Injection). */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        text++;
    for (size_t i = 0; i < VL_ARRAY_LEN(wide); i++) {
        if (strncmp(text, wide[i], 3) == 0)
            return true;
    }
    return *text && strchr("=+-@", *text);
}

/* One record is one line: line breaks and other control characters are written as printable text. */
static void field(struct vl_buf *out, const char *text, bool last)
{
    if (text && *text) {
        VL_CLEANUP(vl_buf_done) struct vl_buf safe;
        vl_buf_init(&safe, FIELD_MAX);
        vl_text_append_printable(&safe, vl_span_str(text));
        vl_buf_append_str(out, is_formula(text) ? "\"'" : "\"");
        struct vl_span rest = vl_buf_span(&safe);
        for (size_t quote; (quote = vl_span_find_char(rest, '"')) != SIZE_MAX;) {
            vl_buf_append_span(out, vl_span_slice(rest, 0, quote + 1));
            vl_buf_append_char(out, '"');
            rest = vl_span_slice(rest, quote + 1, rest.len);
        }
        vl_buf_append_span(out, rest);
        vl_buf_append_char(out, '"');
        if (safe.failed)
            out->failed = safe.failed;
    }
    vl_buf_append_str(out, last ? "\r\n" : ",");
}

static void number(struct vl_buf *out, bool known, int decimals, double v)
{
    if (known)
        vl_buf_printf(out, "%.*f", decimals, v);
    vl_buf_append_char(out, ',');
}

static void list(struct vl_buf *out, const char *const *texts, size_t n)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf all;
    vl_buf_init(&all, FIELD_MAX);
    for (size_t i = 0; i < n; i++)
        vl_buf_printf(&all, "%s%s", i ? " " : "", texts[i]);
    field(out, vl_buf_str(&all), false);
    if (all.failed)
        out->failed = all.failed;
}

static void write_finding(struct vl_buf *out, const struct vl_scan_result *result, const struct vl_finding *f)
{
    const struct vl_package *p = f->package;
    const struct vl_layer *layer = vl_report_layer(result, p->layer);
    char date[VL_TIME_TEXT_MAX];
    field(out, f->id, false);
    list(out, f->aliases, f->n_aliases);
    field(out, vl_severity_name(f->severity), false);
    field(out, f->severity_source, false);
    field(out, vl_ecosystem_info(p->ecosystem)->name, false);
    field(out, p->name, false);
    field(out, p->version, false);
    field(out, f->fixed_version, false);
    field(out, vl_fix_state_name(f->state), false);
    number(out, f->n_cvss > 0, 1, f->n_cvss ? f->cvss[0].score : 0);
    field(out, f->n_cvss ? f->cvss[0].vector : NULL, false);
    number(out, f->has_epss, 5, f->epss);
    field(out, f->kev ? "yes" : "no", false);
    field(out, f->kev && f->kev->due_ms ? vl_time_format_date(f->kev->due_ms, date) : NULL, false);
    field(out, p->path, false);
    field(out, layer ? layer->diff_id : NULL, false);
    field(out, p->purl, false);
    field(out, vl_report_status_name(f->status), false);
    field(out, f->status_reason, false);
    field(out, f->title, false);
    field(out, f->remedy.text, false);
    field(out, f->remedy.command, true);
}

static void write_package(struct vl_buf *out, const struct vl_package *p)
{
    field(out, vl_ecosystem_info(p->ecosystem)->name, false);
    field(out, p->name, false);
    field(out, p->version, false);
    field(out, p->source_name, false);
    field(out, p->path, false);
    list(out, p->licenses, p->n_licenses);
    field(out, p->purl, true);
}

int vl_report_csv(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    if (options->packages_only) {
        vl_buf_append_str(out, "ecosystem,name,version,source,path,licenses,purl\r\n");
        for (size_t i = 0; i < result->inventory->packages.len; i++)
            write_package(out, vl_vec_at(&result->inventory->packages, i));
        return vl_buf_check(out, "CSV", err);
    }
    vl_buf_append_str(out,
        "id,aliases,severity,severity_source,ecosystem,package,version,fixed_version,state,"
        "cvss_score,cvss_vector,epss,kev,kev_due,path,layer,purl,status,status_reason,title,"
        "remediation,command\r\n");
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (vl_report_shows(f, options))
            write_finding(out, result, f);
    }
    return vl_buf_check(out, "CSV", err);
}
