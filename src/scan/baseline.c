#include "baseline.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "codec/doc.h"

#define KEY_MAX     16384U
#define ALIASES_MAX 1000U /* of one finding */

/* Parts with a NUL between them; empty where it does not fit, which then is never found. */
static struct vl_span join(struct vl_buf *key, const struct vl_span *parts, size_t n)
{
    vl_buf_clear(key);
    for (size_t i = 0; i < n; i++) {
        vl_buf_append_span(key, parts[i]);
        vl_buf_append_char(key, 0);
    }
    return key->failed ? VL_SPAN_EMPTY : vl_buf_span(key);
}

static int put(struct vl_baseline *b, struct vl_map *map, struct vl_span key, struct vl_err *err)
{
    struct vl_map_slot *slot;
    if (key.len == 0)
        return 0;
    if (vl_map_get(map, key))
        return 0;
    char *kept = vl_arena_dup_span(b->arena, key);
    if (!kept)
        return vl_arena_check(b->arena, "the baseline", err);
    return vl_map_put(map, (struct vl_span){kept, key.len}, &slot, NULL, err);
}

static int put_finding(
    struct vl_baseline *b, struct vl_buf *key, const struct vl_doc_node *finding, struct vl_err *err)
{
    const struct vl_doc_node *package = vl_doc_get(finding, "package");
    struct vl_span parts[] = {vl_doc_get_str(finding, "id"), vl_doc_get_str(package, "ecosystem"),
        vl_doc_get_str(package, "name"), vl_doc_get_str(vl_doc_get(finding, "location"), "path")};
    int r = put(b, &b->findings, join(key, parts, VL_ARRAY_LEN(parts)), err);
    size_t n = 0;
    const struct vl_doc_node *alias = vl_doc_first(vl_doc_get(finding, "aliases"));
    for (; alias && r == 0 && n < ALIASES_MAX; alias = vl_doc_next(alias), n++) {
        parts[0] = vl_doc_span(alias);
        r = put(b, &b->findings, join(key, parts, VL_ARRAY_LEN(parts)), err);
    }
    return r;
}

static int read_report(struct vl_baseline *b, const struct vl_doc_node *root, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    vl_buf_init(&key, KEY_MAX);
    int r = 0;
    const struct vl_doc_node *n = vl_doc_first(vl_doc_get(root, "findings"));
    for (; n && r == 0; n = vl_doc_next(n), key.failed = 0)
        r = put_finding(b, &key, n, err);
    n = r == 0 ? vl_doc_first(vl_doc_get(root, "secrets")) : NULL;
    for (; n && r == 0; n = vl_doc_next(n), key.failed = 0) {
        struct vl_span parts[] = {
            vl_doc_get_str(n, "fingerprint"), vl_doc_get_str(vl_doc_get(n, "location"), "path")};
        r = put(b, &b->secrets, join(&key, parts, VL_ARRAY_LEN(parts)), err);
    }
    n = r == 0 ? vl_doc_first(vl_doc_get(root, "packages")) : NULL;
    for (; n && r == 0; n = vl_doc_next(n), key.failed = 0) {
        struct vl_span parts[] = {
            vl_doc_get_str(n, "ecosystem"), vl_doc_get_str(n, "name"), vl_doc_get_str(n, "path")};
        r = put(b, &b->packages, join(&key, parts, VL_ARRAY_LEN(parts)), err);
    }
    return r;
}

int vl_baseline_parse(struct vl_span bytes, const char *name, struct vl_baseline **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_baseline_cleanup) struct vl_baseline *b = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, name, &doc, err);
    if (r < 0)
        return vl_err_wrap(err, "the baseline is no JSON report");
    const struct vl_doc_node *root = vl_doc_root(doc);
    if (!vl_span_eq_str(vl_doc_get_str(vl_doc_get(root, "tool"), "name"), "vallum") ||
        !vl_doc_is(vl_doc_get(root, "findings"), VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID,
            "%s is no JSON report of vallum with findings: make one with vallum scan … -o json=FILE", name);
    b = calloc(1, sizeof(*b));
    if (!b)
        return vl_err_nomem(err);
    vl_map_init(&b->findings, VL_BASELINE_MAX);
    vl_map_init(&b->secrets, VL_BASELINE_MAX);
    vl_map_init(&b->packages, VL_BASELINE_MAX);
    b->arena = vl_arena_new(2 * VL_BASELINE_BYTES_MAX);
    if (!b->arena)
        return vl_err_nomem(err);
    r = read_report(b, root, err);
    if (r < 0)
        return vl_err_wrap(err, "%s", name);
    *ret = b;
    b = NULL;
    return 0;
}

int vl_baseline_load(const char *path, struct vl_baseline **ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_BASELINE_BYTES_MAX);
    int r = vl_file_read(path, VL_BASELINE_BYTES_MAX, &bytes, err);
    return r < 0 ? r : vl_baseline_parse(vl_buf_span(&bytes), path, ret, err);
}

void vl_baseline_free(struct vl_baseline *b)
{
    if (!b)
        return;
    vl_map_done(&b->findings);
    vl_map_done(&b->secrets);
    vl_map_done(&b->packages);
    vl_arena_free(b->arena);
    free(b);
}

void vl_baseline_cleanup(struct vl_baseline **baseline)
{
    vl_baseline_free(*baseline);
    *baseline = NULL;
}

bool vl_baseline_has_finding(const struct vl_baseline *b, const struct vl_finding *f)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    struct vl_span parts[] = {vl_span_str(f->id), vl_span_str(vl_ecosystem_info(f->package->ecosystem)->name),
        vl_span_str(f->package->name), vl_span_str(f->package->path)};
    vl_buf_init(&key, KEY_MAX);
    struct vl_span text = join(&key, parts, VL_ARRAY_LEN(parts));
    bool found = text.len && vl_map_get(&b->findings, text);
    for (size_t i = 0; i < f->n_aliases && !found; i++) {
        parts[0] = vl_span_str(f->aliases[i]);
        text = join(&key, parts, VL_ARRAY_LEN(parts));
        found = text.len && vl_map_get(&b->findings, text);
    }
    return found;
}

bool vl_baseline_has_secret(const struct vl_baseline *b, const struct vl_secret *s)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    struct vl_span parts[] = {vl_span_str(s->fingerprint), vl_span_str(s->path)};
    vl_buf_init(&key, KEY_MAX);
    struct vl_span text = join(&key, parts, VL_ARRAY_LEN(parts));
    return text.len && vl_map_get(&b->secrets, text);
}

bool vl_baseline_has_package(const struct vl_baseline *b, const struct vl_package *p)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    struct vl_span parts[] = {
        vl_span_str(vl_ecosystem_info(p->ecosystem)->name), vl_span_str(p->name), vl_span_str(p->path)};
    vl_buf_init(&key, KEY_MAX);
    struct vl_span text = join(&key, parts, VL_ARRAY_LEN(parts));
    return text.len && vl_map_get(&b->packages, text);
}
