/* SPDX 2.3 JSON (ISO/IEC 5962): packages, what contains them, and advisories as external references. */
#include <string.h>

#include "annotate.h"
#include "base/text.h"
#include "base/time.h"
#include "chains.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "formats.h"
#include "license.h"

#define ANNOTATION_MAX (1UL << 20) /* bytes of one annotation */

struct spdx {
    struct vl_json json;
    const struct vl_scan_result *result;
    const struct vl_report_options *options;
    struct vl_report_chains findings; /* by package */
    const char *creator;
    const char *date;
    uint64_t cut; /* annotations over ANNOTATION_MAX */
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
    VL_CLEANUP(vl_buf_done) struct vl_buf joined;
    vl_buf_init(&joined, ANNOTATION_MAX);
    for (; *locator; locator++) { /* "unique string with no spaces" (7.21.1) */
        if ((unsigned char)*locator > ' ' && *locator != 0x7f)
            vl_buf_append_char(&joined, *locator);
        else
            vl_buf_printf(&joined, "%%%02X", (unsigned)(unsigned char)*locator);
    }
    vl_json_object(j);
    vl_json_member_str(j, "referenceCategory", category);
    vl_json_member_str(j, "referenceType", type);
    vl_json_member_str(j, "referenceLocator", vl_buf_str(&joined));
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
    uint32_t index = vl_report_package_index(s->result, p);
    for (uint32_t i = s->findings.first[index]; i != VL_REPORT_CHAIN_END; i = s->findings.next[i]) {
        const struct vl_finding *f = vl_vec_at(&s->result->findings, i);
        if (vl_report_id_url(f->id, url))
            write_reference(j, "SECURITY", "advisory", url, f->id);
        else
            write_reference(j, "OTHER", "vulnerability", f->id, f->advisory);
    }
    vl_json_array_end(j);
}

static void emit_annotation(void *user, const char *name, const char *value)
{
    struct spdx *s = user;
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, ANNOTATION_MAX);
    vl_buf_printf(&text, "%s=%s", name, value);
    if (text.failed)
        s->cut++;
    vl_json_object(j);
    vl_json_member_str(j, "annotator", s->creator);
    vl_json_member_str(j, "annotationDate", s->date);
    vl_json_member_str(j, "annotationType", "OTHER");
    vl_json_member_str(j, "comment", vl_buf_str(&text));
    vl_json_object_end(j);
}

/* Several licences of one package all apply (SPDX 2.3 annex D); words make the whole unknown here, and stand
 * in the annotations. */
static void write_license(struct vl_json *j, const struct vl_package *p)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf all;
    vl_buf_init(&all, ANNOTATION_MAX);
    bool known = p->n_licenses > 0;
    for (uint32_t i = 0; i < p->n_licenses && known; i++) {
        const char *id = NULL;
        enum vl_report_license_kind kind = vl_report_license_kind(p->licenses[i], &id);
        const char *text = id ? id : p->licenses[i];
        known = kind != VL_REPORT_LICENSE_WORDS && !strstr(text, "LicenseRef-");
        bool group = kind == VL_REPORT_LICENSE_EXPRESSION && p->n_licenses > 1;
        vl_buf_printf(&all, "%s%s%s%s", i ? " AND " : "", group ? "(" : "", text, group ? ")" : "");
    }
    vl_json_member_str(j, "licenseConcluded", "NOASSERTION");
    vl_json_member_str(j, "licenseDeclared", known && !all.failed ? vl_buf_str(&all) : "NOASSERTION");
}

static void write_checksum(struct vl_json *j, const char *digest)
{
    struct vl_span d = vl_span_str(digest);
    size_t colon = vl_span_find_char(d, ':');
    bool sha1 = vl_span_starts_with(d, "sha1:");
    if (!sha1 && !vl_span_starts_with(d, "sha256:"))
        return;
    vl_json_key(j, "checksums");
    vl_json_array(j);
    vl_json_object(j);
    vl_json_member_str(j, "algorithm", sha1 ? "SHA1" : "SHA256");
    vl_json_key(j, "checksumValue");
    vl_json_span(j, vl_span_slice(d, colon + 1, d.len));
    vl_json_object_end(j);
    vl_json_array_end(j);
}

static void write_package(struct spdx *s, const struct vl_package *p)
{
    struct vl_json *j = &s->json;
    VL_CLEANUP(vl_buf_done) struct vl_buf source;
    vl_json_object(j);
    write_id(j, "SPDXID", s->result, p);
    vl_json_member_str(j, "name", p->name);
    if (*p->version)
        vl_json_member_str(j, "versionInfo", p->version);
    VL_CLEANUP(vl_buf_done) struct vl_buf supplier;
    vl_buf_init(&supplier, ANNOTATION_MAX);
    vl_buf_printf(&supplier, "Organization: %s", p->vendor ? p->vendor : "");
    vl_json_member_str(j, "supplier", p->vendor ? vl_buf_str(&supplier) : "NOASSERTION");
    vl_json_member_str(j, "downloadLocation", "NOASSERTION");
    vl_json_member_bool(j, "filesAnalyzed", false);
    write_license(j, p);
    vl_json_member_str(j, "copyrightText", "NOASSERTION");
    write_checksum(j, p->digest);
    vl_buf_init(&source, ANNOTATION_MAX);
    if (p->source_name || p->source_version)
        vl_buf_printf(&source, "built package from: %s %s", p->source_name ? p->source_name : p->name,
            p->source_version ? p->source_version : p->version);
    else
        vl_buf_printf(&source, "acquired package info from: %s", p->path ? p->path : "");
    vl_json_member_str(j, "sourceInfo", vl_buf_str(&source));
    write_references(s, p);
    vl_json_key(j, "annotations");
    vl_json_array(j);
    vl_report_annotate_package(s->result, p, (struct vl_report_emit){emit_annotation, s});
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_target(struct spdx *s)
{
    struct vl_json *j = &s->json;
    const struct vl_target *t = &s->result->inventory->target;
    vl_json_object(j);
    vl_json_member_str(j, "SPDXID", "SPDXRef-Target");
    vl_json_member_str(j, "name", t->reference ? t->reference : t->name ? t->name : "target");
    if (t->digest)
        vl_json_member_str(j, "versionInfo", t->digest);
    vl_json_member_str(j, "downloadLocation", "NOASSERTION");
    vl_json_member_bool(j, "filesAnalyzed", false);
    vl_json_member_str(j, "primaryPackagePurpose", t->kind == VL_TARGET_IMAGE ? "CONTAINER" : "APPLICATION");
    write_checksum(j, t->digest);
    vl_json_key(j, "annotations");
    vl_json_array(j);
    vl_report_annotate_target(s->result, (struct vl_report_emit){emit_annotation, s});
    vl_json_array_end(j);
    vl_json_object_end(j);
}

static void write_distro(struct spdx *s)
{
    struct vl_json *j = &s->json;
    const struct vl_distro *d = &s->result->inventory->distro;
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
    vl_json_key(j, "annotations");
    vl_json_array(j);
    vl_report_annotate_distro(s->result, (struct vl_report_emit){emit_annotation, s});
    vl_json_array_end(j);
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

static void write_document(struct spdx *s)
{
    struct vl_json *j = &s->json;
    const struct vl_target *t = &s->result->inventory->target;
    vl_json_object(j);
    vl_json_member_str(j, "spdxVersion", "SPDX-2.3");
    vl_json_member_str(j, "dataLicense", "CC0-1.0");
    vl_json_member_str(j, "SPDXID", "SPDXRef-DOCUMENT");
    vl_json_member_str(j, "name", t->reference ? t->reference : t->name ? t->name : "target");
    write_namespace(s);
    vl_json_key(j, "creationInfo");
    vl_json_object(j);
    vl_json_member_str(j, "created", s->date);
    vl_json_key(j, "creators");
    vl_json_array(j);
    vl_json_str(j, s->creator);
    vl_json_array_end(j);
    vl_json_object_end(j);
    vl_json_key(j, "packages");
    vl_json_array(j);
    write_target(s);
    write_distro(s);
    for (size_t i = 0; i < s->result->inventory->packages.len; i++)
        write_package(s, vl_vec_at(&s->result->inventory->packages, i));
    vl_json_array_end(j);
    write_relationships(s);
    vl_json_object_end(j);
}

int vl_report_spdx(const struct vl_scan_result *result, const struct vl_report_options *options,
    struct vl_buf *out, struct vl_err *err)
{
    struct spdx s = {.result = result, .options = options};
    char date[VL_TIME_TEXT_MAX];
    VL_CLEANUP(vl_buf_done) struct vl_buf creator;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_report_arena_new();
    vl_buf_init(&creator, 256);
    if (!arena)
        return vl_err_nomem(err);
    int r = vl_report_chains_by_package(result, options, arena, &s.findings, err);
    if (r < 0)
        return r;
    for (size_t i = 0; options->packages_only && i < s.findings.n_groups; i++)
        s.findings.first[i] = VL_REPORT_CHAIN_END;
    vl_buf_printf(&creator, "Tool: vallum-%s", options->version ? options->version : "unversioned");
    s.creator = vl_buf_str(&creator);
    s.date = vl_time_format(result->scanned_ms, date);
    vl_json_init(&s.json, out, true);
    write_document(&s);
    if (s.cut)
        return vl_err_set(err, VL_ERR_LIMIT, "SPDX: %llu texts are over %lu bytes", (unsigned long long)s.cut,
            ANNOTATION_MAX);
    r = vl_json_check(&s.json, "SPDX", err);
    if (r == 0)
        vl_buf_append_char(out, '\n');
    return r;
}
