/* Photon OS: packages.broadcom.com/photon/photon_cve_metadata/cve_data_photonN.N.json, an array of one object
 * for each vulnerability of each source package. The release stands in the versions alone ("2.7.6-2.ph3"). */
#include "namespace.h"
#include "parse.h"

/* "2.7.6-2.ph3" gives "photon:3.0"; else the release of the document's name, "cve_data_photon3.0.json". */
static struct vl_span space_of(struct vl_span version, struct vl_span object, struct vl_arena *arena)
{
    struct vl_span text = version;
    size_t at = vl_span_find(text, VL_SPAN_LIT(".ph"));
    size_t skip = 3;
    if (at == SIZE_MAX) {
        size_t slash = vl_span_rfind_char(object, '/');
        text = slash == SIZE_MAX ? object : vl_span_slice(object, slash + 1, object.len);
        at = vl_span_find(text, VL_SPAN_LIT("photon"));
        skip = 6;
    }
    if (at == SIZE_MAX)
        return VL_SPAN_EMPTY;
    size_t end = at + skip;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9')
        end++;
    if (end == at + skip || end - at > skip + 3)
        return VL_SPAN_EMPTY;
    return vl_span_str(
        vl_arena_printf(arena, "photon:%.*s.0", VL_SPAN_FMT(vl_span_slice(text, at + skip, end))));
}

/* The scale of CVSS 3: Photon gives the number alone. */
static const char *word_of(const struct vl_doc_node *score)
{
    double value;
    if (!vl_doc_number(score, &value) || value <= 0)
        return NULL;
    return value >= 9 ? "critical" : value >= 7 ? "high" : value >= 4 ? "medium" : "low";
}

static int emit_entry(const struct vl_doc_node *entry, struct vl_span object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    struct vl_span id = vl_doc_get_str(entry, "cve_id");
    struct vl_span version = vl_span_trim(vl_doc_get_str(entry, "res_ver"));
    struct vl_span status = vl_doc_get_str(entry, "status");
    bool fixed = version.len && version.ptr[0] >= '0' && version.ptr[0] <= '9'; /* else "NA" */
    if (!vl_feed_is_cve(id) || (!fixed && vl_span_eq_nocase(status, VL_SPAN_LIT("Not Affected")))) {
        sink->skipped++;
        return 0;
    }
    struct vl_record_range range = {.fixed = fixed ? version : VL_SPAN_EMPTY};
    struct vl_record_affected affected = {.space = space_of(version, object, context->arena),
        .package = vl_span_trim(vl_doc_get_str(entry, "pkg")),
        .ranges = &range,
        .n_ranges = 1};
    const char *word = word_of(vl_doc_get(entry, "cve_score"));
    struct vl_record_pair rating = {VL_SPAN_LIT("photon"), vl_span_str(word)};
    struct vl_record record = {
        .id = id, .ratings = &rating, .n_ratings = word != NULL, .affected = &affected, .n_affected = 1};
    if (affected.space.len == 0 || affected.package.len == 0) {
        sink->skipped++;
        return 0;
    }
    int r = vl_record_emit(sink, &record, err);
    vl_arena_reset(context->arena);
    return r;
}

int vl_feed_parse_photon(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    if (!vl_doc_is(vl_doc_root(doc), VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "%s is no list of Photon's vulnerabilities", object);
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_root(doc)); n && r == 0; n = vl_doc_next(n))
        r = emit_entry(n, vl_span_str(object), context, sink, err);
    return r;
}
