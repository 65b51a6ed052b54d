/* Items of a Falco file: required versions, lists, macros; rules are falco_rule.c's. The keys of an item tell
 * its kind, in this order; an item with a problem is left out and the reader goes on with the next. */
#include <stdio.h>
#include <string.h>

#include "falco_decode.h"
#include "falco_rule.h"
#include "falco_schema.h"
#include "falco_version.h"

static const char *label_of(struct vl_ruleset *set, const char *kind, const char *name)
{
    const char *label = vl_arena_printf(set->arena, "%s '%s'", kind, name);
    return label ? label : kind;
}

/* `append: true` or `override: {KEY: append}`; false where a problem was told. */
static bool reads_append(const struct fd_item *item, const char *key, bool *ret_append)
{
    const char *const keys[] = {key, NULL};
    struct fd_override override;
    bool append = false;
    if (!fd_bool(item, "append", true, &append))
        return false;
    if (append)
        rs_tell(item->set, false, RS_DEPRECATED_ITEM, &item->place, item->label, NULL, FR_WARNING_APPEND);
    if (!fd_override(item, keys, keys, &override))
        return false;
    if (append && override.n_append + override.n_replace) {
        rs_tell(
            item->set, true, RS_ERR_YAML_VALIDATE, &item->place, item->label, NULL, FR_ERROR_OVERRIDE_APPEND);
        return false;
    }
    *ret_append = append || override.n_append;
    return true;
}

/* --- lists --- */

static bool is_bare_name(const char *name)
{
    return *name && !name[strcspn(name, "()\"' \t\n\v\f\r=,")];
}

static bool read_items(const struct fd_item *item, struct rs_list *list)
{
    const struct vl_doc_node *items = vl_doc_get(item->node, "items");
    struct vl_err err = VL_ERR_INIT;
    struct rs_place place = items ? rs_place_of(item->source, items) : item->place;
    if (!items || !vl_doc_is(items, VL_DOC_ARRAY)) {
        rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
            items ? "Value is not a sequence (key 'items')" : "Item has no mapping for key 'items'");
        return false;
    }
    for (const struct vl_doc_node *n = vl_doc_first(items); n; n = vl_doc_next(n)) {
        if (vl_doc_is(n, VL_DOC_ARRAY) || vl_doc_is(n, VL_DOC_OBJECT)) {
            place = rs_place_of(item->source, n);
            rs_tell(item->set, true, RS_ERR_YAML_VALIDATE, &place, item->label, NULL,
                "sequence value is not scalar");
            return false;
        }
        struct vl_span *slot = ++item->set->n_items <= VL_RULE_ITEMS_MAX
                                   ? vl_vec_push(&list->items, "items of lists", &err)
                                   : NULL;
        if (!slot) {
            rs_tell(item->set, true, RS_ERR_VALIDATE, &place, item->label, NULL,
                "lists have more than %d items in all", VL_RULE_ITEMS_MAX);
            return false;
        }
        *slot = fd_keep(item->set, vl_doc_text(n));
    }
    return true;
}

static int read_list(struct fd_item *item, struct vl_err *err)
{
    static const char *const known[] = {"list", "items", "append", "override", NULL};
    const char *name = NULL;
    bool append = false;
    item->label = "list";
    if (!fd_name(item, "list", &name))
        return 0;
    item->label = label_of(item->set, "list", name);
    fd_unknown_keys(item, known);
    if (!is_bare_name(name))
        rs_tell(item->set, false, RS_INVALID_LIST_NAME, &item->place, item->label, NULL,
            "List has an invalid name. List names should match a regular expression: ([^()\"'[:space:]=,]+)");
    struct rs_list *list = vl_arena_alloc(item->set->arena, sizeof(*list));
    if (!list)
        return vl_err_nomem(err);
    list->name = name;
    list->place = item->place;
    vl_vec_init(&list->items, sizeof(struct vl_span), VL_RULE_ITEMS_MAX);
    int r = 0;
    if (!read_items(item, list) || !reads_append(item, "items", &append)) {
        vl_vec_done(&list->items);
    } else if (append) {
        (void)rs_list_append(item->set, list);
        vl_vec_done(&list->items);
    } else {
        r = rs_list_define(item->set, list, err);
    }
    return r;
}

/* --- macros --- */

static bool is_identifier(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t head = strspn(name, letters);
    return head && !name[head + strspn(name + head,
                                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

static int read_macro(struct fd_item *item, struct vl_err *err)
{
    static const char *const known[] = {"macro", "condition", "append", "override", NULL};
    const char *name = NULL;
    const struct rs_scalar *condition = NULL;
    bool append = false;
    item->label = "macro";
    if (!fd_name(item, "macro", &name))
        return 0;
    item->label = label_of(item->set, "macro", name);
    fd_unknown_keys(item, known);
    if (!is_identifier(name))
        rs_tell(item->set, false, RS_INVALID_MACRO_NAME, &item->place, item->label, NULL,
            "Macro has an invalid name. Macro names should match a regular expression: "
            "([a-zA-Z]+[a-zA-Z0-9_]*)");
    struct rs_macro *macro = vl_arena_alloc(item->set->arena, sizeof(*macro));
    struct rs_part *part = vl_arena_alloc(item->set->arena, sizeof(*part));
    if (!macro || !part)
        return vl_err_nomem(err);
    macro->name = name;
    macro->place = item->place;
    macro->condition = part;
    /* A macro that is there but wrong is known: what uses it is not told that it is undefined. */
    if (!fd_scalar(item, "condition", false, &condition) || !reads_append(item, "condition", &append)) {
        macro->broken = true;
        append = false;
    }
    part->scalar = condition;
    if (!append)
        return rs_macro_define(item->set, macro, err);
    (void)rs_macro_append(item->set, macro);
    return 0;
}

/* --- items --- */

static void read_unknown(const struct fd_item *item)
{
    static const char *const kinds[] = {
        "rule", "macro", "list", "required_engine_version", "required_plugin_versions", NULL};
    struct rs_near near = {0};
    const char *best = NULL;
    for (const struct vl_doc_node *n = vl_doc_first(item->node); n && !best; n = vl_doc_next(n)) {
        rs_near_init(&near, item->set, vl_doc_key(n));
        for (const char *const *k = kinds; *k; k++)
            rs_near_try(&near, *k);
        best = near.best;
    }
    char hint[128];
    (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", best ? best : "");
    if (vl_doc_get(item->node, "append_output")) {
        best = "append_output";
        (void)snprintf(hint, sizeof(hint), "it belongs to falco.yaml, which may stand among the rule files");
    }
    rs_tell(
        item->set, false, RS_UNKNOWN_ITEM, &item->place, NULL, best ? hint : NULL, "Unknown top level item");
}

static int read_item(struct vl_ruleset *set, const struct rs_source *source, const struct vl_doc_node *node,
    struct vl_err *err)
{
    struct fd_item item = fd_item(set, source, node, NULL);
    if (!vl_doc_is(node, VL_DOC_OBJECT)) {
        rs_tell(set, true, RS_ERR_YAML_VALIDATE, &item.place, NULL, NULL,
            "Unexpected element type. Each element should be a yaml associative array.");
        return 0;
    }
    if (vl_doc_get(node, "required_engine_version"))
        fv_engine(&item);
    else if (vl_doc_get(node, "required_plugin_versions"))
        fv_plugins(&item);
    else if (vl_doc_get(node, "list"))
        return read_list(&item, err);
    else if (vl_doc_get(node, "macro"))
        return read_macro(&item, err);
    else if (vl_doc_get(node, "rule"))
        return fr_rule(&item, err);
    else
        read_unknown(&item);
    return 0;
}

bool rs_falco_is(const struct vl_doc_node *root)
{
    return vl_doc_is(root, VL_DOC_ARRAY);
}

int rs_falco_read(
    struct vl_ruleset *set, struct rs_source *source, const struct vl_doc_node *root, struct vl_err *err)
{
    int r = 0;
    source->schema_broken |= !fs_valid(root);
    for (const struct vl_doc_node *n = vl_doc_first(root); n && r >= 0; n = vl_doc_next(n))
        if (!vl_doc_is(n, VL_DOC_NULL))
            r = read_item(set, source, n, err);
    return r;
}
