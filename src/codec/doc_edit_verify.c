/* Whether a changed text says what was asked for, and nothing else. */
#include "codec/doc_edit.h"
#include "doc_edit_impl.h"

bool doc_edit_next_token(struct vl_span *rest, char token[VL_DOC_EDIT_POINTER + 1], struct vl_span *ret)
{
    if (rest->len == 0 || rest->ptr[0] != '/')
        return false;
    size_t len = 0, i = 1;
    for (; i < rest->len && rest->ptr[i] != '/' && len < VL_DOC_EDIT_POINTER; i++) {
        char c = rest->ptr[i];
        if (c == '~' && i + 1 < rest->len && (rest->ptr[i + 1] == '0' || rest->ptr[i + 1] == '1'))
            c = rest->ptr[++i] == '0' ? '~' : '/';
        token[len++] = c;
    }
    token[len] = 0;
    *rest = vl_span_slice(*rest, i, rest->len);
    *ret = (struct vl_span){token, len};
    return true;
}

bool doc_edit_index(struct vl_span token, size_t *ret)
{
    uint64_t v;
    if (!vl_span_to_u64(token, &v) || (token.len > 1 && token.ptr[0] == '0') || v > VL_DOC_NODES_MAX)
        return false;
    *ret = (size_t)v;
    return true;
}

static bool equal_scalars(const struct vl_doc_node *a, const struct vl_doc_node *b)
{
    double x, y;
    if (vl_doc_number(a, &x) && vl_doc_number(b, &y))
        return x == y || vl_span_eq(vl_doc_text(a), vl_doc_text(b));
    if (vl_doc_type(a) != vl_doc_type(b))
        return false;
    if (vl_doc_is(a, VL_DOC_BOOL))
        return vl_doc_bool(a) == vl_doc_bool(b);
    return vl_doc_is(a, VL_DOC_NULL) || vl_span_eq(vl_doc_text(a), vl_doc_text(b));
}

/* As deep as documents are. */
static bool equal(const struct vl_doc_node *a, const struct vl_doc_node *b)
{
    if (!a || !b)
        return false;
    bool object = vl_doc_is(a, VL_DOC_OBJECT);
    if (!object && !vl_doc_is(a, VL_DOC_ARRAY))
        return equal_scalars(a, b);
    if (vl_doc_type(a) != vl_doc_type(b) || vl_doc_size(a) != vl_doc_size(b))
        return false;
    const struct vl_doc_node *y = vl_doc_first(b);
    for (const struct vl_doc_node *x = vl_doc_first(a); x; x = vl_doc_next(x)) {
        if (!equal(x, object ? vl_doc_get_span(b, vl_doc_key(x)) : y))
            return false;
        y = vl_doc_next(y);
    }
    return true;
}

static bool verify_member(const struct vl_doc_node *before, const struct vl_doc_node *after,
    struct vl_span key, const struct vl_doc_change *change)
{
    bool removes = change->op == VL_DOC_CHANGE_REMOVE;
    const struct vl_doc_node *now = vl_doc_get_span(after, key);
    if (removes ? now != NULL : !equal(change->value, now))
        return false;
    size_t others = 0;
    for (const struct vl_doc_node *m = vl_doc_first(before); m; m = vl_doc_next(m)) {
        if (vl_span_eq(vl_doc_key(m), key))
            continue;
        others++;
        if (!equal(m, vl_doc_get_span(after, vl_doc_key(m))))
            return false;
    }
    return vl_doc_size(after) == others + (removes ? 0 : 1);
}

static bool verify_item(const struct vl_doc_node *before, const struct vl_doc_node *after,
    struct vl_span token, const struct vl_doc_change *change)
{
    size_t index = vl_doc_size(before), at = 0;
    if (!vl_span_eq_str(token, "-") && !doc_edit_index(token, &index))
        return false;
    const struct vl_doc_node *x = vl_doc_first(before), *y = vl_doc_first(after);
    for (; x || y; at++) {
        if (at == index && change->op == VL_DOC_CHANGE_REMOVE) {
            x = vl_doc_next(x);
        } else if (at == index) {
            if (!equal(change->value, y))
                return false;
            x = x && change->op == VL_DOC_CHANGE_REPLACE ? vl_doc_next(x) : x;
            y = vl_doc_next(y);
        } else {
            if (!x || !equal(x, y))
                return false;
            x = vl_doc_next(x);
            y = vl_doc_next(y);
        }
    }
    return at >= index;
}

/* Everything beside the way to the change is the same. */
static bool same_beside(const struct vl_doc_node *before, const struct vl_doc_node *after,
    const struct vl_doc_node *way_before, const struct vl_doc_node *way_after)
{
    if (vl_doc_type(before) != vl_doc_type(after) || vl_doc_size(before) != vl_doc_size(after))
        return false;
    bool object = vl_doc_is(before, VL_DOC_OBJECT);
    const struct vl_doc_node *y = vl_doc_first(after);
    for (const struct vl_doc_node *x = vl_doc_first(before); x; x = vl_doc_next(x)) {
        const struct vl_doc_node *other = object ? vl_doc_get_span(after, vl_doc_key(x)) : y;
        if (x == way_before ? other != way_after : !equal(x, other))
            return false;
        y = vl_doc_next(y);
    }
    return true;
}

static const struct vl_doc_node *step(const struct vl_doc_node *node, struct vl_span token)
{
    size_t index;
    if (vl_doc_is(node, VL_DOC_OBJECT))
        return vl_doc_get_span(node, token);
    return doc_edit_index(token, &index) ? vl_doc_at(node, index) : NULL;
}

bool doc_edit_verify(
    const struct vl_doc_node *before, const struct vl_doc_node *after, const struct vl_doc_change *change)
{
    char bytes[VL_DOC_EDIT_POINTER + 1];
    struct vl_span token, rest = vl_span_str(change->pointer);
    while (doc_edit_next_token(&rest, bytes, &token)) {
        if (rest.len == 0) {
            if (vl_doc_type(before) != vl_doc_type(after))
                return false;
            return vl_doc_is(before, VL_DOC_OBJECT) ? verify_member(before, after, token, change)
                                                    : verify_item(before, after, token, change);
        }
        const struct vl_doc_node *b = step(before, token), *a = step(after, token);
        if (!b || !a || !same_beside(before, after, b, a))
            return false;
        before = b;
        after = a;
    }
    return false;
}
