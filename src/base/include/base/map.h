/* Hash map from byte strings to a 64-bit value or a pointer: open addressing, seeded per map from the
 * kernel's random source, so that input cannot choose collisions. Keys are lent and must outlive the map (put
 * them into an arena). */
#ifndef VL_BASE_MAP_H
#define VL_BASE_MAP_H

#include "base/err.h"
#include "base/span.h"

struct vl_map_slot {
    struct vl_span key;
    uint64_t hash; /* 0 marks a free slot */
    union {
        void *ptr;
        uint64_t num;
    } value;
};

struct vl_map {
    struct vl_map_slot *slots;
    size_t len;
    size_t cap; /* power of two, or 0 */
    size_t max; /* most entries; one more is VL_ERR_LIMIT */
    uint64_t seed[2];
};

void vl_map_init(struct vl_map *map, size_t max);
void vl_map_done(struct vl_map *map); /* also for VL_CLEANUP */

/* The slot of `key`, added with a zero value where absent. *ret_added may be NULL. */
VL_MUST_CHECK int vl_map_put(struct vl_map *map, struct vl_span key, struct vl_map_slot **ret_slot,
    bool *ret_added, struct vl_err *err);

/* NULL where absent. The slot is good until the next put. */
struct vl_map_slot *vl_map_get(const struct vl_map *map, struct vl_span key);

/* Iterates in slot order (which is random); start with *pos = 0; NULL at the end. */
struct vl_map_slot *vl_map_next(const struct vl_map *map, size_t *pos);

/* SipHash-1-3 of the bytes under a key of the caller's. */
uint64_t vl_hash_bytes(const uint64_t seed[2], struct vl_span s);

#endif
