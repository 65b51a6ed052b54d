/* SARIF 2.1.0 of checked manifests: a rule a check, a result a finding at its line; exemptions are
 * suppressions. */
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "manifest_formats.h"

static const char *level_of(enum vl_severity severity)
{
    if (severity >= VL_SEVERITY_HIGH)
        return "error";
    return severity == VL_SEVERITY_MEDIUM ? "warning" : "note";
}

static void write_text(struct vl_json *j, const char *key, const char *text)
{
    vl_json_key(j, key);
    vl_json_object(j);
    vl_json_member_str(j, "text", text);
    vl_json_object_end(j);
}

static void write_steps(struct vl_json *j, const struct vl_manifest_check *c)
{
    struct vl_buf steps VL_CLEANUP(vl_buf_done);
    vl_buf_init(&steps, 1UL << 20);
    for (uint32_t i = 0; i < c->n_remediation; i++)
        vl_buf_printf(&steps, "%s%u. %s", i ? "\n" : "", i + 1, c->remediation[i]);
    write_text(j, "help", steps.len ? vl_buf_str(&steps) : c->title ? c->title : c->id);
}

static void write_rule(struct vl_json *j, const struct vl_manifest_check *c)
{
    static const char *const scores[VL_SEVERITY_COUNT] = {"0.0", "0.1", "2.0", "5.5", "8.0", "9.5"};
    const char *title = c->title ? c->title : c->id;
    vl_json_object(j);
    vl_json_member_str(j, "id", c->id);
    write_text(j, "shortDescription", title);
    write_text(j, "fullDescription", c->description ? c->description : title);
    write_steps(j, c);
    vl_json_key(j, "defaultConfiguration");
    vl_json_object(j);
    vl_json_member_str(j, "level", level_of(c->severity));
    vl_json_object_end(j);
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(
        j, "security-severity", scores[(unsigned)c->severity < VL_SEVERITY_COUNT ? c->severity : 0]);
    vl_json_member_str(j, "precision", "high");
    vl_json_key(j, "tags");
    vl_json_array(j);
    vl_json_str(j, "security");
    vl_json_str(j, "configuration");
    vl_json_str(j, vl_severity_name(c->severity));
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_object_end(j);
}

/* Paths become URIs: a relative one stays so (code hosts want it), blanks and the like are escaped. */
static void write_uri(struct vl_json *j, const char *file)
{
    static const char hex[] = "0123456789ABCDEF";
    struct vl_buf uri VL_CLEANUP(vl_buf_done);
    vl_buf_init(&uri, 1UL << 20);
    if (file[0] == '/')
        vl_buf_append_str(&uri, "file://");
    if (strncmp(file, "./", 2) == 0)
        file += 2;
    for (; *file; file++) {
        unsigned char c = (unsigned char)*file;
        bool plain = vl_char_is_letter(c) || vl_char_is_digit(c) || strchr("/-._~", c) != NULL;
        if (plain)
            vl_buf_append_char(&uri, (char)c);
        else
            vl_buf_printf(&uri, "%%%c%c", hex[c >> 4], hex[c & 15]);
    }
    vl_json_member_str(j, "uri", vl_buf_str(&uri));
}

static void write_location(
    struct vl_json *j, const struct vl_manifest_finding *f, const struct vl_manifest_object *o)
{
    char name[VL_MANIFEST_NAME_MAX];
    vl_json_key(j, "locations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_key(j, "physicalLocation");
    vl_json_object(j);
    vl_json_key(j, "artifactLocation");
    vl_json_object(j);
    write_uri(j, o->file);
    vl_json_object_end(j);
    vl_json_key(j, "region");
    vl_json_object(j);
    vl_json_member_int(j, "startLine", f->line ? f->line : o->line ? o->line : 1);
    if (f->column)
        vl_json_member_int(j, "startColumn", f->column);
    vl_json_object_end(j);
    vl_json_object_end(j);
    vl_json_key(j, "logicalLocations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "fullyQualifiedName", vl_report_object_name(o, name));
    vl_json_member_str(j, "kind", "object");
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

/* The same finding in a file whose lines have moved keeps its fingerprint. */
static void write_fingerprint(
    struct vl_json *j, const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    const struct vl_manifest_object *o = vl_manifest_object_of(result, f);
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    char name[VL_MANIFEST_NAME_MAX];
    char digest[VL_DIGEST_TEXT_MAX];
    vl_buf_init(&text, 1UL << 20);
    vl_buf_printf(&text, "%s\n%s\n%s\n%s", vl_manifest_check_of(result, f)->id, o->file,
        vl_report_object_name(o, name), f->n_fields ? f->fields[0].path : "");
    struct vl_digest computed;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &computed);
    vl_json_key(j, "partialFingerprints");
    vl_json_object(j);
    vl_json_member_str(j, "vallum/v1", vl_digest_format(&computed, digest));
    vl_json_object_end(j);
}

static void write_result(
    struct vl_json *j, const struct vl_manifest_result *result, const struct vl_manifest_finding *f)
{
    const struct vl_manifest_check *c = vl_manifest_check_of(result, f);
    vl_json_object(j);
    vl_json_member_str(j, "ruleId", c->id);
    vl_json_member_int(j, "ruleIndex", f->check);
    vl_json_member_str(j, "level", f->outcome == VL_VERDICT_ERROR ? "error" : level_of(c->severity));
    write_text(j, "message", vl_report_finding_text(result, f));
    write_location(j, f, vl_manifest_object_of(result, f));
    write_fingerprint(j, result, f);
    if (f->outcome == VL_VERDICT_EXEMPT) {
        vl_json_key(j, "suppressions");
        vl_json_array(j);
        vl_json_object(j);
        vl_json_member_str(j, "kind", "inSource");
        vl_json_member_str(j, "justification", f->justification);
        vl_json_object_end(j);
        vl_json_array_end(j);
    }
    vl_json_object_end(j);
}

/* What was not checked is a notification: a code host shows an analysis with errors as incomplete. */
static void write_invocation(struct vl_json *j, const struct vl_manifest_result *result)
{
    vl_json_key(j, "invocations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_bool(j, "executionSuccessful", !result->partial);
    vl_json_key(j, "toolExecutionNotifications");
    vl_json_array(j);
    for (size_t i = 0; i < result->problems.len; i++) {
        const struct vl_manifest_problem *p = vl_vec_at(&result->problems, i);
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, 1UL << 20);
        vl_buf_printf(&text, "%s: %s", p->file, p->message);
        vl_json_object(j);
        vl_json_member_str(j, "level", p->is_error ? "error" : "warning");
        write_text(j, "message", vl_buf_str(&text));
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

int vl_report_manifests_sarif(const struct vl_manifest_result *result,
    const struct vl_report_options *options, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json j;
    vl_json_init(&j, out, true);
    vl_json_object(&j);
    vl_json_member_str(&j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    vl_json_member_str(&j, "version", "2.1.0");
    vl_json_key(&j, "runs");
    vl_json_array(&j);
    vl_json_object(&j);
    vl_json_key(&j, "tool");
    vl_json_object(&j);
    vl_json_key(&j, "driver");
    vl_json_object(&j);
    vl_json_member_str(&j, "name", "vallum");
    vl_json_member_str(&j, "version", options->version);
    vl_json_key(&j, "rules");
    vl_json_array(&j);
    for (size_t i = 0; i < result->checks.len; i++)
        write_rule(&j, vl_vec_at(&result->checks, i));
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    vl_json_object_end(&j);
    write_invocation(&j, result);
    vl_json_key(&j, "results");
    vl_json_array(&j);
    for (size_t i = 0; i < result->findings.len; i++)
        write_result(&j, result, vl_manifest_finding_at(result, i));
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    vl_json_array_end(&j);
    vl_json_object_end(&j);
    vl_buf_append_char(out, '\n');
    return vl_json_check(&j, "SARIF", err);
}
