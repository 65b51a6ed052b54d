/* SARIF 2.1.0 (OASIS), as code scanning of GitHub, Azure DevOps and GitLab reads it: one rule a
 * vulnerability, one result a package, security-severity on rules, fingerprints that survive a new scan. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "chains.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"

#define RULES_MAX 6000000
#define TEXT_MAX  (1UL << 20) /* bytes of one text */

struct sarif {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_arena *arena;
    struct vl_report_chains by_id; /* a rule each */
    uint32_t *group_of;            /* rule of each finding */
    struct vl_map secret_rules;    /* rule -> index */
    struct vl_map fingerprints;    /* hex -> how often */
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

static void write_secret_rule(struct vl_json *j, const struct vl_secret *secret)
{
    static const char *const scores[VL_SEVERITY_COUNT] = {"0.0", "0.1", "2.0", "5.5", "8.0", "9.5"};
    vl_json_object(j);
    vl_json_member_str(j, "id", secret->rule);
    write_text(j, "shortDescription", secret->title);
    write_text(j, "fullDescription", secret->title);
    write_text(
        j, "help", "Withdraw the secret, then build the image without it: every layer stays readable.");
    vl_json_key(j, "defaultConfiguration");
    vl_json_object(j);
    vl_json_member_str(j, "level", level_of((enum vl_severity)secret->severity));
    vl_json_object_end(j);
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(j, "security-severity", scores[secret->severity % VL_SEVERITY_COUNT]);
    vl_json_key(j, "tags");
    vl_json_array(j);
    vl_json_str(j, "security");
    vl_json_str(j, "secret");
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_object_end(j);
}

static int write_rules(struct sarif *s, struct vl_err *err)
{
    const struct vl_vec *secrets = &s->result->inventory->secrets;
    vl_json_key(&s->json, "rules");
    vl_json_array(&s->json);
    for (size_t g = 0; g < s->by_id.n_groups; g++)
        write_rule(s, vl_vec_at(&s->result->findings, s->by_id.first[g]));
    for (size_t i = 0; i < secrets->len; i++) {
        const struct vl_secret *secret = vl_vec_at(secrets, i);
        struct vl_map_slot *slot;
        bool added;
        int r = vl_map_put(&s->secret_rules, vl_span_str(secret->rule), &slot, &added, err);
        if (r < 0)
            return r;
        if (!added)
            continue;
        slot->value.num = s->by_id.n_groups + s->secret_rules.len - 1;
        write_secret_rule(&s->json, secret);
    }
    vl_json_array_end(&s->json);
    return 0;
}

static void append_uri(struct vl_buf *uri, struct vl_span path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        bool plain = vl_char_is_letter(c) || vl_char_is_digit(c) || (c && strchr("/._-~+@", c));
        if (plain)
            vl_buf_append_char(uri, c);
        else
            vl_buf_printf(uri, "%%%02X", (unsigned)(uint8_t)c);
    }
}

static const char *target_name(const struct sarif *s)
{
    const struct vl_target *t = &s->result->inventory->target;
    return t->reference ? t->reference : t->name ? t->name : "target";
}

/* The file in the target: for a nested archive the outer one, with the whole path as a logical location. */
static void write_location(struct sarif *s, const char *path, uint32_t line)
{
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf uri, logical;
    struct vl_span outer = vl_span_str(path && *path ? path : target_name(s));
    vl_buf_init(&uri, TEXT_MAX);
    vl_buf_init(&logical, TEXT_MAX);
    append_uri(&uri, vl_span_slice(outer, 0, vl_span_find_char(outer, '!')));
    vl_buf_printf(&logical, "%s:%s", target_name(s), path ? path : "");
    vl_json_key(j, "locations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_key(j, "physicalLocation");
    vl_json_object(j);
    vl_json_key(j, "artifactLocation");
    vl_json_object(j);
    vl_json_member_str(j, "uri", vl_buf_str(&uri));
    vl_json_object_end(j);
    vl_json_key(j, "region");
    vl_json_object(j);
    vl_json_member_int(j, "startLine", line ? line : 1);
    vl_json_object_end(j);
    vl_json_object_end(j);
    vl_json_key(j, "logicalLocations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "fullyQualifiedName", vl_buf_str(&logical));
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

/* The same problem in the same place keeps its fingerprint when versions or lines change; the second of the
 * same in the same place (two versions in one lock file) has its own. */
static int write_fingerprint(
    struct sarif *s, const char *id, const char *package, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_digest digest;
    struct vl_map_slot *slot;
    char hex[2 * 32 + 1];
    vl_buf_init(&text, TEXT_MAX);
    vl_buf_printf(&text, "%s\n%s\n%s", id, package, path ? path : "");
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &digest);
    vl_hex_encode(digest.bytes, 32, hex);
    const char *key = vl_arena_strdup(s->arena, hex);
    if (!key)
        return vl_arena_check(s->arena, "fingerprints", err);
    int r = vl_map_put(&s->fingerprints, vl_span_str(key), &slot, NULL, err);
    if (r < 0)
        return r;
    vl_buf_clear(&text);
    vl_buf_printf(&text, "%s:%llu", hex, (unsigned long long)++slot->value.num);
    vl_json_key(&s->json, "partialFingerprints");
    vl_json_object(&s->json);
    vl_json_member_str(&s->json, "vallumFinding/v1", vl_buf_str(&text));
    vl_json_object_end(&s->json);
    return 0;
}

static void write_suppression(struct vl_json *j, const char *why)
{
    vl_json_key(j, "suppressions");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "kind", "external");
    vl_json_member_str(j, "justification", why);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

static int write_finding(struct sarif *s, size_t index, struct vl_err *err)
{
    struct vl_json *j = &s->json;
    const struct vl_finding *f = vl_vec_at(&s->result->findings, index);
    const struct vl_layer *layer = vl_report_layer(s->result, f->package->layer);
    VL_CLEANUP(vl_buf_done) struct vl_buf message;
    vl_buf_init(&message, TEXT_MAX);
    vl_buf_printf(&message, "%s %s: %s (%s)", f->package->name, f->package->version,
        f->title ? f->title : f->id, vl_severity_name(f->severity));
    if (f->remedy.text)
        vl_buf_printf(&message, ". %s", f->remedy.text);
    if (f->remedy.command)
        vl_buf_printf(&message, " %s", f->remedy.command);
    vl_json_object(j);
    vl_json_member_str(j, "ruleId", f->id);
    vl_json_member_int(j, "ruleIndex", s->group_of[index]);
    vl_json_member_str(j, "level", level_of(f->severity));
    write_text(j, "message", vl_buf_str(&message));
    write_location(s, f->package->path, f->package->line);
    int r = write_fingerprint(s, f->id, f->package->name, f->package->path, err);
    if (r < 0)
        return r;
    if (f->status != VL_FINDING_OPEN)
        write_suppression(j, f->status_reason ? f->status_reason : vl_report_status_name(f->status));
    if (s->result->baseline)
        vl_json_member_str(j, "baselineState", f->in_baseline ? "unchanged" : "new");
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(j, "purl", f->package->purl);
    vl_json_member_str(j, "installedVersion", f->package->version);
    vl_json_member_str(j, "fixedVersion", f->fixed_version);
    vl_json_member_str(j, "fixState", vl_fix_state_name(f->state));
    vl_json_member_str(j, "layer", layer ? layer->diff_id : NULL);
    vl_json_object_end(j);
    vl_json_object_end(j);
    return message.failed ? vl_buf_check(&message, "a message", err) : 0;
}

static int write_secret(struct sarif *s, const struct vl_secret *secret, struct vl_err *err)
{
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf message;
    vl_buf_init(&message, TEXT_MAX);
    vl_buf_printf(&message, "%s: %s%s", secret->title, secret->redacted,
        secret->deleted ? " (deleted in a later layer, still in the image)" : "");
    vl_json_object(j);
    vl_json_member_str(j, "ruleId", secret->rule);
    vl_json_member_int(
        j, "ruleIndex", (int64_t)vl_map_get(&s->secret_rules, vl_span_str(secret->rule))->value.num);
    vl_json_member_str(j, "level", level_of((enum vl_severity)secret->severity));
    write_text(j, "message", vl_buf_str(&message));
    write_location(s, secret->path, secret->line);
    int r = write_fingerprint(s, secret->rule, secret->fingerprint, secret->path, err);
    if (secret->ignored)
        write_suppression(j, secret->ignored);
    vl_json_object_end(j);
    return r;
}

/* What could not be read stands where SARIF puts a tool's own trouble. */
static void write_invocation(struct sarif *s)
{
    struct vl_json *j = &s->json;
    const struct vl_notes *notes = &s->result->inventory->notes;
    vl_json_key(j, "invocations");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_bool(j, "executionSuccessful", s->result->coverage.assessed != VL_ASSESSED_NOT);
    vl_json_member_time(j, "endTimeUtc", s->result->scanned_ms);
    vl_json_key(j, "toolExecutionNotifications");
    vl_json_array(j);
    if (s->result->coverage.why_not) {
        vl_json_object(j);
        vl_json_member_str(j, "level", s->result->coverage.assessed == VL_ASSESSED_NOT ? "error" : "warning");
        write_text(j, "message", s->result->coverage.why_not);
        vl_json_object_end(j);
    }
    for (size_t i = 0; i < notes->len; i++) {
        VL_CLEANUP(vl_buf_done) struct vl_buf line;
        vl_buf_init(&line, TEXT_MAX);
        vl_buf_printf(&line, "%s: %s", notes->items[i].object, notes->items[i].message);
        vl_json_object(j);
        vl_json_member_str(j, "level", notes->items[i].kind == VL_NOTE_PARTIAL ? "warning" : "note");
        write_text(j, "message", vl_buf_str(&line));
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

static void write_properties(struct sarif *s)
{
    struct vl_json *j = &s->json;
    vl_json_key(j, "properties");
    vl_json_object(j);
    vl_json_member_str(j, "target", target_name(s));
    vl_json_member_str(j, "digest", s->result->inventory->target.digest);
    vl_json_member_str(j, "assessed", vl_report_assessed_name(s->result->coverage.assessed));
    vl_json_member_str(j, "reason", s->result->coverage.why_not);
    vl_json_member_time(j, "advisories", s->result->coverage.database_ms);
    vl_json_object_end(j);
}

static int write_results(struct sarif *s, struct vl_err *err)
{
    int r = 0;
    vl_json_key(&s->json, "results");
    vl_json_array(&s->json);
    for (size_t i = 0; i < s->result->findings.len && r == 0; i++) {
        if (s->group_of[i] != VL_REPORT_CHAIN_END)
            r = write_finding(s, i, err);
    }
    for (size_t i = 0; i < s->result->inventory->secrets.len && r == 0; i++)
        r = write_secret(s, vl_vec_at(&s->result->inventory->secrets, i), err);
    vl_json_array_end(&s->json);
    return r;
}

static int write_run(struct sarif *s, struct vl_err *err)
{
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf id;
    vl_buf_init(&id, TEXT_MAX);
    vl_buf_printf(&id, "vallum/%s/", target_name(s));
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
    /* Code scanning keeps the results of several images apart by this. */
    vl_json_key(j, "automationDetails");
    vl_json_object(j);
    vl_json_member_str(j, "id", vl_buf_str(&id));
    vl_json_object_end(j);
    write_invocation(s);
    r = write_results(s, err);
    write_properties(s);
    vl_json_object_end(j);
    return r;
}

static int write_document(struct sarif *s, struct vl_err *err)
{
    vl_json_object(&s->json);
    vl_json_member_str(&s->json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    vl_json_member_str(&s->json, "version", "2.1.0");
    vl_json_key(&s->json, "runs");
    vl_json_array(&s->json);
    int r = write_run(s, err);
    vl_json_array_end(&s->json);
    vl_json_object_end(&s->json);
    return r < 0 ? r : vl_json_check(&s->json, "SARIF", err);
}

int vl_report_sarif(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    struct sarif s = {.result = result, .options = options, .arena = arena};
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_report_chains_by_id(result, options, arena, &s.by_id, &s.group_of, err);
    if (r < 0)
        return r;
    vl_map_init(&s.secret_rules, RULES_MAX);
    vl_map_init(&s.fingerprints, RULES_MAX);
    vl_json_init(&s.json, out, true);
    r = write_document(&s, err);
    vl_map_done(&s.secret_rules);
    vl_map_done(&s.fingerprints);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
