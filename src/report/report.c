#include "report/report.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "formats.h"
#include "width.h"

#define REASON_MAX 160 /* columns: the whole reason stands in other places of a report */

static const struct {
    const char *name;
    int (*write)(const struct vl_scan_result *result, const struct vl_report_options *options,
        struct vl_buf *out, struct vl_err *err);
} formats[VL_REPORT_FORMAT_COUNT] = {
    [VL_REPORT_TABLE] = {"table", vl_report_table},
    [VL_REPORT_JSON] = {"json", vl_report_json},
    [VL_REPORT_SARIF] = {"sarif", vl_report_sarif},
    [VL_REPORT_CYCLONEDX] = {"cyclonedx", vl_report_cyclonedx},
    [VL_REPORT_SPDX] = {"spdx", vl_report_spdx},
    [VL_REPORT_JUNIT] = {"junit", vl_report_junit},
    [VL_REPORT_CSV] = {"csv", vl_report_csv},
    [VL_REPORT_HTML] = {"html", vl_report_html},
};

const char *vl_report_format_name(enum vl_report_format format)
{
    return (unsigned)format < VL_REPORT_FORMAT_COUNT ? formats[format].name : "unknown";
}

bool vl_report_format_parse(struct vl_span name, enum vl_report_format *ret)
{
    for (unsigned i = 0; i < VL_REPORT_FORMAT_COUNT; i++) {
        if (vl_span_eq_nocase(name, vl_span_str(formats[i].name))) {
            *ret = (enum vl_report_format)i;
            return true;
        }
    }
    return false;
}

int vl_report_write(const struct vl_scan_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err)
{
    if ((unsigned)format >= VL_REPORT_FORMAT_COUNT)
        return vl_err_set(err, VL_ERR_USAGE, "there is no report format %d", (int)format);
    int r = formats[format].write(result, options, out, err);
    if (r < 0)
        return vl_err_wrap(err, "%s report", formats[format].name);
    return vl_buf_check(out, "report", err);
}

struct vl_report_counts vl_report_count(const struct vl_scan_result *result)
{
    struct vl_report_counts c = {0};
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (f->status != VL_FINDING_OPEN) {
            c.hidden++;
            continue;
        }
        /* Malware is fixed by removing it. */
        bool fixable = f->malicious || (f->fixed_version && f->state != VL_FIX_PAID);
        c.open++;
        c.by_severity[(unsigned)f->severity < VL_SEVERITY_COUNT ? f->severity : VL_SEVERITY_UNKNOWN]++;
        c.fixable += fixable;
        c.without_fix += !fixable;
        c.in_baseline += f->in_baseline;
        c.fix_now += f->malicious || f->kev || (fixable && f->severity == VL_SEVERITY_CRITICAL);
        if (f->kev) {
            c.exploited++;
            if (f->kev->due_ms && (!c.first_due_ms || f->kev->due_ms < c.first_due_ms))
                c.first_due_ms = f->kev->due_ms;
        }
    }
    return c;
}

bool vl_report_shows(const struct vl_finding *finding, const struct vl_report_options *options)
{
    return finding->status == VL_FINDING_OPEN || options->show_hidden;
}

const char *vl_report_status_name(enum vl_finding_status status)
{
    switch (status) {
    case VL_FINDING_OPEN:
        return "open";
    case VL_FINDING_IGNORED:
        return "ignored";
    case VL_FINDING_VEX:
        return "vex";
    case VL_FINDING_OS_JUDGED:
        return "os_judged";
    case VL_FINDING_FILTERED:
    default:
        return "filtered";
    }
}

const char *vl_report_kind_name(enum vl_target_kind kind)
{
    static const char *const names[] = {"image", "rootfs", "fs", "sbom"};
    return (unsigned)kind < VL_ARRAY_LEN(names) ? names[kind] : "unknown";
}

const char *vl_report_assessed_name(enum vl_assessed assessed)
{
    static const char *const names[] = {"full", "partial", "not_assessed"};
    return (unsigned)assessed < VL_ARRAY_LEN(names) ? names[assessed] : "not_assessed";
}

const char *vl_report_day(int64_t ms, int64_t now_ms, char text[VL_REPORT_DAY_MAX])
{
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char date[VL_TIME_TEXT_MAX], today[VL_TIME_TEXT_MAX];
    uint64_t month = 0, day = 0;
    struct vl_span s = vl_span_str(vl_time_format_date(ms, date));
    struct vl_span now = vl_span_str(vl_time_format_date(now_ms, today));
    struct vl_span year = vl_span_slice(s, 0, 4);
    bool other_year = !vl_span_eq(year, vl_span_slice(now, 0, 4));
    text[0] = '\0';
    if (vl_span_to_u64(vl_span_slice(s, 5, 7), &month) && vl_span_to_u64(vl_span_slice(s, 8, 10), &day) &&
        month >= 1 && month <= 12)
        (void)snprintf(text, VL_REPORT_DAY_MAX, "%u %s%s%.*s", (unsigned)day, months[month - 1],
            other_year ? " " : "", other_year ? vl_span_int_len(year) : 0, year.ptr);
    return text;
}

const struct vl_layer *vl_report_layer(const struct vl_scan_result *result, uint32_t index)
{
    return index == VL_LAYER_NONE ? NULL : vl_vec_at(&result->inventory->layers, index);
}

const char *vl_report_id_url(const char *id, char url[256])
{
    static const struct {
        const char *prefix;
        const char *page;
    } pages[] = {
        {"CVE-", "https://nvd.nist.gov/vuln/detail/"},
        {"GHSA-", "https://github.com/advisories/"},
        {"PYSEC-", "https://osv.dev/vulnerability/"},
        {"GO-", "https://pkg.go.dev/vuln/"},
        {"RUSTSEC-", "https://rustsec.org/advisories/"},
        {"MAL-", "https://osv.dev/vulnerability/"},
    };
    for (const char *c = id; *c; c++) {
        if (!(vl_char_is_digit(*c) || vl_char_is_letter(*c) || strchr("-_.:", *c)))
            return NULL;
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(pages); i++) {
        if (strncmp(id, pages[i].prefix, strlen(pages[i].prefix)) == 0 &&
            (size_t)snprintf(url, 256, "%s%s", pages[i].page, id) < 256)
            return url;
    }
    return NULL;
}

bool vl_report_is_url(const char *text)
{
    struct vl_span s = vl_span_str(text);
    if (!vl_span_starts_with(s, "https://") && !vl_span_starts_with(s, "http://"))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] == 0x7f || strchr("\"'<>\\^`{|}", s.ptr[i]))
            return false;
    }
    return s.len > strlen("https://");
}

static void append_first(struct vl_buf *out, const struct vl_report_counts *c, int64_t now_ms)
{
    char day[VL_REPORT_DAY_MAX];
    vl_buf_printf(out, "%llu to fix now", (unsigned long long)c->fix_now);
    if (c->exploited) {
        vl_buf_printf(out, " (%llu exploited", (unsigned long long)c->exploited);
        if (c->first_due_ms)
            vl_buf_printf(out, ", due %s", vl_report_day(c->first_due_ms, now_ms, day));
        vl_buf_append_char(out, ')');
    }
}

static void append_reason(struct vl_buf *out, const char *word, const char *reason, const char *otherwise)
{
    struct vl_span text = vl_span_str(reason ? reason : otherwise);
    unsigned columns;
    size_t fits = vl_report_fit(text, REASON_MAX, &columns);
    vl_buf_append_str(out, word);
    vl_text_append_printable(out, vl_span_slice(text, 0, fits));
    if (fits < text.len)
        vl_buf_append_str(out, "…");
}

bool vl_report_was_matched(const struct vl_scan_result *result)
{
    const struct vl_coverage *c = &result->coverage;
    return c->database || c->n_rows || c->assessed == VL_ASSESSED_NOT || result->findings.len || !c->packages;
}

int vl_report_summary_line(const struct vl_scan_result *result, struct vl_buf *out, struct vl_err *err)
{
    struct vl_report_counts c = vl_report_count(result);
    const struct vl_coverage *coverage = &result->coverage;
    char date[VL_TIME_TEXT_MAX];
    if (coverage->assessed == VL_ASSESSED_NOT)
        append_reason(out, "NOT ASSESSED: ", coverage->why_not, "there is no advisory data");
    else if (!vl_report_was_matched(result))
        vl_buf_append_str(out, "vulnerabilities were not looked for");
    else
        append_first(out, &c, result->scanned_ms);
    if ((coverage->assessed != VL_ASSESSED_NOT && vl_report_was_matched(result)) || c.open)
        vl_buf_printf(out, " · %llu fixable · %llu without fix", (unsigned long long)c.fixable,
            (unsigned long long)c.without_fix);
    if (c.hidden)
        vl_buf_printf(out, " · %llu hidden", (unsigned long long)c.hidden);
    vl_buf_printf(
        out, " · %llu package%s", (unsigned long long)coverage->packages, coverage->packages == 1 ? "" : "s");
    if (coverage->unidentified)
        vl_buf_printf(out, ", %llu binar%s unidentified", (unsigned long long)coverage->unidentified,
            coverage->unidentified == 1 ? "y" : "ies");
    if (coverage->database_ms)
        vl_buf_printf(out, " · advisories of %s", vl_time_format_date(coverage->database_ms, date));
    if (coverage->assessed == VL_ASSESSED_PARTIAL)
        append_reason(out, " · PARTIAL: ", coverage->why_not, "see the notes");
    return vl_buf_check(out, "summary", err);
}
