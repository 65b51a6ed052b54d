/* Conditions to nodes without repetition. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "program_impl.h"

#define COST_MAX 60000U
#define KEY_MAX  (64UL * 1024 * 1024) /* bytes of a check as text */

static struct build_node *node_at(const struct builder *b, uint32_t node)
{
    return vl_vec_at(&b->nodes, node);
}

static const uint32_t *children_of(const struct builder *b, const struct build_node *node)
{
    return (const uint32_t *)b->children.items + node->first;
}

/* --- leaves --- */

static int64_t push_node(struct builder *b, struct build_node node)
{
    struct build_node *place = vl_vec_push(&b->nodes, "nodes of a program", b->err);
    if (!place)
        return b->err->err;
    *place = node;
    return (int64_t)b->nodes.len - 1;
}

/* A key that outlives building, where it is a new one. */
static int put_key(struct builder *b, struct vl_map *map, struct vl_span key, struct vl_map_slot **ret_place,
    bool *ret_added)
{
    struct vl_map_slot *known = vl_map_get(map, key);
    *ret_added = !known;
    if (known) {
        *ret_place = known;
        return 0;
    }
    const char *copy = vl_arena_dup_span(b->work, key);
    if (!copy)
        return vl_arena_failed(b->work, "program", b->err);
    return vl_map_put(map, (struct vl_span){copy, key.len}, ret_place, ret_added, b->err);
}

/* The text of a check, with the source before it. */
static int key_of(const struct builder *b, const struct vl_condition *c, struct vl_buf *ret_text)
{
    vl_buf_clear(ret_text);
    vl_buf_append_char(ret_text, (char)('0' + (int)b->source));
    return vl_condition_format(c, ret_text, b->err);
}

static int64_t slot_of(struct builder *b, const struct vl_condition *c, const struct check_operand *operand)
{
    struct vl_condition exists = {.kind = VL_COND_CHECK, .op = VL_OP_EXISTS};
    struct vl_map_slot *place;
    bool added;
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    vl_buf_init(&key, KEY_MAX);
    exists.as.check.left = c->as.check.left;
    int r = key_of(b, &exists, &key);
    if (r >= 0)
        r = put_key(b, &b->slot_ids, vl_buf_span(&key), &place, &added);
    if (r < 0)
        return r;
    if (!added)
        return (int64_t)place->value.num;
    struct prog_slot *slot = vl_vec_push(&b->slots, "program", b->err);
    if (!slot)
        return b->err->err;
    *slot = (struct prog_slot){.operand = operand};
    if (operand->transformer == VL_TRANSFORM_NONE && !operand->is_literal && !operand->is_list) {
        slot->field = operand->field;
        slot->arg = operand->arg;
        slot->is_plain = slot->field && slot->arg.len == 0;
    }
    place->value.num = b->slots.len - 1;
    return (int64_t)place->value.num;
}

static bool is_event_type(const struct builder *b, const struct check *check)
{
    return b->source == VL_EVENT_SYSCALL && check->left->field &&
           check->left->transformer == VL_TRANSFORM_NONE &&
           strcmp(check->left->field->name, "evt.type") == 0 && !check->right;
}

static int64_t new_check(struct builder *b, const struct vl_condition *c)
{
    struct check_problem problem = {0};
    struct check *check = vl_vec_push(&b->checks, "checks of a program", b->err);
    if (!check)
        return b->err->err;
    int r = check_init(check, c, b->source, false, b->arena, &problem, b->err);
    if (r < 0)
        return r;
    int64_t slot = slot_of(b, c, check->left);
    if (slot < 0)
        return slot;
    uint32_t number = (uint32_t)b->checks.len - 1;
    int64_t node = push_node(
        b, (struct build_node){.kind = PROG_CHECK, .cost = 40, .slot = (uint32_t)slot, .check = number});
    if (node >= 0 && is_event_type(b, check)) {
        uint32_t *type_check = vl_vec_push(&b->type_checks, "checks of a program", b->err);
        if (!type_check)
            return b->err->err;
        *type_check = (uint32_t)node;
    }
    return node;
}

static int64_t leaf(struct builder *b, const struct vl_condition *c)
{
    struct vl_map_slot *place;
    bool added;
    VL_CLEANUP(vl_buf_done) struct vl_buf key;
    vl_buf_init(&key, KEY_MAX);
    int r = key_of(b, c, &key);
    if (r >= 0)
        r = put_key(b, &b->check_ids, vl_buf_span(&key), &place, &added);
    if (r < 0)
        return r;
    if (!added)
        return (int64_t)place->value.num;
    int64_t node = new_check(b, c);
    if (node >= 0)
        place->value.num = (uint64_t)node;
    return node;
}

/* The check of a glob's fixed beginning or end. Without a memory for it negative. */
static int64_t glob_part(
    struct builder *b, const struct vl_condition *glob, struct vl_span text, enum vl_condition_op op)
{
    struct vl_condition *part = vl_arena_alloc(b->arena, sizeof(*part));
    struct vl_span *value = vl_arena_alloc(b->arena, sizeof(*value));
    if (!part || !value)
        return vl_arena_check(b->arena, "program", b->err);
    *value = text;
    *part = *glob;
    part->op = (uint8_t)op;
    part->as.check.values = value;
    return leaf(b, part);
}

/* Where the first wildcard stands, and what is behind the last one. A bracket or a backslash may reach to the
 * end: then nothing is said of that. */
static void fixed_ends(struct vl_span pattern, size_t *ret_head, size_t *ret_tail)
{
    size_t head = 0, tail = pattern.len;
    while (head < pattern.len && !strchr("*?[\\", pattern.ptr[head]))
        head++;
    if (!memchr(pattern.ptr, '[', pattern.len) && !memchr(pattern.ptr, '\\', pattern.len)) {
        while (tail > head && !strchr("*?", pattern.ptr[tail - 1]))
            tail--;
    }
    *ret_head = head;
    *ret_tail = tail;
}

/* What must stand before the first and behind the last wildcard: asked for first, since it is part of one
 * look-up. */
static int64_t glob_ends(struct builder *b, const struct vl_condition *c, int64_t glob)
{
    const struct check *check = vl_vec_at(&b->checks, node_at(b, (uint32_t)glob)->check);
    uint32_t all[3] = {(uint32_t)glob};
    uint32_t n = 1;
    size_t head, tail;
    if (c->op != VL_OP_GLOB || c->quantifier || c->right_is_field || check->n != 1 ||
        check->left->result_is_list)
        return glob;
    struct vl_span pattern = check->values[0].text;
    if (pattern.len == 0)
        return glob;
    fixed_ends(pattern, &head, &tail);
    int64_t part = head ? glob_part(b, c, vl_span_slice(pattern, 0, head), VL_OP_STARTSWITH) : 0;
    if (part >= 0 && head)
        all[n++] = (uint32_t)part;
    if (part >= 0 && head < tail && tail < pattern.len) {
        part = glob_part(b, c, vl_span_slice(pattern, tail, pattern.len), VL_OP_ENDSWITH);
        all[n++] = (uint32_t)part;
    }
    return part < 0 ? part : n == 1 ? glob : build_series(b, PROG_AND, all, n);
}

static int64_t build_check(struct builder *b, const struct vl_condition *c)
{
    int64_t node = leaf(b, c);
    return node < 0 ? node : glob_ends(b, c, node);
}

/* --- AND, OR, NOT --- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static uint32_t total_cost(const struct builder *b, const uint32_t *children, uint32_t n)
{
    uint32_t cost = 1;
    for (uint32_t i = 0; i < n && cost < COST_MAX; i++)
        cost += node_at(b, children[i])->cost;
    return cost < COST_MAX ? cost : COST_MAX;
}

/* The node of this kind over these children, which are sorted and without repetition. */
static int64_t intern(struct builder *b, enum prog_kind kind, const uint32_t *children, uint32_t n)
{
    struct vl_map_slot *place;
    bool added;
    uint32_t *key = malloc((n + 1UL) * sizeof(*key));
    if (!key)
        return vl_err_nomem(b->err);
    key[0] = kind;
    memcpy(key + 1, children, n * sizeof(*key));
    struct vl_span bytes = {(const char *)key, (n + 1UL) * sizeof(*key)};
    int r = put_key(b, &b->node_ids, bytes, &place, &added);
    free(key);
    if (r < 0)
        return r;
    if (!added)
        return (int64_t)place->value.num;
    uint32_t first = (uint32_t)b->children.len;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *child = vl_vec_push(&b->children, "nodes of a program", b->err);
        if (!child)
            return b->err->err;
        *child = children[i];
    }
    int64_t node = push_node(
        b, (struct build_node){
               .kind = (uint8_t)kind, .cost = (uint16_t)total_cost(b, children, n), .n = n, .first = first});
    if (node >= 0)
        place->value.num = (uint64_t)node;
    return node;
}

static int64_t make_not(struct builder *b, uint32_t child)
{
    const struct build_node *node = node_at(b, child);
    if (child == BUILD_FALSE || child == BUILD_TRUE)
        return child == BUILD_FALSE ? BUILD_TRUE : BUILD_FALSE;
    if (node->kind == PROG_NOT)
        return children_of(b, node)[0];
    return intern(b, PROG_NOT, &child, 1);
}

int64_t build_series(struct builder *b, enum prog_kind kind, const uint32_t *items, uint32_t n)
{
    uint32_t neutral = kind == PROG_AND ? BUILD_TRUE : BUILD_FALSE, stop = !neutral;
    VL_CLEANUP(vl_vec_done) struct vl_vec flat;
    vl_vec_init(&flat, sizeof(uint32_t), PROGRAM_NODES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        const struct build_node *node = node_at(b, items[i]);
        const uint32_t *from = node->kind == kind ? children_of(b, node) : &items[i];
        uint32_t count = node->kind == kind ? node->n : 1;
        for (uint32_t j = 0; j < count; j++) {
            if (from[j] == stop)
                return stop;
            if (from[j] == neutral)
                continue;
            uint32_t *place = vl_vec_push(&flat, "nodes of a program", b->err);
            if (!place)
                return b->err->err;
            *place = from[j];
        }
    }
    uint32_t *all = flat.items, kept = 0;
    if (flat.len)
        qsort(all, flat.len, sizeof(*all), by_number);
    for (size_t i = 0; i < flat.len; i++) {
        if (kept == 0 || all[kept - 1] != all[i])
            all[kept++] = all[i];
    }
    if (kept == 0)
        return neutral;
    return kept == 1 ? (int64_t)all[0] : intern(b, kind, all, kept);
}

static int64_t build_tree(struct builder *b, const struct vl_condition *c, unsigned depth)
{
    if (depth > VL_CONDITION_TREE_DEPTH_MAX)
        return vl_err_set(
            b->err, VL_ERR_LIMIT, "a condition of more than %d levels", VL_CONDITION_TREE_DEPTH_MAX);
    if (c->kind == VL_COND_CHECK)
        return build_check(b, c);
    if (c->kind == VL_COND_MACRO)
        return vl_err_set(b->err, VL_ERR_INVALID, "the macro %.*s is not resolved",
            VL_SPAN_FMT(vl_span_slice(c->as.macro, 0, 64)));
    uint32_t n = c->as.children.n, *items = calloc(n + 1UL, sizeof(*items));
    int64_t r = 0;
    if (!items)
        return vl_err_nomem(b->err);
    for (uint32_t i = 0; i < n && r >= 0; i++) {
        r = build_tree(b, c->as.children.items[i], depth + 1);
        if (r >= 0)
            items[i] = (uint32_t)r;
    }
    if (r >= 0 && c->kind == VL_COND_NOT)
        r = make_not(b, n ? items[0] : BUILD_FALSE);
    else if (r >= 0)
        r = build_series(b, c->kind == VL_COND_AND ? PROG_AND : PROG_OR, items, n);
    free(items);
    return r;
}

int64_t build_condition(struct builder *b, const struct vl_condition *condition)
{
    return build_tree(b, condition, 0);
}

/* --- what is left in a group of event types --- */

bool build_type_holds(const struct builder *b, uint32_t node, const char *type)
{
    const struct check *check = vl_vec_at(&b->checks, node_at(b, node)->check);
    struct vl_event_value value = {.kind = VL_VALUE_STRING, .as.string = vl_span_str(type)};
    return check_holds(check, &value, NULL, b->work);
}

/* No event of a type without a number has one of these names. */
bool build_type_known(const struct builder *b, uint32_t node)
{
    const struct check *check = vl_vec_at(&b->checks, node_at(b, node)->check);
    bool equality = check->op == VL_OP_EQ || check->op == VL_OP_IN || check->op == VL_OP_INTERSECTS;
    for (uint32_t i = 0; i < check->n && equality; i++)
        equality = vl_event_type_find(check->values[i].text) != 0;
    return equality && !check->quantifier;
}

static int64_t type_constant(const struct builder *b, uint32_t node)
{
    const uint32_t *type_checks = b->type_checks.items;
    for (size_t i = 0; b->types_hold && i < b->type_checks.len; i++) {
        if (type_checks[i] == node)
            return b->types_hold[i] == BUILD_ASKED ? node : b->types_hold[i] ? BUILD_TRUE : BUILD_FALSE;
    }
    return node;
}

static int remember(struct builder *b, uint32_t node, uint32_t simple)
{
    uint32_t *touched = vl_vec_push(&b->touched, "nodes of a program", b->err);
    if (!touched)
        return b->err->err;
    *touched = node;
    b->memo[node] = simple + 1;
    return 0;
}

static int64_t simplify(struct builder *b, uint32_t number, unsigned depth)
{
    struct build_node node = *node_at(b, number);
    if (number < b->memo_cap && b->memo[number])
        return b->memo[number] - 1;
    if (depth > VL_CONDITION_TREE_DEPTH_MAX)
        return vl_err_set(
            b->err, VL_ERR_LIMIT, "a condition of more than %d levels", VL_CONDITION_TREE_DEPTH_MAX);
    if (node.kind < PROG_AND)
        return number;
    int64_t r = 0;
    if (node.kind > PROG_NOT)
        r = type_constant(b, number);
    else {
        uint32_t *items = calloc(node.n + 1UL, sizeof(*items));
        if (!items)
            return vl_err_nomem(b->err);
        for (uint32_t i = 0; i < node.n && r >= 0; i++) {
            /* The children may move while nodes are added. */
            r = simplify(b, children_of(b, &node)[i], depth + 1);
            if (r >= 0)
                items[i] = (uint32_t)r;
        }
        if (r >= 0)
            r = node.kind == PROG_NOT ? make_not(b, items[0])
                                      : build_series(b, (enum prog_kind)node.kind, items, node.n);
        free(items);
    }
    if (r >= 0 && number < b->memo_cap) {
        int e = remember(b, number, (uint32_t)r);
        if (e < 0)
            return e;
    }
    return r;
}

int64_t build_simplify(struct builder *b, uint32_t node)
{
    return simplify(b, node, 0);
}
