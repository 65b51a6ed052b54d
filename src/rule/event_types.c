/* The types of a tree: `evt.type = x` and `in (…)` name them, and/or/not combine them, all else accepts all.
 */
#include "event_types.h"

#include <string.h>

static void all_types(uint64_t types[ET_WORDS])
{
    memset(types, 0, ET_WORDS * sizeof(*types));
    types[0] |= 1ULL << VL_EVENT_TYPE_OTHER;
    for (uint16_t t = VL_EVENT_TYPE_OTHER + 1; t < VL_EVENT_TYPES_MAX; t++) {
        const char *name = vl_event_type_name(t);
        if (name && *name)
            types[t / 64] |= 1ULL << t % 64;
    }
}

static void invert(uint64_t types[ET_WORDS], const uint64_t all[ET_WORDS])
{
    for (int i = 0; i < ET_WORDS; i++)
        types[i] = all[i] & ~types[i];
}

static bool names_types(const struct vl_condition *check)
{
    const struct vl_operand *left = check->as.check.left;
    return (check->op == VL_OP_EQ || check->op == VL_OP_NE || check->op == VL_OP_IN) &&
           !check->right_is_field && left->transformer == VL_TRANSFORM_NONE &&
           vl_span_eq_str(left->field, "evt.type");
}

static void types_of(const struct vl_condition *node, const uint64_t all[ET_WORDS], uint64_t ret[ET_WORDS])
{
    uint64_t part[ET_WORDS];
    if (node->kind == VL_COND_CHECK && names_types(node)) {
        memset(ret, 0, ET_WORDS * sizeof(*ret));
        for (uint32_t i = 0; i < node->as.check.n_values; i++) {
            uint16_t t = vl_event_type_find(node->as.check.values[i]);
            ret[t / 64] |= t ? 1ULL << t % 64 : 0;
        }
        if (node->op == VL_OP_NE)
            invert(ret, all);
        return;
    }
    if (node->kind == VL_COND_CHECK || node->kind == VL_COND_MACRO) {
        memcpy(ret, all, ET_WORDS * sizeof(*ret));
        return;
    }
    types_of(node->as.children.items[0], all, ret); /* depth: VL_CONDITION_TREE_DEPTH_MAX */
    for (uint32_t i = 1; i < node->as.children.n; i++) {
        types_of(node->as.children.items[i], all, part);
        for (int w = 0; w < ET_WORDS; w++)
            ret[w] = node->kind == VL_COND_AND ? ret[w] & part[w] : ret[w] | part[w];
    }
    /* Only a test of the type alone can be turned round; "not (type and more)" accepts the type. */
    if (node->kind == VL_COND_NOT) {
        const struct vl_condition *child = node->as.children.items[0];
        if (child->kind == VL_COND_CHECK && names_types(child))
            invert(ret, all);
        else
            memcpy(ret, all, ET_WORDS * sizeof(*ret));
    }
}

void et_types(const struct vl_condition *tree, uint64_t ret_types[ET_WORDS])
{
    uint64_t all[ET_WORDS];
    all_types(all);
    types_of(tree, all, ret_types);
}

unsigned et_count(const struct vl_condition *tree)
{
    uint64_t types[ET_WORDS];
    unsigned n = 0;
    et_types(tree, types);
    for (int w = 0; w < ET_WORDS; w++)
        n += (unsigned)__builtin_popcountll(types[w]);
    return n;
}

enum truth { FALSE_ALWAYS, TRUE_ALWAYS, OPEN };

static enum truth check_truth(const struct vl_condition *check)
{
    const struct vl_operand *left = check->as.check.left;
    if (left->transformer != VL_TRANSFORM_NONE || !vl_span_eq_str(left->field, "evt.num") ||
        check->right_is_field || check->as.check.n_values != 1 ||
        !vl_span_eq_str(check->as.check.values[0], "0"))
        return OPEN;
    switch (check->op) {
    case VL_OP_EQ:
    case VL_OP_LT:
    case VL_OP_LE:
        return FALSE_ALWAYS;
    case VL_OP_GE:
        return TRUE_ALWAYS;
    default:
        return OPEN;
    }
}

static enum truth truth_of(const struct vl_condition *node)
{
    bool all_same = true;
    if (node->kind == VL_COND_CHECK)
        return check_truth(node);
    if (node->kind == VL_COND_MACRO)
        return OPEN;
    if (node->kind == VL_COND_NOT) {
        enum truth child = truth_of(node->as.children.items[0]); /* depth: VL_CONDITION_TREE_DEPTH_MAX */
        return child == OPEN ? OPEN : child == FALSE_ALWAYS ? TRUE_ALWAYS : FALSE_ALWAYS;
    }
    enum truth decides = node->kind == VL_COND_AND ? FALSE_ALWAYS : TRUE_ALWAYS;
    for (uint32_t i = 0; i < node->as.children.n; i++) {
        enum truth child = truth_of(node->as.children.items[i]);
        if (child == decides)
            return decides;
        all_same &= child != OPEN;
    }
    return !all_same ? OPEN : decides == FALSE_ALWAYS ? TRUE_ALWAYS : FALSE_ALWAYS;
}

bool et_never(const struct vl_condition *tree)
{
    return truth_of(tree) == FALSE_ALWAYS || et_count(tree) == 0;
}
