#include "attestation.h"

#include <string.h>

#include "base/text.h"
#include "codec/doc.h"
#include "document.h"
#include "package/sbom.h"

#define ARENA_MAX    (8UL * 1024 * 1024)
#define SUMMARY_MAX  400
#define PREDICATE_IN "https://in-toto.io/Statement/"

static bool says(const char *text, const char *word)
{
    return text && vl_span_find(vl_span_str(text), vl_span_str(word)) != SIZE_MAX;
}

const char *vl_scan_attestation_kind(const char *type)
{
    if (says(type, "cyclonedx") || says(type, "spdx"))
        return "SBOM";
    if (says(type, "signature") || says(type, "cosign.simplesigning") || says(type, "notary"))
        return "signature";
    if (says(type, "vnd.vallum.report"))
        return "report of vallum";
    return says(type, "in-toto") || says(type, "dsse") ? "attestation" : "artifact";
}

/* The statement in a DSSE envelope; the document itself where it is a statement already. */
static int open_statement(struct vl_span bytes, struct vl_doc **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf payload;
    vl_buf_init(&payload, VL_ATTESTATION_BYTES_MAX);
    int r = vl_doc_parse(bytes, VL_DOC_JSON, "attestation", &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    /* A Sigstore bundle holds the envelope. */
    if (vl_doc_get(root, "dsseEnvelope"))
        root = vl_doc_get(root, "dsseEnvelope");
    if (vl_doc_get(root, "payload")) {
        if (!vl_base64_decode(vl_doc_get_str(root, "payload"), &payload))
            return vl_err_set(err, VL_ERR_INVALID, "attestation: its payload is not base64");
        return vl_doc_parse(vl_buf_span(&payload), VL_DOC_JSON, "attestation", ret, err);
    }
    *ret = doc;
    doc = NULL;
    return 0;
}

static void append_text(struct vl_buf *out, const char *before, const struct vl_doc_node *node)
{
    struct vl_span text = vl_span_slice(vl_doc_span(node), 0, SUMMARY_MAX);
    if (!text.len)
        return;
    vl_buf_printf(out, "%s%s", out->len ? ", " : "", before);
    vl_text_append_printable(out, text);
}

/* Who built it and from what: SLSA v1, else v0.2. */
static void describe_provenance(const struct vl_doc_node *predicate, struct vl_buf *out)
{
    const struct vl_doc_node *definition = vl_doc_get(predicate, "buildDefinition");
    const struct vl_doc_node *builder = vl_doc_get(vl_doc_get(predicate, "runDetails"), "builder");
    const struct vl_doc_node *sources = vl_doc_get(definition, "resolvedDependencies");
    if (!builder)
        builder = vl_doc_get(predicate, "builder");
    if (!sources)
        sources = vl_doc_get(predicate, "materials");
    append_text(out, "built by ", vl_doc_get(builder, "id"));
    append_text(out, "as ", vl_doc_get(definition ? definition : predicate, "buildType"));
    append_text(out, "from ", vl_doc_get(vl_doc_first(sources), "uri"));
}

static int describe_sbom(struct vl_span bytes, struct vl_buf *out, struct vl_err *err)
{
    struct vl_inventory *inventory = vl_inventory_new();
    if (!inventory)
        return vl_err_nomem(err);
    int r = vl_sbom_read(bytes, "SBOM", inventory, err);
    if (r >= 0)
        vl_buf_printf(out, "%zu package%s", inventory->packages.len, inventory->packages.len == 1 ? "" : "s");
    vl_inventory_free(inventory);
    return r < 0 ? r : 0;
}

int vl_scan_attestation_read(struct vl_span bytes, const char *listed_as, struct vl_arena *arena,
    struct vl_attestation *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *statement = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf summary;
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_attestation found = {.kind = vl_scan_attestation_kind(listed_as)};
    int r = 0;
    vl_buf_init(&summary, 4 * SUMMARY_MAX + 256);
    if (open_statement(bytes, &statement, &ignored) == 0) {
        const struct vl_doc_node *root = vl_doc_root(statement);
        struct vl_span type = vl_span_slice(vl_doc_get_str(root, "predicateType"), 0, SUMMARY_MAX);
        if (type.len && vl_span_starts_with(vl_doc_get_str(root, "_type"), PREDICATE_IN)) {
            found.predicate = vl_arena_dup_span(arena, type);
            if (!found.predicate)
                return vl_err_nomem(err);
            found.kind = says(found.predicate, "provenance")      ? "provenance"
                         : says(found.predicate, "vallum:report") ? "report of vallum"
                         : says(found.predicate, "spdx.dev")      ? "SBOM"
                         : says(found.predicate, "cyclonedx")     ? "SBOM"
                                                                  : "attestation";
            if (strcmp(found.kind, "provenance") == 0)
                describe_provenance(vl_doc_get(root, "predicate"), &summary);
        }
    }
    /* An envelope looks like an SBOM until its predicate tells. */
    if ((!found.predicate || strcmp(found.kind, "SBOM") == 0) && vl_sbom_detect(bytes)) {
        found.kind = "SBOM";
        r = describe_sbom(bytes, &summary, err);
    }
    if (r == 0 && summary.len) {
        found.summary = vl_arena_strdup(arena, vl_buf_str(&summary));
        r = found.summary ? 0 : vl_err_nomem(err);
    }
    if (r == 0)
        *ret = found;
    return r;
}

static int take(struct vl_image *image, const char *const *indexer, struct vl_scan_result *result,
    const struct vl_image_referrer *referrer, bool read, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    struct vl_err why = VL_ERR_INIT;
    vl_buf_init(&bytes, VL_ATTESTATION_BYTES_MAX);
    const char *type =
        referrer->artifact_type && *referrer->artifact_type ? referrer->artifact_type : referrer->media_type;
    struct vl_attestation *a = vl_vec_push(&result->attestations, "attestations", err);
    if (!a)
        return err->err;
    struct vl_attestation found = {.kind = vl_scan_attestation_kind(type)};
    if (read && (vl_image_referrer_read(image, referrer->digest, &bytes, &why) < 0 ||
                    vl_document_attestation(indexer, vl_buf_span(&bytes), referrer->digest, type,
                        result->arena, &found, &why) < 0)) {
        found = (struct vl_attestation){.kind = vl_scan_attestation_kind(type)};
        vl_notes_add(&result->inventory->notes, VL_NOTE_INFO, why.code, referrer->digest,
            "is listed beside the image but cannot be read: %s", why.msg);
    }
    found.digest = vl_arena_strdup(result->arena, referrer->digest);
    found.artifact_type = type ? vl_arena_strdup(result->arena, type) : NULL;
    *a = found;
    return vl_arena_check(result->arena, "attestations", err);
}

int vl_scan_attestations(
    struct vl_image *image, const char *const *indexer, struct vl_scan_result *result, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_vec_done) struct vl_vec referrers = {0};
    struct vl_err why = VL_ERR_INIT;
    if (!arena)
        return vl_err_nomem(err);
    if (vl_image_referrers(image, arena, &referrers, &why) < 0) {
        vl_notes_add(&result->inventory->notes, VL_NOTE_INFO, why.code, "referrers",
            "what lies beside the image cannot be listed: %s", why.msg);
        return 0;
    }
    for (size_t i = 0; i < referrers.len; i++) {
        int r = take(image, indexer, result, vl_vec_at(&referrers, i), i < VL_ATTESTATIONS_READ_MAX, err);
        if (r < 0)
            return r;
    }
    return 0;
}
