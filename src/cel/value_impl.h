/* The inside of lists and maps, and work limits: for the evaluator and libraries that walk values. */
#ifndef VL_CEL_VALUE_IMPL_H
#define VL_CEL_VALUE_IMPL_H

#include "cel/value.h"

#define VL_CEL_TWO_63          9223372036854775808.0 /* the first double over INT64_MAX */
#define VL_CEL_VALUE_DEPTH_MAX 2000                  /* nesting of a value that is compared or printed */
#define VL_CEL_EQUAL_WORK_MAX  10000000              /* comparisons of one vl_cel_equal() without a budget */
#define VL_CEL_CONCAT_COPY     64                    /* sums of lists up to this many items are copied */
#define VL_CEL_CONCAT_DEPTH    64                    /* deeper sums are copied into one */
#define VL_CEL_MAP_HASHED      8                     /* maps of more entries get a hash index */

enum vl_cel_repr {
    VL_CEL_REPR_OWN, /* struct vl_cel_list or vl_cel_map */
    VL_CEL_REPR_DOC, /* node of a document */
};

/* Lists of a schema with x-kubernetes-list-type set or map: == ignores their order, + merges. */
struct vl_cel_identity {
    const struct vl_span *keys; /* fields that tell items of a map list apart */
    size_t n_keys;              /* 0: a set, the whole item counts */
};

#define VL_CEL_LIST_SUM 1 /* `unused` of a list that + made: messages name its type in Go */

struct vl_cel_list {
    const struct vl_cel_identity *identity; /* NULL: a plain list */
    uint64_t n;
    size_t cap; /* of `own`, where it grows */
    const struct vl_cel_value *items;
    struct vl_cel_value *own;        /* the same items, writable, of a list that grows */
    struct vl_cel_value left, right; /* a sum where items is NULL and n > 0 */
    unsigned depth;
};

struct vl_cel_map {
    size_t n, cap;
    struct vl_cel_value *keys, *values;
    uint32_t *index; /* slots hold entry + 1; NULL: searched in order */
    uint32_t mask;
    uint64_t seed[2];
};

/* A list that grows in place: the accumulator of a comprehension, not yet visible to anybody else. */
struct vl_cel_value vl_cel_list_grow(struct vl_arena *arena);
bool vl_cel_list_push(struct vl_arena *arena, struct vl_cel_value list, struct vl_cel_value item);

/* a + b without copying long lists. Both are lists; false where the sizes add up to more than INT64_MAX or
 * there is no memory. */
bool vl_cel_list_concat(
    struct vl_arena *arena, struct vl_cel_value a, struct vl_cel_value b, struct vl_cel_value *ret);

/* The identity of a list's items; NULL of a plain list. */
const struct vl_cel_identity *vl_cel_list_identity(struct vl_cel_value list);

/* The parts of two items by which they are told apart; false once they differ. */
bool vl_cel_identity_part(const struct vl_cel_identity *identity, size_t part, struct vl_cel_value a,
    struct vl_cel_value b, struct vl_cel_value *ret_a, struct vl_cel_value *ret_b);

/* a + b of a list with identity: items of b take the place of those of a that are the same, or follow. */
bool vl_cel_list_merge(
    struct vl_arena *arena, struct vl_cel_value a, struct vl_cel_value b, struct vl_cel_value *ret);

/* A map that grows. `put` replaces the value of an equal key of the same kind. False without memory. */
struct vl_cel_value vl_cel_map_grow(struct vl_arena *arena);
bool vl_cel_map_put(
    struct vl_arena *arena, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value);

/* == with a budget of single comparisons that counts down; at 0 the answer means nothing. */
bool vl_cel_equal_within(struct vl_cel_value a, struct vl_cel_value b, uint64_t *work);

/* A timestamp keeps the offset it was written with, as Go's time.Time does: string() prints it. */
struct vl_cel_value vl_cel_timestamp_at(int64_t seconds, uint32_t nanos, int offset_minutes);
int vl_cel_timestamp_offset(struct vl_cel_value timestamp);

/* Number of code points of valid UTF-8. */
size_t vl_cel_runes(struct vl_span text);

/* What cel-go's cost model takes for the size of a value: code points, bytes, items, entries; 1 for scalars.
 */
uint64_t vl_cel_actual_size(struct vl_cel_value value);

#endif
