/* CycloneDX 1.6 JSON (ECMA-424): components with purls, and vulnerabilities. Properties under "vallum:" carry
 * what the format has no place for, so that a scan of this document finds what a scan of the image found. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"

#define IDS_MAX 5000000

struct bom {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
};

/* Unique within the document and the same for the same inventory: the index makes it so. */
static void write_ref(
    struct vl_json *j, const char *key, const struct vl_scan_result *result, const struct vl_package *p)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf ref;
    vl_buf_init(&ref, 1 << 16);
    size_t index = (size_t)(p - (const struct vl_package *)result->inventory->packages.items);
    vl_buf_printf(&ref, "%zu:%s", index, p->purl ? p->purl : p->name);
    vl_json_member_str(j, key, vl_buf_str(&ref));
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

static void write_number_property(struct vl_json *j, const char *name, uint64_t value)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 32);
    vl_buf_printf(&text, "%llu", (unsigned long long)value);
    write_property(j, name, vl_buf_str(&text));
}

static void write_licenses(struct vl_json *j, const struct vl_package *p)
{
    if (!p->n_licenses)
        return;
    vl_json_key(j, "licenses");
    vl_json_array(j);
    for (uint32_t i = 0; i < p->n_licenses; i++) {
        vl_json_object(j);
        vl_json_key(j, "license");
        vl_json_object(j);
        vl_json_member_str(j, "name", p->licenses[i]);
        vl_json_object_end(j);
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

static void write_properties(
    struct vl_json *j, const struct vl_scan_result *result, const struct vl_package *p)
{
    const struct vl_layer *layer = vl_report_layer(result, p->layer);
    vl_json_key(j, "properties");
    vl_json_array(j);
    write_property(j, "vallum:ecosystem", vl_ecosystem_info(p->ecosystem)->name);
    write_property(j, "vallum:path", p->path);
    write_property(j, "vallum:source_name", p->source_name);
    write_property(j, "vallum:source_version", p->source_version);
    write_property(j, "vallum:vendor", p->vendor);
    write_property(j, "vallum:module", p->module);
    write_property(j, "vallum:layer_diff_id", layer ? layer->diff_id : NULL);
    write_property(j, "vallum:layer_digest", layer ? layer->digest : NULL);
    if (p->flags)
        write_number_property(j, "vallum:flags", p->flags);
    if (p->line)
        write_number_property(j, "vallum:line", p->line);
    vl_json_array_end(j);
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
    if (colon != SIZE_MAX) {
        vl_json_key(j, "group");
        vl_json_span(j, vl_span_slice(name, 0, colon));
        name = vl_span_slice(name, colon + 1, name.len);
    }
    vl_json_key(j, "name");
    vl_json_span(j, name);
    if (*p->version)
        vl_json_member_str(j, "version", p->version);
    write_licenses(j, p);
    if (p->digest)
        write_hashes(j, p->digest);
    vl_json_member_str(j, "purl", p->purl);
    write_properties(j, b->result, p);
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
    write_property(j, "vallum:id_like", *d->id_like ? d->id_like : NULL);
    write_property(j, "vallum:codename", *d->codename ? d->codename : NULL);
    write_property(j, "vallum:variant_id", *d->variant_id ? d->variant_id : NULL);
    write_property(j, "vallum:cpe_name", *d->cpe_name ? d->cpe_name : NULL);
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
    write_property(j, "vallum:kind", vl_report_kind_name(t->kind));
    write_property(j, "vallum:image_id", t->image_id);
    write_property(j, "vallum:os", t->os);
    write_property(j, "vallum:architecture", t->arch);
    write_property(j, "vallum:os_version", t->os_version);
    for (size_t i = 0; i < inv->layers.len; i++)
        write_property(j, "vallum:layer", ((const struct vl_layer *)vl_vec_at(&inv->layers, i))->diff_id);
    for (size_t i = 0; i < inv->updates.len; i++)
        write_property(j, "vallum:update", *(const char **)vl_vec_at(&inv->updates, i));
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

static void write_ratings(struct vl_json *j, const struct vl_finding *f)
{
    static const struct {
        unsigned version;
        const char *method;
    } methods[] = {{20, "CVSSv2"}, {30, "CVSSv3"}, {31, "CVSSv31"}, {40, "CVSSv4"}};
    vl_json_key(j, "ratings");
    vl_json_array(j);
    vl_json_object(j);
    if (f->severity_source) {
        vl_json_key(j, "source");
        vl_json_object(j);
        vl_json_member_str(j, "name", f->severity_source);
        vl_json_object_end(j);
    }
    vl_json_member_str(
        j, "severity", f->severity == VL_SEVERITY_NEGLIGIBLE ? "info" : vl_severity_name(f->severity));
    vl_json_object_end(j);
    for (size_t i = 0; i < f->n_cvss; i++) {
        const struct vl_cvss *c = &f->cvss[i];
        vl_json_object(j);
        if (c->source) {
            vl_json_key(j, "source");
            vl_json_object(j);
            vl_json_member_str(j, "name", c->source);
            vl_json_object_end(j);
        }
        vl_json_key(j, "score");
        vl_json_fixed(j, c->score, 1);
        vl_json_member_str(
            j, "severity", c->severity == VL_SEVERITY_NEGLIGIBLE ? "none" : vl_severity_name(c->severity));
        for (size_t k = 0; k < VL_ARRAY_LEN(methods); k++) {
            if (methods[k].version == c->version)
                vl_json_member_str(j, "method", methods[k].method);
        }
        vl_json_member_str(j, "vector", c->vector);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_analysis(struct vl_json *j, const struct vl_finding *f)
{
    if (f->status != VL_FINDING_VEX && f->status != VL_FINDING_IGNORED)
        return;
    vl_json_key(j, "analysis");
    vl_json_object(j);
    vl_json_member_str(j, "state", f->status == VL_FINDING_VEX ? "not_affected" : "in_triage");
    vl_json_member_str(j, "detail", f->status_reason);
    vl_json_object_end(j);
}

/* All findings of one id, from `first` on. */
static void write_vulnerability(struct bom *b, size_t first)
{
    struct vl_json *j = &b->json;
    const struct vl_vec *findings = &b->result->findings;
    const struct vl_finding *f = vl_vec_at(findings, first);
    vl_json_object(j);
    vl_json_member_str(j, "id", f->id);
    if (f->source) {
        vl_json_key(j, "source");
        vl_json_object(j);
        vl_json_member_str(j, "name", f->source);
        vl_json_object_end(j);
    }
    vl_json_key(j, "references");
    vl_json_array(j);
    for (size_t i = 0; i < f->n_aliases; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "id", f->aliases[i]);
        vl_json_key(j, "source");
        vl_json_object(j);
        vl_json_member_str(j, "name", "alias");
        vl_json_object_end(j);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    write_ratings(j, f);
    vl_json_member_str(j, "description", f->title ? f->title : f->details);
    vl_json_member_str(j, "recommendation", f->remedy.text);
    vl_json_member_time(j, "published", f->published_ms);
    vl_json_member_time(j, "updated", f->modified_ms);
    write_analysis(j, f);
    vl_json_key(j, "affects");
    vl_json_array(j);
    for (size_t i = first; i < findings->len; i++) {
        const struct vl_finding *g = vl_vec_at(findings, i);
        if (strcmp(g->id, f->id) != 0 || !vl_report_shows(g, b->options))
            continue;
        vl_json_object(j);
        write_ref(j, "ref", b->result, g->package);
        vl_json_key(j, "versions");
        vl_json_array(j);
        vl_json_object(j);
        vl_json_member_str(j, "version", g->package->version);
        vl_json_member_str(j, "status", "affected");
        vl_json_object_end(j);
        if (g->fixed_version) {
            vl_json_object(j);
            vl_json_member_str(j, "version", g->fixed_version);
            vl_json_member_str(j, "status", "unaffected");
            vl_json_object_end(j);
        }
        vl_json_array_end(j);
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static int write_vulnerabilities(struct bom *b, struct vl_err *err)
{
    VL_CLEANUP(vl_map_done) struct vl_map seen;
    vl_map_init(&seen, IDS_MAX);
    vl_json_key(&b->json, "vulnerabilities");
    vl_json_array(&b->json);
    for (size_t i = 0; i < b->result->findings.len; i++) {
        const struct vl_finding *f = vl_vec_at(&b->result->findings, i);
        struct vl_map_slot *slot;
        bool added;
        if (!vl_report_shows(f, b->options))
            continue;
        int r = vl_map_put(&seen, vl_span_str(f->id), &slot, &added, err);
        if (r < 0)
            return r;
        if (added)
            write_vulnerability(b, i);
    }
    vl_json_array_end(&b->json);
    return 0;
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
