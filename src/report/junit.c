/* JUnit XML as pipelines read it: a test case a finding, failed where it is open and new; a case for how far
 * the scan reached. */
#include "base/time.h"
#include "formats.h"
#include "markup.h"

static void attribute(struct vl_buf *out, const char *name, const char *value)
{
    vl_buf_printf(out, " %s=\"", name);
    vl_markup_text(out, value);
    vl_buf_append_char(out, '"');
}

static bool fails(const struct vl_finding *f)
{
    return f->status == VL_FINDING_OPEN && !f->in_baseline;
}

static void write_finding(struct vl_buf *out, const struct vl_finding *f)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf name;
    vl_buf_init(&name, 1 << 16);
    vl_buf_printf(&name, "%s in %s %s", f->id, f->package->name, f->package->version);
    vl_buf_append_str(out, "    <testcase");
    attribute(out, "classname", f->package->path);
    attribute(out, "name", vl_buf_str(&name));
    if (!fails(f)) {
        vl_buf_append_str(out, "><skipped");
        attribute(out, "message",
            f->in_baseline     ? "in the baseline"
            : f->status_reason ? f->status_reason
                               : vl_report_status_name(f->status));
        vl_buf_append_str(out, "/></testcase>\n");
        return;
    }
    vl_buf_append_str(out, ">\n      <failure");
    attribute(out, "type", vl_severity_name(f->severity));
    attribute(out, "message", f->title ? f->title : f->id);
    vl_buf_append_char(out, '>');
    vl_markup_text(out, f->remedy.text);
    if (f->remedy.command) {
        vl_buf_append_str(out, "\n");
        vl_markup_text(out, f->remedy.command);
    }
    vl_buf_append_str(out, "</failure>\n    </testcase>\n");
}

static void write_secret(struct vl_buf *out, const struct vl_secret *s)
{
    vl_buf_append_str(out, "    <testcase");
    attribute(out, "classname", s->path);
    vl_buf_append_str(out, " name=\"");
    vl_markup_text(out, s->title);
    vl_buf_printf(out, " at line %u\">\n      <%s", s->line, s->ignored ? "skipped" : "failure");
    if (!s->ignored)
        attribute(out, "type", "secret");
    attribute(out, "message", s->ignored ? s->ignored : s->redacted);
    vl_buf_append_str(out, "/>\n    </testcase>\n");
}

int vl_report_junit(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    const struct vl_target *target = &result->inventory->target;
    const struct vl_vec *secrets = &result->inventory->secrets;
    bool assessed = result->coverage.assessed == VL_ASSESSED_FULL;
    char date[VL_TIME_TEXT_MAX];
    uint64_t tests = 1 + secrets->len, failures = 0, skipped = 0;
    for (size_t i = 0; i < secrets->len; i++) {
        const struct vl_secret *s = vl_vec_at(secrets, i);
        failures += s->ignored == NULL;
        skipped += s->ignored != NULL;
    }
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (!vl_report_shows(f, options))
            continue;
        tests++;
        failures += fails(f);
        skipped += !fails(f);
    }
    vl_buf_append_str(
        out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vallum\">\n  <testsuite");
    attribute(out, "name", target->reference ? target->reference : target->name);
    if (result->scanned_ms) {
        /* ISO 8601 without a zone, as Ant's schema wants it. */
        struct vl_span stamp = vl_span_str(vl_time_format(result->scanned_ms, date));
        vl_buf_printf(out, " timestamp=\"%.*s\"", VL_SPAN_FMT(vl_span_slice(stamp, 0, 19)));
    }
    vl_buf_printf(out, " tests=\"%llu\" failures=\"%llu\" errors=\"%d\" skipped=\"%llu\" time=\"%.3f\">\n",
        (unsigned long long)tests, (unsigned long long)failures, assessed ? 0 : 1,
        (unsigned long long)skipped, (double)result->took_us / 1e6);
    vl_buf_append_str(out, "    <testcase classname=\"coverage\" name=\"the target was assessed\"");
    if (assessed) {
        vl_buf_append_str(out, "/>\n");
    } else {
        vl_buf_append_str(out, "><error");
        attribute(out, "type", vl_report_assessed_name(result->coverage.assessed));
        attribute(out, "message", result->coverage.why_not);
        vl_buf_append_str(out, "/></testcase>\n");
    }
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&result->findings, i);
        if (vl_report_shows(f, options))
            write_finding(out, f);
    }
    for (size_t i = 0; i < secrets->len; i++)
        write_secret(out, vl_vec_at(secrets, i));
    vl_buf_append_str(out, "  </testsuite>\n</testsuites>\n");
    return vl_buf_check(out, "JUnit", err);
}
