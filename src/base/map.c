#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/time.h"

#define FIRST_CAP 16

static uint64_t rotl(uint64_t x, unsigned b)
{
    return x << b | x >> (64 - b);
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v2 = rotl(s->v2, 32);
}

/* SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), one compression and three final
 * rounds. */
uint64_t vl_hash_bytes(const uint64_t seed[2], struct vl_span span)
{
    struct sip s = {seed[0] ^ 0x736f6d6570736575U, seed[1] ^ 0x646f72616e646f6dU,
        seed[0] ^ 0x6c7967656e657261U, seed[1] ^ 0x7465646279746573U};
    size_t whole = span.len / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t m;
        memcpy(&m, span.ptr + i, 8);
        s.v3 ^= m;
        sip_round(&s);
        s.v0 ^= m;
    }
    uint64_t last = (uint64_t)span.len << 56;
    for (size_t i = whole; i < span.len; i++)
        last |= (uint64_t)(uint8_t)span.ptr[i] << (8 * (i - whole));
    s.v3 ^= last;
    sip_round(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void vl_map_init(struct vl_map *map, size_t max)
{
    *map = (struct vl_map){.max = max};
    if (getrandom(map->seed, sizeof(map->seed), GRND_NONBLOCK) != (ssize_t)sizeof(map->seed)) {
        /* Early boot only: weaker, but still not known to whoever wrote the input. */
        map->seed[0] = (uint64_t)vl_time_monotonic_us();
        map->seed[1] = (uint64_t)(uintptr_t)map ^ (uint64_t)vl_time_now_ms();
    }
}

void vl_map_done(struct vl_map *map)
{
    free(map->slots);
    map->slots = NULL;
    map->len = map->cap = 0;
}

static uint64_t hash_key(const struct vl_map *map, struct vl_span key)
{
    uint64_t h = vl_hash_bytes(map->seed, key);
    return h ? h : 1;
}

/* The slot that holds the key, or the free one where it belongs. The table always has a free slot. */
static struct vl_map_slot *find_slot(struct vl_map_slot *slots, size_t cap, uint64_t hash, struct vl_span key)
{
    for (size_t i = (size_t)hash & (cap - 1);; i = (i + 1) & (cap - 1)) {
        struct vl_map_slot *slot = &slots[i];
        if (slot->hash == 0 || (slot->hash == hash && vl_span_eq(slot->key, key)))
            return slot;
    }
}

static int grow(struct vl_map *map, struct vl_err *err)
{
    size_t cap = map->cap ? map->cap * 2 : FIRST_CAP;
    struct vl_map_slot *slots = calloc(cap, sizeof(*slots));
    if (!slots)
        return vl_err_nomem(err);
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].hash)
            *find_slot(slots, cap, map->slots[i].hash, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    map->slots = slots;
    map->cap = cap;
    return 0;
}

int vl_map_put(struct vl_map *map, struct vl_span key, struct vl_map_slot **ret_slot, bool *ret_added,
    struct vl_err *err)
{
    uint64_t hash = hash_key(map, key);
    if (map->cap == 0 || map->len >= map->cap - map->cap / 4) {
        int r = grow(map, err);
        if (r < 0)
            return r;
    }
    struct vl_map_slot *slot = find_slot(map->slots, map->cap, hash, key);
    bool added = slot->hash == 0;
    if (added) {
        if (map->len >= map->max)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %zu entries", map->max);
        *slot = (struct vl_map_slot){.key = key, .hash = hash};
        map->len++;
    }
    *ret_slot = slot;
    if (ret_added)
        *ret_added = added;
    return 0;
}

struct vl_map_slot *vl_map_get(const struct vl_map *map, struct vl_span key)
{
    if (map->len == 0)
        return NULL;
    struct vl_map_slot *slot = find_slot(map->slots, map->cap, hash_key(map, key), key);
    return slot->hash ? slot : NULL;
}

struct vl_map_slot *vl_map_next(const struct vl_map *map, size_t *pos)
{
    while (*pos < map->cap) {
        struct vl_map_slot *slot = &map->slots[(*pos)++];
        if (slot->hash)
            return slot;
    }
    return NULL;
}
