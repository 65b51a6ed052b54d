/* Looking up texts: in a header, so that a matcher has it without calls. Private to rule. */
#ifndef VL_RULE_TEXT_FIND_H
#define VL_RULE_TEXT_FIND_H

#include <string.h>

#include "program_impl.h"

#define HASH_START 0x9e3779b97f4a7c15ULL
#define HASH_MIX   0xff51afd7ed558ccdULL

/* Keys come from rules, not from events: no seed is needed, only speed. */
static inline uint64_t hash_text(struct vl_span s)
{
    uint64_t h = HASH_START ^ s.len, word;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.ptr + i, 8);
        h = (h ^ word) * HASH_MIX;
        h ^= h >> 32;
    }
    if (i < s.len) {
        word = 0;
        memcpy(&word, s.ptr + i, s.len - i);
        h = (h ^ word) * HASH_MIX;
        h ^= h >> 32;
    }
    return h | 1;
}

/* Length and both ends: enough where the keys are few. */
static inline uint64_t hash_ends(struct vl_span s)
{
    uint64_t first = 0, last = 0;
    if (s.len >= 8) {
        memcpy(&first, s.ptr, 8);
        memcpy(&last, s.ptr + s.len - 8, 8);
    } else if (s.len >= 4) {
        uint32_t a, b;
        memcpy(&a, s.ptr, 4);
        memcpy(&b, s.ptr + s.len - 4, 4);
        first = (uint64_t)a << 32 | b;
    } else if (s.len) {
        first = (uint64_t)(uint8_t)s.ptr[0] << 16 | (uint64_t)(uint8_t)s.ptr[s.len / 2] << 8 |
                (uint8_t)s.ptr[s.len - 1];
    }
    uint64_t h = (first ^ HASH_START ^ s.len) * HASH_MIX;
    h = (h ^ h >> 29 ^ last) * HASH_MIX;
    return (h ^ h >> 32) | 1;
}

static inline uint64_t hash_key(const struct text_dict *dict, struct vl_span s)
{
    return dict->quick ? hash_ends(s) : hash_text(s);
}

/* Lengths of keys as bits: most texts of events have a length that no key has, or end here. */
static inline uint64_t length_bit(size_t len)
{
    return 1ULL << (len & 63);
}

/* Most are short: two overlapping words of each. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
    uint64_t x, y, u, v;
    if (len < sizeof(x) || len > 2 * sizeof(x))
        return memcmp(a, b, len) == 0;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    memcpy(&u, a + len - sizeof(u), sizeof(u));
    memcpy(&v, b + len - sizeof(v), sizeof(v));
    return ((x ^ y) | (u ^ v)) == 0;
}

/* The row of a text, or the list; `none` where no check holds. */
static inline const void *text_dict_find(const struct text_dict *dict, struct vl_span text, const void *none)
{
    if (!(dict->lengths & length_bit(text.len)))
        return none;
    uint64_t hash = hash_key(dict, text), at = hash >> 7 & dict->mask;
    for (; dict->entries[at].hash; at = (at + 1) & dict->mask) {
        if (dict->entries[at].hash == hash && dict->entries[at].key.len == text.len &&
            (text.len == 0 || same_bytes(dict->entries[at].key.ptr, text.ptr, text.len)))
            return dict->entries[at].row;
    }
    return none;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a label's first bytes are the low ones of a word");

/* Byte by byte, where fewer than eight are left of the text, and what is behind the first eight. */
static inline bool label_rest_matches(const struct text_tree_node *node, const char *bytes,
    struct vl_span text, size_t at, uint32_t from, bool backwards)
{
    const char *label = bytes + node->label;
    if (!backwards)
        return memcmp(label + from, text.ptr + at + from, node->label_len - from) == 0;
    const char *p = text.ptr + text.len - at - from;
    for (uint32_t i = from; i < node->label_len; i++) {
        if (label[i] != *--p)
            return false;
    }
    return true;
}

static inline bool label_matches(
    const struct text_tree_node *node, const char *bytes, struct vl_span text, size_t at, bool backwards)
{
    uint64_t word;
    size_t left = text.len - at;
    if (left < sizeof(word))
        return node->label_len <= left && label_rest_matches(node, bytes, text, at, 0, backwards);
    memcpy(&word, backwards ? text.ptr + left - sizeof(word) : text.ptr + at, sizeof(word));
    if (backwards)
        word = __builtin_bswap64(word);
    if ((word ^ node->head) & node->mask)
        return false;
    return node->label_len <= sizeof(word) ||
           (node->label_len <= left && label_rest_matches(node, bytes, text, at, sizeof(word), backwards));
}

/* The child whose label begins with the byte; NULL for none. */
static inline const struct text_tree_node *text_tree_child(
    const struct text_tree *tree, const struct text_tree_node *node, uint8_t next)
{
    const struct text_tree_node *children = &tree->nodes[node->first_child];
    if (node->table)
        return node->table[next] ? &children[node->table[next] - 1] : NULL;
    for (uint32_t i = 0; i < node->n_children; i++) {
        if (tree->firsts[node->first_child + i] == next)
            return &children[i];
    }
    return NULL;
}

/* `backwards` as a constant, so that each of the two ways is short. */
static inline const void *text_tree_walk(
    const struct text_tree *tree, struct vl_span text, const void *none, bool backwards)
{
    const struct text_tree_node *node = tree->nodes;
    const void *row = none;
    size_t at = 0;
    while (label_matches(node, tree->bytes, text, at, backwards)) {
        at += node->label_len;
        if (node->row)
            row = node->row;
        if (at == text.len || node->n_children == 0)
            break;
        node = text_tree_child(tree, node, (uint8_t)(backwards ? text.ptr[text.len - 1 - at] : text.ptr[at]));
        if (!node)
            break;
    }
    return row;
}

static inline const void *text_tree_find(const struct text_tree *tree, struct vl_span text, const void *none)
{
    return tree->backwards ? text_tree_walk(tree, text, none, true) : text_tree_walk(tree, text, none, false);
}

/* --- within a text --- */

#define FIND_STEP 16
typedef uint8_t find_bytes __attribute__((vector_size(FIND_STEP)));

static inline find_bytes find_all(char c)
{
    return (find_bytes){0} + (uint8_t)c;
}

/* Whether the text stands at one of sixteen places, at which both of its rare bytes are looked for at once.
 */
static inline bool found_in_step(
    const char *at, struct vl_span want, size_t rare, size_t second, find_bytes a, find_bytes b)
{
    find_bytes x, y;
    uint64_t halves[2];
    memcpy(&x, at + rare, sizeof(x));
    memcpy(&y, at + second, sizeof(y));
    x = (find_bytes)(x == a) & (find_bytes)(y == b);
    memcpy(halves, &x, sizeof(halves));
    if (!(halves[0] | halves[1]))
        return false;
    for (unsigned i = 0; i < FIND_STEP; i++) {
        if ((halves[i / 8] >> (i % 8 * 8) & 1) && memcmp(at + i, want.ptr, want.len) == 0)
            return true;
    }
    return false;
}

/* Whether `want`, which is not empty, stands in the text. `rare` and `second`: places in it. */
static inline bool text_contains(struct vl_span text, struct vl_span want, size_t rare, size_t second)
{
    if (text.len < want.len)
        return false;
    size_t places = text.len - want.len + 1, i = 0;
    find_bytes a = find_all(want.ptr[rare]), b = find_all(want.ptr[second]);
    for (; i + FIND_STEP <= places; i += FIND_STEP) {
        if (found_in_step(text.ptr + i, want, rare, second, a, b))
            return true;
    }
    if (i == places)
        return false;
    if (places >= FIND_STEP)
        return found_in_step(text.ptr + places - FIND_STEP, want, rare, second, a, b);
    for (; i < places; i++) {
        if (text.ptr[i + rare] == want.ptr[rare] && memcmp(text.ptr + i, want.ptr, want.len) == 0)
            return true;
    }
    return false;
}

#endif
