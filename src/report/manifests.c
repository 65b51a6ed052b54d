#include "report/manifests.h"

#include <stdio.h>

#include "manifest_formats.h"

const char *vl_report_object_name(const struct vl_manifest_object *object, char text[VL_MANIFEST_NAME_MAX])
{
    const char *name = object->name[0] ? object->name : "(no name)";
    (void)snprintf(text, VL_MANIFEST_NAME_MAX, "%s %s%s%s", object->kind, object->namespace_name,
        object->namespace_name[0] ? "/" : "", name);
    return text;
}

const char *vl_report_finding_text(
    const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    const struct vl_manifest_check *check = vl_manifest_check_of(result, f);
    if (f->message && f->message[0])
        return f->message;
    return check->title ? check->title : check->id;
}

static void append_part(struct vl_buf *out, uint64_t n, const char *one, const char *many)
{
    vl_buf_printf(out, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void append_severities(const struct vl_manifest_result *result, struct vl_buf *out)
{
    bool first = true;
    for (unsigned s = VL_SEVERITY_COUNT; s-- > 0;) {
        if (!result->by_severity[s])
            continue;
        vl_buf_printf(out, "%s%llu %s", first ? " (" : ", ", (unsigned long long)result->by_severity[s],
            vl_severity_name((enum vl_severity)s));
        first = false;
    }
    if (!first)
        vl_buf_append_char(out, ')');
}

int vl_report_manifests_summary(
    const struct vl_manifest_result *result, struct vl_buf *out, struct vl_err *err)
{
    uint64_t fails = 0, fixable = 0, unread = 0;
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct vl_manifest_finding *f = vl_manifest_finding_at(result, i);
        fixable += f->outcome == VL_VERDICT_FAIL && f->fix;
    }
    for (unsigned s = 0; s < VL_SEVERITY_COUNT; s++)
        fails += result->by_severity[s];
    for (size_t i = 0; i < result->problems.len; i++)
        unread += ((const struct vl_manifest_problem *)vl_vec_at(&result->problems, i))->is_error;
    vl_buf_printf(out, "%llu to fix", (unsigned long long)fails);
    append_severities(result, out);
    if (fixable) {
        vl_buf_append_str(out, " · ");
        append_part(out, fixable, "has a fix (--fix)", "have a fix (--fix)");
    }
    if (result->exempt)
        vl_buf_printf(out, " · %llu exempt", (unsigned long long)result->exempt);
    if (result->errors)
        vl_buf_printf(out, " · %llu could not be evaluated", (unsigned long long)result->errors);
    vl_buf_append_str(out, " · ");
    append_part(out, result->objects.len, "object in ", "objects in ");
    append_part(out, result->files, "file, ", "files, ");
    append_part(out, result->checks.len, "check", "checks");
    if (unread) {
        vl_buf_append_str(out, " · ");
        append_part(out, unread, "place not checked", "places not checked");
    }
    if (result->left_out)
        vl_buf_printf(out, " · %llu findings not kept", (unsigned long long)result->left_out);
    return vl_buf_check(out, "summary", err);
}

int vl_report_manifests(const struct vl_manifest_result *result, enum vl_report_format format,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err)
{
    switch (format) {
    case VL_REPORT_TABLE:
        return vl_report_manifests_table(result, options, out, err);
    case VL_REPORT_JSON:
        return vl_report_manifests_json(result, options, out, err);
    case VL_REPORT_SARIF:
        return vl_report_manifests_sarif(result, options, out, err);
    case VL_REPORT_JUNIT:
        return vl_report_manifests_junit(result, options, out, err);
    case VL_REPORT_CYCLONEDX:
    case VL_REPORT_SPDX:
    case VL_REPORT_CSV:
    case VL_REPORT_HTML:
    case VL_REPORT_FORMAT_COUNT:
    default:
        return vl_err_set(err, VL_ERR_USAGE,
            "manifests are reported as table, json, sarif or junit, not as %s",
            vl_report_format_name(format));
    }
}
