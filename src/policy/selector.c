/* Label selectors and globs.
 *
 * Source: k8s.io/apimachinery meta/v1 LabelSelectorAsSelector: NotIn also selects what lacks the label. */
#include "match.h"

bool policy_glob(struct vl_span pattern, struct vl_span text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t]) &&
            pattern.ptr[p] != '*') {
            p++;
            t++;
        } else if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool policy_glob_any(const struct vl_doc_node *list, struct vl_span text)
{
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        if (vl_doc_is(n, VL_DOC_STRING) && policy_glob(vl_doc_span(n), text))
            return true;
    }
    return false;
}

static bool is_in(const struct vl_doc_node *values, struct vl_span value)
{
    for (const struct vl_doc_node *n = vl_doc_first(values); n; n = vl_doc_next(n)) {
        if (vl_span_eq(vl_doc_span(n), value))
            return true;
    }
    return false;
}

static int expression_matches(
    const struct vl_doc_node *e, const struct vl_doc_node *labels, struct vl_err *err)
{
    struct vl_span op = vl_doc_get_str(e, "operator");
    const struct vl_doc_node *values = vl_doc_get(e, "values");
    const struct vl_doc_node *label = vl_doc_get_span(labels, vl_doc_get_str(e, "key"));
    if (vl_span_eq_str(op, "Exists"))
        return label != NULL;
    if (vl_span_eq_str(op, "DoesNotExist"))
        return label == NULL;
    if (vl_span_eq_str(op, "In"))
        return label && is_in(values, vl_doc_span(label));
    if (vl_span_eq_str(op, "NotIn"))
        return !label || !is_in(values, vl_doc_span(label));
    return vl_err_set(err, VL_ERR_INVALID, "\"%.*s\" is not a valid label selector operator",
        VL_SPAN_FMT(vl_span_slice(op, 0, 100)));
}

int policy_selector_matches(
    const struct vl_doc_node *selector, const struct vl_doc_node *labels, struct vl_err *err)
{
    const struct vl_doc_node *exact = vl_doc_get(selector, "matchLabels");
    const struct vl_doc_node *list = vl_doc_get(selector, "matchExpressions");
    int result = 1;
    for (const struct vl_doc_node *m = vl_doc_first(exact); m; m = vl_doc_next(m)) {
        const struct vl_doc_node *label = vl_doc_get_span(labels, vl_doc_key(m));
        if (!label || !vl_span_eq(vl_doc_span(label), vl_doc_span(m)))
            result = 0;
    }
    /* A wrong operator is an error whatever else holds, as where the selector is parsed first. */
    for (const struct vl_doc_node *e = vl_doc_first(list); e; e = vl_doc_next(e)) {
        int r = expression_matches(e, labels, err);
        if (r < 0)
            return r;
        result = result && r;
    }
    return result;
}
