/* Facts about vulnerabilities that no package feed brings: CISA's catalogue of exploited ones (KEV), FIRST's
 * EPSS, CVSS and SSVC of CVE records (the TSV derived from cisagov/vulnrichment, and CVE JSON 5 itself). */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "parse.h"

int vl_feed_parse_kev(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_doc_is(vl_doc_get(root, "vulnerabilities"), VL_DOC_ARRAY))
        return vl_err_set(
            err, VL_ERR_INVALID, "%s is no KEV catalogue: it has no \"vulnerabilities\"", object);
    int64_t released = 0;
    if (vl_time_parse(vl_doc_get_str(root, "dateReleased"), &released) && released > sink->newest_ms)
        sink->newest_ms = released;
    for (const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "vulnerabilities")); n;
        n = vl_doc_next(n)) {
        struct vl_record record = {.id = vl_doc_get_str(n, "cveID"), .facts = true, .has_kev = true};
        if (!vl_feed_is_cve(record.id) ||
            !vl_time_parse(vl_doc_get_str(n, "dateAdded"), &record.kev.added_ms)) {
            sink->damaged++;
            continue;
        }
        if (!vl_time_parse(vl_doc_get_str(n, "dueDate"), &record.kev.due_ms))
            record.kev.due_ms = 0;
        record.kev.ransomware =
            vl_span_eq_nocase(vl_doc_get_str(n, "knownRansomwareCampaignUse"), VL_SPAN_LIT("Known"));
        record.title = vl_doc_get_str(n, "vulnerabilityName");
        struct vl_feed_list cwes = {0};
        vl_feed_list_add_strings(&cwes, context->arena, vl_doc_get(n, "cwes"));
        uint32_t numbers[8];
        for (size_t i = 0; i < cwes.n && record.n_cwes < 8; i++)
            numbers[record.n_cwes++] = vl_feed_cwe(cwes.items[i]);
        record.cwes = numbers;
        r = vl_record_emit(sink, &record, err);
        if (r < 0)
            return r;
        vl_arena_reset(context->arena);
    }
    return 0;
}

/* Decimal fraction "0.01015", "1", "9.7e-05"; false where it is none or outside 0 to 1. */
static bool parse_share(struct vl_span text, double *ret)
{
    char copy[32];
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    char *end;
    double value = strtod(copy, &end);
    if (*end || !(value >= 0 && value <= 1))
        return false;
    *ret = value;
    return true;
}

/* #model_version:v2025.03.14,score_date:2026-08-22T00:00:00+0000 */
static void epss_comment(struct vl_span line, struct vl_record_sink *sink)
{
    size_t at = vl_span_find(line, VL_SPAN_LIT("score_date:"));
    int64_t ms;
    if (at == SIZE_MAX || line.len < at + 21)
        return;
    if (vl_time_parse(vl_span_slice(line, at + 11, at + 21), &ms) && ms > sink->newest_ms)
        sink->newest_ms = ms;
}

int vl_feed_parse_epss(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    (void)context;
    struct vl_span line;
    bool header = false;
    while (vl_span_split_line(&bytes, &line)) {
        struct vl_span cve;
        struct vl_span epss;
        struct vl_span percentile;
        if (line.len == 0)
            continue;
        if (line.ptr[0] == '#') {
            epss_comment(line, sink);
            continue;
        }
        if (!header) {
            header = vl_span_starts_with(line, "cve,epss");
            if (!header)
                return vl_err_set(
                    err, VL_ERR_INVALID, "%s is no EPSS file: its header is not cve,epss,percentile", object);
            continue;
        }
        struct vl_record record = {.facts = true, .has_epss = true};
        if (!vl_span_split(&line, ',', &cve) || !vl_span_split(&line, ',', &epss) ||
            !vl_span_split(&line, ',', &percentile) || !vl_feed_is_cve(cve) ||
            !parse_share(epss, &record.epss) || !parse_share(percentile, &record.epss_percentile)) {
            sink->damaged++;
            continue;
        }
        record.id = cve;
        int r = vl_record_emit(sink, &record, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "adp:CISA-ADP" is CISA's enrichment, "cna" or "cna:NAME" the record's own numbering authority. */
static struct vl_span cvss_source(struct vl_span text)
{
    if (vl_span_eq_nocase(text, VL_SPAN_LIT("adp:CISA-ADP")) ||
        vl_span_eq_nocase(text, VL_SPAN_LIT("CISA-ADP")))
        return VL_SPAN_LIT("cisa-adp");
    if (vl_span_starts_with(text, "cna"))
        return VL_SPAN_LIT("cna");
    return VL_SPAN_LIT("cve");
}

enum {
    COL_CVE,
    COL_PUBLISHED,
    COL_SOURCE,
    COL_VERSION,
    COL_VECTOR,
    COL_SCORE,
    COL_SEVERITY,
    COL_SSVC,
    COL_KEV,
    COLS
};

static const char *const columns[COLS] = {"cve", "published", "source", "cvss_version", "vector", "score",
    "severity", "ssvc_exploitation", "kev_date"};

int vl_feed_parse_vulnrichment_tsv(struct vl_span bytes, const char *object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    (void)context;
    struct vl_span line;
    bool header = false;
    while (vl_span_split_line(&bytes, &line)) {
        struct vl_span cell[COLS] = {0};
        for (size_t i = 0; i < COLS && vl_span_split(&line, '\t', &cell[i]); i++)
            ;
        if (!header) {
            for (size_t i = 0; i < COLS; i++) {
                if (!vl_span_eq_str(cell[i], columns[i]))
                    return vl_err_set(
                        err, VL_ERR_INVALID, "%s: column %zu is not \"%s\"", object, i + 1, columns[i]);
            }
            header = true;
            continue;
        }
        struct vl_record_pair cvss = {cvss_source(cell[COL_SOURCE]), vl_span_trim(cell[COL_VECTOR])};
        struct vl_record record = {.id = cell[COL_CVE],
            .facts = true,
            .exploitation = cell[COL_SSVC],
            .cvss = &cvss,
            .n_cvss = cvss.value.len > 0};
        if (!vl_feed_is_cve(record.id)) {
            sink->damaged++;
            continue;
        }
        if (!vl_time_parse(cell[COL_PUBLISHED], &record.published_ms))
            record.published_ms = 0;
        int r = vl_record_emit(sink, &record, err);
        if (r < 0)
            return r;
    }
    return 0;
}

struct cve5 {
    struct vl_arena *arena;
    struct vl_record_pair *cvss;
    size_t n, cap;
    struct vl_span exploitation;
    struct vl_feed_list refs;
    uint32_t cwes[16];
    size_t n_cwes;
};

static void cve5_metric(struct cve5 *c, const struct vl_doc_node *metric, struct vl_span source)
{
    static const char *const kinds[] = {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"};
    for (size_t i = 0; i < VL_ARRAY_LEN(kinds); i++) {
        struct vl_span vector = vl_doc_get_str(vl_doc_get(metric, kinds[i]), "vectorString");
        if (vector.len == 0 || vector.len > 255)
            continue;
        void *items = c->cvss;
        struct vl_record_pair *slot = vl_feed_push(&items, &c->n, &c->cap, sizeof(*slot), c->arena);
        c->cvss = items;
        if (slot)
            *slot = (struct vl_record_pair){source, vector};
    }
    const struct vl_doc_node *other = vl_doc_get(metric, "other");
    if (!vl_span_eq_str(vl_doc_get_str(other, "type"), "ssvc"))
        return;
    const struct vl_doc_node *options = vl_doc_get(vl_doc_get(other, "content"), "options");
    for (const struct vl_doc_node *o = vl_doc_first(options); o; o = vl_doc_next(o)) {
        struct vl_span value = vl_doc_get_str(o, "Exploitation");
        if (value.len && value.len < 16)
            c->exploitation = value;
    }
}

static void cve5_container(struct cve5 *c, const struct vl_doc_node *container, bool adp)
{
    struct vl_span name = vl_doc_get_str(vl_doc_get(container, "providerMetadata"), "shortName");
    struct vl_span source = !adp ? VL_SPAN_LIT("cna") : cvss_source(name);
    for (const struct vl_doc_node *m = vl_doc_first(vl_doc_get(container, "metrics")); m; m = vl_doc_next(m))
        cve5_metric(c, m, source);
    const struct vl_doc_node *types = vl_doc_get(container, "problemTypes");
    for (const struct vl_doc_node *t = vl_doc_first(types); t; t = vl_doc_next(t)) {
        const struct vl_doc_node *list = vl_doc_get(t, "descriptions");
        for (const struct vl_doc_node *d = vl_doc_first(list); d; d = vl_doc_next(d)) {
            uint32_t cwe = vl_feed_cwe(vl_doc_get_str(d, "cweId"));
            if (cwe && c->n_cwes < VL_ARRAY_LEN(c->cwes))
                c->cwes[c->n_cwes++] = cwe;
        }
    }
}

int vl_feed_parse_cve5(struct vl_span bytes, const char *object, const struct vl_feed_context *context,
    struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *meta = vl_doc_get(vl_doc_root(doc), "cveMetadata");
    const struct vl_doc_node *containers = vl_doc_get(vl_doc_root(doc), "containers");
    struct vl_record record = {.id = vl_doc_get_str(meta, "cveId"), .facts = true};
    if (!vl_feed_is_cve(record.id)) {
        sink->skipped++;
        return 0;
    }
    if (vl_span_eq_str(vl_doc_get_str(meta, "state"), "REJECTED")) {
        sink->withdrawn++;
        return 0;
    }
    struct cve5 c = {.arena = context->arena};
    cve5_container(&c, vl_doc_get(containers, "cna"), false);
    for (const struct vl_doc_node *a = vl_doc_first(vl_doc_get(containers, "adp")); a; a = vl_doc_next(a))
        cve5_container(&c, a, true);
    record.title = vl_doc_get_str(vl_doc_get(containers, "cna"), "title");
    const struct vl_doc_node *texts = vl_doc_get(vl_doc_get(containers, "cna"), "descriptions");
    record.details = vl_doc_get_str(vl_doc_first(texts), "value");
    if (!vl_time_parse(vl_doc_get_str(meta, "datePublished"), &record.published_ms))
        record.published_ms = 0;
    if (!vl_time_parse(vl_doc_get_str(meta, "dateUpdated"), &record.modified_ms))
        record.modified_ms = 0;
    record.cvss = c.cvss;
    record.n_cvss = c.n;
    record.cwes = c.cwes;
    record.n_cwes = c.n_cwes;
    record.exploitation = c.exploitation;
    r = vl_arena_check(context->arena, object, err);
    return r < 0 ? r : vl_record_emit(sink, &record, err);
}
