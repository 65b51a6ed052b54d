#include "package/sbom.h"

#include "artifact/parsers.h"
#include "artifact/sbom.h"
#include "base/text.h"
#include "text_util.h"

/* Documents, what holds them, and SBOM files inside a target.
 * Sources: in-toto attestation framework (Statement, predicates CycloneDX and SPDX), DSSE protocol.md,
 * Sigstore bundle (dsseEnvelope); cosign's older predicates hold the document under "Data". */

#define WRAPS_MAX   8 /* an envelope in a statement in … */
#define SCRATCH_MAX (64UL * 1024 * 1024)
#define TEXTS_MAX   1000000
#define TAGS_HEAD   4096 /* SPDXVersion stands within */

static struct vl_span without_mark(struct vl_span s)
{
    return vl_span_trim(PKG_STARTS(s, "\xef\xbb\xbf") ? vl_span_slice(s, 3, s.len) : s);
}

static bool has(struct vl_span content, const char *text)
{
    return vl_span_find(content, vl_span_str(text)) != SIZE_MAX;
}

static bool is_tags(struct vl_span content)
{
    return has(vl_span_slice(content, 0, TAGS_HEAD), "SPDXVersion:");
}

static bool is_yaml(struct vl_span content)
{
    return has(content, "spdxVersion:");
}

static bool is_xml(struct vl_span content)
{
    struct vl_span head = vl_span_slice(content, 0, TAGS_HEAD);
    return has(head, "cyclonedx.org/schema/bom") || has(head, "spdx.org/rdf/terms");
}

bool vl_sbom_detect(struct vl_span content)
{
    content = without_mark(content);
    if (content.len == 0)
        return false;
    if (content.ptr[0] == '<')
        return is_xml(content);
    if (content.ptr[0] != '{')
        return is_tags(content) || is_yaml(vl_span_slice(content, 0, TAGS_HEAD));
    if (has(content, "\"bomFormat\"") || has(content, "\"spdxVersion\"") ||
        (has(content, "\"artifacts\"") && has(content, "\"artifactRelationships\"")))
        return true;
    /* An envelope is in base64: its type must do. */
    return has(content, "\"payloadType\"") && has(content, "application/vnd.in-toto+json");
}

static int read_text(struct sbom *sbom, struct vl_span content, unsigned depth, struct vl_err *err)
{
    content = without_mark(content);
    if (content.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "the document is empty");
    return sbom_read_any(sbom, content, depth + 1, err);
}

static int read_payload(struct sbom *sbom, struct vl_span payload, unsigned depth, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_SBOM_MAX);
    if (!vl_base64_decode(payload, &text))
        return vl_err_set(err, VL_ERR_INVALID, "the payload of the envelope is no base64");
    int r = vl_buf_check(&text, "payload", err);
    return r < 0 ? r : read_text(sbom, vl_buf_span(&text), depth, err);
}

static int read_node(struct sbom *sbom, const struct vl_doc_node *node, unsigned depth, struct vl_err *err)
{
    for (unsigned wraps = 0; wraps < WRAPS_MAX; wraps++) {
        const struct vl_doc_node *predicate = vl_doc_get(node, "predicate");
        if (vl_doc_get_str(node, "bomFormat").len) {
            if (!PKG_IS(vl_doc_get_str(node, "bomFormat"), "CycloneDX"))
                break;
            return sbom_read_cyclonedx(sbom, node, err);
        }
        if (vl_doc_get_str(node, "spdxVersion").len)
            return sbom_read_spdx(sbom, node, err);
        if (vl_doc_is(vl_doc_get(node, "artifacts"), VL_DOC_ARRAY))
            return sbom_read_syft(sbom, node, err);
        if (vl_doc_get(node, "payloadType"))
            return read_payload(sbom, vl_doc_get_str(node, "payload"), depth, err);
        if (vl_doc_is(vl_doc_get(node, "Data"), VL_DOC_STRING))
            return read_text(sbom, vl_doc_get_str(node, "Data"), depth, err);
        if (vl_doc_is(vl_doc_get(node, "dsseEnvelope"), VL_DOC_OBJECT))
            node = vl_doc_get(node, "dsseEnvelope");
        else if (vl_doc_is(predicate, VL_DOC_OBJECT))
            node = predicate;
        else if (vl_doc_is(vl_doc_get(node, "Data"), VL_DOC_OBJECT))
            node = vl_doc_get(node, "Data");
        else
            break;
    }
    return vl_err_set(err, VL_ERR_UNSUPPORTED, "neither CycloneDX nor SPDX 2 nor Syft's format");
}

/* One attestation a line, as `cosign download attestation` writes them. */
struct lines {
    struct sbom *sbom;
    unsigned depth;
    uint64_t read;
    struct vl_err unsupported; /* of the last that is no SBOM: provenance, test results */
};

static int on_line(struct vl_doc *doc, void *user, struct vl_err *err)
{
    struct lines *lines = user;
    int r = read_node(lines->sbom, vl_doc_root(doc), lines->depth, err);
    vl_doc_free(doc);
    lines->read += r >= 0;
    if (r < 0 && err->code == VL_ERR_UNSUPPORTED) {
        lines->unsupported = *err;
        vl_err_clear(err);
        r = 0;
    }
    return r;
}

static int read_lines(struct sbom *sbom, struct vl_span content, unsigned depth, struct vl_err *err)
{
    struct lines lines = {.sbom = sbom, .depth = depth};
    int r = vl_doc_parse_stream(content, VL_DOC_JSON, sbom->name, on_line, &lines, err);
    if (r >= 0 && lines.read == 0) {
        *err = lines.unsupported;
        return err->err;
    }
    return r;
}

/* Whether each line is a document of its own. The first tells: one in a line ends with it. */
static bool is_lines(struct vl_span content)
{
    size_t end = vl_span_find_char(content, '\n');
    return end != SIZE_MAX && end > 0 && content.ptr[end - 1] == '}' && end + 1 < content.len &&
           content.ptr[end + 1] == '{';
}

int sbom_read_any(struct sbom *sbom, struct vl_span content, unsigned depth, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    if (depth > WRAPS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "more than %d envelopes in each other", WRAPS_MAX);
    content = without_mark(content);
    if (content.len && content.ptr[0] == '<')
        return sbom_read_xml(sbom, content, err);
    if (content.len && content.ptr[0] != '{' && is_tags(content))
        return sbom_read_spdx_tags(sbom, content, err);
    if (content.len && content.ptr[0] != '{' && !is_yaml(content))
        return vl_err_set(err, VL_ERR_UNSUPPORTED, "neither CycloneDX nor SPDX 2 nor Syft's format");
    bool json = content.len && content.ptr[0] == '{';
    if (json && is_lines(content))
        return read_lines(sbom, content, depth, err);
    int r = vl_doc_parse(content, json ? VL_DOC_JSON : VL_DOC_YAML, sbom->name, &doc, err);
    return r < 0 ? r : read_node(sbom, vl_doc_root(doc), depth, err);
}

/* What is missing from the list, or in it without a meaning. */
static void add_notes(struct sbom *sbom)
{
    uint64_t unmatched = sbom->without_purl + sbom->unknown_purl;
    if (unmatched)
        vl_notes_add(sbom->notes, VL_NOTE_PARTIAL, VL_ERR_UNSUPPORTED, sbom->name,
            "components that cannot be matched: %llu (%llu without a package URL, %llu with one of an "
            "unknown type; the first is %s)",
            (unsigned long long)unmatched, (unsigned long long)sbom->without_purl,
            (unsigned long long)sbom->unknown_purl,
            sbom->first_unmatched ? sbom->first_unmatched : "unnamed");
    if (sbom->of_distribution)
        vl_notes_add(sbom->notes, VL_NOTE_INFO, VL_ERR_NONE, sbom->name,
            "%llu packages of the distribution are left to its own database",
            (unsigned long long)sbom->of_distribution);
    if (sbom->licenses_dropped)
        vl_notes_add(sbom->notes, VL_NOTE_INFO, VL_ERR_LIMIT, sbom->name,
            "%llu licences beyond %d of one component are not kept",
            (unsigned long long)sbom->licenses_dropped, SBOM_LICENSES_MAX);
}

static int run(struct sbom *sbom, struct vl_span content, struct vl_err *err)
{
    if (content.len > VL_SBOM_MAX)
        return vl_err_set(
            err, VL_ERR_LIMIT, "%s: an SBOM of more than %lu bytes", sbom->name, (unsigned long)VL_SBOM_MAX);
    sbom->scratch = vl_arena_new(SCRATCH_MAX);
    if (!sbom->scratch)
        return vl_err_nomem(err);
    vl_map_init(&sbom->layers, VL_INVENTORY_LAYERS_MAX);
    vl_map_init(&sbom->licenses, TEXTS_MAX);
    vl_vec_init(&sbom->owners, sizeof(struct sbom_owner), VL_INVENTORY_PACKAGES_MAX);
    sbom->last_layer = VL_LAYER_NONE;
    int r = sbom_read_any(sbom, content, 0, err);
    if (r >= 0)
        r = sbom_settle_owners(sbom, err);
    if (r < 0)
        r = vl_err_wrap(err, "%s", sbom->name);
    add_notes(sbom);
    vl_vec_done(&sbom->owners);
    vl_map_done(&sbom->layers);
    vl_map_done(&sbom->licenses);
    vl_arena_free(sbom->scratch);
    return r;
}

int vl_sbom_read(struct vl_span content, const char *name, struct vl_inventory *inventory, struct vl_err *err)
{
    struct sbom sbom = {.name = name,
        .path = "",
        .arena = inventory->arena,
        .notes = &inventory->notes,
        .packages = &inventory->packages,
        .inventory = inventory};
    inventory->target.kind = VL_TARGET_SBOM;
    inventory->target.name = vl_arena_strdup(inventory->arena, name);
    int r = vl_arena_check(inventory->arena, name, err);
    return r < 0 ? r : run(&sbom, content, err);
}

/* Names that other files have too: a bill of materials need not be one of software. */
static bool has_common_name(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_ENDS(base, "bom.json") || PKG_ENDS(base, "bom.xml");
}

static int parse_file(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    if (has_common_name(file) && !vl_sbom_detect(file->content))
        return 0;
    struct sbom sbom = {
        .name = file->path, .arena = sink->arena, .notes = sink->notes, .packages = &sink->packages};
    sbom.path = vl_arena_strdup(sink->arena, file->path);
    int r = vl_arena_check(sink->arena, file->path, err);
    return r < 0 ? r : run(&sbom, file->content, err);
}

static bool in_bitnami(const struct vl_package_file *file)
{
    struct vl_span path = vl_span_str(file->path);
    return PKG_STARTS(path, "opt/bitnami/");
}

/* "opt/bitnami/nginx/.spdx-nginx.spdx" */
static bool wants_bitnami(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_ENDS(base, ".spdx") && PKG_STARTS(base, ".spdx-") && in_bitnami(file);
}

static bool wants_sbom(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_ENDS(base, ".spdx.json") || PKG_ENDS(base, ".cdx.json") || PKG_ENDS(base, ".spdx") ||
           PKG_ENDS(base, ".spdx.yml") || PKG_ENDS(base, ".spdx.rdf") || PKG_ENDS(base, ".cdx.xml") ||
           PKG_IS(base, "bom.xml") || PKG_ENDS(base, ".bom.xml") || PKG_ENDS(base, ".spdx.yaml") ||
           PKG_IS(base, "bom.json") || PKG_ENDS(base, ".bom.json") ||
           (PKG_STARTS(base, ".spdx.") && PKG_ENDS(base, ".json"));
}

const struct vl_package_parser pkg_parser_bitnami = {
    .name = "bitnami",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_bitnami,
    .parse = parse_file,
};

const struct vl_package_parser pkg_parser_sbom = {
    .name = "sbom",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_sbom,
    .parse = parse_file,
};
