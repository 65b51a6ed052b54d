/* SARIF 2.1.0 (OASIS), as code scanning of GitHub, Azure DevOps and GitLab reads it: one rule a
 * vulnerability, one result a package, security-severity on rules, fingerprints that survive a new scan. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"

#define RULES_MAX 5000000

struct sarif {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_map rules; /* id -> index */
};

static const char *level_of(enum vl_severity severity)
{
    switch (severity) {
    case VL_SEVERITY_CRITICAL:
    case VL_SEVERITY_HIGH:
        return "error";
    case VL_SEVERITY_MEDIUM:
        return "warning";
    case VL_SEVERITY_UNKNOWN:
    case VL_SEVERITY_NEGLIGIBLE:
    case VL_SEVERITY_LOW:
    default:
        return "note";
    }
}

/* GitHub takes a number from 0 to 10; where nobody gave a vector, the middle of the severity's range. */
static double score_of(const struct vl_finding *f)
{
    static const double middle[VL_SEVERITY_COUNT] = {0.0, 0.1, 2.0, 5.5, 8.0, 9.5};
    for (size_t i = 0; i < f->n_cvss; i++) {
        if (f->cvss[i].version >= 30 &&
            vl_severity_from_score(f->cvss[i].score, f->cvss[i].version) == f->severity)
            return f->cvss[i].score;
    }
    return middle[(unsigned)f->severity < VL_SEVERITY_COUNT ? f->severity : 0];
}

static void write_text(struct vl_json *j, const char *key, const char *text)
{
    vl_json_key(j, key);
    vl_json_object(j);
    vl_json_member_str(j, "text", text);
    vl_json_object_end(j);
}

static void write_rule(struct sarif *s, const struct vl_finding *f)
{
    struct vl_json *j = &s->json;
    char url[256];
    vl_json_object(j);
    vl_json_member_str(j, "id", f->id);
    write_text(j, "shortDescription", f->title ? f->title : f->id);
    write_text(j, "fullDescription", f->details ? f->details : f->title ? f->title : f->id);
    if (vl_report_id_url(f->id, url))
        vl_json_member_str(j, "helpUri", url);
    vl_json_key(j, "help");
    vl_json_object(j);
    vl_json_member_str(j, "text", f->remedy.text ? f->remedy.text : f->id);
    vl_json_object_end(j);
    vl_json_key(j, "defaultConfiguration");
    vl_json_object(j);
    vl_json_member_str(j, "level", level_of(f->severity));
    vl_json_object_end(j);
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_key(j, "security-severity");
    VL_CLEANUP(vl_buf_done) struct vl_buf score;
    vl_buf_init(&score, 32);
    vl_buf_printf(&score, "%.1f", score_of(f));
    vl_json_str(j, vl_buf_str(&score));
    vl_json_member_str(j, "precision", "very-high");
    vl_json_key(j, "tags");
    vl_json_array(j);
    vl_json_str(j, "security");
    vl_json_str(j, "vulnerability");
    vl_json_str(j, vl_severity_name(f->severity));
    if (f->kev)
        vl_json_str(j, "known-exploited");
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_object_end(j);
}

static int write_rules(struct sarif *s, struct vl_err *err)
{
    vl_json_key(&s->json, "rules");
    vl_json_array(&s->json);
    for (size_t i = 0; i < s->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&s->result->findings, i);
        struct vl_map_slot *slot;
        bool added;
        if (!vl_report_shows(f, s->options))
            continue;
        int r = vl_map_put(&s->rules, vl_span_str(f->id), &slot, &added, err);
        if (r < 0)
            return r;
        if (added) {
            slot->value.num = s->rules.len - 1;
            write_rule(s, f);
        }
    }
    const struct vl_vec *secrets = &s->result->inventory->secrets;
    for (size_t i = 0; i < secrets->len; i++) {
        const struct vl_secret *secret = vl_vec_at(secrets, i);
        struct vl_map_slot *slot;
        bool added;
        int r = vl_map_put(&s->rules, vl_span_str(secret->rule), &slot, &added, err);
        if (r < 0)
            return r;
        if (!added)
            continue;
        slot->value.num = s->rules.len - 1;
        vl_json_object(&s->json);
        vl_json_member_str(&s->json, "id", secret->rule);
        write_text(&s->json, "shortDescription", secret->title);
        vl_json_object_end(&s->json);
    }
    vl_json_array_end(&s->json);
    return 0;
}

static void write_location(struct vl_json *j, const char *path, uint32_t line)
{
    struct vl_span outer = vl_span_str(path);
    outer = vl_span_slice(outer, 0, vl_span_find_char(outer, '!'));
    vl_json_key(j, "locations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_key(j, "physicalLocation");
    vl_json_object(j);
    vl_json_key(j, "artifactLocation");
    vl_json_object(j);
    vl_json_key(j, "uri");
    VL_CLEANUP(vl_buf_done) struct vl_buf uri;
    vl_buf_init(&uri, 65536);
    for (size_t i = 0; i < outer.len; i++) {
        char c = outer.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("/._-~+@", c));
        if (plain)
            vl_buf_append_char(&uri, c);
        else
            vl_buf_printf(&uri, "%%%02X", (unsigned)(uint8_t)c);
    }
    vl_json_str(j, vl_buf_str(&uri));
    vl_json_object_end(j);
    vl_json_key(j, "region");
    vl_json_object(j);
    vl_json_member_int(j, "startLine", line ? line : 1);
    vl_json_object_end(j);
    vl_json_object_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

/* The same problem in the same place keeps its fingerprint when versions or lines change. */
static void write_fingerprint(struct vl_json *j, const char *id, const char *package, const char *path)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_digest digest;
    char hex[2 * 32 + 1];
    vl_buf_init(&text, 65536);
    vl_buf_printf(&text, "%s\n%s\n%s", id, package, path);
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &digest);
    vl_hex_encode(digest.bytes, 32, hex);
    vl_json_key(j, "partialFingerprints");
    vl_json_object(j);
    vl_json_member_str(j, "vallumFinding/v1", hex);
    vl_json_object_end(j);
}

static void write_suppression(struct vl_json *j, const struct vl_finding *f)
{
    if (f->status == VL_FINDING_OPEN)
        return;
    vl_json_key(j, "suppressions");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "kind", "external");
    vl_json_member_str(
        j, "justification", f->status_reason ? f->status_reason : vl_report_status_name(f->status));
    vl_json_object_end(j);
    vl_json_array_end(j);
}

static void write_finding(struct sarif *s, const struct vl_finding *f)
{
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf message;
    vl_buf_init(&message, 1 << 20);
    vl_buf_printf(&message, "%s %s: %s (%s)", f->package->name, f->package->version,
        f->title ? f->title : f->id, vl_severity_name(f->severity));
    if (f->remedy.text)
        vl_buf_printf(&message, ". %s", f->remedy.text);
    if (f->remedy.command)
        vl_buf_printf(&message, ": %s", f->remedy.command);
    vl_json_object(j);
    vl_json_member_str(j, "ruleId", f->id);
    vl_json_member_int(j, "ruleIndex", (int64_t)vl_map_get(&s->rules, vl_span_str(f->id))->value.num);
    vl_json_member_str(j, "level", level_of(f->severity));
    write_text(j, "message", vl_buf_str(&message));
    write_location(j, f->package->path, f->package->line);
    write_fingerprint(j, f->id, f->package->name, f->package->path);
    write_suppression(j, f);
    if (s->result->baseline)
        vl_json_member_str(j, "baselineState", f->in_baseline ? "unchanged" : "new");
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(j, "purl", f->package->purl);
    vl_json_member_str(j, "fixedVersion", f->fixed_version);
    const struct vl_layer *layer = vl_report_layer(s->result, f->package->layer);
    vl_json_member_str(j, "layer", layer ? layer->diff_id : NULL);
    vl_json_object_end(j);
    vl_json_object_end(j);
}

static void write_secret(struct sarif *s, const struct vl_secret *secret)
{
    struct vl_json *j = &s->json;
    vl_json_object(j);
    vl_json_member_str(j, "ruleId", secret->rule);
    vl_json_member_int(j, "ruleIndex", (int64_t)vl_map_get(&s->rules, vl_span_str(secret->rule))->value.num);
    vl_json_member_str(j, "level", level_of((enum vl_severity)secret->severity));
    write_text(j, "message", secret->redacted);
    write_location(j, secret->path, secret->line);
    write_fingerprint(j, secret->rule, secret->fingerprint, secret->path);
    vl_json_object_end(j);
}

static int write_run(struct sarif *s, struct vl_err *err)
{
    struct vl_json *j = &s->json;
    const struct vl_target *target = &s->result->inventory->target;
    vl_json_object(j);
    vl_json_key(j, "tool");
    vl_json_object(j);
    vl_json_key(j, "driver");
    vl_json_object(j);
    vl_json_member_str(j, "name", "Vallum");
    vl_json_member_str(j, "semanticVersion", s->options->version);
    int r = write_rules(s, err);
    if (r < 0)
        return r;
    vl_json_object_end(j);
    vl_json_object_end(j);
    vl_json_key(j, "invocations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_bool(j, "executionSuccessful", s->result->coverage.assessed == VL_ASSESSED_FULL);
    vl_json_member_time(j, "endTimeUtc", s->result->scanned_ms);
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_key(j, "results");
    vl_json_array(j);
    for (size_t i = 0; i < s->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&s->result->findings, i);
        if (vl_report_shows(f, s->options))
            write_finding(s, f);
    }
    for (size_t i = 0; i < s->result->inventory->secrets.len; i++)
        write_secret(s, vl_vec_at(&s->result->inventory->secrets, i));
    vl_json_array_end(j);
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(j, "target", target->reference ? target->reference : target->name);
    vl_json_member_str(j, "digest", target->digest);
    vl_json_member_str(j, "assessed", vl_report_assessed_name(s->result->coverage.assessed));
    vl_json_member_str(j, "reason", s->result->coverage.why_not);
    vl_json_object_end(j);
    vl_json_object_end(j);
    return 0;
}

int vl_report_sarif(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct sarif s = {.result = result, .options = options};
    vl_map_init(&s.rules, RULES_MAX);
    vl_json_init(&s.json, out, true);
    vl_json_object(&s.json);
    vl_json_member_str(&s.json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    vl_json_member_str(&s.json, "version", "2.1.0");
    vl_json_key(&s.json, "runs");
    vl_json_array(&s.json);
    int r = write_run(&s, err);
    vl_map_done(&s.rules);
    if (r < 0)
        return r;
    vl_json_array_end(&s.json);
    vl_json_object_end(&s.json);
    r = vl_json_check(&s.json, "SARIF", err);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
