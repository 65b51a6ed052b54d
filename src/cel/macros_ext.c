/* Macros of cel-go's extensions: sortBy of lists, math.least and math.greatest. */
#include <stdio.h>

#include "macros.h"

/* --- sortBy: sorts by the list of keys that a map over the same list gives --- */

struct vl_cel_node *vl_cel_macro_sort_by(const struct vl_cel_macro_use *use)
{
    const struct vl_cel_node *target = use->target;
    if (target->kind == VL_CEL_NODE_CONST || target->kind == VL_CEL_NODE_MAP ||
        target->kind == VL_CEL_NODE_STRUCT)
        return vl_cel_macro_refuse(use, target->offset,
            "sortBy can only be applied to a list, identifier, comprehension, call or select expression");
    struct vl_span name = VL_SPAN_LIT("@__sortBy_input__");
    struct vl_cel_macro_use map_use = *use;
    map_use.target = vl_cel_node_ident(use->p, use->offset, name);
    unsigned issues = use->p->issues->n;
    struct vl_cel_node *keys = vl_cel_macro_map(&map_use);
    if (use->p->issues->n != issues || !keys)
        return keys;
    struct vl_cel_node *sorted = vl_cel_node_call(use->p, use->offset, VL_CEL_OP_NONE,
        "@sortByAssociatedKeys", vl_cel_node_ident(use->p, use->offset, name), &keys, 1);
    return vl_cel_macro_bind_name(use, name, use->target, sorted);
}

/* --- math.least, math.greatest: any number of numbers --- */

static bool is_number(const struct vl_cel_node *node)
{
    switch ((enum vl_cel_node_kind)node->kind) {
    case VL_CEL_NODE_CONST:
        return node->as.constant.kind == VL_CEL_INT || node->as.constant.kind == VL_CEL_UINT ||
               node->as.constant.kind == VL_CEL_DOUBLE;
    case VL_CEL_NODE_LIST:
    case VL_CEL_NODE_MAP:
    case VL_CEL_NODE_STRUCT:
        return false;
    default:
        return true; /* the checker knows more */
    }
}

static bool is_list_of_numbers(const struct vl_cel_node *node)
{
    if (node->kind != VL_CEL_NODE_LIST || node->as.list.n == 0)
        return false;
    for (uint32_t i = 0; i < node->as.list.n; i++) {
        if (!is_number(node->as.list.items[i]))
            return false;
    }
    return true;
}

static struct vl_cel_node *extreme(const struct vl_cel_macro_use *use, const char *name, const char *function)
{
    char message[128];
    struct vl_cel_node *const *args = use->args;
    struct vl_cel_node *all = NULL;
    if (use->target->kind != VL_CEL_NODE_IDENT || !vl_span_eq_str(use->target->as.name, "math"))
        return NULL;
    if (use->n == 0) {
        (void)snprintf(message, sizeof(message), "%s() requires at least one argument", name);
        return vl_cel_macro_refuse(use, use->target->offset, message);
    }
    if (use->n == 1 && !is_number(args[0]) && !is_list_of_numbers(args[0])) {
        (void)snprintf(message, sizeof(message), "%s() invalid single argument value", name);
        return vl_cel_macro_refuse(use, args[0]->offset, message);
    }
    for (uint32_t i = 0; use->n > 1 && i < use->n; i++) {
        if (!is_number(args[i])) {
            (void)snprintf(message, sizeof(message), "%s() simple literal arguments must be numeric", name);
            return vl_cel_macro_refuse(use, args[i]->offset, message);
        }
    }
    if (use->n > 2) {
        all = vl_cel_node_new(use->p, VL_CEL_NODE_LIST, use->offset);
        if (!all)
            return NULL;
        all->as.list.n = use->n;
        all->as.list.items = vl_arena_array(use->p->arena, use->n, sizeof(struct vl_cel_node *));
        for (uint32_t i = 0; all->as.list.items && i < use->n; i++)
            all->as.list.items[i] = args[i];
        if (!all->as.list.items)
            return NULL;
    }
    return vl_cel_node_call(
        use->p, use->offset, VL_CEL_OP_NONE, function, NULL, all ? &all : args, all ? 1 : use->n);
}

struct vl_cel_node *vl_cel_macro_least(const struct vl_cel_macro_use *use)
{
    return extreme(use, "math.least", "math.@min");
}

struct vl_cel_node *vl_cel_macro_greatest(const struct vl_cel_macro_use *use)
{
    return extreme(use, "math.greatest", "math.@max");
}
