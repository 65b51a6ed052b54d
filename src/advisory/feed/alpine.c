/* secdb of Alpine and its relatives: YAML of 2020 and before, JSON since (secdb.alpinelinux.org, Wolfi's and
 * Chainguard's security.json). Only fixes are listed: what has none is not there. */
#include "namespace.h"
#include "parse.h"

static struct vl_span space_of(const struct vl_doc_node *root, const struct vl_feed_context *context)
{
    struct vl_span version = vl_doc_get_str(root, "distroversion");
    const char *family = context->ecosystem ? context->ecosystem : "Alpine";
    if (version.len == 0 || !vl_span_eq_str(vl_span_str(family), "Alpine"))
        return vl_feed_space(vl_span_str(family), context->arena);
    return vl_feed_space(
        vl_span_str(vl_arena_printf(context->arena, "%s:%.*s", family, VL_SPAN_FMT(version))),
        context->arena);
}

/* "CVE-2019-1234 GHSA-… (+ regression fix)": ids parted by spaces, with remarks among them. */
static bool is_id(struct vl_span word)
{
    static const char *const prefixes[] = {
        "CVE-", "GHSA-", "XSA-", "ZBX-", "ALPINE-", "GO-", "RUSTSEC-", "PYSEC-", "TALOS-", "CGA-", "OSV-"};
    for (size_t i = 0; i < VL_ARRAY_LEN(prefixes); i++) {
        if (vl_span_starts_with(word, prefixes[i]))
            return word.len <= VL_RECORD_ID_MAX;
    }
    return false;
}

static int emit_fixes(struct vl_span space, struct vl_span package, const struct vl_doc_node *fix,
    struct vl_record_sink *sink, struct vl_err *err)
{
    struct vl_record_range range = {.fixed = vl_span_trim(vl_doc_key(fix))};
    if (vl_span_eq_str(range.fixed, "0") || range.fixed.len == 0 || range.fixed.len > VL_RECORD_VERSION_MAX)
        return 0; /* never affected */
    struct vl_record_affected affected = {
        .space = space, .package = package, .ranges = &range, .n_ranges = 1};
    for (const struct vl_doc_node *n = vl_doc_first(fix); n; n = vl_doc_next(n)) {
        struct vl_span ids = vl_doc_span(n);
        struct vl_span word;
        struct vl_span list[8];
        size_t count = 0;
        while (vl_span_split(&ids, ' ', &word)) {
            while (word.len && (word.ptr[word.len - 1] == ',' || word.ptr[word.len - 1] == ';'))
                word.len--;
            if (is_id(word) && count < VL_ARRAY_LEN(list))
                list[count++] = word;
        }
        if (count == 0)
            continue;
        struct vl_record record = {.id = list[0],
            .aliases = list + 1,
            .n_aliases = count - 1,
            .affected = &affected,
            .n_affected = 1};
        int r = vl_record_emit(sink, &record, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int vl_feed_parse_alpine_secdb(struct vl_span bytes, const char *object,
    const struct vl_feed_context *context, struct vl_record_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_span start = vl_span_trim(bytes);
    enum vl_doc_format format = start.len && start.ptr[0] == '{' ? VL_DOC_JSON : VL_DOC_YAML;
    int r = vl_doc_parse(bytes, format, object, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    struct vl_span space = space_of(root, context);
    if (!vl_doc_is(vl_doc_get(root, "packages"), VL_DOC_ARRAY) || space.len == 0) {
        sink->skipped++;
        return 0;
    }
    for (const struct vl_doc_node *p = vl_doc_first(vl_doc_get(root, "packages")); p; p = vl_doc_next(p)) {
        const struct vl_doc_node *pkg = vl_doc_get(p, "pkg");
        struct vl_span name = vl_doc_get_str(pkg, "name");
        if (name.len == 0 || name.len > VL_RECORD_NAME_MAX)
            continue;
        const struct vl_doc_node *fixes = vl_doc_get(pkg, "secfixes");
        for (const struct vl_doc_node *f = vl_doc_first(fixes); f; f = vl_doc_next(f)) {
            r = emit_fixes(space, name, f, sink, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}
