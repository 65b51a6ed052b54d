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

static struct build_node *node_at(const struct builder *b, size_t node)
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

enum text_family build_family_of(const struct check *check)
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
    case VL_OP_IEQ:
        return FAMILY_IEQUAL;
    case VL_OP_ISTARTSWITH:
        return FAMILY_IPREFIX;
    case VL_OP_IENDSWITH:
        return FAMILY_ISUFFIX;
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
static bool simple_leaf(struct build_node *node, const struct check *check, int64_t *number)
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
        node->detail = check->values[0].boolean == (op == VL_OP_EQ);
        return true;
    }
    if (check->class == CHECK_NUMBER && number_of(check, number)) {
        node->kind = PROG_INT;
        node->cost = COST_INT;
        node->detail = op == VL_OP_IN || op == VL_OP_INTERSECTS ? (uint8_t)VL_OP_EQ : (uint8_t)op;
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
        *family = (uint8_t)build_family_of(&checks[i]);
    }
    /* One pattern after the other, where there are few. */
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct build_node *node = node_at(b, i);
        uint8_t *family = node->kind == PROG_CHECK ? vl_vec_at(families, node->check) : NULL;
        if (family && *family == FAMILY_CONTAINS)
            ((struct prog_slot *)vl_vec_at(&b->slots, node->slot))->n_contains += checks[node->check].n;
    }
    return 0;
}

static int push_bit(struct builder *b, uint32_t slot, uint8_t row, uint32_t bit, uint32_t check)
{
    struct builder_bit *place = vl_vec_push(&b->bits, "texts of a program", b->err);
    if (!place)
        return b->err->err;
    *place = (struct builder_bit){slot, bit, check, row};
    return 0;
}

static int make_bit(
    struct builder *b, struct build_node *node, const struct check *check, enum text_family family)
{
    struct prog_slot *slot = vl_vec_at(&b->slots, node->slot);
    uint8_t row = family == FAMILY_CONTAINS ? ROW_CONTAINS : ROW_WHOLE;
    node->kind = check->op == VL_OP_NE ? PROG_BIT_NOT : PROG_BIT;
    node->detail = row;
    node->bit = slot->n_bits[row]++;
    node->cost = family == FAMILY_EQUAL || family == FAMILY_IEQUAL ? COST_EQUAL
                 : family == FAMILY_CONTAINS                       ? COST_CONTAINS
                                                                   : COST_TREE;
    return push_bit(b, node->slot, row, node->bit, node->check);
}

/* The places of the two bytes that paths and command lines have least often: what a search looks for. */
static uint32_t rare_bytes(struct vl_span s)
{
    static const char common[] = "/eatnrsoilcdumphbgfvykx-.01234567 ";
    size_t best = 0, second = 0, least = 0, next = 0;
    for (size_t i = 0; i < s.len && i <= UINT16_MAX; i++) {
        const char *at = s.ptr[i] ? strchr(common, s.ptr[i]) : NULL;
        size_t rank = at ? (size_t)(at - common) + 1 : sizeof(common);
        if (rank > least) {
            second = best;
            next = least;
            least = rank;
            best = i;
        } else if (rank > next) {
            next = rank;
            second = i;
        }
    }
    return (uint32_t)(best | second << 16);
}

static int make_leaf(struct builder *b, struct build_node *node, enum text_family family)
{
    const struct check *check = vl_vec_at(&b->checks, node->check);
    const struct prog_slot *slot = vl_vec_at(&b->slots, node->slot);
    node->cost = check->op == VL_OP_REGEX || check->op == VL_OP_IREGEX ? COST_REGEX : COST_CHECK;
    if (family == FAMILIES) {
        simple_leaf(node, check, &b->program->numbers[node->check]);
        return 0;
    }
    if (family != FAMILY_CONTAINS || slot->n_contains >= CONTAINS_MULTI_MIN)
        return make_bit(b, node, check, family);
    if (check->n == 1 && check->op != VL_OP_ICONTAINS) {
        node->kind = PROG_CONTAINS;
        node->cost = COST_CONTAINS;
        b->program->numbers[node->check] = (int64_t)rare_bytes(check->values[0].text);
    }
    return 0;
}

static int make_leaves(struct builder *b, const struct vl_vec *families)
{
    struct vl_rule_program *p = b->program;
    p->numbers = vl_arena_array(b->arena, b->checks.len + 1, sizeof(*p->numbers));
    if (!p->numbers)
        return vl_arena_check(b->arena, "program", b->err);
    int r = 0;
    for (size_t i = 0; i < b->nodes.len && r >= 0; i++) {
        struct build_node *node = node_at(b, i);
        if (node->kind == PROG_CHECK)
            r = make_leaf(b, node, (enum text_family) * (uint8_t *)vl_vec_at(families, node->check));
    }
    return r;
}

/* --- several bits of one row as one --- */

/* The node of a bit that is set where any of these is. */
static int64_t merge_bits(struct builder *b, const uint32_t *nodes, uint32_t n)
{
    struct vl_map_slot *place;
    bool added;
    struct vl_span key = {(const char *)nodes, n * sizeof(*nodes)};
    place = vl_map_get(&b->merged, key);
    if (place)
        return (int64_t)place->value.num;
    key.ptr = vl_arena_dup_span(b->work, key);
    if (!key.ptr)
        return vl_arena_check(b->work, "program", b->err);
    int r = vl_map_put(&b->merged, key, &place, &added, b->err);
    if (r < 0)
        return r;
    struct build_node node = *node_at(b, nodes[0]);
    struct prog_slot *slot = vl_vec_at(&b->slots, node.slot);
    node.bit = slot->n_bits[node.detail]++;
    for (uint32_t i = 0; i < n && r >= 0; i++) {
        const struct build_node *from = node_at(b, nodes[i]);
        node.cost = from->cost > node.cost ? from->cost : node.cost;
        r = push_bit(b, node.slot, node.detail, node.bit, from->check);
    }
    /* Values of another kind than one text are asked check by check: the node keeps the OR for them. */
    uint32_t first = (uint32_t)b->children.len;
    for (uint32_t i = 0; i < n && r >= 0; i++) {
        uint32_t *child = vl_vec_push(&b->children, "nodes of a program", b->err);
        if (!child)
            return b->err->err;
        *child = nodes[i];
    }
    node.kind = PROG_BITS;
    node.first = first;
    node.n = n;
    struct build_node *own = r >= 0 ? vl_vec_push(&b->nodes, "nodes of a program", b->err) : NULL;
    if (!own)
        return b->err->err;
    *own = node;
    place->value.num = b->nodes.len - 1;
    return (int64_t)place->value.num;
}

/* The bit below a child: itself, or below a NOT. NULL where there is none. */
static const struct build_node *bit_of(
    const struct builder *b, uint32_t child, bool negated, uint32_t *ret_node)
{
    const struct build_node *node = node_at(b, child);
    if (negated) {
        if (node->kind != PROG_NOT)
            return NULL;
        child = ((const uint32_t *)b->children.items)[node->first];
        node = node_at(b, child);
    }
    *ret_node = child;
    return node->kind == PROG_BIT ? node : NULL;
}

static int64_t negate(struct builder *b, uint32_t child)
{
    uint32_t first = (uint32_t)b->children.len;
    uint32_t *place = vl_vec_push(&b->children, "nodes of a program", b->err);
    if (!place)
        return b->err->err;
    *place = child;
    struct build_node *node = vl_vec_push(&b->nodes, "nodes of a program", b->err);
    if (!node)
        return b->err->err;
    *node = (struct build_node){.kind = PROG_NOT, .n = 1, .first = first};
    return (int64_t)b->nodes.len - 1;
}

/* In an OR, bits of one row become one; in an AND, the negated ones do. */
static int merge_children(struct builder *b, size_t number)
{
    struct build_node node = *node_at(b, number);
    bool negated = node.kind == PROG_AND;
    uint32_t *same = malloc((node.n + 1UL) * sizeof(*same)), *kept = malloc((node.n + 1UL) * sizeof(*kept));
    bool *done = calloc(node.n + 1UL, 1);
    uint32_t n_kept = 0;
    bool room = same && kept && done;
    uint32_t children = room ? node.n : 0;
    int64_t r = room ? 0 : vl_err_nomem(b->err);
    for (uint32_t i = 0; i < children && r >= 0; i++) {
        uint32_t child = ((const uint32_t *)b->children.items)[node.first + i], bit = 0, other, n = 0;
        const struct build_node *leaf = bit_of(b, child, negated, &bit);
        if (done[i])
            continue;
        kept[n_kept++] = child;
        for (uint32_t j = i; j < node.n && leaf; j++) {
            const struct build_node *next =
                bit_of(b, ((const uint32_t *)b->children.items)[node.first + j], negated, &other);
            if (!next || next->slot != leaf->slot || next->detail != leaf->detail)
                continue;
            done[j] = true;
            same[n++] = other;
        }
        if (n < 2)
            continue;
        r = merge_bits(b, same, n);
        if (r >= 0 && negated)
            r = negate(b, (uint32_t)r);
        kept[n_kept - 1] = (uint32_t)r;
    }
    if (r >= 0) {
        struct build_node *own = node_at(b, number);
        for (uint32_t i = 0; i < n_kept; i++)
            ((uint32_t *)b->children.items)[own->first + i] = kept[i];
        own->n = n_kept;
    }
    free(same);
    free(kept);
    free(done);
    return r < 0 ? (int)r : 0;
}

static int merge_all(struct builder *b)
{
    size_t n = b->nodes.len;
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        const struct build_node *node = node_at(b, i);
        if ((node->kind == PROG_OR || node->kind == PROG_AND) && node->n > 1)
            r = merge_children(b, i);
    }
    return r;
}

/* --- rows --- */

static int by_slot(const void *a, const void *b)
{
    const struct builder_bit *x = a, *y = b;
    return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* The texts of one family among the bits of a slot. */
static int gather(struct builder *b, const struct builder_bit *bits, size_t n, enum text_family family,
    struct vl_vec *ret_items)
{
    for (size_t i = 0; i < n; i++) {
        const struct check *check = vl_vec_at(&b->checks, bits[i].check);
        if (build_family_of(check) != family || (family == FAMILY_CONTAINS) != (bits[i].row == ROW_CONTAINS))
            continue;
        for (uint32_t j = 0; j < check->n; j++) {
            struct text_item *item = vl_vec_push(ret_items, "texts of a program", b->err);
            if (!item)
                return b->err->err;
            *item = (struct text_item){check->values[j].text, bits[i].bit, check->op == VL_OP_ICONTAINS};
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

/* Small letters, as texts are compared that are blind to case. */
static int fold_items(struct builder *b, const struct vl_vec *items)
{
    struct text_item *item = items->items;
    for (size_t i = 0; i < items->len; i++) {
        char *text = vl_arena_dup_span(b->arena, item[i].text);
        if (!text)
            return vl_arena_check(b->arena, "program", b->err);
        for (size_t j = 0; j < item[i].text.len; j++) {
            if (text[j] >= 'A' && text[j] <= 'Z')
                text[j] = (char)(text[j] | 0x20);
        }
        item[i].text.ptr = text;
    }
    return 0;
}

static int build_family(struct builder *b, struct prog_slot *slot, const struct builder_bit *bits,
    size_t n_bits, enum text_family family)
{
    uint32_t words = slot->words[family == FAMILY_CONTAINS ? ROW_CONTAINS : ROW_WHOLE];
    bool folded = family >= FAMILY_IEQUAL && family < FAMILY_CONTAINS;
    struct text_sets *sets = folded ? &slot->folded : &slot->exact;
    VL_CLEANUP(vl_vec_done) struct vl_vec items;
    vl_vec_init(&items, sizeof(struct text_item), PROGRAM_NODES_MAX);
    int r = gather(b, bits, n_bits, family, &items);
    uint32_t n = (uint32_t)items.len;
    if (r < 0 || n == 0)
        return r;
    slot->has_folded |= folded;
    if (folded)
        r = fold_items(b, &items);
    if (r < 0)
        return r;
    if (family == FAMILY_EQUAL || family == FAMILY_IEQUAL)
        return text_dict_build(&sets->dict, items.items, n, words, b->arena, b->err);
    if (family == FAMILY_PREFIX || family == FAMILY_IPREFIX)
        return text_tree_build(&sets->prefixes, items.items, n, words, false, b->arena, b->err);
    if (family == FAMILY_SUFFIX || family == FAMILY_ISUFFIX)
        return text_tree_build(&sets->suffixes, items.items, n, words, true, b->arena, b->err);
    return keep_contains(b, slot, &items);
}

static int build_slot(struct builder *b, struct prog_slot *slot, const struct builder_bit *bits, size_t n)
{
    int r = 0;
    slot->n_contains = 0;
    for (unsigned row = 0; row < ROWS; row++) {
        slot->words[row] = (slot->n_bits[row] + 63) / 64;
        slot->row_at[row] = b->program->row_words;
        b->program->row_words += 2 * slot->words[row]; /* two forms of a path */
    }
    for (unsigned family = 0; family < FAMILIES && r >= 0; family++)
        r = build_family(b, slot, bits, n, (enum text_family)family);
    return r;
}

static int build_rows(struct builder *b)
{
    struct builder_bit *bits = b->bits.items;
    int r = 0;
    if (b->bits.len)
        qsort(bits, b->bits.len, sizeof(*bits), by_slot);
    for (size_t from = 0, to; from < b->bits.len && r >= 0; from = to) {
        for (to = from; to < b->bits.len && bits[to].slot == bits[from].slot; to++)
            continue;
        r = build_slot(b, vl_vec_at(&b->slots, bits[from].slot), bits + from, to - from);
    }
    return r;
}

int build_leaves(struct builder *b)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec families;
    vl_vec_init(&families, 1, PROGRAM_NODES_MAX);
    int r = count_bits(b, &families);
    if (r >= 0)
        r = make_leaves(b, &families);
    if (r >= 0)
        r = merge_all(b);
    if (r >= 0)
        r = build_rows(b);
    return r < 0 ? r : build_order(b);
}
