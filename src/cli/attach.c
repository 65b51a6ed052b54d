/* Signed reports beside images. */
#include "attach.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/digest.h"
#include "codec/doc.h"
#include "codec/json.h"
#include "db_options.h"
#include "image/reference.h"
#include "report/report.h"

#define ARENA_MAX       (1024UL * 1024)
#define PAYLOAD_TYPE    "application/vnd.in-toto+json"
#define ENVELOPE_TYPE   "application/vnd.dsse.envelope.v1+json"
#define STATEMENT_TYPE  "https://in-toto.io/Statement/v1"
#define REFERENCE_BYTES 2048

/* The report is a JSON document of its own, put in as it is. */
static int write_statement(
    const struct vl_target *target, struct vl_span report, struct vl_buf *out, struct vl_err *err)
{
    struct vl_json j;
    VL_CLEANUP(vl_buf_done) struct vl_buf subject;
    vl_buf_init(&subject, VL_CLI_REPORT_MAX);
    vl_json_init(&j, &subject, false);
    vl_json_array(&j);
    vl_json_object(&j);
    vl_json_member_str(&j, "name", target->reference ? target->reference : target->name);
    vl_json_key(&j, "digest");
    vl_json_object(&j);
    vl_json_member_str(&j, "sha256", target->digest + strlen("sha256:"));
    vl_json_object_end(&j);
    vl_json_object_end(&j);
    vl_json_array_end(&j);
    int r = vl_json_check(&j, "the subject", err);
    vl_buf_printf(out,
        "{\"_type\":\"%s\",\"subject\":%s,\"predicateType\":\"%s\",\"predicate\":", STATEMENT_TYPE,
        vl_buf_str(&subject), VL_CLI_PREDICATE);
    vl_buf_append_span(out, report);
    vl_buf_append_str(out, "}");
    return r < 0 ? r : vl_buf_check(out, "the statement", err);
}

/* DSSE: the signature is over "DSSEv1 LEN(type) type LEN(payload) payload". */
static int write_envelope(struct vl_span key, struct vl_span payload, struct vl_buf *out, struct vl_err *err)
{
    uint8_t signature[VL_ED25519_SIGNATURE_BYTES];
    VL_CLEANUP(vl_buf_done) struct vl_buf signed_bytes;
    vl_buf_init(&signed_bytes, 2 * VL_CLI_REPORT_MAX);
    vl_buf_printf(&signed_bytes, "DSSEv1 %zu %s %zu ", strlen(PAYLOAD_TYPE), PAYLOAD_TYPE, payload.len);
    vl_buf_append_span(&signed_bytes, payload);
    int r = vl_buf_check(&signed_bytes, "the statement", err);
    if (r == 0)
        r = vl_ed25519_sign(key, vl_buf_span(&signed_bytes), signature, err);
    if (r < 0)
        return r;
    vl_buf_printf(out, "{\"payloadType\":\"%s\",\"payload\":\"", PAYLOAD_TYPE);
    vl_base64_encode(payload, out);
    vl_buf_append_str(out, "\",\"signatures\":[{\"sig\":\"");
    vl_base64_encode((struct vl_span){(const char *)signature, sizeof(signature)}, out);
    vl_buf_append_str(out, "\"}]}");
    return vl_buf_check(out, "the envelope", err);
}

int vl_cli_attach_report(struct vl_image *image, const struct vl_scan_result *result, const char *key_file,
    const struct vl_cli_common *common, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    VL_CLEANUP(vl_buf_done) struct vl_buf report;
    VL_CLEANUP(vl_buf_done) struct vl_buf statement;
    VL_CLEANUP(vl_buf_done) struct vl_buf envelope;
    const struct vl_report_options options = {.version = VL_VERSION};
    const char *digest = NULL;
    vl_buf_init(&report, VL_CLI_REPORT_MAX);
    vl_buf_init(&statement, 2 * VL_CLI_REPORT_MAX);
    vl_buf_init(&envelope, 4 * VL_CLI_REPORT_MAX);
    int r = vl_cli_read_key(key_file, &key, err);
    if (r == 0 && !arena)
        r = vl_err_nomem(err);
    if (r == 0 && (!image || !result->inventory->target.digest))
        r = vl_err_set(err, VL_ERR_USAGE, "--attach: only an image in a registry can carry a report");
    if (r == 0)
        r = vl_report_write(result, VL_REPORT_JSON, &options, &report, err);
    if (r == 0)
        r = write_statement(&result->inventory->target, vl_buf_span(&report), &statement, err);
    if (r == 0)
        r = write_envelope(vl_buf_span(&key), vl_buf_span(&statement), &envelope, err);
    if (r == 0)
        r = vl_image_attach(
            image, VL_CLI_ARTIFACT_TYPE, ENVELOPE_TYPE, vl_buf_span(&envelope), arena, &digest, err);
    if (r < 0)
        return vl_err_wrap(err, "the report is not attached");
    if (!common->quiet)
        (void)fprintf(stderr, "the signed report is attached as %s\n", digest);
    return 0;
}

/* The predicate of the statement in an envelope, as text of its own. */
static int open_envelope(struct vl_span envelope, struct vl_buf *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *outer = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *inner = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf payload;
    vl_buf_init(&payload, 2 * VL_CLI_REPORT_MAX);
    int r = vl_doc_parse(envelope, VL_DOC_JSON, "attached report", &outer, err);
    if (r < 0)
        return r;
    if (!vl_base64_decode(vl_doc_get_str(vl_doc_root(outer), "payload"), &payload))
        return vl_err_set(err, VL_ERR_INVALID, "attached report: no payload");
    r = vl_doc_parse(vl_buf_span(&payload), VL_DOC_JSON, "attached report", &inner, err);
    if (r < 0)
        return r;
    if (!vl_span_eq_str(vl_doc_get_str(vl_doc_root(inner), "predicateType"), VL_CLI_PREDICATE))
        return vl_err_set(err, VL_ERR_INVALID, "attached report: another predicate");
    /* The predicate is the last member, as write_statement() puts it. */
    struct vl_span text = vl_buf_span(&payload);
    size_t at = vl_span_find(text, VL_SPAN_LIT("\"predicate\":"));
    if (at == SIZE_MAX || !vl_span_ends_with(text, "}"))
        return vl_err_set(err, VL_ERR_INVALID, "attached report: no predicate");
    vl_buf_append_span(ret, vl_span_slice(text, at + strlen("\"predicate\":"), text.len - 1));
    return vl_buf_check(ret, "attached report", err);
}

int vl_cli_attached_report(const char *reference, const char *digest, const struct vl_image_options *options,
    struct vl_buf *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_image_cleanup) struct vl_image *image = NULL;
    VL_CLEANUP(vl_buf_done) struct vl_buf envelope;
    struct vl_vec referrers;
    struct vl_image_reference ref;
    char name[REFERENCE_BYTES];
    vl_buf_init(&envelope, 4 * VL_CLI_REPORT_MAX);
    int r = arena ? vl_image_reference_parse(vl_span_str(reference), arena, &ref, err) : vl_err_nomem(err);
    if (r < 0)
        return r;
    (void)snprintf(name, sizeof(name), "%s/%s@%s", ref.registry, ref.repository, digest);
    r = vl_image_open(name, options, &image, err);
    if (r < 0)
        return vl_err_wrap(err, "--baseline");
    vl_vec_init(&referrers, sizeof(struct vl_image_referrer), VL_CLI_LIST_MAX);
    r = vl_image_referrers(image, arena, &referrers, err);
    const char *found = NULL;
    for (size_t i = 0; r == 0 && i < referrers.len; i++) {
        const struct vl_image_referrer *one = vl_vec_at(&referrers, i);
        if (one->artifact_type && strcmp(one->artifact_type, VL_CLI_ARTIFACT_TYPE) == 0)
            found = one->digest; /* the last one counts */
    }
    if (r == 0 && !found)
        r = vl_err_set(err, VL_ERR_NOT_FOUND,
            "--baseline: no report of ours is attached to %s: scan it with --attach, or give a report file",
            name);
    if (r == 0)
        r = vl_image_referrer_read(image, found, &envelope, err);
    vl_vec_done(&referrers);
    return r < 0 ? r : open_envelope(vl_buf_span(&envelope), ret, err);
}
