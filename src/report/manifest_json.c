/* The JSON report of checked manifests: docs/schema/manifests.json. */
#include "codec/json.h"
#include "manifest_formats.h"

static void write_strings(struct vl_json *j, const char *key, const char *const *items, uint32_t n)
{
    vl_json_key(j, key);
    vl_json_array(j);
    for (uint32_t i = 0; i < n; i++)
        vl_json_str(j, items[i]);
    vl_json_array_end(j);
}

static void write_count(struct vl_json *j, const char *key, uint64_t n)
{
    vl_json_key(j, key);
    vl_json_uint(j, n);
}

static void write_summary(struct vl_json *j, const struct vl_manifest_result *result)
{
    uint64_t fails = 0;
    vl_json_key(j, "summary");
    vl_json_object(j);
    write_count(j, "files", result->files);
    write_count(j, "objects", result->objects.len);
    write_count(j, "foreign_documents", result->foreign);
    write_count(j, "checks", result->checks.len);
    vl_json_key(j, "by_severity");
    vl_json_object(j);
    for (unsigned s = VL_SEVERITY_COUNT; s-- > 0;) {
        write_count(j, vl_severity_name((enum vl_severity)s), result->by_severity[s]);
        fails += result->by_severity[s];
    }
    vl_json_object_end(j);
    write_count(j, "failed", fails);
    write_count(j, "exempt", result->exempt);
    write_count(j, "errors", result->errors);
    write_count(j, "left_out", result->left_out);
    vl_json_member_bool(j, "partial", result->partial);
    vl_json_object_end(j);
}

static void write_check(struct vl_json *j, const struct vl_manifest_check *c)
{
    vl_json_object(j);
    vl_json_member_str(j, "id", c->id);
    vl_json_member_str(j, "version", c->version);
    vl_json_member_str(j, "kind", c->kind);
    vl_json_member_str(j, "title", c->title);
    vl_json_member_str(j, "category", c->category);
    vl_json_member_str(j, "severity", vl_severity_name(c->severity));
    vl_json_member_str(j, "data_date", c->data_date);
    write_strings(j, "remediation", c->remediation, c->n_remediation);
    write_count(j, "passed", c->counts[VL_VERDICT_PASS]);
    write_count(j, "failed", c->counts[VL_VERDICT_FAIL]);
    write_count(j, "exempt", c->counts[VL_VERDICT_EXEMPT]);
    write_count(j, "errors", c->counts[VL_VERDICT_ERROR]);
    write_count(j, "not_applicable", c->counts[VL_VERDICT_NOT_APPLICABLE]);
    vl_json_object_end(j);
}

static void write_place(struct vl_json *j, uint32_t line, uint32_t column)
{
    if (line)
        vl_json_member_int(j, "line", line);
    if (column)
        vl_json_member_int(j, "column", column);
}

static void write_fields(struct vl_json *j, const struct vl_manifest_finding *f)
{
    vl_json_key(j, "fields");
    vl_json_array(j);
    for (uint32_t i = 0; i < f->n_fields; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "path", f->fields[i].path);
        write_place(j, f->fields[i].line, f->fields[i].column);
        vl_json_member_bool(j, "missing", f->fields[i].missing);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_finding(
    struct vl_json *j, const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    const struct vl_manifest_check *c = vl_manifest_check_of(result, f);
    const struct vl_manifest_object *o = vl_manifest_object_of(result, f);
    vl_json_object(j);
    vl_json_member_str(j, "check", c->id);
    vl_json_member_str(j, "version", c->version);
    vl_json_member_str(j, "rule", f->rule);
    vl_json_member_str(j, "severity", vl_severity_name(c->severity));
    vl_json_member_str(j, "outcome", vl_verdict_outcome_name(f->outcome));
    vl_json_member_str(j, "title", c->title);
    vl_json_member_str(j, "message", vl_report_finding_text(result, f));
    vl_json_member_str(j, "file", o->file);
    write_place(j, f->line, f->column);
    vl_json_key(j, "object");
    vl_json_object(j);
    vl_json_member_str(j, "api_version", o->api_version);
    vl_json_member_str(j, "kind", o->kind);
    vl_json_member_str(j, "namespace", o->namespace_name);
    vl_json_member_str(j, "name", o->name);
    vl_json_member_int(j, "line", o->line);
    vl_json_member_int(j, "document", o->document);
    vl_json_member_str(j, "hash", o->hash);
    vl_json_object_end(j);
    vl_json_member_str(j, "evaluated_as", f->evaluated_as);
    write_fields(j, f);
    write_strings(j, "remediation", c->remediation, c->n_remediation);
    vl_json_member_str(j, f->fix_is_patch ? "fix_patch" : "fix_apply", f->fix);
    vl_json_member_str(j, "exemption", f->exemption);
    vl_json_member_str(j, "justification", f->justification);
    vl_json_object_end(j);
}

static void write_problems(struct vl_json *j, const struct vl_manifest_result *result)
{
    vl_json_key(j, "problems");
    vl_json_array(j);
    for (size_t i = 0; i < result->problems.len; i++) {
        const struct vl_manifest_problem *p = vl_vec_at(&result->problems, i);
        vl_json_object(j);
        vl_json_member_str(j, "level", p->is_error ? "error" : "warning");
        vl_json_member_str(j, "file", p->file);
        write_place(j, p->line, p->column);
        vl_json_member_str(j, "message", p->message);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    write_count(j, "problems_left_out", result->problems_left_out);
}

static void write_standards(struct vl_json *j, const struct vl_manifest_result *result)
{
    vl_json_key(j, "standards");
    vl_json_array(j);
    for (size_t i = 0; i < result->standards.len; i++) {
        const struct vl_manifest_standard *s = vl_vec_at(&result->standards, i);
        vl_json_object(j);
        vl_json_member_str(j, "id", s->id);
        vl_json_member_str(j, "title", s->title);
        vl_json_member_str(j, "version", s->version);
        vl_json_member_int(j, "passed", s->passed);
        vl_json_member_int(j, "failed", s->failed);
        vl_json_member_int(j, "manual", s->manual);
        vl_json_member_int(j, "not_assessable", s->not_assessable);
        vl_json_member_int(j, "not_applicable", s->not_applicable);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

int vl_report_manifests_json(const struct vl_manifest_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct vl_json j;
    vl_json_init(&j, out, true);
    vl_json_object(&j);
    vl_json_member_int(&j, "schema_version", 1);
    vl_json_member_str(&j, "kind", "manifests");
    vl_json_key(&j, "tool");
    vl_json_object(&j);
    vl_json_member_str(&j, "name", "vallum");
    vl_json_member_str(&j, "version", options->version);
    vl_json_object_end(&j);
    vl_json_member_time(&j, "scanned", result->scanned_ms);
    vl_json_member_int(&j, "took_ms", result->took_us / 1000);
    write_summary(&j, result);
    write_standards(&j, result);
    vl_json_key(&j, "findings");
    vl_json_array(&j);
    for (size_t i = 0; i < result->findings.len; i++)
        write_finding(&j, result, vl_manifest_finding_at(result, i));
    vl_json_array_end(&j);
    vl_json_key(&j, "checks");
    vl_json_array(&j);
    for (size_t i = 0; i < result->checks.len; i++)
        write_check(&j, vl_vec_at(&result->checks, i));
    vl_json_array_end(&j);
    write_problems(&j, result);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
    return vl_json_check(&j, "JSON report", err);
}
