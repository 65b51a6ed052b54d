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

/* The row of a text; `none` where no check holds. */
static inline const uint64_t *text_dict_find(
    const struct text_dict *dict, struct vl_span text, const uint64_t *none)
{
    if (!(dict->lengths & length_bit(text.len)))
        return none;
    uint64_t hash = hash_key(dict, text), at = hash >> 7 & dict->mask;
    for (; dict->entries[at].hash; at = (at + 1) & dict->mask) {
        if (dict->entries[at].hash == hash && dict->entries[at].key.len == text.len &&
            (text.len == 0 || memcmp(dict->entries[at].key.ptr, text.ptr, text.len) == 0))
            return dict->entries[at].row;
    }
    return none;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a label's first bytes are the low ones of a word");

/* Byte by byte, where fewer than eight are left of the text, and what is behind the first eight. */
static inline bool label_rest_matches(const struct text_tree *tree, const struct text_tree_node *node,
    struct vl_span text, size_t at, uint32_t from)
{
    const char *label = tree->bytes + node->label;
    if (!tree->backwards)
        return memcmp(label + from, text.ptr + at + from, node->label_len - from) == 0;
    const char *p = text.ptr + text.len - at - from;
    for (uint32_t i = from; i < node->label_len; i++) {
        if (label[i] != *--p)
            return false;
    }
    return true;
}

static inline bool label_matches(
    const struct text_tree *tree, const struct text_tree_node *node, struct vl_span text, size_t at)
{
    uint64_t word;
    if (node->label_len > text.len - at)
        return false;
    if (text.len - at < sizeof(word))
        return label_rest_matches(tree, node, text, at, 0);
    memcpy(&word, tree->backwards ? text.ptr + text.len - at - sizeof(word) : text.ptr + at, sizeof(word));
    if (tree->backwards)
        word = __builtin_bswap64(word);
    word ^= node->head;
    if (node->label_len >= sizeof(word))
        return word == 0 &&
               (node->label_len == sizeof(word) || label_rest_matches(tree, node, text, at, sizeof(word)));
    /* Behind a short label the head is zero: only its own bytes count. */
    return node->label_len == 0 || word << (64 - 8 * node->label_len) == 0;
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

static inline const uint64_t *text_tree_find(
    const struct text_tree *tree, struct vl_span text, const uint64_t *none)
{
    const struct text_tree_node *node = tree->nodes;
    const uint64_t *row = none;
    size_t at = 0;
    while (label_matches(tree, node, text, at)) {
        at += node->label_len;
        if (node->row)
            row = node->row;
        if (at == text.len || node->n_children == 0)
            break;
        node = text_tree_child(
            tree, node, (uint8_t)(tree->backwards ? text.ptr[text.len - 1 - at] : text.ptr[at]));
        if (!node)
            break;
    }
    return row;
}

#endif
