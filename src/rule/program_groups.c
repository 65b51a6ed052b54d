/* Groups of event types, and the steps that each runs. */
#include <stdlib.h>
#include <string.h>

#include "program_impl.h"

#define GUARDS_MAX      64 /* guards tried beside each other */
#define GUARD_DEPTH_MAX 32 /* and within each other */

/* A rule of a group and what its condition is the AND of. */
struct item {
    uint32_t rule;
    uint32_t *nodes; /* in the work arena */
    uint32_t n;
    bool done;
};

static const struct build_node *node_at(const struct builder *b, uint32_t node)
{
    return vl_vec_at(&b->nodes, node);
}

/* --- steps --- */

static int64_t push_step(struct builder *b, struct vl_vec *steps, uint32_t node, uint32_t rule)
{
    struct prog_step *step = vl_vec_push(steps, "steps of a program", b->err);
    if (!step)
        return b->err->err;
    *step = (struct prog_step){node, (uint32_t)steps->len, rule};
    return (int64_t)steps->len - 1;
}

static bool has_node(const struct item *item, uint32_t node)
{
    for (uint32_t i = 0; i < item->n; i++) {
        if (item->nodes[i] == node)
            return true;
    }
    return false;
}

static void drop_node(struct item *item, uint32_t node)
{
    for (uint32_t i = 0; i < item->n; i++) {
        if (item->nodes[i] == node) {
            item->nodes[i] = item->nodes[--item->n];
            return;
        }
    }
}

/* The node that most of the items need; BUILD_TRUE where no two share one. `counts` is zero before and
 * after. */
static uint32_t best_guard(const struct builder *b, const struct item *items, uint32_t n, uint32_t *counts)
{
    uint32_t best = BUILD_TRUE, most = 1;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < items[i].n && !items[i].done; j++) {
            uint32_t node = items[i].nodes[j], count = ++counts[node];
            if (count > most ||
                (count == most && most > 1 && node_at(b, node)->cost < node_at(b, best)->cost)) {
                most = count;
                best = node;
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < items[i].n; j++)
            counts[items[i].nodes[j]] = 0;
    }
    return best;
}

static int64_t conjunction(struct builder *b, const struct item *item)
{
    if (item->n == 0)
        return BUILD_TRUE;
    if (item->n == 1)
        return item->nodes[0];
    /* The order of a step's nodes is theirs alone, and found again by the same key for the same nodes. */
    struct build_node and = {.kind = PROG_AND, .n = item->n, .first = (uint32_t)b->children.len};
    for (uint32_t i = 0; i < item->n; i++) {
        uint32_t *child = vl_vec_push(&b->children, "nodes of a program", b->err);
        if (!child)
            return b->err->err;
        *child = item->nodes[i];
    }
    struct build_node *node = vl_vec_push(&b->nodes, "nodes of a program", b->err);
    if (!node)
        return b->err->err;
    *node = and;
    return (int64_t)b->nodes.len - 1;
}

static int emit(struct builder *b, struct item *items, uint32_t n, unsigned depth, uint32_t *counts,
    struct vl_vec *steps);

/* A guard and all it guards. */
static int emit_guarded(struct builder *b, struct item *items, uint32_t n, uint32_t guard, unsigned depth,
    uint32_t *counts, struct vl_vec *steps)
{
    struct item *below = vl_arena_array(b->work, n, sizeof(*below));
    uint32_t count = 0;
    if (!below)
        return vl_arena_check(b->work, "program", b->err);
    for (uint32_t i = 0; i < n; i++) {
        if (items[i].done || !has_node(&items[i], guard))
            continue;
        items[i].done = true;
        below[count] = items[i];
        below[count].done = false;
        drop_node(&below[count++], guard);
    }
    int64_t step = push_step(b, steps, guard, PROGRAM_NO_RULE);
    if (step < 0)
        return (int)step;
    int r = emit(b, below, count, depth + 1, counts, steps);
    if (r >= 0)
        ((struct prog_step *)vl_vec_at(steps, (size_t)step))->skip = (uint32_t)steps->len;
    return r;
}

static int emit(
    struct builder *b, struct item *items, uint32_t n, unsigned depth, uint32_t *counts, struct vl_vec *steps)
{
    int r = 0;
    for (unsigned i = 0; i < GUARDS_MAX && depth < GUARD_DEPTH_MAX && r >= 0; i++) {
        uint32_t guard = best_guard(b, items, n, counts);
        if (guard == BUILD_TRUE)
            break;
        r = emit_guarded(b, items, n, guard, depth, counts, steps);
    }
    for (uint32_t i = 0; i < n && r >= 0; i++) {
        if (items[i].done)
            continue;
        int64_t node = conjunction(b, &items[i]);
        r = node < 0 ? (int)node : 0;
        if (r >= 0) {
            int64_t step = push_step(b, steps, (uint32_t)node, items[i].rule);
            r = step < 0 ? (int)step : 0;
        }
    }
    return r;
}

/* --- rules that cannot fire without certain texts --- */

struct clusters {
    struct prog_cluster at[PROG_CLUSTERS_MAX];
    uint32_t n;
    struct vl_vec last; /* leaves of those that have no cluster of their own */
    uint8_t *of;        /* by item: 1 + which, 0 none */
};

/* The cluster of a guard; where all are taken, the last one. */
static uint32_t cluster_of(struct clusters *c, uint32_t guard)
{
    for (uint32_t i = 0; i < c->n && i + 1 < PROG_CLUSTERS_MAX; i++) {
        if (c->at[i].guard == guard)
            return i;
    }
    if (c->n < PROG_CLUSTERS_MAX)
        c->at[c->n++] = (struct prog_cluster){.guard = guard};
    return c->n - 1;
}

static int find_clusters(struct builder *b, const struct item *items, uint32_t n, struct clusters *c)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec leaves;
    vl_vec_init(&leaves, sizeof(uint32_t), PROGRAM_NODES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        leaves.len = 0;
        int r = build_needs(b, items[i].nodes, items[i].n, &leaves);
        int64_t guard = r > 0 ? build_series(b, PROG_OR, leaves.items, (uint32_t)leaves.len) : r;
        if (guard < 0)
            return (int)guard;
        if (r == 0)
            continue;
        uint32_t at = cluster_of(c, (uint32_t)guard);
        c->of[i] = (uint8_t)(at + 1);
        for (size_t j = 0; j < leaves.len && at + 1 == PROG_CLUSTERS_MAX; j++) {
            uint32_t *leaf = vl_vec_push(&c->last, "nodes of a program", b->err);
            if (!leaf)
                return b->err->err;
            *leaf = *(uint32_t *)vl_vec_at(&leaves, j);
        }
    }
    if (c->n < PROG_CLUSTERS_MAX)
        return 0;
    int64_t guard = build_series(b, PROG_OR, c->last.items, (uint32_t)c->last.len);
    if (guard >= 0)
        c->at[c->n - 1].guard = (uint32_t)guard;
    return guard < 0 ? (int)guard : 0;
}

static int emit_clusters(struct builder *b, struct item *items, uint32_t n, uint32_t *counts,
    struct clusters *c, struct vl_vec *steps)
{
    struct item *below = vl_arena_array(b->work, n + 1UL, sizeof(*below));
    if (!below)
        return vl_arena_check(b->work, "program", b->err);
    int r = find_clusters(b, items, n, c);
    for (uint32_t i = 0; i < c->n && r >= 0; i++) {
        uint32_t count = 0;
        for (uint32_t j = 0; j < n; j++) {
            if (c->of[j] != i + 1)
                continue;
            below[count++] = items[j];
            items[j].done = true;
        }
        c->at[i].from = (uint32_t)steps->len;
        r = emit(b, below, count, 0, counts, steps);
        c->at[i].to = (uint32_t)steps->len;
    }
    return r;
}

static int keep_clusters(const struct builder *b, const struct clusters *c, struct prog_group *ret)
{
    ret->clusters = vl_arena_array(b->arena, c->n + 1UL, sizeof(*ret->clusters));
    if (!ret->clusters)
        return vl_arena_check(b->arena, "program", b->err);
    memcpy(ret->clusters, c->at, c->n * sizeof(*ret->clusters));
    ret->n_clusters = c->n;
    return 0;
}

static int emit_all(
    struct builder *b, struct item *items, uint32_t n, struct vl_vec *steps, struct prog_group *ret)
{
    uint32_t *counts = calloc(b->nodes.len, sizeof(*counts));
    struct clusters c = {.of = calloc(n + 1UL, 1)};
    vl_vec_init(&c.last, sizeof(uint32_t), PROGRAM_NODES_MAX);
    int r = counts && c.of ? 0 : vl_err_nomem(b->err);
    if (r >= 0)
        r = emit_clusters(b, items, n, counts, &c, steps);
    ret->rest = (uint32_t)steps->len;
    if (r >= 0)
        r = emit(b, items, n, 0, counts, steps);
    if (r >= 0)
        r = keep_clusters(b, &c, ret);
    vl_vec_done(&c.last);
    free(c.of);
    free(counts);
    return r;
}

static int take_apart(struct builder *b, uint32_t root, uint32_t rule, struct item *ret)
{
    const struct build_node *node = node_at(b, root);
    const uint32_t *from = node->kind == PROG_AND ? (const uint32_t *)b->children.items + node->first : &root;
    uint32_t n = node->kind == PROG_AND ? node->n : 1;
    *ret = (struct item){.rule = rule, .nodes = vl_arena_array(b->work, n, sizeof(uint32_t))};
    if (!ret->nodes)
        return vl_arena_check(b->work, "program", b->err);
    for (uint32_t i = 0; i < n; i++) {
        if (from[i] != BUILD_TRUE)
            ret->nodes[ret->n++] = from[i];
    }
    return 0;
}

/* --- one group --- */

static void forget(struct builder *b)
{
    for (size_t i = 0; i < b->touched.len; i++)
        b->memo[*(uint32_t *)vl_vec_at(&b->touched, i)] = 0;
    b->touched.len = 0;
}

static int build_group(
    struct builder *b, const uint32_t *roots, const uint32_t *rules, uint32_t n, struct prog_group *ret)
{
    struct item *items = vl_arena_array(b->work, n + 1UL, sizeof(*items));
    VL_CLEANUP(vl_vec_done) struct vl_vec steps;
    uint32_t kept = 0;
    vl_vec_init(&steps, sizeof(struct prog_step), PROGRAM_STEPS_MAX);
    if (!items)
        return vl_arena_check(b->work, "program", b->err);
    for (uint32_t i = 0; i < n; i++) {
        int64_t root = build_simplify(b, roots[i]);
        if (root < 0)
            return (int)root;
        if (root == BUILD_FALSE)
            continue;
        int r = take_apart(b, (uint32_t)root, rules[i], &items[kept]);
        if (r < 0)
            return r;
        kept++;
    }
    forget(b);
    int r = emit_all(b, items, kept, &steps, ret);
    if (r < 0)
        return r;
    struct prog_step *own = vl_arena_array(b->arena, steps.len + 1, sizeof(*own));
    if (!own)
        return vl_arena_check(b->arena, "program", b->err);
    if (steps.len)
        memcpy(own, steps.items, steps.len * sizeof(*own));
    ret->steps = own;
    ret->n = (uint32_t)steps.len;
    return 0;
}

/* --- all groups of a source --- */

/* Which tests of evt.type hold of a type: types with the same answers are one group. */
static uint8_t *answers(struct builder *b, uint16_t type)
{
    const uint32_t *checks = b->type_checks.items;
    const char *name = vl_event_type_name(type);
    uint8_t *ret = vl_arena_alloc(b->work, b->type_checks.len + 1);
    for (size_t i = 0; ret && name && i < b->type_checks.len; i++)
        ret[i] = build_type_holds(b, checks[i], name);
    return ret;
}

/* Types that are not in the table: their names are none of those that are. */
static uint8_t *answers_of_others(struct builder *b)
{
    const uint32_t *checks = b->type_checks.items;
    uint8_t *ret = vl_arena_alloc(b->work, b->type_checks.len + 1);
    for (size_t i = 0; ret && i < b->type_checks.len; i++)
        ret[i] = build_type_known(b, checks[i]) ? 0 : BUILD_ASKED;
    return ret;
}

static int group_types(
    struct builder *b, const uint32_t *roots, const uint32_t *rules, uint32_t n, struct prog_source *source)
{
    VL_CLEANUP(vl_map_done) struct vl_map known;
    vl_map_init(&known, VL_EVENT_TYPES_MAX);
    for (uint16_t type = 0; type < VL_EVENT_TYPES_MAX; type++) {
        struct vl_map_slot *slot;
        bool added;
        if (!vl_event_type_name(type)) /* unknown: group 0, which asks for the name */
            continue;
        b->types_hold = answers(b, type);
        if (!b->types_hold)
            return vl_arena_check(b->work, "program", b->err);
        struct vl_span key = {(const char *)b->types_hold, b->type_checks.len};
        int r = vl_map_put(&known, key, &slot, &added, b->err);
        if (r >= 0 && added) {
            slot->value.num = source->n_groups;
            r = build_group(b, roots, rules, n, &source->groups[source->n_groups++]);
        }
        if (r < 0)
            return r;
        source->group_of[type] = (uint16_t)slot->value.num;
    }
    return 0;
}

int build_source(struct builder *b, const uint32_t *roots, const uint32_t *rules, uint32_t n)
{
    struct prog_source *source = &b->program->sources[b->source];
    source->groups = vl_arena_array(b->arena, VL_EVENT_TYPES_MAX + 1, sizeof(*source->groups));
    b->memo_cap = (uint32_t)b->nodes.len;
    b->memo = calloc(b->memo_cap + 1UL, sizeof(*b->memo));
    if (!source->groups || !b->memo) {
        free(b->memo);
        b->memo = NULL;
        return vl_err_nomem(b->err);
    }
    b->types_hold = answers_of_others(b);
    source->n_groups = 1;
    int r = !b->types_hold ? vl_err_nomem(b->err) : build_group(b, roots, rules, n, &source->groups[0]);
    if (r >= 0 && b->source == VL_EVENT_SYSCALL)
        r = group_types(b, roots, rules, n, source);
    b->types_hold = NULL;
    free(b->memo);
    b->memo = NULL;
    return r;
}
