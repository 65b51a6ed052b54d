/* SPDX 2.3 JSON (ISO/IEC 5962): packages, what contains them, and advisories as external references. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"

struct spdx {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
};

static void write_id(
    struct vl_json *j, const char *key, const struct vl_scan_result *result, const struct vl_package *p)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf id;
    vl_buf_init(&id, 64);
    vl_buf_printf(&id, "SPDXRef-Package-%zu",
        (size_t)(p - (const struct vl_package *)result->inventory->packages.items));
    vl_json_member_str(j, key, vl_buf_str(&id));
}

static void write_reference(
    struct vl_json *j, const char *category, const char *type, const char *locator, const char *comment)
{
    vl_json_object(j);
    vl_json_member_str(j, "referenceCategory", category);
    vl_json_member_str(j, "referenceType", type);
    vl_json_member_str(j, "referenceLocator", locator);
    vl_json_member_str(j, "comment", comment);
    vl_json_object_end(j);
}

static void write_references(struct spdx *s, const struct vl_package *p)
{
    struct vl_json *j = &s->json;
    char url[256];
    vl_json_key(j, "externalRefs");
    vl_json_array(j);
    if (p->purl)
        write_reference(j, "PACKAGE-MANAGER", "purl", p->purl, NULL);
    for (size_t i = 0; i < s->result->findings.len && !s->options->packages_only; i++) {
        const struct vl_finding *f = vl_vec_at(&s->result->findings, i);
        if (f->package == p && vl_report_shows(f, s->options) && vl_report_id_url(f->id, url))
            write_reference(j, "SECURITY", "advisory", url, f->id);
    }
    vl_json_array_end(j);
}

static void write_annotation(
    struct vl_json *j, const struct vl_scan_result *result, const char *name, const char *value)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    if (!value)
        return;
    vl_buf_init(&text, 1 << 16);
    vl_buf_printf(&text, "%s=%s", name, value);
    vl_json_object(j);
    vl_json_member_str(j, "annotator", "Tool: vallum");
    vl_json_member_time(j, "annotationDate", result->scanned_ms);
    vl_json_member_str(j, "annotationType", "OTHER");
    vl_json_member_str(j, "comment", vl_buf_str(&text));
    vl_json_object_end(j);
}

static void write_package(struct spdx *s, const struct vl_package *p)
{
    struct vl_json *j = &s->json;
    const struct vl_layer *layer = vl_report_layer(s->result, p->layer);
    VL_CLEANUP(vl_buf_done) struct vl_buf source;
    vl_json_object(j);
    write_id(j, "SPDXID", s->result, p);
    vl_json_member_str(j, "name", p->name);
    if (*p->version)
        vl_json_member_str(j, "versionInfo", p->version);
    vl_json_member_str(j, "downloadLocation", "NOASSERTION");
    vl_json_member_bool(j, "filesAnalyzed", false);
    vl_json_member_str(j, "licenseConcluded", "NOASSERTION");
    vl_json_member_str(j, "licenseDeclared", "NOASSERTION");
    vl_json_member_str(j, "copyrightText", "NOASSERTION");
    vl_buf_init(&source, 1 << 16);
    if (p->source_name || p->source_version)
        vl_buf_printf(&source, "built package from: %s %s", p->source_name ? p->source_name : p->name,
            p->source_version ? p->source_version : p->version);
    else
        vl_buf_printf(&source, "acquired package info from: %s", p->path);
    vl_json_member_str(j, "sourceInfo", vl_buf_str(&source));
    write_references(s, p);
    vl_json_key(j, "annotations");
    vl_json_array(j);
    write_annotation(j, s->result, "vallum:path", p->path);
    write_annotation(j, s->result, "vallum:layer_diff_id", layer ? layer->diff_id : NULL);
    for (uint32_t i = 0; i < p->n_licenses; i++)
        write_annotation(j, s->result, "vallum:license", p->licenses[i]);
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_special(struct spdx *s)
{
    struct vl_json *j = &s->json;
    const struct vl_target *t = &s->result->inventory->target;
    const struct vl_distro *d = &s->result->inventory->distro;
    vl_json_object(j);
    vl_json_member_str(j, "SPDXID", "SPDXRef-Target");
    vl_json_member_str(j, "name", t->reference ? t->reference : t->name ? t->name : "target");
    if (t->digest)
        vl_json_member_str(j, "versionInfo", t->digest);
    vl_json_member_str(j, "downloadLocation", "NOASSERTION");
    vl_json_member_bool(j, "filesAnalyzed", false);
    vl_json_member_str(j, "primaryPackagePurpose", t->kind == VL_TARGET_IMAGE ? "CONTAINER" : "APPLICATION");
    vl_json_object_end(j);
    if (!*d->id)
        return;
    vl_json_object(j);
    vl_json_member_str(j, "SPDXID", "SPDXRef-OperatingSystem");
    vl_json_member_str(j, "name", d->id);
    if (*d->version_id)
        vl_json_member_str(j, "versionInfo", d->version_id);
    vl_json_member_str(j, "downloadLocation", "NOASSERTION");
    vl_json_member_bool(j, "filesAnalyzed", false);
    vl_json_member_str(j, "primaryPackagePurpose", "OPERATING-SYSTEM");
    vl_json_object_end(j);
}

static void write_relationship(struct vl_json *j, const char *from, const char *type, const char *to)
{
    vl_json_object(j);
    vl_json_member_str(j, "spdxElementId", from);
    vl_json_member_str(j, "relationshipType", type);
    vl_json_member_str(j, "relatedSpdxElement", to);
    vl_json_object_end(j);
}

static void write_relationships(struct spdx *s)
{
    struct vl_json *j = &s->json;
    vl_json_key(j, "relationships");
    vl_json_array(j);
    write_relationship(j, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Target");
    if (*s->result->inventory->distro.id)
        write_relationship(j, "SPDXRef-Target", "CONTAINS", "SPDXRef-OperatingSystem");
    for (size_t i = 0; i < s->result->inventory->packages.len; i++) {
        vl_json_object(j);
        vl_json_member_str(j, "spdxElementId", "SPDXRef-Target");
        vl_json_member_str(j, "relationshipType", "CONTAINS");
        write_id(j, "relatedSpdxElement", s->result, vl_vec_at(&s->result->inventory->packages, i));
        vl_json_object_end(j);
    }
    vl_json_array_end(j);
}

static void write_namespace(struct spdx *s)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_digest d;
    char hex[33];
    const struct vl_target *t = &s->result->inventory->target;
    vl_buf_init(&text, 1 << 16);
    vl_buf_printf(&text, "%s\n%s\n%lld", t->name ? t->name : "", t->digest ? t->digest : "",
        (long long)s->result->scanned_ms);
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&text), &d);
    vl_hex_encode(d.bytes, 16, hex);
    vl_buf_clear(&text);
    vl_buf_printf(&text, "urn:vallum:spdx:%s", hex);
    vl_json_member_str(&s->json, "documentNamespace", vl_buf_str(&text));
}

int vl_report_spdx(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct spdx s = {.result = result, .options = options};
    struct vl_json *j = &s.json;
    VL_CLEANUP(vl_buf_done) struct vl_buf creator;
    const struct vl_target *t = &result->inventory->target;
    vl_buf_init(&creator, 256);
    vl_buf_printf(&creator, "Tool: vallum-%s", options->version ? options->version : "");
    vl_json_init(j, out, true);
    vl_json_object(j);
    vl_json_member_str(j, "spdxVersion", "SPDX-2.3");
    vl_json_member_str(j, "dataLicense", "CC0-1.0");
    vl_json_member_str(j, "SPDXID", "SPDXRef-DOCUMENT");
    vl_json_member_str(j, "name", t->reference ? t->reference : t->name ? t->name : "target");
    write_namespace(&s);
    vl_json_key(j, "creationInfo");
    vl_json_object(j);
    vl_json_member_time(j, "created", result->scanned_ms);
    vl_json_key(j, "creators");
    vl_json_array(j);
    vl_json_str(j, vl_buf_str(&creator));
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_key(j, "packages");
    vl_json_array(j);
    write_special(&s);
    for (size_t i = 0; i < result->inventory->packages.len; i++)
        write_package(&s, vl_vec_at(&result->inventory->packages, i));
    vl_json_array_end(j);
    write_relationships(&s);
    vl_json_object_end(j);
    int r = vl_json_check(j, "SPDX", err);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
