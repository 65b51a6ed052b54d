/* JUnit XML of checked manifests: a test case a finding and a passed one for each check that failed nowhere.
 */
#include "manifest_formats.h"
#include "markup.h"

static void attribute(struct vl_buf *out, const char *name, const char *value)
{
    vl_buf_printf(out, " %s=\"", name);
    vl_markup_text(out, value);
    vl_buf_append_char(out, '"');
}

static void write_finding(
    struct vl_buf *out, const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    const struct vl_manifest_check *c = vl_manifest_check_of(result, f);
    const struct vl_manifest_object *o = vl_manifest_object_of(result, f);
    char object[VL_MANIFEST_NAME_MAX];
    struct vl_buf name VL_CLEANUP(vl_buf_done);
    vl_buf_init(&name, 1UL << 20);
    vl_buf_printf(&name, "%s: %s (line %u)", c->id, vl_report_object_name(o, object), f->line);
    vl_buf_append_str(out, "    <testcase");
    attribute(out, "classname", o->file);
    attribute(out, "name", vl_buf_str(&name));
    if (f->outcome == VL_VERDICT_EXEMPT) {
        vl_buf_append_str(out, "><skipped");
        attribute(out, "message", f->justification);
        vl_buf_append_str(out, "/></testcase>\n");
        return;
    }
    const char *element = f->outcome == VL_VERDICT_ERROR ? "error" : "failure";
    vl_buf_printf(out, ">\n      <%s", element);
    attribute(out, "type", vl_severity_name(c->severity));
    attribute(out, "message", vl_report_finding_text(result, f));
    vl_buf_append_char(out, '>');
    for (uint32_t i = 0; i < f->n_fields; i++) {
        vl_markup_text(out, f->fields[i].path);
        vl_buf_append_str(out, "\n");
    }
    for (uint32_t i = 0; i < c->n_remediation; i++) {
        vl_markup_text(out, c->remediation[i]);
        vl_buf_append_str(out, "\n");
    }
    vl_buf_printf(out, "</%s>\n    </testcase>\n", element);
}

static bool passed(const struct vl_manifest_check *c)
{
    return c->counts[VL_VERDICT_PASS] && !c->counts[VL_VERDICT_FAIL] && !c->counts[VL_VERDICT_ERROR] &&
           !c->counts[VL_VERDICT_EXEMPT];
}

int vl_report_manifests_junit(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err)
{
    (void)options;
    uint64_t passes = 0, failures = 0, unread = 0;
    for (size_t i = 0; i < result->checks.len; i++)
        passes += passed(vl_vec_at(&result->checks, i));
    for (size_t i = 0; i < result->findings.len; i++)
        failures += vl_manifest_finding_at(result, i)->outcome == VL_VERDICT_FAIL;
    for (size_t i = 0; i < result->problems.len; i++)
        unread += ((const struct vl_manifest_problem *)vl_vec_at(&result->problems, i))->is_error;
    vl_buf_append_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vallum\">\n");
    vl_buf_printf(out,
        "  <testsuite name=\"manifests\" tests=\"%llu\" failures=\"%llu\" errors=\"%llu\" skipped=\"%llu\" "
        "time=\"%.3f\">\n",
        (unsigned long long)(passes + result->findings.len + unread), (unsigned long long)failures,
        (unsigned long long)(result->errors + unread), (unsigned long long)result->exempt,
        (double)result->took_us / 1e6);
    for (size_t i = 0; i < result->problems.len; i++) {
        const struct vl_manifest_problem *p = vl_vec_at(&result->problems, i);
        if (!p->is_error)
            continue;
        vl_buf_append_str(out, "    <testcase name=\"readable\"");
        attribute(out, "classname", p->file);
        vl_buf_append_str(out, "><error type=\"unreadable\"");
        attribute(out, "message", p->message);
        vl_buf_append_str(out, "/></testcase>\n");
    }
    for (size_t i = 0; i < result->findings.len; i++)
        write_finding(out, result, vl_manifest_finding_at(result, i));
    for (size_t i = 0; i < result->checks.len; i++) {
        const struct vl_manifest_check *c = vl_vec_at(&result->checks, i);
        if (!passed(c))
            continue;
        vl_buf_append_str(out, "    <testcase classname=\"check\"");
        attribute(out, "name", c->id);
        vl_buf_append_str(out, "/>\n");
    }
    vl_buf_append_str(out, "  </testsuite>\n</testsuites>\n");
    return vl_buf_check(out, "JUnit", err);
}
