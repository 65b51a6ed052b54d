#include <string.h>

#include "base/map.h"

#include "type.h"
#include "value_impl.h"

/* --- scalars --- */

struct vl_cel_value vl_cel_null(void)
{
    return (struct vl_cel_value){.kind = VL_CEL_NULL};
}

struct vl_cel_value vl_cel_bool(bool value)
{
    return (struct vl_cel_value){.kind = VL_CEL_BOOL, .as.boolean = value};
}

struct vl_cel_value vl_cel_int(int64_t value)
{
    return (struct vl_cel_value){.kind = VL_CEL_INT, .as.i = value};
}

struct vl_cel_value vl_cel_uint(uint64_t value)
{
    return (struct vl_cel_value){.kind = VL_CEL_UINT, .as.u = value};
}

struct vl_cel_value vl_cel_double(double value)
{
    return (struct vl_cel_value){.kind = VL_CEL_DOUBLE, .as.d = value};
}

static struct vl_cel_value text_value(enum vl_cel_kind kind, struct vl_span lent)
{
    uint32_t len = lent.len > UINT32_MAX ? UINT32_MAX : (uint32_t)lent.len;
    return (struct vl_cel_value){.kind = (uint8_t)kind, .len = len, .as.bytes = lent.ptr ? lent.ptr : ""};
}

struct vl_cel_value vl_cel_string(struct vl_span lent)
{
    return text_value(VL_CEL_STRING, lent);
}

struct vl_cel_value vl_cel_bytes(struct vl_span lent)
{
    return text_value(VL_CEL_BYTES, lent);
}

struct vl_cel_value vl_cel_timestamp(int64_t seconds, uint32_t nanos)
{
    return (struct vl_cel_value){.kind = VL_CEL_TIMESTAMP, .len = nanos, .as.i = seconds};
}

struct vl_cel_value vl_cel_timestamp_at(int64_t seconds, uint32_t nanos, int offset_minutes)
{
    uint16_t bits = (uint16_t)(int16_t)offset_minutes;
    return (struct vl_cel_value){.kind = VL_CEL_TIMESTAMP,
        .opaque = (uint8_t)bits,
        .unused = (uint8_t)(bits >> 8),
        .len = nanos,
        .as.i = seconds};
}

int vl_cel_timestamp_offset(struct vl_cel_value timestamp)
{
    return (int16_t)(uint16_t)(timestamp.opaque | timestamp.unused << 8);
}

struct vl_cel_value vl_cel_duration(int64_t nanoseconds)
{
    return (struct vl_cel_value){.kind = VL_CEL_DURATION, .as.i = nanoseconds};
}

struct vl_cel_value vl_cel_type_value(const struct vl_cel_type *type)
{
    return (struct vl_cel_value){.kind = VL_CEL_TYPE, .as.type = type};
}

struct vl_cel_value vl_cel_opaque(enum vl_cel_opaque_kind kind, const void *payload)
{
    return (struct vl_cel_value){.kind = VL_CEL_OPAQUE, .opaque = (uint8_t)kind, .as.payload = payload};
}

struct vl_span vl_cel_span(struct vl_cel_value value)
{
    if (value.kind != VL_CEL_STRING && value.kind != VL_CEL_BYTES)
        return VL_SPAN_EMPTY;
    return (struct vl_span){value.as.bytes, value.len};
}

struct vl_cel_value vl_cel_from_doc(const struct vl_doc_node *node)
{
    int64_t i = 0;
    double d = 0;
    switch (vl_doc_type(node)) {
    case VL_DOC_BOOL:
        return vl_cel_bool(vl_doc_bool(node));
    case VL_DOC_INT:
        (void)vl_doc_int(node, &i);
        return vl_cel_int(i);
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        (void)vl_doc_number(node, &d);
        return vl_cel_double(d);
    case VL_DOC_STRING:
        return vl_cel_string(vl_doc_span(node));
    case VL_DOC_ARRAY:
        return (struct vl_cel_value){.kind = VL_CEL_LIST, .repr = VL_CEL_REPR_DOC, .as.node = node};
    case VL_DOC_OBJECT:
        return (struct vl_cel_value){.kind = VL_CEL_MAP, .repr = VL_CEL_REPR_DOC, .as.node = node};
    case VL_DOC_NULL:
        break;
    }
    return vl_cel_null();
}

struct vl_cel_value vl_cel_optional_none(void)
{
    return (struct vl_cel_value){.kind = VL_CEL_OPTIONAL};
}

struct vl_cel_value vl_cel_optional(struct vl_arena *arena, struct vl_cel_value inner)
{
    struct vl_cel_value *copy = vl_arena_alloc(arena, sizeof(*copy));
    if (!copy)
        return vl_cel_optional_none();
    *copy = inner;
    return (struct vl_cel_value){.kind = VL_CEL_OPTIONAL, .as.inner = copy};
}

/* --- lists --- */

static const struct vl_cel_list empty_list;
static const struct vl_cel_map empty_map;

static struct vl_cel_value own_list(const struct vl_cel_list *list)
{
    return (struct vl_cel_value){.kind = VL_CEL_LIST, .as.list = list ? list : &empty_list};
}

struct vl_cel_value vl_cel_list_new(struct vl_arena *arena, const struct vl_cel_value *items_lent, size_t n)
{
    if (n == 0)
        return own_list(NULL);
    struct vl_cel_list *list = vl_arena_alloc(arena, sizeof(*list));
    struct vl_cel_value *items = vl_arena_array(arena, n, sizeof(*items));
    if (!list || !items)
        return own_list(NULL);
    memcpy(items, items_lent, n * sizeof(*items));
    list->n = n;
    list->items = items;
    return own_list(list);
}

struct vl_cel_value vl_cel_list_grow(struct vl_arena *arena)
{
    return own_list(vl_arena_alloc(arena, sizeof(struct vl_cel_list)));
}

/* Only lists of vl_cel_list_grow() come here; they were made writable. */
static struct vl_cel_list *writable_list(struct vl_cel_value list)
{
    return (struct vl_cel_list *)(uintptr_t)list.as.list;
}

bool vl_cel_list_push(struct vl_arena *arena, struct vl_cel_value list, struct vl_cel_value item)
{
    if (list.as.list == &empty_list)
        return false; /* there was no memory for it */
    struct vl_cel_list *l = writable_list(list);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct vl_cel_value *own = vl_arena_array(arena, cap, sizeof(*own));
        if (!own)
            return false;
        if (l->n)
            memcpy(own, l->own, (size_t)l->n * sizeof(*own));
        l->own = own;
        l->items = own;
        l->cap = cap;
    }
    l->own[l->n++] = item;
    return true;
}

static uint64_t list_size(struct vl_cel_value list)
{
    return list.repr == VL_CEL_REPR_DOC ? vl_doc_size(list.as.node) : list.as.list->n;
}

size_t vl_cel_list_size(struct vl_cel_value list)
{
    return list.kind == VL_CEL_LIST ? (size_t)list_size(list) : 0;
}

struct vl_cel_value vl_cel_list_at(struct vl_cel_value list, size_t index)
{
    if (list.kind != VL_CEL_LIST)
        return vl_cel_null();
    /* Sums are no deeper than VL_CEL_CONCAT_DEPTH. */
    for (;;) {
        if (list.repr == VL_CEL_REPR_DOC)
            return vl_cel_from_doc(vl_doc_at(list.as.node, index));
        const struct vl_cel_list *l = list.as.list;
        if (index >= l->n)
            return vl_cel_null();
        if (l->items)
            return l->items[index];
        uint64_t left = list_size(l->left);
        if (index < left) {
            list = l->left;
        } else {
            index -= (size_t)left;
            list = l->right;
        }
    }
}

static unsigned list_depth(struct vl_cel_value list)
{
    return list.repr == VL_CEL_REPR_OWN ? list.as.list->depth : 0;
}

bool vl_cel_list_concat(
    struct vl_arena *arena, struct vl_cel_value a, struct vl_cel_value b, struct vl_cel_value *ret)
{
    uint64_t na = list_size(a), nb = list_size(b);
    if (vl_cel_list_identity(a))
        return vl_cel_list_merge(arena, a, b, ret);
    if (na == 0 || nb == 0) {
        *ret = na == 0 ? b : a;
        return true;
    }
    if (na > INT64_MAX - nb)
        return false;
    unsigned depth = (list_depth(a) > list_depth(b) ? list_depth(a) : list_depth(b)) + 1;
    struct vl_cel_list *list = vl_arena_alloc(arena, sizeof(*list));
    if (!list)
        return false;
    list->n = na + nb;
    if (list->n <= VL_CEL_CONCAT_COPY || depth > VL_CEL_CONCAT_DEPTH) {
        struct vl_cel_value *items = vl_arena_array(arena, (size_t)list->n, sizeof(*items));
        if (!items)
            return false;
        size_t n = 0;
        struct vl_cel_iter iter = vl_cel_iterate(a);
        while (n < na && vl_cel_iter_next(&iter, NULL, &items[n]))
            n++;
        iter = vl_cel_iterate(b);
        while (n < list->n && vl_cel_iter_next(&iter, NULL, &items[n]))
            n++;
        list->items = items;
    } else {
        list->left = a;
        list->right = b;
        list->depth = depth;
    }
    *ret = own_list(list);
    ret->unused = VL_CEL_LIST_SUM;
    return true;
}

struct vl_cel_iter vl_cel_iterate(struct vl_cel_value list_or_map)
{
    struct vl_cel_iter iter = {.over = list_or_map};
    if (list_or_map.kind != VL_CEL_LIST && list_or_map.kind != VL_CEL_MAP)
        iter.over = own_list(NULL);
    else if (list_or_map.repr == VL_CEL_REPR_DOC)
        iter.node = vl_doc_first(list_or_map.as.node);
    return iter;
}

bool vl_cel_iter_next(struct vl_cel_iter *iter, struct vl_cel_value *ret_key, struct vl_cel_value *ret_value)
{
    bool is_list = iter->over.kind == VL_CEL_LIST;
    if (iter->over.repr == VL_CEL_REPR_DOC) {
        if (!iter->node)
            return false;
        if (ret_key)
            *ret_key = is_list ? vl_cel_int((int64_t)iter->index) : vl_cel_string(vl_doc_key(iter->node));
        if (ret_value)
            *ret_value = vl_cel_from_doc(iter->node);
        iter->node = vl_doc_next(iter->node);
        iter->index++;
        return true;
    }
    size_t index = iter->index;
    if (is_list) {
        const struct vl_cel_list *list = iter->over.as.list;
        if (index >= list->n)
            return false;
        if (ret_key)
            *ret_key = vl_cel_int((int64_t)index);
        if (ret_value)
            *ret_value = list->items ? list->items[index] : vl_cel_list_at(iter->over, index);
    } else {
        const struct vl_cel_map *map = iter->over.as.map;
        if (index >= map->n)
            return false;
        if (ret_key)
            *ret_key = map->keys[index];
        if (ret_value)
            *ret_value = map->values[index];
    }
    iter->index++;
    return true;
}

/* --- maps --- */

static struct vl_cel_value own_map(const struct vl_cel_map *map)
{
    return (struct vl_cel_value){.kind = VL_CEL_MAP, .as.map = map ? map : &empty_map};
}

/* Numbers that are equal hash alike, whatever their kind. */
static uint64_t key_hash(const struct vl_cel_map *map, struct vl_cel_value key)
{
    uint64_t number = key.as.u;
    switch (key.kind) {
    case VL_CEL_STRING:
    case VL_CEL_BYTES:
        return vl_hash_bytes(map->seed, vl_cel_span(key));
    case VL_CEL_BOOL:
        number = key.as.boolean;
        break;
    case VL_CEL_DOUBLE:
        if (key.as.d >= -VL_CEL_TWO_63 && key.as.d < VL_CEL_TWO_63)
            number = (uint64_t)(int64_t)key.as.d;
        else if (key.as.d >= 0 && key.as.d < 0x1p64)
            number = (uint64_t)key.as.d;
        break;
    default:
        break;
    }
    return vl_hash_bytes(map->seed, (struct vl_span){(const char *)&number, sizeof(number)});
}

static bool key_is_number(struct vl_cel_value key)
{
    return key.kind == VL_CEL_INT || key.kind == VL_CEL_UINT || key.kind == VL_CEL_DOUBLE;
}

/* 2: equal and of one kind; 1: equal numbers of different kinds; 0: different. */
static int key_match(struct vl_cel_value a, struct vl_cel_value b)
{
    if (a.kind == b.kind) {
        switch (a.kind) {
        case VL_CEL_STRING:
        case VL_CEL_BYTES:
            return a.len == b.len && memcmp(a.as.bytes, b.as.bytes, a.len) == 0 ? 2 : 0;
        case VL_CEL_BOOL:
            return a.as.boolean == b.as.boolean ? 2 : 0;
        case VL_CEL_INT:
        case VL_CEL_UINT:
            return a.as.u == b.as.u ? 2 : 0;
        default:
            return vl_cel_equal(a, b) ? 2 : 0;
        }
    }
    return key_is_number(a) && key_is_number(b) && vl_cel_equal(a, b) ? 1 : 0;
}

/* Entry of the key, SIZE_MAX where there is none. A key of the same kind goes before an equal number. */
static size_t map_find(const struct vl_cel_map *map, struct vl_cel_value key)
{
    size_t equal = SIZE_MAX;
    if (!map->index) {
        for (size_t i = 0; i < map->n; i++) {
            int match = key_match(map->keys[i], key);
            if (match == 2)
                return i;
            if (match == 1 && equal == SIZE_MAX)
                equal = i;
        }
        return equal;
    }
    for (uint32_t slot = (uint32_t)key_hash(map, key) & map->mask; map->index[slot];
        slot = (slot + 1) & map->mask) {
        size_t i = map->index[slot] - 1;
        int match = key_match(map->keys[i], key);
        if (match == 2)
            return i;
        if (match == 1 && equal == SIZE_MAX)
            equal = i;
    }
    return equal;
}

static void index_add(struct vl_cel_map *map, size_t entry)
{
    uint32_t slot = (uint32_t)key_hash(map, map->keys[entry]) & map->mask;
    while (map->index[slot])
        slot = (slot + 1) & map->mask;
    map->index[slot] = (uint32_t)entry + 1;
}

/* Doubles the room, and builds the index anew at half its load. */
static bool map_widen(struct vl_arena *arena, struct vl_cel_map *map)
{
    size_t cap = map->cap ? map->cap * 2 : VL_CEL_MAP_HASHED;
    if (cap > UINT32_MAX / 4)
        return false;
    struct vl_cel_value *keys = vl_arena_array(arena, cap * 2, sizeof(*keys));
    if (!keys)
        return false;
    if (map->n) {
        memcpy(keys, map->keys, map->n * sizeof(*keys));
        memcpy(keys + cap, map->values, map->n * sizeof(*keys));
    }
    map->keys = keys;
    map->values = keys + cap;
    map->cap = cap;
    if (cap <= VL_CEL_MAP_HASHED)
        return true;
    uint32_t *index = vl_arena_array(arena, cap * 2, sizeof(*index));
    if (!index)
        return false;
    map->index = index;
    map->mask = (uint32_t)(cap * 2 - 1);
    for (size_t i = 0; i < map->n; i++)
        index_add(map, i);
    return true;
}

struct vl_cel_value vl_cel_map_grow(struct vl_arena *arena)
{
    struct vl_cel_map *map = vl_arena_alloc(arena, sizeof(*map));
    if (map) {
        /* Addresses are random, so that input cannot aim at one slot. */
        map->seed[0] = (uint64_t)(uintptr_t)map;
        map->seed[1] = (uint64_t)(uintptr_t)&empty_map * UINT64_C(0x9e3779b97f4a7c15);
    }
    return own_map(map);
}

bool vl_cel_map_put(
    struct vl_arena *arena, struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value value)
{
    if (map.as.map == &empty_map)
        return false;
    struct vl_cel_map *m = (struct vl_cel_map *)(uintptr_t)map.as.map;
    size_t found = map_find(m, key);
    if (found != SIZE_MAX && m->keys[found].kind == key.kind) {
        m->values[found] = value;
        return true;
    }
    if (m->n == m->cap && !map_widen(arena, m))
        return false;
    m->keys[m->n] = key;
    m->values[m->n] = value;
    m->n++;
    if (m->index)
        index_add(m, m->n - 1);
    return true;
}

struct vl_cel_value vl_cel_map_new(struct vl_arena *arena, const struct vl_cel_value *keys_lent,
    const struct vl_cel_value *values_lent, size_t n)
{
    struct vl_cel_value map = vl_cel_map_grow(arena);
    for (size_t i = 0; i < n; i++)
        if (!vl_cel_map_put(arena, map, keys_lent[i], values_lent[i]))
            break; /* the arena remembers */
    return map;
}

size_t vl_cel_map_size(struct vl_cel_value map)
{
    if (map.kind != VL_CEL_MAP)
        return 0;
    return map.repr == VL_CEL_REPR_DOC ? vl_doc_size(map.as.node) : map.as.map->n;
}

bool vl_cel_map_get_str(struct vl_cel_value map, struct vl_span key, struct vl_cel_value *ret)
{
    if (map.kind == VL_CEL_MAP && map.repr == VL_CEL_REPR_DOC) {
        const struct vl_doc_node *node = vl_doc_get_span(map.as.node, key);
        if (node)
            *ret = vl_cel_from_doc(node);
        return node != NULL;
    }
    return vl_cel_map_get(map, vl_cel_string(key), ret);
}

bool vl_cel_map_get(struct vl_cel_value map, struct vl_cel_value key, struct vl_cel_value *ret)
{
    if (map.kind != VL_CEL_MAP)
        return false;
    if (map.repr == VL_CEL_REPR_DOC)
        return key.kind == VL_CEL_STRING && vl_cel_map_get_str(map, vl_cel_span(key), ret);
    size_t i = map_find(map.as.map, key);
    if (i != SIZE_MAX)
        *ret = map.as.map->values[i];
    return i != SIZE_MAX;
}

/* Eight bytes at a time: all count but those that start with the bits 10. */
size_t vl_cel_runes(struct vl_span text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t n = text.len, i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, sizeof(word));
        n -= (size_t)__builtin_popcountll((word >> 7) & (~word >> 6) & ones);
    }
    for (; i < text.len; i++)
        n -= ((unsigned char)text.ptr[i] & 0xC0) == 0x80;
    return n;
}

uint64_t vl_cel_actual_size(struct vl_cel_value value)
{
    while (value.kind == VL_CEL_OPTIONAL && value.as.inner)
        value = *value.as.inner;
    switch (value.kind) {
    case VL_CEL_STRING:
        return vl_cel_runes(vl_cel_span(value));
    case VL_CEL_BYTES:
        return value.len;
    case VL_CEL_LIST:
        return list_size(value);
    case VL_CEL_MAP:
        return vl_cel_map_size(value);
    case VL_CEL_OPAQUE: {
        const struct vl_cel_opaque_ops *const *ops = value.as.payload;
        return ops && *ops && (*ops)->size ? (*ops)->size(value.as.payload) : 1;
    }
    default:
        return 1;
    }
}
