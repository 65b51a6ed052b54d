#include "sigma_action.h"

#include <string.h>

#include "codec/doc_merge.h"

#define ACTION "action"

void vl_sigma_actions_done(struct vl_sigma_actions *actions)
{
    vl_doc_cleanup(&actions->global);
    vl_doc_cleanup(&actions->last);
    actions->merged = 0;
}

/* No deeper than documents are. */
static uint64_t values_in(const struct vl_doc_node *node)
{
    uint64_t n = 1;
    for (const struct vl_doc_node *child = vl_doc_first(node); child; child = vl_doc_next(child))
        n += values_in(child);
    return n;
}

/* Before a document is merged with what is kept: pays for the copy. */
static int pay(struct vl_sigma_actions *actions, const struct vl_doc *kept, struct vl_err *err)
{
    if (actions->merged <= VL_SIGMA_MERGED_MAX)
        actions->merged += kept ? values_in(vl_doc_root(kept)) : 0;
    return actions->merged <= VL_SIGMA_MERGED_MAX
               ? 0
               : vl_err_set(err, VL_ERR_LIMIT,
                     "action: the documents of this file that are merged have more than %d values together",
                     VL_SIGMA_MERGED_MAX);
}

static int merged(const struct vl_doc_node *base, const struct vl_doc_node *over,
    const struct vl_doc_node *at, struct vl_doc **ret, struct vl_err *err)
{
    const struct vl_doc_merging merging = {base, over, at, ACTION, "rules"};
    return vl_doc_merge(&merging, ret, err);
}

/* *doc gives way to what is made of it. */
static int replace(
    struct vl_doc **doc, const struct vl_doc_node *base, const struct vl_doc_node *over, struct vl_err *err)
{
    struct vl_doc *next = NULL;
    int r = merged(base, over, over, &next, err);
    if (r < 0)
        return r;
    vl_doc_free(*doc);
    *doc = next;
    return 0;
}

/* Several add up. The next `repeat` goes back to them. */
static int take_global(struct vl_sigma_actions *actions, const struct vl_doc_node *root, struct vl_err *err)
{
    const struct vl_doc_node *before = vl_doc_root(actions->global);
    int r = pay(actions, actions->global, err);
    if (r >= 0)
        r = replace(&actions->global, before ? before : root, before ? root : NULL, err);
    return r < 0 ? r : replace(&actions->last, vl_doc_root(actions->global), NULL, err);
}

static int take_repeat(
    struct vl_sigma_actions *actions, const struct vl_doc_node *root, struct vl_doc **ret, struct vl_err *err)
{
    if (actions->last == NULL)
        return vl_err_set(err, VL_ERR_INVALID, "action: repeat, but there is no rule before it in this file");
    int r = pay(actions, actions->last, err);
    if (r >= 0)
        r = replace(&actions->last, vl_doc_root(actions->last), root, err);
    return r < 0 ? r : merged(vl_doc_root(actions->last), NULL, root, ret, err);
}

/* Only rules are made of globals: correlations and filters are whole. */
static bool is_rule(const struct vl_doc_node *root)
{
    return vl_doc_get(root, "correlation") == NULL && vl_doc_get(root, "filter") == NULL &&
           (vl_doc_get(root, "vars") == NULL || vl_doc_get(root, "detection") != NULL);
}

static int take_rule(
    struct vl_sigma_actions *actions, const struct vl_doc_node *root, struct vl_doc **ret, struct vl_err *err)
{
    const struct vl_doc_node *global = vl_doc_root(actions->global);
    if (!is_rule(root))
        return 0;
    int r = pay(actions, actions->global, err);
    if (r >= 0 && global != NULL)
        r = merged(root, global, root, ret, err);
    return r < 0 ? r : replace(&actions->last, *ret != NULL ? vl_doc_root(*ret) : root, NULL, err);
}

int vl_sigma_actions_take(struct vl_sigma_actions *actions, const struct vl_doc_node *root, const char *file,
    struct vl_doc **ret, bool *ret_done, struct vl_err *err)
{
    const struct vl_doc_node *node = vl_doc_get(root, ACTION);
    struct vl_span action = vl_doc_text(node);
    *ret = NULL;
    *ret_done = true;
    if (actions->file == NULL || strcmp(actions->file, file) != 0)
        vl_sigma_actions_done(actions);
    actions->file = file;
    if (node != NULL && vl_span_eq_str(action, "global"))
        return take_global(actions, root, err);
    if (node != NULL && vl_span_eq_str(action, "reset")) {
        vl_doc_cleanup(&actions->global);
        return 0;
    }
    *ret_done = false;
    if (node == NULL)
        return take_rule(actions, root, ret, err);
    if (vl_span_eq_str(action, "repeat"))
        return take_repeat(actions, root, ret, err);
    return vl_err_set(
        err, VL_ERR_INVALID, "no such action: %.*s; there are global, repeat and reset", VL_SPAN_FMT(action));
}
