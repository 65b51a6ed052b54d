#include <stdlib.h>
#include <string.h>

#include "correlate_impl.h"

#define BUCKETS_MIN 64
#define BUCKETS_MAX (1U << 17)

static uint64_t key_hash(const struct vl_correlator *c, const struct cr_window *window, struct vl_span key)
{
    return vl_hash_bytes(c->seed, key) ^ (window->number * 0x9e3779b97f4a7c15ULL);
}

struct cr_group *cr_group_find(struct vl_correlator *c, struct cr_window *window, struct vl_span key)
{
    if (c->n_buckets == 0)
        return NULL;
    uint64_t hash = key_hash(c, window, key);
    for (struct cr_group *g = c->buckets[hash & (c->n_buckets - 1)]; g != NULL; g = g->chain)
        if (g->hash == hash && g->window == window && vl_span_eq((struct vl_span){g->key, g->key_len}, key))
            return g;
    return NULL;
}

/* Twice as many buckets; without memory it stays as it is, only slower. False: there are none at all. */
static bool grow(struct vl_correlator *c)
{
    if (c->n_buckets > 0 && (c->n_groups < c->n_buckets || c->n_buckets >= BUCKETS_MAX))
        return true;
    uint32_t n = c->n_buckets == 0 ? BUCKETS_MIN : c->n_buckets * 2;
    struct cr_group **buckets = calloc(n, sizeof(struct cr_group *));
    if (buckets == NULL)
        return c->n_buckets > 0;
    for (struct cr_group *g = c->oldest; g != NULL; g = g->newer) {
        g->chain = buckets[g->hash & (n - 1)];
        buckets[g->hash & (n - 1)] = g;
    }
    free(c->buckets);
    c->buckets = buckets;
    c->n_buckets = n;
    return true;
}

static void order_add(struct vl_correlator *c, struct cr_group *group)
{
    group->older = c->newest;
    group->newer = NULL;
    if (c->newest != NULL)
        c->newest->newer = group;
    else
        c->oldest = group;
    c->newest = group;
}

static void order_take(struct vl_correlator *c, struct cr_group *group)
{
    if (group->newer != NULL)
        group->newer->older = group->older;
    else
        c->newest = group->older;
    if (group->older != NULL)
        group->older->newer = group->newer;
    else
        c->oldest = group->newer;
}

void cr_group_touch(struct vl_correlator *c, struct cr_group *group)
{
    order_take(c, group);
    order_add(c, group);
}

static void begun_add(struct cr_group *group)
{
    struct cr_window *window = group->window;
    group->earlier = window->begun_last;
    if (window->begun_last != NULL)
        window->begun_last->later = group;
    else
        window->begun = group;
    window->begun_last = group;
}

static void begun_take(struct cr_group *group)
{
    struct cr_window *window = group->window;
    if (group->later != NULL)
        group->later->earlier = group->earlier;
    else
        window->begun_last = group->earlier;
    if (group->earlier != NULL)
        group->earlier->later = group->later;
    else
        window->begun = group->later;
}

struct cr_group *cr_group_new(
    struct vl_correlator *c, struct cr_window *window, struct vl_span key, uint64_t time)
{
    if (!grow(c))
        return NULL;
    struct cr_group *group = calloc(1, sizeof(*group) + key.len);
    if (group == NULL)
        return NULL;
    uint8_t kind = window->spec->kind;
    if (kind == VL_WINDOW_ORDERED || kind == VL_WINDOW_TEMPORAL) {
        group->steps = calloc(window->spec->n_slots, sizeof(*group->steps));
        if (group->steps == NULL) {
            free(group);
            return NULL;
        }
    }
    group->window = window;
    group->hash = key_hash(c, window, key);
    group->first = time;
    group->key_len = (uint32_t)key.len;
    if (key.len > 0)
        memcpy(group->key, key.ptr, key.len);
    struct cr_group **bucket = &c->buckets[group->hash & (c->n_buckets - 1)];
    group->chain = *bucket;
    *bucket = group;
    order_add(c, group);
    if (window->at_end)
        begun_add(group);
    c->n_groups++;
    cr_groups_trim(c, group);
    return group;
}

void cr_group_free(struct vl_correlator *c, struct cr_group *group)
{
    struct cr_group **at = &c->buckets[group->hash & (c->n_buckets - 1)];
    while (*at != group)
        at = &(*at)->chain;
    *at = group->chain;
    order_take(c, group);
    if (group->window->at_end)
        begun_take(group);
    c->n_groups--;
    c->n_items -= group->ring.n;
    free(group->ring.items);
    free(group->steps);
    free(group);
}

void cr_groups_trim(struct vl_correlator *c, const struct cr_group *but)
{
    while ((c->n_groups > VL_CORRELATE_GROUPS_MAX || c->n_items > VL_CORRELATE_ITEMS_MAX) &&
           c->oldest != NULL && c->oldest != but) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): order_take() made another the oldest */
        cr_group_free(c, c->oldest);
        c->counts.groups_out++;
    }
}

struct cr_item *cr_ring_at(const struct cr_ring *ring, uint32_t i)
{
    return &ring->items[(ring->head + i) % ring->cap];
}

static bool ring_grow(struct cr_ring *ring, uint32_t max)
{
    uint32_t cap = ring->cap == 0 ? 4 : ring->cap * 2;
    cap = cap > max + 1 ? max + 1 : cap;
    struct cr_item *items = calloc(cap, sizeof(*items));
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < ring->n; i++)
        items[i] = *cr_ring_at(ring, i);
    free(ring->items);
    ring->items = items;
    ring->head = 0;
    ring->cap = cap;
    return true;
}

void cr_ring_drop(struct vl_correlator *c, struct cr_ring *ring, uint32_t i)
{
    if (i == 0) {
        ring->head = (ring->head + 1) % ring->cap;
    } else {
        for (uint32_t k = i; k + 1 < ring->n; k++)
            *cr_ring_at(ring, k) = *cr_ring_at(ring, k + 1);
    }
    ring->n--;
    c->n_items--;
}

bool cr_ring_put(struct vl_correlator *c, struct cr_ring *ring, struct cr_item item, uint32_t max)
{
    if (ring->n == ring->cap && !ring_grow(ring, max))
        return false;
    ring->n++;
    c->n_items++;
    uint32_t i = ring->n - 1;
    /* events come nearly in order: few steps */
    for (; i > 0 && cr_ring_at(ring, i - 1)->time > item.time; i--)
        *cr_ring_at(ring, i) = *cr_ring_at(ring, i - 1);
    *cr_ring_at(ring, i) = item;
    if (ring->n > max)
        cr_ring_drop(c, ring, 0);
    return true;
}
