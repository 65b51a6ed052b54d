/* Macros are trees put in place of their names. The trees are shared, not copied: a macro that doubles forty
 * times stays small here, and is refused since what reads the tree afterwards would not. */
#include <stdio.h>

#include "ruleset_impl.h"

struct resolving {
    struct vl_ruleset *set;
    const struct rs_text *text; /* of the tree in hand, for places */
    const char *item;
    uint32_t visibility; /* macros whose first definition came before */
    struct rs_use *uses;
    uint64_t nodes;
    uint32_t deepest;
    bool told, broken; /* broken: by a macro whose own problem was told */
};

static bool resolve(struct resolving *r, struct vl_condition **tree, uint32_t depth);

static uint64_t capped(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum > 2 * (uint64_t)VL_CONDITION_NODES_MAX ? 2 * (uint64_t)VL_CONDITION_NODES_MAX : sum;
}

static bool fail(
    struct resolving *r, uint32_t offset, const char *code, const char *hint, const char *message)
{
    struct rs_place place = rs_text_place(r->set, r->text, offset);
    rs_tell(r->set, true, code, &place, r->item, hint, "%s", message);
    r->told = true;
    return false;
}

static bool fail_unknown(struct resolving *r, const struct vl_condition *node, const struct rs_macro *later)
{
    struct rs_near near;
    char message[256], hint[256];
    const char *tip = NULL;
    rs_near_init(&near, r->set, node->as.macro);
    for (size_t i = 0; i < r->set->macros.len && r->set->near_done < RS_NEAR_MAX; i++) {
        const struct rs_macro *m = ((struct rs_macro **)r->set->macros.items)[i];
        if (m->index < r->visibility)
            rs_near_try(&near, m->name);
    }
    (void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near.best ? near.best : "");
    struct vl_span item = r->item ? vl_span_str(r->item) : VL_SPAN_EMPTY;
    if (later && vl_span_starts_with(item, "macro '") &&
        vl_span_eq(vl_span_slice(item, sizeof("macro '") - 1, item.len - 1), node->as.macro))
        tip = "a macro cannot use itself";
    else if (later)
        tip = "it is defined later: a macro is seen only by what comes after it";
    else if (near.best)
        tip = hint;
    (void)snprintf(message, sizeof(message), "Undefined macro '%.*s' used in filter.",
        VL_SPAN_FMT(vl_span_slice(node->as.macro, 0, 100)));
    return fail(r, node->offset, RS_ERR_VALIDATE, tip, message);
}

/* The macro of a node, resolved; NULL where it cannot be put in. */
static struct rs_macro *macro_for(struct resolving *r, const struct vl_condition *node, uint32_t depth)
{
    const struct vl_map_slot *slot = vl_map_get(&r->set->by_macro, node->as.macro);
    struct rs_macro *macro = slot ? slot->value.ptr : NULL;
    char message[256];
    if (!macro || macro->index >= r->visibility) {
        (void)fail_unknown(r, node, macro);
        return NULL;
    }
    if (macro->state == 1) {
        (void)snprintf(message, sizeof(message), "reference loop in macro '%.100s'", macro->name);
        (void)fail(r, node->offset, RS_ERR_VALIDATE, NULL, message);
        return NULL;
    }
    macro->used = true;
    rs_use_add(r->set->arena, &r->uses, macro->name);
    if (macro->state == 0 && depth < VL_CONDITION_TREE_DEPTH_MAX) {
        struct resolving inner = *r;
        char *label = vl_arena_printf(r->set->arena, "macro '%s'", macro->name);
        inner.text = &macro->text;
        inner.item = label;
        inner.visibility = macro->visibility;
        inner.nodes = inner.deepest = 0;
        inner.uses = NULL;
        macro->state = 1;
        if (macro->broken || !resolve(&inner, &macro->tree, depth + 1))
            macro->broken = true;
        macro->nodes = inner.nodes;
        macro->uses = inner.uses;
        macro->depth = inner.deepest > depth ? inner.deepest - depth : 0;
        macro->state = 2;
    }
    if (macro->broken)
        r->broken = true;
    return macro->broken ? NULL : macro;
}

static bool too_large(struct resolving *r, uint32_t offset)
{
    if (r->nodes > VL_CONDITION_NODES_MAX)
        return !fail(r, offset, RS_ERR_COMPILE_CONDITION, "macros that use a macro several times multiply",
            "the condition has more than 1000000 parts once its macros are put in");
    if (r->deepest > VL_CONDITION_TREE_DEPTH_MAX)
        return !fail(r, offset, RS_ERR_COMPILE_CONDITION, NULL,
            "the condition is more than 4000 levels deep once its macros are put in");
    return false;
}

/* Recursion ends at VL_CONDITION_TREE_DEPTH_MAX, also through macros that are met for the first time. */
static bool resolve(struct resolving *r, struct vl_condition **tree, uint32_t depth)
{
    struct vl_condition *node = *tree;
    r->deepest = depth > r->deepest ? depth : r->deepest;
    r->nodes = capped(r->nodes, 1);
    if (too_large(r, node->offset))
        return false;
    if (node->kind == VL_COND_MACRO) {
        struct rs_macro *macro = macro_for(r, node, depth);
        if (!macro)
            return false;
        r->nodes = capped(r->nodes, macro->nodes - 1);
        r->deepest = depth + macro->depth > r->deepest ? depth + macro->depth : r->deepest;
        *tree = macro->tree;
        return !too_large(r, node->offset);
    }
    if (node->kind == VL_COND_CHECK)
        return true;
    bool ok = true;
    for (uint32_t i = 0; i < node->as.children.n && !r->told; i++)
        ok &= resolve(r, &node->as.children.items[i], depth + 1);
    return ok;
}

bool rs_macro_resolve(struct vl_ruleset *set, struct rs_macro *macro)
{
    struct resolving r = {.set = set, .text = &macro->text, .visibility = macro->visibility};
    if (macro->state == 2)
        return !macro->broken;
    r.item = vl_arena_printf(set->arena, "macro '%s'", macro->name);
    macro->state = 1;
    if (macro->broken || !resolve(&r, &macro->tree, 1))
        macro->broken = true;
    macro->nodes = r.nodes;
    macro->uses = r.uses;
    macro->depth = r.deepest ? r.deepest - 1 : 0;
    macro->state = 2;
    return !macro->broken;
}

bool rs_macros_resolve_in(struct vl_ruleset *set, struct vl_condition **tree, const struct rs_text *text,
    uint32_t visibility, const char *item, struct rs_use **ret_uses, uint64_t *ret_nodes)
{
    struct resolving r = {.set = set, .text = text, .item = item, .visibility = visibility};
    bool ok = resolve(&r, tree, 1);
    *ret_nodes = r.nodes;
    *ret_uses = r.uses;
    return ok;
}
