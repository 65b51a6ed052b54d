/* Which rows make which rules possible. The texts that a cluster of rules needs are bits of rows: each word
 * of a row that has such bits is looked at once an event, and only clusters that it names are run. */
#include <stdlib.h>
#include <string.h>

#include "program_impl.h"

#define PARTS_MAX 1024     /* of a guard; more are asked as one question */
#define PICKS_MAX 0xffffff /* the counter's width; there are at most PARTS_MAX a cluster */

_Static_assert(PROG_CLUSTERS_MAX *PARTS_MAX <= PICKS_MAX, "picks are counted in 24 bits");

/* A bit that makes a cluster possible. */
struct pair {
    uint32_t slot, row, bit, ref;
    unsigned cluster;
};

struct picker {
    struct builder *b;
    struct vl_vec pairs; /* struct pair */
    struct vl_vec asks;  /* struct prog_hit */
};

static int by_place(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    if (x->bit != y->bit)
        return x->bit < y->bit ? -1 : 1;
    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

static int add_ask(struct picker *p, uint32_t ref, unsigned cluster)
{
    struct prog_hit *asks = p->asks.items;
    for (size_t i = 0; i < p->asks.len; i++) {
        if (asks[i].ref == ref) {
            asks[i].clusters |= 1ULL << cluster;
            return 0;
        }
    }
    struct prog_hit *ask = vl_vec_push(&p->asks, "nodes of a program", p->b->err);
    if (!ask)
        return p->b->err->err;
    *ask = (struct prog_hit){1ULL << cluster, ref};
    return 0;
}

static int add(struct picker *p, uint32_t number, unsigned cluster)
{
    uint32_t ref = build_ref(p->b, number);
    const struct build_node *node = vl_vec_at(&p->b->nodes, ref >> 1);
    if ((ref & 1) || (node->kind != PROG_BIT && node->kind != PROG_BITS))
        return add_ask(p, ref, cluster);
    struct pair *pair = vl_vec_push(&p->pairs, "nodes of a program", p->b->err);
    if (!pair)
        return p->b->err->err;
    *pair = (struct pair){node->slot, node->detail, node->bit, ref, cluster};
    return 0;
}

static int add_guard(struct picker *p, uint32_t guard, unsigned cluster)
{
    uint32_t ref = build_ref(p->b, guard);
    const struct build_node *node = vl_vec_at(&p->b->nodes, ref >> 1);
    int r = 0;
    if ((ref & 1) || node->kind != PROG_OR || node->n > PARTS_MAX)
        return add(p, guard, cluster);
    for (uint32_t i = 0; i < node->n && r >= 0; i++)
        r = add(p, ((const uint32_t *)p->b->children.items)[node->first + i], cluster);
    return r;
}

static bool same_row(const struct pair *a, const struct pair *b)
{
    return a->slot == b->slot && a->row == b->row;
}

/* Pairs, sorted, to picks. */
static void fill_picks(const struct pair *pairs, size_t n, struct prog_group *group)
{
    struct prog_pick *pick = group->picks;
    struct prog_hit *hit = group->hits;
    for (size_t i = 0; i < n; i++) {
        bool new_row = i == 0 || !same_row(&pairs[i - 1], &pairs[i]);
        uint64_t bit = 1ULL << (pairs[i].bit % 64);
        if (i && (new_row || pairs[i - 1].bit / 64 != pairs[i].bit / 64))
            pick++;
        if (i && (new_row || pairs[i - 1].bit != pairs[i].bit))
            hit++;
        if (new_row)
            group->pick_rows[group->n_pick_rows++] =
                (struct prog_pick_row){.slot = pairs[i].slot, .row = pairs[i].row & 0xff};
        if (!pick->mask)
            *pick = (struct prog_pick){.word = pairs[i].bit / 64, .first = (uint32_t)(hit - group->hits)};
        pick->mask |= bit;
        hit->ref = pairs[i].ref;
        hit->clusters |= 1ULL << pairs[i].cluster;
        group->pick_rows[group->n_pick_rows - 1].end = (uint32_t)(pick - group->picks + 1) & PICKS_MAX;
    }
}

static int keep_picks(const struct picker *p, struct prog_group *group)
{
    size_t n = p->pairs.len;
    struct vl_arena *arena = p->b->arena;
    group->pick_rows = vl_arena_array(arena, n + 1, sizeof(*group->pick_rows));
    group->picks = vl_arena_array(arena, n + 1, sizeof(*group->picks));
    group->hits = vl_arena_array(arena, n + 1, sizeof(*group->hits));
    if (!group->pick_rows || !group->picks || !group->hits)
        return vl_arena_check(arena, "program", p->b->err);
    fill_picks(p->pairs.items, n, group);
    return 0;
}

static int keep_asks(const struct picker *p, struct prog_group *group)
{
    group->asks = vl_arena_array(p->b->arena, p->asks.len + 1, sizeof(*group->asks));
    if (!group->asks)
        return vl_arena_check(p->b->arena, "program", p->b->err);
    if (p->asks.len)
        memcpy(group->asks, p->asks.items, p->asks.len * sizeof(*group->asks));
    group->n_asks = (uint32_t)p->asks.len;
    return 0;
}

static int pick_group(struct builder *b, struct prog_group *group)
{
    struct picker p = {.b = b};
    int r = 0;
    vl_vec_init(&p.pairs, sizeof(struct pair), PROGRAM_NODES_MAX);
    vl_vec_init(&p.asks, sizeof(struct prog_hit), PROGRAM_NODES_MAX);
    for (uint32_t i = 0; i < group->n_clusters && r >= 0; i++)
        r = add_guard(&p, group->clusters[i].guard, i);
    if (p.pairs.len)
        qsort(p.pairs.items, p.pairs.len, sizeof(struct pair), by_place);
    if (r >= 0)
        r = keep_picks(&p, group);
    if (r >= 0)
        r = keep_asks(&p, group);
    vl_vec_done(&p.pairs);
    vl_vec_done(&p.asks);
    return r;
}

int build_picks(struct builder *b)
{
    int r = 0;
    for (unsigned s = 0; s < VL_EVENT_SOURCES && r >= 0; s++) {
        const struct prog_source *source = &b->program->sources[s];
        for (uint32_t g = 0; g < source->n_groups && r >= 0; g++)
            r = pick_group(b, &source->groups[g]);
    }
    return r;
}
