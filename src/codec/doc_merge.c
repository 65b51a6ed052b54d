#include "codec/doc_merge.h"

#include "doc_build.h"

static struct doc_place place_of(const struct vl_doc_node *node)
{
    return (struct doc_place){vl_doc_line(node), vl_doc_column(node)};
}

/* A member's key goes in front of its value. */
static int copy_key(struct doc_builder *b, const struct vl_doc_node *node, struct vl_err *err)
{
    uint32_t text = 0;
    struct vl_span key = vl_doc_key(node);
    if (!node->has_key)
        return 0;
    int r = doc_text_add(b, key.ptr, key.len, &text, err);
    return r < 0 ? r : doc_key(b, text, key.len, place_of(node), err);
}

/* No deeper than the documents, which have VL_DOC_DEPTH_MAX levels. */
static int copy(struct doc_builder *b, const struct vl_doc_node *node, struct vl_err *err)
{
    int r = copy_key(b, node, err);
    if (r < 0)
        return r;
    enum vl_doc_type type = vl_doc_type(node);
    if (type != VL_DOC_OBJECT && type != VL_DOC_ARRAY) {
        uint32_t text = 0;
        struct vl_span value = vl_doc_text(node);
        r = doc_text_add(b, value.ptr, value.len, &text, err);
        return r < 0 ? r : doc_scalar(b, type, text, value.len, place_of(node), err);
    }
    r = doc_open(b, type, place_of(node), err);
    for (const struct vl_doc_node *n = vl_doc_first(node); r >= 0 && n; n = vl_doc_next(n))
        r = copy(b, n, err);
    return r < 0 ? r : doc_close(b, err);
}

static bool is_left_out(const struct vl_doc_node *member, const char *without)
{
    return without && vl_span_eq_str(vl_doc_key(member), without);
}

/* Both are objects. */
static int merge(struct doc_builder *b, const struct vl_doc_node *base, const struct vl_doc_node *over,
    struct doc_place place, const char *without, struct vl_err *err)
{
    int r = doc_open(b, VL_DOC_OBJECT, place, err);
    for (const struct vl_doc_node *n = vl_doc_first(base); r >= 0 && n; n = vl_doc_next(n)) {
        const struct vl_doc_node *other = vl_doc_get_span(over, vl_doc_key(n));
        if (is_left_out(n, without))
            continue;
        if (!other) {
            r = copy(b, n, err);
        } else if (vl_doc_is(n, VL_DOC_OBJECT) && vl_doc_is(other, VL_DOC_OBJECT)) {
            r = copy_key(b, other, err);
            if (r >= 0)
                r = merge(b, n, other, place_of(other), NULL, err);
        } else {
            r = copy(b, other, err);
        }
    }
    for (const struct vl_doc_node *n = vl_doc_first(over); r >= 0 && n; n = vl_doc_next(n))
        if (!is_left_out(n, without) && !vl_doc_get_span(base, vl_doc_key(n)))
            r = copy(b, n, err);
    return r < 0 ? r : doc_close(b, err);
}

int vl_doc_merge(const struct vl_doc_merging *merging, struct vl_doc **ret, struct vl_err *err)
{
    struct doc_builder b;
    const struct vl_doc_node *base = merging->base;
    const struct vl_doc_node *over = merging->over;
    if (!vl_doc_is(base, VL_DOC_OBJECT) || (over && !vl_doc_is(over, VL_DOC_OBJECT)))
        return vl_err_set(err, VL_ERR_USAGE, "%s: only objects can be merged", merging->name);
    int r = doc_builder_init(&b, merging->name, err);
    if (r >= 0)
        r = merge(&b, base, over, place_of(merging->at ? merging->at : base), merging->without, err);
    if (r >= 0)
        *ret = doc_builder_take(&b);
    doc_builder_done(&b);
    return r < 0 ? r : 0;
}
