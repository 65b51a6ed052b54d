/* Checks to the quickest kind of leaf that can answer them. */
#include <stdlib.h>
#include <string.h>

#include "program_impl.h"

enum leaf_cost {
    COST_EXISTS = 2,
    COST_BOOL = 2,
    COST_INT = 3,
    COST_EQUAL = 4,
    COST_TREE = 6,
    COST_CONTAINS = 20,
    COST_CHECK = 40,
    COST_REGEX = 80,
};

static struct prog_node *node_at(const struct builder *b, size_t node)
{
    return vl_vec_at(&b->nodes, node);
}

static bool is_one_text(const struct check *check)
{
    return check->class == CHECK_TEXT && !check->right && !check->left->result_is_list &&
           (check->quantifier == VL_QUANT_NONE || check->quantifier == VL_QUANT_ANYOF) && check->n > 0;
}

static bool fits_scan(const struct check *check)
{
    for (uint32_t i = 0; i < check->n; i++) {
        struct vl_span s = check->values[i].text;
        if (s.len == 0 || s.len > VL_MULTI_PATTERN_MAX || memchr(s.ptr, '\0', s.len))
            return false;
    }
    return true;
}

/* The family that answers the check; FAMILIES for none. */
static enum text_family family_of(const struct check *check)
{
    if (!is_one_text(check))
        return FAMILIES;
    switch ((enum vl_condition_op)check->op) {
    case VL_OP_NE:
        return check->quantifier ? FAMILIES : FAMILY_EQUAL;
    case VL_OP_EQ:
    case VL_OP_IN:
    case VL_OP_INTERSECTS:
        return FAMILY_EQUAL;
    case VL_OP_STARTSWITH:
    case VL_OP_BSTARTSWITH:
        return FAMILY_PREFIX;
    case VL_OP_ENDSWITH:
        return FAMILY_SUFFIX;
    case VL_OP_CONTAINS:
    case VL_OP_ICONTAINS:
    case VL_OP_BCONTAINS:
        return fits_scan(check) ? FAMILY_CONTAINS : FAMILIES;
    default:
        return FAMILIES;
    }
}

static bool number_of(const struct check *check, int64_t *ret)
{
    if (check->n != 1 || check->values[0].number.is_double)
        return false;
    uint64_t m = check->values[0].number.magnitude;
    if (m > INT64_MAX)
        return false;
    *ret = check->values[0].number.negative ? -(int64_t)m : (int64_t)m;
    return true;
}

/* EXISTS, BOOL and INT, where the check is one of them. */
static bool simple_leaf(struct prog_node *node, const struct check *check, int64_t *number)
{
    enum vl_condition_op op = (enum vl_condition_op)check->op;
    if (op == VL_OP_EXISTS) {
        node->kind = PROG_EXISTS;
        node->cost = COST_EXISTS;
        return true;
    }
    if (check->right || check->quantifier || check->left->result_is_list)
        return false;
    if (check->class == CHECK_BOOL && check->n == 1 && (op == VL_OP_EQ || op == VL_OP_NE)) {
        node->kind = PROG_BOOL;
        node->cost = COST_BOOL;
        node->family = check->values[0].boolean == (op == VL_OP_EQ);
        return true;
    }
    if (check->class == CHECK_NUMBER && number_of(check, number)) {
        node->kind = PROG_INT;
        node->cost = COST_INT;
        node->family = op == VL_OP_IN || op == VL_OP_INTERSECTS ? (uint8_t)VL_OP_EQ : (uint8_t)op;
        return true;
    }
    return false;
}

/* --- families --- */

static int count_bits(struct builder *b, struct vl_vec *families)
{
    const struct check *checks = b->checks.items;
    for (size_t i = 0; i < b->checks.len; i++) {
        uint8_t *family = vl_vec_push(families, "checks of a program", b->err);
        if (!family)
            return b->err->err;
        *family = (uint8_t)family_of(&checks[i]);
    }
    /* One pattern after the other, where there are few. */
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct prog_node *node = node_at(b, i);
        uint8_t *family = node->kind == PROG_CHECK ? vl_vec_at(families, node->check) : NULL;
        if (family && *family == FAMILY_CONTAINS)
            ((struct prog_slot *)vl_vec_at(&b->slots, node->slot))->n_contains += checks[node->check].n;
    }
    return 0;
}

static void make_bit(
    struct builder *b, struct prog_node *node, const struct check *check, enum text_family family)
{
    struct prog_slot *slot = vl_vec_at(&b->slots, node->slot);
    node->kind = check->op == VL_OP_NE ? PROG_BIT_NOT : PROG_BIT;
    node->family = (uint8_t)family;
    node->as.bit = slot->n_bits[family]++;
    node->cost = family == FAMILY_EQUAL ? COST_EQUAL : family == FAMILY_CONTAINS ? COST_CONTAINS : COST_TREE;
}

static int make_leaves(struct builder *b, const struct vl_vec *families)
{
    struct vl_rule_program *p = b->program;
    p->numbers = vl_arena_array(b->arena, b->checks.len + 1, sizeof(*p->numbers));
    if (!p->numbers)
        return vl_arena_check(b->arena, "program", b->err);
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct prog_node *node = node_at(b, i);
        if (node->kind != PROG_CHECK)
            continue;
        const struct check *check = vl_vec_at(&b->checks, node->check);
        const struct prog_slot *slot = vl_vec_at(&b->slots, node->slot);
        const uint8_t *family = vl_vec_at(families, node->check);
        node->cost = check->op == VL_OP_REGEX || check->op == VL_OP_IREGEX ? COST_REGEX : COST_CHECK;
        if (*family == FAMILIES) {
            simple_leaf(node, check, &p->numbers[node->check]);
            continue;
        }
        if (*family != FAMILY_CONTAINS || slot->n_contains >= CONTAINS_MULTI_MIN)
            make_bit(b, node, check, (enum text_family) * family);
    }
    return 0;
}

/* The texts of all checks of one family on one slot. */
static int gather(struct builder *b, uint32_t slot, enum text_family family, struct vl_vec *ret_items)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct prog_node *node = node_at(b, i);
        if ((node->kind != PROG_BIT && node->kind != PROG_BIT_NOT) || node->slot != slot ||
            node->family != family)
            continue;
        const struct check *check = vl_vec_at(&b->checks, node->check);
        for (uint32_t j = 0; j < check->n; j++) {
            struct text_item *item = vl_vec_push(ret_items, "texts of a program", b->err);
            if (!item)
                return b->err->err;
            *item = (struct text_item){check->values[j].text, node->as.bit, check->op == VL_OP_ICONTAINS};
        }
    }
    return 0;
}

static int keep_contains(struct builder *b, struct prog_slot *slot, const struct vl_vec *items)
{
    slot->contains = vl_arena_array(b->arena, items->len, sizeof(*slot->contains));
    if (!slot->contains)
        return vl_arena_check(b->arena, "program", b->err);
    memcpy(slot->contains, items->items, items->len * sizeof(*slot->contains));
    slot->n_contains = (uint32_t)items->len;
    slot->multi = ++b->program->n_multi;
    return 0;
}

static int build_family(struct builder *b, uint32_t number, enum text_family family)
{
    struct prog_slot *slot = vl_vec_at(&b->slots, number);
    VL_CLEANUP(vl_vec_done) struct vl_vec items;
    vl_vec_init(&items, sizeof(struct text_item), PROGRAM_NODES_MAX);
    slot->words[family] = (slot->n_bits[family] + 63) / 64;
    if (slot->n_bits[family] == 0)
        return 0;
    slot->row_at[family] = b->program->row_words;
    b->program->row_words += 2 * slot->words[family]; /* two forms of a path */
    int r = gather(b, number, family, &items);
    if (r < 0)
        return r;
    uint32_t n = (uint32_t)items.len, words = slot->words[family];
    if (family == FAMILY_EQUAL)
        return text_dict_build(&slot->dict, items.items, n, words, b->arena, b->err);
    if (family == FAMILY_PREFIX)
        return text_tree_build(&slot->prefixes, items.items, n, words, false, b->arena, b->err);
    if (family == FAMILY_SUFFIX)
        return text_tree_build(&slot->suffixes, items.items, n, words, true, b->arena, b->err);
    return keep_contains(b, slot, &items);
}

/* --- order --- */

struct by_cost {
    uint32_t node, cost;
};

static int cheaper(const void *a, const void *b)
{
    const struct by_cost *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Costs from the leaves up (children come before their parents), and the cheap children first. */
static int order_children(struct builder *b)
{
    struct by_cost *room = NULL;
    uint32_t *children = b->children.items, cap = 0;
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct prog_node *node = node_at(b, i);
        uint32_t sum = 1;
        if (node->kind < PROG_AND || node->kind > PROG_NOT)
            continue;
        if (node->slot > cap) {
            cap = node->slot;
            free(room);
            room = calloc(cap, sizeof(*room));
            if (!room)
                return vl_err_nomem(b->err);
        }
        for (uint32_t j = 0; j < node->slot; j++) {
            uint32_t child = children[node->as.first + j];
            room[j] = (struct by_cost){child, node_at(b, child)->cost};
            sum += room[j].cost;
        }
        node->cost = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
        qsort(room, node->slot, sizeof(*room), cheaper);
        for (uint32_t j = 0; j < node->slot; j++)
            children[node->as.first + j] = room[j].node;
    }
    free(room);
    return 0;
}

int build_leaves(struct builder *b)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec families;
    vl_vec_init(&families, 1, PROGRAM_NODES_MAX);
    int r = count_bits(b, &families);
    if (r >= 0)
        r = make_leaves(b, &families);
    for (uint32_t i = 0; i < b->slots.len && r >= 0; i++) {
        for (unsigned family = 0; family < FAMILIES && r >= 0; family++)
            r = build_family(b, i, (enum text_family)family);
    }
    return r < 0 ? r : order_children(b);
}
