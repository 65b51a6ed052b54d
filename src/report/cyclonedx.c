/* CycloneDX 1.6 JSON (ECMA-424): components with purls, and vulnerabilities. Properties under "vallum:" carry
 * what the format has no place for, so that a scan of this document finds what a scan of the image found. */
#include <string.h>

#include "annotate.h"
#include "base/text.h"
#include "base/time.h"
#include "chains.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"
#include "license.h"

struct bom {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
};

/* Unique within the document and the same for the same inventory: the index makes it so. `key` NULL in a
 * list. */
static void write_ref(
    struct vl_json *j, const char *key, const struct vl_scan_result *result, const struct vl_package *p)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf ref;
    vl_buf_init(&ref, 1 << 16);
    size_t index = (size_t)(p - (const struct vl_package *)result->inventory->packages.items);
    vl_buf_printf(&ref, "%zu:%s", index, p->purl ? p->purl : p->name);
    if (key)
        vl_json_key(j, key);
    vl_json_str(j, vl_buf_str(&ref));
}

static void write_property(struct vl_json *j, const char *name, const char *value)
{
    if (!value)
        return;
    vl_json_object(j);
    vl_json_member_str(j, "name", name);
    vl_json_member_str(j, "value", value);
    vl_json_object_end(j);
}

static void emit_property(void *user, const char *name, const char *value)
{
    write_property(user, name, value);
}

/* One expression, or a list of ids and names: the schema allows no mixture. */
static void write_licenses(struct vl_json *j, const struct vl_package *p)
{
    if (!p->n_licenses)
        return;
    vl_json_key(j, "licenses");
    vl_json_array(j);
    for (uint32_t i = 0; i < p->n_licenses; i++) {
        const char *id = NULL;
        enum vl_report_license_kind kind = vl_report_license_kind(p->licenses[i], &id);
        vl_json_object(j);
        if (kind == VL_REPORT_LICENSE_EXPRESSION && p->n_licenses == 1) {
            vl_json_member_str(j, "expression", p->licenses[i]);
        } else {
            vl_json_key(j, "license");
            vl_json_object(j);
            vl_json_member_str(j, id ? "id" : "name", id ? id : p->licenses[i]);
            vl_json_object_end(j);
        }
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_hashes(struct vl_json *j, const char *digest)
{
    struct vl_span d = vl_span_str(digest);
    size_t colon = vl_span_find_char(d, ':');
    if (colon == SIZE_MAX)
        return;
    vl_json_key(j, "hashes");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "alg", vl_span_starts_with(d, "sha1:") ? "SHA-1" : "SHA-256");
    vl_json_key(j, "content");
    vl_json_span(j, vl_span_slice(d, colon + 1, d.len));
    vl_json_object_end(j);
    vl_json_array_end(j);
}

/* Where it was read from. */
static void write_evidence(struct vl_json *j, const struct vl_package *p)
{
    if (!p->path || !*p->path)
        return;
    vl_json_key(j, "evidence");
    vl_json_object(j);
    vl_json_key(j, "occurrences");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "location", p->path);
    if (p->line)
        vl_json_member_int(j, "line", p->line);
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_supplier(struct vl_json *j, const char *vendor)
{
    if (!vendor)
        return;
    vl_json_key(j, "supplier");
    vl_json_object(j);
    vl_json_member_str(j, "name", vendor);
    vl_json_object_end(j);
}

static void write_component(struct bom *b, const struct vl_package *p)
{
    struct vl_json *j = &b->json;
    /* Group and name apart, where the ecosystem writes them in one. */
    struct vl_span name = vl_span_str(p->name);
    size_t colon = p->ecosystem == VL_ECO_MAVEN ? vl_span_find_char(name, ':') : SIZE_MAX;
    vl_json_object(j);
    vl_json_member_str(j, "type", "library");
    write_ref(j, "bom-ref", b->result, p);
    write_supplier(j, p->vendor);
    if (colon != SIZE_MAX) {
        vl_json_key(j, "group");
        vl_json_span(j, vl_span_slice(name, 0, colon));
        name = vl_span_slice(name, colon + 1, name.len);
    }
    vl_json_key(j, "name");
    vl_json_span(j, name);
    if (*p->version)
        vl_json_member_str(j, "version", p->version);
    if (p->flags & (VL_PACKAGE_DEV | VL_PACKAGE_OPTIONAL))
        vl_json_member_str(j, "scope", p->flags & VL_PACKAGE_DEV ? "excluded" : "optional");
    write_licenses(j, p);
    if (p->digest)
        write_hashes(j, p->digest);
    vl_json_member_str(j, "purl", p->purl);
    write_evidence(j, p);
    vl_json_key(j, "properties");
    vl_json_array(j);
    vl_report_annotate_package(b->result, p, (struct vl_report_emit){emit_property, j});
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_os(struct bom *b)
{
    struct vl_json *j = &b->json;
    const struct vl_distro *d = &b->result->inventory->distro;
    if (!*d->id)
        return;
    vl_json_object(j);
    vl_json_member_str(j, "type", "operating-system");
    vl_json_member_str(j, "bom-ref", "os");
    vl_json_member_str(j, "name", d->id);
    if (*d->version_id)
        vl_json_member_str(j, "version", d->version_id);
    vl_json_member_str(j, "description", *d->pretty_name ? d->pretty_name : NULL);
    vl_json_key(j, "properties");
    vl_json_array(j);
    vl_report_annotate_distro(b->result, (struct vl_report_emit){emit_property, j});
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_target(struct bom *b)
{
    struct vl_json *j = &b->json;
    const struct vl_inventory *inv = b->result->inventory;
    const struct vl_target *t = &inv->target;
    vl_json_key(j, "component");
    vl_json_object(j);
    vl_json_member_str(j, "type", t->kind == VL_TARGET_IMAGE ? "container" : "application");
    vl_json_member_str(j, "bom-ref", "target");
    vl_json_member_str(j, "name", t->reference ? t->reference : t->name ? t->name : "target");
    if (t->digest)
        vl_json_member_str(j, "version", t->digest);
    vl_json_key(j, "properties");
    vl_json_array(j);
    vl_report_annotate_target(b->result, (struct vl_report_emit){emit_property, j});
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_metadata(struct bom *b)
{
    struct vl_json *j = &b->json;
    vl_json_key(j, "metadata");
    vl_json_object(j);
    vl_json_member_time(j, "timestamp", b->result->scanned_ms);
    vl_json_key(j, "tools");
    vl_json_object(j);
    vl_json_key(j, "components");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "type", "application");
    vl_json_member_str(j, "name", "vallum");
    vl_json_member_str(j, "version", b->options->version);
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_object_end(j);
    write_target(b);
    vl_json_object_end(j);
}

static void write_source(struct vl_json *j, const char *name, const char *url)
{
    if (!name)
        return;
    vl_json_key(j, "source");
    vl_json_object(j);
    vl_json_member_str(j, "name", name);
    vl_json_member_str(j, "url", url);
    vl_json_object_end(j);
}

static const char *severity_word(enum vl_severity severity, const char *negligible)
{
    return severity == VL_SEVERITY_NEGLIGIBLE ? negligible : vl_severity_name(severity);
}

static void write_rating(struct vl_json *j, const char *source, enum vl_severity severity)
{
    vl_json_object(j);
    write_source(j, source, NULL);
    vl_json_member_str(j, "severity", severity_word(severity, "info"));
    vl_json_object_end(j);
}

/* The severity that the report goes by stands first. */
static void write_ratings(struct vl_json *j, const struct vl_finding *f)
{
    static const struct {
        unsigned version;
        const char *method;
    } methods[] = {{20, "CVSSv2"}, {30, "CVSSv3"}, {31, "CVSSv31"}, {40, "CVSSv4"}};
    vl_json_key(j, "ratings");
    vl_json_array(j);
    write_rating(j, f->severity_source, f->severity);
    for (size_t i = 0; i < f->n_cvss; i++) {
        const struct vl_cvss *c = &f->cvss[i];
        const char *method = "other";
        for (size_t k = 0; k < VL_ARRAY_LEN(methods); k++) {
            if (methods[k].version == c->version)
                method = methods[k].method;
        }
        vl_json_object(j);
        write_source(j, c->source, NULL);
        vl_json_key(j, "score");
        vl_json_fixed(j, c->score, 1);
        vl_json_member_str(j, "severity", severity_word(c->severity, "none"));
        vl_json_member_str(j, "method", method);
        vl_json_member_str(j, "vector", c->vector);
        vl_json_object_end(j);
    }
    for (size_t i = 0; i < f->n_ratings; i++)
        write_rating(j, f->ratings[i].source, f->ratings[i].severity);
    vl_json_array_end(j);
}

static void write_analysis(struct vl_json *j, const struct vl_finding *f)
{
    if (f->status == VL_FINDING_OPEN)
        return;
    vl_json_key(j, "analysis");
    vl_json_object(j);
    /* An ignore rule or a filter says "not now", which is no judgement of the finding. */
    bool judged = f->status == VL_FINDING_VEX || f->status == VL_FINDING_OS_JUDGED;
    vl_json_member_str(j, "state", judged ? "not_affected" : "in_triage");
    vl_json_member_str(j, "detail", f->status_reason ? f->status_reason : vl_report_status_name(f->status));
    vl_json_object_end(j);
}

static void write_cwes(struct vl_json *j, const struct vl_finding *f)
{
    if (!f->n_cwes)
        return;
    vl_json_key(j, "cwes");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_cwes; i++) {
        struct vl_span cwe = vl_span_str(f->cwes[i]);
        uint64_t number;
        if (vl_span_starts_with(cwe, "CWE-") && vl_span_to_u64(vl_span_slice(cwe, 4, cwe.len), &number) &&
            number > 0 && number < INT32_MAX)
            vl_json_uint(j, number);
    }
    vl_json_array_end(j);
}

static void write_links(struct vl_json *j, const struct vl_finding *f)
{
    if (f->n_aliases) {
        vl_json_key(j, "references");
        vl_json_array(j);
        for (size_t i = 0; i < f->n_aliases; i++) {
            char url[256];
            vl_json_object(j);
            vl_json_member_str(j, "id", f->aliases[i]);
            write_source(j, "alias", vl_report_id_url(f->aliases[i], url));
            vl_json_object_end(j);
        }
        vl_json_array_end(j);
    }
    if (f->n_references) {
        vl_json_key(j, "advisories");
        vl_json_array(j);
        for (size_t i = 0; i < f->n_references; i++) {
            if (!vl_report_is_url(f->references[i]))
                continue;
            vl_json_object(j);
            vl_json_member_str(j, "url", f->references[i]);
            vl_json_object_end(j);
        }
        vl_json_array_end(j);
    }
}

static void write_urgency(struct vl_json *j, const struct vl_finding *f)
{
    char date[VL_TIME_TEXT_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 64);
    vl_json_key(j, "properties");
    vl_json_array(j);
    write_property(j, "vallum:status", vl_report_status_name(f->status));
    write_property(j, "vallum:advisory", f->advisory);
    write_property(j, "vallum:fix_state", vl_fix_state_name(f->state));
    if (f->has_epss) {
        vl_buf_printf(&text, "%.5f", f->epss);
        write_property(j, "vallum:epss", vl_buf_str(&text));
    }
    if (f->kev) {
        write_property(j, "vallum:kev_added", vl_time_format_date(f->kev->added_ms, date));
        if (f->kev->due_ms)
            write_property(j, "vallum:kev_due", vl_time_format_date(f->kev->due_ms, date));
        write_property(j, "vallum:kev_ransomware", f->kev->ransomware ? "true" : "false");
    }
    if (f->malicious)
        write_property(j, "vallum:malicious", "true");
    write_property(j, "vallum:remediation_command", f->remedy.command);
    vl_json_array_end(j);
}

static void write_affected(struct bom *b, const struct vl_finding *f)
{
    struct vl_json *j = &b->json;
    vl_json_object(j);
    write_ref(j, "ref", b->result, f->package);
    vl_json_key(j, "versions");
    vl_json_array(j);
    if (*f->package->version) {
        vl_json_object(j);
        vl_json_member_str(j, "version", f->package->version);
        vl_json_member_str(j, "status", f->status == VL_FINDING_VEX ? "unaffected" : "affected");
        vl_json_object_end(j);
    }
    if (f->fixed_version) {
        vl_json_object(j);
        vl_json_member_str(j, "version", f->fixed_version);
        vl_json_member_str(j, "status", "unaffected");
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_object_end(j);
}

/* All findings of one id and one status: an analysis is said of the whole entry. */
static void write_vulnerability(struct bom *b, const struct vl_report_chains *by_id, uint32_t first)
{
    struct vl_json *j = &b->json;
    const struct vl_vec *findings = &b->result->findings;
    const struct vl_finding *f = vl_vec_at(findings, first);
    char url[256];
    vl_json_object(j);
    vl_json_member_str(j, "id", f->id);
    write_source(j, f->source, vl_report_id_url(f->id, url));
    write_links(j, f);
    write_ratings(j, f);
    write_cwes(j, f);
    vl_json_member_str(j, "description", f->title);
    vl_json_member_str(j, "detail", f->details);
    vl_json_member_str(j, "recommendation", f->remedy.text);
    vl_json_member_time(j, "published", f->published_ms);
    vl_json_member_time(j, "updated", f->modified_ms);
    write_analysis(j, f);
    vl_json_key(j, "affects");
    vl_json_array(j);
    for (uint32_t i = first; i != VL_REPORT_CHAIN_END; i = by_id->next[i]) {
        const struct vl_finding *g = vl_vec_at(findings, i);
        if (g->status == f->status)
            write_affected(b, g);
    }
    vl_json_array_end(j);
    write_urgency(j, f);
    vl_json_object_end(j);
}

static int write_vulnerabilities(struct bom *b, struct vl_err *err)
{
    struct vl_report_chains by_id;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_report_chains_by_id(b->result, b->options, arena, &by_id, NULL, err);
    if (r < 0)
        return r;
    vl_json_key(&b->json, "vulnerabilities");
    vl_json_array(&b->json);
    for (size_t g = 0; g < by_id.n_groups; g++) {
        unsigned seen = 0;
        for (uint32_t i = by_id.first[g]; i != VL_REPORT_CHAIN_END; i = by_id.next[i]) {
            const struct vl_finding *f = vl_vec_at(&b->result->findings, i);
            if (!(seen & 1U << (unsigned)f->status))
                write_vulnerability(b, &by_id, i);
            seen |= 1U << (unsigned)f->status;
        }
    }
    vl_json_array_end(&b->json);
    return 0;
}

/* What the target contains. Which package needs which is not known, and not claimed. */
static void write_dependencies(struct bom *b)
{
    struct vl_json *j = &b->json;
    const struct vl_vec *packages = &b->result->inventory->packages;
    vl_json_key(j, "dependencies");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "ref", "target");
    vl_json_key(j, "dependsOn");
    vl_json_array(j);
    if (*b->result->inventory->distro.id)
        vl_json_str(j, "os");
    for (size_t i = 0; i < packages->len; i++)
        write_ref(j, NULL, b->result, vl_vec_at(packages, i));
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
    vl_json_key(j, "compositions");
    vl_json_array(j);
    vl_json_object(j);
    bool whole = !b->result->inventory->notes.partial && !b->result->inventory->unidentified.len;
    vl_json_member_str(j, "aggregate", whole ? "unknown" : "incomplete");
    vl_json_key(j, "assemblies");
    vl_json_array(j);
    vl_json_str(j, "target");
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_array_end(j);
}

/* A name-based UUID of what the document is about and when it was made: deterministic, as all ids here. */
static void write_serial(struct bom *b)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_digest d;
    char hex[33];
    const struct vl_target *t = &b->result->inventory->target;
    vl_buf_init(&text, 1 << 16);
    vl_buf_printf(&text, "%s\n%s\n%lld", t->name ? t->name : "", t->digest ? t->digest : "",
        (long long)b->result->scanned_ms);
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &d);
    d.bytes[6] = (uint8_t)((d.bytes[6] & 0x0f) | 0x80); /* version 8: RFC 9562, custom */
    d.bytes[8] = (uint8_t)((d.bytes[8] & 0x3f) | 0x80);
    vl_hex_encode(d.bytes, 16, hex);
    vl_buf_clear(&text);
    vl_buf_printf(&text, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    vl_json_member_str(&b->json, "serialNumber", vl_buf_str(&text));
}

int vl_report_cyclonedx(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct bom b = {.result = result, .options = options};
    int r = 0;
    vl_json_init(&b.json, out, true);
    vl_json_object(&b.json);
    vl_json_member_str(&b.json, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    vl_json_member_str(&b.json, "bomFormat", "CycloneDX");
    vl_json_member_str(&b.json, "specVersion", "1.6");
    write_serial(&b);
    vl_json_member_int(&b.json, "version", 1);
    write_metadata(&b);
    vl_json_key(&b.json, "components");
    vl_json_array(&b.json);
    write_os(&b);
    for (size_t i = 0; i < result->inventory->packages.len; i++)
        write_component(&b, vl_vec_at(&result->inventory->packages, i));
    vl_json_array_end(&b.json);
    write_dependencies(&b);
    if (!options->packages_only)
        r = write_vulnerabilities(&b, err);
    if (r < 0)
        return r;
    vl_json_object_end(&b.json);
    r = vl_json_check(&b.json, "CycloneDX", err);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
