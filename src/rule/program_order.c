/* The order in which children are asked: what decides soonest for its price comes first. In an AND that is
 * what is cheap and rarely holds, in an OR what is cheap and often does. */
#include <stdlib.h>

#include "program_impl.h"

#define SHARED_MIN   100   /* questions about a slot from which it is surely read already */
#define FIRST_PRICE  15.0F /* reading a slot that nobody else has read */
#define CHANCE_MIN   0.001F
#define ORDER_PASSES 2 /* merged nodes come behind those that use them */

struct child {
    uint32_t node;
    float rank;
};

static struct build_node *node_at(const struct builder *b, size_t node)
{
    return vl_vec_at(&b->nodes, node);
}

static float leaf_chance(const struct builder *b, const struct build_node *node)
{
    const struct check *check = vl_vec_at(&b->checks, node->check);
    switch ((enum prog_kind)node->kind) {
    case PROG_BIT_NOT:
        return 0.9F;
    case PROG_BITS:
        return 0.15F;
    case PROG_BOOL:
        return 0.5F;
    case PROG_EXISTS:
        return 0.8F;
    case PROG_INT:
        return node->detail == VL_OP_EQ ? 0.2F : node->detail == VL_OP_NE ? 0.8F : 0.5F;
    case PROG_CHECK:
        return check->op == VL_OP_NE ? 0.9F : 0.1F;
    default:
        return 0.05F;
    }
}

/* Leaves by their kind; a slot that few ask for is read for them alone. */
static void price_leaves(struct builder *b, const uint32_t *uses)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct build_node *node = node_at(b, i);
        node->chance = node->kind == PROG_TRUE;
        if (node->kind <= PROG_NOT)
            continue;
        node->chance = leaf_chance(b, node);
        node->price = (float)node->cost / 2 + (uses[node->slot] < SHARED_MIN ? FIRST_PRICE : 0);
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    if (x->rank < y->rank || x->rank > y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Sorts the children, and sets what the whole costs and how likely it holds. */
static void order_node(struct builder *b, struct build_node *node, struct child *room)
{
    uint32_t *children = (uint32_t *)b->children.items + node->first;
    bool is_and = node->kind == PROG_AND;
    float reached = 1, price = 1;
    for (uint32_t i = 0; i < node->n; i++) {
        const struct build_node *child = node_at(b, children[i]);
        float decides = is_and ? 1 - child->chance : child->chance;
        room[i] = (struct child){children[i], child->price / (decides > CHANCE_MIN ? decides : CHANCE_MIN)};
    }
    qsort(room, node->n, sizeof(*room), by_rank);
    for (uint32_t i = 0; i < node->n; i++) {
        const struct build_node *child = node_at(b, room[i].node);
        children[i] = room[i].node;
        price += reached * child->price;
        reached *= is_and ? child->chance : 1 - child->chance;
    }
    node->price = price;
    node->chance = is_and ? reached : 1 - reached;
}

static uint32_t most_children(const struct builder *b)
{
    uint32_t most = 1;
    for (size_t i = 0; i < b->nodes.len; i++)
        most = node_at(b, i)->n > most ? node_at(b, i)->n : most;
    return most;
}

int build_order(struct builder *b)
{
    struct child *room = calloc(most_children(b), sizeof(*room));
    uint32_t *uses = calloc(b->slots.len + 1, sizeof(*uses));
    int r = room && uses ? 0 : vl_err_nomem(b->err);
    for (size_t i = 0; i < b->children.len && r >= 0; i++) {
        const struct build_node *node = node_at(b, ((const uint32_t *)b->children.items)[i]);
        if (node->kind > PROG_NOT)
            uses[node->slot]++;
    }
    if (r >= 0)
        price_leaves(b, uses);
    for (unsigned pass = 0; pass < ORDER_PASSES && r >= 0; pass++) {
        for (size_t i = 0; i < b->nodes.len; i++) {
            struct build_node *node = node_at(b, i);
            if (node->kind == PROG_AND || node->kind == PROG_OR)
                order_node(b, node, room);
            if (node->kind != PROG_NOT)
                continue;
            const struct build_node *child = node_at(b, ((const uint32_t *)b->children.items)[node->first]);
            node->chance = 1 - child->chance;
            node->price = child->price;
        }
    }
    free(room);
    free(uses);
    return r;
}
